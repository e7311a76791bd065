"""The write flow: an ended session becomes an episode, facts and vectors.

Read this page first. Load the journal, digest it (no database connection is held while a model thinks), embed, then one short transaction
that locks the user's row, checks the fence and writes everything that PostgreSQL holds. External vector indexes come last: their ids
are derived from the episode, so repeating changes nothing.

The session row is the truth. Whoever runs this twice, late or out of order gets the same state.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from uuid import NAMESPACE_OID, uuid5

import numpy as np
import structlog

from recalld.errors import Fenced, VectorIndexUnavailable
from recalld.ingest.digest import Summariser, is_stopgap, names
from recalld.layers.episodes.store import EpisodeStore
from recalld.layers.facts.attributes import Registries
from recalld.layers.facts.merge import statements_of
from recalld.layers.facts.store import FactStore
from recalld.layers.vectors.base import EpisodeVectors, VectorIndex, Vectors
from recalld.layers.working.base import WorkingMemory, best_effort
from recalld.layers.working.journal import Journal, UserRow
from recalld.layers.working.kept import KeptJournals
from recalld.models.embedder import Embedder
from recalld.models.ledger import Ledger
from recalld.models.meter import metered
from recalld.postgres.pool import Database, Transaction
from recalld.recall.block import strip_blocks
from recalld.stages import Stages
from recalld.tracing import span
from recalld.values import (
    Digest,
    EndedSession,
    Episode,
    FactChanges,
    IngestReport,
    Known,
    Message,
    Session,
    SessionRef,
    Statement,
)

log = structlog.get_logger("recalld.ingest")

MAX_RETRY_SECONDS = 300.0
UPGRADE_SECONDS = 300.0  # until the model is asked again about a session that it could not digest


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryPolicy:
    """When a failed ingestion is tried again."""

    max_attempts: int = 5
    first_delay: float = 5.0  # seconds; doubles with every attempt
    lease: float = 120.0  # seconds one attempt may take before another worker takes over

    def delay(self, attempts: int) -> float:
        """Seconds to wait after so many attempts."""
        return min(self.first_delay * 2 ** max(attempts - 1, 0), MAX_RETRY_SECONDS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ingestion:
    """The write pipeline with its stores and models."""

    database: Database
    journal: Journal
    kept: KeptJournals
    facts: FactStore
    episodes: EpisodeStore
    vectors: VectorIndex
    working: WorkingMemory
    summariser: Summariser
    embedder: Embedder
    registries: Registries
    ledger: Ledger
    retry: RetryPolicy = RetryPolicy()
    observers: list[Callable[[IngestReport], None]] = field(default_factory=list["Callable[[IngestReport], None]"])

    async def run(self, ref: SessionRef, epoch: int, *, claimed: Session | None = None) -> IngestReport:
        """Ingest one ended session; *claimed* when the caller holds its lease already.

        Trouble never loses a session: a failed attempt is noted on its row and tried again, up to the policy's limit. What belongs to an
        erased user is dropped.
        """
        with span("ingest") as traced:
            report = await self._run(ref, epoch, claimed)
            traced.note(outcome=report.status, added=report.added, confirmed=report.confirmed, closed=report.closed)
            if report.error is not None:
                traced.fail(report.error)
            return report

    async def _run(self, ref: SessionRef, epoch: int, claimed: Session | None) -> IngestReport:
        stages = Stages("ingest")
        with stages.stage("load"):
            loaded = await self._load(ref, epoch, claimed)
        if loaded is None:
            return IngestReport(session=ref, status="nothing", timings=stages.seconds)
        session, known = loaded
        with metered() as meter:
            report = await self._attempt(session, known, stages)
        await self.ledger.record(ref.user, meter.uses, epoch=epoch)
        with best_effort():
            await self.working.drop(ref, epoch)
        report = replace(report, cost_usd=meter.cost_usd)
        for observe in self.observers:
            observe(report)
        return report

    async def _attempt(self, session: EndedSession, known: Sequence[Known], stages: Stages) -> IngestReport:
        """One try: its report, whatever becomes of it."""
        try:
            return await self._ingest(session, known, stages)
        except Fenced:
            log.info("session.fenced")
            return IngestReport(session=session.session.ref, status="dropped", timings=stages.seconds)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the session must not be lost: it is noted and tried again
            return await self._postpone(session.session, error, stages)

    async def add(
        self, episode: Episode, vectors: Vectors, admit: Callable[[Transaction], Awaitable[None]] | None = None
    ) -> None:
        """Write an imported episode. One that is there already stays as it is. *admit* raises for what may not be remembered."""
        async with self.database.transaction("worker", episode.user) as tx:
            user = await self.journal.lock_user(tx)
            if admit is not None:
                await admit(tx)
            if not await self.write_episode(tx, episode, vectors, user):
                return
            await self.journal.touch_user(tx, facts=False, episodes=True)
        await self.index(episode, vectors, user.epoch)

    async def _load(
        self, ref: SessionRef, epoch: int, claimed: Session | None
    ) -> tuple[EndedSession, list[Known]] | None:
        async with self.database.transaction("worker", ref.user) as tx:
            session = claimed or await self.journal.claim(tx, ref.session_id, epoch, lease=self.retry.lease)
            if session is None:
                return None
            messages = await self.journal.messages(tx, ref.session_id, epoch)
            ended = EndedSession(session=session, messages=without_blocks(messages))
            return ended, await self.facts.known(tx, epoch, purpose=session.purpose, at=ended.ended_at)

    async def _ingest(self, session: EndedSession, known: Sequence[Known], stages: Stages) -> IngestReport:
        with stages.stage("digest"):
            digest = await self.summariser.digest(session, known) if session.messages else Digest(summary="")
        episode = episode_of(session, digest)
        with stages.stage("embed"):
            vectors = await self.embedder.embed_documents(episode.search_keys) if episode else None
            statements = await self.statements(session, digest, episode, known)
        with stages.stage("write"):
            changes = await self._commit(session, digest, episode, vectors, statements=statements, stages=stages)
        if changes is None:
            return IngestReport(session=session.session.ref, status="nothing", timings=stages.seconds)
        await self.index(episode, vectors, session.session.epoch)
        return report_of(session, digest, episode, changes, stages)

    async def statements(
        self, session: EndedSession, digest: Digest, episode: Episode | None, known: Sequence[Known]
    ) -> Sequence[Statement]:
        """What a session says of its user, under the names in use; in a thread, as the embedder may compare names."""
        return await asyncio.to_thread(
            statements_of,
            digest.candidates,
            session=session,
            episode_id=episode and episode.episode_id,
            attributes=self.registries.of(session.session.ref.user.tenant_id),
            known_attributes=names(known),
        )

    async def _commit(
        self,
        session: EndedSession,
        digest: Digest,
        episode: Episode | None,
        vectors: Vectors | None,
        *,
        statements: Sequence[Statement],
        stages: Stages,
    ) -> FactChanges | None:
        """The one transaction that changes memory; `None` when another worker was faster."""
        row = session.session
        async with self.database.transaction("worker", row.ref.user) as tx:
            user = await self.journal.lock_user(tx, row.epoch)
            if not await self.journal.lock_ended(tx, row.ref.session_id, row.epoch):
                return None
            with stages.stage("merge"):
                changes = await self.facts.add(tx, row.epoch, statements, at=session.ended_at)
            if episode is not None and vectors is not None:
                await self.write_episode(tx, episode, vectors, user)
            await self.journal.touch_user(tx, facts=bool(changes), episodes=episode is not None)
            await self._finish(tx, row, digest, episode, changes)
            return changes

    async def _finish(
        self, tx: Transaction, row: Session, digest: Digest, episode: Episode | None, changes: FactChanges
    ) -> None:
        """The session is memory, and its journal goes; unless the model should have another look and the tenant lets it."""
        session_id = row.ref.session_id
        counts = counts_of(digest, changes)
        await self.journal.finish(tx, session_id, episode_id=episode and episode.episode_id, report=counts)
        stays = is_stopgap(digest, self.summariser) and await self.kept.keep(tx, session_id, wait=UPGRADE_SECONDS)
        if not stays:
            await self.journal.let_go(tx, session_id)

    async def write_episode(self, tx: Transaction, episode: Episode, vectors: Vectors, user: UserRow) -> bool:
        """The episode and, where the index lives in PostgreSQL, its vectors; false when it was there already."""
        indexed = self.vectors.transactional
        written = await self.episodes.insert(tx, episode, epoch=user.epoch, language=user.language, indexed=indexed)
        if written and indexed:
            await self.vectors.upsert(tx, [vectors_of(episode, vectors, user.epoch, self.embedder.name)])
        return written

    async def index(self, episode: Episode | None, vectors: Vectors | None, epoch: int) -> None:
        """External index last; when it is down, the episode stays in the outbox and the reconciler brings it later."""
        if self.vectors.transactional or episode is None or vectors is None:
            return
        try:
            await self.vectors.upsert(None, [vectors_of(episode, vectors, epoch, self.embedder.name)])
        except VectorIndexUnavailable as error:
            log.warning("vectors.postponed", error=type(error).__name__)
            return
        await self._confirm_indexed(episode, epoch)

    async def _confirm_indexed(self, episode: Episode, epoch: int) -> None:
        """Check the fence again after the write outside PostgreSQL: an erasure in between must not leave an orphan there."""
        async with self.database.transaction("worker", episode.user) as tx:
            fenced = await self.journal.fence(tx) != epoch
            if not fenced:
                await self.episodes.mark_indexed(tx, {episode.episode_id: episode.purpose}, epoch=epoch)
        if fenced:
            await self.vectors.delete(None, episode.user, [episode.episode_id])

    async def _postpone(self, session: Session, error: Exception, stages: Stages) -> IngestReport:
        """Note a failed attempt. Only the error's class is kept: its message may quote what was said."""
        name, delay = type(error).__name__, self.retry.delay(session.attempts)
        log.warning("session.postponed", error=name, attempts=session.attempts)
        async with self.database.transaction("worker", session.ref.user) as tx:
            state = await self.journal.postpone(
                tx, session.ref.session_id, session.epoch, error=name, delay=delay, max_attempts=self.retry.max_attempts
            )
        status = "failed" if state == "failed" else "queued"
        return IngestReport(session=session.ref, status=status, timings=stages.seconds, error=name)


