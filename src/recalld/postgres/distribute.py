"""Spreading the schema over the nodes of Citus: `recalld migrate --citus`.

The schema follows its rules from the first migration on (user_id in every key and statement, no triggers, one owner), so distributing it
changes no statement. Tables of one person are colocated by `user_id`. What tenants and the installation share is copied to every node,
unless it is written often; that and the queue stay on the coordinator, known to Citus, so that their transactions with a shard are atomic.
"""

from __future__ import annotations

from typing import LiteralString, cast

import psycopg
from psycopg.rows import dict_row

from recalld.errors import MigrationError
from recalld.postgres.lint import INSTALLATION_WIDE, PERSONAL, TENANT_WIDE
from recalld.postgres.pool import Connection, translated
from recalld.postgres.queries import beside

_SQL = beside(__file__, "citus.sql")

FIRST = "users"
ON_COORDINATOR = (
    "tenant_usage",
    "receipts",
    "audit",
)  # written by every session: a copy on each node would make every write two-phase
REFERENCE = tuple(table for table in (*TENANT_WIDE, *INSTALLATION_WIDE) if table not in ON_COORDINATOR)
BESIDE = tuple(table for table in PERSONAL if table != FIRST)
SHARDS = 128  # never changed without moving rows: room for as many nodes


async def distribute(admin_url: str, *, shards: int = SHARDS) -> list[str]:
    """Distribute what is not distributed yet; the names of those tables. Repeating changes nothing. Raises `MigrationError`.

    *admin_url* is a superuser's address of the coordinator, after `migrate` has run there.
    """
    with translated():
        connecting = cast("type[Connection]", psycopg.AsyncConnection).connect
        connection = await connecting(admin_url, autocommit=True, row_factory=dict_row)
        async with connection:
            if not await is_distributed(connection):
                raise MigrationError(
                    "the extension 'citus' is not in this database; run 'create extension citus' there first"
                )
            return await _distribute(connection, shards)


async def is_distributed(connection: Connection) -> bool:
    """Whether the database has Citus: row-level security is then enabled, not forced."""
    row = await (await connection.execute(_SQL["installed"])).fetchone()
    return bool(row and row["citus"])


async def _distribute(connection: Connection, shards: int) -> list[str]:
    known = {row["name"] for row in await (await connection.execute(_SQL["distributed"])).fetchall()}
    await connection.execute(_SQL["propagate"])
    steps: list[tuple[LiteralString, str, dict[str, object]]] = [
        ("first", FIRST, {"shards": shards}),
        *(("beside", table, {}) for table in BESIDE),
        *(("reference", table, {}) for table in REFERENCE),
        *(("queue", table, {}) for table in ON_COORDINATOR),
    ]
    done: list[str] = []
    for step, table, values in steps:
        if table not in known:
            await unforce(connection, f"recalld.{table}")
            await connection.execute(_SQL[step], {"table": f"recalld.{table}", **values})
            done.append(table)
    return done + await _keep_queue(connection, known)


async def unforce(connection: Connection, table: str) -> None:
    """Enabled row-level security is enough where no serving role owns the table."""
    row = await (await connection.execute(_SQL["not_forced"], {"table": table})).fetchone()
    if row is not None:
        await connection.execute(row["statement"])


async def _keep_queue(connection: Connection, known: set[str]) -> list[str]:
    """The queue's tables, each unless a foreign key has brought it along already."""
    done: list[str] = []
    for row in await (await connection.execute(_SQL["queue_tables"])).fetchall():
        table = row["name"].rsplit(".", 1)[-1]
        now = {one["name"] for one in await (await connection.execute(_SQL["distributed"])).fetchall()}
        if table not in known | now:
            await connection.execute(_SQL["queue"], {"table": row["name"]})
            done.append(table)
    return done
