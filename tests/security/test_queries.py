"""Every named query of the package names tenant and user for every personal table, and would run on a distributed PostgreSQL."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString, cast

import psycopg
import pytest

import recalld
from recalld.postgres.lint import INSTALLATION_WIDE, PERSONAL, TENANT_WIDE
from recalld.postgres.queries import load_queries

PACKAGE = Path(recalld.__file__).parent
SCRIPTS = (
    "postgres/bootstrap.sql",
    "postgres/citus.sql",
    "postgres/migrations/",
)  # SQL files that are no named queries

# Queries over all users. They run as a narrow role, whose grants show them states and ids only.
CROSS_USER = {
    "layers/working/journal.sql: sweep_ended",
    "layers/working/journal.sql: sweep_idle",
    "layers/working/journal.sql: backlog",
    "layers/working/journal.sql: count_open",  # of one tenant
    "layers/working/journal.sql: failed",
    "layers/working/kept.sql: sweep_due",
    "layers/working/kept.sql: sweep_lapsed",
    "layers/working/kept.sql: count",
    "layers/working/requests.sql: sweep_old",
    "privacy/erase.sql: find",  # by its id, which names no person
    "privacy/erase.sql: due",
    "privacy/tenants.sql: users",
    "privacy/tenants.sql: unfinished",
    "privacy/tenants.sql: begun",
    "privacy/tenants.sql: older",
    "privacy/tenants.sql: not_erased",
    "privacy/tenants.sql: left",
    "privacy/tenants.sql: closed",
    "privacy/tenants.sql: due",
    "privacy/retention.sql: rules",
    "privacy/retention.sql: limits",
    "server/keys.sql: find",  # a key tells whose it is
    "server/keys.sql: tenants",
    "jobs/unfinished.sql: unfinished",
    "layers/vectors/reconcile.sql: outbox",
    "layers/vectors/reconcile.sql: users",
    "layers/vectors/removals.sql: due",
    "ingest/reembed.sql: users",
    "ingest/reembed.sql: count_users",  # a key, by the gate, before it is known whose it is
}
# Statements in Python, each with its reason.
SQL_IN_PYTHON = {
    "jobs/queue.py",  # the job tables are procrastinate's; two deletes that its API lacks
}

REFERENCE = re.compile(r"\b(from|join|into|update|using|,)\s+recalld\.(\w+)(?:\s+as)?(?:\s+(\w+))?", re.IGNORECASE)
SCOPE = re.compile(r"(?:(\w+)\.)?tenant_id = %\(tenant_id\)s and (?:(\w+)\.)?user_id = %\(user_id\)s", re.IGNORECASE)
TENANT = re.compile(r"(?:(\w+)\.)?tenant_id = %\(tenant_id\)s", re.IGNORECASE)
INSERTED = re.compile(
    r"\binsert into recalld\.(\w+)(?:\s+as \w+)? \(([^)]*)\)\s*(?:values \(|select )((?:%\(\w+\)s(?:::\w+)?,?\s*)+)"
)
BOUND = "{0}tenant_id = %(tenant_id)s and {0}user_id = %(user_id)s"
KEYWORDS = {"where", "set", "for", "on", "join", "order", "group", "limit", "returning", "using", "values", "left"}

FORBIDDEN = {
    "several statements": r";",
    "merge": r"\bmerge\s+into\b",
    "context outside recalld.enter": r"\bset_config\s*\(|\bset\s+(local|session)\b",
    "a changed scope": r"\bset\s+(\w+\s*=[^;]*,\s*)?(tenant_id|user_id)\s*=",
    "a lock on a table": r"\block\s+table\b|\btruncate\b",
    "an advisory lock": r"\bpg_(try_)?advisory",
    "a trigger or rule": r"\bcreate\s+(or\s+replace\s+)?(trigger|rule)\b",
    "a query text parsed as search syntax": r"(?<!websearch_)(?<!plain)(?<!phrase)\bto_tsquery\s*\(",
    "a like pattern": r"\bi?like\s+%\(",  # a user's % and _ would be wild cards
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """One named query."""

    place: str  # "layers/facts/facts.sql: believed"
    sql: LiteralString

    def __str__(self) -> str:
        return self.place


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """One mention of a table of ours."""

    table: str
    alias: str | None
    inserted: bool


def named_queries() -> list[Query]:
    """All of the package."""
    files = [path for path in sorted(PACKAGE.rglob("*.sql")) if not relative(path).startswith(SCRIPTS)]
    return [
        Query(place=f"{relative(path)}: {name}", sql=sql) for path in files for name, sql in load_queries(path).items()
    ]


def relative(path: Path) -> str:
    """The path within the package."""
    return path.relative_to(PACKAGE).as_posix()


def references(sql: str) -> list[Reference]:
    """The tables of ours a query names."""
    return [
        Reference(
            table=found[2],
            alias=found[3] if found[3] and found[3].lower() not in KEYWORDS else None,
            inserted=found[1].lower() == "into",
        )
        for found in REFERENCE.finditer(sql)
    ]


def unscoped(sql: str) -> list[Reference]:
    """The references to personal tables that nothing binds to tenant and user, and to tenants' tables that nothing binds to a tenant."""
    missing: list[Reference] = []
    for tables, scope in ((PERSONAL, SCOPE), (TENANT_WIDE, TENANT)):
        read = [reference for reference in references(sql) if reference.table in tables and not reference.inserted]
        scopes = [found for found in scope.finditer(sql) if len(set(found.groups())) == 1]
        prefixes = {found[1] for found in scopes}
        plain = sum(found[1] is None for found in scopes)
        missing += [reference for reference in read if reference.alias not in prefixes or reference.alias is None][
            plain:
        ]
    return missing + badly_inserted(sql)


