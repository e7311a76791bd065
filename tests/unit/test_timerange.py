"""Time ranges read from queries: tables of cases, and properties that hold for any text."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recalld.errors import InvalidTime
from recalld.recall import calendar
from recalld.recall.calendar import HOLIDAYS, WEEKDAYS
from recalld.recall.subject import subject
from recalld.recall.timegrammar import _HOLIDAY_WORDS
from recalld.recall.timelanguages import languages
from recalld.recall.timerange import LONGEST, describe, parse_time_range
from recalld.recall.timewords import words_of
from recalld.values import TimeRange
from tests.unit.timerange_cases import CASES, NULLS, OTHER_LANGUAGES, OTHER_NULLS, SUBJECTS

BERLIN = ZoneInfo("Europe/Berlin")
WEDNESDAY = datetime(2026, 11, 18, 15, 30, tzinfo=BERLIN)


def parse(query: str, now: datetime = WEDNESDAY, zone: str = "Europe/Berlin") -> TimeRange | None:
    return parse_time_range(query, now=now, timezone=zone)


def local(text: str, zone: str) -> datetime:
    """The instant of a wall clock."""
    return calendar.instant(datetime.fromisoformat(text), ZoneInfo(zone))


# ---------------------------------------------------------------- tables
ALL_CASES = [(now, zone, *case) for (now, zone), cases in CASES.items() for case in cases]


@pytest.mark.parametrize(("now", "zone", "query", "start", "end"), ALL_CASES)
def test_query_names_its_range(now: str, zone: str, query: str, start: str, end: str) -> None:
    found = parse(query, local(now, zone), zone)
    assert found is not None
    assert (found.start, found.end) == (local(start, zone), local(end, zone))


@pytest.mark.parametrize("query", NULLS)
def test_query_without_a_time_of_saying_has_no_range(query: str) -> None:
    assert parse(query) is None


@pytest.mark.parametrize(("query", "topic"), SUBJECTS)
def test_rest_holds_the_subject_only(query: str, topic: str) -> None:
    found = parse(query)
    assert (found.rest if found else subject(query)) == topic


# ---------------------------------------------------------------- zones and clock changes
@pytest.mark.parametrize(
    ("now", "zone", "hours"),
    [
        ("2026-03-29T12:00", "Europe/Berlin", 23),
        ("2026-10-25T12:00", "Europe/Berlin", 25),
        ("2026-03-08T12:00", "America/New_York", 23),
        ("2026-11-01T12:00", "America/Havana", 25),
        ("2026-09-06T12:00", "America/Santiago", 23),  # begins at one o'clock
        ("2026-10-29T12:00", "Africa/Cairo", 25),  # ends with an hour that comes twice
        ("2026-10-04T12:00", "Australia/Lord_Howe", 23.5),
        ("2026-06-10T12:00", "Asia/Kathmandu", 24),
    ],
)
def test_today_is_as_long_as_the_clocks_make_it(now: str, zone: str, hours: float) -> None:
    found = parse("what did I say today", local(now, zone), zone)
    assert found is not None
    assert found.end - found.start == timedelta(hours=hours)


def test_last_hour_is_an_hour_of_real_time_when_clocks_go_back() -> None:
    zone = ZoneInfo("Europe/Berlin")
    now = datetime(2026, 10, 25, 2, 30, tzinfo=zone, fold=1)
    found = parse("what did I say in the last hour", now)
    assert found is not None
    assert found.start == datetime(2026, 10, 25, 2, 30, tzinfo=zone, fold=0).astimezone(UTC)
    assert found.end == now.astimezone(UTC)


def test_offsets_are_those_of_the_zone_at_that_time() -> None:
    found = parse("what did I say between March and May")
    assert found is not None
    assert (found.start.isoformat(), found.end.isoformat()) == (
        "2026-03-01T00:00:00+01:00",
        "2026-06-01T00:00:00+02:00",
    )


def test_now_may_come_in_any_zone() -> None:
    assert parse("yesterday", WEDNESDAY.astimezone(UTC)) == parse("yesterday", WEDNESDAY)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "Europe", "x" * 300, "Europe/Berlin\0"])
def test_unknown_zone_is_told(name: str) -> None:
    with pytest.raises(InvalidTime, match="time zone"):
        parse_time_range("yesterday", now=WEDNESDAY, timezone=name)


def test_naive_now_is_told() -> None:
    with pytest.raises(InvalidTime, match="aware"):
        parse_time_range("yesterday", now=datetime(2026, 11, 18), timezone="UTC")  # noqa: DTZ001 - the case


# ---------------------------------------------------------------- what is left of the words
def test_words_are_those_that_carried_the_time() -> None:
    found = parse("what did I say back in March about the bicycle")
    assert found is not None
    assert found.words == "back in March"


def test_time_of_the_subject_stays_in_the_rest() -> None:
    found = parse("what did I say last week about the concert next month")
    assert found is not None
    assert found.rest == "concert next month"


# ---------------------------------------------------------------- other languages
@pytest.mark.parametrize(("query", "start", "end", "topic"), OTHER_LANGUAGES)
def test_other_languages_follow_the_same_conventions(query: str, start: str, end: str, topic: str) -> None:
    pytest.importorskip("dateparser")
    found = parse(query)
    assert found is not None
    assert (found.start, found.end, found.rest) == (local(start, "Europe/Berlin"), local(end, "Europe/Berlin"), topic)


@pytest.mark.parametrize("query", OTHER_NULLS)
def test_other_languages_have_queries_without_a_time(query: str) -> None:
    assert parse(query) is None


def test_without_the_extra_only_tables_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    from recalld.recall import timelanguages

    timelanguages._parser.cache_clear()
    monkeypatch.setitem(sys.modules, "dateparser.date", None)
    try:
        assert parse("co mówiłem wczoraj o pracy") is None
        assert parse("was habe ich gestern über die Heizung gesagt") is not None
    finally:
        timelanguages._parser.cache_clear()


def test_english_imports_no_library() -> None:
    before = set(sys.modules)
    parse("what did I say last Tuesday")
    parse("where do I live")
    assert not {name for name in set(sys.modules) - before if name.startswith("dateparser")}


@pytest.mark.parametrize("language", languages(), ids=lambda language: language.code)
def test_phrases_of_a_language_compile_and_name_their_groups(language: object) -> None:
    assert isinstance(language, get_args(type(language)) or type(language))
    for pattern, english in language.readers:  # type: ignore[attr-defined]
        english.format(**dict.fromkeys(pattern.groupindex, "x"))


# ---------------------------------------------------------------- tables that must agree
def test_every_holiday_has_a_date_and_a_name() -> None:
    assert set(_HOLIDAY_WORDS.values()) == set(HOLIDAYS)


@pytest.mark.parametrize(
    ("year", "day"),
    [
        (1818, "03-22"),
        (1943, "04-25"),
        (2000, "04-23"),
        (2024, "03-31"),
        (2025, "04-20"),
        (2026, "04-05"),
        (2038, "04-25"),
    ],
)
def test_easter_falls_on_its_sunday(year: int, day: str) -> None:
    assert calendar.easter(year) == date.fromisoformat(f"{year}-{day}")


def test_spelling_joins_tens_and_ones() -> None:
    assert [word.text for word in words_of("twenty-one days, thirty first of May, Nov. 3rd")] == [
        "21", "days", ",", "31st", "of", "may", ",", "november", "3rd",
    ]  # fmt: skip


# ---------------------------------------------------------------- in words
@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("what did I say yesterday", "Tuesday 17 November 2026"),
        ("what did I say last week", "9–15 November 2026"),
        ("what did I say two weeks before Easter 2025", "31 March – 6 April 2025"),
        ("from Dec 28 2025 to Jan 3 2026", "28 December 2025 – 3 January 2026"),
        ("what did I say in October", "October 2026"),
        ("what did I say in 2024", "2024"),
        ("what have I said since 3 May 2026", "since 3 May 2026"),
        ("what have I said in the last 3 days", "since 15 November 2026, 15:30"),
        ("what did I say last night", "the night of Tuesday 17 November 2026"),
        ("Sunday morning, what did I say", "the morning of Sunday 15 November 2026"),
        ("what did I say yesterday after 6pm", "Tuesday 17 November 2026, 18:00–24:00"),
        ("earlier today what did I say", "Wednesday 18 November 2026, 00:00–15:30"),
        ("before March what did I say", "before 1 March 2026"),
    ],
)
def test_describe_puts_a_range_in_words(query: str, words: str) -> None:
    found = parse(query)
    assert found is not None
    assert describe(found, "Europe/Berlin") == words


def test_describe_reads_the_clock_of_the_zone() -> None:
    found = parse("yesterday", zone="Asia/Tokyo")
    assert found is not None
    assert describe(found, "Asia/Tokyo") == "Tuesday 17 November 2026"
    assert describe(found, "UTC") == "since 16 November 2026, 15:00"
    assert describe(found, "UTC", now=WEDNESDAY) == "16 November 2026, 15:00 – 17 November 2026, 15:00"


# ---------------------------------------------------------------- properties
ZONES = st.sampled_from(
    ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Adelaide", "Pacific/Apia", "America/St_Johns", "Africa/Cairo", "UTC",
     "America/Santiago", "Pacific/Chatham", "Australia/Lord_Howe"]
)  # fmt: skip
NOWS = st.integers(915_148_800, 2_840_140_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))  # 1999 to 2060
CLOCKS = NOWS.map(lambda at: at.replace(tzinfo=None))
UNITS = st.sampled_from(["hour", "day", "week", "month", "quarter", "year"])
EXPRESSIONS = [
    "yesterday", "last week", "last month", "last quarter", "last year", "last weekend", "last Friday", "last March", "last summer",
    "last Christmas", "two days ago", "3 weeks ago", "five months ago", "a year ago", "a few days ago", "in the last 36 hours",
    "over the past 9 days", "in the past month", "the Tuesday before last", "two Sundays ago", "Thursday last week", "March last year",
    "Q3 last year", "yesterday after 6pm", "earlier today", "so far this year", "since Monday", "since Easter", "from Monday to Friday",
]  # fmt: skip
OPEN = [
    "last night", "between March and May", "on the 8th", "today", "this week", "this month", "this year", "in November",
    "on New Year's Day", "in the spring", "around Christmas", "on 29 February",
]  # fmt: skip


@given(query=st.sampled_from(EXPRESSIONS), now=NOWS, zone=ZONES)
def test_closed_expressions_never_reach_past_now(query: str, now: datetime, zone: str) -> None:
    found = parse(f"what did I say {query} about tea", now, zone)
    assert found is None or (found.start < found.end <= now)


@given(query=st.sampled_from(OPEN), now=NOWS, zone=ZONES)
def test_open_units_begin_before_now(query: str, now: datetime, zone: str) -> None:
    found = parse(f"what did I say {query} about tea", now, zone)
    assert found is not None
    assert found.start <= now
    assert found.start < found.end


@given(
    query=st.sampled_from(EXPRESSIONS + OPEN),
    clock=CLOCKS,
    zone=ZONES,
)
def test_same_wall_clock_gives_the_same_local_range_in_every_zone(query: str, clock: datetime, zone: str) -> None:
    if "hours" in query:
        return  # elapsed time, not wall clock
    ranges = []
    for name in ("UTC", zone):
        at = calendar.instant(clock, ZoneInfo(name))
        if at.replace(tzinfo=None) != clock:
            return  # clocks skip this time
        found = parse(f"what did I say {query}", at, name)
        ranges.append(found and [_nearest_midnight(end.astimezone(ZoneInfo(name))) for end in (found.start, found.end)])
    assert ranges[0] == ranges[1]


def _nearest_midnight(at: datetime) -> datetime:
    """The wall clock; a day that begins at one o'clock because midnight is skipped counts as beginning at midnight."""
    wall = at.replace(tzinfo=None, fold=0)
    midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight if calendar.instant(midnight, ZoneInfo(str(at.tzinfo))) == at else wall


