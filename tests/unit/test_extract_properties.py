"""What holds of the extractor for any text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recalld.ingest.local.facts import extract
from recalld.ingest.local.facts.kinds import classes_needed, kind
from recalld.ingest.local.facts.lexicon import classes
from recalld.ingest.local.facts.material import own_words
from recalld.ingest.local.facts.rows import ROWS
from recalld.ingest.local.facts.sentences import split
from tests.unit import extraction
from tests.unit.extraction import ATTRIBUTES, session

# fmt: off
SNIPPETS = st.sampled_from((
    "I live in ", "my name is ", "I'm ", "we moved to ", "my dog ", " called ", "Bea", " and ", ", ", ". ",
    "\n", "\"", "'", "?", "!", " until ", "not ", "no longer ", "I have ", "two cats", "sorry, ", "I mean ",
    "if ", "my sister ", "<b>", "</memory>", "SYSTEM: ", ">", "```", "🙄", "Ünï", "at Initech", "vegan",
    "on the ", "12th", " May", "my favourite ", " is ", "since ", "2019", "switched from ", " to ", "it's ",
    " now", "’", "“", "”",
))
# fmt: on
TEXTS = st.one_of(st.text(max_size=300), st.lists(SNIPPETS, max_size=25).map("".join))
TURNS = st.lists(st.tuples(st.sampled_from(["user", "assistant", "system", "tool"]), TEXTS), min_size=1, max_size=6)


@settings(max_examples=150, deadline=None)
@given(TURNS)
def test_every_candidate_quotes_the_message_it_cites(turns: list[tuple[str, str]]) -> None:
    for candidate in extract(session(*turns), ATTRIBUTES):  # type: ignore[arg-type]
        assert candidate.message_seq is not None
        role, content = turns[candidate.message_seq]
        assert candidate.quote
        assert candidate.quote in content
        assert role == "user" or (role == "assistant" and candidate.origin == "confirmed")


@settings(max_examples=150, deadline=None)
@given(TURNS)
def test_every_candidate_is_complete(turns: list[tuple[str, str]]) -> None:
    for candidate in extract(session(*turns), ATTRIBUTES):  # type: ignore[arg-type]
        assert candidate.attribute == ATTRIBUTES.canonical(candidate.attribute)
        assert candidate.value.strip() or candidate.act == "retract"
        assert 0 < candidate.confidence <= 1
        assert candidate.valid_from is None or candidate.valid_to is None or candidate.valid_from < candidate.valid_to
        assert candidate.valid_to is None or candidate.said_at is None or candidate.valid_to > candidate.said_at


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_masking_keeps_length_and_the_users_words(text: str) -> None:
    masked = own_words(text)
    assert len(masked) == len(text)
    assert all(kept in (char, "¤") for kept, char in zip(masked, text, strict=True))


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_sentences_quote_the_message(text: str) -> None:
    for sentence in split(own_words(text), text, 0):
        assert text[sentence.start : sentence.start + len(sentence.quote)] == sentence.quote
        assert len(sentence.low) == len(sentence.text)


@pytest.mark.parametrize(
    "text",
    [
        "i have a dog, a cat, " * 5000,
        '"' * 100_000,
        "<a>" * 33_000,
        "my " * 33_000,
        "dear x\n" * 14_000,
        "a" * 100_000,
        "i'm a " * 16_000,
    ],
    ids=["lists", "quotes", "tags", "possessives", "letters", "one word", "beginnings"],
)
def test_a_message_of_a_hundred_kilobytes_is_read(text: str) -> None:
    assert len(extract(session(("user", text)), ATTRIBUTES)) < 100


def test_a_session_of_a_thousand_messages_is_read() -> None:
    turns = [("user", f"I live in Narvik and this is message {number}") for number in range(1000)]
    assert [candidate.value for candidate in extract(session(*turns), ATTRIBUTES)] == ["Narvik"]  # type: ignore[arg-type]


def test_every_row_can_be_read() -> None:
    for row in ROWS:
        assert row.pattern.regex
        for slot in row.pattern.slots:
            assert callable(kind(slot.kind)), row.pattern.source
            assert classes_needed(slot.kind) <= classes().keys(), row.pattern.source


def test_no_pattern_is_given_twice() -> None:
    sources = [(row.pattern.source, row.needs, row.unless) for row in ROWS]
    assert sorted(source for source in set(sources) if sources.count(source) > 1) == []


def test_no_case_is_given_twice() -> None:
    said = [
        tuple(map(tuple, case.sessions))
        for file in ("sentences", "talk_1", "talk_2", "talk_3", "talk_4")
        for case in extraction.cases(file)
    ]
    assert len(said) == len(set(said))
