"""The wiring: the only module that knows the adapters. Settings in, open parts out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypedDict, TypeVar

from recalld import tracing
from recalld.ending import end
from recalld.errors import ConfigurationError, MigrationError
from recalld.first_use import prepare
from recalld.ingest.digest import Summariser
from recalld.ingest.fallback import FallbackSummariser
from recalld.ingest.pipeline import Ingestion, RetryPolicy
from recalld.ingest.summarisers import open_summariser
from recalld.ingest.upgrade import Upgrades
from recalld.jobs.queue import Queue
from recalld.jobs.worker import Worker, WorkerOptions
from recalld.layers.episodes.store import EpisodeStore
from recalld.layers.facts.attributes import Registries, read_registries
from recalld.layers.facts.store import FactStore
from recalld.layers.vectors.base import VectorIndex
from recalld.layers.vectors.pgvector import PgVectorIndex
from recalld.layers.vectors.reconcile import Reconciler
from recalld.layers.vectors.removals import Removals
from recalld.layers.working.base import WorkingMemory
from recalld.layers.working.in_process import InProcessWorkingMemory
from recalld.layers.working.journal import Journal
from recalld.layers.working.kept import KeptJournals
from recalld.layers.working.requests import OldAnswers
from recalld.models.embedder import Embedder
from recalld.models.embedders import close_model, open_embedder
from recalld.models.lane import Lanes
from recalld.models.ledger import Ceilings, Ledger, Limits, same_for_all
from recalld.postgres.distribute import is_distributed
from recalld.postgres.embedded import EmbeddedPostgres, default_data_dir
from recalld.postgres.lint import refuse_unsafe
from recalld.postgres.migrate import migrate, pending
from recalld.postgres.pool import Database, Transaction
from recalld.postgres.replica import PATIENCE as REPLICA_PATIENCE
from recalld.postgres.replica import Replica, nothing_else
from recalld.privacy.audit import Audit, Caller, caller
from recalld.privacy.delete import Deletion
from recalld.privacy.erase import Eraser
from recalld.privacy.export import Exporter
from recalld.privacy.holds import Holds
from recalld.privacy.ledger import LedgerFile
from recalld.privacy.purposes import Gate, Purposes
from recalld.privacy.receipt import Receipts
from recalld.privacy.restore import Restorer
from recalld.privacy.retention import Retention
from recalld.privacy.tenants import Tenants
from recalld.recall.pipeline import Recall
from recalld.settings import Settings
from recalld.values import UserRef

T = TypeVar("T")
Other = TypeVar("Other")


class _PoolOptions(TypedDict):
    max_connections: int
    prepared_statements: bool | None


@dataclass(frozen=True, kw_only=True)
class Parts:
    """An open installation."""

    settings: Settings
    database: Database
    replica: Replica | None
    journal: Journal
    facts: FactStore
    episodes: EpisodeStore
    vectors: VectorIndex
    working: WorkingMemory
    embedder: Embedder
    summariser: Summariser
    registries: Registries
    ledger: Ledger
    queue: Queue
    ingestion: Ingestion
    upgrades: Upgrades
    recall: Recall
    exporter: Exporter
    restorer: Restorer
    tenants: Tenants
    retention: Retention
    eraser: Eraser
    deletion: Deletion
    gate: Gate
    purposes: Purposes
    holds: Holds
    receipts: Receipts
    audit: Audit
    reconciler: Reconciler
    removals: Removals
    worker: Worker
    _running: set[asyncio.Task[Any]] = field(default_factory=set[asyncio.Task[Any]])

    async def finish_within(
        self, work: Coroutine[Any, Any, T], seconds: float | None, *, otherwise: Other
    ) -> T | Other:
        """The result of *work*, or *otherwise* after so many seconds; the work itself goes on and is awaited at the close."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        done, _ = await asyncio.wait({task}, timeout=seconds)
        return task.result() if done else otherwise

    async def read(self, user: UserRef, purposes: Sequence[str], work: Callable[[Transaction], Awaitable[T]]) -> T:
        """The result of *work* as the role `app`: on the replica when that has all that the primary has, else on the primary."""
        if (
            self.replica is not None
            and (read := await self.replica.read(user, purposes, work, nothing_else)) is not None
        ):
            return read[0]
        async with self.database.transaction("app", user, purposes) as tx:
            return await work(tx)

    async def work(self) -> None:
        """Run the worker until cancelled; what it does is audited as the worker's."""
        caller.set(Caller(actor="worker"))
        await self.worker.run()

    async def settle(self) -> None:
        """Wait for the work that went on past its caller's budget."""
        await asyncio.gather(*self._running, return_exceptions=True)


