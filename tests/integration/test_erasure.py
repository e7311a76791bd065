"""Erasure: everything of one person goes, nothing of anybody else, and nothing comes back."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg import sql

from benchmarks.erasure import Place, race
from recalld import Memory, Message, UserMemory
from recalld.errors import NotFound
from recalld.postgres.embedded import DatabaseUrls
from recalld.postgres.lint import PERSONAL
from recalld.privacy.receipt import faults, signed_by
from recalld.values import ErasureReceipt

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
PROOF = {"users", "erasures"}  # the row of the person and that of the erasure go with the second pass


async def remember(user: UserMemory, city: str = "Leipzig") -> None:
    """Something in every layer: an ended session, an open one with state, a fact through the API."""
    text = f"I moved my bakery to {city} last year."
    await user.append("s1", [Message(role="user", content=text)], at=NOON)
    await user.end_session("s1", wait=True, at=NOON)
    await user.append("s2", [Message(role="user", content=text)], at=NOON)
    await user.set_state("s2", {"note": text})
    await user.set_fact("home_city", city, at=NOON)
    await user.give_consent("general")


def rows_of(admin: psycopg.Connection[Any], user_id: str, tables: Collection[str]) -> dict[str, int]:
    """How many rows each table has of a person, as the superuser sees it."""
    counts: dict[str, int] = {}
    for table in tables:
        query = sql.SQL("select count(*) from recalld.{} where user_id = %s").format(sql.Identifier(table))
        row = admin.execute(query, [user_id]).fetchone()
        counts[table] = row[0] if row else 0
    return {table: count for table, count in counts.items() if count}


async def second_pass(memory: Memory, admin: psycopg.Connection[Any]) -> None:
    """Let the lease of every writer be over, and the worker look."""
    admin.execute("update recalld.erasures set sweep_at = now() where status = 'verified'")
    while await memory.parts.eraser.resume():
        pass


@pytest.fixture
def ada(memory: Memory) -> UserMemory:
    return memory.user("acme", "ada", timezone="Europe/Berlin")


async def test_everything_goes_and_the_receipt_says_so(
    memory: Memory, ada: UserMemory, admin: psycopg.Connection
) -> None:
    await remember(ada)
    receipt = await ada.erase()
    assert receipt.verified
    assert rows_of(admin, "ada", set(PERSONAL) - PROOF) == {}
    assert {name for name, layer in receipt.layers.items() if layer.deleted} >= {"working", "facts", "episodes"}
    assert all((layer.after, layer.error) == (0, None) for layer in receipt.layers.values())
    assert await ada.facts() == []
    assert await ada.search("Leipzig") == []
    assert (await ada.context("where do I live?", session_id="s2")).text == ""


async def test_a_receipt_is_signed_and_names_nobody(memory: Memory, ada: UserMemory) -> None:
    await remember(ada)
    receipt = await ada.erase()
    assert signed_by(receipt, receipt.key)
    assert not signed_by(replace(receipt, requested_at=NOON), receipt.key)
    assert "'ada'" not in str(receipt)  # without quotes it may turn up in a signature
    assert await memory.erasure("acme", receipt.erasure_id) == receipt


async def test_receipts_of_a_tenant_form_a_chain(memory: Memory) -> None:
    for name in ("ada", "bob", "eve"):
        await memory.user("acme", name).erase()
    chain = await memory.receipts("acme")
    assert len(chain) == 3
    assert faults(chain, chain[0].key) == []
    assert faults([chain[0], chain[2]], chain[0].key) == [
        f"receipt 2 ({chain[2].erasure_id}) does not follow the one before it"
    ]
    assert await memory.receipts("other") == []


async def test_the_second_pass_removes_the_last_row_that_names_the_person(
    memory: Memory, ada: UserMemory, admin: psycopg.Connection
) -> None:
    await remember(ada)
    first = await ada.erase()
    await second_pass(memory, admin)
    assert rows_of(admin, "ada", set(PERSONAL)) == {}
    last = await memory.erasure("acme", first.erasure_id)
    assert last.verified
    assert last.swept_at is not None
    assert last.previous


async def test_a_person_who_returns_starts_empty_and_keeps_what_is_new(
    memory: Memory, ada: UserMemory, admin: psycopg.Connection
) -> None:
    await remember(ada)
    await ada.erase()
    await remember(ada, "Porto")
    await second_pass(memory, admin)
    assert [fact.value for fact in await ada.facts() if fact.attribute == "home_city"] == ["Porto"]
    assert "Leipzig" not in await ada.export(format="json")
    assert sorted(session.state for session in await ada.sessions()) == ["ingested", "open"]
    assert len((await ada.context("bakery", session_id="s2")).messages) == 1


async def test_what_a_dead_writer_left_in_working_memory_goes_with_the_second_pass(
    memory: Memory, ada: UserMemory, admin: psycopg.Connection
) -> None:
    await remember(ada)
    session = await ada.session("s2")
    await ada.erase()
    await memory.parts.working.append(session.ref, session.epoch, 0, [Message(role="user", content="late")])
    assert (await ada.context("late", session_id="s2")).messages == ()
    await second_pass(memory, admin)
    assert await memory.parts.working.count(ada.ref) == 0


async def test_erasing_twice_and_erasing_nobody_give_receipts_over_nothing(memory: Memory, ada: UserMemory) -> None:
    await remember(ada)
    await ada.erase()
    for user in (ada, memory.user("acme", "nobody")):
        receipt = await user.erase()
        assert receipt.verified
        assert sum(layer.deleted for layer in receipt.layers.values()) == 0


async def test_an_unknown_erasure_is_not_found(memory: Memory, ada: UserMemory) -> None:
    receipt = await ada.erase()
    with pytest.raises(NotFound):
        await memory.erasure("acme", "none")
    with pytest.raises(NotFound):
        await memory.erasure("other", receipt.erasure_id)


async def test_an_erasure_whose_process_died_is_carried_out_by_a_worker(
    memory: Memory, ada: UserMemory, admin: psycopg.Connection
) -> None:
    await remember(ada)
    begun = await memory.parts.eraser.begin(ada.ref)
    assert await ada.facts() == []  # the fence holds already
    assert (await memory.erasure("acme", begun.erasure_id)).status == "partial"
    assert await memory.parts.eraser.resume() == 0  # whoever began it has a minute
    admin.execute("update recalld.erasures set retry_at = now()")
    assert await memory.parts.eraser.resume() == 1
    assert (await memory.erasure("acme", begun.erasure_id)).verified
    assert rows_of(admin, "ada", set(PERSONAL) - PROOF) == {}


NEIGHBOURS = [
    *(("acme", name) for name in ("Ada", "ADA", "ada ", "ad", "adaa", "a\u0301da", "áda", "ada%", "ada\\", "ad_", "*")),
    *((tenant, "ada") for tenant in ("acm", "Acme", "acme ", "acme:ada", "other")),
    *(("acme", f"user-{number}") for number in range(984)),
]


async def test_a_thousand_neighbours_are_unchanged_to_the_byte(
    memory: Memory, ada: UserMemory, admin: psycopg.Connection
) -> None:
    for tenant_id, user_id in NEIGHBOURS:
        await memory.user(tenant_id, user_id).append("s1", [Message(role="user", content="I live in Porto.")], at=NOON)
    for tenant_id, user_id in NEIGHBOURS[:20]:
        neighbour = memory.user(tenant_id, user_id)
        await neighbour.set_fact("plan", "annual", at=NOON)
        await neighbour.end_session("s1", wait=True, at=NOON)
        await neighbour.append("s2", [Message(role="user", content="Still here.")], at=NOON)
    await remember(ada)
    before, working = others(admin), await in_working_memory(memory)
    receipt = await ada.erase()
    await second_pass(memory, admin)
    assert receipt.verified
    assert len(before) > 2000
    assert others(admin) == before
    assert await in_working_memory(memory) == working


def others(admin: psycopg.Connection[Any]) -> set[str]:
    """Every row of everybody but the one, as text."""
    return {
        f"{table} {row[0]}"
        for table in PERSONAL
        for row in admin.execute(
            sql.SQL("select t::text from recalld.{} t where (tenant_id, user_id) <> ('acme', 'ada')").format(
                sql.Identifier(table)
            )
        )
    }


async def in_working_memory(memory: Memory) -> int:
    """Sessions of the neighbours there."""
    refs = [memory.user(tenant_id, user_id).ref for tenant_id, user_id in NEIGHBOURS]
    return sum([await memory.parts.working.count(ref) for ref in refs])


async def test_the_receipt_survives_its_way_through_json(ada: UserMemory) -> None:
    from recalld.privacy.receipt import as_mapping, from_mapping

    receipt = await ada.erase()
    assert isinstance(receipt, ErasureReceipt)
    assert from_mapping(as_mapping(receipt)) == receipt


# ---------------------------------------------------------------- the race
@pytest.mark.slow
async def test_nothing_comes_back_however_the_writers_die(migrated_urls: DatabaseUrls, redis_url: str) -> None:
    everything = bool(os.environ.get("RECALLD_FULL"))
    place = Place(database_url=migrated_urls.service, redis_url=redis_url)
    figures = await race(place, erasures=1000 if everything else 25, workers=3, kill=0.1)
    print(f"\n{figures}")
    assert (figures.retrievable, figures.resurrected, figures.not_verified) == (0, 0, 0)
    assert figures.reads > figures.erasures
