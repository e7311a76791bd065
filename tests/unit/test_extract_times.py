"""When facts begin and end: "since 2019", "two weeks ago", "until June"."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from recalld.ingest.local.facts import times
from tests.unit.extraction import read

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


def test_a_move_begins_when_it_happened() -> None:
    (candidate,) = read("I moved to Halifax two weeks ago", at=NOON)
    assert (candidate.attribute, candidate.valid_from) == ("home_city", datetime(2025, 2, 26, 12, tzinfo=UTC))
