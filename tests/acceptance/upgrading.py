"""A process that upgrades what is kept, and kills itself with SIGKILL at a named point: run by `test_kill_upgrade.py`.

python -m tests.acceptance.upgrading DATABASE_URL SUMMARISER POINT NTH
"""

from __future__ import annotations

import asyncio
import sys

from recalld import Memory
from tests.acceptance.ingesting import plant


async def work(url: str, summariser: str) -> None:
    """Upgrade until nothing is kept; a short lease, so that what a dead process held is taken over soon."""
    async with Memory.open(database_url=url, summariser=summariser, lease_seconds=1.0, worker=False) as memory:
        while (await memory.upgrade()).kept:
            await memory.upgrade(dry_run=False)
            await asyncio.sleep(0.05)


if __name__ == "__main__":
    if sys.argv[3] != "none":
        plant(sys.argv[3], int(sys.argv[4]))
    asyncio.run(work(sys.argv[1], sys.argv[2]))
