"""The upgrade pass: sessions that the local summariser digested in the model's place are digested by the model once it is back.

Only where the tenant lets journals be kept for it (`recalld.layers.working.kept`). A worker looks with every round; the row says who is
at it and when to try again, so a killed process only delays. What the old digest said is taken back, what the new one says is written
and the journal goes in one transaction: once, whoever repeats it. The episode keeps its id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import structlog

from recalld.errors import BadReply, Fenced, PurposeRefused
from recalld.ingest.fallback import FallbackSummariser
from recalld.ingest.pipeline import UPGRADE_SECONDS, Ingestion, counts_of, episode_of, without_blocks
from recalld.layers.facts.store import Source
from recalld.layers.vectors.base import Vectors
from recalld.layers.working.kept import KeptCount
from recalld.models.meter import metered
from recalld.postgres.pool import Transaction
from recalld.values import Digest, EndedSession, Episode, FactChanges, Known, SessionRef, Statement, UserRef

log = structlog.get_logger("recalld.ingest")

AT_ONCE = 2  # in one process, beside the ingestions, which come first
BATCH = 100  # sessions of one round
LAPSED = 500  # people of one round
LONGEST_SECONDS = 3600.0  # between two tries while the model is away
CEILING_SECONDS = (
    6 * 3600.0
)  # between two tries while a ceiling forbids it: it is raised by hand, or by the month's end

Outcome = Literal["upgraded", "postponed", "left", "nothing"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Upgrade:
    """What became of one kept session."""

    session: SessionRef
    outcome: Outcome  # left: it stays as it is, and its journal went; nothing: somebody else has it, or it is gone
    changes: FactChanges = field(default_factory=FactChanges)  # by the new digest
    cost_usd: float | None = 0.0  # None: a model without a known price
    error: str | None = None  # class of what went wrong


@dataclass(frozen=True, kw_only=True, slots=True)
class UpgradeReport:
    """What a pass over all users did."""

    kept: int  # journals that were kept when it began
    upgraded: int = 0
    postponed: int = 0  # the model could not, or a ceiling forbids it
    left: int = 0  # they stay as they are
    cost_usd: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Upgrades:
    """Digests kept sessions again, and lets go of journals whose days are over."""

    ingestion: Ingestion
    model: FallbackSummariser | None  # None: there is no model, and nothing to be digested by
    admit: Callable[[Transaction, str], Awaitable[None]]  # raises for what may not be remembered
    observers: list[Callable[[Upgrade], None]] = field(default_factory=list["Callable[[Upgrade], None]"])

    # ------------------------------------------------------------ over all users
    async def step(self) -> int:
        """A round of the worker: lapsed journals go, then some of what is due; how many sessions those were."""
        await self.let_go_lapsed()
        return len(await self._digest_due(early=False))

    async def run_all(self, *, dry_run: bool) -> UpgradeReport:
        """Digest again everything that is kept, due or not; a *dry_run* counts."""
        await self.let_go_lapsed()
        report = UpgradeReport(kept=(await self.count()).sessions)
        if dry_run:
            return report
        tried: set[SessionRef] = set()
        while done := await self._digest_due(early=True, besides=tried):
            tried |= {one.session for one in done}
            report = _with(report, done)
        return report

    async def let_go_lapsed(self) -> int:
        """Delete the journals whose days are over; how many there were."""
        async with self.ingestion.database.unscoped("sweeper") as tx:
            people = await self.ingestion.kept.lapsed(tx, limit=LAPSED)
        return sum([await self._let_go_lapsed_of(user) for user in people])

    async def count(self) -> KeptCount:
        """How many journals are kept."""
        async with self.ingestion.database.unscoped("sweeper") as tx:
            return await self.ingestion.kept.count(tx)

    async def _digest_due(self, *, early: bool, besides: set[SessionRef] | None = None) -> list[Upgrade]:
        if self.model is None:
            return []
        known = besides or set()
        async with self.ingestion.database.unscoped("sweeper") as tx:
            found = await self.ingestion.kept.due(tx, limit=BATCH + len(known), early=early)
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(session: SessionRef, epoch: int) -> Upgrade:
            async with slots:
                return await self.run(session, epoch, early=early)

        work = [one(session, epoch) for session, epoch in found if session not in known]
        done = await asyncio.gather(*work, return_exceptions=True)
        for error in done:  # the others are through before the first error is raised
            if isinstance(error, BaseException):
                raise error
        return [upgrade for upgrade in done if isinstance(upgrade, Upgrade)]

    async def _let_go_lapsed_of(self, user: UserRef) -> int:
        async with self.ingestion.database.transaction("worker", user) as tx:
            epoch = await self.ingestion.journal.fence(tx)
            return await self.ingestion.kept.let_go_lapsed(tx, epoch)

    # ------------------------------------------------------------ one session
    async def run(self, ref: SessionRef, epoch: int, *, early: bool = False) -> Upgrade:
        """Digest one kept session again, *early* even before its next try is due."""
        loaded = await self._load(ref, epoch, early=early)
        if loaded is None:
            return Upgrade(session=ref, outcome="nothing")
        with metered() as meter:
            upgrade = await self._attempt(*loaded)
        await self.ingestion.ledger.record(ref.user, meter.uses, epoch=epoch)
        upgrade = replace(upgrade, cost_usd=meter.cost_usd)
        for observe in self.observers:
            observe(upgrade)
        return upgrade

    async def _load(self, ref: SessionRef, epoch: int, *, early: bool) -> tuple[EndedSession, list[Known]] | None:
        parts = self.ingestion
        async with parts.database.transaction("worker", ref.user) as tx:
            session = await parts.kept.claim(tx, ref.session_id, epoch, lease=parts.retry.lease, early=early)
            if session is None:
                return None
            messages = await parts.journal.messages(tx, ref.session_id, epoch)
            ended = EndedSession(session=session, messages=without_blocks(messages))
            return ended, await parts.facts.known(tx, epoch, purpose=session.purpose, at=ended.ended_at)

    async def _attempt(self, session: EndedSession, known: Sequence[Known]) -> Upgrade:
        """One try. A model that answers what cannot be used has had its second chance: the local digest stays."""
        try:
            return await self._upgrade(session, known)
        except Fenced:
            return Upgrade(session=session.session.ref, outcome="nothing")
        except (BadReply, PurposeRefused) as error:
            return await self._leave(session, type(error).__name__)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the old digest stands and another try may do better
            return await self._postpone(session, _delay(session.session.attempts), type(error).__name__)

    async def _upgrade(self, session: EndedSession, known: Sequence[Known]) -> Upgrade:
        assert self.model is not None  # noqa: S101 -- nothing is due without one
        digest = await self.model.redigest(session, known)
        if digest is None:
            return await self._postpone(session, CEILING_SECONDS, None)
        episode = episode_of(session, digest)
        if episode is None:
            return await self._leave(session, None)
        vectors = await self.ingestion.embedder.embed_documents(episode.search_keys)
        statements = await self.ingestion.statements(session, digest, episode, known)
        changes = await self._replace(session, digest, episode, vectors, statements)
        if changes is None:
            return Upgrade(session=session.session.ref, outcome="nothing")
        await self.ingestion.index(episode, vectors, session.session.epoch)
        return Upgrade(session=session.session.ref, outcome="upgraded", changes=changes)

    async def _replace(
        self,
        session: EndedSession,
        digest: Digest,
        episode: Episode,
        vectors: Vectors,
        statements: Sequence[Statement],
    ) -> FactChanges | None:
        """The one transaction: what came from the old digest goes, what the new one says is written, the journal goes."""
        row, parts = session.session, self.ingestion
        async with parts.database.transaction("worker", row.ref.user) as tx:
            user = await parts.journal.lock_user(tx, row.epoch)
            if not await parts.kept.lock(tx, row):
                return None
            await self.admit(tx, row.purpose)
            await self._take_back(tx, session)
            changes = await parts.facts.add(tx, row.epoch, statements, at=session.ended_at)
            await parts.write_episode(tx, episode, vectors, user)
            await parts.journal.touch_user(tx, facts=True, episodes=True)
            await parts.journal.finish(
                tx, row.ref.session_id, episode_id=episode.episode_id, report=counts_of(digest, changes)
            )
            await parts.kept.let_go(tx, session_ids=[row.ref.session_id])
            return changes

    async def _take_back(self, tx: Transaction, session: EndedSession) -> None:
        """The old digest's facts, episode and vectors, as when a session is deleted."""
        row, parts = session.session, self.ingestion
        source = Source(session_id=row.ref.session_id, episode_id=row.episode_id)
        await parts.facts.forget_source(tx, row.epoch, source, at=session.ended_at)
        if row.episode_id is None:
            return
        if parts.vectors.transactional:
            await parts.vectors.delete(tx, row.ref.user, [row.episode_id])
        await parts.episodes.delete(tx, [row.episode_id])

    async def _postpone(self, session: EndedSession, delay: float, error: str | None) -> Upgrade:
        row = session.session
        log.info("upgrade.postponed", error=error)
        async with self.ingestion.database.transaction("worker", row.ref.user) as tx:
            await self.ingestion.kept.postpone(tx, row.ref.session_id, row.epoch, delay=delay)
        return Upgrade(session=row.ref, outcome="postponed", error=error)

    async def _leave(self, session: EndedSession, error: str | None) -> Upgrade:
        """The local digest stays, so the journal is of no further use."""
        ref = session.session.ref
        log.info("upgrade.left", error=error)
        async with self.ingestion.database.transaction("worker", ref.user) as tx:
            await self.ingestion.kept.let_go(tx, session_ids=[ref.session_id])
        return Upgrade(session=ref, outcome="left", error=error)


def _delay(attempts: int) -> float:
    """Seconds until the next try, after so many, the first ingestion among them."""
    return min(UPGRADE_SECONDS * 2 ** min(max(attempts - 1, 0), 10), LONGEST_SECONDS)


def _with(report: UpgradeReport, done: Sequence[Upgrade]) -> UpgradeReport:
    """The report with more sessions."""
    outcomes = [one.outcome for one in done]
    return replace(
        report,
        upgraded=report.upgraded + outcomes.count("upgraded"),
        postponed=report.postponed + outcomes.count("postponed"),
        left=report.left + outcomes.count("left"),
        cost_usd=report.cost_usd + sum(one.cost_usd or 0.0 for one in done),
    )
