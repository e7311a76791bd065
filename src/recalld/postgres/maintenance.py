"""What a deletion leaves on the disk: dead rows, column statistics, the write-ahead log. Removed at once for a deep erasure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString

import psycopg

from recalld.errors import DatabaseUnavailable

# Each table is written anew without its dead rows, its indexes and its toast too. Locks the table while it does so.
TABLES: Sequence[LiteralString] = (
    "recalld.users",
    "recalld.sessions",
    "recalld.messages",
    "recalld.statements",
    "recalld.facts",
    "recalld.episodes",
    "recalld.vectors",
    "recalld.usage",
    "recalld.requests",
    "recalld.consents",
    "recalld.holds",
    "recalld.erasures",
    "recalld_jobs.procrastinate_jobs",
    "recalld_jobs.procrastinate_events",
)
# Statistics hold samples of values, and those of a table that is empty now are never made anew.
_STATISTICS: tuple[LiteralString, ...] = (
    """select pg_catalog.pg_clear_attribute_stats(n.nspname, c.relname, a.attname, false)
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where n.nspname in ('recalld', 'recalld_jobs') and c.relkind = 'r'""",
    "vacuum (full) pg_catalog.pg_statistic",
)
# A segment of the log goes when a checkpoint after it is complete.
_LOG: tuple[LiteralString, ...] = ("checkpoint", "select pg_catalog.pg_switch_wal()", "checkpoint")


async def scrub(migrator_url: str) -> list[str]:
    """Rewrite the tables, remove old statistics and old log; return what the server refused or (before PostgreSQL 18) lacks, a line each.

    Run by the migrator. Raises `DatabaseUnavailable`.
    """
    try:
        connection = await psycopg.AsyncConnection.connect(migrator_url, autocommit=True)
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable("the migrator's address does not answer, or refuses the password") from error
    refused: list[str] = []
    async with connection:
        rewrites: list[LiteralString] = [f"vacuum (full) {table}" for table in TABLES]
        for statement in (*rewrites, *_STATISTICS, *_LOG, *_LOG, "analyze"):
            try:
                await connection.execute(statement)
            except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedFunction):
                refused.append(statement.partition("\n")[0])
    return list(dict.fromkeys(refused))