# ---------------------------------------------------------------- steps: from values to values
def without_blocks(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Messages without anything that came out of our own memory block; those that held nothing else are left out."""
    stripped = (replace(message, content=strip_blocks(message.content)) for message in messages)
    return tuple(message for message in stripped if message.content.strip())


def episode_of(session: EndedSession, digest: Digest) -> Episode | None:
    """The episode of a digest; `None` when there is nothing to keep. Its id is derived, so a repeated ingestion writes the same one."""
    if not digest.summary.strip():
        return None
    row = session.session
    name = "\x1f".join((row.ref.user.tenant_id, row.ref.user.user_id, row.ref.session_id, str(row.epoch)))
    return Episode(
        user=row.ref.user,
        episode_id=str(uuid5(NAMESPACE_OID, name)),
        session_id=row.ref.session_id,
        purpose=row.purpose,
        summary=digest.summary,
        topics=digest.topics,
        points=digest.points,
        started_at=row.started_at,
        ended_at=session.ended_at,
        timezone=row.timezone,
        digest_by=digest.by,
    )


def vectors_of(episode: Episode, vectors: Vectors, epoch: int, model: str) -> EpisodeVectors:
    """What the vector index gets of an episode."""
    return EpisodeVectors(
        user=episode.user,
        episode_id=episode.episode_id,
        epoch=epoch,
        purpose=episode.purpose,
        ended_at=episode.ended_at,
        model=model,
        vectors=np.asarray(vectors, dtype=np.float32),
    )


def counts_of(digest: Digest, changes: FactChanges) -> dict[str, int | str]:
    """What the session's row says of its ingestion."""
    return {"added": changes.added, "confirmed": changes.confirmed, "closed": changes.closed, "by": digest.by}


def report_of(
    session: EndedSession, digest: Digest, episode: Episode | None, changes: FactChanges, stages: Stages
) -> IngestReport:
    """What the caller is told."""
    return IngestReport(
        session=session.session.ref,
        status="ingested" if episode or changes else "nothing",
        episode=episode,
        added=changes.added,
        confirmed=changes.confirmed,
        closed=changes.closed,
        timings=stages.seconds,
        digest_by=digest.by,
    )
