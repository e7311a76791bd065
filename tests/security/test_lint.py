"""The catalog lint: the shipped schema has no finding, and every planted fault is found."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, LiteralString, cast

import psycopg
import pytest
from psycopg.rows import dict_row

from recalld.errors import UnsafeDatabase
from recalld.postgres.lint import Finding, lint, refuse_unsafe, rules
from recalld.postgres.pool import Connection, Database

SCOPE = "tenant_id = (select recalld.context('tenant_id')) and user_id = (select recalld.context('user_id'))"
ONLY_TENANT = "tenant_id = (select recalld.context('tenant_id'))"
EXISTENCE_ORACLE = """
    create unique index by_id on recalld.sessions (session_id);
    alter table recalld.messages add constraint of_session foreign key (session_id) references recalld.sessions (session_id)
"""
SILENT_SETTINGS = (
    "tenant_id = current_setting('recalld.tenant_id', true) and user_id = current_setting('recalld.user_id', true)"
)
GRANT_ON_DATABASE = "do $$ begin execute format('grant {} on database %I to public', current_database()); end $$"
NOTES = 'create table recalld.notes (tenant_id text collate "C" not null, user_id text collate "C" not null, body text)'
PARTED_NOTES = f"{NOTES} partition by list (tenant_id); create table recalld.notes_a partition of recalld.notes default"

# rule, what an administrator or a migration might do, and the place that the finding must name
FAULTS: list[tuple[str, str, str]] = [
    ("table_missing", "drop table recalld.erasures", "recalld.erasures"),
    ("table_missing", "drop schema recalld cascade", "recalld.facts"),
    ("row_security_off", "alter table recalld.facts disable row level security", "recalld.facts"),
    ("row_security_off", NOTES, "recalld.notes"),
    ("row_security_off", "create table recalld.\"odd name\" (n int)", 'recalld."odd name"'),
    ("row_security_not_forced", "alter table recalld.facts no force row level security", "recalld.facts"),
    ("scope_column_unsafe", 'create table recalld.notes (tenant_id text collate "C" not null)', "recalld.notes (user_id)"),
    ("scope_column_unsafe", f"{NOTES}; alter table recalld.notes alter user_id drop not null", "recalld.notes (user_id)"),
    ("scope_column_unsafe", f"{NOTES}; alter table recalld.notes alter tenant_id type text collate \"default\"", "(tenant_id)"),
    ("scope_column_unsafe", f"{NOTES}; alter table recalld.notes alter tenant_id type varchar", "recalld.notes (tenant_id)"),
    ("unique_index_unscoped", "create unique index by_id on recalld.facts (fact_id)", "recalld.by_id"),
    ("unique_index_unscoped", "create unique index by_id on recalld.facts (tenant_id, fact_id, user_id)", "recalld.by_id"),
    ("unique_index_unscoped", "create unique index by_id on recalld.facts (lower(tenant_id), user_id)", "recalld.by_id"),
    ("unique_index_unscoped", "create unique index by_label on recalld.api_keys (label, tenant_id)", "recalld.by_label"),
    ("unique_index_unscoped", f"{NOTES}; alter table recalld.notes add primary key (body)", "recalld.notes_pkey"),
    ("unique_index_unscoped", f"{NOTES}; alter table recalld.notes add constraint apart exclude (body with =)", "recalld.apart"),
    (
        "foreign_key_unscoped",
        EXISTENCE_ORACLE,
        "of_session on recalld.messages",
    ),
    (
        "foreign_key_unscoped",
        "alter table recalld.facts add constraint crossed foreign key (user_id, tenant_id) references recalld.users (tenant_id, user_id)",
        "crossed on recalld.facts",
    ),
    (
        "trigger_present",
        "create trigger spy before insert on recalld.facts for each row execute function suppress_redundant_updates_trigger()",
        "spy on recalld.facts",
    ),
    ("rule_present", "create rule spy as on delete to recalld.facts do instead nothing", "spy on recalld.facts"),
    ("policies_add_up", f"create policy more on recalld.facts to recalld_app using ({SCOPE})", "facts.more, facts.own_rows"),
    ("policies_add_up", f"create policy more on recalld.facts for delete using ({SCOPE})", "for recalld_eraser"),
    ("policies_add_up", "grant recalld_sweeper to recalld_app", "sessions.all_states, sessions.own_rows for recalld_app"),
    ("policy_always_true", "create policy more on recalld.facts for insert to recalld_app with check (true)", "more on recalld.facts"),
    ("policy_always_true", "alter policy own_rows on recalld.facts with check (true)", "own_rows on recalld.facts"),
    ("policy_always_true", "alter policy all_states on recalld.sessions to recalld_sweeper, recalld_app", "all_states"),
    ("policy_always_true", "create policy all_facts on recalld.facts for select to recalld_sweeper using (true)", "all_facts"),
    ("policy_unscoped", f"alter policy own_rows on recalld.facts using ({ONLY_TENANT})", "own_rows on recalld.facts"),
    ("policy_unscoped", f"alter policy own_rows on recalld.facts with check ({ONLY_TENANT})", "own_rows on recalld.facts"),
    (
        "policy_unscoped",
        f"alter policy own_rows on recalld.facts using (({SCOPE}) or current_setting('recalld.tenant_id', true) is null)",
        "own_rows on recalld.facts",
    ),
    (
        "policy_unscoped",
        f"alter policy own_rows on recalld.facts using ({SILENT_SETTINGS})",
        "own_rows on recalld.facts",
    ),
    ("policy_unscoped", "alter policy own_tenant on recalld.api_keys using (tenant_id is not null)", "own_tenant on recalld.api_keys"),
    ("policy_always_true", "alter policy all_keys on recalld.api_keys to recalld_gate, recalld_app", "all_keys on recalld.api_keys"),
    ("policy_missing", "drop policy own_tenant on recalld.tenant_usage", "recalld.tenant_usage: update for recalld_worker"),
    ("policy_missing", "drop policy own_rows on recalld.vectors", "recalld.vectors: delete for recalld_eraser"),
    ("policy_missing", "alter policy own_rows on recalld.vectors to recalld_app", "recalld.vectors: delete for recalld_eraser"),
    ("policy_missing", "grant select on recalld.users to recalld_queue", "recalld.users: select for recalld_queue"),
    ("purpose_policy_spreads", "alter policy purpose on recalld.facts to recalld_app, recalld_eraser", "purpose on recalld.facts"),
    ("purpose_policy_spreads", "alter policy purpose on recalld.facts to public", "purpose on recalld.facts"),
    ("purpose_policy_missing", "drop policy purpose on recalld.episodes", "recalld.episodes"),
    ("purpose_policy_missing", "alter policy purpose on recalld.episodes using (purpose is not null)", "recalld.episodes"),
    ("view_unsafe", "create view recalld.open_door as select * from recalld.facts", "recalld.open_door"),
    ("view_unsafe", "create view public.open_door as select * from recalld.facts", "public.open_door"),
    ("view_unsafe", "create view recalld.door with (security_invoker = off) as select 1", "recalld.door"),
    ("materialized_view", "create materialized view public.copied as select * from recalld.facts", "public.copied"),
    (
        "security_definer",
        "create function recalld.peek() returns setof recalld.facts language sql security definer return null::recalld.facts",
        "recalld.peek()",
    ),
    ("leakproof_function", "alter function recalld.is_id(text) leakproof", "recalld.is_id(text)"),
    ("policy_function_unsafe", "alter function recalld.context(text) immutable", "recalld.context(text)"),
    ("policy_function_unsafe", "alter function recalld.context(text) volatile", "recalld.context(text)"),
    ("policy_function_unsafe", "alter function recalld.context(text) reset search_path", "recalld.context(text)"),
    ("policy_function_unsafe", "alter function recalld.context(text) set search_path = public", "recalld.context(text)"),
    ("public_grant", "grant select on recalld.facts to public", "select on recalld.facts"),
    ("public_grant", "grant select (value) on recalld.facts to public", "select on recalld.facts (value)"),
    ("public_grant", "grant execute on function recalld.enter(text, text, text, text) to public", "execute on recalld.enter"),
    ("public_grant", "create function recalld.open_to_all() returns int language sql return 1", "execute on recalld.open_to_all()"),
    ("public_grant", "grant usage on schema recalld to public", "usage on schema recalld"),
    ("public_grant", "grant select on recalld_jobs.procrastinate_jobs to public", "recalld_jobs.procrastinate_jobs"),
    ("dangerous_grant", "grant truncate on recalld.facts to recalld_eraser", "truncate on recalld.facts to recalld_eraser"),
    ("dangerous_grant", "grant trigger on recalld.facts to recalld_app", "trigger on recalld.facts to recalld_app"),
    ("dangerous_grant", "grant references (tenant_id) on recalld.users to recalld_queue", "references on recalld.users (tenant_id)"),
    ("dangerous_grant", "grant all on all tables in schema recalld to recalld_worker", "truncate on recalld.messages"),
    (
        "partition_grant",
        f"{PARTED_NOTES}; grant select on recalld.notes_a to recalld_app",
        "select on recalld.notes_a",
    ),
    ("sequence_grant", "create sequence recalld.numbers; grant usage on sequence recalld.numbers to recalld_app", "recalld.numbers"),
    ("content_readable", "grant select (summary) on recalld.episodes to recalld_sweeper", "recalld.episodes (summary) by recalld_sweeper"),
    ("content_readable", "grant select on recalld.facts to recalld_auditor", "recalld.facts (quote) by recalld_auditor"),
    ("content_readable", "grant select on recalld.installation to recalld_gate", "recalld.installation (value) by recalld_gate"),
    ("narrow_role_writes", "grant update (state) on recalld.sessions to recalld_sweeper", "update on recalld.sessions"),
    ("narrow_role_writes", "grant delete on recalld.facts to recalld_auditor", "delete on recalld.facts by recalld_auditor"),
    ("role_missing", "alter role recalld_gate rename to recalld_door", "recalld_gate"),
    ("role_too_powerful", "alter role recalld_service superuser", "recalld_service"),
    ("role_too_powerful", "alter role recalld_app bypassrls", "recalld_app"),
    ("role_too_powerful", "alter role recalld_service replication", "recalld_service"),
    ("role_too_powerful", "alter role recalld_service createrole", "recalld_service"),
    ("role_is_owner", "grant recalld_owner to recalld_service with inherit false", "recalld_service is recalld_owner"),
    ("role_is_owner", "grant recalld_owner to recalld_queue", "recalld_service is recalld_owner"),
    ("role_is_owner", "alter table recalld.facts owner to recalld_app", "recalld_app is recalld_app"),
    ("role_in_role", "grant pg_read_all_data to recalld_app", "recalld_app in pg_read_all_data"),
    ("role_in_role", "grant recalld_eraser to recalld_app", "recalld_app in recalld_eraser"),
    ("role_in_role", "grant pg_execute_server_program to recalld_service", "recalld_service in pg_execute_server_program"),
    ("login_inherits", "grant recalld_app to recalld_service with inherit true", "recalld_service from recalld_app"),
    ("owners_differ", "alter table recalld.facts owner to recalld_migrator", "recalld.facts of recalld_migrator"),
    ("owners_differ", "alter function recalld.context(text) owner to recalld_migrator", "recalld.context(text) of recalld_migrator"),
    ("owner_unsafe", "alter role recalld_owner bypassrls", "recalld_owner"),
    ("owner_unsafe", "alter role recalld_owner login", "recalld_owner"),
    ("owner_unsafe", "alter schema recalld owner to current_user", "recalld_admin"),
    ("temporary_tables", GRANT_ON_DATABASE.format("temporary"), "recalld_service"),
    ("may_create", "grant create on schema public to public", "recalld_service in schema public"),
    ("may_create", "grant create on schema recalld to recalld_worker", "recalld_worker in schema recalld"),
    ("may_create", GRANT_ON_DATABASE.format("create"), "in database"),
    ("search_path_unsafe", "set local search_path = public, pg_catalog", "public before pg_catalog"),
]  # fmt: skip

# what looks like a fault and is none
HARMLESS: list[str] = [
    "create view public.own with (security_invoker = true) as select * from recalld.facts",
    "create view public.elsewhere as select 1",
    f"{NOTES}; alter table recalld.notes owner to recalld_owner, enable row level security, force row level security",
    "create index by_value on recalld.facts (value)",
    "alter table recalld.facts add foreign key (tenant_id, user_id) references recalld.users (tenant_id, user_id) on delete cascade",
]


@pytest.fixture(scope="module")
def admin_url(postgres, migrated_template: str) -> Iterator[str]:
    """A migrated database for all tests of this module: each of them rolls back what it does."""
    name, _ = postgres.create_database(migrated_template)
    yield postgres.admin_of(name)
    postgres.drop_database(name)


@pytest.fixture
async def planting(admin_url: str) -> AsyncIterator[Connection]:
    """A superuser's connection in a transaction that is rolled back: some faults are of the whole cluster."""
    connection = cast("Connection", await psycopg.AsyncConnection.connect(admin_url, row_factory=cast("Any", dict_row)))
    async with connection, connection.transaction(force_rollback=True):
        yield connection


