"""kill -9 in the middle of ingestion: nothing is lost, nothing is there twice."""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from recalld import Memory, Message
from recalld.postgres.embedded import DatabaseUrls

SESSIONS = 200
USERS = 10
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
POINTS = [
    "recalld.layers.working.journal:Journal.claim:before",
    "recalld.layers.working.journal:Journal.claim:after",
    "recalld.layers.working.journal:Journal.messages:after",
    "recalld.ingest.local.summariser:LocalSummariser.digest:after",
    "recalld.models.local:LocalEmbedder.embed_documents:after",
    "recalld.layers.working.journal:Journal.lock_ended:after",
    "recalld.layers.facts.store:FactStore.add:after",
    "recalld.layers.episodes.store:EpisodeStore.insert:after",
    "recalld.layers.vectors.pgvector:PgVectorIndex.upsert:after",
    "recalld.layers.working.journal:Journal.finish:after",
]


async def ingest(url: str, point: str, nth: int = 3) -> int:
    """Run the ingesting process; return its exit code."""
    script = Path(__file__).with_name("ingesting.py")
    process = await asyncio.create_subprocess_exec(sys.executable, str(script), url, point, str(nth))
    return await asyncio.wait_for(process.wait(), timeout=240)


async def fill(memory: Memory) -> None:
    """End sessions of several users without ingesting them; each says one thing that no other says."""
    for number in range(SESSIONS):
        user = memory.user("acme", f"user-{number % USERS}")
        at = START + timedelta(hours=number)
        await user.append(
            f"s{number}",
            [Message(role="user", content=f"My favourite number today is {number}. I live in Porto.")],
            at=at,
        )
        await user.end_session(f"s{number}", at=at)


@pytest.mark.slow
async def test_every_session_is_ingested_exactly_once_after_ten_kills(migrated_urls: DatabaseUrls) -> None:
    async with Memory.open(database_url=migrated_urls.service, worker=False) as memory:
        await fill(memory)
        for point in POINTS:
            assert await ingest(migrated_urls.service, point) == -signal.SIGKILL, point
        assert (await memory.backlog())["waiting"] > 0
        assert await ingest(migrated_urls.service, "none") == 0
        kept: list[str | None] = []
        for number in range(USERS):
            user = memory.user("acme", f"user-{number}")
            kept += [episode.session_id for episode in await user.episodes(limit=1000)]
            homes = [fact for fact in await user.facts() if fact.attribute == "home_city"]
            assert [(fact.value, fact.confirmations) for fact in homes] == [("Porto", SESSIONS // USERS - 1)]
            assert all(session.state == "ingested" for session in await user.sessions(limit=1000))
        assert sorted(kept, key=str) == sorted((f"s{number}" for number in range(SESSIONS)), key=str)
        assert await _left_in_journal(memory) == 0


async def _left_in_journal(memory: Memory) -> int:
    total = 0
    for number in range(USERS):
        user = memory.user("acme", f"user-{number}")
        async with memory.parts.database.transaction("worker", user.ref) as tx:
            query = (
                "select count(*) as n from recalld.messages where tenant_id = %(tenant_id)s and user_id = %(user_id)s"
            )
            row = await tx.row(query)
            total += row["n"] if row else 0
    return total
