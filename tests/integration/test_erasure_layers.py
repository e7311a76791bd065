"""Erasure while a layer is down: never reported done early, done soon after the layer is back."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

import recalld.wiring
from recalld import Memory, Message, UserMemory
from recalld.errors import VectorIndexUnavailable
from recalld.layers.vectors.base import EpisodeVectors, VectorHit, VectorQuery
from recalld.postgres.embedded import DatabaseUrls
from recalld.postgres.pool import Transaction
from recalld.privacy.verify import NOT_ANSWERED
from recalld.values import UserRef
from tests.redis_index import RedisIndex
from tests.services import RedisServer, running_redis

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
ERASURES = 50 if os.environ.get("RECALLD_FULL") else 10


class RefusingIndex(RedisIndex):
    """An index beside PostgreSQL that refuses everything when told to."""

    refuses = False

    async def upsert(self, tx: Transaction | None, episodes: Sequence[EpisodeVectors]) -> None:
        self._ask()
        await super().upsert(tx, episodes)

    async def search(self, tx: Transaction | None, query: VectorQuery) -> list[VectorHit]:
        self._ask()
        return await super().search(tx, query)

    async def delete(self, tx: Transaction | None, user: UserRef, episode_ids: Sequence[str]) -> None:
        self._ask()
        await super().delete(tx, user, episode_ids)

    async def ids(self, tx: Transaction | None, user: UserRef) -> set[str]:
        self._ask()
        return await super().ids(tx, user)

    def _ask(self) -> None:
        if self.refuses:
            raise VectorIndexUnavailable("the index refuses")


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """A Redis of this test's own, which it may stop; keys survive in its append-only file."""
    with tempfile.TemporaryDirectory(prefix="recalld-tests-") as folder, running_redis(Path(folder)) as server:
        yield server


@pytest.fixture
def index(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> RefusingIndex:
    """The index that the next memory is opened with."""
    index = RefusingIndex(redis_url)
    monkeypatch.setattr(recalld.wiring, "_vectors", lambda settings: index)
    return index


@pytest.fixture
async def memory(migrated_urls: DatabaseUrls, redis: RedisServer, index: RefusingIndex) -> AsyncIterator[Memory]:
    """Working memory in a Redis of its own, vectors in an index beside PostgreSQL, no worker."""
    async with Memory.open(database_url=migrated_urls.service, redis_url=redis.url, worker=False) as memory:
        yield memory


async def remembered(memory: Memory) -> list[UserMemory]:
    """Persons with an episode, its vectors outside, a fact and an open session."""
    users = [memory.user("acme", f"user-{number}") for number in range(ERASURES)]
    for user in users:
        await user.append("s1", [Message(role="user", content="I moved my bakery to Leipzig.")], at=NOON)
        await user.end_session("s1", wait=True, at=NOON)
        await user.append("s2", [Message(role="user", content="It smells of bread.")], at=NOON)
        await user.set_fact("home_city", "Leipzig", at=NOON)
    return users


async def retry(memory: Memory, admin: psycopg.Connection[Any]) -> None:
    """What a worker does when the time of the next attempt has come."""
    admin.execute("update recalld.erasures set retry_at = now() where status <> 'verified'")
    await memory.parts.eraser.resume()


async def test_redis_down(memory: Memory, redis: RedisServer, admin: psycopg.Connection[Any]) -> None:
    users = await remembered(memory)
    redis.stop()
    receipts = [await user.erase() for user in users]
    for user, receipt in zip(users, receipts, strict=True):
        assert (receipt.status, receipt.signature) == ("partial", "")
        assert receipt.layers["working"].after == NOT_ANSWERED
        assert receipt.layers["facts"].after == 0  # the others do not wait for it
        assert (await user.context("bakery", session_id="s2")).text == ""
    await retry(memory, admin)
    assert {(await memory.erasure("acme", receipt.erasure_id)).status for receipt in receipts} == {"partial"}
    redis.start()
    memory.parts.working._away_until = 0.0  # pyright: ignore[reportAttributeAccessIssue] -- the second of rest after a failure
    await retry(memory, admin)
    for receipt in receipts:
        proof = await memory.erasure("acme", receipt.erasure_id)
        assert proof.verified
        assert proof.layers["working"].attempts == 3
        assert proof.layers["facts"].deleted == proof.layers["facts"].before > 0


async def test_the_vector_store_refusing(memory: Memory, index: RefusingIndex, admin: psycopg.Connection[Any]) -> None:
    users = await remembered(memory)
    assert all([await index.ids(None, user.ref) for user in users])
    index.refuses = True
    receipts = [await user.erase() for user in users]
    assert {receipt.status for receipt in receipts} == {"partial"}
    assert {receipt.layers["vector_index"].error for receipt in receipts} == {"VectorIndexUnavailable"}
    assert [await user.search("bakery") for user in users] == [[]] * ERASURES
    index.refuses = False
    await retry(memory, admin)
    assert {(await memory.erasure("acme", receipt.erasure_id)).status for receipt in receipts} == {"verified"}
    assert not any([await index.ids(None, user.ref) for user in users])


async def test_the_worker_absent_when_a_process_died_in_between(
    memory: Memory, index: RefusingIndex, admin: psycopg.Connection[Any]
) -> None:
    users = await remembered(memory)
    begun = [await memory.parts.eraser.begin(user.ref) for user in users]
    assert {(await memory.erasure("acme", one.erasure_id)).status for one in begun} == {"partial"}
    assert [await user.facts() for user in users] == [[]] * ERASURES
    await retry(memory, admin)
    assert {(await memory.erasure("acme", one.erasure_id)).status for one in begun} == {"verified"}
    assert not any([await index.ids(None, user.ref) for user in users])


async def test_a_worker_brings_an_erasure_to_its_end_by_itself(
    migrated_urls: DatabaseUrls, memory: Memory, index: RefusingIndex, redis: RedisServer
) -> None:
    user = (await remembered(memory))[0]
    index.refuses = True
    receipt = await user.erase()
    async with Memory.open(database_url=migrated_urls.service, redis_url=redis.url, sweep_seconds=0.1) as other:
        index.refuses = False
        while not (await other.erasure("acme", receipt.erasure_id)).verified:
            assert other.parts.worker is not None


async def test_erasing_again_while_partial_goes_on_under_the_same_id(memory: Memory, index: RefusingIndex) -> None:
    user = (await remembered(memory))[0]
    index.refuses = True
    first = await user.erase()
    index.refuses = False
    second = await user.erase()
    assert second.erasure_id == first.erasure_id
    assert second.verified
    assert second.layers["facts"].deleted == second.layers["facts"].before > 0


async def test_vectors_of_a_person_who_has_returned_stay(
    memory: Memory, index: RefusingIndex, admin: psycopg.Connection[Any]
) -> None:
    user = (await remembered(memory))[0]
    await user.erase()
    await user.append("s1", [Message(role="user", content="I moved my bakery to Porto.")], at=NOON)
    report = await user.end_session("s1", wait=True, at=NOON)
    assert report.episode is not None
    admin.execute("update recalld.erasures set sweep_at = now()")
    await memory.parts.eraser.resume()
    assert await index.ids(None, user.ref) == {report.episode.episode_id}
    assert len(await user.search("bakery")) == 1
