"""What a deletion leaves on the disk: dead rows, column statistics, the write-ahead log. Removed at once for a deep erasure."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from typing import LiteralString

import psycopg
from psycopg.errors import Diagnostic

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
_FORGET_STATISTICS: LiteralString = """select pg_catalog.pg_clear_attribute_stats(n.nspname, c.relname, a.attname, false)
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where n.nspname in ('recalld', 'recalld_jobs') and c.relkind = 'r'"""
_STATISTICS: LiteralString = "pg_catalog.pg_statistic"
# A segment of the log goes when a checkpoint after it is complete.
_LOG: tuple[LiteralString, ...] = ("checkpoint", "select pg_catalog.pg_switch_wal()", "checkpoint")


_PATIENCE = 60.0  # seconds for which older transactions are waited for, those of autovacuum among them
_PAUSE = 0.5


async def scrub(migrator_url: str, *, patience: float = _PATIENCE) -> list[str]:
    """Rewrite the tables, remove old statistics and old log; return what was not done, a line each.

    Not done is what the server refuses or (before PostgreSQL 18) lacks, and a table of which a transaction that began before still sees
    deleted rows after *patience* seconds. Run by the migrator. Raises `DatabaseUnavailable`.
    """
    try:
        connection = await psycopg.AsyncConnection.connect(migrator_url, autocommit=True)
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable("the migrator's address does not answer, or refuses the password") from error
    until = time.monotonic() + patience
    undone: list[str] = []
    async with connection:
        for table in TABLES:
            undone += await _rewritten(connection, table, until)
        undone += await _done(connection, _FORGET_STATISTICS)
        undone += await _rewritten(connection, _STATISTICS, until)
        for statement in (*_LOG, *_LOG, "analyze"):
            undone += await _done(connection, statement)
    return list(dict.fromkeys(undone))


async def _done(connection: psycopg.AsyncConnection, statement: LiteralString) -> list[str]:
    try:
        await connection.execute(statement)
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedFunction):
        return [f"the server refused: {statement.partition(chr(10))[0]}"]
    return []


async def _rewritten(connection: psycopg.AsyncConnection, table: LiteralString, until: float) -> list[str]:
    """Rewrite *table* until no deleted row is left in it.

    A rewrite keeps the rows that some transaction may still see. The server tells how many; who sees them it tells administrators alone.
    """
    statement: LiteralString = "vacuum (full, verbose) " + table
    while True:
        told = _Told()
        connection.add_notice_handler(told)
        try:
            refused = await _done(connection, statement)
        finally:
            connection.remove_notice_handler(told)
        if refused or told.skipped:
            return refused or [f"the server refused: {statement}"]
        if not told.kept:
            return []
        if time.monotonic() >= until:
            return [f"deleted rows of {table} stay while a transaction that began before is open: run it again later"]
        await asyncio.sleep(_PAUSE)


class _Told:
    """Hears what a rewrite tells: that it is not allowed, or how many deleted rows it had to keep."""

    skipped = False
    kept = 0

    def __call__(self, told: Diagnostic) -> None:
        if told.severity_nonlocalized == "WARNING":
            self.skipped = True
        elif number := re.search(r"\d+", told.message_detail or ""):  # the first of them, in whatever language
            self.kept += int(number[0])
