"""The open session of a turn: served by the fast copy when that is whole, by the journal when not, to those it is meant for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from redis import Redis

from recalld import Memory, Message, UserMemory
from recalld.layers.working.redis import RedisWorkingMemory
from recalld.postgres.embedded import DatabaseUrls
from recalld.values import SessionRef
from tests.services import RedisServer, running_redis

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


def said(*contents: str) -> list[Message]:
    return [Message(role="user", content=content) for content in contents]


async def contents(user: UserMemory, **options: object) -> list[str]:
    context = await user.context("what next?", session_id="s1", at=NOON, **options)  # type: ignore[arg-type]
    return [message.content for message in context.messages]


@pytest.fixture
async def other(migrated_urls: DatabaseUrls) -> AsyncIterator[Memory]:
    """A second process: the same database, working memory of its own."""
    async with Memory.open(database_url=migrated_urls.service, worker=False) as memory:
        yield memory


@pytest.fixture
def redis(tmp_path: Path):
    with running_redis(tmp_path) as server:
        yield server


@pytest.fixture
async def shared(migrated_urls: DatabaseUrls, redis: RedisServer) -> AsyncIterator[Memory]:
    """An installation with working memory in a Redis of its own."""
    async with Memory.open(database_url=migrated_urls.service, redis_url=redis.url, worker=False) as memory:
        yield memory


async def test_every_process_sees_what_the_others_appended(memory: Memory, other: Memory) -> None:
    here, there = memory.user("acme", "ada"), other.user("acme", "ada")
    await here.append("s1", said("one"), at=NOON)
    await there.append("s1", said("two"), at=NOON)
    assert await contents(here) == ["one", "two"]
    await here.append("s1", said("three"), at=NOON)
    assert await contents(there) == ["one", "two", "three"]
    assert await contents(here) == ["one", "two", "three"]


async def test_a_state_set_elsewhere_is_seen(memory: Memory, other: Memory) -> None:
    here, there = memory.user("acme", "ada"), other.user("acme", "ada")
    await here.append("s1", said("one"), at=NOON)
    await here.set_state("s1", {"task": "refund"})
    await there.set_state("s1", {"task": "exchange"})
    assert (await here.context("what next?", session_id="s1", at=NOON)).state == {"task": "exchange"}


async def test_a_session_ended_elsewhere_is_not_open_any_more(memory: Memory, other: Memory) -> None:
    here, there = memory.user("acme", "ada"), other.user("acme", "ada")
    await here.append("s1", said("one"), at=NOON)
    await there.end_session("s1", at=NOON)
    assert await contents(here) == []


async def test_a_session_is_shown_under_its_purpose_only(memory: Memory) -> None:
    support = memory.user("acme", "ada", purpose="support")
    sales = memory.user("acme", "ada", purpose="sales")
    await support.append("s1", said("one"), at=NOON)
    assert await contents(sales) == []
    assert await contents(sales, purposes=["sales", "support"]) == ["one"]
    assert await contents(support) == ["one"]


async def test_a_session_without_memory_is_served_from_the_copy(memory: Memory) -> None:
    ada = memory.user("acme", "ada")
    await ada.append("s1", said("one"), at=NOON, no_memory=True)
    assert await contents(ada) == ["one"]


async def test_a_flushed_redis_is_filled_again_from_the_journal(shared: Memory, redis: RedisServer) -> None:
    ada = shared.user("acme", "ada")
    await ada.append("s1", said("one", "two"), at=NOON)
    with Redis.from_url(redis.url) as client:
        client.flushall()
    await ada.append("s1", said("three"), at=NOON)
    assert await contents(ada) == ["one", "two", "three"]
    kept = await shared.parts.working.read(SessionRef(user=ada.ref, session_id="s1"), await _epoch(shared, ada))
    assert kept is not None
    assert [message.content for message in kept[0]] == ["one", "two", "three"]


async def test_without_redis_the_journal_serves_and_the_answer_says_so(shared: Memory, redis: RedisServer) -> None:
    ada = shared.user("acme", "ada")
    await ada.append("s1", said("one"), at=NOON)
    redis.stop()
    await ada.append("s1", said("two"), at=NOON)
    context = await ada.context("what next?", session_id="s1", at=NOON)
    assert [message.content for message in context.messages] == ["one", "two"]
    assert context.degraded == ("working",)


async def test_redis_that_comes_back_empty_serves_the_whole_session_again(
    shared: Memory, redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recalld.layers.working.redis.REST_SECONDS", 0.0)
    ada = shared.user("acme", "ada")
    await ada.append("s1", said("one"), at=NOON)
    redis.stop()
    await ada.append("s1", said("two"), at=NOON)
    redis.start()
    assert await contents(ada) == ["one", "two"]
    context = await ada.context("what next?", session_id="s1", at=NOON)
    assert context.degraded == ()
    assert [message.content for message in context.messages] == ["one", "two"]


async def test_an_erasure_during_an_append_leaves_no_copy(
    shared: Memory, other: Memory, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy is written while the fence is held, so an erasure comes before it or after it."""
    ada, working = shared.user("acme", "ada"), shared.parts.working
    assert isinstance(working, RedisWorkingMemory)
    await ada.append("s0", said("zero"), at=NOON)
    reached, go_on = asyncio.Event(), asyncio.Event()
    append = working.append

    async def slow(*arguments: object) -> None:
        reached.set()
        await go_on.wait()
        await append(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(working, "append", slow)
    writing = asyncio.create_task(ada.append("s1", said("one"), at=NOON))
    await reached.wait()
    eraser = replace(other.parts.eraser, working=working)
    erasing = asyncio.create_task(eraser.erase(ada.ref))
    while not erasing.done() and not admin.execute("select from pg_locks where not granted").fetchall():
        await asyncio.sleep(0)
    go_on.set()
    await writing
    assert (await erasing).verified
    assert await working.count(ada.ref) == 0


async def _epoch(memory: Memory, user: UserMemory) -> int:
    async with memory.parts.database.transaction("app", user.ref) as tx:
        return await memory.parts.journal.epoch(tx)