@given(count=st.integers(1, 90), unit=UNITS, now=NOWS, zone=ZONES)
def test_rolling_windows_end_now(count: int, unit: str, now: datetime, zone: str) -> None:
    found = parse(f"in the last {count} {unit}s what did I say", now, zone)
    assert found is not None
    assert found.end == now


@given(now=NOWS, zone=ZONES, weekday=st.sampled_from(WEEKDAYS))
def test_last_weekday_lies_one_to_seven_days_back(now: datetime, zone: str, weekday: str) -> None:
    found = parse(f"what did I say last {weekday}", now, zone)
    assert found is not None
    day = found.start.astimezone(ZoneInfo(zone)).date()
    assert day.weekday() == WEEKDAYS.index(weekday)
    assert 1 <= (now.astimezone(ZoneInfo(zone)).date() - day).days <= 7


@given(first=st.integers(1, 12), last=st.integers(1, 12), now=NOWS, zone=ZONES)
def test_between_months_holds_both_and_wraps_the_year(first: int, last: int, now: datetime, zone: str) -> None:
    names = [calendar.MONTHS[n - 1].capitalize() for n in (first, last)]
    found = parse(f"what did I say between {names[0]} and {names[1]}", now, zone)
    if first == last:
        return
    assert found is not None
    start, end = (edge.astimezone(ZoneInfo(zone)) for edge in (found.start, found.end - timedelta(hours=3)))
    assert (start.month, end.month) == (first, last)
    assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == (last - first) % 12


