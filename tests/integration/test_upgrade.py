"""The upgrade pass: the model digests again what the local summariser did in its place, while the tenant lets journals be kept."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from recalld import Memory, Message, UserMemory
from recalld.errors import InvalidInput, NotFound
from recalld.postgres.embedded import DatabaseUrls
from recalld.privacy.purposes import Purpose
from recalld.testing.model_server import ModelServer
from recalld.testing.wire import Call, Failure, Output, Reply
from recalld.values import SessionRef

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
SAID = "I live in Porto. You know who stands at the oven at the harbour bakery."
BAKERY = {"attribute": "employer", "value": "the harbour bakery", "message": 0, "quote": "at the harbour bakery"}
REPLY = Output(
    arguments={"summary": "The user bakes at the harbour.", "points": ["The user bakes"], "facts": [BAKERY]},
    input_tokens=2_000,
    output_tokens=300,
)
AWAY = Failure(status=401)


@dataclass
class Provider:
    """A model that is away until somebody says what it answers."""

    answer: Callable[[Call], Reply | Awaitable[Reply]] = lambda call: AWAY
    prompts: list[str] = field(default_factory=list)

    def __call__(self, call: Call) -> Any:
        self.prompts.append(call.prompt)
        return self.answer(call)

    def returns(self, reply: Reply = REPLY) -> None:
        self.answer = lambda call: reply
        self.prompts.clear()


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "any")


@asynccontextmanager
async def opened(
    urls: DatabaseUrls, *, days: int | None = 7, **settings: Any
) -> AsyncGenerator[tuple[Memory, Provider]]:
    """An installation with a model that is away, and a tenant that keeps journals for it."""
    provider = Provider()
    async with ModelServer(provider) as server:
        spec = f"anthropic:{server.url}#claude-haiku-4-5"
        async with Memory.open(database_url=urls.service, worker=False, summariser=spec, **settings) as memory:
            await memory.keep_journals("acme", days)
            yield memory, provider


async def talk(user: UserMemory, session_id: str = "s1", text: str = SAID, at: datetime = NOON) -> str:
    """A session that the local summariser digests; its episode."""
    await user.append(session_id, [Message(role="user", content=text)], at=at)
    report = await user.end_session(session_id, wait=True, at=at, budget_seconds=60)
    assert (report.status, report.digest_by) == ("ingested", "local")
    assert report.episode is not None
    return report.episode.episode_id


def journals(admin: psycopg.Connection[Any]) -> int:
    """Messages that anybody has, and sessions whose journal is said to be kept, which must agree on whether there are any."""
    row = admin.execute("select count(*) from recalld.messages").fetchone()
    kept = admin.execute("select count(*) from recalld.sessions where kept_at is not null").fetchone()
    assert row is not None
    assert kept is not None
    assert bool(row[0]) == bool(kept[0])
    return row[0]


async def known(user: UserMemory) -> dict[str, str]:
    return {fact.attribute: fact.value for fact in await user.facts()}


async def test_a_tenant_that_says_nothing_keeps_no_transcript(
    migrated_urls: DatabaseUrls, admin: psycopg.Connection[Any]
) -> None:
    async with opened(migrated_urls, days=None) as (memory, provider):
        await talk(memory.user("acme", "ada"))
        assert journals(admin) == 0
        provider.returns()
        assert (await memory.upgrade(dry_run=False)).upgraded == 0


async def test_the_model_digests_again_what_the_local_summariser_did_in_its_place(
    migrated_urls: DatabaseUrls, admin: psycopg.Connection[Any]
) -> None:
    async with opened(migrated_urls) as (memory, provider):
        ada = memory.user("acme", "ada")
        episode_id = await talk(ada)
        await ada.set_fact("plan", "annual", at=NOON)
        assert await known(ada) == {"home_city": "Porto", "plan": "annual"}
        assert (await memory.upgrade()).kept == 1
        provider.returns()
        done = await memory.upgrade(dry_run=False)

        assert (done.kept, done.upgraded, done.postponed, done.left) == (1, 1, 0, 0)
        assert done.cost_usd == pytest.approx(0.0035)
        (episode,) = await ada.episodes()
        assert (episode.episode_id, episode.digest_by) == (episode_id, "anthropic:claude-haiku-4-5")
        assert episode.summary == "The user bakes at the harbour."
        assert await known(ada) == {"employer": "the harbour bakery", "plan": "annual"}
        (hit,) = await ada.search("who bakes?", at=NOON)
        assert hit.episode == episode
        assert [row.calls for row in await memory.usage("acme")] == [2]  # the one that failed, too
        assert journals(admin) == 0
        provider.returns()
        assert (await memory.upgrade(dry_run=False)).upgraded == 0
        assert provider.prompts == []


async def test_a_session_that_the_model_digested_keeps_no_journal(
    migrated_urls: DatabaseUrls, admin: psycopg.Connection[Any]
) -> None:
    async with opened(migrated_urls) as (memory, provider):
        provider.returns()
        ada = memory.user("acme", "ada")
        await ada.append("s1", [Message(role="user", content=SAID)], at=NOON)
        await ada.end_session("s1", wait=True, at=NOON, budget_seconds=60)
        await ada.append("s2", [Message(role="user", content="what is the capital of Estonia?")], at=NOON)
        assert (await ada.end_session("s2", wait=True, at=NOON, budget_seconds=60)).digest_by == "triage"
        assert journals(admin) == 0


async def test_a_kept_journal_is_for_the_model_alone(migrated_urls: DatabaseUrls) -> None:
    async with opened(migrated_urls) as (memory, _):
        ada = memory.user("acme", "ada")
        await talk(ada)
        assert await ada.messages("s1") == []
        assert (await ada.context("and?", session_id="s1", at=NOON)).messages == ()


async def test_a_model_that_is_still_away_changes_nothing(
    migrated_urls: DatabaseUrls, admin: psycopg.Connection[Any]
) -> None:
    async with opened(migrated_urls) as (memory, provider):
        ada = memory.user("acme", "ada")
        await talk(ada)
        before = await ada.episodes(), await known(ada)
        done = await memory.upgrade(dry_run=False)
        assert (done.upgraded, done.postponed) == (0, 1)
        assert (await ada.episodes(), await known(ada)) == before
        assert journals(admin) == 1
        provider.returns()
        assert await memory.parts.upgrades.step() == 0  # its next try is not due
        admin.execute("update recalld.sessions set retry_at = now()")
        assert await memory.parts.upgrades.step() == 1
        assert journals(admin) == 0


async def test_past_the_ceiling_nothing_is_spent_on_the_past(
    migrated_urls: DatabaseUrls, admin: psycopg.Connection[Any]
) -> None:
    async with opened(migrated_urls, user_ceiling_usd="0.003") as (memory, provider):
        ada = memory.user("acme", "ada")
        await talk(ada)
        provider.returns()
        assert (await memory.upgrade(dry_run=False)).upgraded == 1
        await talk(ada, "s2", "I live in Lisbon.", at=NOON + timedelta(days=1))
        done = await memory.upgrade(dry_run=False)
        assert (done.upgraded, done.postponed, len(provider.prompts)) == (0, 1, 1)
        assert journals(admin) == 1


async def test_an_answer_that_cannot_be_used_leaves_the_local_digest(
    migrated_urls: DatabaseUrls, admin: psycopg.Connection[Any]
) -> None:
    async with opened(migrated_urls) as (memory, provider):
        ada = memory.user("acme", "ada")
        await talk(ada)
        provider.returns(Output(arguments={"summary": ""}))
        assert (await memory.upgrade(dry_run=False)).left == 1
        assert await known(ada) == {"home_city": "Porto"}
        assert journals(admin) == 0


async def test_two_workers_upgrade_a_session_once(migrated_urls: DatabaseUrls, admin: psycopg.Connection[Any]) -> None:
    async with opened(migrated_urls) as (memory, provider):
        ada = memory.user("acme", "ada")
        await talk(ada)
        provider.returns()
        upgrades = memory.parts.upgrades
        session = SessionRef(user=ada.ref, session_id="s1")
        epoch = (await ada.session("s1")).epoch
        seen: list[str] = []

        async def meanwhile(call: Call) -> Reply:
            seen.append((await upgrades.run(session, epoch, early=True)).outcome)
            return REPLY

        provider.answer = meanwhile
        assert (await upgrades.run(session, epoch, early=True)).outcome == "upgraded"
        assert seen == ["nothing"]
        assert (await upgrades.run(session, epoch, early=True)).outcome == "nothing"


async def test_the_index_outside_gets_the_new_vectors(migrated_urls: DatabaseUrls, tmp_path: Path) -> None:
    async with opened(migrated_urls, vectors=f"qdrant:{tmp_path / 'index'}") as (memory, provider):
        ada = memory.user("acme", "ada")
        episode_id = await talk(ada)
        provider.returns()
        assert (await memory.upgrade(dry_run=False)).upgraded == 1
        assert await memory.parts.vectors.ids(None, ada.ref) == {episode_id}
        assert (await memory.parts.reconciler.verify()).equal
        (hit,) = await ada.search("who bakes?", at=NOON)
        assert hit.episode.digest_by == "anthropic:claude-haiku-4-5"


# ---------------------------------------------------------------- how long
async def test_a_journal_goes_when_its_days_are_over(
    migrated_urls: DatabaseUrls, admin: psycopg.Connection[Any]
) -> None:
    async with opened(migrated_urls) as (memory, provider):
        ada = memory.user("acme", "ada")
        await talk(ada)
        admin.execute("update recalld.sessions set kept_at = now() - interval '6 days 23 hours'")
        assert await memory.parts.upgrades.let_go_lapsed() == 0
        admin.execute("update recalld.sessions set kept_at = now() - interval '7 days 1 second', retry_at = now()")
        provider.returns()
        assert await memory.parts.upgrades.step() == 0
        assert journals(admin) == 0
        assert await known(ada) == {"home_city": "Porto"}


@pytest.mark.parametrize(("days", "left"), [(1, 0), (None, 0), (30, 1)])
async def test_another_time_holds_for_what_is_kept_already(
    migrated_urls: DatabaseUrls, admin: psycopg.Connection[Any], days: int | None, left: int
) -> None:
    async with opened(migrated_urls) as (memory, _):
        await talk(memory.user("acme", "ada"))
        admin.execute("update recalld.sessions set kept_at = now() - interval '2 days'")
        await memory.keep_journals("acme", days)
        await memory.parts.upgrades.let_go_lapsed()
        assert journals(admin) == left


async def test_a_time_is_days_or_none(memory: Memory) -> None:
    for days in (0, -1, 40_000):
        with pytest.raises(InvalidInput):
            await memory.keep_journals("acme", days)


async def test_the_record_of_processing_tells_how_long(memory: Memory) -> None:
    assert "could not digest" not in await memory.record_of_processing("acme")
    await memory.keep_journals("acme", 3)
    assert "could not digest, for at most 3 days" in await memory.record_of_processing("acme")


async def test_under_a_legal_hold_a_journal_neither_goes_nor_is_digested(
    migrated_urls: DatabaseUrls, admin: psycopg.Connection[Any]
) -> None:
    async with opened(migrated_urls) as (memory, provider):
        ada = memory.user("acme", "ada")
        await talk(ada)
        provider.returns()
        await ada.hold("a court asks")
        assert (await memory.upgrade(dry_run=False)).upgraded == 0
        await memory.keep_journals("acme", None)
        assert await memory.parts.upgrades.let_go_lapsed() == 0
        assert journals(admin) == 1
        await ada.release()
        assert await memory.parts.upgrades.let_go_lapsed() == 1
        assert journals(admin) == 0


# ---------------------------------------------------------------- what is deleted stays deleted
async def _delete_fact(memory: Memory, ada: UserMemory) -> None:
    (fact,) = await ada.facts()
    await ada.delete_fact(fact.fact_id)


async def _delete_episode(memory: Memory, ada: UserMemory) -> None:
    (episode,) = await ada.episodes()
    await ada.delete_episode(episode.episode_id)


async def _delete_by_search(memory: Memory, ada: UserMemory) -> None:
    assert (await ada.forget("harbour bakery Porto", dry_run=False)).deleted


async def _retain(memory: Memory, ada: UserMemory) -> None:
    purpose = Purpose(purpose="general", description="all", legal_basis="contract", episodes_days=1)
    await memory.declare_purpose("acme", purpose)
    await memory.retention(dry_run=False)


async def _inactive(memory: Memory, ada: UserMemory) -> None:
    async with memory.parts.database.transaction("worker", ada.ref) as tx:
        for column in ("users set created_at", "sessions set active_at", "facts set recorded_at"):
            await tx.execute(
                f"update recalld.{column} = now() - interval '9 days' "  # type: ignore[arg-type]
                "where tenant_id = %(tenant_id)s and user_id = %(user_id)s"
            )
    await memory.set_inactivity("acme", 5)
    await memory.retention(dry_run=False)


DELETIONS: dict[str, Callable[[Memory, UserMemory], Awaitable[object]]] = {
    "the person": lambda memory, ada: ada.erase(),
    "the tenant": lambda memory, ada: memory.erase_tenant("acme"),
    "the session": lambda memory, ada: ada.delete_session("s1"),
    "the episode": _delete_episode,
    "a fact": _delete_fact,
    "what a search finds": _delete_by_search,
    "a purpose": lambda memory, ada: ada.withdraw_consent("general"),
    "by retention": _retain,
    "the inactive": _inactive,
}


@pytest.mark.parametrize("what", DELETIONS)
async def test_a_deletion_takes_the_kept_journal_with_it(
    migrated_urls: DatabaseUrls, admin: psycopg.Connection[Any], what: str
) -> None:
    async with opened(migrated_urls) as (memory, provider):
        ada = memory.user("acme", "ada")
        await talk(ada, at=datetime.now(UTC) - timedelta(days=8))
        assert journals(admin) == 1
        await DELETIONS[what](memory, ada)
        assert journals(admin) == 0
        provider.returns()
        assert (await memory.upgrade(dry_run=False)).upgraded == 0
        assert provider.prompts == []


@pytest.mark.parametrize("what", ["the person", "the session", "the episode", "a fact", "a purpose"])
async def test_a_deletion_while_the_model_thinks_wins(
    migrated_urls: DatabaseUrls, admin: psycopg.Connection[Any], what: str
) -> None:
    async with opened(migrated_urls) as (memory, provider):
        ada = memory.user("acme", "ada")
        await talk(ada)

        async def meanwhile(call: Call) -> Reply:
            await DELETIONS[what](memory, ada)
            return REPLY

        provider.answer = meanwhile
        assert (await memory.upgrade(dry_run=False)).upgraded == 0
        assert "employer" not in await known(ada)
        assert journals(admin) == 0


async def test_a_withdrawn_purpose_is_not_written_for_again(
    migrated_urls: DatabaseUrls, admin: psycopg.Connection[Any]
) -> None:
    async with opened(migrated_urls) as (memory, provider):
        await memory.declare_purpose("acme", Purpose(purpose="general", description="all", legal_basis="contract"))
        ada = memory.user("acme", "ada")
        await talk(ada)
        await memory.withdraw_purpose("acme", "general")
        provider.returns()
        assert (await memory.upgrade(dry_run=False)).left == 1
        assert await known(ada) == {"home_city": "Porto"}
        assert journals(admin) == 0


async def test_a_deleted_message_is_not_told_to_the_model(migrated_urls: DatabaseUrls) -> None:
    async with opened(migrated_urls) as (memory, provider):
        ada = memory.user("acme", "ada")
        await ada.append("s1", [Message(role="user", content=SAID), Message(role="user", content="My PIN is 4711.")])
        await ada.end_session("s1", wait=True, budget_seconds=60)
        await ada.delete_message("s1", 1)
        provider.returns()
        assert (await memory.upgrade(dry_run=False)).upgraded == 1
        (prompt,) = provider.prompts
        assert "harbour" in prompt
        assert "4711" not in prompt
        with pytest.raises(NotFound):
            await ada.delete_message("s1", 1)


# ---------------------------------------------------------------- export
async def test_an_export_tells_of_the_journal_and_brings_it_back(
    migrated_urls: DatabaseUrls, admin: psycopg.Connection[Any]
) -> None:
    async with opened(migrated_urls) as (memory, provider):
        ada, bob = memory.user("acme", "ada"), memory.user("acme", "bob")
        await talk(ada)
        document = await ada.export(format="json")
        assert SAID in document
        assert "kept until a model has digested them" in await ada.export(format="markdown")
        await ada.erase()
        await bob.import_export(document)
        assert journals(admin) == 1
        provider.returns()
        assert (await memory.upgrade(dry_run=False)).upgraded == 1
        assert await known(bob) == {"employer": "the harbour bakery"}


async def test_an_export_with_a_transcript_of_an_ingested_session_leaves_none_behind(
    migrated_urls: DatabaseUrls, admin: psycopg.Connection[Any]
) -> None:
    async with opened(migrated_urls) as (memory, _):
        ada, bob = memory.user("acme", "ada"), memory.user("acme", "bob")
        await talk(ada)
        document = (await ada.export(format="json")).replace('"kept_at"', '"unknown"')
        await ada.erase()
        await bob.import_export(document)
        assert journals(admin) == 0


# ---------------------------------------------------------------- the worker
async def test_a_round_of_the_worker_upgrades_what_is_due(
    migrated_urls: DatabaseUrls, admin: psycopg.Connection[Any]
) -> None:
    async with opened(migrated_urls) as (memory, provider):
        ada = memory.user("acme", "ada")
        await talk(ada)
        provider.returns()
        admin.execute("update recalld.sessions set retry_at = now()")
        seen: list[str] = []
        memory.parts.upgrades.observers.append(lambda upgrade: seen.append(upgrade.outcome))
        assert await memory.parts.worker.upgrades.step() == 1
        assert seen == ["upgraded"]
