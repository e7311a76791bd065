"""Reads from a streaming replica, which is always a little behind and may be any time behind.

Both are asked at the same time: the replica for the rows, the primary for one row of the user, whose epoch grows with an erasure and whose
versions grow with every change of facts and episodes. Where the two agree, the replica has all that the primary has, so an erased user is
never served and whoever has just written reads what was written. Where they do not, or where the replica is away, nothing of its answer
is used and the primary is read.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from recalld.ending import end
from recalld.errors import DatabaseUnavailable, RecalldError
from recalld.postgres.distribute import is_distributed
from recalld.postgres.lint import refuse_unsafe
from recalld.postgres.pool import Database, Rows, Transaction
from recalld.postgres.queries import beside
from recalld.values import UserRef

log = structlog.get_logger("recalld.postgres")

_SQL = beside(__file__, "replica.sql")
SECONDS = 1.0  # a replica that takes longer is not waited for
PATIENCE = (0.5,)  # seconds that a read waits for a connection to it
REST_SECONDS = 2.0  # after a failure, before one read tries it again

T = TypeVar("T")
S = TypeVar("S")
Version = tuple[int, int, int]  # epoch, version of the facts, version of the episodes


@dataclass(frozen=True, slots=True)
class _Copy(Generic[T]):
    """What the replica answered."""

    version: Version | None  # none: it does not know the user
    result: T


class Replica:
    """A replica beside its primary. Reads run as the role `app`, as on the primary."""

    def __init__(self, *, primary: Database, replica: Database) -> None:
        self._primary = primary
        self._replica = replica
        self._away_until = 0.0
        self._late: set[asyncio.Task[object]] = set()
        self._reads = self._stale = self._failed = 0

    async def open(self) -> None:
        """Connect. One that does not answer yet is tried again later; raises `UnsafeDatabase` for a login that sees too much."""
        await self._replica.open(wait=False)
        try:
            async with self._replica.catalog() as connection:
                await refuse_unsafe(connection, distributed=await is_distributed(connection))
        except DatabaseUnavailable as error:
            self._rest(error)

    async def close(self) -> None:
        """Close all connections."""
        for task in list(self._late):
            await end(task)
        await self._replica.close()

    async def read(
        self,
        user: UserRef,
        purposes: Sequence[str],
        work: Callable[[Transaction], Awaitable[T]],
        beside: Callable[[Transaction], Awaitable[S]],
    ) -> tuple[T, S] | None:
        """The results of *work* on the replica and of *beside* on the primary; `None` when *work* must be done on the primary, too.

        Raises what the primary raises, never what the replica does.
        """
        if time.monotonic() < self._away_until:
            return None
        copying = asyncio.create_task(self._copied(user, purposes, work), name="recalld-replica")
        try:
            async with self._primary.pipelined("app", user, purposes) as tx:
                standing = await tx.send(_SQL["versions"])
                other = await beside(tx)
            version = await _version(standing)
            copy = await self._in_time(copying)
        finally:
            self._leave(copying)
        if copy is None:
            return None
        if copy.version != version:
            self._stale += 1
            return None
        self._reads += 1
        return copy.result, other

    def counts(self) -> dict[str, int]:
        """What happened in this process: reads `replica_current`, `replica_stale` and `replica_failed`."""
        return {"replica_current": self._reads, "replica_stale": self._stale, "replica_failed": self._failed}

    # ------------------------------------------------------------ the replica's part
    async def _copied(
        self, user: UserRef, purposes: Sequence[str], work: Callable[[Transaction], Awaitable[T]]
    ) -> _Copy[T]:
        """The version is read before the rows: rows may be newer than it says, never older."""
        async with self._replica.pipelined("app", user, purposes) as tx:
            standing = await tx.send(_SQL["versions"])
            result = await work(tx)
            return _Copy(await _version(standing), result)

    async def _in_time(self, copying: asyncio.Task[_Copy[T]]) -> _Copy[T] | None:
        """What the replica answered; `None` when it failed or takes too long."""
        await asyncio.wait({copying}, timeout=SECONDS)
        if not copying.done():
            self._rest(TimeoutError())
            return None
        try:
            copy = copying.result()
        except (
            RecalldError
        ) as error:  # a query cancelled by the replay of changes, a schema that lags behind, no connection
            self._rest(error)
            return None
        self._away_until = 0.0
        return copy

    def _rest(self, error: Exception) -> None:
        """Leave the replica alone for a moment: what a time-out costs is not added to every turn."""
        self._failed += 1
        self._away_until = time.monotonic() + REST_SECONDS
        log.warning("replica.failed", error=type(error).__name__)

    def _leave(self, copying: asyncio.Task[_Copy[T]]) -> None:
        """Cancel a read that nobody waits for any more; ending it may take as long as the connection hangs."""
        if copying.done():
            _ = copying.cancelled() or copying.exception()  # looked at, so that it is not reported as forgotten
            return
        copying.cancel()
        self._late.add(copying)
        copying.add_done_callback(self._late.discard)


async def nothing_else(tx: Transaction) -> None:
    """For reads that need nothing of the primary but its version."""


async def _version(standing: Rows) -> Version | None:
    rows = await standing.fetchall()
    return (rows[0]["epoch"], rows[0]["facts_version"], rows[0]["episodes_version"]) if rows else None
