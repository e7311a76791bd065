"""Reaching a store over the network: a limit for the time it may take, one kind of error, and some rest after a failure."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from recalld.errors import VectorIndexUnavailable

REST_SECONDS = 1.0  # after a failure, before one call tries the store again


@dataclass(slots=True)
class Reach:
    """The way to one store."""

    store: str  # its name in messages
    failures: tuple[type[Exception], ...]  # what its client raises
    _away_until: float = 0.0

    @asynccontextmanager
    async def within(self, seconds: float) -> AsyncGenerator[None]:
        """Talk to the store for so long at most. Raises `VectorIndexUnavailable`, without the driver's text, which may quote a payload.

        A store that failed is left alone for a moment: what its time-out costs is not added to every turn.
        """
        self._begin()
        try:
            async with asyncio.timeout(seconds):
                yield
            self._away_until = 0.0
        except (*self.failures, OSError, TimeoutError) as error:
            self._away_until = time.monotonic() + REST_SECONDS
            raise VectorIndexUnavailable(f"{self.store} did not answer ({_kind(error)})") from error

    def _begin(self) -> None:
        now = time.monotonic()
        if now < self._away_until:
            raise VectorIndexUnavailable(f"{self.store} did not answer a moment ago")
        if self._away_until:
            self._away_until = now + REST_SECONDS


def upsert_seconds(episodes: int) -> float:
    """How long an upsert may take: the end of a session waits for one, and the outbox has what comes too late."""
    return 2.0 + 0.25 * episodes


def _kind(error: Exception) -> str:
    status = getattr(error, "status_code", None)
    return type(error).__name__ if status is None else f"{type(error).__name__} {status}"
