"""Purposes and consents, legal holds, the audit, retention, whole tenants, and the ledger of erasures."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from recalld import Memory, Message, UserMemory
from recalld.errors import Conflict, InvalidInput, NotFound, PurposeRefused, UnsafeDatabase
from recalld.postgres.embedded import DatabaseUrls
from recalld.privacy.audit import Caller, caller
from recalld.privacy.purposes import Purpose
from recalld.privacy.receipt import faults

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
PURPOSES = ("support", "sales", "coaching")


def said(text: str = "My parcel A-17 is late.") -> list[Message]:
    return [Message(role="user", content=text)]


def declared(purpose: str, **given: Any) -> Purpose:
    return Purpose(purpose=purpose, description=f"for {purpose}", legal_basis="contract", **given)


async def remember(user: UserMemory, session_id: str = "s1", at: datetime = NOON) -> None:
    """An episode, a fact and an open session, all under the purpose of the handle."""
    await user.append(session_id, said(f"My parcel for {user.purpose} is late."), at=at)
    await user.end_session(session_id, wait=True, at=at)
    await user.append(f"{session_id}-open", said(), at=at)
    await user.set_fact(f"note_{user.purpose}", f"note of {user.purpose}", at=at)


# ---------------------------------------------------------------- purposes
async def test_a_tenant_that_declared_nothing_may_use_any_purpose(memory: Memory) -> None:
    await remember(memory.user("acme", "ada", purpose="whatever"))


async def test_an_undeclared_purpose_is_refused_on_every_way_to_write(memory: Memory) -> None:
    await memory.declare_purpose("acme", declared("support"))
    await remember(memory.user("acme", "ada", purpose="support"))
    sales = memory.user("acme", "ada", purpose="sales")
    with pytest.raises(PurposeRefused):
        await sales.append("s9", said())
    with pytest.raises(PurposeRefused):
        await sales.append("s9", said(), request_key="k")
    with pytest.raises(PurposeRefused):
        await sales.set_fact("plan", "annual")
    with pytest.raises(PurposeRefused):
        await sales.add_episode(summary="x", ended_at=NOON)
    with pytest.raises(NotFound):
        await sales.session("s9")
    await remember(memory.user("other", "ada", purpose="sales"))


async def test_a_withdrawn_purpose_is_refused_until_it_is_declared_again(memory: Memory) -> None:
    ada = memory.user("acme", "ada", purpose="support")
    await memory.declare_purpose("acme", declared("support"))
    await remember(ada)
    await memory.withdraw_purpose("acme", "support")
    with pytest.raises(PurposeRefused):
        await ada.append("s1-open", said())
    with pytest.raises(PurposeRefused):
        await ada.set_state("s1-open", {"a": 1})
    assert len(await ada.episodes()) == 1
    await memory.declare_purpose("acme", declared("support"))
    await ada.append("s1-open", said())
    with pytest.raises(NotFound):
        await memory.withdraw_purpose("acme", "unknown")


async def test_a_purpose_that_is_no_default_needs_consent(memory: Memory) -> None:
    await memory.declare_purpose("acme", declared("coaching", is_default=False))
    ada = memory.user("acme", "ada", purpose="coaching")
    with pytest.raises(PurposeRefused, match="consent"):
        await ada.set_fact("plan", "annual")
    await ada.give_consent("coaching")
    await ada.set_fact("plan", "annual")
    assert [consent.given for consent in await ada.consents()] == [True]


async def test_withdrawing_a_consent_erases_that_purpose_and_no_other(memory: Memory) -> None:
    handles = {purpose: memory.user("acme", "ada", purpose=purpose) for purpose in PURPOSES}
    for purpose, handle in handles.items():
        await remember(handle, f"s-{purpose}")
    gone = await handles["sales"].withdraw_consent("sales")
    assert (gone.sessions, gone.episodes) == (2, 1)
    everything = await handles["support"].export(format="json")
    assert "note of sales" not in everything
    assert "parcel for sales" not in everything
    for purpose in ("support", "coaching"):
        assert f"note of {purpose}" in everything
        assert len(await handles[purpose].episodes()) == 1
    with pytest.raises(PurposeRefused):
        await handles["sales"].append("new", said())
    await handles["sales"].give_consent("sales")
    await handles["sales"].append("new", said())


async def test_a_change_of_purpose_moves_everything_and_is_audited(memory: Memory) -> None:
    sales, support = (memory.user("acme", "ada", purpose=purpose) for purpose in ("sales", "support"))
    await remember(sales)
    await sales.change_purpose("sales", to="support")
    assert (await sales.facts(), await sales.episodes(), await sales.search("parcel")) == ([], [], [])
    assert "note of sales" in {fact.value for fact in await support.facts()}
    assert len(await support.search("parcel")) == 1
    event = next(event for event in await memory.audit("acme") if event.action == "purpose.changed")
    assert event.purposes == ("sales", "support")


async def test_no_read_finds_anything_outside_of_the_purposes_asked_for(memory: Memory) -> None:
    for purpose in PURPOSES:
        await remember(memory.user("acme", "ada", purpose=purpose), f"s-{purpose}")
    ada = memory.user("acme", "ada", purpose="support")
    sets = [asked for size in (1, 2, 3) for asked in itertools.combinations(PURPOSES, size)]
    outside = reads = 0
    for asked in sets:
        hits = await ada.search("parcel", purposes=asked, at=NOON)
        context = await ada.context("my parcel", purposes=asked, at=NOON)
        found = [
            *(hit.episode.purpose for hit in hits),
            *(fact.purpose for fact in await ada.facts(purposes=asked, include_closed=True)),
            *(episode.purpose for episode in await ada.episodes(purposes=asked)),
            *(fact.purpose for fact in context.facts),
            *(hit.episode.purpose for hit in context.episodes),
            *(entry.fact.purpose for line in await ada.history(purposes=asked) for entry in line.entries),
        ]
        outside += sum(purpose not in asked for purpose in found)
        outside += sum(f"note of {purpose}" in context.text for purpose in set(PURPOSES) - set(asked))
        reads += len(found)
        assert {hit.episode.purpose for hit in hits} == set(asked)
    assert (outside, reads > 30) == (0, True)
    assert (await ada.erase()).verified
    assert "parcel" not in await ada.export(format="json")


# ---------------------------------------------------------------- legal holds
async def test_a_hold_restricts_and_its_end_brings_everything_back(memory: Memory) -> None:
    ada = memory.user("acme", "ada", purpose="support")
    await remember(ada)
    before = await ada.facts(at=NOON)
    await ada.hold("court order 7")
    assert (await ada.facts(), await ada.episodes(), await ada.search("parcel")) == ([], [], [])
    assert (await ada.context("parcel", session_id="s1-open")).text == ""
    with pytest.raises(Conflict, match="legal hold"):
        await ada.append("s1-open", said())
    with pytest.raises(Conflict, match="legal hold"):
        await ada.append("new", said())
    with pytest.raises(Conflict, match="legal hold"):
        await ada.set_fact("plan", "annual")
    document = await ada.export(format="json")  # the right of access goes on
    assert "court order 7" in document
    assert "note of support" in document
    assert await ada.release() is False
    assert await ada.facts(at=NOON) == before
    await ada.append("s1-open", said())
    assert len((await ada.context("parcel", session_id="s1-open")).messages) == 2


async def test_an_erasure_waits_for_the_end_of_a_hold(memory: Memory, admin: psycopg.Connection[Any]) -> None:
    ada = memory.user("acme", "ada")
    await remember(ada)
    await ada.hold("court order 7")
    receipt = await ada.erase()
    assert (receipt.status, receipt.layers["hold"].error) == ("partial", "legal hold")
    admin.execute("update recalld.erasures set retry_at = now()")
    await memory.parts.eraser.resume()
    assert admin.execute("select count(*) from recalld.episodes").fetchone() == (1,)
    assert await ada.release() is True
    await memory.parts.eraser.resume()
    proof = await memory.erasure("acme", receipt.erasure_id)
    assert proof.verified
    assert proof.layers["episodes"].deleted == 1


async def test_only_one_hold_on_somebody_who_is_known(memory: Memory) -> None:
    ada = memory.user("acme", "ada")
    with pytest.raises(NotFound):
        await ada.hold("x")
    with pytest.raises(NotFound):
        await ada.release()
    await remember(ada)
    await ada.hold("x")
    with pytest.raises(Conflict):
        await ada.hold("y")


# ---------------------------------------------------------------- audit
async def test_the_audit_says_who_did_what_without_content_or_name(memory: Memory) -> None:
    token = caller.set(Caller(actor="key-1", request_id="r-1"))
    ada = memory.user("acme", "ada-lovelace", purpose="support")  # no hash has such letters
    await remember(ada)
    await ada.context("parcel", at=NOON)
    caller.reset(token)
    events = await memory.audit("acme")
    read = next(event for event in events if event.action == "context.read")
    assert (read.actor, read.request_id, read.purposes) == ("key-1", "r-1", ("support",))
    assert read.count > 0
    assert len({event.subject for event in events}) == 1
    assert not any(word in str(events) for word in ("lovelace", "parcel", "note of"))
    assert await memory.audit("other") == []


async def test_a_changed_or_missing_event_is_noticed(memory: Memory, admin: psycopg.Connection[Any]) -> None:
    await remember(memory.user("acme", "ada"))
    await memory.user("acme", "ada").erase()
    verdict = await memory.verify_audit("acme")
    assert (verdict.events >= 2, verdict.faults) == (True, ())
    admin.execute("update recalld.audit set count = count + 1 where seq = 1")
    assert (await memory.verify_audit("acme")).faults == ("event 1 was changed",)
    admin.execute("delete from recalld.audit where seq = 1")
    assert (await memory.verify_audit("acme")).faults == ("event 2 does not follow the one before it",)


@pytest.mark.parametrize("statement", ["update recalld.audit set count = 0", "delete from recalld.audit"])
async def test_no_role_of_the_service_can_change_the_audit(memory: Memory, statement: Any) -> None:
    ada = memory.user("acme", "ada")
    await remember(ada)
    for role in ("app", "worker", "eraser", "auditor"):
        with pytest.raises(UnsafeDatabase):
            async with memory.parts.database.transaction(role, ada.ref) as tx:  # type: ignore[arg-type]
                await tx.execute(statement)


# ---------------------------------------------------------------- retention
async def test_what_was_kept_long_enough_goes_by_purpose_and_layer(memory: Memory) -> None:
    old = datetime.now(UTC) - timedelta(days=40)
    await memory.declare_purpose("acme", declared("support", facts_days=365, episodes_days=30))
    await memory.declare_purpose("acme", declared("sales", facts_days=30))
    support, sales = (memory.user("acme", "ada", purpose=purpose) for purpose in ("support", "sales"))
    await remember(support, "s1", old)
    await remember(sales, "s2", old)
    await remember(sales, "s3", datetime.now(UTC))
    await sales.set_fact("colour", "green", at=old)
    shown = await memory.retention(dry_run=True)
    assert (shown.episodes, shown.facts >= 1) == (1, True)
    assert len(await support.episodes()) == 1
    done = await memory.retention(dry_run=False)
    assert done == shown
    assert await support.episodes() == []
    assert await support.search("parcel") == []
    assert "note of support" in {fact.value for fact in await support.facts()}
    assert len(await sales.episodes()) == 2
    assert {fact.value for fact in await sales.facts()} & {"note of sales", "green"} == {"note of sales"}
    assert await memory.retention(dry_run=False) == type(done)(people=1)


async def test_people_about_whom_nothing_was_written_for_long_are_erased(
    memory: Memory, admin: psycopg.Connection[Any]
) -> None:
    for name in ("ada", "bob", "eve"):
        await remember(memory.user("acme", name))
    await memory.user("acme", "eve").hold("court order 7")
    admin.execute("update recalld.users set created_at = now() - interval '1 year' where user_id <> 'bob'")
    admin.execute("update recalld.sessions set active_at = now() - interval '1 year' where user_id <> 'bob'")
    admin.execute("update recalld.facts set recorded_at = now() - interval '1 year' where user_id <> 'bob'")
    admin.execute("update recalld.episodes set ended_at = now() - interval '1 year' where user_id <> 'bob'")
    await memory.set_inactivity("acme", 100)
    assert (await memory.retention(dry_run=True)).inactive == 1
    assert (await memory.retention(dry_run=False)).held == 1
    left = admin.execute("select distinct user_id from recalld.episodes order by user_id").fetchall()
    assert left == [("bob",), ("eve",)]


async def test_a_worker_goes_through_everybody_once_a_day(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recalld.privacy.retention.SLICE", 2)
    await memory.set_inactivity("acme", 100)
    for name in ("a", "b", "c"):
        await remember(memory.user("acme", name))
    looked = [(await memory.parts.retention.step()).people for _ in range(4)]
    assert looked == [2, 1, 0, 0]


# ---------------------------------------------------------------- tenants and the ledger
async def test_a_whole_tenant_goes_and_may_begin_anew(memory: Memory, admin: psycopg.Connection[Any]) -> None:
    await memory.declare_purpose("acme", declared("general"))
    for tenant_id in ("acme", "other"):
        for name in ("ada", "bob"):
            await remember(memory.user(tenant_id, name))
    receipt = await memory.erase_tenant("acme")
    assert receipt.verified
    assert receipt.layers["episodes"].deleted == 2
    assert admin.execute("select distinct tenant_id from recalld.episodes").fetchall() == [("other",)]
    with pytest.raises(Conflict, match="being erased"):
        await memory.user("acme", "ada").append("s1", said())
    admin.execute("update recalld.tenant_rules set sweep_at = now()")
    await memory.parts.tenants.resume()
    proof = await memory.erasure("acme", receipt.erasure_id)
    assert (proof.verified, proof.swept_at is not None) == (True, True)
    chain = await memory.receipts("acme")
    assert faults(chain, chain[0].key) == []
    await remember(memory.user("acme", "ada", purpose="anything"))
    assert len(await memory.user("other", "ada").episodes()) == 1


async def test_a_restored_database_is_brought_up_to_date_by_the_ledger(
    postgres: Any, migrated_urls: DatabaseUrls
) -> None:
    name = migrated_urls.service.rsplit("/", 1)[1].split("?")[0]
    async with Memory.open(database_url=migrated_urls.service, worker=False) as memory:
        for user in ("ada", "bob", "eve"):
            await remember(memory.user("acme", user))
        await memory.user("acme", "early").erase()
    backup, urls = postgres.create_database(name)  # a copy of everything, before the erasures
    async with Memory.open(database_url=migrated_urls.service, worker=False) as memory:
        for user in ("ada", "bob"):
            await memory.user("acme", user).erase()
        ledger = await memory.export_erasures("acme")
    async with Memory.open(database_url=urls.service, worker=False) as restored:
        assert len(await restored.user("acme", "ada").facts()) > 0
        applied = await restored.apply_erasures(ledger)
        assert (applied.receipts, applied.restored, applied.erased) == (3, 2, 2)
        for user in ("ada", "bob"):
            assert "parcel" not in await restored.user("acme", user).export(format="json")
        assert len(await restored.user("acme", "eve").episodes()) == 1
        chain = await restored.receipts("acme")
        assert (len(chain), faults(chain, chain[0].key)) == (5, [])
        assert (await restored.apply_erasures(ledger)).erased == 0
        with pytest.raises(InvalidInput):
            await restored.apply_erasures([ledger[0].replace("verified", "forged")])
    postgres.drop_database(backup)


async def test_the_record_of_processing_names_what_is_declared(memory: Memory) -> None:
    await memory.declare_purpose("acme", declared("support", episodes_days=30))
    record = await memory.record_of_processing("acme")
    assert "| support | for support | contract | everybody | until erased | 30 days | active |" in record


# ---------------------------------------------------------------- a tenant of many people
async def test_a_tenant_is_erased_batch_after_batch_with_progress_and_exact_counts(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recalld.privacy.tenants.BATCH", 4)
    for number in range(10):
        await remember(memory.user("acme", f"user-{number}"))
    seen: list[tuple[int, int]] = []
    receipt = await memory.erase_tenant("acme", report=lambda progress: seen.append((progress.people, progress.left)))
    assert seen == [(10, 6), (10, 2), (10, 0)]
    assert (receipt.layers["people"].before, receipt.layers["people"].deleted) == (10, 10)
    assert (receipt.layers["sessions"].deleted, receipt.layers["episodes"].deleted) == (20, 10)


async def test_the_erasure_of_a_tenant_goes_on_where_its_process_died(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, admin: psycopg.Connection[Any]
) -> None:
    monkeypatch.setattr("recalld.privacy.tenants.BATCH", 4)
    for number in range(10):
        await remember(memory.user("acme", f"user-{number}"))

    class Died(BaseException):
        pass

    def die(progress: Any) -> None:
        raise Died

    with pytest.raises(Died):
        await memory.erase_tenant("acme", report=die)
    row = admin.execute("select erasure_id from recalld.tenant_rules where tenant_id = 'acme'").fetchone()
    assert row is not None
    standing = await memory.erasure("acme", row[0])
    assert (standing.status, standing.layers["people"].after, standing.signature) == ("partial", 6, "")
    before = admin.execute("select count(*) from recalld.receipts").fetchone()
    admin.execute("update recalld.tenant_rules set sweep_at = now()")
    assert await memory.parts.tenants.resume() == 1
    proof = await memory.erasure("acme", row[0])
    assert (proof.verified, proof.layers["people"].deleted, proof.layers["episodes"].deleted) == (True, 10, 10)
    after = admin.execute("select count(*) from recalld.receipts").fetchone()
    assert (before, after) == ((4,), (11,))  # nobody was erased twice
    assert admin.execute("select count(*) from recalld.episodes").fetchone() == (0,)


async def test_a_person_who_came_in_while_the_tenant_was_closed_goes_with_the_second_pass(
    memory: Memory, admin: psycopg.Connection[Any]
) -> None:
    """A writer that looked before the tenant was closed may commit after everybody was listed."""
    await remember(memory.user("acme", "ada"))
    receipt = await memory.erase_tenant("acme")
    admin.execute("insert into recalld.users (tenant_id, user_id) values ('acme', 'late')")
    admin.execute("update recalld.tenant_rules set sweep_at = now()")
    await memory.parts.tenants.resume()
    proof = await memory.erasure("acme", receipt.erasure_id)
    assert (proof.verified, proof.swept_at is not None, proof.layers["episodes"].deleted) == (True, True, 1)
    late = admin.execute("select status from recalld.erasures where user_id = 'late'").fetchone()
    assert late == ("verified",)


async def test_a_legal_hold_keeps_the_erasure_of_a_tenant_partial_until_it_is_released(
    memory: Memory, admin: psycopg.Connection[Any]
) -> None:
    ada = memory.user("acme", "ada")
    await remember(ada)
    await remember(memory.user("acme", "bob"))
    await ada.hold("court order 7")
    receipt = await memory.erase_tenant("acme")
    assert (receipt.status, receipt.layers["people"].after) == ("partial", 1)
    assert "late" in await ada.export(format="json")
    await ada.release()
    admin.execute("update recalld.tenant_rules set sweep_at = now()")
    await memory.parts.eraser.resume()
    await memory.parts.tenants.resume()
    proof = await memory.erasure("acme", receipt.erasure_id)
    assert (proof.verified, proof.layers["episodes"].deleted) == (True, 2)


async def test_an_erasure_past_its_budget_is_answered_as_it_stands_and_goes_on(memory: Memory) -> None:
    ada = memory.user("acme", "ada")
    await remember(ada)
    receipt = await ada.erase(budget_seconds=1e-9)
    assert receipt.status == "partial"
    assert await ada.episodes() == []
    await memory.parts.settle()
    assert (await memory.erasure("acme", receipt.erasure_id)).verified


async def test_the_erasure_of_a_tenant_past_its_budget_is_left_to_a_worker(memory: Memory) -> None:
    ada = memory.user("acme", "ada")
    await remember(ada)
    receipt = await memory.erase_tenant("acme", budget_seconds=1e-9)
    assert receipt.status == "partial"
    assert await memory.parts.tenants.resume() == 1
    assert (await memory.erasure("acme", receipt.erasure_id)).verified
