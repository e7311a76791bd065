"""Ending background tasks for certain."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

AGAIN_SECONDS = 1.0
GRACE_SECONDS = 25  # for requests and sessions under way: an orchestrator kills 30 seconds after it asked


async def end(task: asyncio.Task[Any], *, busy: Callable[[], bool] | None = None) -> None:
    """Cancel *task* and wait until it has ended, whatever it ends with.

    It is asked again every second: before Python 3.12, `asyncio.wait_for` loses a cancellation that arrives together with the result it
    waits for, and a loop around it would then go on for ever. A worker finishes what is under way after it was asked: as long as it is
    *busy* it is left to that, for `GRACE_SECONDS` at most.
    """
    until = time.monotonic() + GRACE_SECONDS
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=AGAIN_SECONDS)
        while busy is not None and busy() and not task.done() and time.monotonic() < until:
            await asyncio.wait({task}, timeout=AGAIN_SECONDS)
