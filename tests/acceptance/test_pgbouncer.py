"""Behind PgBouncer in transaction mode, where each transaction of a connection may meet another session of the server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from recalld import Memory, Message
from recalld.jobs import queue
from recalld.postgres.embedded import DatabaseUrls
from tests.conftest import TestPostgres
from tests.scenario import NOON, live_and_be_forgotten
from tests.services import PgBouncer, running_pgbouncer

LISTENING = """
select 1 from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and query like 'LISTEN "procrastinate%'
"""


@pytest.fixture
def pooler(postgres: TestPostgres, migrated_urls: DatabaseUrls, open_tmp_path: Path) -> Iterator[PgBouncer]:
    """It has fewer sessions than recalld has connections, so that they are really shared."""
    folder = open_tmp_path / "pooler"
    folder.mkdir()
    account = postgres.cluster.account
    with running_pgbouncer(folder, migrated_urls.service, account, connections=2) as pooler:
        yield pooler


async def test_a_whole_life_passes_through_the_pooler(pooler: PgBouncer) -> None:
    async with Memory.open(database_url=pooler.url) as memory:
        await live_and_be_forgotten(memory)


async def test_a_worker_behind_the_pooler_finds_its_work_by_looking(pooler: PgBouncer) -> None:
    async with Memory.open(database_url=pooler.url) as memory:
        assert await ingested_by_a_worker(memory, "s1", seconds=60)


async def test_a_worker_listens_at_the_server_itself(
    pooler: PgBouncer, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "POLL_SECONDS", 3600.0)  # only a notification can wake it
    async with Memory.open(database_url=pooler.url, queue_url=pooler.server) as memory:
        async with asyncio.timeout(30):
            while not admin.execute(LISTENING).fetchone():
                await asyncio.sleep(0.05)
        # one that comes while it is just looking may be lost on it, not three
        assert [ended for ended in ("s1", "s2", "s3") if await ingested_by_a_worker(memory, ended, seconds=10)]


async def test_what_one_connection_sets_no_other_one_finds(pooler: PgBouncer) -> None:
    """Two sessions of the server serve all, each in turn; what a scope holds ends with its transaction."""
    async with Memory.open(database_url=pooler.url, worker=False, max_connections=6) as memory:
        people = [memory.user("acme", f"user-{number}") for number in range(6)]
        for user in people:
            await user.set_fact("home_city", f"City of {user.ref.user_id}", at=NOON)
        for _ in range(4):
            found = await asyncio.gather(*(user.facts(at=NOON) for user in people))
            assert [[fact.value for fact in facts] for facts in found] == [
                [f"City of {user.ref.user_id}"] for user in people
            ]


async def ingested_by_a_worker(memory: Memory, session_id: str, *, seconds: int) -> bool:
    """Whether a session that was ended without waiting becomes memory in time."""
    ada = memory.user("acme", "ada")
    await ada.append(session_id, [Message(role="user", content="My order A-17 arrived broken.")])
    await ada.end_session(session_id)
    for _ in range(10 * seconds):
        if (await ada.session(session_id)).state == "ingested":
            return True
        await asyncio.sleep(0.1)
    return False