async def alter(connection: Connection, fault: str) -> None:
    """Roles belong to the cluster: a database that another worker bootstraps just now alters the same rows, so this may lose the race."""
    for _ in range(20):
        try:
            async with connection.transaction():
                await connection.execute(cast("LiteralString", fault))
        except psycopg.errors.InternalError_:  # "tuple concurrently updated"
            continue
        return
    raise RuntimeError(f"lost the race for the cluster's roles again and again: {fault}")


async def plant(connection: Connection, fault: str) -> list[Finding]:
    """The findings of the serving login after *fault*."""
    await alter(connection, fault)
    await connection.execute("set local session authorization recalld_service")
    return await lint(connection)


async def test_the_shipped_schema_has_no_finding(database: Database):
    async with database.catalog() as connection:
        assert await lint(connection) == []


async def test_the_shipped_schema_has_no_finding_where_it_is_distributed(database: Database):
    async with database.catalog() as connection:
        assert await lint(connection, distributed=True) == []


@pytest.mark.parametrize(("rule", "fault", "place"), FAULTS)
async def test_a_planted_fault_is_found(planting: Connection, rule: str, fault: str, place: str):
    findings = await plant(planting, fault)
    assert [finding for finding in findings if finding.rule == rule and place in finding.where], findings


def test_every_rule_has_a_planted_fault():
    assert {rule for rule, _, _ in FAULTS} == set(rules())


