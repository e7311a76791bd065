"""Purposes: no way to read finds anything outside of those asked for and allowed, and an index elsewhere hears of a change."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from mcp.client import Client as McpClient
from mcp.client.streamable_http import streamable_http_client

from recalld import Memory, Message, UserMemory
from recalld.errors import NotFound
from recalld.layers.vectors.base import VectorQuery
from recalld.layers.vectors.reconcile import Comparison
from recalld.postgres.embedded import DatabaseUrls
from recalld.testing.pinecone_server import PineconeServer
from tests.service import Service, serving

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
PURPOSES = ("support", "sales", "coaching", "research")
sets = st.sets(st.sampled_from((*PURPOSES, "unheard_of")), min_size=1)
examples = settings(
    max_examples=200 if os.environ.get("RECALLD_FULL") else 6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def word(purpose: str) -> str:
    """What stands in everything that was remembered for a purpose, and nowhere else."""
    return f"zebra{purpose}"


async def remember(user: UserMemory) -> None:
    """An episode, facts of which one contradicts another, and an open session: each with the word of the purpose."""
    own = word(user.purpose)
    said = f"My parcel {own} is late and I want to ask about the price of the parcel."
    await user.append(f"s-{user.purpose}", [Message(role="user", content=said)], at=NOON)
    report = await user.end_session(f"s-{user.purpose}", wait=True, at=NOON)
    assert report.episode is not None
    for value in ("first", "second"):
        await user.set_fact("plan", f"{value} {own}", at=NOON)
    await user.append(f"open-{user.purpose}", [Message(role="user", content=f"Still {own}.")], at=NOON)


@pytest.fixture
async def service(memory: Memory) -> AsyncIterator[Service]:
    """A person about whom something is remembered for each purpose."""
    for purpose in PURPOSES:
        await remember(memory.user("acme", "ada", purpose=purpose))
    async with serving(memory) as service:
        begun, done = asyncio.Event(), asyncio.Event()

        async def live() -> None:
            """The sessions of MCP begin and end in one task, which a fixture is not."""
            async with service.app.router.lifespan_context(service.app):
                begun.set()
                await done.wait()

        living = asyncio.create_task(live())
        await begun.wait()
        yield service
        done.set()
        await living


def outside(answers: Iterable[object], asked: Iterable[str]) -> list[str]:
    """The purposes not asked for whose word stands in an answer."""
    text = "\n".join(repr(answer) for answer in answers)
    return [purpose for purpose in PURPOSES if purpose not in set(asked) and word(purpose) in text]


async def found_by_the_library(ada: UserMemory, asked: list[str]) -> list[object]:
    """Every way to read of the library."""
    facts = await ada.facts(purposes=asked, include_closed=True)
    everything = [
        await ada.context("my parcel and its price", purposes=asked, at=NOON),
        await ada.search("my parcel", purposes=asked, k=50, at=NOON),
        await ada.explain("the price of the parcel", purposes=asked, at=NOON),
        facts,
        await ada.facts(purposes=asked, as_of=NOON, believed_at=datetime.now(UTC)),
        await ada.history(purposes=asked),
        await ada.history("plan", purposes=asked),
        await ada.conflicts(purposes=asked),
        await ada.episodes(purposes=asked),
        await ada.forget("my parcel plan", purposes=asked, at=NOON),
    ]
    return [*everything, *[await ada.why(fact.fact_id, purposes=asked) for fact in facts]]


@examples
@given(asked=sets)
@example(asked=set(PURPOSES))
async def test_no_read_of_the_library_finds_another_purpose(service: Service, asked: set[str]) -> None:
    ada = service.memory.user("acme", "ada", purpose="support")
    answers = await found_by_the_library(ada, sorted(asked))
    assert outside(answers, asked) == []
    assert all(word(purpose) in repr(answers) for purpose in asked & set(PURPOSES))
    for episode in await ada.episodes(purposes=PURPOSES):
        if episode.purpose not in asked:
            with pytest.raises(NotFound):
                await ada.episode(episode.episode_id, purposes=sorted(asked))


async def asked_over_http(http: httpx2.AsyncClient, asked: list[str]) -> list[object]:
    """Every way to read of the HTTP API, and sessions by name."""
    body: dict[str, Any] = {"query": "my parcel and its price", "purposes": asked}
    named = {"purpose": asked, "include_closed": "true"}
    place = "/v1/users/ada"
    answers = [
        await http.post(f"{place}/context", json=body),
        await http.post(f"{place}/search", json={**body, "k": 50}),
        *[await http.get(f"{place}/{what}", params=named) for what in ("facts", "history", "conflicts", "episodes")],
    ]
    for purpose in PURPOSES:
        answers.append(await http.get(f"{place}/sessions/open-{purpose}"))
        answers.append(await http.post(f"{place}/context", json={**body, "session_id": f"open-{purpose}"}))
    answers.append(await http.get(f"{place}/sessions"))
    answers.append(await http.get(f"{place}/export"))
    return [answer.json() for answer in answers]


async def asked_over_mcp(http: httpx2.AsyncClient) -> list[object]:
    """Every way to read of MCP: the key alone says for which purposes."""
    async with McpClient(streamable_http_client("http://recalld.test/mcp", http_client=http)) as client:
        who = {"user_id": "ada"}
        answers: list[object] = [
            await client.call_tool("memory_context", {"query": "my parcel", **who}),
            await client.call_tool("memory_search", {"query": "my parcel", "k": 50, **who}),
            await client.call_tool("memory_facts", {"include_closed": True, **who}),
            await client.read_resource("recalld://users/ada/facts"),
            await client.read_resource("recalld://users/ada/episodes"),
        ]
        for purpose in PURPOSES:
            named = {"query": "my parcel", "session_id": f"open-{purpose}", **who}
            answers.append(await client.call_tool("memory_context", named))
        return answers


@examples
@given(allowed=sets, asked=sets)
@example(allowed=set(PURPOSES), asked=set(PURPOSES))
async def test_no_key_reads_another_purpose_over_http_or_mcp(
    service: Service, allowed: set[str], asked: set[str]
) -> None:
    header = await service.key(purposes=tuple(sorted(allowed)))
    transport = httpx2.ASGITransport(service.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://recalld.test", headers=header) as http:
        over_http = await asked_over_http(http, sorted(asked))
        over_mcp = await asked_over_mcp(http)
    assert outside(over_http[:6], asked & allowed) == []
    assert outside(over_http, allowed) == []
    assert outside(over_mcp, allowed) == []
    assert all(word(purpose) in repr(over_http[:6]) for purpose in asked & allowed & set(PURPOSES))
    assert all(word(purpose) in repr(over_mcp) for purpose in allowed & set(PURPOSES))


async def test_an_export_holds_every_purpose_and_erasure_reaches_every_purpose(service: Service) -> None:
    """The rights are of the person, not of a purpose: a key that is bound to some may not use them."""
    bound = await service.key(purposes=("support",))
    assert (await service.http.get("/v1/users/ada/export", headers=bound)).status_code == 403
    assert (await service.http.delete("/v1/users/ada", headers=bound)).status_code == 403
    document = (await service.http.get("/v1/users/ada/export", headers=await service.key())).json()
    assert {episode["purpose"] for episode in document["episodes"]} == set(PURPOSES)
    assert (await service.http.delete("/v1/users/ada", headers=await service.key())).status_code == 200
    empty = await service.memory.user("acme", "ada").export(format="json")
    assert outside([json.loads(empty)], ()) == []


# ---------------------------------------------------------------- an index outside PostgreSQL
@pytest.fixture
async def pinecone() -> AsyncIterator[PineconeServer]:
    async with PineconeServer() as server:
        yield server


@pytest.fixture(params=["qdrant", "pinecone"])
async def elsewhere(
    request: pytest.FixtureRequest, migrated_urls: DatabaseUrls, pinecone: PineconeServer, tmp_path: Path
) -> AsyncIterator[Memory]:
    """An installation whose vectors are in one of the stores of the contract."""
    place = f"qdrant:{tmp_path}" if request.param == "qdrant" else f"pinecone:{pinecone.url}"
    async with Memory.open(
        database_url=migrated_urls.service, vectors=place, vectors_api_key="any", worker=False
    ) as memory:
        yield memory


async def in_the_index(memory: Memory, user: UserMemory, purpose: str) -> int:
    """How many episodes the index itself finds under a purpose."""
    embedder = memory.parts.embedder
    async with memory.parts.database.transaction("worker", user.ref) as tx:
        epoch = await memory.parts.journal.epoch(tx)
    vector = (await embedder.embed_documents(["my parcel"]))[0]
    query = VectorQuery(user=user.ref, epoch=epoch, purposes=(purpose,), model=embedder.name, vector=vector, k=10)
    return len(await memory.parts.vectors.search(None, query))


async def test_a_change_of_purpose_reaches_an_index_elsewhere(elsewhere: Memory) -> None:
    sales, support = (elsewhere.user("acme", "ada", purpose=purpose) for purpose in ("sales", "support"))
    await remember(sales)
    await sales.change_purpose("sales", to="support")
    assert await elsewhere.parts.reconciler.verify() == Comparison(users=1, episodes=1, waiting=1)
    assert await sales.search("parcel", at=NOON) == []  # what the index has still is read again from PostgreSQL
    assert await elsewhere.parts.reconciler.deliver() == 1
    assert [await in_the_index(elsewhere, support, purpose) for purpose in ("sales", "support")] == [0, 1]
    assert (await elsewhere.parts.reconciler.verify()).equal
    assert [hit.episode.purpose for hit in await support.search("parcel", at=NOON)] == ["support"]


async def test_a_writer_that_was_on_its_way_during_the_change_does_not_bring_the_old_purpose_back(
    elsewhere: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    sales, support = (elsewhere.user("acme", "ada", purpose=purpose) for purpose in ("sales", "support"))
    upsert = elsewhere.parts.vectors.upsert

    async def changed_meanwhile(tx: Any, episodes: Any) -> None:
        monkeypatch.setattr(elsewhere.parts.vectors, "upsert", upsert)
        await sales.change_purpose("sales", to="support")
        await elsewhere.parts.reconciler.deliver()
        await upsert(tx, episodes)

    monkeypatch.setattr(elsewhere.parts.vectors, "upsert", changed_meanwhile)
    await remember(sales)
    await elsewhere.parts.reconciler.deliver()
    assert await in_the_index(elsewhere, sales, "sales") == 0
    assert await in_the_index(elsewhere, support, "support") == 1
