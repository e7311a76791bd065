"""What one user's transaction can reach of another user's memory: nothing, whatever the statement."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, LiteralString, cast

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from recalld.errors import UnsafeDatabase
from recalld.postgres.lint import PERSONAL, PLAIN_COLUMNS
from recalld.postgres.pool import Database, DbRole, Transaction
from recalld.values import UserRef

SEED = 20261122
OPERATIONS = 10_000
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
# the same names in every tenant, and ids that a careless quotation would let out
USERS = [
    UserRef(tenant_id=tenant_id, user_id=user_id)
    for tenant_id in ("acme", "acm", "o'brien & sons \\", '"; drop schema recalld cascade; --')
    for user_id in ("ada", "adalbert", "x' or true --", "%(user_id)s, $1")
]
# what columns with a check hold; all other texts are secrets
SAYS = {
    "sessions.state": "open",
    "messages.role": "user",
    "statements.act": "state",
    "statements.cardinality": "many",
    "statements.origin": "stated",
    "facts.cardinality": "many",
    "facts.origin": "stated",
    "facts.status": "current",
    "erasures.status": "running",
    "usage.component": "summariser",
}


# ---------------------------------------------------------------- memories to steal
@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column of a personal table."""

    name: str
    kind: str  # its type, as PostgreSQL writes it


def secret(user: UserRef) -> str:
    """What only this user's rows hold."""
    return f"<secret {USERS.index(user)}>"


