"""Whose request runs when: all share one event loop, and a tenant that floods it must not slow the others down.

A request is delayed by those of others that are under way, for a step of a request is never interrupted. So there is a share of the work in
flight for each tenant; and a request that has just come goes first of those of tenants that used the loop much more lately: these stand
still at their next `await` until it is answered. A flood gets the time that is idle.
"""

from __future__ import annotations

import asyncio
import time
import types
from collections import deque
from collections.abc import AsyncGenerator, Coroutine, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from recalld.server.problems import too_many

LOOK_SECONDS = 0.01  # between two looks at the event loop
LATE_SECONDS = 0.0015  # a loop that comes so late is busy: one request computes 1 to 2 ms at a time
GROWTH = 0.05  # requests at each look at a loop that is in time: one more after 0.2 s
LATELY_SECONDS = 5.0  # who asked within them is a neighbour
HALF_LIFE_SECONDS = 2.0  # of what a tenant has used
MUCH_MORE = 2.0  # times what another used lately ...
SLACK_SECONDS = 0.05  # ... and so many seconds of the loop on top
FIRST_SECONDS = 0.02  # a request goes first for so long: one that waits for a model holds up nobody
STAND_SECONDS = 0.02  # a request stands still for so long at each step, at most

T = TypeVar("T")


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


@dataclass(slots=True)
class Used:
    """Seconds of the loop that a tenant used; half of them are forgotten after `HALF_LIFE_SECONDS`."""

    seconds: float = 0.0
    at: float = 0.0

    def add(self, seconds: float, now: float) -> None:
        """Count *seconds* more."""
        self.seconds, self.at = self.lately(now) + seconds, now

    def lately(self, now: float) -> float:
        """What is not forgotten."""
        return self.seconds * 0.5 ** ((now - self.at) / HALF_LIFE_SECONDS)


@dataclass(slots=True, eq=False)
class Pace:
    """A request under way: what its tenant had used when it came, what it has used since, and until when it goes first."""

    turns: Turns
    before: float
    first_until: float
    spent: float = 0.0

    @types.coroutine
    def keep(self, work: Coroutine[Any, Any, T]) -> Generator[Any, None, T]:
        """Do *work* step by step, and stand still between two steps while a request of another goes first."""
        steps = work.__await__()
        thrown: BaseException | None = None
        while True:
            if thrown is None:
                try:
                    yield from self.turns.stand(self.before + self.spent)
                except BaseException as error:  # noqa: BLE001 -- what is thrown at us is meant for the work
                    thrown = error
            begun = time.perf_counter()
            try:
                awaited = steps.send(None) if thrown is None else steps.throw(thrown)
            except StopIteration as done:
                return done.value
            finally:
                self.spent += time.perf_counter() - begun
            thrown = None
            try:
                yield awaited
            except BaseException as error:  # noqa: BLE001 -- as above
                thrown = error


class Turns:
    """A share of the work in flight for each tenant, and who goes first.

    A tenant that is alone may have `concurrency` requests under way. Where others ask too, the share shrinks while the loop is late and
    grows again while it is not, as the window of TCP does: seven requests of a flood under way made a neighbour's p95 five times what it
    was alone, one made it twice that, and as many were answered.
    """

    def __init__(self, concurrency: int, waiting: int) -> None:
        """*concurrency*: requests of a tenant under way, at most; *waiting*: those that may wait for theirs."""
        self._most = concurrency
        self.share: float = concurrency  # of a tenant: so many requests under way, rounded down
        self._waiting = waiting
        self._tenants: dict[tuple[str, bool], Turn] = {}
        self._used: dict[str, Used] = {}
        self._seen: dict[str, float] = {}  # who asked lately, and when
        self._under_way: set[Pace] = set()
        self._standing: set[asyncio.Future[None]] = set()
        self._watching = False

    @asynccontextmanager
    async def turn(self, tenant_id: str, *, patient: bool = False) -> AsyncGenerator[Pace]:
        """Wait for one's turn among the requests of the same tenant. Raises `Refused` when too many wait already.

        *Patient* requests wait for models most of the time: they have turns of their own, whose number stays, and go first of nobody.
        """
        name = tenant_id, patient
        turn = self._tenants.setdefault(name, Turn())
        if len(turn.waiting) >= self._waiting:
            raise too_many(1.0)
        self._watch(tenant_id)
        await self._enter(turn, self._allowed(name))
        pace = self._begin(tenant_id, patient=patient)
        try:
            yield pace
        finally:
            self._end(tenant_id, pace)
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

    # ------------------------------------------------------------ who goes first
    def _begin(self, tenant_id: str, *, patient: bool) -> Pace:
        now = time.monotonic()
        used = self._used.setdefault(tenant_id, Used())
        pace = Pace(turns=self, before=used.lately(now), first_until=0.0 if patient else now + FIRST_SECONDS)
        self._under_way.add(pace)
        return pace

    def _end(self, tenant_id: str, pace: Pace) -> None:
        self._under_way.discard(pace)
        self._used.setdefault(tenant_id, Used()).add(pace.spent, time.monotonic())
        for place in self._standing:
            _wake(place)

    def stand(self, used: float) -> Generator[Any, None, None]:
        """Wait, not for long, while somebody goes first of a request whose tenant has *used* so many seconds lately."""
        if used < SLACK_SECONDS or len(self._seen) < 2:
            return
        now = time.monotonic()
        until = now + STAND_SECONDS
        while now < until and self._somebody_goes_first(used, now):
            yield from self._stand(until - now)
            now = time.monotonic()

    def _stand(self, seconds: float) -> Generator[Any, None, None]:
        loop = asyncio.get_running_loop()
        place = loop.create_future()
        timer = loop.call_later(seconds, _wake, place)
        self._standing.add(place)
        try:
            yield from place
        finally:
            timer.cancel()
            self._standing.discard(place)

    def _somebody_goes_first(self, used: float, now: float) -> bool:
        most = (used - SLACK_SECONDS) / MUCH_MORE
        return any(pace.before < most and now < pace.first_until for pace in self._under_way)

    # ------------------------------------------------------------ the share
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
        self._used = {name: used for name, used in self._used.items() if name in self._seen}
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


def _wake(place: asyncio.Future[None]) -> None:
    if not place.done():
        place.set_result(None)
