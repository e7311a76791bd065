"""Retention: what has been kept as long as its purpose allows goes by itself, and people about whom nothing was written for long.

A worker looks once a day, a slice of people with every sweep. What is under a legal hold is never touched.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from recalld.layers.episodes.store import EpisodeStore
from recalld.layers.facts.store import FactStore
from recalld.layers.vectors.removals import Removals
from recalld.layers.working.journal import Journal
from recalld.layers.working.kept import KeptJournals
from recalld.postgres.pool import Database, Transaction
from recalld.postgres.queries import beside
from recalld.privacy.audit import Audit
from recalld.privacy.purposes import check_days
from recalld.privacy.tenants import Tenants
from recalld.values import UserRef, tenant_scope

_SQL = beside(__file__, "retention.sql")
PERIOD_SECONDS = 86_400.0
SLICE = 200  # people looked at with one sweep


@dataclass(frozen=True, kw_only=True, slots=True)
class RetentionReport:
    """What went, or would go."""

    people: int = 0  # looked at
    facts: int = 0
    episodes: int = 0
    inactive: int = 0  # people erased, nothing having been written about them for long
    held: int = 0  # people left alone for a legal hold

    def plus(self, other: RetentionReport) -> RetentionReport:
        """Both together."""
        names = ("people", "facts", "episodes", "inactive", "held")
        return RetentionReport(**{name: getattr(self, name) + getattr(other, name) for name in names})


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How long a tenant keeps what."""

    facts: Mapping[str, int] = field(default_factory=dict[str, int])  # days by purpose
    episodes: Mapping[str, int] = field(default_factory=dict[str, int])
    inactive: int | None = None  # days


@dataclass(frozen=True, kw_only=True, slots=True)
class _Due:
    """What of one person has been kept long enough, by ids."""

    facts: Sequence[str] = ()
    episodes: Sequence[str] = ()