@pytest.mark.parametrize("change", HARMLESS)
async def test_a_harmless_change_is_no_finding(planting: Connection, change: str):
    assert await plant(planting, change) == []


async def test_a_distributed_database_need_not_force_row_security_on_its_owner(planting: Connection):
    assert [finding.rule for finding in await plant(planting, "alter table recalld.facts no force row level security")]
    assert await lint(planting, distributed=True) == []


async def test_in_a_distributed_database_a_serving_role_must_not_be_owner_either(planting: Connection):
    await planting.execute("alter table recalld.facts no force row level security, owner to recalld_app")
    await planting.execute("set local session authorization recalld_service")
    assert "role_is_owner" in {finding.rule for finding in await lint(planting, distributed=True)}


async def test_a_superuser_is_refused_as_serving_login(planting: Connection):
    with pytest.raises(UnsafeDatabase, match=r"recalld_admin: the role is superuser"):
        await refuse_unsafe(planting)


async def test_a_refusal_names_every_finding_and_how_to_mend_it(planting: Connection):
    await planting.execute("alter table recalld.facts disable row level security")
    await planting.execute("drop policy own_rows on recalld.episodes")
    await planting.execute("set local session authorization recalld_service")
    with pytest.raises(UnsafeDatabase) as caught:
        await refuse_unsafe(planting)
    for finding in await lint(planting):
        assert f"{finding.where}: {finding.what}; {finding.mend}" in str(caught.value)


async def test_nothing_is_refused_in_the_shipped_schema(database: Database):
    async with database.catalog() as connection:
        await refuse_unsafe(connection)


async def test_the_lint_leaves_the_search_path_as_it_was(database: Database):
    async with database.catalog() as connection:
        before = await (await connection.execute("show search_path")).fetchone()
        await lint(connection)
        assert await (await connection.execute("show search_path")).fetchone() == before
