"""Stores beside PostgreSQL fail under load: no request fails, no message is lost, and everything is equal afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
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


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with running_redis(tmp_path) as server:
        yield server


@pytest.fixture
async def index() -> AsyncIterator[PineconeServer]:
    async with PineconeServer() as server:
        yield server


@pytest.fixture
async def memory(
    migrated_urls: DatabaseUrls, redis: RedisServer, index: PineconeServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Memory]:
    monkeypatch.setattr("recalld.layers.vectors.pinecone.SEARCH_SECONDS", 5.0)  # the machine of a test may be busy
    monkeypatch.setattr("recalld.layers.working.redis.TIMEOUT_SECONDS", 5.0)
    options: dict[str, Any] = {"vectors": f"pinecone:{index.url}", "vectors_api_key": "any", "redis_url": redis.url}
    async with Memory.open(database_url=migrated_urls.service, worker=False, **options) as memory:
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
