"""A process that ingests what waits in the queue, and kills itself with SIGKILL at a named point: run by `test_kill.py`.

    python ingesting.py DATABASE_URL POINT NTH

POINT is `module:Class.method:before|after`, or `none` to work until nothing waits.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import sys
from functools import wraps
from typing import Any

from recalld import Memory


def plant(point: str, nth: int) -> None:
    """Make the *nth* call of a method the last thing this process does."""
    module_name, qualified, moment = point.split(":")
    class_name, method_name = qualified.split(".")
    owner = getattr(importlib.import_module(module_name), class_name)
    original = getattr(owner, method_name)
    calls = 0

    @wraps(original)
    async def method(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        place = calls
        if moment == "before" and place == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        result = await original(*args, **kwargs)
        if moment == "after" and place == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, method_name, method)


async def work(url: str) -> None:
    """Ingest until nothing waits; a short lease and sweep, so that what a dead process held is taken over soon."""
    async with Memory.open(database_url=url, lease_seconds=1.0, sweep_seconds=0.2, worker_concurrency=4) as memory:
        while (await memory.backlog())["waiting"]:
            await asyncio.sleep(0.05)


if __name__ == "__main__":
    if sys.argv[2] != "none":
        plant(sys.argv[2], int(sys.argv[3]))
    asyncio.run(work(sys.argv[1]))
