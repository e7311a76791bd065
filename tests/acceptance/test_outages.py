"""Stores beside PostgreSQL fail under load: no request fails, no message is lost, and everything is equal afterwards.

`RECALLD_FULL=1` runs 200 requests a second and an index that is away for a minute (with `-s` it prints the rate that was reached).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from recalld import Memory, MemoryContext, Message, UserMemory
from recalld.postgres.embedded import DatabaseUrls
from recalld.testing.pinecone_server import PineconeServer
from tests.services import RedisServer, running_redis

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
USERS = 8
FULL = os.environ.get("RECALLD_FULL") == "1"
RATE = 200 if FULL else 0  # requests a second; 0: as fast as they are answered
SECONDS = 20.0 if FULL else 0.0  # each of five parts lasts so long at least
TALKERS, STEPS = (40, 20) if FULL else (3, 20)  # steps of each in a part, at least


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with running_redis(tmp_path) as server:
        yield server


@pytest.fixture
async def index() -> AsyncIterator[PineconeServer]:
    async with PineconeServer() as server:
        yield server


@asynccontextmanager
async def opened(
    urls: DatabaseUrls, redis: RedisServer, index: PineconeServer, monkeypatch: pytest.MonkeyPatch, *, worker: bool
) -> AsyncIterator[Memory]:
    monkeypatch.setattr("recalld.layers.vectors.pinecone.SEARCH_SECONDS", 5.0)  # the machine of a test may be busy
    monkeypatch.setattr("recalld.layers.working.redis.TIMEOUT_SECONDS", 5.0)
    options: dict[str, Any] = {"vectors": f"pinecone:{index.url}", "vectors_api_key": "any", "redis_url": redis.url}
    async with Memory.open(database_url=urls.service, worker=worker, **options) as memory:
        yield memory


@pytest.fixture
async def memory(
    migrated_urls: DatabaseUrls, redis: RedisServer, index: PineconeServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Memory]:
    async with opened(migrated_urls, redis, index, monkeypatch, worker=False) as memory:
        yield memory


@pytest.fixture
async def served(
    migrated_urls: DatabaseUrls, redis: RedisServer, index: PineconeServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Memory]:
    """The same with a worker of its own."""
    async with opened(migrated_urls, redis, index, monkeypatch, worker=True) as memory:
        yield memory


async def talk(user: UserMemory, session_id: str, rounds: int) -> list[MemoryContext]:
    """Turns of a conversation: a message, then the context for the answer. Nothing is caught: a failed request fails the test."""
    blocks: list[MemoryContext] = []
    for number in range(rounds):
        said = Message(role="user", content=f"Part {number} of order A-{number} of {session_id} arrived broken.")
        await user.append(session_id, [said], at=NOON)
        blocks.append(await user.context("what about my order?", session_id=session_id, at=NOON))
    return blocks


async def everybody(users: list[UserMemory], session_id: str, rounds: int) -> list[list[MemoryContext]]:
    """All users at once."""
    return await asyncio.gather(*(talk(user, session_id, rounds) for user in users))


async def test_nothing_fails_and_nothing_is_lost_while_redis_and_the_index_are_away(
    memory: Memory, redis: RedisServer, index: PineconeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = [memory.user("acme", f"user-{number}") for number in range(USERS)]
    before = await everybody(users, "s1", 5)
    assert {block.degraded for blocks in before for block in blocks} == {()}
    await asyncio.gather(*(user.end_session("s1", wait=True, at=NOON) for user in users[:2]))

    talking = asyncio.create_task(everybody(users, "s2", 10))
    redis.stop()
    await index.stop()
    during = await talking
    reports = await asyncio.gather(*(user.end_session("s1", wait=True, at=NOON) for user in users[2:]))
    assert {report.status for report in reports} <= {"ingested", "queued"}
    assert ("vectors", "working") in {block.degraded for blocks in during for block in blocks}
    assert {blocks[-1].messages[-1].content[:6] for blocks in during} == {"Part 9"}
    assert [len(await user.messages("s2")) for user in users] == [10] * USERS

    redis.start()  # empty: it keeps nothing on disk
    await index.start()
    monkeypatch.setattr("recalld.layers.working.redis.REST_SECONDS", 0.0)
    monkeypatch.setattr("recalld.layers.vectors.reach.REST_SECONDS", 0.0)
    await memory.parts.settle()
    await rested(users[0])
    await everybody(users, "s2", 3)
    with Redis.from_url(redis.url) as client:
        client.flushall()
    after = await everybody(users, "s2", 2)
    assert {blocks[-1].degraded for blocks in after} == {()}
    assert {blocks[-1].messages[-1].content[:6] for blocks in after} == {"Part 1"}
    assert [len(await user.messages("s2")) for user in users] == [15] * USERS

    await asyncio.gather(*(user.end_session("s2", wait=True, at=NOON) for user in users))
    await memory.parts.reconciler.deliver()
    compared = await memory.parts.reconciler.verify()
    assert (compared.equal, compared.users, compared.episodes) == (True, USERS, 2 * USERS)
    for user in users:
        assert {session.state for session in await user.sessions()} == {"ingested"}
        assert [session.message_count for session in await user.sessions()] in ([15, 5], [5, 15])


async def rested(user: UserMemory) -> None:
    """Ask until the stores, which are left alone for a moment after a failure, are asked again."""
    async with asyncio.timeout(60):
        while (await user.context("what about my order?", session_id="s2", at=NOON)).degraded:
            await asyncio.sleep(0)


# ---------------------------------------------------------------- as many requests as a busy installation has
@dataclass(slots=True)
class Talker:
    """Somebody who talks without pause, one request after the other. Nothing is caught: a failed request fails the test."""

    user: UserMemory
    said: dict[str, int] = field(default_factory=dict[str, int])  # messages that were acknowledged, by session
    last: str = ""
    requests: int = 0

    async def step(self) -> None:
        """The next request: of twenty ten appends, five contexts, four searches and the end of the session."""
        place, session_id = self.requests % 20, f"talk-{self.requests // 20}"
        self.requests += 1
        if place % 2 == 0:
            said = Message(role="user", content=f"Part {place} of order A-{self.requests} arrived broken.")
            await self.user.append(session_id, [said], at=NOON)
            self.last = said.content
            self.said[session_id] = self.said.get(session_id, 0) + 1
        elif place == 19:
            await self.user.end_session(session_id, at=NOON)
        elif place % 4 == 3:
            await self.user.search("which part of my order was broken?", at=NOON)
        else:
            block = await self.user.context("what about my order?", session_id=session_id, at=NOON)
            assert block.messages[-1].content == self.last


async def load(talkers: list[Talker]) -> float:
    """Requests of everybody, at `RATE` a second in all; the rate that was reached."""
    loop = asyncio.get_running_loop()
    begun, interval = loop.time(), len(talkers) / RATE if RATE else 0.0

    async def one(talker: Talker, offset: float) -> int:
        number = 0
        while number < STEPS or loop.time() < begun + SECONDS:
            if (early := begun + offset + number * interval - loop.time()) > 0:
                await asyncio.sleep(early)
            await talker.step()
            number += 1
        return number

    made = await asyncio.gather(*(one(talker, interval * place / len(talkers)) for place, talker in enumerate(talkers)))
    return sum(made) / (loop.time() - begun)


async def test_a_minute_without_the_index_and_redis_is_not_noticed(
    served: Memory, redis: RedisServer, index: PineconeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    talkers = [Talker(served.user("acme", f"user-{number}")) for number in range(TALKERS)]
    rates = [await load(talkers)]

    for change in (redis.stop, redis.start, flushed(redis)):  # the index is away all the time
        await index.stop()
        loading = asyncio.create_task(load(talkers))
        await asyncio.to_thread(change)
        rates.append(await loading)
    deleted, erased = talkers[0].user, talkers[1].user
    await deleted.delete_session("talk-0", at=NOON)
    receipt = await erased.erase()
    assert receipt.status == "partial"

    await index.start()
    monkeypatch.setattr("recalld.layers.working.redis.REST_SECONDS", 0.0)
    monkeypatch.setattr("recalld.layers.vectors.reach.REST_SECONDS", 0.0)
    await rested(talkers[2].user)
    rates.append(await load(talkers[2:]))
    print(f"requests per second: {', '.join(f'{rate:.0f}' for rate in rates)}")

    await ingested(served, talkers)
    for talker in talkers[2:]:
        kept = {session.ref.session_id: session.message_count for session in await talker.user.sessions(limit=1000)}
        assert kept == talker.said
    await verified(served, receipt.erasure_id)  # until then the index has vectors of the erased
    await equal(served)
    assert await served.parts.vectors.ids(None, erased.ref) == set()


async def verified(memory: Memory, erasure_id: str) -> None:
    """Help the worker until the time of the next attempt has come and an erasure is verified."""
    async with asyncio.timeout(60):
        while (await memory.erasure("acme", erasure_id)).status != "verified":
            await memory.parts.eraser.resume()
            await asyncio.sleep(0.05)


async def equal(memory: Memory) -> None:
    """Help the worker until index and SQL agree."""
    async with asyncio.timeout(60):
        while not (await memory.parts.reconciler.verify()).equal:
            await memory.parts.removals.deliver()
            await memory.parts.reconciler.deliver()
            await asyncio.sleep(0.05)


async def ingested(memory: Memory, talkers: list[Talker]) -> None:
    """Help the worker until every ended session is memory."""
    for _ in range(600):
        waiting = [one for talker in talkers for one in await talker.user.sessions(state="ended", limit=1000)]
        if not waiting:
            return
        for session in waiting:
            await memory.parts.worker.ingest(session.ref, session.epoch)
        await asyncio.sleep(0.05)  # those that the worker is at
    raise AssertionError("sessions wait for ever")


def flushed(redis: RedisServer) -> Callable[[], None]:
    """Empties Redis."""

    def flush() -> None:
        with Redis.from_url(redis.url) as client:
            client.flushall()

    return flush
