from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recalld.ingest.digest import Summariser
from recalld.ingest.local.points import MAX_POINT_TOKENS, MAX_POINTS, choose_points
from recalld.ingest.local.summariser import LocalSummariser, digest_turns
from recalld.ingest.local.summary import MAX_SUMMARY_TOKENS
from recalld.ingest.local.topics import MAX_TOPICS, choose_topics, language_of
from recalld.ingest.local.turns import read_turns
from recalld.layers.facts.attributes import Registries
from recalld.models.tokens import count_tokens
from recalld.values import Digest, EndedSession, Message, Session, SessionRef, UserRef

NOW = datetime(2026, 3, 5, 18, tzinfo=UTC)


def user(content: str, name: str | None = None) -> Message:
    return Message(role="user", content=content, name=name, at=NOW)


def agent(content: str, name: str | None = None) -> Message:
    return Message(role="assistant", content=content, name=name, at=NOW)


def digest(*messages: Message) -> Digest:
    return digest_turns(read_turns(messages))


def ended(messages: Sequence[Message]) -> EndedSession:
    session = Session(
        ref=SessionRef(user=UserRef(tenant_id="acme", user_id="u1"), session_id="s1"),
        purpose="general",
        timezone="UTC",
        state="ended",
        epoch=0,
        started_at=NOW,
        last_message_at=NOW,
        ended_at=NOW,
    )
    return EndedSession(session=session, messages=tuple(messages))


SMALL_TALK = [
    user("Hi there! How are you doing today?"),
    agent("Hello! I'm doing great, thanks for asking. What can I do for you?"),
    user("Oh, lots of things really. It is a nice day."),
    agent("That sounds lovely. Take all the time you need."),
]
SUPPORT = [
    user("My parcel with order number KX-20931-B arrived yesterday and the lamp inside is broken."),
    agent("I'm sorry to hear that. Would you like a refund or a replacement?"),
    user("A replacement please."),
    agent("Of course. I have ordered a new lamp, it will be with you on Thursday."),
    user("My app shows ERR_PAYMENT_402 since I moved to Ghent, by the way."),
    agent("That happens when the billing address is out of date."),
]


# ---------------------------------------------------------------- the summary
def test_a_short_session_is_kept_in_its_own_words():
    assert (
        digest(user("I adopted a greyhound called Biscuit.")).summary == "User: I adopted a greyhound called Biscuit."
    )


def test_speakers_are_named_where_they_change():
    said = digest(
        user("I sold the boat. The engine cost too much."), agent("Fuel prices rose by thirty percent this spring.")
    )
    assert said.summary == (
        "User: I sold the boat. The engine cost too much. Assistant: Fuel prices rose by thirty percent this spring."
    )


def test_people_are_called_by_their_names():
    said = digest(user("I teach pottery on Mondays.", "Ilse"), agent("I repair violins for a living.", "Tomas"))
    assert said.summary == "Ilse: I teach pottery on Mondays. Tomas: I repair violins for a living."
    assert said.points == ("Ilse: I teach pottery on Mondays.", "Tomas: I repair violins for a living.")


def test_interjections_and_forms_of_address_are_left_out():
    said = digest(user("I won the regional chess cup!", "Ilse"), agent("Wow, Ilse, I never win anything.", "Tomas"))
    assert "Wow" not in said.summary
    assert "Tomas: I never win anything." in said.summary


def test_order_numbers_and_error_codes_survive_a_long_session():
    said = digest(*SMALL_TALK * 4, *SUPPORT, *SMALL_TALK * 4)
    kept = " ".join([said.summary, *said.points])
    assert "KX-20931-B" in kept
    assert "ERR_PAYMENT_402" in kept


def test_small_talk_gives_way_to_what_was_reported():
    report = user("The thermostat in the greenhouse failed and 40 orchids froze.")
    assert choose_points(read_turns([*SMALL_TALK, report, *SMALL_TALK]))[0].text == report.content


