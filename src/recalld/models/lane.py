"""The way to one provider: how many calls at once, how often again, and when not at all.

All models of a provider share one lane, so that a rate limit met by one call holds back the others, and a dead provider is not
asked by every session anew.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from recalld.errors import BadReply, ModelRefused, ModelUnavailable
from recalld.models.spec import ModelSpec

log = structlog.get_logger("recalld.models")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class LanePolicy:
    """How patient to be with a provider."""

    in_flight: int = 8  # calls at once, in this process
    attempts: int = 3  # tries of one call while the provider is away or limits the rate
    patience: float = 60.0  # seconds one call may take with all its waits; a longer Retry-After is not waited for
    first_wait: float = 0.5  # seconds before the second try; doubles, and a random part of it is waited
    longest_wait: float = 8.0
    failures_to_open: int = 8  # calls in a row that failed; then further ones fail at once (0.3 ** 8: 30 % is not dead)
    cool_down: float = 15.0  # seconds until one call may try again; doubles while that one fails
    longest_cool_down: float = 300.0


class Lane:
    """Calls to one provider, one policy for all of them. Time, waiting and chance come in as arguments."""

    def __init__(
        self,
        name: str,
        policy: LanePolicy = LanePolicy(),
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.policy = policy
        self._clock, self._sleep, self._chance = clock, sleep, chance
        self._slots = asyncio.Semaphore(policy.in_flight)
        self._circuit = _Circuit(policy, clock)
        self._resume_at = 0.0  # the provider asked everybody to wait until then

    @property
    def is_open(self) -> bool:
        """True while the provider counts as dead and calls fail without being tried."""
        return self._circuit.is_open

    async def call(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """The result of *attempt*, tried again where that helps.

        Only `ModelUnavailable` is tried again; it is raised at once while the circuit is open. `ModelRefused` and `BadReply`
        pass: the same again would be paid for again.
        """
        deadline = self._clock() + self.policy.patience
        tries = 0
        while True:
            tries += 1
            await self._wait_for_turn(deadline)
            try:
                return await self._once(attempt)
            except ModelUnavailable as error:
                await self._wait_to_retry(error, tries, deadline)

    async def _once(self, attempt: Callable[[], Awaitable[T]]) -> T:
        async with self._slots:
            self._circuit.enter(self.name)
            try:
                result = await attempt()
            except (ModelUnavailable, ModelRefused) as error:
                if self._circuit.failed():
                    log.warning("model.circuit_opened", provider=self.name, error=type(error).__name__)
                raise
            except BadReply:
                self._circuit.answered()  # useless, but the provider is there
                raise
            finally:
                self._circuit.leave()
            self._circuit.answered()
            return result

    async def _wait_for_turn(self, deadline: float) -> None:
        """Wait while the provider asked everybody to; not at all when that takes longer than this call may."""
        wait = self._resume_at - self._clock()
        if wait <= 0 or self.is_open:
            return
        if self._clock() + wait > deadline:
            raise ModelUnavailable(f"{self.name} limits the rate for another {wait:.0f} s", retry_after=wait)
        await self._sleep(wait * (1 + 0.1 * self._chance()))

    async def _wait_to_retry(self, error: ModelUnavailable, tries: int, deadline: float) -> None:
        """Wait before the next try, or raise *error* when there is none."""
        if self.is_open:
            raise error
        if error.retry_after is not None:
            self._resume_at = max(self._resume_at, self._clock() + error.retry_after)
        if tries >= self.policy.attempts:
            raise error
        if error.retry_after is not None:
            return  # the wait is the one for everybody's turn
        wait = min(self.policy.first_wait * 2 ** (tries - 1), self.policy.longest_wait) * (0.5 + 0.5 * self._chance())
        if self._clock() + wait > deadline:
            raise error
        await self._sleep(wait)


class _Circuit:
    """Opens after failures in a row; then lets one call through per cool-down, until one is answered."""

    def __init__(self, policy: LanePolicy, clock: Callable[[], float]) -> None:
        self._policy, self._clock = policy, clock
        self._failures = 0
        self._cool_down = policy.cool_down
        self._closed_until: float | None = None  # None: calls flow
        self._probing: asyncio.Task[object] | None = None  # the call that finds out whether the provider is back

    @property
    def is_open(self) -> bool:
        return self._closed_until is not None

    def enter(self, name: str) -> None:
        """Let this call through, or raise `ModelUnavailable`."""
        if self._closed_until is None:
            return
        wait = self._closed_until - self._clock()
        if wait > 0 or self._probing is not None:
            raise ModelUnavailable(f"{name} failed repeatedly and rests", retry_after=max(wait, 0.0))
        self._probing = asyncio.current_task()

    def leave(self) -> None:
        """The call is over, however it ended."""
        if self._probing is asyncio.current_task():
            self._probing = None

    def failed(self) -> bool:
        """Note a failure; True when it opens the circuit."""
        self._failures += 1
        if self._closed_until is not None:
            self._cool_down = min(self._cool_down * 2, self._policy.longest_cool_down)
        elif self._failures < self._policy.failures_to_open:
            return False
        opened = self._closed_until is None
        self._closed_until = self._clock() + self._cool_down
        return opened

    def answered(self) -> None:
        """Note that the provider is there."""
        self._failures = 0
        self._cool_down = self._policy.cool_down
        self._closed_until = None


class Lanes:
    """One lane per provider and address, shared by all models of a process."""

    def __init__(self, policy: LanePolicy = LanePolicy()) -> None:
        self._policy = policy
        self._lanes: dict[tuple[str, str | None], Lane] = {}

    def of(self, spec: ModelSpec) -> Lane:
        """The lane of the provider of *spec*."""
        key = (spec.provider, spec.base_url)
        if key not in self._lanes:
            self._lanes[key] = Lane(spec.provider, self._policy)
        return self._lanes[key]
