"""A model behind the summariser's port, from the end of a session to facts, usage and ceilings."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from recalld import Memory, Message
from recalld.models.ledger import UsageRow, UsageStore
from recalld.postgres.embedded import DatabaseUrls
from recalld.testing.model_server import Answer, ModelServer
from recalld.testing.wire import Failure, Output
from recalld.values import IngestReport

REPLY = Output(
    arguments={
        "summary": "The user moved to Tartu.",
        "points": ["The user moved to Tartu"],
        "facts": [{"attribute": "home_city", "value": "Tartu", "message": 0, "quote": "moved to Tartu"}],
    },
    input_tokens=2_000,
    output_tokens=300,
)


@asynccontextmanager
async def opened(urls: DatabaseUrls, answer: Answer, **settings: Any) -> AsyncGenerator[tuple[Memory, ModelServer]]:
    """An installation whose sessions are digested by a scripted Haiku."""
    async with ModelServer(answer) as server:
        spec = f"anthropic:{server.url}#claude-haiku-4-5"
        async with Memory.open(database_url=urls.service, worker=False, summariser=spec, **settings) as memory:
            yield memory, server


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key, which the scripted provider does not look at."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "any")


async def ended(memory: Memory, session_id: str = "s1", text: str = "I moved to Tartu last week") -> IngestReport:
    user = memory.user("acme", "ada")
    await user.append(session_id, [Message(role="user", content=text)])
    return await user.end_session(session_id, wait=True, budget_seconds=60)


async def usage(memory: Memory) -> list[UsageRow]:
    async with memory.parts.database.transaction("app", memory.user("acme", "ada").ref, ["general"]) as tx:
        today = datetime.now(UTC).date()
        return await UsageStore().of_user(tx, since=date(2020, 1, 1), until=today + timedelta(days=2))


async def test_a_session_becomes_what_the_model_makes_of_it(migrated_urls: DatabaseUrls):
    async with opened(migrated_urls, lambda call: REPLY) as (memory, _):
        report = await ended(memory)
        facts = await memory.user("acme", "ada").facts()

    assert (report.status, report.digest_by, report.added) == ("ingested", "anthropic:claude-haiku-4-5", 1)
    assert report.cost_usd == pytest.approx(0.0035)
    assert report.episode is not None
    assert report.episode.summary == "The user moved to Tartu."
    assert [(fact.attribute, fact.value) for fact in facts] == [("home_city", "Tartu")]


async def test_what_it_took_is_in_the_ledger(migrated_urls: DatabaseUrls):
    async with opened(migrated_urls, lambda call: REPLY) as (memory, _):
        await ended(memory)
        (row,) = await usage(memory)

    assert (row.component, row.model, row.calls, row.input_tokens) == (
        "summariser",
        "anthropic:claude-haiku-4-5",
        1,
        2_000,
    )


async def test_a_dead_provider_loses_no_session(migrated_urls: DatabaseUrls):
    async with opened(migrated_urls, lambda call: Failure(status=401)) as (memory, _):
        report = await ended(memory)
        (row,) = await usage(memory)

    assert (report.status, report.digest_by, report.cost_usd) == ("ingested", "local", 0.0)
    assert (row.calls, row.failed) == (1, 1)


async def test_past_the_ceiling_the_local_summariser_works(migrated_urls: DatabaseUrls):
    async with opened(migrated_urls, lambda call: REPLY, user_ceiling_usd="0.003") as (memory, server):
        first, second = await ended(memory, "s1"), await ended(memory, "s2")

    assert (first.digest_by, second.digest_by) == ("anthropic:claude-haiku-4-5", "local")
    assert len(server.calls) == 1


async def test_a_session_with_nothing_to_remember_costs_nothing(migrated_urls: DatabaseUrls):
    async with opened(migrated_urls, lambda call: REPLY) as (memory, server):
        report = await ended(memory, text="what is the capital of Estonia?")

    assert (report.digest_by, report.cost_usd, server.calls) == ("triage", 0.0, [])


def test_a_context_call_imports_no_model_library(migrated_urls: DatabaseUrls):
    program = f"""
import asyncio, json, sys
from recalld import Memory, Message

async def main():
    async with Memory.open(database_url={migrated_urls.service!r}, worker=False, summariser="anthropic:claude-haiku-4-5") as memory:
        ada = memory.user("acme", "ada")
        await ada.append("s1", [Message(role="user", content="hello")])
        await ada.context("where do I live?", session_id="s1")

asyncio.run(main())
print(json.dumps(sorted(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    imported = set(json.loads(done.stdout.splitlines()[-1]))
    assert imported & {"pydantic_ai", "openai", "anthropic", "genai_prices", "httpx2", "tiktoken"} == set()
