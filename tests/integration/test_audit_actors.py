"""The audit says who acted: the key, or the face."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from datetime import UTC, datetime

import httpx2
import psycopg
import pytest
from mcp import StdioServerParameters
from mcp.client import Client as McpClient
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from typer.testing import CliRunner

from recalld import Memory, MemorySync
from recalld.cli.app import app
from recalld.postgres.embedded import DatabaseUrls
from recalld.privacy.audit import AuditEvent
from recalld.privacy.purposes import Purpose
from tests.service import serving

OLD = datetime(2020, 1, 1, tzinfo=UTC)


def actors(events: Iterable[AuditEvent]) -> dict[str, set[str]]:
    """Who did what."""
    found: dict[str, set[str]] = {}
    for event in events:
        found.setdefault(event.action, set()).add(event.actor)
    return found


async def test_the_library(memory: Memory) -> None:
    ada = memory.user("acme", "ada")
    await ada.set_fact("plan", "annual")
    await ada.facts()
    assert actors(await memory.audit("acme")) == {"fact.stated": {"library"}, "facts.read": {"library"}}


def test_the_library_without_async(migrated_urls: DatabaseUrls) -> None:
    with MemorySync.open(database_url=migrated_urls.service, worker=False) as memory:
        memory.user("acme", "ada").set_fact("plan", "annual")
        assert actors(memory.audit("acme")) == {"fact.stated": {"library"}}


async def test_http_and_mcp_name_the_key_and_the_request(memory: Memory) -> None:
    async with serving(memory) as service, service.app.router.lifespan_context(service.app):
        header = await service.key()
        key_id = header["Authorization"].split("_")[1]
        transport = httpx2.ASGITransport(service.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://recalld.test", headers=header) as http:
            named = {"X-Request-Id": "request-7"}
            await http.put("/v1/users/ada/facts", json={"attribute": "plan", "value": "annual"}, headers=named)
            await http.post("/v1/users/ada/search", json={"query": "plan"})
            await http.get("/v1/users/ada/export")
            async with McpClient(streamable_http_client("http://recalld.test/mcp", http_client=http)) as client:
                await client.call_tool("memory_context", {"query": "plan", "user_id": "ada"})
                await client.call_tool("memory_facts", {"user_id": "ada"})
    events = await memory.audit("acme")
    assert actors(events) == {
        action: {key_id} for action in ("fact.stated", "episodes.searched", "export.read", "context.read", "facts.read")
    }
    assert [event.request_id for event in events if event.action == "fact.stated"] == ["request-7"]
    assert all(event.request_id for event in events)


async def test_mcp_on_standard_input_names_the_face(migrated_urls: DatabaseUrls, memory: Memory) -> None:
    environment = {"DATABASE_URL": migrated_urls.service, "PYTHONPATH": ":".join(sys.path)}
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "recalld", "mcp", "--user", "ada"], env=environment
    )
    async with McpClient(stdio_client(command)) as client:
        await client.call_tool("memory_facts", {})
        async with asyncio.timeout(30):
            while not await memory.audit("local"):
                await asyncio.sleep(0.05)
    assert actors(await memory.audit("local")) == {"facts.read": {"mcp"}}


COMMANDS = {
    "purposes declare general --description d --legal-basis contract": "purpose.declared",
    "consents give general --user ada": "consent.given",
    "facts --user ada": "facts.read",
    "episodes --user ada": "episodes.read",
    "context plan --user ada": "context.read",
    "forget plan --user ada": "episodes.searched",
    "export --user ada": "export.read",
    "erase --user ada --yes": "user.erased",
}


def test_every_command_names_the_command_line(migrated_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", migrated_urls.service)
    for command in COMMANDS:
        done = CliRunner().invoke(app, command.split(), catch_exceptions=False)
        assert done.exit_code == 0, done.output
    found = actors(asyncio.run(events(migrated_urls)))
    assert set(COMMANDS.values()) <= set(found)
    assert set().union(*found.values()) == {"cli"}


async def events(urls: DatabaseUrls) -> list[AuditEvent]:
    async with Memory.open(database_url=urls.service, worker=False) as memory:
        return await memory.audit("local")


async def test_the_worker(memory: Memory, migrated_urls: DatabaseUrls, admin: psycopg.Connection) -> None:
    await memory.declare_purpose(
        "acme", Purpose(purpose="general", description="d", legal_basis="contract", episodes_days=30)
    )
    await memory.user("acme", "ada").add_episode(summary="Long ago.", ended_at=OLD)
    async with Memory.open(database_url=migrated_urls.service, sweep_seconds=0.1), asyncio.timeout(30):
        while "retention.deleted" not in actors(await memory.audit("acme")):
            await asyncio.sleep(0.05)
    assert actors(await memory.audit("acme"))["retention.deleted"] == {"worker"}
