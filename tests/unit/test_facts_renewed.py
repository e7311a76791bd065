"""Values said anew without the name of their attribute, and names that say more or less of the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from recalld.ingest.local.facts import extract
from recalld.ingest.local.facts.spelling import put_right
from recalld.layers.facts.attributes import Attributes
from recalld.values import Known
from tests.unit.extraction import ATTRIBUTES, read, session, stated


def renewed(text: str, *known: str) -> set[tuple[str, str]]:
    """Attributes and values of *text* for a user with facts under the names *known*."""
    candidates = extract(session(("user", text)), ATTRIBUTES, [Known(name) for name in known], tagger=None)
    return {(candidate.attribute, candidate.value) for candidate in candidates if candidate.act == "state"}


@pytest.mark.parametrize(
    ("text", "known", "attribute", "value"),
    [
        ("they moved us to Thursdays, hurray", "pottery_day", "pottery_day", "Thursdays"),
        ("we're on Thursdays now", "pottery_day", "pottery_day", "Thursdays"),
        ("pushed back to 10:30, finally a humane hour", "briefing_time", "briefing_time", "10:30"),
        ("they extended it to 9 October", "proposal_deadline", "proposal_deadline", "9 October"),
        ("finally with Klarnetz, signed yesterday", "internet_provider", "internet_provider", "Klarnetz"),
        ("we're with Dr Okafor now", "doctor", "doctor", "Dr Okafor"),
    ],
)
def test_what_is_said_anew_is_of_the_attribute_that_has_such_values(
    text: str, known: str, attribute: str, value: str
) -> None:
    assert (attribute, value) in renewed(text, known, "home_city")


@pytest.mark.parametrize(
    "text",
    [
        "could you move it to Thursdays?",
        "if they moved us to Thursdays I'd quit",
        "my sister says it's on Thursdays now",
    ],
)
def test_what_is_asked_supposed_or_somebody_elses_renews_nothing(text: str) -> None:
    assert renewed(text, "pottery_day") == set()


def test_of_two_attributes_the_one_is_meant_that_is_spoken_of() -> None:
    known = ("choir_day", "pottery_day")
    assert renewed("pottery has moved to Thursdays, so what", *known) >= {("pottery_day", "Thursdays")}
    assert renewed("they moved us to Thursdays", *known) == set()


def test_nothing_is_renewed_for_a_user_of_whom_nothing_is_known() -> None:
    assert renewed("we're on Thursdays now") == set()


def test_names_that_only_say_more_are_one_attribute() -> None:
    attributes = Attributes()
    assert attributes.canonical("grant_deadline", ["grant_application_deadline"]) == "grant_application_deadline"
    assert attributes.canonical("pottery_class_day", ["pottery_day"]) == "pottery_day"
    assert attributes.canonical("choir_day", ["pottery_day"]) == "choir_day"
    assert attributes.canonical("work_start_time", ["start_time"]) == "work_start_time"  # "work" tells them apart


def test_a_value_is_put_right_under_the_last_word_of_its_name() -> None:
    assert ("shoe_size", "41") in stated("my shoe size is 40", "oh and the size is 41, I just looked")
    assert ("shoe_size", "40") not in stated("my shoe size is 40", "oh and the size is 41, I just looked")


def test_a_guess_is_granted_in_part_and_put_right_in_part() -> None:
    guess = ("assistant", "So, a vegan family of three?")
    candidates = extract(session(guess, ("user", "vegan yes, three no! five.")), ATTRIBUTES, tagger=None)
    assert {(c.attribute, c.value) for c in candidates} == {("diet", "vegan"), ("household", "five")}


@pytest.mark.parametrize(("slip", "right"), [("retierd", "retired"), ("marreid", "married"), ("agian", "again")])
def test_two_letters_the_wrong_way_round_are_read(slip: str, right: str) -> None:
    assert put_right(f"im {slip}") == f"im {right}"


@pytest.mark.parametrize(
    ("text", "wrong", "right"),
    [
        ("I said Aalen, sorry, I meant we live in Ulm", "Aalen", "Ulm"),
        ("I told you I live in Aalen, that was wrong, I live in Ulm", "Aalen", "Ulm"),
    ],
)
def test_what_was_said_wrong_earlier_is_corrected_not_left(text: str, wrong: str, right: str) -> None:
    corrections = [(c.value, c.replaces) for c in read(text) if c.act == "correct"]
    assert corrections == [(right, wrong)]


def test_a_dentist_takes_no_doctors_place() -> None:
    attributes = Attributes()
    names = {attributes.canonical(name) for name in ("GP", "dentist", "therapist", "vet")}
    assert names == {"doctor", "dentist", "therapist", "vet"}


def test_an_internet_provider_takes_no_mobile_providers_place() -> None:
    attributes = Attributes()
    assert attributes.canonical("ISP") != attributes.canonical("phone provider")


def test_what_is_said_again_is_dated_by_the_last_time_and_cites_it() -> None:
    one = session(("user", "I live in Ulm"), ("assistant", "Noted."), ("user", "as I said, I live in Ulm"))
    at = [one.messages[0].at + timedelta(minutes=10 * n) for n in range(3)]  # type: ignore[operator]
    one = replace(one, messages=tuple(replace(m, at=at[n]) for n, m in enumerate(one.messages)))
    (candidate,) = extract(one, ATTRIBUTES, tagger=None)
    assert (candidate.message_seq, candidate.said_at) == (2, at[2])
    assert candidate.quote in one.messages[2].content


def test_a_value_come_back_to_in_one_session_is_the_last_word() -> None:
    assert [c.value for c in read("I live in Ulm", "we moved to Aalen", "we moved back to Ulm")] == [
        "Ulm",
        "Aalen",
        "Ulm",
    ]


def test_a_number_that_is_put_right_keeps_what_it_counts() -> None:
    assert ("pet", "two goats") in stated("we have three goats. correction: two, one is next door's")


def test_a_date_that_is_put_right_renews_nothing() -> None:
    text = "the grant deadline is now 21 May. sorry, I read it backwards, it's 12 May"
    assert renewed(text, "grant_application_deadline") == {("grant_deadline", "12 May")}


@pytest.mark.parametrize("text", ["the podcast is off, no time", "I've shelved the podcast"])
def test_a_plan_that_is_over_is_taken_back_whatever_it_was(text: str) -> None:
    over = {(c.attribute, c.replaces) for c in read(text) if c.act == "retract"}
    assert ("project", "podcast") in over
    assert ("goal", "podcast") in over
