"""How much one tenant or key may ask, so that no one is slow because of another.

Token buckets for requests and bytes, and a share of the work in flight per tenant: whoever has more under way waits for his own requests,
not in front of everybody's connections. All of it lives in this process; with several processes the limits hold for each.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from recalld.server.problems import RATE_LIMITED, Refused

Clock = Callable[[], float]
LOOK_SECONDS = 0.01  # between two looks at the event loop
LATE_SECONDS = 0.003  # a loop that comes so late is busy: one request computes 1 to 3 ms at a time
COUNTED_SECONDS = 1.0  # between two counts of a tenant's open sessions
GROWTH = 0.05  # requests at each look at a loop that is in time: one more after 0.2 s
LATELY_SECONDS = 5.0  # who asked within them is a neighbour
REMEMBERED = 10_000  # tenants and keys; the one asked for longest ago goes first, and would be full again by then


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What is allowed; 0 means: as much as one likes."""

    key_requests: float = 0  # per second
    tenant_requests: float = 0  # per second
    tenant_bytes: float = 0  # per second
    tenant_open_sessions: int = 0
    tenant_usd: float = 0  # on models, per hour
    tenant_concurrency: int = 8  # requests of a tenant under way; below the number of database connections
    tenant_waiting: int = 256  # requests of a tenant that wait for their turn


@dataclass(slots=True)
class Bucket:
    """Tokens that flow in at a rate, up to ten seconds' worth."""

    rate: float
    tokens: float
    at: float

    def take(self, amount: float, now: float) -> float:
        """Take *amount* and return 0, or leave it and return the seconds until it is there."""
        self.tokens = min(self.tokens + (now - self.at) * self.rate, self.rate * 10)
        self.at = now
        if (
            self.tokens >= amount or self.tokens >= self.rate * 10
        ):  # a request larger than the bucket empties a full one
            self.tokens -= amount
            return 0.0
        return (amount - self.tokens) / self.rate


class Buckets:
    """One bucket per name, for the names asked for last."""

    def __init__(self, rate: float, *, clock: Clock = time.monotonic) -> None:
        """*rate*: tokens per second; 0 lets everything through."""
        self._rate, self._clock = rate, clock
        self._kept: OrderedDict[tuple[str, ...], Bucket] = OrderedDict()

    def take(self, name: tuple[str, ...], amount: float = 1) -> None:
        """Raises `Refused` with the seconds to wait."""
        if self._rate <= 0:
            return
        now = self._clock()
        bucket = self._kept.get(name)
        if bucket is None:
            bucket = self._kept[name] = Bucket(self._rate, self._rate * 10, now)
            while len(self._kept) > REMEMBERED:
                self._kept.popitem(last=False)
        self._kept.move_to_end(name)
        wait = bucket.take(amount, now)
        if wait:
            raise too_many(wait)


@dataclass(slots=True)
class Turn:
    """The requests of one tenant: under way, and waiting in order."""

    under_way: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque[asyncio.Future[None]])

    def let_in(self, allowed: int) -> None:
        """Wake those whose turn it is."""
        while self.waiting and self.under_way < allowed:
            first = self.waiting.popleft()
            if not first.done():
                self.under_way += 1
                first.set_result(None)


