"""One scenario through the library, the client of the HTTP API, and MCP: the same memory comes out."""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import MCPError, StdioServerParameters
from mcp.client import Client as McpClient
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from recalld import Memory, Message, Settings, UserMemory
from recalld.client import AsyncClient, Client, Forbidden, RateLimited, Unauthenticated, UserClient, UserClientSync
from recalld.client.refusals import TYPES
from recalld.errors import InvalidTime, NotFound, RequestKeyReused, SessionEnded, Unavailable
from recalld.server.app import create_app, routes
from recalld.server.problems import KINDS, OTHERS
from tests.service import Service, serving

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 9, 12, tzinfo=UTC)
SAID = [Message(role="user", content="My order A-17 arrived broken, please send a new lamp.", at=NOON)]


@pytest.fixture
async def service(memory: Memory) -> AsyncIterator[Service]:
    async with serving(memory) as service:
        yield service


def running(service: Service):
    """The lifespan of the application, which runs MCP's sessions."""
    return service.app.router.lifespan_context(service.app)


@asynccontextmanager
async def connected(service: Service, **options: Any) -> AsyncIterator[AsyncClient]:
    key = (await service.key(**options))["Authorization"].removeprefix("Bearer ")
    transport = httpx2.ASGITransport(service.app)
    async with AsyncClient("http://recalld.test", key=key, tenant_id="acme", transport=transport, attempts=2) as client:
        yield client


async def scenario(ada: UserMemory | UserClient) -> dict[str, Any]:
    """What one person's memory answers, step by step."""
    seen: dict[str, Any] = {"count": await ada.append("s1", SAID)}
    await ada.set_state("s1", {"task": "refund"})
    seen["open"] = (await ada.messages("s1"), await ada.state("s1"), (await ada.session("s1")).state)
    seen["report"] = replace(await ada.end_session("s1", wait=True, at=NOON), timings={})
    seen["session"] = await ada.session("s1")
    first = await ada.set_fact("plan", "monthly", at=NOON)
    await ada.set_fact("plan", "annual", at=LATER)
    await ada.add_episode(summary="Asked about prices.", ended_at=LATER, topics=["prices"], episode_id="e1")
    seen["context"] = replace(
        await ada.context("what about order A-17?", session_id="s2", at=LATER), timings={}, text="", tokens=0
    )
    seen["search"] = await ada.search("prices", at=LATER)
    seen["range"] = (await ada.explain("what did I say on 3 November 2026 about the order", at=LATER)).time_range
    seen["facts"] = [(f.attribute, f.value, f.status) for f in await ada.facts(include_closed=True, at=LATER)]
    seen["history"] = [[e.fact.value for e in line.entries] for line in await ada.history("plan")]
    seen["conflicts"] = [conflict.decision for conflict in await ada.conflicts()]
    seen["why"] = (await ada.why(first.fact_id)).fact.status
    seen["decided"] = (await ada.decide(first.fact_id, at=LATER)).value
    seen["episodes"] = await ada.episodes()
    seen["page"] = await ada.episodes(before=seen["episodes"][0].episode_id)
    seen["episode"] = await ada.episode("e1")
    seen["sessions"] = [session.ref.session_id for session in await ada.sessions()]
    await ada.delete_episode("e1")
    seen["left"] = [episode.episode_id for episode in await ada.episodes()]
    seen["deleted"] = (await ada.delete_session("s1")).closed
    seen["replayed"] = await ada.replay_session("s1")
    seen["export"] = sorted(json.loads(await ada.export(format="json")))
    seen["usage"] = await ada.usage()
    seen["found"] = await ada.forget("plan annual", at=LATER)
    seen["forgotten"] = (await ada.forget("annual monthly", dry_run=False, at=LATER)).deleted
    seen["chunks"] = "".join([chunk async for chunk in ada.export_chunks()]).count("annual")
    await ada.append("s3", [*SAID, Message(role="user", content="And tell nobody.", at=NOON)])
    await ada.delete_message("s3", 1)
    seen["blanked"] = [said.content for said in await ada.messages("s3")]
    document = await ada.export(format="json")
    hold = await ada.hold("Case 12.")
    seen["hold"] = (hold.reason, await ada.facts(), await ada.release())
    seen["moved"] = replace(await ada.change_purpose("general", to="support"))
    await ada.erase()
    seen["restored"] = (await ada.import_export(document), [one.ref.session_id for one in await ada.sessions()])
    seen["consent"] = (await ada.give_consent("general")).given
    seen["consents"] = [(consent.purpose, consent.given) for consent in await ada.consents()]
    seen["withdrawn"] = (await ada.withdraw_consent("general")).purpose
    receipt = await ada.erase()
    seen["erased"] = (receipt.status, sorted(receipt.layers), await ada.facts())
    return seen