def value(table: str, column: Column, user: UserRef) -> object:
    """What a column holds in the row of *user*: the secret, wherever there is room for one."""
    if column.name in ("tenant_id", "user_id"):
        return getattr(user, column.name)
    if column.name == "purpose":
        return "support"
    if column.name.endswith("_id"):
        return "the same for everybody"
    by_kind: Mapping[str, object] = {
        "text": SAYS.get(f"{table}.{column.name}", secret(user)),
        "text[]": [secret(user)],
        "jsonb": Jsonb({"said": secret(user)}),
        "bytea": secret(user).encode(),
        "halfvec[]": '{"[1,0]"}',
        "boolean": False,
        "real": 0.5,
        "timestamp with time zone": NOON,
        "date": NOON.date(),
    }
    return by_kind.get(column.kind, 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Memories:
    """The database of the test as the superuser sees it."""

    admin: psycopg.Connection[Any]
    columns: Mapping[str, list[Column]]
    keys: Mapping[str, str]  # the primary keys: "tenant_id, user_id, fact_id, version"

    def row(self, table: str, user: UserRef) -> dict[str, object]:
        """A row of *user*."""
        return {column.name: value(table, column, user) for column in self.columns[table]}

    def insert(self, table: str) -> str:
        """The statement that inserts such a row."""
        names = [column.name for column in self.columns[table]]
        values = ", ".join(
            f"%({name}_)s" for name in names
        )  # not "tenant_id" and "user_id", which a transaction binds itself
        return f"insert into recalld.{table} ({', '.join(names)}) values ({values})"

    def everything(self) -> set[str]:
        """All rows of all users, without the one column that the attacks may change in their own."""
        return {
            f"{table} {row[0]}"
            for table in PERSONAL
            for row in self.admin.execute(
                sql.SQL("select (to_jsonb(t) - 'epoch')::text from recalld.{} t").format(sql.Identifier(table))
            )
        }


def named(row: Mapping[str, object]) -> dict[str, object]:
    """The values of a row under the names that `Memories.insert` gives them."""
    return {f"{name}_": held for name, held in row.items()}


@pytest.fixture(scope="module")
def memories_url(postgres, migrated_template: str) -> Iterator[tuple[str, str]]:
    """One database for all tests of this module, which leave it as it was: its addresses for the superuser and for the service."""
    name, urls = postgres.create_database(migrated_template)
    yield postgres.admin_of(name), urls.service
    postgres.drop_database(name)


@pytest.fixture(scope="module")
def memories(memories_url: tuple[str, str]) -> Iterator[Memories]:
    """One row in every personal table for every user."""
    with psycopg.connect(memories_url[0], autocommit=True) as admin:
        columns = {table: columns_of(admin, table) for table in PERSONAL}
        stored = Memories(admin=admin, columns=columns, keys={table: key_of(admin, table) for table in PERSONAL})
        for table in PERSONAL:
            for user in USERS:
                admin.execute(cast("LiteralString", stored.insert(table)), named(stored.row(table, user)))
        yield stored


def columns_of(admin: psycopg.Connection[Any], table: str) -> list[Column]:
    """The columns of a table, in its order."""
    rows = admin.execute(
        "select attname, format_type(atttypid, atttypmod) from pg_attribute "
        "where attrelid = %s::regclass and attnum > 0 and not attisdropped order by attnum",
        [f"recalld.{table}"],
    )
    return [Column(name=name, kind=kind.removeprefix("public.")) for name, kind in rows]


def key_of(admin: psycopg.Connection[Any], table: str) -> str:
    """The columns of its primary key."""
    rows = admin.execute(
        "select pg_get_constraintdef(oid) from pg_constraint where conrelid = %s::regclass and contype = 'p'",
        [f"recalld.{table}"],
    )
    return str(rows.fetchall()[0][0]).removeprefix("PRIMARY KEY (").removesuffix(")")


@pytest.fixture
async def database(memories: Memories, memories_url: tuple[str, str]) -> AsyncIterator[Database]:
    """The database with the memories, as the serving login; one connection, which every transaction takes over from another user."""
    database = Database(memories_url[1], max_connections=1)
    await database.open()
    yield database
    await database.close()


# ---------------------------------------------------------------- the attack
VICTIM = "tenant_id = %(victim_tenant)s and user_id = %(victim_user)s"
READS = (
    "select * from recalld.{table}",
    f"select * from recalld.{{table}} where {VICTIM}",
    "select * from recalld.{table} where user_id = %(victim_user)s",
    "select * from recalld.{table} where tenant_id = %(tenant_id)s",
    "select * from recalld.{table} where true or user_id = %(user_id)s",
    "select * from recalld.{table} where tenant_id || user_id like '%%'",
    "select * from recalld.{table} order by random() limit 5",
    "select t.* from recalld.users u cross join recalld.{table} t",
    "select t.* from recalld.{table} t join recalld.{table} o using (tenant_id)",
    "with everything as materialized (select * from recalld.{table}) select * from everything",
    "select to_jsonb(t) as everything from recalld.{table} t",
    "select string_agg(t::text, ' ') as everything from recalld.{table} t",
    "select max(tenant_id) as tenant_id, max(user_id) as user_id from recalld.{table}",
    "select * from recalld.{table} for update",
    "select * from recalld.{table} for share skip locked",
)
COUNTS = (
    f"select count(*) as found from recalld.{{table}} where {VICTIM}",
    "select count(*) as found from recalld.{table} where (tenant_id, user_id) <> (%(tenant_id)s, %(user_id)s)",
    f"select exists (select from recalld.{{table}} where {VICTIM})::int as found",
)
WRITES = (
    "update recalld.{table} set epoch = epoch + 1 returning *",
    f"update recalld.{{table}} set epoch = 0 where {VICTIM} returning *",
    "update recalld.{table} set epoch = 0 from recalld.users u where u.user_id = %(victim_user)s returning *",
    "update recalld.{table} set tenant_id = %(victim_tenant)s, user_id = %(victim_user)s returning *",
    "update recalld.{table} set user_id = %(victim_user)s where tenant_id = %(tenant_id)s returning *",
    f"delete from recalld.{{table}} where {VICTIM} returning *",
    "delete from recalld.{table} where (tenant_id, user_id) <> (%(tenant_id)s, %(user_id)s) returning *",
    "delete from recalld.{table} returning *",  # its own rows come back with the savepoint
    "truncate recalld.{table}",
    "{insert} returning *",
    "{insert} on conflict do nothing returning *",
    "{insert} on conflict ({key}) do update set epoch = 0 returning *",
    "insert into recalld.{table} select * from recalld.{table} on conflict do nothing returning *",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Attack:
    """One statement of an attacker against a victim."""

    attacker: UserRef
    victim: UserRef
    table: str
    statement: str

    @property
    def counts(self) -> bool:
        """True when the answer is a number that must be zero."""
        return self.statement in COUNTS

    @property
    def undone(self) -> bool:
        """True when it would remove the attacker's own rows, which later attacks need."""
        return self.statement.startswith("delete") and "where" not in self.statement

    def sql(self, memories: Memories) -> LiteralString:
        """The statement, filled in."""
        filled = self.statement.format(
            table=self.table, insert=memories.insert(self.table), key=memories.keys[self.table]
        )
        return cast("LiteralString", filled)

    def values(self, memories: Memories) -> dict[str, object]:
        """Its values: the victim's ids, and a row in the victim's name."""
        ids = {"victim_tenant": self.victim.tenant_id, "victim_user": self.victim.user_id}
        return ids | (named(memories.row(self.table, self.victim)) if "{insert}" in self.statement else {})

    def leaked(self, rows: list[dict[str, Any]]) -> int:
        """How many of the rows are not the attacker's own, or tell of rows that are not."""
        if self.counts:
            return sum(row["found"] for row in rows)
        return sum(not self._own(row) for row in rows)

    def _own(self, row: dict[str, Any]) -> bool:
        text = str(row)
        foreign = any(secret(user) in text for user in USERS if user != self.attacker)
        ids = (row.get("tenant_id"), row.get("user_id"))
        return not foreign and ids in ((None, None), (self.attacker.tenant_id, self.attacker.user_id))


def attacks(chance: random.Random, attacker: UserRef, count: int) -> Iterator[Attack]:
    """Random statements of one attacker."""
    for _ in range(count):
        kind = chance.choice((READS, READS, COUNTS, WRITES, WRITES))
        victim = chance.choice([user for user in USERS if user != attacker])
        yield Attack(attacker=attacker, victim=victim, table=chance.choice(PERSONAL), statement=chance.choice(kind))


async def carry_out(tx: Transaction, attack: Attack, memories: Memories, seen: Counter[str]) -> None:
    """Run one attack in a savepoint and count what came of it."""
    try:
        async with tx.connection.transaction(force_rollback=attack.undone):
            cursor = cast("psycopg.AsyncCursor[Any]", await tx.execute(attack.sql(memories), **attack.values(memories)))
            rows = await cursor.fetchall() if cursor.description else []
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UniqueViolation) as error:
        seen[type(error).__name__] += 1
        return
    seen["leaked"] += attack.leaked(rows)
    seen["own rows"] += 0 if attack.counts else len(rows)
    seen["answered"] += 1


async def test_ten_thousand_attacks_reach_no_row_of_another_user(database: Database, memories: Memories):
    chance = random.Random(SEED)
    seen, before = Counter[str](), memories.everything()
    for _ in range(OPERATIONS // 20):
        attacker = chance.choice(USERS)
        role: DbRole = chance.choice(("app", "worker", "eraser"))
        async with database.transaction(role, attacker, ("support",)) as tx:
            for attack in attacks(chance, attacker, 20):
                await carry_out(tx, attack, memories, seen)
    print(dict(seen))
    assert seen["leaked"] == 0
    assert memories.everything() == before  # nothing planted, moved, changed or removed
    assert seen["InsufficientPrivilege"] > OPERATIONS / 10  # the attacks were real …
    assert seen["own rows"] > OPERATIONS / 10  # … and one's own rows stayed within reach


async def test_an_attack_is_noticed_where_row_level_security_is_off(database: Database, memories: Memories):
    memories.admin.execute("alter table recalld.facts disable row level security")
    attack = Attack(attacker=USERS[0], victim=USERS[1], table="facts", statement=READS[0])
    seen = Counter[str]()
    async with database.transaction("app", attack.attacker, ("support",)) as tx:
        await carry_out(tx, attack, memories, seen)
    memories.admin.execute("alter table recalld.facts enable row level security")
    assert seen["leaked"] == len(USERS) - 1


# ---------------------------------------------------------------- the context
ADA, BOB = USERS[0], USERS[7]


async def tenants_seen(tx: Transaction) -> list[tuple[str, str]]:
    """Whose facts a statement without WHERE shows."""
    return [(row["tenant_id"], row["user_id"]) for row in await tx.rows("select tenant_id, user_id from recalld.facts")]


def ids(user: UserRef) -> list[tuple[str, str]]:
    """What `tenants_seen` shows to *user*."""
    return [(user.tenant_id, user.user_id)]


async def refused(database: Database, *statements: str) -> bool:
    """Whether PostgreSQL refuses statements of the bare login for want of rights, and for no other reason."""
    try:
        async with database.catalog() as connection:
            for statement in statements:
                await connection.execute(cast("LiteralString", statement))
    except UnsafeDatabase as error:
        return isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege)
    return False


@pytest.mark.parametrize("role", ["recalld_app", "recalld_worker", "recalld_eraser", "recalld_auditor"])
async def test_without_a_context_a_read_is_an_error_and_not_an_empty_answer(database: Database, role: str):
    for table in PERSONAL:
        assert await refused(database, f"set local role {role}", f"select tenant_id from recalld.{table}")


async def test_the_login_itself_can_read_nothing(database: Database):
    for table in (*PERSONAL, "installation"):
        assert await refused(database, f"select from recalld.{table}")


async def test_the_context_ends_with_its_transaction(database: Database):
    async with database.transaction("app", ADA, ("support",)) as tx:
        assert await tenants_seen(tx) == ids(ADA)
    assert await refused(database, "set local role recalld_app", "select from recalld.facts")


async def test_the_role_and_the_names_end_with_the_transaction(database: Database):
    async with database.transaction("worker", ADA):
        pass
    async with database.catalog() as connection:
        row = await (
            await connection.execute("select current_user as who, current_setting('recalld.tenant_id', true) as tenant")
        ).fetchone()
    assert row == {"who": "recalld_service", "tenant": ""}


async def test_the_context_ends_with_a_transaction_that_failed(database: Database):
    with pytest.raises(ZeroDivisionError):
        async with database.transaction("app", ADA, ("support",)):
            raise ZeroDivisionError
    async with database.transaction("app", BOB, ("support",)) as tx:
        assert await tenants_seen(tx) == ids(BOB)


async def test_alternating_users_of_one_prepared_statement_each_see_their_own(database: Database):
    for user in [ADA, BOB] * 10:
        async with database.transaction("app", user, ("support",)) as tx:
            assert await tenants_seen(tx) == ids(user)
            prepared = await tx.row(
                "select count(*) as n from pg_prepared_statements where statement like '%%recalld.facts'"
            )
    assert prepared == {"n": 1}


async def test_alternating_users_of_a_generic_plan_each_see_their_own(database: Database):
    for user in [ADA, BOB] * 4:
        async with database.transaction("app", user, ("support",)) as tx:
            await tx.execute("set local plan_cache_mode = force_generic_plan")
            assert await tenants_seen(tx) == ids(user)


async def test_pipelined_transactions_of_alternating_users_each_see_their_own(database: Database):
    for user in [ADA, BOB] * 4:
        async with database.pipelined("app", user, ("support",)) as tx:
            assert await tenants_seen(tx) == ids(user)


async def test_a_savepoint_that_is_rolled_back_gives_the_context_back(database: Database):
    async with database.transaction("app", ADA, ("support",)) as tx:
        async with tx.connection.transaction(force_rollback=True):
            await tx.execute(
                "select recalld.enter('recalld_worker', %(tenant)s, %(user)s, '')",
                tenant=BOB.tenant_id,
                user=BOB.user_id,
            )
            assert await tenants_seen(tx) == ids(BOB)
        assert await tenants_seen(tx) == ids(ADA)


async def test_an_id_that_another_user_has_can_be_used_again(database: Database, memories: Memories):
    newcomer = UserRef(tenant_id="new", user_id="comer")
    row = memories.row("facts", ADA) | {"tenant_id": "new", "user_id": "comer"}
    async with database.transaction("worker", newcomer) as tx, tx.connection.transaction(force_rollback=True):
        inserted = await tx.execute(cast("LiteralString", memories.insert("facts")), **named(row))
        assert inserted.rowcount == 1


# ---------------------------------------------------------------- purposes
WITH_PURPOSE = ("statements", "facts", "episodes", "vectors")


async def count(tx: Transaction, table: str) -> int:
    """Rows of a table that the transaction sees."""
    row = await tx.row(cast("LiteralString", f"select count(tenant_id) as n from recalld.{table}"))
    return row["n"] if row else -1


async def counts(database: Database, role: DbRole, purposes: tuple[str, ...]) -> list[int]:
    """Rows of the tables with a purpose that a transaction of Ada sees."""
    async with database.transaction(role, ADA, purposes) as tx:
        return [await count(tx, table) for table in WITH_PURPOSE]


@pytest.mark.parametrize("table", WITH_PURPOSE)
async def test_without_a_purpose_the_app_reads_nothing_and_is_told(database: Database, table: str):
    with pytest.raises(UnsafeDatabase):
        async with database.transaction("app", ADA) as tx:
            await count(tx, table)


@pytest.mark.parametrize(
    ("purposes", "seen"), [(("support",), 1), (("sales",), 0), (("sales", "support"), 1), (("suppor", "support2"), 0)]
)
async def test_the_app_reads_what_was_kept_for_the_purposes_asked_for(
    database: Database, purposes: tuple[str, ...], seen: int
):
    assert await counts(database, "app", purposes) == [seen] * len(WITH_PURPOSE)


@pytest.mark.parametrize("role", ["worker", "eraser"])
@pytest.mark.parametrize("purposes", [(), ("sales",)])
async def test_worker_and_eraser_see_every_purpose(database: Database, role: Any, purposes: tuple[str, ...]):
    assert await counts(database, role, purposes) == [1] * len(WITH_PURPOSE)


@pytest.mark.parametrize("statement", ["delete from recalld.{}", "delete from recalld.{} where user_id = %(user_id)s"])
async def test_the_eraser_deletes_every_purpose_of_one_user(database: Database, statement: str):
    async with database.transaction("eraser", ADA, ("sales",)) as tx, tx.connection.transaction(force_rollback=True):
        for table in PERSONAL:
            deleted = await tx.execute(cast("LiteralString", statement.format(table)))
            assert (table, deleted.rowcount) == (table, 1)


# ---------------------------------------------------------------- roles that see more users, and less of each
async def test_the_sweeper_sees_the_states_of_all_sessions(database: Database):
    async with database.unscoped("sweeper") as tx:
        rows = await tx.rows("select tenant_id, user_id, state, active_at, attempts, error from recalld.sessions")
    assert {(row["tenant_id"], row["user_id"]) for row in rows} == {(user.tenant_id, user.user_id) for user in USERS}


@pytest.mark.parametrize("role", ["recalld_sweeper", "recalld_gate", "recalld_auditor"])
async def test_a_narrow_role_sees_no_column_with_content(database: Database, memories: Memories, role: str):
    for table in PERSONAL:
        for column in content_columns(memories, table):
            assert await refused(
                database,
                f"select recalld.enter('{role}', '{ADA.tenant_id}', '{ADA.user_id}', '')",
                f"select {column} from recalld.{table}",
            )


async def test_the_auditor_counts_the_rows_of_one_user(database: Database):
    async with database.transaction("auditor", ADA) as tx:
        assert [await count(tx, table) for table in PERSONAL] == [1] * len(PERSONAL)


def content_columns(memories: Memories, table: str) -> list[str]:
    """The columns that may hold what a person said."""
    names = [column.name for column in memories.columns[table]]
    return [name for name in names if name not in PLAIN_COLUMNS and f"{table}.{name}" not in PLAIN_COLUMNS]


def test_content_columns_are_the_ones_that_hold_the_secrets(memories: Memories):
    assert content_columns(memories, "messages") == ["role", "name", "content", "at"]


# ---------------------------------------------------------------- ways around
SERVING: tuple[DbRole, ...] = ("app", "worker", "eraser", "auditor")
WAYS_AROUND = (
    "truncate recalld.facts",
    "create temporary table facts (n int)",
    "create table public.facts (n int)",
    "create table recalld.mine (n int)",
    "create view public.door as select 1",
    "set local role recalld_owner",
    "set local role recalld_migrator",
    "set session authorization recalld_owner",
    "alter table recalld.facts disable row level security",
    "drop policy own_rows on recalld.facts",
    "create policy door on recalld.facts using (true)",
    "alter function recalld.context(text) immutable",
    "call recalld.protect('recalld.facts')",
    "update recalld.installation set value = ''",
    "select * from pg_authid",
    "copy recalld.facts from program 'id'",
    "copy recalld.facts to '/dev/null'",
)  # fmt: skip


@pytest.mark.parametrize("statement", WAYS_AROUND)
async def test_a_way_around_is_closed(database: Database, statement: str):
    for role in SERVING:
        assert await refused(database, f"select recalld.enter('recalld_{role}', 'acme', 'ada', 'support')", statement)


async def test_row_security_switched_off_is_an_error(database: Database):
    enter = "select recalld.enter('recalld_app', 'acme', 'ada', 'support')"
    assert await refused(database, enter, "set local row_security = off", "select * from recalld.facts")


async def test_a_copy_of_a_table_holds_own_rows_only(database: Database):
    statement = "copy recalld.facts (tenant_id, user_id) to stdout"
    async with (
        database.transaction("app", ADA, ("support",)) as tx,
        tx.connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        rows = [row async for row in copy.rows()]
    assert rows == [(ADA.tenant_id, ADA.user_id)]
