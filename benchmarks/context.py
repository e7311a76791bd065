"""`python -m benchmarks context`: the time of context() in process, over many users and for one with a long memory.

    python -m benchmarks context --users 10000 --episodes 50 --heavy 5000

Users are copies of twenty generated ones whose sessions were ingested (`benchmarks/load.py`); their rows lie scattered, as they do when
sessions end over months. With `--data-dir` they are made once.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path

from rich.progress import track

from benchmarks.load import ingest_people, load, user_id
from benchmarks.people import NOW, TENANT, Writer
from recalld import Memory
from recalld.memory import UserMemory
from recalld.postgres.embedded import DatabaseUrls, EmbeddedPostgres
from recalld.postgres.migrate import migrate

TOGETHER = 8  # episodes of the heavy user that are added at a time


# ---------------------------------------------------------------- loading
@contextmanager
def serving(data_dir: Path | None) -> Iterator[DatabaseUrls]:
    """An embedded PostgreSQL in *data_dir*, or in a folder that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="recalld-bench-") as folder:
        Path(folder).chmod(0o711)  # the server has an account of its own
        server = EmbeddedPostgres(data_dir or Path(folder) / "data")
        urls = server.start()
        try:
            asyncio.run(migrate(urls.migrator))
            yield urls
        finally:
            server.stop()


@asynccontextmanager
async def opened(urls: DatabaseUrls) -> AsyncIterator[Memory]:
    """The installation to measure."""
    async with Memory.open(database_url=urls.service, worker=False) as memory:
        yield memory


async def known(urls: DatabaseUrls, user: str) -> bool:
    """Whether an earlier run made the user."""
    async with opened(urls) as memory:
        return bool(await memory.user(TENANT, user).episodes(limit=1))


async def make_people(urls: DatabaseUrls, sessions: int) -> None:
    """Those from whom all others are copied."""
    async with opened(urls) as memory:
        await ingest_people(memory, sessions)


async def make_heavy(urls: DatabaseUrls, episodes: int) -> None:
    """One user with a long memory."""
    writer = Writer(5)
    async with opened(urls) as memory:
        user = memory.user(TENANT, heavy_id(episodes))
        for start in track(range(0, episodes, TOGETHER), description="heavy user"):
            await asyncio.gather(
                *(
                    user.add_episode(**writer.episode(), ended_at=NOW - timedelta(hours=5) * (number + 1))
                    for number in range(start, min(start + TOGETHER, episodes))
                )
            )


def prepare(urls: DatabaseUrls, users: int, episodes: int, heavy: int) -> None:
    """Make whom an earlier run has not made."""
    if users and not asyncio.run(known(urls, user_id(users - 1))):
        asyncio.run(make_people(urls, episodes))
        loaded = load(urls.migrator, users)
        print(f"loaded {users:,} users in {loaded.seconds:.0f} s")
    if heavy and not asyncio.run(known(urls, heavy_id(heavy))):
        asyncio.run(make_heavy(urls, heavy))


def heavy_id(episodes: int) -> str:
    """The user with so many episodes."""
    return f"heavy-{episodes}"


# ---------------------------------------------------------------- measuring
async def measure(who: list[UserMemory], questions: list[str]) -> list[float]:
    """Milliseconds of one context() per question."""
    took: list[float] = []
    for user, question in zip(who, questions, strict=True):
        begun = time.perf_counter()
        await user.context(question, at=NOW)
        took.append((time.perf_counter() - begun) * 1000)
    return took


def report(name: str, took: list[float]) -> None:
    """One line of figures."""
    cuts = statistics.quantiles(took, n=100)
    print(f"{name:<28} p50 {cuts[49]:6.2f} ms   p95 {cuts[94]:6.2f} ms   p99 {cuts[98]:6.2f} ms   ({len(took)} calls)")


async def run(urls: DatabaseUrls, arguments: argparse.Namespace) -> None:
    """Warm up and measure."""
    async with opened(urls) as memory:
        writer, chance = Writer(3), random.Random(4)
        if arguments.users:
            who = [
                memory.user(TENANT, user_id(chance.randrange(arguments.users))) for _ in range(arguments.calls + 200)
            ]
            took = await measure(who, [writer.question() for _ in who])
            report(f"{arguments.users} users × {arguments.episodes}", took[200:])
        if arguments.heavy:
            user = memory.user(TENANT, heavy_id(arguments.heavy))
            took = await measure([user] * 120, [writer.question() for _ in range(120)])
            report(f"one user with {arguments.heavy}", took[20:])


def main(argv: list[str]) -> None:
    """Parse the options and run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks context", description=__doc__)
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--episodes", type=int, default=20, help="per user")
    parser.add_argument("--heavy", type=int, default=0, help="episodes of one more user with a long memory")
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument(
        "--data-dir", type=Path, help="embedded PostgreSQL to keep the data in; filled at the first run"
    )
    arguments = parser.parse_args(argv)
    with serving(arguments.data_dir) as urls:
        prepare(urls, arguments.users, arguments.episodes, arguments.heavy)
        asyncio.run(run(urls, arguments))
