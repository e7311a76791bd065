"""Texts as words and as pieces."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recalld.layers.episodes.pieces import END_OF_KEY, END_OF_SENTENCE, MAX_PIECES, content_words, pieces_of
from recalld.layers.episodes.words import MAX_CHARACTERS, MAX_WORDS, words
from recalld.values import Episode, UserRef

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


def episode(summary: str, topics: tuple[str, ...] = (), points: tuple[str, ...] = ()) -> Episode:
    return Episode(
        user=UserRef(tenant_id="acme", user_id="ada"),
        episode_id="e1",
        session_id=None,
        purpose="general",
        summary=summary,
        topics=topics,
        points=points,
        started_at=NOON,
        ended_at=NOON,
    )


def test_a_code_is_found_by_its_pieces_and_as_a_whole() -> None:
    assert words("error QX-88213/b?") == ["error", "qx", "88213", "b", "qx88213b"]


def test_hyphenated_words_without_digits_are_no_codes() -> None:
    assert words("a two-year plan") == ["a", "two", "year", "plan"]


def test_thousands_separators_do_not_split_a_number() -> None:
    assert words("7,500 or 12,345,678 but 1,2") == ["7500", "or", "12345678", "but", "1", "2"]


def test_accents_are_kept_and_dropped() -> None:
    assert words("Çelik café") == ["çelik", "celik", "café", "cafe"]


def test_irregular_forms_meet_their_base_form() -> None:
    assert words("She bought two knives") == ["she", "buy", "two", "knife"]


def test_unspaced_scripts_become_pairs() -> None:
    assert words("東京都 tea") == ["東京", "京都", "tea"]


@given(st.text(max_size=300))
def test_words_are_never_empty_and_hold_no_spaces(text: str) -> None:
    assert all(word and not any(character.isspace() for character in word) for word in words(text))


def test_a_huge_text_is_read_from_its_beginning() -> None:
    found = words("word " * 200_000)
    assert len(found) <= MAX_WORDS
    assert sum(map(len, found)) <= MAX_CHARACTERS


def test_content_words_leave_out_function_words() -> None:
    assert content_words("What did I say about the garden gate?") == ["say", "garden", "gate"]


def test_pieces_mark_where_keys_and_sentences_end() -> None:
    stored = np.frombuffer(pieces_of(episode("The gate is green. It squeaks.", ("garden",), ("green gate",))), "<u2")
    marks = [int(piece) for piece in stored if piece >= END_OF_KEY]
    assert marks == [END_OF_KEY, END_OF_KEY, END_OF_SENTENCE, END_OF_SENTENCE]


def test_an_episode_without_content_words_has_no_pieces() -> None:
    assert pieces_of(episode("It was what it was.")) == b""


def test_too_many_pieces_end_with_a_whole_unit() -> None:
    stored = np.frombuffer(pieces_of(episode("Gates squeak loudly tonight. " * 2000)), "<u2")
    assert len(stored) <= MAX_PIECES
    assert stored[-1] == END_OF_SENTENCE
