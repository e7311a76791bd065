"""The ledger: what model calls took, per tenant, user, day, component and model, and the ceilings that end the spending.

What was used is written in a transaction of its own as soon as it is known, not in that of the work it was for: money is spent whether
or not the work succeeds. A database that is away loses nothing either, it is written later.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import structlog

from recalld.errors import InvalidInput, RecalldError
from recalld.models.meter import Component, Meter, ModelUse, metered
from recalld.postgres.pool import Database, Transaction
from recalld.postgres.queries import beside
from recalld.values import UserRef, tenant_scope

_SQL = beside(__file__, "ledger.sql")
log = structlog.get_logger("recalld.models")

FLUSH_SECONDS = 5.0  # between two writes of what was only noted

Clock = Callable[[], datetime]
Key = tuple[UserRef, int | None, date]  # whose use, begun under which epoch, on which day


def now() -> datetime:
    """The clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class UsageRow:
    """What one model took on one day, for a user or for a whole tenant."""

    day: date  # UTC
    component: Component
    model: str
    calls: int
    failed: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: Decimal  # of the calls whose price is known
    unpriced: int  # calls whose price is not known


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """Dollars spent in a month so far."""

    by_user: Decimal
    by_tenant: Decimal


class UsageStore:
    """The tables `usage` and `tenant_usage`. Every method runs in the caller's transaction and scope."""

    async def add(self, tx: Transaction, uses: Iterable[ModelUse], *, day: date, epoch: int | None = None) -> None:
        """Add *uses* to the day of the user and of the tenant, as the worker.

        *epoch* is the one the work began under: for a user erased since, only the tenant's sums grow. None: the user's present one.
        """
        ordered = sorted(uses, key=lambda use: (use.component, use.model))  # the same for all writers: no deadlock
        values = [asdict(use) | {"day": day, "epoch": epoch} for use in ordered]
        for value in values:
            await tx.execute(_SQL["add_usage"], **value)
        for value in values:
            await tx.execute(_SQL["add_tenant_usage"], **value)

    async def of_user(self, tx: Transaction, *, since: date, until: date) -> list[UsageRow]:
        """The user's rows of the days in [since, until)."""
        return await tx.all(UsageRow, _SQL["usage"], since=since, until=until)

    async def of_tenant(self, tx: Transaction, *, since: date, until: date) -> list[UsageRow]:
        """The rows of the whole tenant, whichever of its users the transaction is scoped to."""
        return await tx.all(UsageRow, _SQL["tenant_usage"], since=since, until=until)

    async def spent(self, tx: Transaction, *, month: date) -> Spent:
        """What was spent in the month of *month*."""
        since, until = month_of(month)
        row = await tx.row(_SQL["spent"], since=since, until=until)
        assert row is not None  # noqa: S101 - sums always come back
        return Spent(by_user=row["by_user"], by_tenant=row["by_tenant"])


