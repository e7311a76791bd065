"""How much one tenant or key may ask, so that no one is slow because of another.

Token buckets for requests and bytes, and a share of the work in flight per tenant: whoever has more under way waits for his own requests,
not in front of everybody's connections. All of it lives in this process; with several processes the limits hold for each.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from recalld.server.problems import RATE_LIMITED, Refused

Clock = Callable[[], float]
REMEMBERED = 10_000  # tenants and keys; the one asked for longest ago goes first, and would be full again by then


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What is allowed; 0 means: as much as one likes."""

    key_requests: float = 0  # per second
    tenant_requests: float = 0  # per second
    tenant_bytes: float = 0  # per second
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
    """The requests of one tenant: under way and waiting."""

    free: asyncio.Semaphore
    present: int = 0


@dataclass(slots=True)
class Turns:
    """A share of the work in flight for each tenant."""

    concurrency: int
    waiting: int
    _tenants: dict[str, Turn] = field(default_factory=dict[str, Turn])

    @asynccontextmanager
    async def turn(self, tenant_id: str) -> AsyncGenerator[None]:
        """Wait for one's turn among the requests of the same tenant. Raises `Refused` when too many wait already."""
        turn = self._tenants.setdefault(tenant_id, Turn(asyncio.Semaphore(self.concurrency)))
        if turn.present >= self.concurrency + self.waiting:
            raise too_many(1.0)
        turn.present += 1
        try:
            async with turn.free:
                yield
        finally:
            turn.present -= 1
            if not turn.present:
                self._tenants.pop(tenant_id, None)


class Guard:
    """All limits together."""

    def __init__(self, limits: Limits, *, clock: Clock = time.monotonic) -> None:
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

    def turn(self, tenant_id: str):
        """A context in which the tenant's request runs."""
        return self._turns.turn(tenant_id)


def too_many(wait: float) -> Refused:
    """The refusal, with the seconds to wait."""
    seconds = str(max(1, math.ceil(wait)))
    return Refused(
        RATE_LIMITED, f"more than this key or tenant is allowed; try again in {seconds} s", {"Retry-After": seconds}
    )
