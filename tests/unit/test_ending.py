"""Background tasks end, also when a cancellation was lost on the way."""

from __future__ import annotations

import asyncio

import pytest

from recalld import ending
from recalld.ending import end


async def test_a_task_that_loses_its_first_cancellation_ends_all_the_same(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ending, "AGAIN_SECONDS", 0.01)
    lost = 0

    async def deaf() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                if lost:
                    raise
                lost += 1

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    await end(task)
    assert (task.cancelled(), lost) == (True, 1)


async def test_a_task_that_failed_long_ago_ends_without_a_word():
    async def fail() -> None:
        raise RuntimeError("gone")

    task = asyncio.create_task(fail())
    await asyncio.wait({task})
    await end(task)
    assert isinstance(task.exception(), RuntimeError)


async def test_a_task_that_is_busy_is_asked_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ending, "AGAIN_SECONDS", 0.001)
    asked, working = 0, True

    async def worker() -> None:
        nonlocal asked, working
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            asked += 1
            await asyncio.sleep(0.05)
            working = False
            raise

    task = asyncio.create_task(worker())
    await asyncio.sleep(0)
    await end(task, busy=lambda: working)
    assert (task.cancelled(), asked, working) == (True, 1, False)


async def test_a_task_that_stays_busy_is_ended_after_its_grace(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ending, "AGAIN_SECONDS", 0.001)
    monkeypatch.setattr(ending, "GRACE_SECONDS", 0.01)
    asked = 0

    async def worker() -> None:
        nonlocal asked
        for _ in range(2):
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                asked += 1

    task = asyncio.create_task(worker())
    await asyncio.sleep(0)
    await end(task, busy=lambda: True)
    assert asked == 2
