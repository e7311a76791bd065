"""Deletions leave nothing behind in what was believed once: versions, as exports and reads of past beliefs show them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from recalld import Memory, Message, UserMemory
from recalld.layers.facts.store import Source
from recalld.privacy.purposes import Purpose
from recalld.values import Cardinality, FactChanges, Statement

WINTER = datetime(2026, 1, 10, 12, tzinfo=UTC)
FEBRUARY = datetime(2026, 2, 1, 12, tzinfo=UTC)
MARCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, 12, tzinfo=UTC)
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def ada(memory: Memory) -> UserMemory:
    return memory.user("acme", "ada")


async def says(
    ada: UserMemory,
    session_id: str,
    attribute: str,
    value: str,
    at: datetime,
    cardinality: Cardinality = "single",
    **given: Any,
) -> FactChanges:
    """A session that ended *at* and says one thing, as the pipeline writes it."""
    statement = Statement(
        statement_id=f"{session_id}-0",
        attribute=attribute,
        value=value,
        act=given.pop("act", "state"),
        text=f"{attribute}: {value}",
        said_at=at,
        valid_from=at,
        valid_to=None,
        cardinality=cardinality,
        replaces=None,
        origin="stated",
        confidence=0.9,
        quote=f"it is {value}",
        purpose=given.pop("purpose", "general"),
        session_id=session_id,
        episode_id=None,
    )
    async with ada.parts.database.transaction("worker", ada.ref) as tx:
        user = await ada.parts.journal.lock_user(tx)
        return await ada.parts.facts.add(tx, user.epoch, [statement], at=at)


async def forget(ada: UserMemory, session_id: str) -> FactChanges:
    async with ada.parts.database.transaction("worker", ada.ref) as tx:
        user = await ada.parts.journal.lock_user(tx)
        return await ada.parts.facts.forget_source(tx, user.epoch, Source(session_id=session_id), at=NOW)


async def believed(ada: UserMemory, at: datetime) -> dict[str, str]:
    facts = await ada.facts(as_of=at, believed_at=at, include_closed=True)
    return {fact.value: fact.status for fact in facts}


def stored(admin: psycopg.Connection[Any]) -> str:
    """Every version and statement there is, whole."""
    versions = admin.execute("select f::text from recalld.facts f").fetchall()
    return str(versions + admin.execute("select s::text from recalld.statements s").fetchall())


async def test_a_deleted_fact_takes_versions_along_that_another_statement_founded(
    ada: UserMemory, admin: psycopg.Connection[Any]
) -> None:
    await says(ada, "b", "home_city", "Berlin", MARCH)
    await says(ada, "a", "home_city", "Berlin", FEBRUARY)
    (fact,) = await ada.facts(at=NOW)
    await ada.delete_fact(fact.fact_id, at=NOW)
    assert "Berlin" not in stored(admin)
    assert await believed(ada, MARCH + timedelta(days=1)) == {}
    assert "Berlin" not in await ada.export(format="json")


async def test_a_deleted_session_takes_the_detail_along_that_it_gave(
    ada: UserMemory, admin: psycopg.Connection[Any]
) -> None:
    await says(ada, "s1", "employer", "Acme", FEBRUARY)
    await says(ada, "s2", "employer", "Acme (Project Nightjar)", MARCH)
    await forget(ada, "s2")
    assert "Nightjar" not in stored(admin)
    assert await believed(ada, MARCH - timedelta(days=1)) == {"Acme": "current"}
    assert await believed(ada, NOW) == {"Acme": "current"}


async def test_a_deleted_session_takes_along_that_something_had_ended(
    ada: UserMemory, admin: psycopg.Connection[Any]
) -> None:
    for session_id, text, at in (("s1", "I live in Leipzig.", WINTER), ("s2", "I moved to Berlin.", FEBRUARY)):
        await ada.append(session_id, [Message(role="user", content=text)], at=at)
        await ada.end_session(session_id, wait=True, at=at)
    assert await believed(ada, MARCH) == {"Leipzig": "superseded", "Berlin": "current"}
    await ada.delete_session("s2", at=APRIL)
    assert await believed(ada, MARCH) == {}
    assert await believed(ada, WINTER) == {"Leipzig": "current"}
    assert await believed(ada, APRIL) == {"Leipzig": "current"}
    assert not any(word in stored(admin) for word in ("superseded", "Berlin", "s2"))


async def test_a_deleted_retraction_leaves_no_end_although_it_arrived_first(
    ada: UserMemory, admin: psycopg.Connection[Any]
) -> None:
    await says(ada, "s2", "home_city", "Leipzig", MARCH, act="retract")
    await says(ada, "s1", "home_city", "Leipzig", WINTER)
    await forget(ada, "s2")
    assert "retracted" not in stored(admin)
    assert await believed(ada, NOW) == {"Leipzig": "current"}


async def test_what_never_rested_on_the_deleted_stays_readable(ada: UserMemory) -> None:
    await says(ada, "dog", "pet", "a dog", WINTER, "many")
    await says(ada, "cat", "pet", "a cat", FEBRUARY, "many")
    await says(ada, "no-cat", "pet", "a cat", MARCH, "many", act="retract")
    await says(ada, "city", "home_city", "Leipzig", FEBRUARY)
    await says(ada, "move", "home_city", "Berlin", MARCH)
    between = FEBRUARY + timedelta(days=1)
    await forget(ada, "dog")
    assert await believed(ada, between) == {"a cat": "current", "Leipzig": "current"}


async def test_retention_takes_along_what_the_old_fact_had_ended(
    memory: Memory, ada: UserMemory, admin: psycopg.Connection[Any]
) -> None:
    for purpose, days in (("general", 365), ("sales", 30)):
        declared = Purpose(purpose=purpose, description="d", legal_basis="contract", facts_days=days)
        await memory.declare_purpose("acme", declared)
    old = datetime.now(UTC) - timedelta(days=40)
    await says(ada, "s1", "home_city", "Leipzig", old - timedelta(days=1))
    await says(ada, "s2", "home_city", "Berlin", old, purpose="sales")
    assert (await memory.retention(dry_run=False)).facts == 1
    assert not any(word in stored(admin) for word in ("superseded", "Berlin", "s2"))
    assert await believed(ada, old - timedelta(hours=1)) == {"Leipzig": "current"}