@asynccontextmanager
async def wire(settings: Settings) -> AsyncGenerator[Parts]:
    """Open everything that *settings* name, and close it in reverse order."""
    if settings.traces:
        tracing.begin()
    async with AsyncExitStack() as stack:
        database = await _open_database(settings, stack)
        parts = _assemble(settings, database, await _open_replica(settings, database, stack))
        await parts.tenants.catch_up()  # before anything is served: whom a restored database still has is erased again
        await stack.enter_async_context(_opened(parts))
        yield parts


async def _open_database(settings: Settings, stack: AsyncExitStack) -> Database:
    """A checked database: the embedded one is started and migrated, an external one must be ready."""
    options = _PoolOptions(max_connections=settings.max_connections, prepared_statements=settings.prepared_statements)
    if settings.database_url is not None:
        database = Database(settings.database_url.get_secret_value(), **options)
    else:
        database = await _start_embedded(settings, stack, options)
    await database.open()
    stack.push_async_callback(database.close)
    await _check(database)
    return database


async def _open_replica(settings: Settings, primary: Database, stack: AsyncExitStack) -> Replica | None:
    """The replica that the settings name, which need not answer yet."""
    if settings.replica_url is None:
        return None
    url = settings.replica_url.get_secret_value()
    options = _PoolOptions(max_connections=settings.max_connections, prepared_statements=settings.prepared_statements)
    replica = Replica(primary=primary, replica=Database(url, patience=REPLICA_PATIENCE, **options))
    stack.push_async_callback(replica.close)
    await replica.open()
    return replica


async def _start_embedded(settings: Settings, stack: AsyncExitStack, options: _PoolOptions) -> Database:
    server = EmbeddedPostgres(settings.data_dir or default_data_dir())
    urls = await asyncio.to_thread(server.start)
    stack.push_async_callback(asyncio.to_thread, server.stop)
    await migrate(urls.migrator)

    async def recover() -> None:
        await asyncio.to_thread(server.ensure_running)

    return Database(urls.service, recover=recover, **options)


async def _check(database: Database) -> None:
    async with database.catalog() as connection:
        missing = await pending(connection)
        if missing:
            raise MigrationError(f"the database lacks {', '.join(missing)}; run 'recalld migrate'")
        await refuse_unsafe(connection, distributed=await is_distributed(connection))


@dataclass(frozen=True, kw_only=True)
class _Ground:
    """What the flows and the duties stand on: layers, models and books."""

    settings: Settings
    database: Database
    replica: Replica | None
    journal: Journal
    kept: KeptJournals
    facts: FactStore
    episodes: EpisodeStore
    vectors: VectorIndex
    working: WorkingMemory
    registries: Registries
    embedder: Embedder
    summariser: Summariser
    ledger: Ledger
    audit: Audit
    receipts: Receipts


def _ground(settings: Settings, database: Database, replica: Replica | None) -> _Ground:
    lanes, registries = Lanes(), read_registries(settings.attributes_file)
    limits = Limits(user_usd=settings.user_ceiling_usd, tenant_usd=settings.tenant_ceiling_usd)
    allowance = Ceilings(database, same_for_all(limits))
    return _Ground(
        settings=settings,
        database=database,
        replica=replica,
        journal=Journal(),
        kept=KeptJournals(),
        facts=FactStore(),
        episodes=EpisodeStore(),
        vectors=_vectors(settings),
        working=_working(settings),
        registries=registries,
        embedder=open_embedder(settings.embedder, lanes=lanes),
        summariser=open_summariser(settings.summariser, registries, lanes=lanes, allowance=allowance),
        ledger=Ledger(database),
        audit=Audit(database, reads=settings.audit_reads),
        receipts=Receipts(database),
    )


