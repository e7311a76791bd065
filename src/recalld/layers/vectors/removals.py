"""Episodes that leave the index: with their rows where it lives in PostgreSQL, else as soon as it answers.

The ids are noted in the transaction that deletes the episodes, so that nothing is forgotten while an index elsewhere is away. What it
still has yields nothing meanwhile: a hit without an episode is dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import structlog

from recalld.errors import VectorIndexUnavailable
from recalld.layers.vectors.base import VectorIndex
from recalld.postgres.pool import Database, Transaction
from recalld.postgres.queries import beside
from recalld.values import UserRef

_SQL = beside(__file__, "removals.sql")
AT_ONCE = 1_000  # removals carried out with one sweep

log = structlog.get_logger("recalld.vectors")


@dataclass(frozen=True, kw_only=True, slots=True)
class Removals:
    """Removes episodes from the index, now or later."""

    database: Database
    vectors: VectorIndex

    async def begin(self, tx: Transaction, user: UserRef, episode_ids: Sequence[str], *, epoch: int) -> None:
        """In the transaction that deletes the episodes: remove their vectors, or note that this is to be done."""
        if self.vectors.transactional:
            await self.vectors.delete(tx, user, episode_ids)
        elif episode_ids:
            await tx.execute(_SQL["note"], episode_ids=list(episode_ids), epoch=epoch)

    async def finish(self, user: UserRef, episode_ids: Sequence[str]) -> None:
        """After the commit; what an index that is away does not hear of now, a worker tells it later."""
        if self.vectors.transactional or not episode_ids:
            return
        try:
            await self._carry_out(user, episode_ids)
        except VectorIndexUnavailable as error:
            log.warning("vectors.removal_postponed", error=type(error).__name__)

    async def deliver(self) -> int:
        """Carry out what was noted; return how many episodes it were. A duty of the worker: trouble leaves it for the next time."""
        if self.vectors.transactional:
            return 0
        async with self.database.unscoped("sweeper") as tx:
            rows = await tx.rows(_SQL["due"], limit=AT_ONCE)
        done = 0
        for (tenant_id, user_id), group in groupby(rows, key=lambda row: (row["tenant_id"], row["user_id"])):
            ids = [row["episode_id"] for row in group]
            try:
                await self._carry_out(UserRef(tenant_id=tenant_id, user_id=user_id), ids)
            except VectorIndexUnavailable as error:
                log.warning("vectors.removal_postponed", error=type(error).__name__)
                break
            done += len(ids)
        return done

    async def _carry_out(self, user: UserRef, episode_ids: Sequence[str]) -> None:
        await self.vectors.delete(None, user, episode_ids)
        async with self.database.transaction("worker", user) as tx:
            await tx.execute(_SQL["done"], episode_ids=list(episode_ids))
            await tx.execute(_SQL["bring_again"], episode_ids=list(episode_ids))