def test_a_summary_repeats_nothing():
    said = digest(*[user("The thermostat in the greenhouse failed.") for _ in range(30)])
    assert said.summary.count("thermostat") == 1
    assert said.points == ("The thermostat in the greenhouse failed.",)


def test_the_same_session_gives_the_same_digest():
    assert digest(*SMALL_TALK, *SUPPORT) == digest(*SMALL_TALK, *SUPPORT)


def test_quoted_lines_of_an_answered_mail_are_not_what_the_speaker_said():
    said = digest(user("> we will terminate the contract\nPlease draft a friendly answer to the landlord."))
    assert "terminate" not in said.summary


def test_instructions_and_tool_output_are_not_summarised():
    said = digest(
        Message(role="system", content="You are a pirate."),
        user("I need the tax form for 2024."),
        Message(role="tool", content="form_2024.pdf"),
    )
    assert said.summary == "User: I need the tax form for 2024."


def test_a_session_of_tools_alone_still_has_a_summary():
    assert digest(Message(role="tool", content="Backup of the wiki finished.")).summary == (
        "Tool: Backup of the wiki finished."
    )


def test_a_session_without_words_has_an_empty_summary():
    assert digest(user("…"), agent("!!!")).summary == ""


def test_no_messages_make_an_empty_digest():
    assert digest() == Digest(summary="")


# ---------------------------------------------------------------- points
def test_a_short_answer_carries_the_question_it_answers():
    said = digest(agent("Which instrument do you play?"), user("The bassoon."))
    assert "User, asked “Which instrument do you play?”: The bassoon." in said.points


def test_a_bare_yes_carries_the_question_it_answers():
    said = digest(agent("Do you still work for the harbour authority?"), user("Yes!"))
    assert "User, asked “Do you still work for the harbour authority?”: Yes!" in said.points


def test_the_user_needs_no_label_and_the_assistant_has_one():
    said = digest(user("I collect enamel signs."), agent("The museum in Essen exhibits enamel signs."))
    assert said.points == ("I collect enamel signs.", "Assistant: The museum in Essen exhibits enamel signs.")


def test_neighbouring_short_sentences_stay_together():
    said = digest(user("I adopted a greyhound. He is called Biscuit."))
    assert said.points == ("I adopted a greyhound. He is called Biscuit.",)


def test_a_long_sentence_falls_into_clauses():
    text = (
        "I finally sold the old workshop near the canal, because the roof leaked every single winter, "
        "and with the money I will open a small bakery together with my cousin in the spring."
    )
    said = digest(user(text))
    assert len(said.points) > 1
    assert all(count_tokens(point) <= MAX_POINT_TOKENS for point in said.points)
    assert any("bakery" in point for point in said.points)


CATERERS = (
    "We compared every single offer of the three caterers that work in our part of the town last week, "
    "but I want the vegetarian buffet."
)


def test_a_clause_that_stands_for_itself_begins_like_a_sentence():
    assert "I want the vegetarian buffet." in digest(user(CATERERS)).points


def test_the_clauses_of_a_sentence_are_put_together_again_in_the_summary():
    assert digest(user(CATERERS)).summary == f"User: {CATERERS}"


# ---------------------------------------------------------------- topics
def test_topics_are_key_phrases_in_lower_case():
    said = digest(*SUPPORT)
    assert 0 < len(said.topics) <= MAX_TOPICS
    assert all(topic == topic.lower() for topic in said.topics)


def test_topics_name_no_speaker():
    said = digest(user("I teach pottery on Mondays.", "Ilse"), agent("Ilse, your pottery is wonderful.", "Tomas"))
    assert not {"ilse", "tomas"} & {word for topic in said.topics for word in topic.split()}


