"""The extractor over chatty sessions in which facts are dropped in passing.

Sets of fifteen to sixty-five users each, written one after the other, each before any rule was made for it. On its first run the
grammar found between a quarter and two fifths of what such a set holds; the floors are what it must not fall under now. The lists name what
was asked for, not all that is true, so a tagger that finds more may lose precision here.
"""

from __future__ import annotations

import pytest

from recalld.ingest.local.facts.tagger.tagger import load_tagger
from tests.unit import extraction

# precision and recall
FLOORS = {
    "talk_1": (0.85, 0.75),
    "talk_2": (0.73, 0.70),
    "talk_3": (0.75, 0.60),
    "talk_4": (0.75, 0.60),
    "talk_5": (0.80, 0.75),
    "talk_6": (0.55, 0.50),
    "talk_8": (0.65, 0.60),
    "talk_9": (0.97, 0.97),
    "talk_10": (0.95, 0.97),
}

GRAMMAR = ("talk_9", "talk_10")  # made for its rows, which must read them alone


@pytest.mark.parametrize("file", FLOORS)
def test_what_is_dropped_in_passing_is_found_and_little_else(file: str) -> None:
    tagger = None if file in GRAMMAR else load_tagger
    found = [(case, extraction.facts(case, tagger=tagger)) for case in extraction.cases(file)]
    wanted = sum(len(case.known) for case, _ in found)
    known = sum(fact.status == "current" for _, facts in found for fact in facts)
    missed = sum(len(list(extraction.missed(case, facts))) for case, facts in found)
    superfluous = sum(len(list(extraction.superfluous(case, facts))) for case, facts in found)
    precision, recall = FLOORS[file]
    assert 1 - superfluous / known >= precision
    assert 1 - missed / wanted >= recall


@pytest.mark.parametrize("file", FLOORS)
def test_nothing_forbidden_is_known(file: str) -> None:
    wrong = [fact for case in extraction.cases(file) for fact in extraction.forbidden(case, extraction.facts(case))]
    assert [(fact.attribute, fact.value) for fact in wrong] == []


@pytest.mark.parametrize("file", GRAMMAR)
def test_what_is_over_is_not_current(file: str) -> None:
    found = [(case, extraction.facts(case, tagger=None)) for case in extraction.cases(file)]
    over = [(case.name, value) for case, facts in found for value in extraction.still_current(case, facts)]
    assert over == []
