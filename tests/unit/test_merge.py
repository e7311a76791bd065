"""The decisions of the merge: one test per row of its table, and per rule that is easy to get wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recalld.layers.facts.attributes import Attributes
from recalld.layers.facts.equality import value_key
from recalld.layers.facts.merge import (
    api_statement,
    conflicts,
    evidence,
    history,
    merge,
    statement_id,
    statements_of,
    timeline,
    visible,
)
from recalld.values import Candidate, EndedSession, Fact, Message, Session, SessionRef, Statement, UserRef

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


# ---------------------------------------------------------------- plans and temporary values
def test_a_plan_leaves_the_present_alone_until_its_day() -> None:
    facts = timeline([said(1, "Leipzig"), said(5, "Berlin", from_day=30)])
    assert [f.value for f in visible(facts, as_of=day(29))] == ["Leipzig"]
    assert [f.value for f in visible(facts, as_of=day(30))] == ["Berlin"]


def test_a_plan_that_is_called_off_leaves_the_present_open() -> None:
    facts = timeline([said(1, "Leipzig"), said(5, "Berlin", from_day=30), said(8, "Berlin", act="retract")])
    assert ("Leipzig", "current", 1, None) in shape(facts)
    assert [f.value for f in visible(facts, as_of=day(40))] == ["Leipzig"]


def test_a_plan_can_be_moved() -> None:
    facts = timeline([said(1, "Leipzig"), said(5, "Berlin", from_day=30), said(8, "Berlin", from_day=60)])
    assert shape(facts) == [("Leipzig", "superseded", 1, 60), ("Berlin", "current", 60, None)]


def test_restating_the_present_does_not_cancel_a_plan() -> None:
    facts = timeline([said(1, "Leipzig"), said(5, "Berlin", from_day=30), said(8, "Leipzig")])
    assert [f.value for f in visible(facts, as_of=day(31))] == ["Berlin"]


def test_a_newer_change_takes_the_place_of_a_plan() -> None:
    facts = timeline([said(1, "Leipzig"), said(5, "Berlin", from_day=30), said(8, "Bonn")])
    assert [f.value for f in visible(facts, as_of=day(31))] == ["Bonn"]
    assert [f.value for f in visible(facts, as_of=day(20))] == ["Bonn"]


def test_an_early_start_of_a_plan_ends_the_old_value_early() -> None:
    facts = timeline([said(1, "Leipzig"), said(5, "Berlin", from_day=30), said(20, "Berlin")])
    assert shape(facts) == [("Leipzig", "superseded", 1, 20), ("Berlin", "current", 20, None)]


def test_a_superseded_plan_does_not_come_back_when_its_value_is_said() -> None:
    facts = timeline([said(1, "Leipzig"), said(5, "Berlin", from_day=30), said(8, "Bonn"), said(12, "Berlin")])
    assert [f.value for f in visible(facts, as_of=day(13))] == ["Berlin"]
    assert [f.value for f in visible(facts, as_of=day(40))] == ["Berlin"]


def test_a_temporary_value_stands_beside_the_permanent_one_and_expires() -> None:
    statements = [said(1, "Graz"), said(5, "Lisbon", until=50)]
    assert current(*statements, on=20) == ["Graz", "Lisbon"]
    assert current(*statements, on=50) == ["Graz"]
    closed = visible(timeline(statements), as_of=day(60), include_closed=True)
    assert [(f.value, f.status) for f in closed] == [("Graz", "current"), ("Lisbon", "expired")]


def test_a_temporary_value_is_prolonged_by_the_newest_word() -> None:
    statements = [said(1, "Lisbon", until=50), said(9, "Lisbon", until=80)]
    assert current(*statements, on=60) == ["Lisbon"]
    assert current(*statements, on=80) == []


def test_a_temporary_value_takes_the_place_of_another_one() -> None:
    facts = timeline([said(1, "Lisbon", until=50), said(9, "Porto", until=80)])
    assert shape(facts) == [("Lisbon", "superseded", 1, 9), ("Porto", "current", 9, 80)]


def test_a_mention_of_a_temporary_value_does_not_make_it_permanent() -> None:
    assert current(said(1, "Graz"), said(5, "Lisbon", until=50), said(9, "Lisbon"), on=60) == ["Graz"]


def test_an_open_ended_value_ends_a_temporary_one() -> None:
    assert current(said(1, "Graz"), said(5, "Lisbon", until=50), said(9, "Vienna"), on=10) == ["Vienna"]


def test_an_announced_end_of_the_known_value_expires_it() -> None:
    statements = [said(1, "Acme"), said(9, "Acme", until=40)]
    assert current(*statements, on=39) == ["Acme"]
    assert current(*statements, on=40) == []


def test_an_end_in_the_past_ends_the_known_value_then() -> None:
    assert shape(timeline([said(1, "Acme"), said(40, "Acme", from_day=20, until=30)])) == [("Acme", "expired", 1, 30)]


def test_an_earlier_stay_is_history_only() -> None:
    facts = timeline([said(1, "Berlin"), said(5, "Berlin", from_day=-900, until=-500)])
    assert shape(facts) == [("Berlin", "expired", -900, -500), ("Berlin", "current", 1, None)]


def test_a_stated_past_does_not_touch_the_present() -> None:
    facts = timeline([said(1, "Berlin"), said(5, "Paris", from_day=-900, until=-500)])
    assert shape(facts) == [("Paris", "expired", -900, -500), ("Berlin", "current", 1, None)]


def test_what_is_set_through_the_api_has_no_scheduled_end() -> None:
    statements = [said(1, "Acme"), said(9, "Acme", until=40), said(20, "Acme", origin="api")]
    assert current(*statements, on=60) == ["Acme"]


def test_a_plan_outlives_a_scheduled_end_that_is_lifted() -> None:
    statements = [
        said(1, "Acme"),
        said(2, "Corvo", from_day=60),
        said(9, "Acme", until=40),
        said(20, "Acme", origin="api"),
    ]
    assert current(*statements, on=50) == ["Acme"]
    assert current(*statements, on=60) == ["Corvo"]


# ---------------------------------------------------------------- many values
def test_many_values_accumulate() -> None:
    assert current(many(1, "cat Tom"), many(5, "dog Rex"), on=9) == ["cat Tom", "dog Rex"]


def test_replaces_supersedes_one_of_many() -> None:
    facts = timeline([many(1, "2014 Fiat Palio"), many(2, "bicycle"), many(5, "Nissan Leaf", replaces="the Palio")])
    assert shape(facts) == [
        ("2014 Fiat Palio", "superseded", 1, 5),
        ("bicycle", "current", 2, None),
        ("Nissan Leaf", "current", 5, None),
    ]


def test_a_retraction_ends_the_named_value_only() -> None:
    statements = [many(1, "cat Tom"), many(2, "dog Rex"), many(5, "", act="retract", replaces="dog")]
    assert current(*statements, on=9) == ["cat Tom"]


def test_a_retraction_may_name_its_value_directly() -> None:
    assert current(many(1, "cat Tom"), many(2, "dog Rex"), many(5, "Rex", act="retract"), on=9) == ["cat Tom"]


def test_a_retraction_without_a_value_ends_all() -> None:
    assert current(many(1, "cat Tom"), many(2, "dog Rex"), many(5, "", act="retract"), on=9) == []


def test_a_blanket_retraction_spares_what_the_same_session_states() -> None:
    statements = [
        many(1, "dog Rex"),
        many(5, "cat Tom", session_id="s", statement_id="5a"),
        many(5, "", act="retract", session_id="s", statement_id="5b"),
    ]
    assert current(*statements, on=9) == ["cat Tom"]


def test_a_retraction_before_what_it_names_changes_nothing() -> None:
    assert current(many(5, "dog Rex"), many(1, "dog Rex", act="retract"), on=9) == ["dog Rex"]


def test_a_retraction_can_give_its_day() -> None:
    facts = timeline([many(1, "dog Rex"), many(9, "dog Rex", act="retract", from_day=4)])
    assert shape(facts) == [("dog Rex", "retracted", 1, 4)]


def test_an_announced_end_leaves_the_value_until_its_day() -> None:
    statements = [many(1, "dog Rex"), many(5, "dog Rex", act="retract", from_day=30)]
    assert current(*statements, on=29) == ["dog Rex"]
    assert current(*statements, on=30) == []


# ---------------------------------------------------------------- corrections
def test_a_correction_puts_the_right_value_in_the_place_of_the_wrong_one() -> None:
    facts = timeline([said(1, "Leipzig"), said(5, "Berlin"), said(9, "Bonn", act="correct")])
    assert shape(facts) == [
        ("Leipzig", "superseded", 1, 5),
        ("Berlin", "corrected", 5, 5),
        ("Bonn", "current", 5, None),
    ]
    assert facts[1].superseded_by == facts[2].fact_id


def test_a_corrected_value_was_never_true() -> None:
    facts = timeline([said(5, "Berlin"), said(9, "Bonn", act="correct", replaces="Berlin")])
    assert [f.value for f in visible(facts, as_of=day(6), include_closed=True)] == ["Bonn"]


def test_correcting_the_past_leaves_the_present_alone() -> None:
    facts = timeline([said(1, "Berlin"), said(5, "Cork"), said(9, "Bonn", act="correct", replaces="Berlin")])
    assert [f.value for f in visible(facts, as_of=day(10))] == ["Cork"]
    assert [f.value for f in visible(facts, as_of=day(2))] == ["Bonn"]


def test_a_correction_back_to_the_known_value_confirms_it() -> None:
    facts = timeline([said(1, "Bonn"), said(5, "Berlin"), said(9, "Bonn", act="correct", replaces="Berlin")])
    assert shape(facts) == [("Bonn", "current", 1, None), ("Berlin", "corrected", 5, 5)]


def test_a_correction_of_nothing_known_is_a_plain_statement() -> None:
    facts = timeline([said(1, "19 January"), said(9, "25 January", act="correct", replaces="26 January")])
    assert shape(facts) == [("19 January", "superseded", 1, 9), ("25 January", "current", 9, None)]


def test_a_correction_can_be_corrected() -> None:
    facts = timeline([said(1, "Berlin"), said(2, "Bonn", act="correct"), said(3, "Bern", act="correct")])
    assert sorted(shape(facts)) == [
        ("Berlin", "corrected", 1, 1),
        ("Bern", "current", 1, None),
        ("Bonn", "corrected", 1, 1),
    ]


def test_a_correction_without_a_new_value_only_takes_back() -> None:
    facts = timeline([said(1, "Leipzig"), said(5, "Berlin"), said(9, "", act="correct", replaces="Berlin")])
    assert shape(facts) == [("Leipzig", "current", 1, None), ("Berlin", "corrected", 5, 5)]


def test_a_correction_of_a_temporary_value_keeps_its_end() -> None:
    facts = timeline([said(1, "Graz"), said(5, "Lisbon", until=50), said(9, "Porto", act="correct", replaces="Lisbon")])
    assert ("Porto", "current", 5, 50) in shape(facts)


def test_a_later_retraction_of_the_right_value_holds_after_a_correction() -> None:
    statements = [said(1, "Berlin"), said(3, "Bonn", act="retract"), said(5, "Bonn", act="correct", replaces="Berlin")]
    ids = [fact.fact_id for fact in timeline(statements)]
    assert len(set(ids)) == len(ids)
    assert current(*statements, on=6) == ["Bonn"]


# ---------------------------------------------------------------- purposes
def test_the_same_value_under_two_purposes_is_two_facts() -> None:
    facts = timeline([said(1, "Berlin", purpose="support"), said(5, "Berlin", purpose="sales")])
    assert [(f.purpose, f.status, f.confirmations) for f in facts] == [
        ("support", "current", 0),
        ("sales", "current", 0),
    ]


def test_a_contradiction_closes_the_value_of_another_purpose() -> None:
    facts = timeline([said(1, "Leipzig", purpose="support"), said(5, "Berlin", purpose="sales")])
    assert [(f.purpose, f.value, f.status) for f in facts] == [
        ("support", "Leipzig", "superseded"),
        ("sales", "Berlin", "current"),
    ]


def test_a_return_is_not_told_to_the_purpose_it_was_first_said_under() -> None:
    statements = [
        said(1, "Cork", purpose="support"),
        said(5, "Galway", purpose="sales"),
        said(9, "Cork", purpose="sales"),
    ]
    assert [(f.purpose, f.value) for f in visible(timeline(statements), as_of=day(9))] == [("sales", "Cork")]


# ---------------------------------------------------------------- doubt
def test_a_weak_statement_does_not_end_a_firm_value() -> None:
    statements = [said(1, "Leipzig"), said(5, "Berlin", origin="inferred", confidence=0.4)]
    assert current(*statements, on=9) == ["Leipzig"]
    assert [c.decision for c in conflicts(statements)] == ["doubted"]


def test_a_confident_inference_does_end_it() -> None:
    assert current(said(1, "Leipzig"), said(5, "Berlin", origin="inferred", confidence=0.7), on=9) == ["Berlin"]


def test_a_weak_statement_is_kept_where_nothing_is_known() -> None:
    assert current(said(5, "Berlin", confidence=0.4), on=9) == ["Berlin"]


@pytest.mark.parametrize("act", ["retract", "correct"])
def test_a_weak_word_does_not_take_back_a_firm_value(act: str) -> None:
    assert current(said(1, "Leipzig"), said(5, "Leipzig", act=act, confidence=0.4), on=9) == ["Leipzig"]


def test_what_the_api_sets_is_firm_whatever_its_confidence() -> None:
    assert current(said(1, "Leipzig"), said(5, "Berlin", origin="api", confidence=0.1), on=9) == ["Berlin"]


# ---------------------------------------------------------------- values that mean the same
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Zürich", "ZURICH"),
        ("the lifeboats", "Lifeboats."),
        ("3rd of February", "Feb 3"),
        ("Brandt & Sohn", "Brandt and Sohn"),
        ("1,200", "1200"),
        ("09:45", "9:45"),
        ("0711 55 01 22", "0711/550122"),
        ("Mondays", "Monday"),
        ("two cats", "2 cats"),
        ("Berlin", "Berlin, Germany"),
        ("Portuguese (B2)", "Portuguese"),
        ("10-15", "10 - 15"),
        ("t- shirt", "t-shirt"),
        ("B-", "B−"),
    ],
)
def test_values_that_mean_the_same(one: str, other: str) -> None:
    assert value_key(one).same(value_key(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("C++", "C"),
        ("C#", "C"),
        ("O+", "O-"),
        ("a.b@mail.example", "ab@mail.example"),
        ("some_one", "some-one"),
        ("30 €", "30 $"),
        ("1.5", "15"),
        ("Springfield, Illinois", "Springfield, Oregon"),
        ("smoker", "smoker (former)"),
        ("black", "black, no sugar"),
        ("が", "か"),
        ("की", "का"),
        ("мой", "мои"),
        ("😀", "🐈"),
        ("19 January", "26 January"),
        ("12 March 2026", "12 April 2026"),
        ("O-", "O"),
        ("O-", "O+"),
        ("AB− (rare)", "AB"),
        ("-5", "5"),
        ("-5 °C", "5 °C"),
        ("-500000", "500000"),
        ("offset, -5", "offset, -7"),
    ],
)
def test_values_that_differ(one: str, other: str) -> None:
    assert not value_key(one).same(value_key(other))


def test_more_detail_is_adopted_and_then_counts() -> None:
    facts = timeline([said(1, "Springfield"), said(3, "Springfield, Oregon"), said(5, "Springfield, Illinois")])
    assert shape(facts) == [("Springfield, Oregon", "superseded", 1, 5), ("Springfield, Illinois", "current", 5, None)]


def test_less_detail_confirms() -> None:
    (fact,) = timeline([said(1, "Springfield, Oregon"), said(3, "springfield")])
    assert (fact.value, fact.confirmations) == ("Springfield, Oregon", 1)


# ---------------------------------------------------------------- changes
def applied(known: Sequence[Fact], statements: Sequence[Statement], *, at: float) -> list[Fact]:
    """The believed versions after a merge."""
    changes = merge(known, statements, at=day(at))
    gone = {fact.fact_id for fact in (*changes.retire, *changes.update)}
    return [*(fact for fact in known if fact.fact_id not in gone), *changes.update, *changes.insert]


def test_a_new_value_is_inserted_and_the_old_version_retired() -> None:
    first, second = said(1, "Leipzig"), said(5, "Berlin")
    changes = merge(applied([], [first], at=1), [first, second], at=day(5))
    assert [(f.value, f.status, f.retired_at) for f in changes.retire] == [("Leipzig", "current", day(5))]
    assert [(f.value, f.status, f.recorded_at) for f in changes.insert] == [
        ("Leipzig", "superseded", day(5)),
        ("Berlin", "current", day(5)),
    ]
    assert (changes.added, changes.confirmed, changes.closed) == (1, 0, 1)


def test_a_confirmation_updates_in_place() -> None:
    first, second = said(1, "Leipzig"), said(5, "Leipzig")
    changes = merge(applied([], [first], at=1), [first, second], at=day(5))
    assert (changes.retire, changes.insert) == ((), ())
    assert [(f.confirmations, f.recorded_at) for f in changes.update] == [(1, day(1))]
    assert (changes.added, changes.confirmed, changes.closed) == (0, 1, 0)


def test_merging_again_changes_nothing() -> None:
    statements = [said(1, "Leipzig"), said(5, "Berlin")]
    assert not merge(applied([], statements, at=5), statements, at=day(9))


def test_a_deleted_statement_reopens_what_it_had_closed() -> None:
    old, new = said(1, "Leipzig"), said(5, "Berlin")
    known = applied([], [old, new], at=5)
    assert shape(applied(known, [old], at=9)) == [("Leipzig", "current", 1, None)]


def test_what_has_no_statements_left_is_retired() -> None:
    changes = merge(applied([], [said(1, "Leipzig")], at=1), [], at=day(5))
    assert [f.retired_at for f in changes.retire] == [day(5)]
    assert not changes.insert


def test_attributes_do_not_touch_each_other() -> None:
    city, pet = said(1, "Leipzig"), many(2, "cat")
    changes = merge(applied([], [city], at=1), [city, pet], at=day(2))
    assert ([f.value for f in changes.insert], changes.retire, changes.update) == (["cat"], (), ())


def test_a_late_founding_statement_is_not_counted_as_news() -> None:
    late, known_one = said(1, "Leipzig"), said(5, "Leipzig")
    changes = merge(applied([], [known_one], at=5), [known_one, late], at=day(6))
    assert (changes.added, changes.confirmed, changes.closed) == (0, 1, 0)


def test_confidence_as_the_database_keeps_it_is_no_change() -> None:
    statement = said(1, "Leipzig", confidence=0.85)
    known = [replace(fact, confidence=0.8500000238418579) for fact in applied([], [statement], at=1)]
    assert not merge(known, [statement], at=day(2))


def test_system_time_never_runs_backwards() -> None:
    known = applied([], [said(1, "Leipzig")], at=10)
    changes = merge(known, [said(1, "Leipzig"), said(5, "Berlin")], at=day(5))
    assert {f.retired_at for f in changes.retire} == {f.recorded_at for f in changes.insert} == {day(10)}


# ---------------------------------------------------------------- reading
def test_what_was_believed_then() -> None:
    first, second = said(1, "Leipzig"), said(9, "Berlin", from_day=4)
    changes = merge(applied([], [first], at=1), [first, second], at=day(9))
    versions = [*changes.retire, *changes.insert]
    assert [f.value for f in visible(versions, as_of=day(5))] == ["Berlin"]
    assert [f.value for f in visible(versions, as_of=day(5), believed_at=day(8))] == ["Leipzig"]
    assert visible(versions, as_of=day(5), believed_at=day(0)) == []


def test_what_was_true_then_is_current_then() -> None:
    facts = timeline([said(1, "Leipzig"), said(5, "Berlin")])
    assert [(f.value, f.status) for f in visible(facts, as_of=day(3))] == [("Leipzig", "current")]
    assert visible(facts, as_of=day(0)) == []


def test_history_shows_sources_and_what_ended_a_value() -> None:
    statements = [said(1, "Leipzig"), said(2, "Leipzig"), said(5, "Berlin"), said(6, "Bonn", confidence=0.2)]
    (found,) = history([], statements)
    assert [[s.session_id for s in entry.statements] for entry in found.entries] == [["s1", "s2"], ["s5"]]
    assert [entry.ended_by and entry.ended_by.session_id for entry in found.entries] == ["s5", None]
    assert [s.value for s in found.without_effect] == ["Bonn"]


def test_history_shows_corrected_values() -> None:
    (found,) = history([], [said(1, "Berlin"), said(2, "Bonn", act="correct")])
    assert [(e.fact.value, e.fact.status) for e in found.entries] == [("Berlin", "corrected"), ("Bonn", "current")]


def test_history_prefers_the_stored_versions() -> None:
    statements = [said(1, "Leipzig")]
    (found,) = history(applied([], statements, at=7), statements)
    assert found.entries[0].fact.recorded_at == day(7)


def test_conflicts_say_what_contradicted_what_and_how_it_was_decided() -> None:
    found = conflicts([said(1, "Leipzig"), said(5, "Berlin"), said(9, "Bonn", act="correct")])
    assert [(c.statement.value, c.against.value, c.decision, c.at) for c in found] == [
        ("Bonn", "Leipzig", "superseded", day(9)),
        ("Bonn", "Berlin", "corrected", day(9)),
    ]
    assert all(c.fact_id for c in found)


def test_evidence_of_a_fact_is_what_it_rests_on_and_its_own_retraction() -> None:
    statements = [many(1, "dog Rex"), many(2, "dog Rex"), many(3, "cat Tom"), many(5, "Rex", act="retract")]
    about = {fact.value: evidence(statements)[fact.fact_id] for fact in timeline(statements)}
    assert [s.statement_id for s in about["dog Rex"]] == [statements[i].statement_id for i in (0, 1, 3)]
    assert about["cat Tom"] == (statements[2],)


# ---------------------------------------------------------------- candidates to statements
def session(*candidates: Candidate, on: float = 10, session_id: str = "s1", **given: Any) -> tuple[Statement, ...]:
    row = Session(
        ref=SessionRef(user=USER, session_id=session_id),
        purpose="support",
        timezone="UTC",
        state="ended",
        epoch=1,
        started_at=day(on - 0.1),
        last_message_at=day(on),
        ended_at=day(on),
    )
    messages = tuple(Message(role="user", content="…", at=day(on - 0.1 + i / 100)) for i in range(10))
    source = EndedSession(session=row, messages=messages)
    return statements_of(candidates, session=source, episode_id="e1", attributes=ATTRIBUTES, **given)


def state(attribute: str, value: str, **given: Any) -> Candidate:
    return Candidate(attribute=attribute, value=value, **given)


@pytest.mark.parametrize("attribute", ["symptoms", "side_effects", "books_read"])
def test_a_plural_outside_the_registry_takes_many_values(attribute: str) -> None:
    assert {*current(*session(state(attribute, "one"), state(attribute, "other")), on=11)} == {"one", "other"}


@pytest.mark.parametrize(("names", "values"), [(("symptoms", "symptom"), 2), (("symptom", "symptoms"), 1)])
def test_two_spellings_of_one_attribute_have_one_cardinality(names: tuple[str, str], values: int) -> None:
    statements = session(*(state(name, value) for name, value in zip(names, ("headache", "fever"), strict=True)))
    assert {statement.attribute for statement in statements} == {names[0]}
    assert len({statement.cardinality for statement in statements}) == 1
    assert len(current(*statements, on=11)) == values


def test_names_cardinality_and_times_are_filled_in() -> None:
    (statement,) = session(state("lives in", " Berlin "))
    assert (statement.attribute, statement.value, statement.text) == ("home_city", "Berlin", "Home city: Berlin")
    assert (statement.cardinality, statement.purpose, statement.episode_id) == ("single", "support", "e1")
    assert statement.said_at == statement.valid_from == day(10)


def test_a_candidate_was_said_when_its_message_was() -> None:
    (statement,) = session(state("home_city", "Berlin", message_seq=3, said_at=day(500)))
    assert statement.said_at == day(9.9 + 0.03)


def test_a_candidate_is_never_said_after_its_session() -> None:
    (statement,) = session(state("home_city", "Berlin", said_at=day(500)))
    assert statement.said_at == day(10)


def test_a_past_end_without_a_beginning_is_an_empty_validity() -> None:
    (statement,) = session(state("home_city", "Paris", valid_to=day(-100)))
    assert (statement.valid_from, statement.valid_to) == (day(-100), day(-100))


def test_attributes_of_one_session_meet_each_other() -> None:
    first, second = session(state("thesis_topic", "corals"), state("topic_of_thesis", "sponges"))
    assert first.attribute == second.attribute


def test_a_slip_corrected_in_the_session_is_not_kept() -> None:
    (statement,) = session(state("deadline", "26 January"), state("deadline", "25 January", act="correct"))
    assert (statement.value, statement.act, statement.replaces) == ("25 January", "correct", "26 January")


def test_a_slip_does_not_turn_the_older_value_into_a_mistake() -> None:
    before = session(state("phone_number", "0711 550122"), on=1, session_id="s0")
    after = session(state("phone_number", "0711 550199"), state("phone_number", "0711 550191", act="correct"), on=10)
    facts = timeline([*before, *after])
    assert [(f.value, f.status) for f in facts] == [("0711 550122", "superseded"), ("0711 550191", "current")]


def test_what_a_session_retracts_itself_was_true_once() -> None:
    statements = session(state("employer", "Acme"), state("employer", "", act="retract", replaces="Acme"))
    seen = visible(timeline(statements), as_of=day(11), include_closed=True)
    assert [(f.value, f.status) for f in seen] == [("Acme", "retracted")]


def test_a_repetition_within_a_session_is_kept_once() -> None:
    assert len(session(state("home_city", "Berlin"), state("city", "berlin"))) == 1


def test_a_return_within_a_session_is_kept() -> None:
    statements = session(state("editor", "Vim"), state("editor", "Emacs"), state("editor", "Vim"))
    assert [f.value for f in visible(timeline(statements), as_of=day(10))] == ["Vim"]


def test_candidates_that_say_nothing_are_dropped() -> None:
    empty = [state("home_city", " "), state(" ", "Berlin"), state("home_city", "Berlin", confidence=0.0)]
    assert session(*empty, state("home_city", "Berlin", confidence=float("nan"))) == ()


def test_the_same_session_gives_the_same_ids() -> None:
    candidates = (state("home_city", "Berlin"), state("pet", "cat"))
    assert [s.statement_id for s in session(*candidates)] == [s.statement_id for s in session(*candidates)]


def test_ids_of_a_session_sort_by_place() -> None:
    ref = SessionRef(user=USER, session_id="s1")
    ids = [statement_id(ref, place) for place in range(300)]
    assert ids == sorted(set(ids))


def test_ids_of_different_sessions_differ() -> None:
    one = SessionRef(user=UserRef(tenant_id="ab", user_id="c"), session_id="d")
    other = SessionRef(user=UserRef(tenant_id="a", user_id="bc"), session_id="d")
    assert statement_id(one, 0) != statement_id(other, 0)


def test_a_statement_of_the_api_is_firm_and_canonical() -> None:
    statement = api_statement(
        state("city", "Berlin", confidence=0.2), statement_id="x", purpose="sales", at=day(3), attributes=ATTRIBUTES
    )
    assert (statement.attribute, statement.origin, statement.said_at, statement.session_id) == (
        "home_city",
        "api",
        day(3),
        None,
    )
