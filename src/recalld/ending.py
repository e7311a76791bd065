"""Ending background tasks for certain."""

from __future__ import annotations

import asyncio
from typing import Any

AGAIN_SECONDS = 1.0
GRACE_SECONDS = (
    25  # for requests and sessions under way; orchestrators kill a process 30 seconds after they asked it to stop
)


async def end(task: asyncio.Task[Any], *, grace_seconds: float = 0.0) -> None:
    """Cancel *task* and wait until it has ended, whatever it ends with.

    A worker, which answers the first cancellation by finishing what is under way, has *grace_seconds* for it. Then it is asked again every
    second: before Python 3.12, `asyncio.wait_for` loses a cancellation that arrives together with the result it waits
    for, and a loop around it would then go on for ever.
    """
    if not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=grace_seconds or AGAIN_SECONDS)
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=AGAIN_SECONDS)
