"""The weight of a fact: what lowers it, what raises it, and what never wins."""

from __future__ import annotations

import runpy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recalld.layers.facts.attributes import Attributes, built_in
from recalld.layers.facts.decay import MOST_REINFORCEMENT, reinforcement, retention, weight, weighted
from recalld.values import Fact

NOW = datetime(2026, 6, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
TWO_YEARS = timedelta(days=730)
PREFERENCES = tuple(
    row
    for row in built_in()
    if row.half_life is not None
    and (
        row.name.startswith(("favorite_", "preferred_", "answer_"))
        or row.name in ("likes", "dislikes", "communication_style")
    )
    and row.family in ("interests", "communication")
)

confidences = st.floats(0.5, 1.0)
confirmations = st.integers(0, 1000)
ages = st.timedeltas(timedelta(), 20 * YEAR)
half_lives = st.timedeltas(timedelta(days=1), 20 * YEAR)


def fact(*, age: timedelta = timedelta(), **given: Any) -> Fact:
    said = NOW - age
    defaults: dict[str, Any] = {
        "fact_id": "f",
        "attribute": "answer_format",
        "value": "tables",
        "text": "Answer format: tables",
        "purpose": "general",
        "cardinality": "single",
        "status": "current",
        "valid_from": said,
        "valid_to": None,
        "recorded_at": said,
        "retired_at": None,
        "confirmed_at": said,
        "confirmations": 0,
        "confidence": 0.8,
        "origin": "stated",
        "quote": "",
        "session_id": "s",
        "episode_id": "e",
    }
    return Fact(**defaults | given)


def test_one_half_life_halves_the_weight() -> None:
    assert weight(fact(age=YEAR), at=NOW, half_life=YEAR) == pytest.approx(0.4)


def test_without_a_half_life_nothing_fades() -> None:
    assert weight(fact(age=50 * YEAR), at=NOW, half_life=None) == pytest.approx(0.8)


def test_age_counts_from_the_newest_statement() -> None:
    old = fact(age=10 * YEAR, confirmed_at=NOW)
    assert weight(old, at=NOW, half_life=YEAR) == pytest.approx(0.8)


def test_before_its_confirmation_a_fact_has_no_age() -> None:
    assert weight(fact(), at=NOW - YEAR, half_life=YEAR) == pytest.approx(0.8)


@pytest.mark.parametrize(("times", "factor"), [(0, 1.0), (1, 1.2), (2, 1.3), (3, 1.35)])
def test_every_confirmation_adds_half_of_the_one_before(times: int, factor: float) -> None:
    assert reinforcement(times) == pytest.approx(factor)


@given(confirmations)
def test_reinforcement_grows_and_is_bounded(times: int) -> None:
    assert reinforcement(times) <= reinforcement(times + 1) <= MOST_REINFORCEMENT


@given(ages, ages, half_lives)
def test_the_older_never_retains_more(one: timedelta, other: timedelta, half_life: timedelta) -> None:
    young, old = sorted((one, other))
    assert 0.0 <= retention(old, half_life) <= retention(young, half_life) <= 1.0


@given(confidences, confidences, confirmations, half_lives.filter(lambda half_life: half_life <= TWO_YEARS))
def test_three_years_never_outvote_three_days(old: float, new: float, times: int, half_life: timedelta) -> None:
    ancient = fact(age=3 * YEAR, confidence=old, confirmations=times)
    recent = fact(age=timedelta(days=3), confidence=new)
    assert weight(ancient, at=NOW, half_life=half_life) < weight(recent, at=NOW, half_life=half_life)


@given(st.sampled_from(PREFERENCES), confidences, confirmations)
def test_no_registered_preference_of_three_years_outvotes_one_of_three_days(row: Any, sure: float, times: int) -> None:
    ancient = fact(age=3 * YEAR, attribute=row.name, confidence=sure, confirmations=times)
    recent = fact(age=timedelta(days=3), attribute=row.name, confidence=sure)
    assert weight(ancient, at=NOW, half_life=row.half_life) < weight(recent, at=NOW, half_life=row.half_life)


def test_the_plot_in_the_documentation_is_drawn_from_these_formulas() -> None:
    root = Path(__file__).parents[2]
    picture = runpy.run_path(str(root / "benchmarks" / "decay_plot.py"))["draw"]()
    assert (root / "docs" / "explanation" / "decay.svg").read_text(encoding="utf-8") == picture


def test_the_heaviest_comes_first_and_carries_its_weight() -> None:
    faded, fresh = fact(fact_id="faded", age=3 * YEAR), fact(fact_id="fresh")
    ranked = weighted([faded, fresh], at=NOW, attributes=Attributes())
    assert [(f.fact_id, f.weight is not None) for f in ranked] == [("fresh", True), ("faded", True)]


def test_a_name_outweighs_a_faded_preference() -> None:
    name = fact(fact_id="name", attribute="name", age=10 * YEAR)
    format_ = fact(fact_id="format", age=10 * YEAR)
    assert [f.fact_id for f in weighted([format_, name], at=NOW, attributes=Attributes())] == ["name", "format"]
