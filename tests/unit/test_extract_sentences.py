"""The extractor over single sentences and short sessions, each with what is to be known afterwards."""

from __future__ import annotations

import pytest

from tests.unit import extraction
from tests.unit.extraction import Case

CASES = extraction.cases("sentences")
BEYOND = {
    "Bruce",
    "Bruno",
    "shellfish",
    "Olomouc",
}  # what the grammar does not reach: a name put right in another session, "no X for me, allergic", "you're in X, right?"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_said_is_known(case: Case) -> None:
    found = extraction.facts(case, tagger=None)
    assert set(extraction.missed(case, found)) <= BEYOND
    assert set(extraction.still_current(case, found)) <= BEYOND


@pytest.mark.parametrize("case", [case for case in CASES if case.never], ids=lambda case: case.name)
def test_what_is_not_said_of_the_user_is_not_known(case: Case) -> None:
    assert list(extraction.forbidden(case, extraction.facts(case))) == []


def test_little_else_is_known() -> None:
    found = [(case, extraction.facts(case, tagger=None)) for case in CASES]
    known = sum(fact.status == "current" for _, facts in found for fact in facts)
    superfluous = [fact for case, facts in found for fact in extraction.superfluous(case, facts)]
    assert len(superfluous) / known < 0.09
