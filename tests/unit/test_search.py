"""From a query to ranked episodes, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from recalld.layers.vectors.base import VectorHit
from recalld.recall.nearness import similarities
from recalld.recall.search import Ranking, is_rare_token, nothing_said, rank, understand
from recalld.values import Episode, SearchQuery, TimeRange
from tests.unit.catalogues import NOW, episode, overview

MODEL = "local:minilm-256"
GARDEN = episode("garden", "The green gate squeaks.", days_ago=8, topics=("garden",))
INVOICE = episode("invoice", "Invoice QX-1 was paid late.", days_ago=1, topics=("money",))
OLD_PRICE = episode("old", "A jar costs eight euros.", days_ago=300, topics=("jar price",))
NEW_PRICE = episode("new", "A jar costs nine euros.", days_ago=20, topics=("jar price",))


def ask(text: str, **given: object) -> SearchQuery:
    query = SearchQuery(text=text, now=NOW, timezone="Europe/Berlin", purposes=("general",))
    return replace(query, **given)  # type: ignore[arg-type]


def found(
    text: str,
    episodes: list[Episode],
    *,
    similar: dict[str, float] | None = None,
    on_topic: list[bool] | None = None,
    **given: object,
) -> Ranking:
    question = understand(ask(text, **given))
    hits = [VectorHit(episode_id=name, similarity=value) for name, value in (similar or {}).items()]
    view = overview(episodes, question.topic, on_topic)
    return rank(question, view, similarities(view.catalogue, hits), model=MODEL)


def ids(ranking: Ranking) -> list[str]:
    return [one.episode_id for one in ranking.best]


# ---------------------------------------------------------------- understanding
def test_time_and_topic_are_told_apart() -> None:
    question = understand(ask("what did I say about pricing last Tuesday"))
    assert question.topic == "pricing"
    assert question.time_range is not None
    assert question.time_range.start == datetime(2026, 11, 17, tzinfo=question.time_range.start.tzinfo)


def test_a_question_about_a_period_has_no_topic() -> None:
    assert understand(ask("what did we talk about yesterday")).topic == ""


def test_since_and_until_win_over_a_time_in_the_text() -> None:
    since, until = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    question = understand(ask("pricing last Tuesday", since=since, until=until))
    assert question.time_range is not None
    assert (question.time_range.start, question.time_range.end) == (since, until)
    assert question.topic == "pricing"


def test_a_range_given_without_a_subject_has_no_topic() -> None:
    assert understand(ask("what did we talk about", since=NOW - timedelta(days=3))).topic == ""


def test_since_alone_includes_now() -> None:
    just_now = episode("now", "Just now.", days_ago=0)
    assert ids(found("", [just_now], since=NOW - timedelta(days=1))) == ["now"]


@pytest.mark.parametrize(
    ("text", "present"),
    [("where do I live", True), ("what did I pay", False), ("which plan was it", False), ("plan last week", False)],
)
def test_questions_for_what_holds_now_are_recognised(text: str, present: bool) -> None:
    assert understand(ask(text)).present is present


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("who did I have dinner with on May 3", True),
        ("what did I say about dinner on May 3", False),
        ("dinner on May 3", False),
        ("who did I have dinner with", False),
    ],
)
def test_questions_for_what_happened_are_told_from_those_for_what_was_said(text: str, event: bool) -> None:
    question = understand(ask(text))
    assert (question.event and question.time_range is not None) is event


# ---------------------------------------------------------------- which episodes may answer
def test_a_range_is_a_hard_filter() -> None:
    ranking = found("gate last week", [GARDEN, INVOICE], similar={"garden": 0.1, "invoice": 0.9})
    assert ids(ranking) == ["garden"]


def test_a_session_that_runs_past_midnight_belongs_to_both_days() -> None:
    night = episode("night", "A late talk.", days_ago=15.2 / 24, hours=2)  # 22:48 to 0:48 in Berlin
    assert ids(found("what did we talk about today", [night])) == ["night"]
    assert ids(found("what did we talk about yesterday", [night])) == ["night"]


def test_an_empty_range_has_no_answer_however_similar_others_are() -> None:
    assert ids(found("gate in March 2020", [GARDEN], similar={"garden": 0.9})) == []


def test_a_period_without_a_topic_lists_its_newest_episodes_in_order_of_time() -> None:
    days = [episode(f"d{day}", "Talk.", days_ago=day) for day in (4, 7, 5, 9, 6)]  # last week is 9 to 3 days ago
    assert ids(found("what did we talk about last week", days)) == ["d9", "d7", "d6", "d5", "d4"]
    assert ids(found("what did we talk about last week", days, k=2)) == ["d5", "d4"]


def test_what_happened_then_may_have_been_told_soon_after() -> None:
    told = episode("told", "Dinner with Noor at the harbour.", days_ago=13)  # 5 November
    ranking = found("who did I have dinner with on November 3", [told], similar={"told": 0.5})
    assert ids(ranking) == ["told"]
    assert "told after it" in ranking.best[0].reasons
    assert ids(found("what did I say about dinner on November 3", [told], similar={"told": 0.5})) == []


def test_only_episodes_on_the_topics_asked_for_answer() -> None:
    assert ids(found("gate", [GARDEN, INVOICE], similar={"garden": 0.5}, on_topic=[False, True])) == []


def test_what_has_not_happened_yet_does_not_answer() -> None:
    future = episode("future", "The gate will squeak.", days_ago=-30)
    assert ids(found("gate", [future, GARDEN], similar={"future": 0.9, "garden": 0.5})) == ["garden"]


# ---------------------------------------------------------------- how well they answer
def test_a_rare_code_comes_first_although_no_vector_likes_it() -> None:
    ranking = found("QX-1", [GARDEN, INVOICE], similar={"garden": 0.3, "invoice": 0.1})
    assert ids(ranking)[0] == "invoice"
    assert "words: qx, 1, qx1" in ranking.best[0].reasons


@pytest.mark.parametrize(
    ("word", "rare"),
    [("88213", True), ("qx88213", True), ("2024", False), ("31", False), ("gate", False), ("xanthippes", True)],
)
def test_codes_and_words_no_vocabulary_has_are_rare_tokens(word: str, rare: bool) -> None:
    assert is_rare_token(word) is rare


def test_a_token_that_many_episodes_have_is_not_rare() -> None:
    codes = [episode(f"e{number}", f"Talk about QX-88213, part {number}.") for number in range(8)]
    explained = found("QX-88213 gate", [*codes, GARDEN], similar={"garden": 0.5}).explanation
    assert {candidate["rare"] for candidate in explained["candidates"]} == {0.0}


def test_the_newer_of_two_prices_comes_first() -> None:
    ranking = found("what does a jar cost", [OLD_PRICE, NEW_PRICE], similar={"old": 0.62, "new": 0.6})
    assert ids(ranking) == ["new", "old"]


def test_near_copies_do_not_fill_the_top() -> None:
    copies = [replace(GARDEN, episode_id=f"copy{number}") for number in range(4)]
    similar = dict.fromkeys(["copy0", "copy1", "copy2", "copy3", "invoice"], 0.5)
    assert len(ids(found("gate", [*copies, INVOICE], similar=similar))) == 2


def test_nothing_similar_and_no_word_in_common_answers_nothing() -> None:
    noise = {"garden": 0.05, "invoice": 0.08}
    assert ids(found("violin teacher", [GARDEN, INVOICE], similar=noise)) == []


def test_words_in_common_answer_below_the_floor_of_similarity() -> None:
    noise = {"garden": 0.02, "invoice": 0.01}
    assert ids(found("gate", [GARDEN, INVOICE], similar=noise))[0] == "garden"


def test_without_vectors_only_words_answer() -> None:
    assert ids(found("gate", [GARDEN, INVOICE])) == ["garden", "invoice"]
    assert ids(found("violin", [GARDEN, INVOICE])) == []


def test_hits_outside_the_catalogue_yield_nothing() -> None:
    assert ids(found("gate", [GARDEN], similar={"garden": 0.5, "somebody-elses": 0.99})) == ["garden"]


def test_an_empty_memory_answers_nothing() -> None:
    assert ids(found("gate", [])) == []
    assert ids(found("what did we talk about yesterday", [])) == []


def test_scores_lie_between_zero_and_one_and_fall() -> None:
    ranking = found("gate invoice", [GARDEN, INVOICE, OLD_PRICE], similar={"garden": 0.5, "invoice": 0.4, "old": 0.3})
    scores = [one.score for one in ranking.best]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_the_explanation_shows_how_the_query_was_read_and_every_score() -> None:
    explanation = found("gate last week", [GARDEN, INVOICE], similar={"garden": 0.5}).explanation
    assert explanation["topic"] == "gate"
    assert explanation["range_words"] == "last week"
    assert (explanation["episodes"], explanation["eligible"]) == (2, 1)
    assert [candidate["episode_id"] for candidate in explanation["candidates"]] == ["garden"]
    assert explanation["candidates"][0]["similarity"] == 0.5


def test_a_long_message_is_searched_by_its_end() -> None:
    question = understand(ask("filler " * 500 + "gate"))
    assert question.topic_words[-1] == "gate"
    assert len(question.topic_words) <= 200


# ---------------------------------------------------------------- an empty range in words
@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("2026-11-17", "2026-11-18", "No conversation on Tuesday 17 November 2026 is on record."),
        ("2026-03-01", "2026-04-01", "No conversation in March 2026 is on record."),
        ("2020-01-01", "2021-01-01", "No conversation in 2020 is on record."),
        ("2026-11-09", "2026-11-16", "No conversation on 9–15 November 2026 is on record."),
        ("1970-01-01", "2026-03-01", "No conversation before 1 March 2026 is on record."),
        ("2026-11-02", "2026-11-18T16:00", "No conversation since 2 November 2026 is on record."),
    ],
)
def test_an_empty_range_is_said_in_words(start: str, end: str, words: str) -> None:
    begins, ends = (datetime.fromisoformat(time).replace(tzinfo=UTC) for time in (start, end))
    time_range = TimeRange(start=begins, end=ends)
    assert nothing_said(time_range, "UTC") == words


def test_the_catalogue_is_not_changed_by_ranking() -> None:
    view = overview([GARDEN, INVOICE], "gate")
    before = view.catalogue.stems.copy()
    rank(understand(ask("gate")), view, similarities(view.catalogue, []), model=MODEL)
    assert np.array_equal(view.catalogue.stems, before)


@pytest.mark.parametrize("count", [3, 120])
def test_a_catalogue_that_is_kept_ranks_as_one_just_read(count: int) -> None:
    episodes = [GARDEN, INVOICE, OLD_PRICE, *(episode(f"e{n}", f"Jar {n} broke.", days_ago=n) for n in range(count))]
    question = understand(ask("how much does the jar in the garden cost"))
    view = overview(episodes, question.topic)
    similarity = np.linspace(0.1, 0.9, len(episodes))
    read, kept = (rank(question, replace(view, kept=kept), similarity, model=MODEL) for kept in (False, True))
    assert ids(kept) == ids(read)
    assert [one.score for one in kept.best] == pytest.approx([one.score for one in read.best], abs=1e-6)