def _ingestion(on: _Ground) -> Ingestion:
    settings = on.settings
    retry = RetryPolicy(
        max_attempts=settings.max_attempts, first_delay=settings.retry_seconds, lease=settings.lease_seconds
    )
    return Ingestion(
        database=on.database,
        journal=on.journal,
        kept=on.kept,
        facts=on.facts,
        episodes=on.episodes,
        vectors=on.vectors,
        working=on.working,
        summariser=on.summariser,
        embedder=on.embedder,
        registries=on.registries,
        ledger=on.ledger,
        retry=retry,
    )


def _recall(on: _Ground) -> Recall:
    return Recall(
        database=on.database,
        journal=on.journal,
        episodes=on.episodes,
        facts=on.facts,
        vectors=on.vectors,
        working=on.working,
        embedder=on.embedder,
        registries=on.registries,
        ledger=on.ledger,
        replica=on.replica,
    )


def _eraser(on: _Ground, recall: Recall) -> Eraser:
    return Eraser(
        database=on.database,
        working=on.working,
        vectors=on.vectors,
        forget=recall.forget,
        receipts=on.receipts,
        audit=on.audit,
        ledger=LedgerFile(on.settings.erasure_ledger),
        lease=on.settings.lease_seconds,
    )


def _tenants(on: _Ground, eraser: Eraser) -> Tenants:
    lease = on.settings.lease_seconds
    return Tenants(database=on.database, eraser=eraser, receipts=on.receipts, audit=on.audit, lease=lease)


def _retention(on: _Ground, removals: Removals, tenants: Tenants) -> Retention:
    return Retention(
        database=on.database,
        journal=on.journal,
        kept=on.kept,
        facts=on.facts,
        episodes=on.episodes,
        removals=removals,
        tenants=tenants,
        audit=on.audit,
    )


def _deletion(on: _Ground, removals: Removals) -> Deletion:
    return Deletion(
        database=on.database,
        journal=on.journal,
        kept=on.kept,
        facts=on.facts,
        episodes=on.episodes,
        removals=removals,
        working=on.working,
        audit=on.audit,
    )


def _purposes(on: _Ground, removals: Removals) -> Purposes:
    return Purposes(
        database=on.database,
        journal=on.journal,
        facts=on.facts,
        episodes=on.episodes,
        vectors=on.vectors,
        removals=removals,
        working=on.working,
        audit=on.audit,
    )


def _reconciler(on: _Ground) -> Reconciler:
    return Reconciler(
        database=on.database, journal=on.journal, episodes=on.episodes, vectors=on.vectors, embedder=on.embedder
    )


def _restorer(on: _Ground, ingestion: Ingestion) -> Restorer:
    return Restorer(
        database=on.database,
        journal=on.journal,
        embedder=on.embedder,
        add=ingestion.add,
        gate=Gate(),
        audit=on.audit,
    )


def _upgrades(on: _Ground, ingestion: Ingestion) -> Upgrades:
    model = on.summariser if isinstance(on.summariser, FallbackSummariser) else None
    return Upgrades(ingestion=ingestion, model=model, admit=Gate().admit)


def _worker(
    on: _Ground,
    queue: Queue,
    ingestion: Ingestion,
    upgrades: Upgrades,
    duties: Sequence[Callable[[], Awaitable[object]]],
) -> Worker:
    settings = on.settings
    options = WorkerOptions(
        concurrency=settings.worker_concurrency,
        idle_seconds=settings.idle_seconds,
        sweep_seconds=settings.sweep_seconds,
    )
    return Worker(
        database=on.database,
        journal=on.journal,
        queue=queue,
        ingestion=ingestion,
        upgrades=upgrades,
        duties=duties,
        options=options,
    )