@given(st.text(max_size=300))
def test_any_text_is_read_without_error(text: str) -> None:
    found = parse(text)
    assert found is None or found.start < found.end


WORDS = [
    "what",
    "did",
    "I",
    "tell",
    "you",
    "about",
    "the",
    "boiler",
    "and",
    "my",
    "tea",
    "cup",
    "please",
    "which",
    "colour",
    "was",
    "it",
]
PIECES = sorted(
    {word for case in ALL_CASES for word in case[2].split()}
    | {
        "'",
        '"',
        "-",
        ",",
        "32.13.",
        "0/0",
        "the 0th",
        "99:99",
        "9999-99-99",
        "9999 years ago",
        "9999 decades ago",
        "2026 years ago",
        "in the last 9999 years",
        "9999 years before Easter",
        "0001-01-01",
        "9999-12-31",
    }
)


@given(st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join), NOWS, ZONES)
def test_any_order_of_time_words_is_read_without_error(text: str, now: datetime, zone: str) -> None:
    found = parse(text, now, zone)
    assert found is None or (found.start < found.end and found.words in text)


@given(
    st.lists(
        st.sampled_from(WORDS),
        max_size=20,
    ).map(" ".join)
)
def test_text_without_any_cue_has_no_range(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    "word",
    ["last ", "the week of ", "since ", "early ", "between march and ", "1-", "a ", "'", "Monday ", "vor ", "hace "],
)
def test_repetition_is_read_in_bounded_work(word: str) -> None:
    """A grammar that backtracks would not come back within the time a test may take."""
    parse(word * (LONGEST // len(word)))


@pytest.mark.parametrize(
    "query",
    [
        "9999 years ago",
        "2026 years ago",
        "in the last 5000 years",
        "9999 weeks before Easter",
        "on 0001-01-01",
        "on 9999-12-31",
    ],
)
def test_what_lies_outside_the_calendar_is_no_range(query: str) -> None:
    assert parse(f"what did I say {query}") is None


def test_very_long_text_is_no_question() -> None:
    assert parse("what did I say yesterday? " + "x" * 1_000_000) is None