def comparable(answer: Any) -> str:
    """Without what differs between any two users: names, epochs, derived ids, and when it was recorded."""
    text = re.sub(r"user_id='(ada|eve)'", "user_id", repr(answer))
    text = re.sub(r"epoch=\d+", "epoch", text)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f-]{21}", "derived", text)
    return re.sub(r"TzInfo\((0|UTC)\)|zoneinfo.ZoneInfo\(key='[^']*'\)", "datetime.timezone.utc", text)


async def test_the_client_answers_as_the_library_does(service: Service):
    library = await scenario(service.memory.user("acme", "ada"))
    async with connected(service) as client:
        over_http = await scenario(client.user("eve"))
    for step, answer in library.items():
        assert comparable(over_http[step]) == comparable(answer), step


def test_the_client_has_every_method_of_the_library():
    def methods(kind: type) -> dict[str, list[str]]:
        found = {
            name: value for name, value in vars(kind).items() if inspect.isfunction(value) and not name.startswith("_")
        }
        return {name: [p for p in inspect.signature(value).parameters if p != "self"] for name, value in found.items()}

    library, client, sync = methods(UserMemory), methods(UserClient), methods(UserClientSync)
    assert client == library
    assert set(sync) == set(client)


def test_every_method_of_the_library_has_a_route_and_every_route_of_a_person_a_method():
    assert set(ROUTE_OF) == {
        name for name, value in vars(UserMemory).items() if inspect.isfunction(value) and not name.startswith("_")
    }
    there = {f"{method} {path.removeprefix('/v1')}" for method, path in routes(create_app(settings=Settings.read()))}
    assert set(ROUTE_OF.values()) - there == set()
    assert {route for route in there if "{user_id}" in route} - set(ROUTE_OF.values()) == set()


PERSON = "/users/{user_id}"
SESSION = f"{PERSON}/sessions/{{session_id}}"
ROUTE_OF = {
    "append": f"POST {SESSION}/messages",
    "set_state": f"PUT {SESSION}/state",
    "end_session": f"POST {SESSION}/end",
    "replay_session": f"POST {SESSION}/replay",
    "session": f"GET {SESSION}",
    "messages": f"GET {SESSION}",
    "state": f"GET {SESSION}",
    "sessions": f"GET {PERSON}/sessions",
    "delete_session": f"DELETE {SESSION}",
    "delete_message": f"DELETE {SESSION}/messages/{{seq}}",
    "context": f"POST {PERSON}/context",
    "search": f"POST {PERSON}/search",
    "explain": f"POST {PERSON}/search",
    "facts": f"GET {PERSON}/facts",
    "set_fact": f"PUT {PERSON}/facts",
    "delete_fact": f"DELETE {PERSON}/facts/{{fact_id}}",
    "why": f"GET {PERSON}/facts/{{fact_id}}",
    "decide": f"POST {PERSON}/facts/{{fact_id}}/decide",
    "history": f"GET {PERSON}/history",
    "conflicts": f"GET {PERSON}/conflicts",
    "episodes": f"GET {PERSON}/episodes",
    "episode": f"GET {PERSON}/episodes/{{episode_id}}",
    "add_episode": f"PUT {PERSON}/episodes/{{episode_id}}",
    "delete_episode": f"DELETE {PERSON}/episodes/{{episode_id}}",
    "usage": "GET /usage",
    "export": f"GET {PERSON}/export",
    "export_chunks": f"GET {PERSON}/export",
    "import_export": f"POST {PERSON}/import",
    "forget": f"POST {PERSON}/forget",
    "erase": f"DELETE {PERSON}",
    "consents": f"GET {PERSON}/consents",
    "give_consent": f"PUT {PERSON}/consents/{{purpose}}",
    "withdraw_consent": f"DELETE {PERSON}/consents/{{purpose}}",
    "change_purpose": f"POST {PERSON}/purposes/{{purpose}}/change",
    "hold": f"PUT {PERSON}/hold",
    "release": f"DELETE {PERSON}/hold",
}