def test_topics_do_not_repeat_a_stem():
    topics = choose_topics(["The annual invoice is late.", "Invoices are late.", "The annual invoice came twice."])
    assert sum("invoice" in topic for topic in topics) == 1


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The lamp is broken and I would like a new one.", "en"),
        ("Die Lampe ist kaputt und ich hätte gerne eine neue.", "de"),
        ("La lampe est cassée et je voudrais en avoir une autre.", "fr"),
        ("La lámpara está rota y me gustaría tener otra de ellas.", "es"),
        ("KX-20931-B", "en"),
    ],
)
def test_the_language_is_seen_by_its_stop_words(text: str, language: str):
    assert language_of(text) == language


def test_topics_in_german_are_no_function_words():
    said = digest(user("Die Lampe im Wohnzimmer ist kaputt und der Elektriker aus Kassel kommt erst am Freitag."))
    assert {"lampe", "elektriker", "wohnzimmer"} & {word for topic in said.topics for word in topic.split()}
    assert not {"und", "der", "ist", "im"} & {word for topic in said.topics for word in topic.split()}


def test_nothing_said_has_no_topics():
    assert choose_topics([]) == ()


def test_a_failing_extraction_never_logs_what_was_said(caplog: pytest.LogCaptureFixture):
    choose_topics(["A first text loads the library."])
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("yake.core.yake").warning("text preview: a secret")
    assert not caplog.records


def test_words_of_a_session_do_not_stay_in_the_caches_of_the_extractor():
    choose_topics(["The zanzibarite crystal is missing from the vault."])
    assert sys.modules["yake.data.utils"].get_tag.cache_info().currsize == 0


# ---------------------------------------------------------------- bounds
def test_of_a_very_long_session_both_ends_and_an_even_choice_are_read():
    turns = read_turns([user(f"Entry {n} of the ledger.") for n in range(100_000)])
    places = [turn.seq for turn in turns]
    assert len(places) == 1000
    assert places[:100] == list(range(100))
    assert places[-100:] == list(range(99_900, 100_000))
    assert max(b - a for a, b in pairwise(places)) <= 125


def test_a_huge_message_is_read_by_its_beginning():
    said = digest(user("The vault door jammed. " + "blah " * 50_000))
    assert "vault door jammed" in said.summary
    assert count_tokens(said.summary) <= MAX_SUMMARY_TOKENS


def test_a_text_without_blanks_or_stops_is_cut():
    said = digest(user("漢字" * 5_000))
    assert 0 < count_tokens(said.summary) <= MAX_SUMMARY_TOKENS


awkward = st.text(st.characters(codec=None), min_size=0, max_size=120) | st.sampled_from(
    [
        "",
        " ",
        "?",
        "a\x00b",
        "\ud800",
        "yes",
        "Are you sure?",
        "- - -",
        "x" * 5000,
        "one two. " * 300,
        "🙂" * 200,
        "[photo: ]",
    ]
)
messages = st.builds(
    Message,
    role=st.sampled_from(["user", "assistant", "system", "tool"]),
    content=awkward,
    name=st.none() | st.text(max_size=12) | st.just("Ilse"),
)


@settings(deadline=None, max_examples=150)
@given(st.lists(messages, max_size=12))
def test_any_session_has_a_digest_within_its_bounds(session: list[Message]):
    said = digest(*session)
    assert count_tokens(said.summary) <= MAX_SUMMARY_TOKENS
    assert len(said.points) <= MAX_POINTS
    assert all(point.strip() and count_tokens(point) <= MAX_POINT_TOKENS for point in said.points)
    assert len(said.topics) <= MAX_TOPICS
    assert all(topic.strip() for topic in said.topics)


# ---------------------------------------------------------------- the port
async def test_it_implements_the_port():
    summariser: Summariser = LocalSummariser(Registries())
    assert summariser.name == "local"
    assert (await summariser.digest(ended(SUPPORT))).by == "local"


async def test_facts_of_the_user_are_candidates():
    said = await LocalSummariser(Registries()).digest(ended([user("I live in Ghent.")]))
    assert [(candidate.attribute, candidate.value) for candidate in said.candidates] == [("home_city", "Ghent")]


async def test_a_session_without_messages_has_an_empty_digest():
    assert (await LocalSummariser(Registries()).digest(ended([]))).summary == ""
