"""Migrations: applied once, in order, whole or not at all, by one process at a time."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any, LiteralString, cast

import psycopg
import pytest
from procrastinate.schema import SchemaManager
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from recalld.errors import DatabaseUnavailable, MigrationError, RecalldError
from recalld.postgres import migrate as module
from recalld.postgres.binaries import installed
from recalld.postgres.embedded import DatabaseUrls
from recalld.postgres.lint import INSTALLATION_WIDE, PERSONAL, TENANT_WIDE, lint
from recalld.postgres.migrate import Migration, migrate, pending, shipped
from recalld.postgres.pool import Connection, Database

NAMES = [step.name for step in shipped()]
QUEUE = f"procrastinate {metadata.version('procrastinate')}"
Admin = psycopg.Connection[Any]


@pytest.fixture
def plain_admin(postgres, database_urls: DatabaseUrls) -> Iterator[Admin]:
    """The superuser in a bootstrapped database without a schema."""
    name = str(conninfo_to_dict(database_urls.service)["dbname"])
    with psycopg.connect(postgres.admin_of(name), autocommit=True) as connection:
        yield connection


async def as_service(urls: DatabaseUrls) -> Connection:
    """A connection of the serving login."""
    return cast("Connection", await psycopg.AsyncConnection.connect(urls.service, row_factory=cast("Any", dict_row)))


async def lacking(urls: DatabaseUrls) -> list[str]:
    """What the serving login finds missing."""
    async with await as_service(urls) as connection:
        return await pending(connection)


def ship(monkeypatch: pytest.MonkeyPatch, *more: Migration) -> None:
    """Let this version ship further steps."""
    steps = [*shipped(), *more]
    monkeypatch.setattr(module, "shipped", lambda: steps)


def columns(admin: Admin, table: str) -> list[str]:
    """The columns of a table."""
    statement = "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped"
    return [name for (name,) in admin.execute(statement, [table])]


# ---------------------------------------------------------------- once, in order
def test_the_steps_are_numbered_without_a_gap():
    assert [int(re.match(r"(\d{4})_[a-z_]+$", name)[1]) for name in NAMES] == list(range(1, len(NAMES) + 1))  # pyright: ignore[reportOptionalSubscript]


async def test_a_fresh_database_gets_every_step_and_the_queue(database_urls: DatabaseUrls):
    assert await lacking(database_urls) == [*NAMES, QUEUE]
    assert await migrate(database_urls.migrator) == [*NAMES, QUEUE]
    assert await lacking(database_urls) == []


async def test_migrating_again_does_nothing(database_urls: DatabaseUrls):
    await migrate(database_urls.migrator)
    assert await migrate(database_urls.migrator) == []


async def test_a_later_step_is_applied_to_what_is_there(
    migrated_urls: DatabaseUrls, admin: Admin, monkeypatch: pytest.MonkeyPatch
):
    ship(monkeypatch, Migration(name="9998_nickname", sql="alter table recalld.users add column nickname text"))
    assert await lacking(migrated_urls) == ["9998_nickname"]
    assert await migrate(migrated_urls.migrator) == ["9998_nickname"]
    assert "nickname" in columns(admin, "recalld.users")


async def test_processes_that_start_at_once_apply_each_step_once(database_urls: DatabaseUrls, plain_admin: Admin):
    script = "import asyncio, sys; from recalld.postgres.migrate import migrate; print(len(asyncio.run(migrate(sys.argv[1]))))"
    command = (sys.executable, "-c", script, database_urls.migrator)
    processes = [await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE) for _ in range(3)]
    applied = [int((await process.communicate())[0]) for process in processes]
    assert sorted(applied) == [0, 0, len(NAMES) + 1]
    assert plain_admin.execute("select count(*) from recalld.migrations").fetchone() == (len(NAMES) + 1,)


async def test_a_database_without_the_queue_lacks_it(migrated_urls: DatabaseUrls, admin: Admin):
    admin.execute("delete from recalld.migrations where name like 'procrastinate%%'", [])
    assert await lacking(migrated_urls) == [QUEUE]


# ---------------------------------------------------------------- whole or not at all
async def test_a_step_that_fails_leaves_nothing_and_the_ones_before_it_stay(
    migrated_urls: DatabaseUrls, admin: Admin, monkeypatch: pytest.MonkeyPatch
):
    good = Migration(name="9997_good", sql="alter table recalld.users add column good text")
    bad = Migration(name="9998_bad", sql="alter table recalld.users add column bad text; select 1 / 0")
    ship(monkeypatch, good, bad)
    with pytest.raises(RecalldError, match="DivisionByZero"):
        await migrate(migrated_urls.migrator)
    assert "good" in columns(admin, "recalld.users")
    assert "bad" not in columns(admin, "recalld.users")
    assert await lacking(migrated_urls) == ["9998_bad"]


async def test_a_step_gives_up_behind_a_long_transaction_instead_of_blocking_everybody(
    migrated_urls: DatabaseUrls, admin: Admin, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "LOCK_TIMEOUT", "20ms")
    ship(monkeypatch, Migration(name="9998_nickname", sql="alter table recalld.users add column nickname text"))
    with admin.transaction():
        admin.execute("select count(*) from recalld.users")
        with pytest.raises(MigrationError, match="a long transaction holds a table"):
            await migrate(migrated_urls.migrator)
    assert await migrate(migrated_urls.migrator) == ["9998_nickname"]


# ---------------------------------------------------------------- what is refused
async def test_a_step_that_was_edited_after_it_was_applied_is_refused(
    migrated_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
):
    first, *rest = shipped()
    edited = [replace(first, sql=first.sql + "-- better"), *rest]
    monkeypatch.setattr(module, "shipped", lambda: edited)
    with pytest.raises(MigrationError, match="'0001_schema' differs from the one that was applied"):
        await migrate(migrated_urls.migrator)
    with pytest.raises(MigrationError, match="differs"):
        await lacking(migrated_urls)


async def test_a_database_of_a_newer_version_is_refused(migrated_urls: DatabaseUrls, admin: Admin):
    admin.execute("insert into recalld.migrations (name, checksum) values ('9999_future', 'x')")
    with pytest.raises(
        MigrationError, match="'9999_future', which this version does not know; install a newer recalld"
    ):
        await migrate(migrated_urls.migrator)
    with pytest.raises(MigrationError, match="newer recalld"):
        await lacking(migrated_urls)


async def test_an_old_server_is_refused(database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MINIMUM_SERVER", 990_000)
    with pytest.raises(MigrationError, match=r"this is PostgreSQL \d+; recalld needs 99 or newer"):
        await migrate(database_urls.migrator)


async def test_a_database_without_pgvector_is_refused(database_urls: DatabaseUrls, plain_admin: Admin):
    plain_admin.execute("drop extension vector")
    with pytest.raises(MigrationError, match=r"the extension 'vector' .+ is not in this database"):
        await migrate(database_urls.migrator)


async def test_an_old_pgvector_is_refused(database_urls: DatabaseUrls, plain_admin: Admin):
    plain_admin.execute("update pg_extension set extversion = '0.6.2' where extname = 'vector'")
    with pytest.raises(MigrationError, match=r"pgvector 0\.6\.2 is too old; recalld needs 0\.7 or newer"):
        await migrate(database_urls.migrator)


async def test_the_serving_login_may_not_migrate(database_urls: DatabaseUrls):
    with pytest.raises(MigrationError, match="'recalld_service' may not change the schema; use the migrator's"):
        await migrate(database_urls.service)


async def test_a_server_that_was_never_prepared_is_refused(oldest_postgres):
    with pytest.raises(MigrationError, match="never prepared for recalld"):
        await migrate(oldest_postgres.admin)


async def test_a_server_that_is_away_is_unavailable():
    with pytest.raises(DatabaseUnavailable):
        await migrate("postgresql://recalld_migrator@localhost:1/recalld")


# ---------------------------------------------------------------- what is there afterwards
async def test_the_first_migration_and_all_after_it_make_what_the_code_expects(database_urls: DatabaseUrls):
    await migrate(database_urls.migrator)
    async with await as_service(database_urls) as connection:
        assert await lint(connection) == []
        rows = await connection.execute(
            "select relname from pg_class where relnamespace = 'recalld'::regnamespace and relkind = 'r'"
        )
        assert {row["relname"] for row in await rows.fetchall()} == {*PERSONAL, *TENANT_WIDE, *INSTALLATION_WIDE}


async def test_every_index_begins_with_tenant_and_user(admin: Admin):
    statement = """
        select i.indexrelid::regclass::text, array(
            select a.attname::text from unnest(i.indkey::int2[]) with ordinality k (number, place)
            join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number where k.place <= 2 order by k.place)
        from pg_index i join pg_class c on c.oid = i.indrelid
        where c.relnamespace = 'recalld'::regnamespace and c.relname = any(%s)
    """
    leading = admin.execute(statement, [list(PERSONAL)]).fetchall()
    assert len(leading) >= len(PERSONAL)
    assert {index: names for index, names in leading if names != ["tenant_id", "user_id"]} == {}


def queue_catalog(admin: Admin) -> list[tuple[str, str]]:
    """All that the queue's schema consists of, with definitions."""
    statement = """
        select 'column ' || attrelid::regclass::text || '.' || attname, format_type(atttypid, atttypmod) || ' ' || attnotnull
        from pg_attribute join pg_class on pg_class.oid = attrelid
        where relnamespace = 'recalld_jobs'::regnamespace and relkind in ('r', 'c') and attnum > 0 and not attisdropped
        union all select 'index', pg_get_indexdef(indexrelid) from pg_index join pg_class on pg_class.oid = indexrelid
        where relnamespace = 'recalld_jobs'::regnamespace
        union all select 'function ' || oid::regprocedure, '' from pg_proc where pronamespace = 'recalld_jobs'::regnamespace
        union all select 'trigger', pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
        union all select 'label', enumtypid::regtype::text || ' ' || enumlabel from pg_enum
        order by 1, 2
    """
    return admin.execute(cast("LiteralString", statement)).fetchall()


