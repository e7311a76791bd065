"""`python -m benchmarks context`: the time of context() in process, over many users and for one with a long memory.

    python -m benchmarks context --users 10000 --episodes 50 --heavy 5000

First calls of somebody chosen at random for each, so that nothing of them is kept in the process; then sessions of eight turns, as people
talk: their first turn and the later ones apart, with the CPU of this process. CPU is what compares runs beside other work.

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
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from rich.progress import track

from benchmarks.load import ingest_people, load, user_id
from benchmarks.people import NOW, TENANT, Writer
from recalld import Memory
from recalld.memory import UserMemory
from recalld.postgres.embedded import DatabaseUrls, EmbeddedPostgres
from recalld.postgres.migrate import migrate

TURNS = 8  # of a session
WARM_UP = 25  # sessions that are not counted
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
@dataclass(frozen=True, slots=True)
class Turn:
    """What one context() took."""

    milliseconds: float  # by the clock
    cpu: float  # milliseconds of this thread


async def measure(who: list[UserMemory], questions: list[str]) -> list[float]:
    """Milliseconds of one context() per question."""
    took: list[float] = []
    for user, question in zip(who, questions, strict=True):
        begun = time.perf_counter()
        await user.context(question, at=NOW)
        took.append((time.perf_counter() - begun) * 1000)
    return took


async def measure_sessions(who: list[UserMemory], writer: Writer) -> tuple[list[Turn], list[Turn]]:
    """The first turns of a session of each, and the later ones."""
    turns: list[list[Turn]] = []
    for user in who:
        asked: list[Turn] = []
        for question in (writer.question() for _ in range(TURNS)):
            begun, cpu = time.perf_counter(), time.thread_time()
            await user.context(question, at=NOW)
            asked.append(Turn((time.perf_counter() - begun) * 1000, (time.thread_time() - cpu) * 1000))
        turns.append(asked)
    return [asked[0] for asked in turns], [turn for asked in turns for turn in asked[1:]]


def report(name: str, took: list[float], cpu: list[float] | None = None) -> None:
    """One line of figures."""
    cuts = statistics.quantiles(took, n=100)
    of_cpu = f"   CPU here p50 {statistics.median(cpu):5.2f} ms" if cpu else ""
    print(
        f"{name:<32} p50 {cuts[49]:6.2f} ms   p95 {cuts[94]:6.2f} ms   p99 {cuts[98]:6.2f} ms{of_cpu}   ({len(took)} calls)"
    )


def report_sessions(name: str, first: list[Turn], later: list[Turn]) -> None:
    """A line for the first turns, one for the others."""
    for turns, kind in ((first, "first turns"), (later, "later turns")):
        report(f"{name}, {kind}", [turn.milliseconds for turn in turns], [turn.cpu for turn in turns])


async def run(urls: DatabaseUrls, arguments: argparse.Namespace) -> None:
    """Warm up and measure."""
    async with opened(urls) as memory:
        writer, chance = Writer(3), random.Random(4)
        if arguments.users:
            named = f"{arguments.users} × {arguments.episodes}"

            def somebody() -> UserMemory:
                return memory.user(TENANT, user_id(chance.randrange(arguments.users)))

            who = [somebody() for _ in range(arguments.calls + 200)]
            took = await measure(who, [writer.question() for _ in who])
            report(f"{named}, one call each", took[200:])
            await measure_sessions([somebody() for _ in range(WARM_UP)], writer)
            talking = [somebody() for _ in range(max(arguments.calls // TURNS, 2))]
            report_sessions(named, *await measure_sessions(talking, writer))
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
