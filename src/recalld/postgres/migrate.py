"""Migrations: plain numbered `.sql` files, each applied once, in its own transaction, under one advisory lock.

The queue's own schema (procrastinate) is a step of its own: the version it was made for is recorded, and the migrations that a newer
installed version ships are applied after ours.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import LiteralString, cast

import psycopg
from procrastinate.schema import SchemaManager
from psycopg.rows import dict_row

from recalld.errors import MigrationError
from recalld.postgres.pool import Connection, translated

FOLDER = Path(__file__).with_name("migrations")
QUEUE = "procrastinate"
LOCK = 7_236_110_401  # any constant: one migrator at a time per database
LOCK_TIMEOUT = "5s"  # a migration that waits for a long reader gives up instead of blocking everybody behind it
MINIMUM_SERVER = 160_000
MINIMUM_VECTOR = (0, 7)  # the first with halfvec

_TABLE = """
create table if not exists recalld.migrations (
    name text primary key,
    checksum text not null,
    applied_at timestamptz not null default now()
)
"""
_QUEUE_GRANTS = """
grant select, insert, update, delete on all tables in schema recalld_jobs to recalld_queue;
grant usage on all sequences in schema recalld_jobs to recalld_queue;
grant execute on all functions in schema recalld_jobs to recalld_queue;
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Migration:
    """One numbered step."""

    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, so that a step edited after it was applied is noticed."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def shipped() -> list[Migration]:
    """All migrations of this version, in order."""
    return [
        Migration(name=path.stem, sql=path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("[0-9]*.sql"))
    ]


async def migrate(migrator_url: str) -> list[str]:
    """Bring the schema to this version; return the names of the steps applied, none when it is there already.

    Safe when several processes start at once. Raises `MigrationError`, `DatabaseUnavailable`.
    """
    with translated():
        connecting = cast("type[Connection]", psycopg.AsyncConnection).connect
        connection = await connecting(migrator_url, autocommit=True, row_factory=dict_row)
        async with connection:
            await _check_server(connection)
            await connection.execute("select pg_advisory_lock(%s)", (LOCK,))
            return await _apply_all(connection)


async def pending(connection: Connection) -> list[str]:
    """The names of the steps this database lacks, as the serving login sees it. Raises `MigrationError` for an edited step."""
    exists = await (
        await connection.execute("select to_regclass('recalld.migrations') is not null as there")
    ).fetchone()
    applied = await _applied(connection) if exists and exists["there"] else {}
    _check_known(applied)
    steps = [migration.name for migration in shipped() if migration.name not in applied]
    return steps + ([_queue_step()] if _queue_scripts(applied) else [])


async def _apply_all(connection: Connection) -> list[str]:
    await _as_owner(
        connection, "create schema if not exists recalld", _TABLE, "grant select on recalld.migrations to recalld_queue"
    )
    applied = await _applied(connection)
    _check_known(applied)
    steps = [migration for migration in shipped() if migration.name not in applied]
    for step in steps:
        await _as_owner(connection, step.sql, record=step)
    return [step.name for step in steps] + await _apply_queue(connection, applied)


async def _applied(connection: Connection) -> dict[str, str]:
    cursor = await connection.execute("select name, checksum from recalld.migrations")
    return {row["name"]: row["checksum"] for row in await cursor.fetchall()}


def _check_known(applied: dict[str, str]) -> None:
    """Refuse a database that a newer version migrated, and steps that were edited after they were applied."""
    known = {migration.name: migration.checksum for migration in shipped()}
    for name, checksum in applied.items():
        if name.startswith(QUEUE):
            continue
        if name not in known:
            raise MigrationError(
                f"the database has migration {name!r}, which this version does not know; install a newer recalld"
            )
        if known[name] != checksum:
            raise MigrationError(f"migration {name!r} differs from the one that was applied; restore the shipped file")


async def _apply_queue(connection: Connection, applied: dict[str, str]) -> list[str]:
    """Bring the queue's schema to the installed version of its library."""
    scripts = _queue_scripts(applied)
    if not scripts:
        return []
    step = Migration(name=_queue_step(), sql="\n".join(scripts))
    await _as_owner(connection, "set local search_path = recalld_jobs", *scripts, _QUEUE_GRANTS, record=step)
    return [step.name]


def _queue_step() -> str:
    return f"{QUEUE} {metadata.version(QUEUE)}"


def _queue_scripts(applied: dict[str, str]) -> list[str]:
    """What the queue's schema lacks: all of it on a fresh database, else the migrations that its library ships since."""
    done = [name.partition(" ")[2] for name in applied if name.startswith(QUEUE)]
    return _queue_migrations(max(done, key=_version)) if done else [SchemaManager.get_schema()]


def _queue_migrations(since: str) -> list[str]:
    folder = Path(SchemaManager.get_migrations_path())
    return [
        path.read_text(encoding="utf-8")
        for path in sorted(folder.glob("*.sql"))
        if _version(path.name) > _version(since)
    ]


def _version(text: str) -> tuple[int, ...]:
    """The first three numbers of a version or of a migration's file name."""
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])


async def _as_owner(connection: Connection, *statements: str, record: Migration | None = None) -> None:
    """Run statements in one transaction as the owner of the schema, and record the step with them."""
    try:
        async with connection.transaction():
            await connection.execute("set local role recalld_owner")
            await connection.execute(f"set local lock_timeout = '{LOCK_TIMEOUT}'")
            await _execute_each(connection, statements)
            if record is not None:
                await connection.execute(
                    "insert into recalld.migrations (name, checksum) values (%s, %s)", (record.name, record.checksum)
                )
    except psycopg.errors.LockNotAvailable as error:
        raise MigrationError(
            "a long transaction holds a table this migration needs; run 'recalld migrate' again"
        ) from error


async def _execute_each(connection: Connection, statements: Sequence[str]) -> None:
    for statement in statements:
        await connection.execute(cast("LiteralString", statement))


async def _check_server(connection: Connection) -> None:
    """Refuse a server, an extension or a login with which the migrations cannot work."""
    version = connection.info.server_version
    if version < MINIMUM_SERVER:
        raise MigrationError(
            f"this is PostgreSQL {version // 10_000}; recalld needs {MINIMUM_SERVER // 10_000} or newer"
        )
    await _check_bootstrap(connection)
    row = await (await connection.execute("select extversion from pg_extension where extname = 'vector'")).fetchone()
    if row is None:
        raise MigrationError(
            "the extension 'vector' (pgvector 0.7 or newer) is not in this database; run 'recalld migrate --admin-url …' as its admin"
        )
    if _version(row["extversion"]) < MINIMUM_VECTOR:
        raise MigrationError(f"pgvector {row['extversion']} is too old; recalld needs 0.7 or newer")


async def _check_bootstrap(connection: Connection) -> None:
    cursor = await connection.execute(
        "select pg_has_role(oid, 'member') as ours, current_user as login from pg_roles where rolname = 'recalld_owner'"
    )
    row = await cursor.fetchone()
    if row is None:
        raise MigrationError(
            "this database was never prepared for recalld; run 'recalld migrate --admin-url …' as its admin"
        )
    if not row["ours"]:
        raise MigrationError(
            f"the login {row['login']!r} may not change the schema; use the migrator's (recalld_migrator)"
        )
