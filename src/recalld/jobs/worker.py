"""The worker: runs the queue, and sweeps so that nothing is lost or left lying.

The sweeper ends idle sessions, defers ended sessions that have no live job (lost, stalled or waiting for their next try), and removes the
jobs of dead workers. Beside it, what the model could not digest is digested again. Several workers may do so at once: duplicates find
nothing to claim.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import structlog

from recalld.ending import end
from recalld.errors import Conflict, Unavailable
from recalld.ingest.pipeline import Ingestion
from recalld.ingest.upgrade import Upgrades
from recalld.jobs.queue import Queue
from recalld.layers.working.journal import Journal
from recalld.postgres.pool import Database
from recalld.values import IngestReport, SessionRef

log = structlog.get_logger("recalld.worker")

BATCH = 500
RESTART_SECONDS = 1.0  # before a queue that ended is begun again
GRACE_SECONDS = 5.0  # a job deferred with the session is on its way; the sweeper need not race it


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerOptions:
    """How a worker works."""

    concurrency: int = 4  # ingestions at a time
    idle_seconds: float = 1800.0  # silence after which a session is ended
    sweep_seconds: float = 10.0  # time between two sweeps


@dataclass(frozen=True, kw_only=True, slots=True)
class Worker:
    """Queue and sweeper of one process."""

    database: Database
    journal: Journal
    queue: Queue
    ingestion: Ingestion
    upgrades: Upgrades
    duties: Sequence[Callable[[], Awaitable[object]]] = ()  # what else is looked after with every sweep
    options: WorkerOptions = WorkerOptions()

    async def run(self) -> None:
        """Work until cancelled; running ingestions finish first. When the queue ends by itself, it is begun again."""
        beside = [
            asyncio.create_task(self._forever(self._sweep_and_tidy), name="recalld-sweeper"),
            asyncio.create_task(self._forever(self.upgrades.step), name="recalld-upgrades"),
        ]
        try:
            while True:
                await self._work_off()
                await asyncio.sleep(RESTART_SECONDS)
        finally:
            for task in beside:
                await end(task)

    async def _work_off(self) -> None:
        """The queue, until it ends: when the database was away it raises, or stops because one of its own tasks failed."""
        with suppress(Unavailable):
            await self.queue.run(self.ingest, concurrency=self.options.concurrency)
        log.warning("worker.interrupted")

    async def ingest(self, session: SessionRef, epoch: int) -> IngestReport:
        """One job."""
        return await self.ingestion.run(session, epoch)

    async def sweep(self) -> int:
        """One sweep; return how many sessions it ended or deferred."""
        async with self.database.unscoped("sweeper") as tx:
            idle = await self.journal.idle(tx, idle=self.options.idle_seconds, limit=BATCH)
            waiting = await self.journal.waiting(tx, grace=GRACE_SECONDS, limit=BATCH)
        for session, epoch, last_message_at in idle:
            await self._end_idle(session, epoch, last_message_at)
        for session, epoch in waiting:
            await self._defer(session, epoch)
        return len(idle) + len(waiting)

    async def _end_idle(self, session: SessionRef, epoch: int, last_message_at: datetime) -> None:
        async with self.database.transaction("worker", session.user) as tx:
            await self.journal.fence(tx)
            ended = await self.journal.end(tx, session.session_id, epoch, ended_at=last_message_at, lease=0)
            if ended is not None and ended.no_memory:
                await self.journal.forget(tx, session.session_id)
            elif ended is not None:
                await self.queue.defer_ingest(tx, session, epoch)

    async def _defer(self, session: SessionRef, epoch: int) -> None:
        async with self.database.transaction("worker", session.user) as tx:
            await self.queue.defer_ingest(tx, session, epoch)

    async def _sweep_and_tidy(self) -> None:
        await self.sweep()
        async with self.database.unscoped("sweeper") as tx:
            await self.queue.prune_stalled(tx.connection)
        for duty in self.duties:
            await duty()

    async def _forever(self, work: Callable[[], Awaitable[object]]) -> None:
        while True:
            try:
                await work()
            except (Unavailable, Conflict) as error:
                log.warning("sweep.postponed", error=type(error).__name__)
            await asyncio.sleep(self.options.sweep_seconds)
