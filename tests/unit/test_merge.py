"""The decisions of the merge: one test per row of its table, and per rule that is easy to get wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from recalld.layers.facts.attributes import Attributes
from recalld.layers.facts.merge import (
    timeline,
    visible,
)
from recalld.values import Fact, Statement, UserRef

ATTRIBUTES = Attributes()
USER = UserRef(tenant_id="acme", user_id="ada")
FIRST_DAY = datetime(2025, 1, 1, 12, tzinfo=UTC)


def day(number: float) -> datetime:
    return FIRST_DAY + timedelta(days=number)


def said(on: float, value: str, **given: Any) -> Statement:
    """A statement of day *on*: `from_day` and `until` date its validity, everything else as in `Statement`."""
    valid_from = day(given.pop("from_day", on))
    until = given.pop("until", None)
    defaults: dict[str, Any] = {
        "statement_id": f"{on:09.3f}-{value}-{given.get('act', 'state')}-{given.get('purpose', 'general')}",
        "attribute": "home_city",
        "act": "state",
        "text": f"Home city: {value}",
        "cardinality": "single",
        "replaces": None,
        "origin": "stated",
        "confidence": 0.9,
        "quote": value,
        "purpose": "general",
        "session_id": f"s{on}",
        "episode_id": f"e{on}",
    }
    valid_to = None if until is None else day(until)
    return Statement(
        **{**defaults, "value": value, "said_at": day(on), "valid_from": valid_from, "valid_to": valid_to} | given
    )


def many(on: float, value: str, **given: Any) -> Statement:
    return said(on, value, attribute="pet", cardinality="many", **given)


def shape(facts: Sequence[Fact]) -> list[tuple[str, str, float, float | None]]:
    """Facts as (value, status, first day, last day)."""
    return [
        (f.value, f.status, _number(f.valid_from), None if f.valid_to is None else _number(f.valid_to)) for f in facts
    ]


def _number(moment: datetime) -> float:
    return (moment - FIRST_DAY) / timedelta(days=1)


def current(*statements: Statement, on: float, **given: Any) -> list[str]:
    return [fact.value for fact in visible(timeline(statements), as_of=day(on), **given)]


# ---------------------------------------------------------------- one current value
def test_the_first_value_is_added() -> None:
    assert shape(timeline([said(1, "Leipzig")])) == [("Leipzig", "current", 1, None)]


def test_the_same_value_again_confirms() -> None:
    (fact,) = timeline([said(1, "Leipzig"), said(5, "leipzig."), said(9, "Leipzig")])
    assert (fact.confirmations, fact.confirmed_at, fact.valid_from) == (2, day(9), day(1))


def test_another_value_supersedes_and_is_linked() -> None:
    old, new = timeline([said(1, "Leipzig"), said(5, "Berlin")])
    assert shape([old, new]) == [("Leipzig", "superseded", 1, 5), ("Berlin", "current", 5, None)]
    assert old.superseded_by == new.fact_id


def test_the_newer_statement_dates_the_change() -> None:
    facts = timeline([said(1, "Leipzig"), said(9, "Berlin", from_day=4)])
    assert shape(facts) == [("Leipzig", "superseded", 1, 4), ("Berlin", "current", 4, None)]


def test_a_change_is_not_dated_behind_the_last_word_for_the_old_value() -> None:
    facts = timeline([said(1, "Leipzig"), said(6, "Leipzig"), said(9, "Berlin", from_day=-700)])
    assert [fact.value for fact in visible(facts, as_of=day(6))] == ["Leipzig"]
    assert [fact.value for fact in visible(facts, as_of=day(6.001))] == ["Berlin"]


def test_a_return_to_an_old_value_is_a_new_fact() -> None:
    facts = timeline([said(1, "Cork"), said(5, "Galway"), said(9, "Cork")])
    assert shape(facts) == [("Cork", "superseded", 1, 5), ("Galway", "superseded", 5, 9), ("Cork", "current", 9, None)]
    assert facts[0].fact_id != facts[2].fact_id


def test_an_older_statement_that_arrives_late_is_history() -> None:
    facts = timeline([said(9, "Berlin"), said(1, "Leipzig")])
    assert shape(facts) == [("Leipzig", "superseded", 1, 9), ("Berlin", "current", 9, None)]


def test_since_dates_the_beginning_back() -> None:
    (fact,) = timeline([said(1, "Berlin"), said(5, "Berlin", from_day=-900)])
    assert _number(fact.valid_from) == -900


def test_since_does_not_reach_into_what_has_ended() -> None:
    facts = timeline([said(1, "Cork"), said(4, "Galway"), said(7, "Cork"), said(9, "Cork", from_day=-900)])
    assert [fact.value for fact in visible(facts, as_of=day(4))] == ["Galway"]
    assert [fact.value for fact in visible(facts, as_of=day(4.001))] == ["Cork"]
    assert [fact.value for fact in visible(facts, as_of=day(1))] == ["Cork"]


def test_at_equal_times_the_later_candidate_wins() -> None:
    first, second = said(1, "Vim", statement_id="a-1"), said(1, "Emacs", statement_id="a-2")
    assert current(second, first, on=1) == ["Emacs"]


def test_at_equal_times_the_api_wins() -> None:
    through_api = said(1, "Vim", statement_id="a-1", origin="api", session_id=None)
    assert current(said(1, "Emacs", statement_id="a-2"), through_api, on=1) == ["Vim"]
