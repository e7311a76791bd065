"""What an erasure left: counted by code of its own, under the auditor's role, which reads no content and deletes nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass

from recalld.errors import Unavailable
from recalld.layers.vectors.base import VectorIndex
from recalld.layers.working.base import WorkingMemory
from recalld.postgres.pool import Database
from recalld.postgres.queries import beside
from recalld.values import UserRef

_SQL = beside(__file__, "verify.sql")
NOT_ANSWERED = -1  # instead of a count, of a layer whose store does not answer


@dataclass(frozen=True, kw_only=True, slots=True)
class Verifier:
    """Counts what is left of a person."""

    database: Database
    working: WorkingMemory
    vectors: VectorIndex

    async def left(self, user: UserRef, epoch: int, *, running: bool) -> Mapping[str, int]:
        """Rows, sessions and points of *user* older than *epoch*, per layer; `NOT_ANSWERED` where the store does not answer.

        With *running*, jobs that a worker is at count too.
        """
        rows = await self._rows(user, epoch, running=running)
        left = {"working": await _counted(self.working.count(user, below=epoch)), **rows}
        if not self.vectors.transactional:
            left["vector_index"] = await _counted(self._points(user, epoch))
        return left

    async def _rows(self, user: UserRef, epoch: int, *, running: bool) -> dict[str, int]:
        async with self.database.transaction("auditor", user) as tx:
            row = await tx.row(_SQL["rows"], epoch=epoch)
        async with self.database.catalog() as connection:  # the login itself may read the queue and nothing else
            ids = {"tenant_id": user.tenant_id, "user_id": user.user_id, "epoch": epoch, "running": running}
            jobs = await (await connection.execute(_SQL["jobs"], ids)).fetchone()
        assert row is not None  # noqa: S101 -- counts always come back
        assert jobs is not None  # noqa: S101
        return {**row, "jobs": jobs["jobs"]}

    async def _points(self, user: UserRef, epoch: int) -> int:
        held = await self.vectors.ids(None, user)
        async with self.database.transaction("auditor", user) as tx:
            return len(held - {row["episode_id"] for row in await tx.rows(_SQL["returned"], epoch=epoch)})


async def _counted(count: Awaitable[int]) -> int:
    try:
        return await count
    except Unavailable:
        return NOT_ANSWERED
