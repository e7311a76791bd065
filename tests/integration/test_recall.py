"""The read flow on real PostgreSQL: filters, ranges, the block, what is kept in memory, and a vector index in trouble."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from recalld import Memory, Message, UserMemory
from recalld.errors import BadEmbedding, VectorIndexUnavailable
from recalld.layers.vectors.base import VectorHit, VectorQuery
from recalld.models.local import LocalEmbedder
from recalld.models.tokens import count_tokens
from recalld.postgres.pool import Transaction
from recalld.postgres.trips import Trips
from recalld.recall.pipeline import Recall
from recalld.values import EpisodeHit, MemoryContext, SearchQuery

NOW = datetime(2026, 11, 18, 15, tzinfo=UTC)  # a Wednesday
TUESDAY = datetime(2026, 11, 17, 10, tzinfo=UTC)


@pytest.fixture
def ada(memory: Memory) -> UserMemory:
    return memory.user("acme", "ada", timezone="Europe/Berlin")


async def tell(
    user: UserMemory,
    name: str,
    summary: str,
    ended_at: datetime = TUESDAY,
    *,
    topics: Sequence[str] = (),
    points: Sequence[str] = (),
    started_at: datetime | None = None,
) -> None:
    await user.add_episode(
        episode_id=name, summary=summary, topics=topics, points=points, ended_at=ended_at, started_at=started_at
    )


def ids(hits: Sequence[EpisodeHit]) -> list[str]:
    return [hit.episode.episode_id for hit in hits]


def recall_with(memory: Memory, **parts: Any) -> Recall:
    """The read flow of *memory* with some parts in place of its own."""
    own = memory.parts
    usual = {
        "database": own.database,
        "journal": own.journal,
        "episodes": own.episodes,
        "facts": own.facts,
        "vectors": own.vectors,
        "working": own.working,
        "embedder": own.embedder,
        "registries": own.registries,
        "ledger": own.ledger,
    }
    return Recall(**(usual | parts))


def question(text: str, **given: Any) -> SearchQuery:
    return SearchQuery(**({"text": text, "now": NOW, "timezone": "UTC", "purposes": ("general",)} | given))


# ---------------------------------------------------------------- ranking
async def test_the_episode_that_answers_comes_first(ada: UserMemory) -> None:
    await tell(ada, "garden", "The gate in the garden was painted green.", points=["paint came from the harbour"])
    await tell(ada, "invoice", "Invoice QX-88213 was paid twice by mistake.", topics=["invoice"])
    await tell(ada, "tea", "She drinks green tea in the morning.")
    assert ids(await ada.search("what colour is the garden gate", at=NOW))[0] == "garden"


async def test_a_rare_code_is_found_whatever_the_vectors_say(ada: UserMemory) -> None:
    await tell(ada, "target", "The parcel came back; the note said QX-88213.", topics=["parcel"])
    for number in range(30):
        await tell(ada, f"other{number}", f"A talk about error codes and invoices, number {number}.", topics=["errors"])
    for code in ("QX-88213", "qx88213", "88213"):
        assert ids(await ada.search(f"what about error {code}", at=NOW))[0] == "target"


async def test_stems_meet_in_the_language_of_the_user(memory: Memory, ada: UserMemory) -> None:
    async with memory.parts.database.transaction("worker", ada.ref) as tx:
        await memory.parts.journal.fence(tx)
        await tx.execute(
            "update recalld.users set language = 'german' where tenant_id = %(tenant_id)s and user_id = %(user_id)s"
        )
    await tell(ada, "haus", "Die Häuser am Hafen wurden gestrichen.")
    await tell(ada, "tee", "Ein Gespräch über Tee.")
    async with memory.parts.database.transaction("app", ada.ref, ["general"]) as tx:
        asking = await memory.parts.episodes.ask_overview(tx, purposes=["general"], query_words=["haus", "und", "tee"])
        view = await asking.read()
    assert view is not None
    assert [stem.words for stem in view.stems] == [("haus",), ("tee",)]
    hits = await ada.search("Haus", at=NOW)
    assert "words: haus" in hits[0].reasons


async def test_an_unknown_language_falls_back_to_plain_words(memory: Memory, ada: UserMemory) -> None:
    async with memory.parts.database.transaction("worker", ada.ref) as tx:
        await memory.parts.journal.fence(tx)
        await tx.execute(
            "update recalld.users set language = 'klingon' where tenant_id = %(tenant_id)s and user_id = %(user_id)s"
        )
    await tell(ada, "gate", "The gate squeaks.")
    assert ids(await ada.search("gate", at=NOW)) == ["gate"]


async def test_document_frequencies_are_those_of_the_user_alone(memory: Memory, ada: UserMemory) -> None:
    for name in ("garden", "kitchen", "harbour"):
        await tell(ada, name, f"A gate near the {name}.")
    before = await ada.explain("gate", at=NOW)
    for tenant, user in (("acme", "bob"), ("other", "ada")):
        stranger = memory.user(tenant, user)
        for number in range(20):
            await tell(stranger, f"s{number}", "No such word here.")
    assert (await ada.explain("gate", at=NOW)).explanation == before.explanation


async def test_document_frequencies_leave_out_other_purposes(memory: Memory, ada: UserMemory) -> None:
    await tell(ada, "one", "The gate squeaks.")
    await tell(ada, "two", "The kitchen is warm.")
    before = await ada.explain("gate", at=NOW)
    sales = memory.user("acme", "ada", purpose="sales")
    for number in range(10):
        await tell(sales, f"sale{number}", "An offer for a gate.")
    assert (await ada.explain("gate", at=NOW)).explanation == before.explanation


async def test_irregular_forms_are_found(ada: UserMemory) -> None:
    await tell(ada, "bike", "She bought a bicycle.")
    await tell(ada, "sea", "A walk at the sea.")
    hits = await ada.search("what did I buy", at=NOW)
    assert "words: buy" in hits[0].reasons


# ---------------------------------------------------------------- filters
async def test_only_the_purposes_asked_for_are_searched(memory: Memory, ada: UserMemory) -> None:
    sales = memory.user("acme", "ada", purpose="sales")
    await tell(ada, "private", "The gate in the garden squeaks.")
    await tell(sales, "offer", "An offer for a garden gate.")
    assert ids(await ada.search("garden gate", at=NOW)) == ["private"]
    assert ids(await sales.search("garden gate", at=NOW)) == ["offer"]
    both = await ada.search("garden gate", at=NOW, purposes=["general", "sales"])
    assert set(ids(both)) == {"private", "offer"}


async def test_only_episodes_on_a_topic_are_searched(ada: UserMemory) -> None:
    await tell(ada, "garden", "The gate squeaks.", topics=["Garden", "Noise"])
    await tell(ada, "office", "The gate at the office squeaks.", topics=["office"])
    assert ids(await ada.search("gate", at=NOW, topics=["garden"])) == ["garden"]
    assert ids(await ada.search("gate", at=NOW, topics=[" OFFICE "])) == ["office"]
    assert ids(await ada.search("gate", at=NOW)) != ["garden"]


async def test_last_tuesday_is_that_day_in_the_users_zone(ada: UserMemory) -> None:
    await tell(ada, "late-monday", "Pricing talk.", datetime(2026, 11, 16, 22, 59, tzinfo=UTC))
    await tell(ada, "just-tuesday", "Pricing talk again.", datetime(2026, 11, 16, 23, 0, tzinfo=UTC))
    await tell(ada, "end-of-tuesday", "Pricing once more.", datetime(2026, 11, 17, 22, 59, tzinfo=UTC))
    await tell(ada, "wednesday", "Pricing, the last word.", datetime(2026, 11, 17, 23, 0, tzinfo=UTC))
    hits = await ada.search("what did I say about pricing last Tuesday", at=NOW)
    assert set(ids(hits)) == {"just-tuesday", "end-of-tuesday"}


async def test_a_session_over_midnight_belongs_to_both_days(ada: UserMemory) -> None:
    await tell(
        ada,
        "night",
        "A long talk.",
        datetime(2026, 11, 17, 0, 30, tzinfo=UTC),
        started_at=datetime(2026, 11, 16, 21, tzinfo=UTC),
    )
    for day in ("last Monday", "last Tuesday"):
        assert ids(await ada.search(f"what did we talk about {day}", at=NOW)) == ["night"]
    assert ids(await ada.search("what did we talk about last Sunday", at=NOW)) == []


async def test_a_period_is_listed_in_the_order_of_time(ada: UserMemory) -> None:
    for name, day in (("c", 13), ("a", 10), ("b", 11)):
        await tell(ada, name, "A talk.", datetime(2026, 11, day, 12, tzinfo=UTC))
    assert ids(await ada.search("what did we talk about last week", at=NOW)) == ["a", "b", "c"]


async def test_since_and_until_win_over_the_text(ada: UserMemory) -> None:
    await tell(ada, "tuesday", "Pricing on Tuesday.")
    await tell(ada, "october", "Pricing in October.", datetime(2026, 10, 5, tzinfo=UTC))
    since, until = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
    assert ids(await ada.search("pricing last Tuesday", at=NOW, since=since, until=until)) == ["october"]


async def test_vectors_in_a_range_reach_its_last_session(ada: UserMemory) -> None:
    """The index filters by the end of sessions; one that ends after the range still took place in it."""
    await tell(
        ada,
        "rebate",
        "A rebate for new customers.",
        datetime(2026, 11, 17, 23, 40, tzinfo=UTC),
        started_at=datetime(2026, 11, 17, 22, 30, tzinfo=UTC),
    )
    hits = await ada.search("discount yesterday", at=NOW)
    assert any(reason.startswith("meaning") for reason in hits[0].reasons)


async def test_what_happens_after_now_is_not_known_yet(ada: UserMemory) -> None:
    await tell(ada, "gate", "The gate squeaks.")
    assert ids(await ada.search("gate", at=TUESDAY - timedelta(days=30))) == []


# ---------------------------------------------------------------- nothing there
async def test_an_unknown_user_has_an_empty_context(memory: Memory) -> None:
    nobody = memory.user("acme", "nobody")
    context = await nobody.context("what do you know about me last week", at=NOW)
    assert (context.text, context.tokens, context.episodes, context.facts) == ("", 0, (), ())
    assert await nobody.search("anything", at=NOW) == []


async def test_reading_leaves_no_trace_of_an_unknown_user(memory: Memory) -> None:
    nobody = memory.user("acme", "nobody")
    await nobody.context("hello", at=NOW, session_id="s1")
    async with memory.parts.database.transaction("worker", nobody.ref) as tx:
        row = await tx.row(
            "select count(*) as n from recalld.users where tenant_id = %(tenant_id)s and user_id = %(user_id)s"
        )
    assert row == {"n": 0}


async def test_a_range_without_a_conversation_is_said_in_words(ada: UserMemory) -> None:
    await tell(ada, "gate", "The gate squeaks.", datetime(2026, 11, 12, tzinfo=UTC))
    context = await ada.context("what did I say about the gate last Tuesday", at=NOW)
    assert context.episodes == ()
    assert "No conversation on Tuesday 17 November 2026 is on record." in context.text
    assert "squeaks" not in context.text


async def test_a_period_without_a_word_about_the_topic_is_said_in_words(ada: UserMemory) -> None:
    for number, thing in enumerate(("gate", "fence", "shed", "lawn", "hedge", "pond", "roof", "door", "wall", "path")):
        day = datetime(2026, 3, 1 + number, 12, tzinfo=UTC)
        await tell(ada, f"e{number}", f"The {thing} near the house was repaired and painted green.", day)
    context = await ada.context("violin teacher in March 2026", at=NOW)
    assert context.episodes == ()
    assert "No conversation about this in March 2026 is on record." in context.text


async def test_what_was_told_after_an_event_comes_with_the_note_that_the_day_itself_is_empty(ada: UserMemory) -> None:
    await tell(ada, "told", "Dinner with Noor at the harbour was fun.", datetime(2026, 11, 12, tzinfo=UTC))
    context = await ada.context("who did I have dinner with on November 10", at=NOW)
    assert ids(context.episodes) == ["told"]
    assert "No conversation about this on Tuesday 10 November 2026 is on record." in context.text


async def test_a_query_that_nothing_answers_returns_nothing(ada: UserMemory) -> None:
    for number, thing in enumerate(("gate", "fence", "shed", "lawn", "hedge", "pond", "roof", "door", "wall", "path")):
        await tell(ada, f"e{number}", f"The {thing} near the house was repaired and painted green.", topics=[thing])
    assert ids(await ada.search("which violin teacher did I mention", at=NOW)) == []
    assert ids(await ada.search("the pond", at=NOW))[0] == "e5"


async def test_an_empty_query_lists_the_newest(ada: UserMemory) -> None:
    await tell(ada, "old", "Old.", TUESDAY - timedelta(days=9))
    await tell(ada, "new", "New.")
    assert ids(await ada.search("", at=NOW)) == ["new", "old"]


# ---------------------------------------------------------------- the block
async def test_a_turn_gets_facts_episodes_and_the_open_session_within_the_budget(ada: UserMemory) -> None:
    await ada.set_fact("home_city", "Berlin", at=NOW - timedelta(days=15))
    await tell(ada, "gate", "The gate in the garden was painted green.", points=["paint from the harbour shop"])
    await ada.append("s2", [Message(role="user", content="The gate again.")], at=NOW)
    await ada.set_state("s2", {"task": "gate"})
    context = await ada.context("what about the garden gate", session_id="s2", at=NOW, budget_tokens=400)
    assert context.tokens == count_tokens(context.text) <= 400
    lines = context.text.splitlines()
    for line in ("- Home city: Berlin (since 2026-11-03)", '- task: "gate"', "- user (16:00): The gate again."):
        assert line in lines
    assert "- 2026-11-17, Tuesday, yesterday: The gate in the garden was painted green." in lines
    assert [fact.value for fact in context.facts] == ["Berlin"]
    assert ids(context.episodes) == ["gate"]
    assert context.state == {"task": "gate"}
    assert [message.content for message in context.messages] == ["The gate again."]


async def test_the_open_session_comes_from_the_journal_when_working_memory_lost_it(
    memory: Memory, ada: UserMemory
) -> None:
    await ada.append("s2", [Message(role="user", content="The gate again.")], at=NOW)
    await ada.set_state("s2", {"task": "gate"})
    await memory.parts.working.erase(ada.ref)
    context = await ada.context("gate", session_id="s2", at=NOW)
    assert context.state == {"task": "gate"}
    assert [message.content for message in context.messages] == ["The gate again."]


async def test_consecutive_turns_begin_with_the_same_bytes(ada: UserMemory) -> None:
    for number in range(12):
        await ada.set_fact(f"note_{number}", f"value number {number} of the notes", at=NOW - timedelta(days=15))
    await tell(ada, "gate", "The gate in the garden was painted green.")
    await tell(ada, "tea", "She drinks tea in the morning.")
    turns = [
        (await ada.context(text, at=NOW + timedelta(minutes=3 * turn))).text
        for turn, text in enumerate(("the garden gate", "morning tea", "something else entirely"))
    ]
    half = min(map(len, turns)) // 2
    assert len({turn[:half] for turn in turns}) == 1


async def test_a_changed_fact_is_served_at_once(ada: UserMemory) -> None:
    await ada.set_fact("home_city", "Leipzig", at=NOW - timedelta(days=9))
    assert "Leipzig" in (await ada.context("where do I live", at=NOW)).text
    await ada.set_fact("home_city", "Berlin", at=NOW - timedelta(days=1))
    text = (await ada.context("where do I live", at=NOW)).text
    assert "Berlin" in text
    assert "Leipzig" not in text


async def test_facts_of_other_purposes_stay_out_of_the_block(memory: Memory, ada: UserMemory) -> None:
    await memory.user("acme", "ada", purpose="sales").set_fact("budget", "nine thousand", at=NOW)
    await ada.set_fact("diet", "vegan", at=NOW)
    assert "nine thousand" not in (await ada.context("budget", at=NOW)).text
    assert "nine thousand" in (await ada.context("budget", at=NOW, purposes=["sales"])).text


# ---------------------------------------------------------------- what this process keeps
async def test_a_new_episode_is_found_although_the_catalogue_is_kept(ada: UserMemory) -> None:
    await tell(ada, "one", "The gate squeaks.")
    assert ids(await ada.search("gate", at=NOW)) == ["one"]
    await tell(ada, "two", "The gate was oiled.", TUESDAY + timedelta(hours=1))
    assert set(ids(await ada.search("gate", at=NOW))) == {"one", "two"}


async def test_a_deleted_episode_is_gone_at_once(ada: UserMemory) -> None:
    await tell(ada, "one", "The gate squeaks.")
    await tell(ada, "two", "The gate was oiled.")
    await ada.search("gate", at=NOW)
    await ada.delete_episode("one")
    assert ids(await ada.search("gate", at=NOW)) == ["two"]


async def test_an_erased_user_has_nothing_although_it_was_kept(ada: UserMemory) -> None:
    await tell(ada, "one", "The gate squeaks.")
    await ada.set_fact("home_city", "Berlin", at=NOW)
    await ada.context("gate", at=NOW)
    await ada.erase()
    context = await ada.context("gate", at=NOW)
    assert (context.text, context.episodes, context.facts) == ("", (), ())


async def test_another_process_sees_the_change_too(memory: Memory, ada: UserMemory) -> None:
    other = recall_with(memory)
    await tell(ada, "one", "The gate squeaks.")
    assert ids((await other.search(ada.ref, question("gate"))).hits) == ["one"]
    await tell(ada, "two", "The gate was oiled.")
    assert set(ids((await other.search(ada.ref, question("gate"))).hits)) == {"one", "two"}


async def session(ada: UserMemory, *questions: str) -> list[MemoryContext]:
    """The turns of a session: at the second all vectors are read, from the third on all is kept."""
    return [await ada.context(text, at=NOW) for text in questions]


QUESTIONS = ("the garden gate", "gate last Tuesday", "tea or coffee", "what did we talk about this month", "QX-1")


MANY = tuple(f"{number} coats of paint for the gate" for number in range(10))  # their vectors take two parts


async def remember(ada: UserMemory) -> None:
    await tell(ada, "gate", "The gate in the garden squeaks.", topics=("garden",), points=MANY)
    await tell(ada, "paint", "The gate was painted green.", NOW - timedelta(days=30), points=("green paint",))
    await tell(ada, "tea", "She drinks tea, never coffee.", NOW - timedelta(days=90))
    await tell(ada, "order", "Order QX-1 arrived broken.", NOW - timedelta(days=200))
    await ada.set_fact("home_city", "Berlin", at=NOW - timedelta(days=9))


async def test_what_is_kept_answers_as_what_is_read(memory: Memory, ada: UserMemory) -> None:
    await remember(ada)
    await session(ada, "gate", "tea")
    for text in QUESTIONS:
        asked = question(text, timezone="Europe/Berlin")
        fresh = await recall_with(memory).context(ada.ref, asked, session_id=None, budget_tokens=800)
        (kept,) = await session(ada, text)
        assert kept.text == fresh.text
        assert ids(kept.episodes) == ids(fresh.episodes)
        assert [hit.score for hit in kept.episodes] == pytest.approx([hit.score for hit in fresh.episodes], abs=1e-4)


async def test_a_later_turn_is_one_round_trip(ada: UserMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    await remember(ada)
    await session(ada, "gate", "tea")
    trips: list[Trips] = []
    go = Trips.go

    async def counted(self: Trips) -> None:
        trips.append(self)
        await go(self)

    monkeypatch.setattr(Trips, "go", counted)
    assert (await session(ada, "the green gate"))[0].episodes
    assert len(trips) == 1


async def test_changes_are_seen_at_once_although_all_is_kept(ada: UserMemory) -> None:
    await remember(ada)
    await session(ada, "gate", "tea", "gate")
    await tell(ada, "oil", "The gate was oiled and is quiet.", TUESDAY + timedelta(hours=2))
    assert "oiled" in (await session(ada, "gate"))[0].text
    await session(ada, "gate", "gate")
    await ada.delete_episode("oil")
    assert "oiled" not in (await session(ada, "gate"))[0].text


async def test_another_process_serves_nothing_of_what_was_erased_or_deleted(memory: Memory, ada: UserMemory) -> None:
    other = recall_with(memory)
    await remember(ada)
    for text in ("gate", "tea", "gate"):
        await other.context(ada.ref, question(text), session_id=None, budget_tokens=800)
    await ada.delete_episode("gate")
    found = await other.context(ada.ref, question("gate"), session_id=None, budget_tokens=800)
    assert ids(found.episodes)[0] == "paint"
    assert "gate" not in ids(found.episodes)
    await ada.erase()
    found = await other.context(ada.ref, question("gate"), session_id=None, budget_tokens=800)
    assert (found.text, found.episodes, found.facts) == ("", (), ())


async def test_what_is_kept_for_one_purpose_is_not_served_for_another(memory: Memory, ada: UserMemory) -> None:
    await remember(ada)
    await session(ada, "gate", "gate", "gate")
    other = memory.user("acme", "ada", purpose="sales")
    assert [turn.episodes for turn in await session(other, "gate", "gate", "gate")] == [(), (), ()]


# ---------------------------------------------------------------- a vector index elsewhere, and in trouble
class Elsewhere:
    """An index outside PostgreSQL: it knows ids and similarities, and no transaction."""

    transactional = False

    def __init__(self, hits: Sequence[VectorHit], *, down: bool = False) -> None:
        self.hits, self.down, self.asked = list(hits), down, list[VectorQuery]()

    async def search(self, tx: Transaction | None, query: VectorQuery) -> list[VectorHit]:
        assert tx is None
        self.asked.append(query)
        if self.down:
            raise VectorIndexUnavailable("the index does not answer")
        return self.hits


async def test_hits_of_an_index_elsewhere_are_read_again_from_postgres(memory: Memory, ada: UserMemory) -> None:
    await tell(ada, "mine", "The gate squeaks.")
    bob = memory.user("acme", "bob")
    await tell(bob, "his", "A secret of Bob.")
    index = Elsewhere([VectorHit(episode_id="his", similarity=0.99), VectorHit(episode_id="mine", similarity=0.5)])
    recall = recall_with(memory, vectors=index)
    found = await recall.search(ada.ref, question("gate"))
    assert ids(found.hits) == ["mine"]
    assert recall.counts()["dropped_hits"] == 1
    assert isinstance(index.asked[0].epoch, int)


@pytest.mark.parametrize("down", [True, False])
async def test_without_the_index_words_still_answer(memory: Memory, ada: UserMemory, down: bool) -> None:
    await tell(ada, "gate", "The gate squeaks.")
    await tell(ada, "tea", "She drinks tea.")
    found = await recall_with(memory, vectors=Elsewhere([], down=down)).search(ada.ref, question("gate"))
    assert ids(found.hits)[0] == "gate"
    assert found.degraded == (("vectors",) if down else ())


async def test_the_block_says_nothing_of_an_index_that_is_down_but_the_context_does(
    memory: Memory, ada: UserMemory
) -> None:
    await tell(ada, "gate", "The gate squeaks.")
    recall = recall_with(memory, vectors=Elsewhere([], down=True))
    context = await recall.context(ada.ref, question("gate"), session_id=None, budget_tokens=400)
    assert context.degraded == ("vectors",)
    assert "squeaks" in context.text


async def test_an_index_that_is_away_is_logged_when_it_goes_and_when_it_is_back(
    memory: Memory, ada: UserMemory
) -> None:
    await tell(ada, "gate", "The gate squeaks.")
    index = Elsewhere([], down=True)
    recall = recall_with(memory, vectors=index)
    with capture_logs() as logged:
        for down in (True, True, False, False, True):
            index.down = down
            await recall.search(ada.ref, question("gate"))
    told = [entry["event"] for entry in logged if entry["event"].startswith("vectors.")]
    assert told == ["vectors.failed", "vectors.answered", "vectors.failed"]


class Broken(LocalEmbedder):
    """An embedder that answers nonsense."""

    async def embed_query(self, text: str) -> Any:
        raise BadEmbedding(f"no vector for {len(text)} characters")


async def test_without_the_embedder_words_still_answer(memory: Memory, ada: UserMemory) -> None:
    await tell(ada, "gate", "The gate squeaks.")
    found = await recall_with(memory, embedder=Broken()).search(ada.ref, question("gate"))
    assert ids(found.hits) == ["gate"]
    assert found.degraded == ("vectors",)


class Renamed(LocalEmbedder):
    """The same embedder under another name: none of its vectors are in the index."""

    name = "another:model"


async def test_vectors_of_another_model_are_not_compared(memory: Memory, ada: UserMemory) -> None:
    await tell(ada, "gate", "The gate squeaks.")
    found = await recall_with(memory, embedder=Renamed()).search(ada.ref, question("gate"))
    assert ids(found.hits) == ["gate"]
    assert not any(reason.startswith("meaning") for reason in found.hits[0].reasons)


# ---------------------------------------------------------------- the stores under it
async def test_many_vectors_of_one_episode_go_into_several_rows(memory: Memory, ada: UserMemory) -> None:
    await tell(ada, "many", "The gate squeaks.", points=[f"point number {number} about boats" for number in range(20)])
    async with memory.parts.database.transaction("app", ada.ref, ["general"]) as tx:
        rows = await tx.rows(
            "select part, cardinality(embeddings) as n from recalld.vectors"
            " where tenant_id = %(tenant_id)s and user_id = %(user_id)s order by part"
        )
        vector = (await LocalEmbedder().embed_documents(["point number 19 about boats"]))[0]
        nearest = await memory.parts.vectors.search(
            tx,
            VectorQuery(
                user=ada.ref,
                epoch=None,
                purposes=("general",),
                model=memory.parts.embedder.name,
                vector=np.asarray(vector),
                k=5,
            ),
        )
    assert [row["n"] for row in rows] == [8, 8, 5]
    assert [hit.episode_id for hit in nearest] == ["many"]
    assert nearest[0].similarity == pytest.approx(1.0, abs=1e-3)


async def test_an_episode_delivered_again_changes_nothing(memory: Memory, ada: UserMemory) -> None:
    await tell(ada, "one", "The gate squeaks.")
    await tell(ada, "one", "Something else entirely.")
    hits = await ada.search("gate", at=NOW)
    assert [hit.episode.summary for hit in hits] == ["The gate squeaks."]


async def test_pages_of_episodes_follow_each_other(ada: UserMemory) -> None:
    for number in range(5):
        await tell(ada, f"e{number}", "A talk.", TUESDAY - timedelta(days=number))
    first = await ada.episodes(limit=2)
    second = await ada.episodes(limit=2, before=first[-1].episode_id)
    third = await ada.episodes(limit=2, before=second[-1].episode_id)
    listed = [episode.episode_id for page in (first, second, third) for episode in page]
    assert listed == ["e0", "e1", "e2", "e3", "e4"]


async def test_a_huge_episode_is_stored_and_found(ada: UserMemory) -> None:
    await tell(ada, "huge", " ".join(f"word{number}" for number in range(6000)), points=["the gate"])
    assert ids(await ada.search("word5999 gate", at=NOW)) == ["huge"]
