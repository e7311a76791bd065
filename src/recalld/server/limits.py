"""How much one tenant or key may ask, so that no one is slow because of another.

Token buckets for requests and bytes, budgets of sessions and money, and turns (see `turns`). All of it lives in this process; with several
processes the limits hold for each.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from recalld.server.problems import too_many
from recalld.server.turns import Turns

Clock = Callable[[], float]
COUNTED_SECONDS = 1.0  # between two counts of a tenant's open sessions
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