# ---------------------------------------------------------------- errors and repetition
async def test_problems_arrive_as_the_librarys_errors(service: Service):
    async with connected(service) as client:
        ada = client.user("ada")
        with pytest.raises(NotFound, match="there is no session 'none'"):
            await ada.session("none")
        with pytest.raises(InvalidTime, match="unknown time zone"):
            await client.user("ada", timezone="Mars/Olympus").append("s1", SAID)
        await ada.append("s1", SAID)
        await ada.end_session("s1", at=NOON)
        with pytest.raises(SessionEnded):
            await ada.append("s1", SAID)
    async with connected(service, scopes=("read",)) as client:
        with pytest.raises(Forbidden):
            await client.user("ada").erase()
    transport = httpx2.ASGITransport(service.app)
    async with AsyncClient("http://recalld.test", key="recalld_wrong", transport=transport) as client:
        with pytest.raises(Unauthenticated):
            await client.user("ada").facts()


def test_every_problem_type_has_an_error():
    served = {kind.name: klass for klass, kind in KINDS}
    assert set(served) | {kind.name for kind in OTHERS} == set(TYPES)
    ours = {name: klass for name, klass in served.items() if name != "internal"}
    assert {name: TYPES[name] for name in ours} == ours


async def test_a_request_key_makes_an_append_once(service: Service):
    async with connected(service) as client:
        ada = client.user("ada")
        assert [await ada.append("s1", SAID, request_key="k") for _ in range(3)] == [1, 1, 1]
        with pytest.raises(RequestKeyReused):
            await ada.append("s2", SAID, request_key="k")


