"""kill -9 in the middle of an upgrade: every kept session is digested again exactly once."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from recalld import Memory, Message
from recalld.postgres.embedded import DatabaseUrls
from recalld.testing.model_server import ModelServer
from recalld.testing.wire import Call, Failure, Output, Reply

SESSIONS = 24
USERS = 4
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
POINTS = [
    "recalld.layers.working.kept:KeptJournals.claim:after",
    "recalld.ingest.llm:LlmSummariser.digest:after",
    "recalld.layers.working.kept:KeptJournals.lock:after",
    "recalld.layers.facts.store:FactStore.forget_source:after",
    "recalld.layers.vectors.pgvector:PgVectorIndex.delete:after",
    "recalld.layers.facts.store:FactStore.add:after",
    "recalld.layers.episodes.store:EpisodeStore.insert:after",
    "recalld.layers.working.kept:KeptJournals.let_go:after",
]
KILLED = POINTS if os.environ.get("RECALLD_FULL") else POINTS[2::3]


def reads(call: Call) -> Reply:
    """A model that knows of each session its number."""
    number = re.search(r"number today is (\d+)", call.prompt)
    assert number is not None
    value = {"attribute": "lucky_number", "value": number[1], "message": 0, "quote": f"number today is {number[1]}"}
    facts = [{**value, "cardinality": "many"}]
    return Output(
        arguments={"summary": f"The number was {number[1]}.", "points": [f"It was {number[1]}"], "facts": facts}
    )


async def upgrade(url: str, summariser: str, point: str) -> int:
    """Run the upgrading process; its exit code."""
    command = [sys.executable, "-m", "tests.acceptance.upgrading", url, summariser, point, "3"]
    process = await asyncio.create_subprocess_exec(*command, cwd=Path(__file__).parents[2])
    return await asyncio.wait_for(process.wait(), timeout=120)


@pytest.mark.slow
async def test_every_kept_session_is_upgraded_exactly_once_after_kills(
    migrated_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "any")
    away = True
    async with ModelServer(lambda call: Failure(status=401) if away else reads(call)) as server:
        spec = f"anthropic:{server.url}#claude-haiku-4-5"
        async with Memory.open(database_url=migrated_urls.service, worker=False, summariser=spec) as memory:
            await memory.keep_journals("acme", 7)
            for number in range(SESSIONS):
                user, at = memory.user("acme", f"user-{number % USERS}"), START + timedelta(hours=number)
                said = f"My favourite number today is {number}. I live in Porto."
                await user.append(f"s{number}", [Message(role="user", content=said)], at=at)
                await user.end_session(f"s{number}", at=at, wait=True, budget_seconds=60)
            away = False
            for point in KILLED:
                assert await upgrade(migrated_urls.service, spec, point) == -signal.SIGKILL, point
            assert (await memory.upgrade()).kept > 0
            assert await upgrade(migrated_urls.service, spec, "none") == 0
            for place in range(USERS):
                user = memory.user("acme", f"user-{place}")
                numbers = sorted(str(number) for number in range(place, SESSIONS, USERS))
                episodes = await user.episodes(limit=1000)
                assert sorted(episode.summary for episode in episodes) == sorted(
                    f"The number was {n}." for n in numbers
                )
                facts = await user.facts(include_closed=True)
                assert sorted((fact.value, fact.confirmations) for fact in facts) == [(n, 0) for n in numbers]
                for session in await user.sessions(limit=1000):
                    assert (session.state, await user.messages(session.ref.session_id)) == ("ingested", [])