def badly_inserted(sql: str) -> list[Reference]:
    """The inserts that do not begin with the scope of the transaction."""
    good = {found[1] for found in INSERTED.finditer(sql) if begins_with_scope(found[1], found[2], found[3])}
    return [
        reference
        for reference in references(sql)
        if reference.inserted and reference.table not in {*good, *INSTALLATION_WIDE}
    ]


def begins_with_scope(table: str, columns: str, values: str) -> bool:
    """Whether an insert's columns and values are those of the scope first."""
    scope = ["tenant_id"] if table in TENANT_WIDE else ["tenant_id", "user_id"]
    names = [name.strip() for name in columns.split(",")]
    given = [value.strip() for value in values.split(",")]
    return names[: len(scope)] == scope and given[: len(scope)] == [f"%({name})s" for name in scope]


QUERIES = named_queries()
every_query = pytest.mark.parametrize("query", QUERIES, ids=str)


@pytest.fixture(scope="module")
def catalog(postgres, migrated_template: str) -> Iterator[psycopg.Connection[Any]]:
    """A superuser's connection to a migrated database in which nothing is written."""
    name, _ = postgres.create_database(migrated_template)
    with psycopg.connect(postgres.admin_of(name), autocommit=True) as connection:
        yield connection
    postgres.drop_database(name)


def test_the_named_queries_are_found():
    assert {"layers/facts/facts.sql: believed", *CROSS_USER} <= {query.place for query in QUERIES}


# ---------------------------------------------------------------- tenant and user
@every_query
def test_a_query_names_only_tables_whose_scope_is_declared(query: Query):
    known = {*PERSONAL, *TENANT_WIDE, *INSTALLATION_WIDE}
    assert {reference.table for reference in references(query.sql)} <= known


@every_query
def test_a_query_binds_every_table_to_tenant_and_user(query: Query):
    if query.place not in CROSS_USER:
        assert unscoped(query.sql) == []


@pytest.mark.parametrize("place", sorted(CROSS_USER))
def test_a_query_over_all_users_reads_without_locks(place: str):
    sql = next(query.sql for query in QUERIES if query.place == place)
    assert re.match(r"select\b", sql)
    assert not re.search(r"\bfor (no key )?(update|(key )?share)\b|\b(insert|update|delete)\b", sql)


@pytest.mark.parametrize(
    "sql",
    [
        "select * from recalld.facts",
        "select * from recalld.facts where tenant_id = %(tenant_id)s",
        "select * from recalld.facts where user_id = %(user_id)s",
        "select * from recalld.facts where tenant_id = %(tenant_id)s or user_id = %(user_id)s",
        "select * from recalld.facts f where f.tenant_id = %(tenant_id)s and u.user_id = %(user_id)s",
        f"select * from recalld.facts f join recalld.users u on u.user_id = f.user_id where {BOUND.format('f.')}",
        f"select * from recalld.facts where {BOUND.format('')} and exists (select from recalld.episodes)",
        f"with gone as (delete from recalld.facts returning 1) select * from gone, recalld.users where {BOUND.format('')}",
        "insert into recalld.users (user_id, tenant_id) values (%(user_id)s, %(tenant_id)s)",
        "insert into recalld.users (tenant_id, user_id) values (%(other)s, %(user_id)s)",
        f"insert into recalld.facts (tenant_id, user_id) select tenant_id, user_id from recalld.episodes where {BOUND.format('')}",
        "update recalld.facts set value = %(value)s where fact_id = %(fact_id)s",
    ],
)
def test_a_query_without_its_scope_is_noticed(sql: str):
    assert unscoped(sql)


# ---------------------------------------------------------------- what a distributed PostgreSQL cannot do
@pytest.mark.parametrize("form", FORBIDDEN)
def test_every_query_keeps_to_the_forms_of_a_distributed_database(form: str):
    of_requests = [query for query in QUERIES if not query.place.startswith("postgres/lint.sql")]
    assert [query.place for query in of_requests if re.search(FORBIDDEN[form], query.sql, re.IGNORECASE)] == []


