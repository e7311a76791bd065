"""Who goes first on the event loop, and who stands still meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from recalld.server import turns as module
from recalld.server.turns import Turns, Used

Step = Callable[[], Awaitable[None]]
LONG = 60.0


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> Turns:
    """Two tenants ask, one of which has used the loop much. Waits are a minute long, so that no test depends on speed."""
    monkeypatch.setattr(module, "FIRST_SECONDS", LONG)
    monkeypatch.setattr(module, "STAND_SECONDS", LONG)
    made = Turns(8, 100)
    now = time.monotonic()
    made._seen = {"flood": now + LONG, "quiet": now + LONG}
    made._used["flood"] = Used(1000.0, now)
    return made


async def run(turns: Turns, tenant: str, steps: int, told: list[str], until: asyncio.Event | None = None) -> None:
    """A request of so many steps that says when each is done; it ends with *until*."""

    async def work() -> None:
        for _ in range(steps):
            told.append(tenant)
            await asyncio.sleep(0)
        if until is not None:
            await until.wait()

    async with turns.turn(tenant) as pace:
        await pace.keep(work())


async def ticks() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def held_up(
    turns: Turns, told: list[str], answered: asyncio.Event
) -> tuple[asyncio.Task[None], asyncio.Task[None]]:
    """A quiet tenant's request that ends with *answered*, and one of the flood that has come after it."""
    quiet = asyncio.create_task(run(turns, "quiet", 1, told, answered))
    await ticks()
    flood = asyncio.create_task(run(turns, "flood", 3, told))
    await ticks()
    return quiet, flood


async def test_a_flood_stands_still_until_the_request_of_another_is_answered(turns: Turns):
    told: list[str] = []
    answered = asyncio.Event()
    quiet, flood = await held_up(turns, told, answered)
    assert told == ["quiet"]
    answered.set()
    await asyncio.gather(quiet, flood)
    assert told == ["quiet", "flood", "flood", "flood"]


async def test_a_flood_that_is_under_way_stops_at_its_next_step(turns: Turns):
    told: list[str] = []
    answered = asyncio.Event()
    flood = asyncio.create_task(run(turns, "flood", 50, told))
    await asyncio.sleep(0)
    quiet = asyncio.create_task(run(turns, "quiet", 1, told, answered))
    await ticks()
    assert told.count("flood") < 5
    answered.set()
    await asyncio.gather(quiet, flood)


async def test_tenants_that_use_alike_do_not_wait_for_each_other(turns: Turns):
    told: list[str] = []
    answered = asyncio.Event()
    turns._used["quiet"] = Used(600.0, turns._used["flood"].at)
    quiet = asyncio.create_task(run(turns, "quiet", 1, told, answered))
    await ticks()
    await run(turns, "flood", 3, told)
    assert told == ["quiet", "flood", "flood", "flood"]
    answered.set()
    await quiet


async def test_a_request_that_takes_long_holds_nobody_up_for_long(turns: Turns, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "FIRST_SECONDS", 0.0)
    told: list[str] = []
    answered = asyncio.Event()
    quiet = asyncio.create_task(run(turns, "quiet", 1, told, answered))
    await ticks()
    await run(turns, "flood", 2, told)
    assert told == ["quiet", "flood", "flood"]
    answered.set()
    await quiet


async def test_a_request_that_stands_still_can_be_cancelled(turns: Turns):
    told: list[str] = []
    answered = asyncio.Event()
    quiet, flood = await held_up(turns, told, answered)
    flood.cancel()
    with pytest.raises(asyncio.CancelledError):
        await flood
    answered.set()
    await quiet
    assert (told, turns._standing, turns._under_way, turns._tenants) == (["quiet"], set(), set(), {})


async def test_what_the_work_raises_returns_and_catches_is_its_own():
    turns = Turns(8, 100)

    async def fails() -> None:
        await asyncio.sleep(0)
        raise ValueError("mine")

    async def times_out() -> str:
        try:
            async with asyncio.timeout(0.001):
                await asyncio.Event().wait()
        except TimeoutError:
            return "in time"
        return "never"

    async with turns.turn("acme") as pace:
        assert await pace.keep(times_out()) == "in time"
        with pytest.raises(ValueError, match="mine"):
            await pace.keep(fails())
        assert pace.spent > 0


def test_what_was_used_is_forgotten_by_halves():
    used = Used()
    used.add(1.0, now=10.0)
    used.add(1.0, now=10.0 + module.HALF_LIFE_SECONDS)
    assert used.lately(10.0 + 2 * module.HALF_LIFE_SECONDS) == pytest.approx(0.75)
