"""BM25 over a catalogue."""

from __future__ import annotations

import math

import pytest

from recalld.recall import bm25
from tests.unit.catalogues import episode, overview

GARDEN = episode("garden", "green gate squeaks")
INVOICE = episode("invoice", "invoice paid late", points=("invoice QX-1",))
KITCHEN = episode("kitchen", "kitchen paint green")


def test_the_score_is_that_of_the_formula() -> None:
    view = overview([GARDEN, INVOICE, KITCHEN], "invoice")
    scored = bm25.score(view.catalogue, view.stems)
    idf = math.log(1 + (3 - 1 + 0.5) / (1 + 0.5))
    length, mean = 6, (3 + 6 + 3) / 3  # invoice, paid, late, qx, 1, qx1
    norm = 1.2 * (1 - 0.75 + 0.75 * length / mean)
    assert scored.scores.tolist() == pytest.approx([0, idf * 2 * 2.2 / (2 + norm), 0])


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    view = overview([GARDEN, INVOICE, KITCHEN], "green invoice")
    scored = bm25.score(view.catalogue, view.stems)
    green, invoice = scored.idf.tolist()
    assert invoice > green


def test_matches_say_which_word_stands_where() -> None:
    view = overview([GARDEN, INVOICE, KITCHEN], "green gate")
    assert bm25.score(view.catalogue, view.stems).matches.tolist() == [[True, True], [False, False], [True, False]]


def test_coverage_weighs_the_words_by_rarity() -> None:
    view = overview([GARDEN, INVOICE, KITCHEN], "green gate")
    coverage = bm25.score(view.catalogue, view.stems).coverage
    assert coverage[0] == pytest.approx(1.0)
    assert 0 < coverage[2] < 0.5
    assert coverage[1] == 0


def test_no_words_score_nothing() -> None:
    view = overview([GARDEN, INVOICE], "")
    scored = bm25.score(view.catalogue, view.stems)
    assert scored.scores.tolist() == [0, 0]
    assert scored.coverage.tolist() == [0, 0]


def test_no_episodes_score_nothing() -> None:
    view = overview([], "gate")
    assert bm25.score(view.catalogue, view.stems).scores.tolist() == []
