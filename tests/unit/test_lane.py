"""The way to one provider: retries, waits that were asked for, the cap, and the circuit breaker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from recalld.errors import BadReply, ModelError, ModelRefused, ModelUnavailable
from recalld.models.lane import Lane, LanePolicy, Lanes
from recalld.models.spec import parse_spec


class Clock:
    """A clock that moves only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.sleeps: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


class Provider:
    """Answers "ok" after the failures it is given."""

    def __init__(self, *failures: ModelError) -> None:
        self.failures = list(failures)
        self.calls = 0

    async def __call__(self) -> str:
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        return "ok"


def lane_with(clock: Clock, chance: Callable[[], float] = lambda: 1.0, **policy: float) -> Lane:
    return Lane("scripted", LanePolicy(**policy), clock=clock, sleep=clock.sleep, chance=chance)  # type: ignore[arg-type]


def away(retry_after: float | None = None) -> ModelUnavailable:
    return ModelUnavailable("away", retry_after=retry_after)


async def test_a_call_that_fails_is_tried_again_after_growing_waits():
    clock, provider = Clock(), Provider(away(), away())
    assert await lane_with(clock, first_wait=1.0).call(provider) == "ok"
    assert clock.sleeps == [1.0, 2.0]


async def test_tries_are_bounded():
    provider = Provider(*[away()] * 10)
    with pytest.raises(ModelUnavailable):
        await lane_with(Clock(), attempts=3).call(provider)
    assert provider.calls == 3


@pytest.mark.parametrize("error", [BadReply("nonsense"), ModelRefused("wrong key")])
async def test_what_trying_again_does_not_mend_is_not_tried_again(error: ModelError):
    provider = Provider(error)
    with pytest.raises(type(error)):
        await lane_with(Clock()).call(provider)
    assert provider.calls == 1


async def test_the_wait_a_provider_asks_for_is_kept():
    clock, provider = Clock(), Provider(away(retry_after=20))
    await lane_with(clock, chance=lambda: 0.0).call(provider)
    assert clock.sleeps == [20.0]


async def test_the_wait_a_provider_asks_for_holds_back_the_other_calls_too():
    clock = Clock()
    lane = lane_with(clock, chance=lambda: 0.0, attempts=1)
    with pytest.raises(ModelUnavailable):
        await lane.call(Provider(away(retry_after=20)))
    await lane.call(Provider())
    assert clock.sleeps == [20.0]


async def test_a_wait_longer_than_the_patience_is_not_waited_for():
    clock = Clock()
    with pytest.raises(ModelUnavailable):
        await lane_with(clock, patience=60).call(Provider(away(retry_after=3_600)))
    assert clock.sleeps == []


async def test_no_more_calls_than_the_cap_are_in_flight():
    lane, running, most = lane_with(Clock(), in_flight=3), 0, 0

    async def attempt() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1

    await asyncio.gather(*(lane.call(attempt) for _ in range(50)))
    assert most == 3


async def opened(clock: Clock) -> Lane:
    """A lane whose circuit is open after three failures in a row."""
    lane = lane_with(clock, attempts=1, failures_to_open=3, cool_down=15)
    for _ in range(3):
        with pytest.raises(ModelUnavailable):
            await lane.call(Provider(away()))
    return lane


async def test_a_dead_provider_is_not_asked_by_every_session_anew():
    clock, provider = Clock(), Provider()
    lane = await opened(clock)
    with pytest.raises(ModelUnavailable):
        await lane.call(provider)
    assert lane.is_open
    assert (provider.calls, clock.sleeps) == (0, [])


async def test_failures_that_are_not_in_a_row_leave_the_circuit_closed():
    lane = lane_with(Clock(), attempts=1, failures_to_open=2)
    for _ in range(5):
        with pytest.raises(ModelUnavailable):
            await lane.call(Provider(away()))
        await lane.call(Provider())
    assert not lane.is_open


async def test_after_the_cool_down_one_call_finds_out_that_the_provider_is_back():
    clock = Clock()
    lane = await opened(clock)
    clock.now += 15
    assert await lane.call(Provider()) == "ok"
    assert not lane.is_open


async def test_only_one_call_at_a_time_tries_a_resting_provider():
    clock = Clock()
    lane = await opened(clock)
    clock.now += 15
    release = asyncio.Event()
    probe = asyncio.create_task(lane.call(release.wait))
    await asyncio.sleep(0)
    other = Provider()
    with pytest.raises(ModelUnavailable):
        await lane.call(other)
    release.set()
    await probe
    assert other.calls == 0


async def test_a_provider_that_stays_dead_rests_longer_each_time():
    clock = Clock()
    lane = await opened(clock)
    clock.now += 15
    with pytest.raises(ModelUnavailable):
        await lane.call(Provider(away()))
    clock.now += 15
    late = Provider()
    with pytest.raises(ModelUnavailable):
        await lane.call(late)
    clock.now += 15
    assert await lane.call(late) == "ok"


async def test_a_cancelled_probe_does_not_close_the_door_for_ever():
    clock = Clock()
    lane = await opened(clock)
    clock.now += 15
    probe = asyncio.create_task(lane.call(asyncio.Event().wait))
    await asyncio.sleep(0)
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)
    assert await lane.call(Provider()) == "ok"


def test_models_of_one_provider_and_address_share_a_lane():
    lanes = Lanes()
    haiku, sonnet = parse_spec("anthropic:claude-haiku-4-5"), parse_spec("anthropic:claude-sonnet-4-6")
    elsewhere = parse_spec("anthropic:http://localhost:1#claude-haiku-4-5")
    assert lanes.of(haiku) is lanes.of(sonnet)
    assert lanes.of(haiku) is not lanes.of(elsewhere)
