"""Reads from a streaming replica: never an erased user, never less than the session has written, never an error of the replica's."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from recalld import Memory, Message, UserMemory
from recalld.errors import UnsafeDatabase
from recalld.postgres.binaries import Binaries
from recalld.postgres.cluster import ADMIN
from tests.conftest import PREFIX, open_directory
from tests.standby import Pair, running_pair

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def pair(binaries: Binaries) -> Iterator[Pair]:
    home = open_directory(Path(tempfile.mkdtemp(prefix=PREFIX)))
    with running_pair(home, binaries) as running:
        yield running
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine of a test may be busy; who is waited for is told by other means than a second."""
    monkeypatch.setattr("recalld.postgres.replica.SECONDS", 60.0)


@pytest.fixture
def paused(pair: Pair) -> Iterator[None]:
    """A replica that stands still; the test resumes it, or the end does."""
    yield
    pair.resume()


@asynccontextmanager
async def opened(pair: Pair, replica_url: str | None = None) -> AsyncIterator[Memory]:
    url = replica_url or pair.url(pair.standby)
    async with Memory.open(database_url=pair.url(pair.primary), replica_url=url, worker=False) as memory:
        yield memory


@pytest.fixture
async def memory(pair: Pair) -> AsyncIterator[Memory]:
    async with opened(pair) as memory:
        yield memory


@pytest.fixture
def ada(memory: Memory) -> UserMemory:
    """A new person each time: the pair of servers is shared by all tests."""
    return memory.user("acme", f"ada-{uuid4().hex[:12]}")


def counted(memory: Memory) -> tuple[int, int, int]:
    """Reads that the replica served, was too late for, and failed."""
    counts = memory.parts.recall.counts()
    return counts["replica_current"], counts["replica_stale"], counts["replica_failed"]


async def tell(user: UserMemory, session_id: str, *texts: str) -> None:
    await user.append(session_id, [Message(role="user", content=text, at=NOON) for text in texts], at=NOON)
    await user.end_session(session_id, wait=True, at=NOON, budget_seconds=60)


async def moved_to_berlin(user: UserMemory) -> None:
    await tell(user, "s1", "I moved to Berlin last week.", "The printer in my office broke again.")


async def everything(user: UserMemory) -> tuple[list[str], list[str], list[str]]:
    """Values of facts, episodes of a search, and of a context."""
    context = await user.context("the printer in my office", at=NOON)
    hits = await user.search("the printer in my office", at=NOON)
    facts = await user.facts(at=NOON)
    assert sorted(fact.value for fact in context.facts) == sorted(fact.value for fact in facts)
    return (
        [fact.value for fact in facts],
        [hit.episode.session_id or "" for hit in hits],
        [hit.episode.session_id or "" for hit in context.episodes],
    )


async def test_the_replica_serves_what_the_primary_has(pair: Pair, memory: Memory, ada: UserMemory):
    await moved_to_berlin(ada)
    pair.catch_up()
    assert await everything(ada) == (["Berlin"], ["s1"], ["s1"])
    assert counted(memory) == (3, 0, 0)


async def test_nothing_of_an_unknown_user_is_no_disagreement(pair: Pair, memory: Memory, ada: UserMemory):
    assert await everything(ada) == ([], [], [])
    assert counted(memory) == (3, 0, 0)


@pytest.mark.usefixtures("paused")
async def test_who_has_just_written_reads_what_was_written(pair: Pair, memory: Memory, ada: UserMemory):
    pair.pause()
    await moved_to_berlin(ada)
    assert await everything(ada) == (["Berlin"], ["s1"], ["s1"])
    assert counted(memory) == (0, 3, 0)
    pair.resume()
    await everything(ada)
    assert counted(memory) == (3, 3, 0)


