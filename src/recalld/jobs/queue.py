"""The queue over procrastinate: a job is deferred in the transaction that ends the session.

The session row is the truth, the job only a wake-up call: a lost job is deferred again by the sweeper, a second one finds nothing to claim.
No job-level locks and no retries of the queue's own: order is kept by the row lock of the merge, and the next try is a time on the
session row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.tasks import Task

from recalld import tracing
from recalld.errors import DatabaseUnavailable
from recalld.postgres.pool import Connection, Transaction, is_pooled, translated
from recalld.values import SessionRef, UserRef

INGEST = "recalld.ingest"
QUEUE = "recalld"
POLL_SECONDS = 2.0  # between two looks for jobs that no notification told of
Ingest = Callable[[SessionRef, int], Awaitable[object]]


class Queue:
    """Defers ingestions and runs them."""

    def __init__(self, url: str, *, listen: bool | None = None, max_connections: int = 4) -> None:
        """*url* is that of the serving login; its search_path leads to the queue's schema.

        *listen*: whether workers wait for notifications; by default where no pooler stands between, which would not pass them on.
        """
        self._listen = listen
        self._connector = PsycopgConnector(
            conninfo=url, min_size=1, max_size=max_connections, kwargs={"prepare_threshold": None}
        )
        self._app = App(connector=self._connector)
        self._ingest: Ingest | None = None
        self._under_way = 0
        self._task: Task[..., Any, Any] = self._app.task(name=INGEST, queue=QUEUE)(self._run_ingest)

    async def open(self) -> None:
        """Connect."""
        await self._app.open_async()

    async def close(self) -> None:
        """Close the connections."""
        await self._app.close_async()

    async def defer_ingest(self, tx: Transaction, session: SessionRef, epoch: int) -> bool:
        """Put an ingestion into the queue, in the caller's transaction; false when one waits there already."""
        ids = {"tenant_id": session.user.tenant_id, "user_id": session.user.user_id, "session_id": session.session_id}
        parent = tracing.parent()
        trace = {} if parent is None else {tracing.PARENT: parent}
        deferrer = self._task.configure(connection=tx.connection, queueing_lock=_lock(session))
        try:
            async with (
                tx.connection.transaction()
            ):  # a savepoint: the unique violation must not abort the caller's transaction
                await deferrer.defer_async(**ids, epoch=epoch, **trace)
        except AlreadyEnqueued:
            return False
        return True

    async def run(self, ingest: Ingest, *, concurrency: int, wait: bool = True) -> None:
        """Work until cancelled, or until nothing is left when *wait* is false. Jobs that have run are deleted, failed ones too.

        Raises `DatabaseUnavailable`; returns early when a task of the queue's own loses its connection.
        """
        self._ingest = ingest
        try:
            await self._app.run_worker_async(
                queues=[QUEUE],
                concurrency=concurrency,
                wait=wait,
                listen_notify=await self._hears(),
                install_signal_handlers=False,
                delete_jobs="always",
                fetch_job_polling_interval=POLL_SECONDS,
            )
        except ConnectorException as error:
            raise DatabaseUnavailable("the queue lost its connection") from error

    async def _hears(self) -> bool:
        """Whether notifications of new jobs reach a connection that listens."""
        if self._listen is not None:
            return self._listen
        with translated():
            async with self._connector.pool.connection() as connection:
                return not await is_pooled(connection)

    async def _run_ingest(
        self, tenant_id: str, user_id: str, session_id: str, epoch: int, traceparent: str | None = None
    ) -> None:
        user = UserRef(tenant_id=tenant_id, user_id=user_id)
        assert self._ingest is not None  # noqa: S101 -- set by run(), the only caller of tasks
        self._under_way += 1
        try:
            with tracing.span("job", parent=traceparent):
                await self._ingest(SessionRef(user=user, session_id=session_id), epoch)
        finally:
            self._under_way -= 1

    def busy(self) -> bool:
        """Whether an ingestion is under way here."""
        return self._under_way > 0

    async def prune_stalled(self, connection: Connection) -> int:
        """Remove jobs whose worker died: the session row says whether there is work left, and the sweeper defers it again."""
        stalled = [job for job in await self._app.job_manager.get_stalled_jobs() if job.id is not None]
        for job in stalled:
            await connection.execute(
                "delete from recalld_jobs.procrastinate_jobs where id = %s and status = 'doing'", (job.id,)
            )
        return len(stalled)

    async def erase(self, connection: Connection, user: UserRef) -> int:
        """Remove all jobs of a user; return how many there were."""
        cursor = await connection.execute(
            "delete from recalld_jobs.procrastinate_jobs where args ->> 'tenant_id' = %s and args ->> 'user_id' = %s",
            (user.tenant_id, user.user_id),
        )
        return cursor.rowcount


def _lock(session: SessionRef) -> str:
    """One waiting job per session, whatever characters its ids have."""
    name = f"{session.user.tenant_id}\x1f{session.user.user_id}\x1f{session.session_id}"
    return hashlib.sha256(name.encode()).hexdigest()
