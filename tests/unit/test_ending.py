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


async def test_work_under_way_is_finished_before_a_task_is_asked_again():
    finished = asyncio.Event()

    async def worker() -> None:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            await asyncio.sleep(0.01)
            finished.set()
            raise

    task = asyncio.create_task(worker())
    await asyncio.sleep(0)
    await end(task, grace_seconds=60)
    assert (task.cancelled(), finished.is_set()) == (True, True)