@dataclass(kw_only=True, slots=True)
class Retention:
    """Applies the retentions of all tenants."""

    database: Database
    journal: Journal
    kept: KeptJournals
    facts: FactStore
    episodes: EpisodeStore
    removals: Removals
    tenants: Tenants
    audit: Audit
    _round: AsyncGenerator[RetentionReport] | None = None
    _next_at: float = 0.0

    async def step(self) -> RetentionReport:
        """A slice of today's round; nothing until the next one is due."""
        total = RetentionReport()
        if self._round is None:
            if time.monotonic() < self._next_at:
                return total
            self._round, self._next_at = self._everybody(dry_run=False), time.monotonic() + PERIOD_SECONDS
        for _ in range(SLICE):
            report = await anext(self._round, None)
            if report is None:
                self._round = None
                break
            total = total.plus(report)
        return total

    async def run(self, *, dry_run: bool) -> RetentionReport:
        """A whole round now; a *dry_run* counts what would go."""
        total = RetentionReport()
        async for report in self._everybody(dry_run=dry_run):
            total = total.plus(report)
        return total

    async def set_inactivity(self, tenant_id: str, days: int | None) -> None:
        """Erase people of a tenant about whom nothing was written for so many days; none: never. Raises `InvalidInput`."""
        check_days("inactive_days", days)
        async with self.database.transaction("worker", tenant_scope(tenant_id)) as tx:
            await tx.execute(_SQL["set_inactivity"], days=days)
            await self.audit.write(tx, "retention.changed", count=days or 0)

    async def keep_journals(self, tenant_id: str, days: int | None) -> None:
        """Keep journals of sessions that the model could not digest for so many days, for it; none: not at all. Raises `InvalidInput`.

        A shorter time holds for those that are kept already; a worker deletes them with its next round.
        """
        check_days("keep_journal_days", days)
        async with self.database.transaction("worker", tenant_scope(tenant_id)) as tx:
            await tx.execute(_SQL["set_journal_days"], days=days)
            await self.audit.write(tx, "retention.changed", count=days or 0)

    async def journal_days(self, tenant_id: str) -> int | None:
        """For how many days such journals of a tenant are kept; `None`: not at all."""
        async with self.database.transaction("worker", tenant_scope(tenant_id)) as tx:
            row = await tx.row(_SQL["journal_days"])
        return row["keep_journal_days"] if row else None

    # ------------------------------------------------------------ the round
    async def _everybody(self, *, dry_run: bool) -> AsyncGenerator[RetentionReport]:
        for tenant_id, limits in (await self._limits()).items():
            async for known in self.tenants.users(tenant_id):
                yield await self._person(known.user, limits, dry_run=dry_run)

    async def _limits(self) -> Mapping[str, Limits]:
        async with self.database.unscoped("sweeper") as tx:
            found = {row["tenant_id"]: Limits(inactive=row["inactive_days"]) for row in await tx.rows(_SQL["rules"])}
            for row in await tx.rows(_SQL["limits"]):
                one = found.get(row["tenant_id"], Limits())
                if row["facts_days"]:
                    one = replace(one, facts={**one.facts, row["purpose"]: row["facts_days"]})
                if row["episodes_days"]:
                    one = replace(one, episodes={**one.episodes, row["purpose"]: row["episodes_days"]})
                found[row["tenant_id"]] = one
        return found

    async def _person(self, user: UserRef, limits: Limits, *, dry_run: bool) -> RetentionReport:
        now = datetime.now(UTC)
        async with self.database.transaction("worker", user) as tx:
            epoch = (await self.journal.lock_user(tx)).epoch
            row = await tx.row(_SQL["activity"], epoch=epoch)
            if row is None or row["held"]:
                return RetentionReport(people=1, held=1)
            idle = limits.inactive is not None and row["active_at"] < now - timedelta(days=limits.inactive)
            due = _Due() if idle else await self._due(tx, epoch, limits, now)
            if not dry_run and (due.facts or due.episodes):
                await self._delete(tx, user, epoch, due)
        if not dry_run:
            await self.removals.finish(user, due.episodes)
            if idle:
                await self.tenants.eraser.erase(user)
        return RetentionReport(people=1, facts=len(due.facts), episodes=len(due.episodes), inactive=int(idle))

    async def _due(self, tx: Transaction, epoch: int, limits: Limits, now: datetime) -> _Due:
        facts = await self._facts(tx, epoch, limits.facts, now)
        return _Due(facts=facts, episodes=await self._episodes(tx, epoch, limits.episodes, now))

    async def _facts(self, tx: Transaction, epoch: int, days: Mapping[str, int], now: datetime) -> list[str]:
        """Facts last confirmed, or ended, before the cut-off of their purpose; the oldest first, so that none reopens another."""
        rows = [
            row
            for purpose, kept in days.items()
            for row in await tx.rows(_SQL["old_facts"], epoch=epoch, purpose=purpose, before=now - timedelta(days=kept))
        ]
        return [row["fact_id"] for row in sorted(rows, key=lambda row: row["last_at"])]

    async def _episodes(self, tx: Transaction, epoch: int, days: Mapping[str, int], now: datetime) -> list[str]:
        return [
            row["episode_id"]
            for purpose, kept in days.items()
            for row in await tx.rows(
                _SQL["old_episodes"], epoch=epoch, purpose=purpose, before=now - timedelta(days=kept)
            )
        ]

    async def _delete(self, tx: Transaction, user: UserRef, epoch: int, due: _Due) -> None:
        """Episodes go without the facts that came from them, which have a retention of their own."""
        for fact_id in due.facts:
            if await tx.row(_SQL["still_there"], fact_id=fact_id):
                await self.facts.forget_fact(tx, epoch, fact_id, at=datetime.now(UTC))
        if due.episodes:
            await self.removals.begin(tx, user, due.episodes, epoch=epoch)
            await self.episodes.delete(tx, due.episodes)
            await self.kept.let_go(tx, episode_ids=due.episodes)
            await tx.execute(_SQL["delete_sessions"], episode_ids=list(due.episodes))
        await self.journal.touch_user(tx, facts=bool(due.facts), episodes=bool(due.episodes))
        await self.audit.write(tx, "retention.deleted", user=user, count=len(due.facts) + len(due.episodes))