@pytest.mark.usefixtures("paused")
async def test_the_open_session_is_the_primarys(pair: Pair, memory: Memory, ada: UserMemory):
    await moved_to_berlin(ada)
    await ada.append("s2", [Message(role="user", content="Hello again.", at=NOON)], at=NOON)
    pair.catch_up()
    pair.pause()
    await ada.append("s2", [Message(role="user", content="My order is A-17.", at=NOON)], at=NOON)
    context = await ada.context("the printer in my office", session_id="s2", at=NOON)
    assert [message.content for message in context.messages] == ["Hello again.", "My order is A-17."]
    assert [fact.value for fact in context.facts] == ["Berlin"]
    assert counted(memory) == (1, 0, 0)


@pytest.mark.usefixtures("paused")
async def test_a_replica_that_still_has_an_erased_user_serves_nothing_of_them(
    pair: Pair, memory: Memory, ada: UserMemory
):
    await moved_to_berlin(ada)
    pair.catch_up()
    assert await everything(ada) == (["Berlin"], ["s1"], ["s1"])
    pair.pause()
    await ada.erase()
    assert await everything(ada) == ([], [], [])
    async with opened(pair) as another:  # a process that has kept nothing
        assert await everything(another.user(ada.ref.tenant_id, ada.ref.user_id)) == ([], [], [])
        assert counted(another) == (0, 3, 0)
    await tell(ada, "s9", "I live in Lisbon now.")
    assert (await everything(ada))[0] == ["Lisbon"]
    pair.resume()
    assert (await everything(ada))[0] == ["Lisbon"]


@pytest.mark.usefixtures("paused")
async def test_what_a_replica_still_tells_of_an_erased_user_is_not_kept(pair: Pair, memory: Memory, ada: UserMemory):
    await moved_to_berlin(ada)
    pair.catch_up()
    pair.pause()
    await ada.erase()
    with pair.admin(pair.primary) as admin:  # as the second pass of the erasure does
        admin.execute("delete from recalld.users where user_id = %s", (ada.ref.user_id,))
    assert await everything(ada) == ([], [], [])
    recall = memory.parts.recall
    assert recall._kept_facts.get(ada.ref, ("general",)) is None
    assert recall._kept_catalogues.get(ada.ref, ("general",)) is None


@pytest.mark.usefixtures("paused")
async def test_what_was_deleted_is_not_served_from_a_replica_that_still_has_it(
    pair: Pair, memory: Memory, ada: UserMemory
):
    await moved_to_berlin(ada)
    pair.catch_up()
    pair.pause()
    (episode,) = await ada.episodes()
    await ada.delete_episode(episode.episode_id, at=NOON)
    assert await everything(ada) == ([], [], [])


async def test_a_replica_that_is_down_is_not_missed(
    pair: Pair, memory: Memory, ada: UserMemory, monkeypatch: pytest.MonkeyPatch
):
    await moved_to_berlin(ada)
    pair.catch_up()
    await everything(ada)
    pair.standby.stop()
    try:
        assert await everything(ada) == (["Berlin"], ["s1"], ["s1"])
        async with opened(pair) as another:
            assert (await everything(another.user(ada.ref.tenant_id, ada.ref.user_id)))[0] == ["Berlin"]
    finally:
        pair.start_standby()
        pair.catch_up()
    monkeypatch.setattr("recalld.postgres.replica.REST_SECONDS", 0.0)
    served = counted(memory)[0]
    for _ in range(100):
        memory.parts.replica._away_until = 0.0  # pyright: ignore[reportOptionalMemberAccess]
        await everything(ada)
        if counted(memory)[0] > served:
            break
    assert counted(memory)[0] > served


async def test_a_replica_that_does_not_answer_is_not_waited_for(
    pair: Pair, ada: UserMemory, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("recalld.wiring.REPLICA_PATIENCE", (0.05,))
    await moved_to_berlin(ada)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        async with opened(pair, f"postgresql://anybody@127.0.0.1:{port}/recalld?connect_timeout=2") as memory:
            assert (await everything(memory.user(ada.ref.tenant_id, ada.ref.user_id)))[0] == ["Berlin"]
            assert counted(memory)[0] == 0


async def test_a_login_of_the_replica_that_sees_too_much_is_refused(pair: Pair):
    with pytest.raises(UnsafeDatabase):
        async with opened(pair, pair.url(pair.standby, ADMIN)):
            pass
