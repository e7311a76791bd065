"""Ending background tasks for certain."""

from __future__ import annotations

import asyncio
from typing import Any

AGAIN_SECONDS = 1.0


async def end(task: asyncio.Task[Any]) -> None:
    """Cancel *task* and wait until it has ended, whatever it ends with.

    Asked again every second: before Python 3.12, `asyncio.wait_for` loses a cancellation that arrives together with the result it waits
    for, and a loop around it would then go on for ever.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=AGAIN_SECONDS)