class Ledger:
    """Writes what was used; keeps it while the database is away."""

    def __init__(self, database: Database, *, clock: Clock = now) -> None:
        self._database, self._clock = database, clock
        self._store = UsageStore()
        self._waiting: dict[Key, Meter] = {}
        self.observers: list[Callable[[UserRef, tuple[ModelUse, ...]], None]] = []

    async def record(self, user: UserRef, uses: Iterable[ModelUse], *, epoch: int | None = None) -> None:
        """Write *uses* of work for *user*, begun under *epoch*. Never raises for the database; nothing used costs nothing."""
        self.note(user, uses, epoch=epoch)
        await self.flush()

    def note(self, user: UserRef, uses: Iterable[ModelUse], *, epoch: int | None = None) -> None:
        """Remember *uses* until the next `flush`: for the read path, which writes nothing."""
        uses = tuple(uses)
        if not uses:
            return
        self._put((user, epoch, self._clock().astimezone(UTC).date()), uses)
        for observe in self.observers:
            observe(user, uses)

    @asynccontextmanager
    async def recording(self, user: UserRef) -> AsyncGenerator[None]:
        """Record what is used inside, whether or not the work succeeds."""
        with metered() as meter:
            try:
                yield
            finally:
                await self.record(user, meter.uses)

    async def run(self) -> None:
        """Write what was noted every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()

    async def of_user(self, user: UserRef, *, since: date | None = None, until: date | None = None) -> list[UsageRow]:
        """What was used for *user* on the days in [since, until), default: this month. Raises `InvalidInput`, `DatabaseUnavailable`."""
        days = self._days(since, until)
        await self.flush()
        async with self._database.transaction("app", user) as tx:
            return await self._store.of_user(tx, **days)

    async def of_tenant(
        self, tenant_id: str, *, since: date | None = None, until: date | None = None
    ) -> list[UsageRow]:
        """The same for all users of a tenant."""
        days = self._days(since, until)
        await self.flush()
        async with self._database.transaction("app", tenant_scope(tenant_id)) as tx:
            return await self._store.of_tenant(tx, **days)

    def _days(self, since: date | None, until: date | None) -> dict[str, date]:
        first, end = month_of(self._clock().astimezone(UTC).date())
        days = {"since": since or first, "until": until or end}
        if days["since"] > days["until"]:
            raise InvalidInput(f"since ({days['since']}) lies after until ({days['until']})")
        return days

    async def flush(self) -> None:
        """Write what waits. What cannot be written now waits on."""
        for key in tuple(self._waiting):
            await self._write(key)

    async def _write(self, key: Key) -> None:
        meter = self._waiting.pop(key, None)
        if meter is None:
            return  # another flush has it
        (user, epoch, day), written = key, False
        try:
            async with self._database.transaction("worker", user) as tx:
                await self._store.add(tx, meter.uses, day=day, epoch=epoch)
            written = True
        except RecalldError as error:
            log.warning("usage.postponed", error=type(error).__name__)
        finally:  # when cancelled, too
            if not written:
                self._put(key, meter.uses)

    def _put(self, key: Key, uses: Iterable[ModelUse]) -> None:
        meter = self._waiting.setdefault(key, Meter())
        for use in uses:
            meter.add(use)


# ---------------------------------------------------------------- ceilings
@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What may be spent on models in a calendar month (UTC), in US dollars; None: any amount."""

    user_usd: Decimal | None = None  # by one user
    tenant_usd: Decimal | None = None  # by all users of the tenant together


LimitsOf = Callable[[str], Awaitable[Limits]]


def same_for_all(limits: Limits) -> LimitsOf:
    """The same *limits* for every tenant."""

    async def limits_of(tenant_id: str) -> Limits:  # noqa: ARG001 - the same for all
        return limits

    return limits_of


class Ceilings:
    """Says whether a session may still be spent money on: `Allowance` of the summariser.

    It is asked before a call, so the sessions under way when a ceiling is reached are finished: it is passed by their price at most.
    Calls whose price is not known count nothing here; name their price in `Prices` to have them counted.
    """

    def __init__(self, database: Database, limits_of: LimitsOf, *, clock: Clock = now) -> None:
        self._database, self._limits_of, self._clock = database, limits_of, clock
        self._store = UsageStore()

    async def permits(self, user: UserRef) -> bool:
        """False once the month's ceiling of the user or of the tenant is reached. Raises `DatabaseUnavailable`."""
        limits = await self._limits_of(user.tenant_id)
        if limits == Limits():
            return True
        async with self._database.transaction("worker", user) as tx:
            spent = await self._store.spent(tx, month=self._clock().astimezone(UTC).date())
        return below(spent.by_user, limits.user_usd) and below(spent.by_tenant, limits.tenant_usd)


def below(spent: Decimal, ceiling: Decimal | None) -> bool:
    """True while there is something left to spend."""
    return ceiling is None or spent < ceiling


def month_of(day: date) -> tuple[date, date]:
    """The first day of the month of *day* and of the next one."""
    first = day.replace(day=1)
    return first, first.replace(year=first.year + 1, month=1) if first.month == 12 else first.replace(
        month=first.month + 1
    )
