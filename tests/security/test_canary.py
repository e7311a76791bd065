"""A word that only one person ever said: after the erasure it is nowhere to be read, after a deep one not even on the disk."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from redis import Redis

from recalld import Memory, Message, UserMemory
from recalld.postgres.embedded import DatabaseUrls
from recalld.postgres.maintenance import scrub
from recalld.testing.model_server import ModelServer
from recalld.testing.wire import Failure

CANARY = "quetzalcoatlus-7319"
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


async def remember(user: UserMemory) -> None:
    """The word in every layer, in closed and open sessions, in a job, in a journal kept for a model, in facts past and present."""
    for number in range(3):
        await user.append(
            f"s{number}", [Message(role="user", content=f"My pet {CANARY} hatched in town {number}.")], at=NOON
        )
    await user.end_session("s0", wait=True, at=NOON, budget_seconds=60)
    await user.end_session("s1", at=NOON)
    await user.set_state("s2", {"pet": CANARY})
    await user.set_fact("pet", CANARY, at=NOON)
    await user.set_fact("home_city", f"{CANARY} town", at=NOON)
    await user.set_fact("home_city", "Porto", at=datetime.now(UTC))
    await user.add_episode(summary=f"{CANARY} again", points=(CANARY,), topics=(CANARY,), ended_at=NOON)


def in_tables(admin: psycopg.Connection[Any]) -> list[str]:
    """The tables with a row that has the word, in both of our schemas."""
    tables = admin.execute(
        "select schemaname, tablename from pg_tables where schemaname in ('recalld', 'recalld_jobs')"
    ).fetchall()
    found: list[str] = []
    for schema, table in tables:
        query = sql.SQL("select count(*) from {}.{} t where t::text ilike %s").format(
            sql.Identifier(schema), sql.Identifier(table)
        )
        row = admin.execute(query, [f"%{CANARY}%"]).fetchone()
        if row and row[0]:
            found.append(table)
    return found


def in_files(folder: Path, words: tuple[bytes, ...] = (CANARY.encode(),)) -> list[str]:
    """The files that have the word."""
    found: list[str] = []
    for path in sorted(folder.rglob("*")):
        try:
            content = path.read_bytes() if path.is_file() else b""
        except OSError:
            continue
        if any(word in content for word in words):
            found.append(path.relative_to(folder).as_posix())
    return found


def owners(admin: psycopg.Connection[Any], files: list[str]) -> list[Any]:
    """The relations that files belong to, for the message of a failing test."""
    names = [int(path.rpartition("/")[2]) for path in files if path.rpartition("/")[2].isdigit()]
    return admin.execute("select relname from pg_class where pg_relation_filenode(oid) = any(%s)", [names]).fetchall()


@pytest.fixture
def messages(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """Everything that was logged or printed so far."""
    caplog.set_level(logging.DEBUG)

    def told() -> str:
        captured = capsys.readouterr()
        return caplog.text + captured.out + captured.err

    return told  # type: ignore[return-value]


@pytest.fixture
async def dead_model(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """A summariser that rejects every call."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "any")
    async with ModelServer(lambda call: Failure(status=401)) as server:
        yield f"anthropic:{server.url}#claude-haiku-4-5"


async def test_after_an_erasure_the_word_is_nowhere(
    migrated_urls: DatabaseUrls, redis_url: str, admin: psycopg.Connection[Any], messages: Any, dead_model: str
) -> None:
    redis = Redis.from_url(redis_url)
    redis.flushall()
    url = migrated_urls.service
    async with Memory.open(database_url=url, redis_url=redis_url, summariser=dead_model, worker=False) as memory:
        await memory.keep_journals("acme", 7)
        ada = memory.user("acme", "ada")
        await remember(ada)
        assert (await memory.upgrade()).kept == 1
        await ada.context(f"what about {CANARY}?", session_id="s2", at=NOON)
        assert set(in_tables(admin)) >= {"messages", "facts", "statements", "episodes"}
        assert any(CANARY.encode() in redis.dump(key) for key in redis.scan_iter())  # type: ignore[operator]
        receipt = await ada.erase()
        assert receipt.verified
        assert in_tables(admin) == []
        assert list(redis.scan_iter()) == []
        for format in ("json", "markdown", "html"):  # noqa: A001
            assert CANARY not in await ada.export(format=format)  # type: ignore[arg-type]
        assert CANARY not in str(receipt)
        assert CANARY not in str(await memory.audit("acme"))
    assert CANARY not in messages()
    redis.close()


async def test_after_a_deep_erasure_the_word_is_not_on_the_disk(
    postgres: Any, migrated_urls: DatabaseUrls, admin: psycopg.Connection[Any]
) -> None:
    folder = postgres.cluster.directory
    async with Memory.open(database_url=migrated_urls.service, worker=False) as memory:
        ada, bob = memory.user("acme", "ada"), memory.user("acme", "bob")
        await remember(ada)
        await bob.append("s1", [Message(role="user", content="I live in Porto.")], at=NOON)
        admin.execute("analyze")  # samples of values get into the statistics
        admin.execute("checkpoint")
        assert in_files(folder)
        assert (await ada.erase()).verified
        assert await scrub(migrated_urls.migrator) == []
        left = in_files(folder)
        assert (left, owners(admin, left)) == ([], [])
        assert (await bob.session("s1")).message_count == 1


async def test_a_deep_erasure_tells_of_rows_that_an_older_transaction_still_sees(
    migrated_urls: DatabaseUrls, admin: psycopg.Connection[Any]
) -> None:
    async with Memory.open(database_url=migrated_urls.service, worker=False) as memory:
        ada = memory.user("acme", "ada")
        await remember(ada)
        admin.execute("begin isolation level repeatable read")
        admin.execute("select 1 from pg_class limit 1")
        assert (await ada.erase()).verified
        undone = await scrub(migrated_urls.migrator, patience=0)
        assert [line for line in undone if line.startswith("deleted rows of recalld.facts stay")]
        admin.execute("rollback")
        assert await scrub(migrated_urls.migrator) == []