class Turns:
    """A share of the work in flight for each tenant.

    A tenant that is alone may have `concurrency` requests under way. Where others ask too, each of its requests that is under way delays
    theirs, for all share one event loop: seven of them made a neighbour's p95 five times what it was alone, one made it twice that, and
    as many were answered. So the share shrinks while the loop is late and grows again while it is not, as the window of TCP does.
    """

    def __init__(self, concurrency: int, waiting: int) -> None:
        """*concurrency*: requests of a tenant under way, at most; *waiting*: those that may wait for theirs."""
        self._most = concurrency
        self.share: float = concurrency  # of a tenant: so many requests under way, rounded down
        self._waiting = waiting
        self._tenants: dict[tuple[str, bool], Turn] = {}
        self._seen: dict[str, float] = {}  # who asked lately, and when
        self._watching = False

    @asynccontextmanager
    async def turn(self, tenant_id: str, *, patient: bool = False) -> AsyncGenerator[None]:
        """Wait for one's turn among the requests of the same tenant. Raises `Refused` when too many wait already.

        *Patient* requests wait for models most of the time: they have turns of their own, whose number stays.
        """
        name = tenant_id, patient
        turn = self._tenants.setdefault(name, Turn())
        if len(turn.waiting) >= self._waiting:
            raise too_many(1.0)
        self._watch(tenant_id)
        await self._enter(turn, self._allowed(name))
        try:
            yield
        finally:
            turn.under_way -= 1
            turn.let_in(self._allowed(name))
            if not turn.under_way and not turn.waiting:
                self._tenants.pop(name, None)

    async def _enter(self, turn: Turn, allowed: int) -> None:
        if turn.under_way < allowed and not turn.waiting:
            turn.under_way += 1
            return
        place = asyncio.get_running_loop().create_future()
        turn.waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():  # it was let in just then
                turn.under_way -= 1
                turn.let_in(allowed)
            raise

    def _allowed(self, name: tuple[str, bool]) -> int:
        return self._most if name[1] else int(self.share)

    def _watch(self, tenant_id: str) -> None:
        """Look at the loop every few milliseconds while there are requests."""
        loop = asyncio.get_running_loop()
        self._seen[tenant_id] = loop.time()
        if not self._watching:
            self._watching = True
            loop.call_later(LOOK_SECONDS, self._look, loop, loop.time() + LOOK_SECONDS)

    def _look(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        now = loop.time()
        self._seen = {name: at for name, at in self._seen.items() if now - at < LATELY_SECONDS}
        self.adjust(late=now - due)
        self._watching = bool(self._seen)
        if self._watching:
            loop.call_later(LOOK_SECONDS, self._look, loop, loop.time() + LOOK_SECONDS)

    def adjust(self, *, late: float) -> None:
        """The share after the loop was *late* by so many seconds."""
        if len(self._seen) < 2:
            self.share = self._most
        elif late > LATE_SECONDS:
            self.share = max(1.0, self.share / 2)
        else:
            self.share = min(self._most, self.share + GROWTH)
        for name, turn in self._tenants.items():
            turn.let_in(self._allowed(name))


class Money:
    """Dollars per tenant that flow in over the hour. They are taken when they are known, after the call: so there may be debts."""

    def __init__(self, usd_per_hour: float, *, clock: Clock = time.monotonic) -> None:
        """*usd_per_hour*: 0 lets everything through."""
        self._hour, self._clock = usd_per_hour, clock
        self._spent: dict[str, tuple[float, float]] = {}  # dollars not paid back yet, and when that was so

    def spend(self, tenant_id: str, usd: float) -> None:
        """Note what models took."""
        if self._hour <= 0 or usd <= 0:
            return
        if len(self._spent) >= REMEMBERED:
            self._spent = {name: kept for name, kept in self._spent.items() if self._owed(name) > 0}
        self._spent[tenant_id] = (self._owed(tenant_id) + usd, self._clock())

    def check(self, tenant_id: str) -> None:
        """Raises `Refused` for a tenant that has spent its hour's money, with the seconds until there is some again."""
        over = self._owed(tenant_id) - self._hour
        if self._hour > 0 and over >= 0:
            raise too_many(over / self._hour * 3600)

    def _owed(self, tenant_id: str) -> float:
        usd, at = self._spent.get(tenant_id, (0.0, 0.0))
        return max(0.0, usd - (self._clock() - at) * self._hour / 3600)


Count = Callable[[str], Awaitable[int]]


class OpenSessions:
    """How many sessions of a tenant may be open at a time. Counted in the database once a second, and here in between."""

    def __init__(self, most: int, count: Count, *, clock: Clock = time.monotonic) -> None:
        """*most*: 0 lets everything through; *count* tells how many a tenant has."""
        self.limited = most > 0
        self._most, self._count, self._clock = most, count, clock
        self._known: OrderedDict[str, tuple[float, int]] = OrderedDict()

    async def check(self, tenant_id: str) -> None:
        """Raises `Refused` when a tenant may open no more for now."""
        at, number = self._known.get(tenant_id, (-math.inf, 0))
        if self._clock() - at >= COUNTED_SECONDS:
            at, number = self._clock(), await self._count(tenant_id)
        if number >= self._most:
            self._know(tenant_id, at, number)
            raise too_many(COUNTED_SECONDS)
        self._know(tenant_id, at, number + 1)

    def _know(self, tenant_id: str, at: float, number: int) -> None:
        self._known[tenant_id] = (at, number)
        self._known.move_to_end(tenant_id)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)


class Guard:
    """All limits together."""

    def __init__(self, limits: Limits, *, open_sessions: Count, clock: Clock = time.monotonic) -> None:
        """*open_sessions* tells how many a tenant has."""
        self.money = Money(limits.tenant_usd, clock=clock)
        self.sessions = OpenSessions(limits.tenant_open_sessions, open_sessions, clock=clock)
        self._keys = Buckets(limits.key_requests, clock=clock)
        self._tenants = Buckets(limits.tenant_requests, clock=clock)
        self._bytes = Buckets(limits.tenant_bytes, clock=clock)
        self._turns = Turns(limits.tenant_concurrency, limits.tenant_waiting)

    def admit(self, tenant_id: str, key_id: str) -> None:
        """Count one request. Raises `Refused`."""
        self._keys.take((tenant_id, key_id))
        self._tenants.take((tenant_id,))

    def receive(self, tenant_id: str, size: int) -> None:
        """Count the bytes of a body. Raises `Refused`."""
        self._bytes.take((tenant_id,), size)

    def turn(self, tenant_id: str, *, patient: bool = False):
        """A context in which the tenant's request runs."""
        return self._turns.turn(tenant_id, patient=patient)


def too_many(wait: float) -> Refused:
    """The refusal, with the seconds to wait."""
    seconds = str(max(1, math.ceil(wait)))
    return Refused(
        RATE_LIMITED, f"more than this key or tenant is allowed; try again in {seconds} s", {"Retry-After": seconds}
    )