@pytest.mark.parametrize(
    ("form", "sql"),
    [
        ("several statements", "select 1; select 2"),
        ("merge", "merge into recalld.facts using x on true when matched then delete"),
        ("context outside recalld.enter", "select set_config('recalld.tenant_id', 'a', true)"),
        ("context outside recalld.enter", "set local recalld.tenant_id = 'a'"),
        ("a changed scope", "update recalld.facts set user_id = %(other)s where tenant_id = %(tenant_id)s"),
        ("a changed scope", "update recalld.facts set value = 'x', tenant_id = %(other)s where user_id = %(user_id)s"),
        ("a lock on a table", "lock table recalld.users"),
        ("an advisory lock", "select pg_advisory_xact_lock(1)"),
        ("a trigger or rule", "create or replace trigger t before insert on recalld.facts"),
        ("a query text parsed as search syntax", "select to_tsquery('english', %(query)s)"),
        ("a like pattern", "select * from recalld.facts where value ilike %(value)s"),
    ],
)
def test_a_forbidden_form_is_noticed(form: str, sql: str):
    assert re.search(FORBIDDEN[form], sql, re.IGNORECASE)


def volatile_functions(catalog: psycopg.Connection[Any], volatilities: str) -> set[str]:
    """The names of functions whose every form is of one of these volatilities."""
    rows = catalog.execute(
        "select proname from pg_proc group by proname having bool_and(provolatile = any(%s))", [list(volatilities)]
    )
    return {row[0] for row in rows}


def called(sql: str) -> set[str]:
    """What a piece of SQL calls, as far as its text tells."""
    return set(re.findall(r"\b([a-z_]\w*)\s*\(", sql.lower()))


def test_no_update_calls_a_volatile_function(catalog: psycopg.Connection[Any]):
    volatile = volatile_functions(catalog, "v")
    assert {"random", "clock_timestamp", "gen_random_uuid", "nextval"} <= volatile
    updates = [query for query in QUERIES if re.search(r"\bupdate\b", query.sql)]
    assert {query.place: called(query.sql) & volatile for query in updates if called(query.sql) & volatile} == {}


def test_no_conflict_update_calls_a_function_that_is_not_immutable(catalog: psycopg.Connection[Any]):
    unsteady = volatile_functions(catalog, "vs")
    assert "now" in unsteady
    for query in QUERIES:
        _, _, updated = query.sql.partition("do update")
        updated = re.split(r"\breturning\b|\), \w+ as \(", updated)[0]
        assert not called(updated) & unsteady, query.place


def test_no_migration_makes_what_a_distributed_database_cannot_have():
    made = r"create\s+(or\s+replace\s+)?(constraint\s+)?(trigger|rule|materialized)"
    forms = rf"{made}|on\s+delete\s+set|security\s+definer|generated\s+always"
    for path in sorted((PACKAGE / "postgres" / "migrations").glob("*.sql")):
        assert not re.search(forms, path.read_text(encoding="utf-8"), re.IGNORECASE), path.name


# ---------------------------------------------------------------- names
@every_query
def test_a_query_can_be_prepared_when_only_names_with_a_schema_are_found(
    query: Query, catalog: psycopg.Connection[Any]
):
    catalog.execute("set search_path = pg_catalog")
    if not query.sql.startswith("set "):
        catalog.execute(cast("LiteralString", f"prepare checked as {numbered(query.sql)}"))
        catalog.execute("deallocate checked")


def numbered(sql: str) -> str:
    """The query with numbered parameters, as the driver sends it."""
    numbers: dict[str, int] = {}
    text = re.sub(r"%\((\w+)\)s", lambda found: f"${numbers.setdefault(found[1], len(numbers) + 1)}", sql)
    return text.replace("%%", "%")


# ---------------------------------------------------------------- SQL in Python
LOOKS_LIKE_SQL = re.compile(
    r"^\s*(select\s.+\sfrom\s|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s*\(|truncate\s|merge\s+into\s"
    r"|(create|alter|drop|grant|revoke|lock)\s+(table|role|policy|schema|index|function|view|all|select|insert)|set\s+(local|role)\s|do\s+\$)",
    re.IGNORECASE | re.DOTALL,
)


def sql_strings(source: str) -> Iterator[str]:
    """The strings of a module that look like SQL, docstrings aside; of an f-string, its fixed parts."""
    tree = ast.parse(source)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docstrings]
    texts = [node.value for node in constants if isinstance(node.value, str)]
    yield from filter(LOOKS_LIKE_SQL.search, texts)


def test_sql_in_a_python_string_is_noticed():
    source = """
        def f(tx, table):
            "select nothing from nowhere: a docstring"
            tx.execute("select * from recalld.facts")
            tx.execute(f"delete from {table}")
            print("select a plan from the list")
    """
    found = set(sql_strings(re.sub(r"^        ", "", source, flags=re.MULTILINE)))
    assert found == {"select * from recalld.facts", "delete from ", "select a plan from the list"}


def test_no_module_outside_postgres_holds_sql():
    modules = [path for path in sorted(PACKAGE.rglob("*.py")) if not relative(path).startswith("postgres/")]
    holding = {relative(path) for path in modules if any(sql_strings(path.read_text(encoding="utf-8")))}
    assert holding <= SQL_IN_PYTHON