class Failing(httpx2.AsyncBaseTransport):
    """A network that loses the first answers after they were given, or puts others in their place."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, *, lost: int = 0, status: int = 0) -> None:
        self.inner, self.lost, self.status, self.sent = inner, lost, status, 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.sent += 1
        answer = await self.inner.handle_async_request(request)
        if self.sent <= self.lost:
            raise httpx2.ReadError("lost")
        if self.status:
            return httpx2.Response(
                self.status, json={"type": "/problems/rate-limited", "detail": "slow"}, request=request
            )
        return answer


async def test_an_append_whose_answer_was_lost_is_sent_again_and_done_once(service: Service):
    key = (await service.key())["Authorization"].removeprefix("Bearer ")
    network = Failing(httpx2.ASGITransport(service.app), lost=2)
    async with AsyncClient("http://recalld.test", key=key, transport=network) as client:
        ada = client.user("ada")
        assert await ada.append("s1", SAID) == 1
        assert network.sent == 3
        assert (await ada.session("s1")).message_count == 1


async def test_a_fact_whose_answer_was_lost_is_not_set_again(service: Service):
    key = (await service.key())["Authorization"].removeprefix("Bearer ")
    network = Failing(httpx2.ASGITransport(service.app), lost=1)
    async with AsyncClient("http://recalld.test", key=key, transport=network) as client:
        with pytest.raises(Unavailable):
            await client.user("ada").set_fact("plan", "annual")
    assert network.sent == 1


async def test_who_is_limited_for_good_hears_it_as_an_error(service: Service):
    network = Failing(httpx2.ASGITransport(service.app), status=429)
    async with AsyncClient("http://recalld.test", key="k", transport=network, attempts=2) as client:
        with pytest.raises(RateLimited):
            await client.user("ada").facts()
    assert network.sent == 2


def test_the_synchronous_client_answers_too():
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json={"items": []})

    with Client("http://recalld.test", key="k", transport=httpx2.MockTransport(answer)) as client:
        assert client.user("ada").facts() == []


# ---------------------------------------------------------------- MCP
async def agent(client: McpClient, user: dict[str, str]) -> list[str]:
    """One conversation remembered, and asked for in the next; the names of the tools."""
    names = sorted(tool.name for tool in (await client.list_tools()).tools)
    said = {"role": "user", "content": "My order A-17 arrived broken, please send a new lamp."}
    counted = await client.call_tool("memory_append", {"session_id": "s1", "messages": [said], **user})
    assert counted.structured_content == {"message_count": 1}
    ended = await client.call_tool("memory_end_session", {"session_id": "s1", **user})
    assert ended.structured_content is not None
    assert ended.structured_content["status"] == "ingested"
    block = await client.call_tool("memory_context", {"query": "what about order A-17?", **user})
    assert "A-17" in str(block.content)
    found = await client.call_tool("memory_search", {"query": "lamp", **user})
    assert found.structured_content is not None
    episode = found.structured_content["hits"][0]["episode"]["episode_id"]
    page = await client.read_resource("recalld://users/ada/episodes")
    assert episode in str(page.contents)
    assert "facts" in str((await client.read_resource("recalld://users/ada/facts")).contents)
    facts = await client.call_tool("memory_facts", dict(user))
    assert facts.structured_content is not None
    shown = await client.call_tool("memory_forget", {"query": "order with a lamp", **user})
    assert shown.structured_content is not None
    assert (shown.structured_content["deleted"], episode in str(shown.content)) == (False, True)
    await client.call_tool("memory_forget", {"episode_id": episode, **user})
    gone = await client.call_tool("memory_search", {"query": "lamp", **user})
    assert gone.structured_content == {"hits": []}
    wrong = await client.call_tool("memory_forget", dict(user))
    assert wrong.is_error
    assert "name one thing" in str(wrong.content)
    return names


TOOLS = ["memory_append", "memory_context", "memory_end_session", "memory_facts", "memory_forget", "memory_search"]


async def test_an_agent_remembers_over_mcp_by_http(service: Service):
    headers = await service.key()
    http = httpx2.AsyncClient(transport=httpx2.ASGITransport(service.app), headers=headers)
    async with (
        running(service),
        http,
        McpClient(streamable_http_client("http://recalld.test/mcp", http_client=http)) as client,
    ):
        assert await agent(client, {"user_id": "ada"}) == TOOLS
        nobody = await client.call_tool("memory_facts", {})
        assert nobody.is_error
        assert "say which one" in str(nobody.content)


async def test_mcp_has_the_keys_rights(service: Service):
    await service.memory.user("acme", "ada").set_fact("plan", "canary-9")
    headers = await service.key(scopes=("read",), bound_user_id="eve")
    http = httpx2.AsyncClient(transport=httpx2.ASGITransport(service.app), headers=headers)
    async with (
        running(service),
        http,
        McpClient(streamable_http_client("http://recalld.test/mcp", http_client=http)) as client,
    ):
        foreign = await client.call_tool("memory_facts", {"user_id": "ada"})
        writing = await client.call_tool(
            "memory_append", {"session_id": "s", "messages": [{"role": "user", "content": "x"}]}
        )
        with pytest.raises(MCPError):
            await client.read_resource("recalld://users/ada/facts")
    assert foreign.is_error
    assert writing.is_error
    assert "canary" not in str(foreign.content)


async def test_mcp_needs_a_key(service: Service):
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    async with running(service):
        assert (await service.http.post("/mcp", json=body)).status_code == 401


async def test_an_agent_remembers_over_mcp_by_standard_input(migrated_urls: Any):
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "recalld", "mcp", "--user", "ada"],
        env={
            "DATABASE_URL": migrated_urls.service,
            "RECALLD_WORKER": "false",
            "PYTHONPATH": str(Path(__file__).parents[2] / "src"),
        },
    )
    async with McpClient(stdio_client(command)) as client:
        assert await agent(client, {}) == TOOLS
