"""When facts begin and end: "since 2019", "two weeks ago", "until June"."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from evals.facts import facts_of, learned
from recalld.ingest.local.facts import times
from recalld.ingest.local.facts.findings import Finding
from recalld.ingest.local.facts.sentences import Sentence, split
from tests.unit.extraction import read, session

NOON = datetime(2025, 3, 12, 12, tzinfo=UTC)  # a Wednesday


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("clause", "end"),
    [
        ("until june i'm in nice", "2025-06-01"),
        ("until the end of june", "2025-07-01"),
        ("until mid april", "2025-04-16"),
        ("till the 20th", "2025-03-21"),
        ("until 14 may", "2025-05-15"),
        ("until may 14th", "2025-05-15"),
        ("until 3 february", "2026-02-04"),
        ("until february", "2026-02-01"),
        ("until friday", "2025-03-15"),
        ("through 2025-04-30", "2025-05-01"),
        ("until next week", "2025-03-17"),
        ("until summer", "2025-06-01"),
        ("until tomorrow", "2025-03-14"),
    ],
)
def test_an_end(clause: str, end: str) -> None:
    assert times.ends(clause, NOON, "UTC") == day(end)


def test_a_period_counts_from_the_message() -> None:
    assert times.ends("for the next two weeks i'm staying here", NOON, "UTC") == datetime(2025, 3, 26, 12, tzinfo=UTC)


def test_a_period_that_is_past_ends_nothing() -> None:
    assert times.ends("i've been here for two weeks", NOON, "UTC") is None


@pytest.mark.parametrize(
    ("clause", "begin"),
    [
        ("since 2019", "2019-01-01"),
        ("last week", "2025-03-05"),
        ("yesterday", "2025-03-11"),
        ("in january", "2025-01-01"),
        ("in november", "2024-11-01"),
        ("last monday", "2025-03-10"),
    ],
)
def test_a_beginning(clause: str, begin: str) -> None:
    assert times.begins(clause, NOON, "UTC") == day(begin)


@pytest.mark.parametrize(
    "clause", ["until i'm done", "until the 31st of february", "for good", "since forever", "until"]
)
def test_no_date_no_end(clause: str) -> None:
    assert times.ends(clause, NOON, "UTC") is None


def test_days_are_those_of_the_sessions_time_zone() -> None:
    late = datetime(2025, 3, 12, 23, 30, tzinfo=UTC)  # already Thursday in Seoul
    assert times.begins("yesterday", late, "Asia/Seoul") == datetime.fromisoformat("2025-03-12T00:00:00+09:00")


def test_a_home_with_an_end_is_a_stay() -> None:
    (candidate,) = read("until June I'm in Nice", at=NOON)
    assert (candidate.attribute, candidate.value, candidate.valid_to) == ("current_location", "Nice", day("2025-06-01"))


def test_the_end_may_be_told_where_the_value_is_named_another_time() -> None:
    said = "I'm in my sister's Panda until 10 September. Does a Panda take diesel?"
    first, second = split(said, said, 0)
    place = second.text.index("Panda")
    asked = Finding(attribute="vehicle", value="Panda", sentence=second, place=place, end=place + 5, start=place)
    assert times.dated(asked, NOON, "UTC").valid_to is None
    assert times.dated_in(asked, [first, second], NOON, "UTC").valid_to == day("2025-09-11")
    assert times.dated_in(replace(asked, value="Pan"), [first, second], NOON, "UTC").valid_to is None


def test_an_end_of_something_else_that_is_named_is_none() -> None:
    said = "I work at Corbel. Corbel is closed until Friday, I have 5 days off until 5 June"
    first, second = split(said, said, 0)
    place = first.text.index("Corbel")
    firm = Finding(attribute="employer", value="Corbel", sentence=first, place=place, end=place + 6, start=place)
    assert times.dated_in(firm, [first, second], NOON, "UTC").valid_to is None
    assert times.dated_in(replace(firm, value="5"), [first, second], NOON, "UTC").valid_to is None


def test_a_move_begins_when_it_happened() -> None:
    (candidate,) = read("I moved to Halifax two weeks ago", at=NOON)
    assert (candidate.attribute, candidate.valid_from) == ("home_city", datetime(2025, 2, 26, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "value", "begin"),
    [
        ("I start at Bosch in June.", "Bosch", "2025-06-01"),
        ("I start at Bosch in February", "Bosch", "2026-02-01"),
        ("I start at Bosch on Monday", "Bosch", "2025-03-17"),
        ("I start at Bosch this Friday", "Bosch", "2025-03-14"),
        ("I'll start my new job at Bosch on 1 April", "Bosch", "2025-04-01"),
        ("I'll start my new job at Bosch on April 1st, 2026", "Bosch", "2026-04-01"),
        ("I got the job at Bosch and start in June", "Bosch", "2025-06-01"),
        ("We move into our new flat in Oslo in April", "Oslo", "2025-04-01"),
        ("I begin my new job as a nurse in May", "nurse", "2025-05-01"),
        ("We're switching to Spotify next month", "Spotify", "2025-04-01"),
    ],
)
def test_what_is_to_begin_is_a_plan(text: str, value: str, begin: str) -> None:
    candidates = read(text, at=NOON)
    assert {(c.act, c.valid_from) for c in candidates if c.value == value} == {("state", day(begin))}


@pytest.mark.parametrize(
    ("text", "begin"),
    [
        ("As of May I work at Bosch", "2025-05-01"),
        ("I will start at Bosch in June", "2025-06-01"),
        ("I'm going to start at Bosch in June", "2025-06-01"),
        ("I'll be working at Bosch from 1 April", "2025-04-01"),
        ("I start as a night nurse at Bosch in two weeks", "2025-03-26"),
        ("I'm joining my sister at Bosch in June", None),
        ("I always start at Bosch in June", None),
        ("I'm not starting at Bosch in June", None),
        ("I was going to start at Bosch in June", None),
    ],
)
def test_a_marked_value_begins_with_the_verb_that_leads_to_it(text: str, begin: str | None) -> None:
    sentence = Sentence(text=text, low=text.lower(), quote=text, start=0, seq=0)
    place = text.index("Bosch")
    mark = Finding(attribute="employer", value="Bosch", sentence=sentence, place=place, start=place, end=place + 5)
    assert times.dated(mark, NOON, "UTC").valid_from == (day(begin) if begin else None)


@pytest.mark.parametrize(
    ("text", "begin"),
    [
        ("I started at Bosch in June", "2024-06-01"),
        ("In June I started at Bosch", "2024-06-01"),
        ("I've worked at Bosch since June", "2024-06-01"),
        ("I've worked at Bosch since June 2019", "2019-06-01"),
        ("I started at Bosch on 3 March", "2025-03-03"),
        ("I started at Bosch on Monday", "2025-03-10"),
    ],
)
def test_what_has_begun_is_dated_back(text: str, begin: str) -> None:
    assert {(c.value, c.valid_from) for c in read(text, at=NOON)} == {("Bosch", day(begin))}


@pytest.mark.parametrize(
    "text",
    [
        "I work at Siemens on Monday",
        "I work at Siemens from Monday to Friday",
        "My dog Rex is going to the vet on Monday",
        "I'll take my dog Rex to the vet on Monday",
        "My flat in Oslo will be painted in June",
        "I live in Oslo and will visit my mum in June",
        "I'm moving to Hamburg in April",
        "I start at Bosch in March",
    ],
)
def test_a_day_of_something_else_dates_nothing(text: str) -> None:
    """A plan to move is one already, and what begins within this month may have begun."""
    assert {c.valid_from for c in read(text, at=NOON)} == {None}


@pytest.mark.parametrize(
    ("text", "value", "end"),
    [
        ("I left Siemens in January", "Siemens", "2025-01-01"),
        ("I'm no longer at Siemens since Monday", "Siemens", "2025-03-10"),
        ("I cancelled Netflix last week", "Netflix", "2025-03-05"),
        ("My dog Rex died in January", "Rex", "2025-01-01"),
        ("I lived in Oslo in 2019", "Oslo", None),
        ("I sold the Golf that I bought in June", "Golf", None),
    ],
)
def test_the_end_of_what_is_over(text: str, value: str, end: str | None) -> None:
    over = {c.valid_from for c in read(text, at=NOON) if c.act == "retract" and c.value == value}
    assert over == {day(end) if end else None}


def employers(*told: tuple[str, str], as_of: str) -> list[tuple[str, str, datetime | None]]:
    sessions = [
        session(("user", text), at=day(at).replace(hour=12), session_id=f"s{number}")
        for number, (at, text) in enumerate(told)
    ]
    found = facts_of(learned(sessions, tagger=None), day(as_of))
    return [(f.value, f.status, f.valid_to) for f in found if f.attribute == "employer"]


@pytest.mark.parametrize(
    ("as_of", "known"),
    [
        ("2025-01-16", [("Siemens", "current", day("2025-06-01"))]),
        ("2025-06-02", [("Siemens", "superseded", day("2025-06-01")), ("Bosch", "current", None)]),
    ],
)
def test_a_plan_ends_the_present_when_it_begins(as_of: str, known: list[tuple[str, str, datetime | None]]) -> None:
    told = [("2024-12-01", "I work at Siemens."), ("2025-01-15", "I start at Bosch in June.")]
    assert sorted(employers(*told, as_of=as_of), reverse=True) == known


def test_a_retraction_ends_the_fact_on_its_day() -> None:
    told = [("2024-12-01", "I work at Siemens."), ("2025-03-12", "I left Siemens in January")]
    assert employers(*told, as_of="2025-03-13") == [("Siemens", "retracted", day("2025-01-01"))]
