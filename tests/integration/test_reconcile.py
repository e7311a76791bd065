"""PostgreSQL and an index outside it: the outbox, the proof that both hold the same, and repair in both directions."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from qdrant_client import AsyncQdrantClient
from qdrant_client.http.exceptions import ResponseHandlingException
from typer.testing import CliRunner

from recalld import Memory, Message, UserMemory
from recalld.cli.app import app
from recalld.errors import ConfigurationError
from recalld.layers.vectors.base import EpisodeVectors
from recalld.layers.vectors.reconcile import Comparison
from recalld.postgres.embedded import DatabaseUrls
from recalld.testing.pinecone_server import PineconeServer
from recalld.testing.vector_index import towards

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


@pytest.fixture
async def server() -> AsyncIterator[PineconeServer]:
    async with PineconeServer() as server:
        yield server


@pytest.fixture
async def memory(
    migrated_urls: DatabaseUrls, server: PineconeServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Memory]:
    """An installation whose vectors are elsewhere."""
    monkeypatch.setattr("recalld.layers.vectors.reach.REST_SECONDS", 0.0)
    monkeypatch.setattr("recalld.layers.vectors.pinecone.SEARCH_SECONDS", 0.3)
    options = {"vectors": f"pinecone:{server.url}", "vectors_api_key": "any", "worker": False}
    async with Memory.open(database_url=migrated_urls.service, **options) as memory:
        yield memory


@pytest.fixture
def ada(memory: Memory) -> UserMemory:
    return memory.user("acme", "ada")


async def remember(user: UserMemory, session_id: str, text: str) -> str:
    await user.append(session_id, [Message(role="user", content=text)], at=NOON)
    report = await user.end_session(session_id, wait=True, at=NOON, budget_seconds=60)
    assert report.status == "ingested"
    assert report.episode is not None
    return report.episode.episode_id


async def test_an_episode_is_in_the_index_when_it_is_ingested(memory: Memory, ada: UserMemory) -> None:
    episode_id = await remember(ada, "s1", "My order A-17 arrived broken.")
    assert await memory.parts.vectors.ids(None, ada.ref) == {episode_id}
    assert await memory.parts.reconciler.verify() == Comparison(users=1, episodes=1)
    assert [hit.episode.episode_id for hit in await ada.search("broken order", at=NOON)] == [episode_id]


async def test_what_the_index_did_not_take_waits_and_is_brought_by_the_worker(
    memory: Memory, ada: UserMemory, server: PineconeServer
) -> None:
    await server.stop()
    episode_id = await remember(ada, "s1", "My order A-17 arrived broken.")
    assert await memory.parts.reconciler.deliver() == 0
    await server.start()
    assert await memory.parts.reconciler.verify() == Comparison(users=1, episodes=1, waiting=1)
    assert await memory.parts.reconciler.deliver() == 1
    assert await memory.parts.vectors.ids(None, ada.ref) == {episode_id}
    assert (await memory.parts.reconciler.verify()).equal


async def test_an_episode_deleted_while_the_index_is_away_is_gone_at_once_and_leaves_the_index_later(
    memory: Memory, ada: UserMemory, server: PineconeServer
) -> None:
    episode_id = await remember(ada, "s1", "My order A-17 arrived broken.")
    await server.stop()
    await ada.delete_episode(episode_id, at=NOON)
    assert await ada.search("broken order A-17", at=NOON) == []
    assert await memory.parts.removals.deliver() == 0
    await server.start()
    assert await memory.parts.vectors.ids(None, ada.ref) == {episode_id}
    assert await ada.search("broken order A-17", at=NOON) == []
    assert (await memory.parts.reconciler.verify()).orphans == 1
    assert await memory.parts.removals.deliver() == 1
    assert await memory.parts.removals.deliver() == 0
    assert await memory.parts.vectors.ids(None, ada.ref) == set()
    assert (await memory.parts.reconciler.verify()).equal


async def test_a_session_deleted_while_the_index_is_away_leaves_it_later(
    memory: Memory, ada: UserMemory, server: PineconeServer
) -> None:
    await remember(ada, "s1", "My order A-17 arrived broken.")
    kept = await remember(ada, "s2", "My order A-18 arrived late.")
    await server.stop()
    await ada.delete_session("s1", at=NOON)
    await server.start()
    assert await memory.parts.removals.deliver() == 1
    assert await memory.parts.vectors.ids(None, ada.ref) == {kept}


async def test_an_episode_that_came_back_before_the_index_did_is_in_it_again(
    memory: Memory, ada: UserMemory, server: PineconeServer
) -> None:
    await ada.add_episode(summary="The order arrived broken.", ended_at=NOON, episode_id="e1")
    await server.stop()
    await ada.delete_episode("e1", at=NOON)
    await ada.add_episode(summary="The order was replaced.", ended_at=NOON, episode_id="e1")
    await server.start()
    await memory.parts.reconciler.deliver()
    assert await memory.parts.removals.deliver() == 1
    await memory.parts.reconciler.deliver()
    assert await memory.parts.vectors.ids(None, ada.ref) == {"e1"}
    assert (await memory.parts.reconciler.verify()).equal


async def test_who_is_erased_while_the_index_is_away_is_gone_at_once_and_from_the_index_later(
    memory: Memory, ada: UserMemory, server: PineconeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recalld.privacy.erase.FIRST_RETRY", 0.0)
    episode_id = await remember(ada, "s1", "My order A-17 arrived broken.")
    await server.stop()
    receipt = await ada.erase()
    assert receipt.status == "partial"
    assert await ada.search("broken order A-17", at=NOON) == []
    await server.start()
    assert await memory.parts.vectors.ids(None, ada.ref) == {episode_id}
    assert (await ada.context("broken order A-17", at=NOON)).text == ""
    await memory.parts.eraser.resume()
    assert (await memory.erasure("acme", receipt.erasure_id)).status == "verified"
    assert await memory.parts.vectors.ids(None, ada.ref) == set()


async def test_what_qdrant_could_not_delete_is_gone_at_once_and_leaves_it_later(
    migrated_urls: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recalld.layers.vectors.reach.REST_SECONDS", 0.0)
    options = {"vectors": f"qdrant:{tmp_path}", "worker": False}
    async with Memory.open(database_url=migrated_urls.service, **options) as memory:
        ada = memory.user("acme", "ada")
        gone = await remember(ada, "s1", "My order A-17 arrived broken.")
        await remember(ada, "s2", "My order A-18 arrived late.")
        monkeypatch.setattr("recalld.privacy.erase.FIRST_RETRY", 0.0)
        with monkeypatch.context() as failing:
            failing.setattr(AsyncQdrantClient, "delete", refused)
            await ada.delete_episode(gone, at=NOON)
            assert gone in await memory.parts.vectors.ids(None, ada.ref)
            assert gone not in [hit.episode.episode_id for hit in await ada.search("broken order A-17", at=NOON)]
            assert await memory.parts.removals.deliver() == 0
            receipt = await ada.erase()
            assert receipt.status == "partial"
            assert await ada.search("late order A-18", at=NOON) == []
        await memory.parts.eraser.resume()
        assert (await memory.erasure("acme", receipt.erasure_id)).status == "verified"
        assert await memory.parts.vectors.ids(None, ada.ref) == set()


async def refused(*_: object, **__: object) -> None:
    """What the client raises when the server does not let it in."""
    raise ResponseHandlingException(ConnectionRefusedError())


async def test_without_the_index_words_still_find_and_the_answer_says_so(
    memory: Memory, ada: UserMemory, server: PineconeServer
) -> None:
    episode_id = await remember(ada, "s1", "My order A-17 arrived broken.")
    await server.stop()
    context = await ada.context("what about order A-17?", at=NOON)
    assert [hit.episode.episode_id for hit in context.episodes] == [episode_id]
    assert context.degraded == ("vectors",)


async def test_what_the_index_lost_is_found_and_written_again(
    memory: Memory, ada: UserMemory, server: PineconeServer
) -> None:
    episode_id = await remember(ada, "s1", "My order A-17 arrived broken.")
    server.forget()
    assert await memory.parts.reconciler.verify() == Comparison(users=1, episodes=1, missing=1)
    assert (await memory.parts.reconciler.repair()).missing == 1
    assert (await memory.parts.reconciler.verify()).equal
    assert await memory.parts.vectors.ids(None, ada.ref) == {episode_id}


async def test_what_the_index_has_too_much_is_found_and_removed(
    memory: Memory, ada: UserMemory, server: PineconeServer
) -> None:
    episode_id = await remember(ada, "s1", "My order A-17 arrived broken.")
    stray = EpisodeVectors(
        user=ada.ref, episode_id="stray", epoch=1, purpose="general", ended_at=NOON, model="m", vectors=towards(10)
    )
    await memory.parts.vectors.upsert(None, [stray])
    assert (await memory.parts.reconciler.verify()).orphans == 1
    await memory.parts.reconciler.repair()
    assert await memory.parts.vectors.ids(None, ada.ref) == {episode_id}


async def test_a_hit_without_an_episode_yields_nothing(memory: Memory, ada: UserMemory) -> None:
    await remember(ada, "s1", "My order A-17 arrived broken.")
    async with memory.parts.database.transaction("worker", ada.ref) as tx:
        epoch = await memory.parts.journal.epoch(tx)
    name = memory.parts.embedder.name
    vector = (await memory.parts.embedder.embed_query("quantum physics"))[None, :]
    lie = EpisodeVectors(
        user=ada.ref, episode_id="lie", epoch=epoch, purpose="general", ended_at=NOON, model=name, vectors=vector
    )
    await memory.parts.vectors.upsert(None, [lie])
    assert "lie" not in [hit.episode.episode_id for hit in await ada.search("quantum physics", at=NOON)]


async def test_a_new_index_is_built_from_postgresql(memory: Memory, server: PineconeServer) -> None:
    for name in ("ada", "bob"):
        await remember(memory.user("acme", name), "s1", f"The order of {name} arrived broken.")
    await remember(memory.user("umbrella", "eve"), "s1", "My kettle leaks.")
    server.forget()
    assert (await memory.parts.reconciler.rebuild(tenant_id="acme")).episodes == 2
    assert (await memory.parts.reconciler.verify(tenant_id="acme")).equal
    assert (await memory.parts.reconciler.verify()).missing == 1


async def test_an_episode_of_a_user_erased_meanwhile_is_not_brought(
    memory: Memory, ada: UserMemory, server: PineconeServer
) -> None:
    await server.stop()
    episode_id = await remember(ada, "s1", "My order A-17 arrived broken.")
    async with memory.parts.database.transaction("worker", ada.ref) as tx:
        epoch = await memory.parts.journal.epoch(tx)
    await server.start()
    upsert = memory.parts.vectors.upsert

    async def erased_in_between(tx: object, episodes: object) -> None:
        await upsert(tx, episodes)  # type: ignore[arg-type]
        assert (await ada.erase()).verified

    memory.parts.vectors.upsert = erased_in_between  # type: ignore[method-assign]
    assert await memory.parts.reconciler.bring(ada.ref, epoch, [episode_id]) == 0
    assert await memory.parts.vectors.ids(None, ada.ref) == set()


async def test_a_deleted_episode_leaves_the_index(memory: Memory, ada: UserMemory) -> None:
    episode_id = await remember(ada, "s1", "My order A-17 arrived broken.")
    await ada.delete_episode(episode_id)
    assert await memory.parts.vectors.ids(None, ada.ref) == set()


async def test_the_index_in_postgresql_is_compared_and_repaired_too(migrated_urls: DatabaseUrls) -> None:
    async with Memory.open(database_url=migrated_urls.service, worker=False) as memory:
        ada = memory.user("acme", "ada")
        await remember(ada, "s1", "My order A-17 arrived broken.")
        async with memory.parts.database.transaction("worker", ada.ref) as tx:
            await memory.parts.vectors.erase(tx, ada.ref)
        assert (await memory.parts.reconciler.repair()).missing == 1
        assert (await memory.parts.reconciler.verify()).equal


def test_the_command_compares_and_repairs(migrated_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", migrated_urls.service)
    for command in ("verify", "repair", "rebuild"):
        done = CliRunner().invoke(app, ["vectors", command, "--json"], catch_exceptions=False)
        assert done.exit_code == 0
        assert json.loads(done.stdout) == {
            "users": 0,
            "episodes": 0,
            "missing": 0,
            "waiting": 0,
            "orphans": 0,
            "equal": True,
        }


@pytest.mark.parametrize(
    ("vectors", "told"),
    [
        ("faiss", "'faiss' is not known"),
        ("qdrant:", "is not known"),
        ("pinecone:some-host", "needs a key; set PINECONE_API_KEY"),
    ],
)
async def test_an_index_that_cannot_be_opened_is_said_so(migrated_urls: DatabaseUrls, vectors: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        async with Memory.open(database_url=migrated_urls.service, vectors=vectors, worker=False):
            pass
