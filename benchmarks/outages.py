"""Erasure while a layer is away: how many are called done too early, and how soon after its return they are done.

    python -m benchmarks outages [--erasures N] [--away SECONDS]

Real PostgreSQL, a Redis for working memory, another one for a vector index beside PostgreSQL, and one worker with the default settings.
Each of three layers is away in turn: Redis is killed, the index is killed, and the process that erases dies behind the fence while no
worker runs. So many people are erased meanwhile. Printed: erasures called verified while the layer was away, reads that found anything,
and the seconds from the layer's return until the first and the last is verified.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.erasure import Place, index_in_redis
from recalld import Memory, Message, UserMemory
from recalld.errors import RecalldError
from recalld.postgres.embedded import EmbeddedPostgres
from recalld.postgres.migrate import migrate
from tests.services import RedisServer, running_redis

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
PROMISED = 30.0  # seconds after the return


@dataclass(frozen=True, kw_only=True)
class Installation(Place):
    """Where everything runs."""

    index_url: str

    @asynccontextmanager
    async def open(self, **settings: Any) -> AsyncGenerator[Memory]:
        """With the index in a Redis of its own, and otherwise the default settings."""
        with index_in_redis(self.index_url):
            urls = {"database_url": self.database_url, "redis_url": self.redis_url}
            async with Memory.open(**urls, warm_up=False, **settings) as memory:
                yield memory


@dataclass
class Outcome:
    """What came of one layer."""

    layer: str
    erasures: int
    early: int = 0  # called verified while the layer was away
    found: int = 0  # reads that found anything after the call
    first: float = 0.0  # seconds from the return
    last: float = 0.0

    def __str__(self) -> str:
        verdict = "within" if self.last <= PROMISED else "NOT within"
        return (
            f"{self.layer}: {self.erasures} erasures, {self.early} called done while it was away, {self.found} reads found anything; "
            f"after its return the first was done in {self.first:.1f} s, the last in {self.last:.1f} s ({verdict} {PROMISED:.0f} s)"
        )


async def remembered(memory: Memory, prefix: str, count: int) -> list[UserMemory]:
    """People with an episode, its vectors outside, a fact and an open session."""
    users = [memory.user("acme", f"{prefix}-{number}") for number in range(count)]
    for user in users:
        await user.append("s1", [Message(role="user", content="I moved my bakery to Leipzig.")], at=NOON)
        await user.end_session("s1", wait=True, at=NOON)
        await user.append("s2", [Message(role="user", content="It smells of bread.")], at=NOON)
        await user.set_fact("home_city", "Leipzig", at=NOON)
    return users


async def with_a_store_away(place: Installation, layer: str, server: RedisServer, count: int, away: float) -> Outcome:
    """A store is killed, people are erased, a worker keeps trying, and the store comes back."""
    outcome = Outcome(layer=layer, erasures=count)
    async with place.open(worker=True) as memory:
        users = await remembered(memory, layer.split(maxsplit=1)[0], count)
        server.stop()
        ids = [(await user.erase()).erasure_id for user in users]
        await asyncio.sleep(away)
        outcome.early = sum([(await memory.erasure("acme", one)).verified for one in ids])
        outcome.found = sum([bool(await user.facts() or await user.search("bakery")) for user in users])
        server.start()
        await until_done(memory, ids, outcome)
    return outcome


async def with_no_worker(place: Installation, count: int, away: float) -> Outcome:
    """The erasing process dies behind the fence; nobody works until a worker comes."""
    outcome = Outcome(layer="worker absent, the erasing process dead", erasures=count)
    async with place.open(worker=False) as memory:
        users = await remembered(memory, "worker", count)
        ids = [(await memory.parts.eraser.begin(user.ref)).erasure_id for user in users]
        await asyncio.sleep(away)
        outcome.early = sum([(await memory.erasure("acme", one)).verified for one in ids])
        outcome.found = sum([bool(await user.facts() or await user.search("bakery")) for user in users])
    async with place.open(worker=True) as memory:
        await until_done(memory, ids, outcome)
    return outcome


async def until_done(memory: Memory, ids: Sequence[str], outcome: Outcome) -> None:
    """Look until all are verified, two minutes at most."""
    begun, waiting = time.perf_counter(), set(ids)
    while waiting and time.perf_counter() - begun < 120:
        for one in sorted(waiting):
            try:
                if (await memory.erasure("acme", one)).verified:
                    waiting.discard(one)
                    outcome.first = outcome.first or time.perf_counter() - begun
            except RecalldError:
                continue
        await asyncio.sleep(0.1)
    outcome.last = float("inf") if waiting else time.perf_counter() - begun


async def run(place: Installation, redis: RedisServer, index: RedisServer, count: int, away: float) -> None:
    """One layer after the other."""
    print(await with_a_store_away(place, "Redis stopped", redis, count, away), flush=True)
    print(await with_a_store_away(place, "vector store refusing", index, count, away), flush=True)
    print(await with_no_worker(place, count, 0.0), flush=True)


def main(arguments: Sequence[str]) -> None:
    """Run on an embedded server of its own and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks outages", description=__doc__)
    parser.add_argument("--erasures", type=int, default=50)
    parser.add_argument("--away", type=float, default=30.0, help="seconds that a store stays away after the erasures")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)  # the server's account, when this is run by root
        (folder / "r").mkdir()
        (folder / "i").mkdir()
        with running_redis(folder / "r") as redis, running_redis(folder / "i") as index:
            server = EmbeddedPostgres(folder / "postgres")
            urls = server.start()
            try:
                asyncio.run(migrate(urls.migrator))
                place = Installation(database_url=urls.service, redis_url=redis.url, index_url=index.url)
                asyncio.run(run(place, redis, index, options.erasures, options.away))
            finally:
                server.stop()