async def test_an_older_queue_is_brought_to_the_schema_of_a_fresh_one(
    database_urls: DatabaseUrls, plain_admin: Admin, admin: Admin, monkeypatch: pytest.MonkeyPatch
):
    folder = Path(SchemaManager.get_migrations_path())
    old = [path.read_text() for path in sorted(folder.glob("*.sql")) if module._version(path.name) <= (3, 0, 0)]
    with monkeypatch.context() as years_ago:
        years_ago.setattr(SchemaManager, "get_schema", lambda: "\n".join(old))
        years_ago.setattr(module.metadata, "version", lambda _: "3.0.0")
        assert await migrate(database_urls.migrator) == [*NAMES, "procrastinate 3.0.0"]
    assert queue_catalog(plain_admin) != queue_catalog(admin)
    assert await lacking(database_urls) == [QUEUE]
    assert await migrate(database_urls.migrator) == [QUEUE]
    assert queue_catalog(plain_admin) == queue_catalog(admin)


async def test_the_serving_login_can_use_the_queue(database: Database):
    async with database.catalog() as connection:
        await connection.execute(
            "select procrastinate_defer_periodic_job_v2(null, null, null, null, null, null, null, null) where false"
        )
        await connection.execute("insert into procrastinate_jobs (queue_name, task_name) values ('q', 't')")
        await connection.execute("delete from procrastinate_jobs")


# ---------------------------------------------------------------- other servers
async def test_the_oldest_server_gets_the_same_schema(oldest_postgres):
    _, urls = oldest_postgres.create_database()
    assert await migrate(urls.migrator) == [*NAMES, QUEUE]
    async with await as_service(urls) as connection:
        assert connection.info.server_version // 10_000 == installed()[-1].major
        assert await lint(connection) == []