def _assemble(settings: Settings, database: Database, replica: Replica | None) -> Parts:
    on = _ground(settings, database, replica)
    queue, ingestion, recall = _queue(settings, database), _ingestion(on), _recall(on)
    upgrades = _upgrades(on, ingestion)
    eraser, removals = _eraser(on, recall), Removals(database=database, vectors=on.vectors)
    tenants, reconciler = _tenants(on, eraser), _reconciler(on)
    retention, answers = _retention(on, removals, tenants), OldAnswers(database)
    duties = (
        eraser.resume, tenants.resume, retention.step, removals.deliver, reconciler.deliver, answers.forget,
    )  # fmt: skip
    return Parts(
        settings=settings,
        database=database,
        replica=replica,
        journal=on.journal,
        facts=on.facts,
        episodes=on.episodes,
        vectors=on.vectors,
        working=on.working,
        embedder=on.embedder,
        summariser=on.summariser,
        registries=on.registries,
        ledger=on.ledger,
        queue=queue,
        ingestion=ingestion,
        upgrades=upgrades,
        recall=recall,
        exporter=Exporter(database=database, audit=on.audit),
        restorer=_restorer(on, ingestion),
        tenants=tenants,
        retention=retention,
        eraser=eraser,
        deletion=_deletion(on, removals),
        gate=Gate(),
        purposes=_purposes(on, removals),
        holds=Holds(database=database, audit=on.audit, forget=recall.forget),
        receipts=on.receipts,
        audit=on.audit,
        reconciler=reconciler,
        removals=removals,
        worker=_worker(on, queue, ingestion, upgrades, duties),
    )


def _queue(settings: Settings, database: Database) -> Queue:
    if settings.queue_url is None:
        return Queue(database.url)
    return Queue(settings.queue_url.get_secret_value(), listen=True)


def _vectors(settings: Settings) -> VectorIndex:
    kind, _, place = settings.vectors.partition(":")
    key = settings.vectors_api_key.get_secret_value() if settings.vectors_api_key else None
    if settings.vectors == "pgvector":
        return PgVectorIndex()
    if kind == "qdrant" and place:
        from recalld.layers.vectors.qdrant import open_qdrant  # noqa: PLC0415 -- an extra, imported only where it is used

        return open_qdrant(place, api_key=key)
    if kind == "pinecone" and place:
        from recalld.layers.vectors.pinecone import open_pinecone  # noqa: PLC0415 -- an extra, as above

        if key is None:
            raise ConfigurationError("vectors='pinecone:…' needs a key; set PINECONE_API_KEY")
        return open_pinecone(place, api_key=key)
    known = "'pgvector', 'qdrant:URL' or 'pinecone:INDEX-HOST'"
    raise ConfigurationError(f"vectors={settings.vectors!r} is not known; use {known}")


def _working(settings: Settings) -> WorkingMemory:
    if settings.redis_url is None:
        return InProcessWorkingMemory()
    from recalld.layers.working.redis import open_redis  # noqa: PLC0415 -- an extra, imported only where it is used

    return open_redis(settings.redis_url.get_secret_value())


@asynccontextmanager
async def _opened(parts: Parts) -> AsyncGenerator[None]:
    """The queue, and a worker inside this process when the settings want one; both end before the database closes."""
    await parts.queue.open()
    tasks = [
        asyncio.create_task(parts.audit.run(), name="recalld-audit"),
        asyncio.create_task(parts.ledger.run(), name="recalld-ledger"),
    ]
    if parts.settings.warm_up:
        tasks.append(asyncio.create_task(prepare(parts.embedder, parts.registries), name="recalld-first-use"))
    worker = asyncio.create_task(parts.work(), name="recalld-worker") if parts.settings.worker else None
    try:
        yield
    finally:
        await parts.settle()
        if worker is not None:
            await end(worker, busy=parts.queue.busy)
        for task in reversed(tasks):
            await end(task)
        await parts.queue.close()
        await parts.ledger.flush()
        await close_model(parts.summariser)
        await close_model(parts.embedder)
        await parts.working.close()
        await parts.vectors.close()
