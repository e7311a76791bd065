"""The time range of a query: "what did I say about rent last Tuesday" is a day in the user's zone, and a subject.

A cue-based grammar rather than a general date library: those take "may", "sat", "second" for dates, read the future into the
past, and know no ranges. Conventions: days are local calendar days, weeks start on Monday, ranges are half-open. An open
start ("before March", "until Friday") is 1970; "after X" runs from the end of X to now.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from recalld.errors import InvalidTime
from recalld.recall import calendar
from recalld.recall.calendar import MONTHS, WEEKDAYS, Span
from recalld.recall.subject import subject_of
from recalld.recall.timecues import Mention, asks_when, belongs_to_subject
from recalld.recall.timegrammar import Moment, Reading
from recalld.recall.timelanguages import english_words, language_of, library_span, says_when, speaks_english
from recalld.recall.timereader import Reader
from recalld.recall.timewords import Word, words_of
from recalld.recall.wordclasses import TEMPORAL, WHOLE, word_set
from recalld.values import TimeRange

_EARLIEST = 1900  # year; nobody said anything to us before, and the calendar has an end there
LONGEST = 1_000  # characters; what is longer is pasted material, not a question about the past

_HINT = re.compile(
    r"\d|day|week|wk|month|year|yr|night|morn|noon|eve|quarter|ago\b|back\b|hour|hr|min|last|past|before|since|earlier|so far|already|this|"
    r"mon|tue|wed|wen|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|spring|summer|autumn|fall|winter|"
    r"christ|xmas|nye|easter|halloween|valentin|thanks|patrick|fool|hallow|pentecost|ascension|juneteenth|epiphany|fawkes|mayo|gras|arvo|nite|q[1-4]|"
    r"first|second|third|(?:four|fif|six|seven|eigh|nin|ten|twelf|ie|teen|eleven)th",
    re.IGNORECASE,
)


def parse_time_range(query: str, *, now: datetime, timezone: str) -> TimeRange | None:
    """When something was said, as *query* tells it, or None if it names no such time.

    Args:
        query: What the user asks, in English or (with the `languages` extra) another language.
        now: The instant of asking; aware.
        timezone: IANA name of the zone in which the user reads the clock.

    Returns:
        The half-open range in the zone's offsets, the words that carried it, and the subject words that are left.

    Raises:
        InvalidTime: *now* has no zone, or *timezone* is unknown. The query itself never raises.
    """
    moment = _moment(now, timezone)
    if len(query) > LONGEST:
        return None
    found = _in_english(query, moment) if _HINT.search(query) else None
    return found or (None if speaks_english(query) else _in_another_language(query, moment))


# ---------------------------------------------------------------- steps
def _moment(now: datetime, timezone: str) -> Moment:
    if now.tzinfo is None:
        raise InvalidTime(
            f"now must be an aware datetime, {now!r} has no zone; attach one, for example datetime.now(UTC)"
        )
    zone = _zone(timezone)
    return Moment(calendar.wall_clock(now, zone), zone, month_first=_writes_month_first(timezone))


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise InvalidTime(f"the time zone {name!r} is unknown; use an IANA name such as 'Europe/Berlin'") from error


_UNITED_STATES = re.compile(
    "US/.*|America/(?:New_York|Detroit|Chicago|Menominee|Denver|Boise|Phoenix|Los_Angeles|Anchorage|Juneau|Sitka|Nome"
    "|(?:Indiana|Kentucky|North_Dakota)/.*)|Pacific/Honolulu|EST5EDT|CST6CDT|MST7MDT|PST8PDT"
)


def _writes_month_first(timezone: str) -> bool:
    """3/4 is March the fourth in the United States, the third of April elsewhere."""
    return _UNITED_STATES.fullmatch(timezone) is not None


def _in_english(query: str, moment: Moment) -> TimeRange | None:
    words = words_of(query)
    text = " ".join(word.text for word in words)
    if asks_when(text):
        return None
    mentions = list(_mentions(words, moment))
    good = [mention for mention in mentions if not belongs_to_subject(mention, text, query)]
    return _range(query, _put_right(_first_past(good), mentions), moment)


def _in_another_language(query: str, moment: Moment) -> TimeRange | None:
    language = language_of(query)
    frame = language.frame if language else frozenset[str]()
    if language:
        mentions = list(_mentions(english_words(query, language), moment))
        if mentions:
            return _range(query, _first_past([m for m in mentions if says_when(m, language, query)]), moment, frame)
    found = library_span(query, language, moment)
    if found is None:
        return None
    span, start, end = found
    left = query[:start] + " " * (end - start) + query[end:]  # a cut within a word, too: Japanese writes no blanks
    return _time_range(span, moment, rest=subject_of(left, words_of(left), (), frame), words=query[start:end])


def _mentions(words: Sequence[Word], moment: Moment) -> Iterator[Mention]:
    """The time expressions of a query from left to right, each as long as possible; not those that lie in the future."""
    reader, starts = Reader(" ".join(word.text for word in words), moment), [0]
    for word in words:
        starts.append(starts[-1] + len(word.text) + 1)
    at = 0
    while at < len(words):
        reading = reader.expression(starts[at])
        last = bisect_left(starts, reading.end) if reading else at + 1
        if reading and reading.span.start.year >= _EARLIEST and reading.span.start <= moment.now:
            yield Mention(words, at, last, _past_if_over(reading, moment))
        at = last


def _past_if_over(reading: Reading, moment: Moment) -> Reading:
    """In the afternoon "this morning" is a past; "this weekend" can always mean the next one."""
    over = reading.force == "open" and reading.span.end <= moment.now and reading.kind != "weekend"
    return replace(reading, force="past") if over else reading


def _first_past(mentions: Sequence[Mention]) -> Mention | None:
    """The mention that says when: one at a verb of saying ("mentioned on …"), a past before a mere name, then the first."""
    return min(
        mentions,
        key=lambda mention: (not mention.is_at_saying, mention.reading.force == "name", mention.first),
        default=None,
    )


_REPAIR = re.compile(
    r"(?:^|[^\w' ] )(?:no|nah|sorry|wait|oops|i mean|i meant|or rather|make that|actually|scratch that)(?= |$)"
)
_REPAIR_WORDS = 6  # between a slip and what puts it right; farther apart they are two things


def _put_right(mention: Mention | None, mentions: Sequence[Mention]) -> Mention | None:
    """The time that the speaker puts in its place: "on Monday, no, Tuesday", "in June, I mean July"."""
    following = next((other for other in mentions if mention and other.first >= mention.last), None)
    if mention is None or following is None or following.first - mention.last > _REPAIR_WORDS:
        return mention
    between = " ".join(word.text for word in mention.words[mention.last : following.first])
    return _put_right(following, mentions) if _REPAIR.search(between) else mention


def _range(query: str, mention: Mention | None, moment: Moment, frame: Collection[str] = ()) -> TimeRange | None:
    if mention is None:
        return None
    cut = range(_lead(mention), mention.last + (mention.after in ("'s", "'")))
    words = query[mention.words[cut[0]].start : mention.words[mention.last - 1].end]
    return _time_range(mention.reading.span, moment, rest=subject_of(query, mention.words, cut, frame), words=words)


def _time_range(span: Span, moment: Moment, *, rest: str, words: str) -> TimeRange | None:
    start, end = (calendar.instant(local, moment.zone) for local in (span.start, span.end))
    return (
        TimeRange(start=start, end=end, rest=rest, words=words) if start < end else None
    )  # an hour that clocks skip is empty


def _lead(mention: Mention) -> int:
    """Where the words that lead to the time begin: "back in", "during the"."""
    first = mention.first
    while first > 0 and mention.words[first - 1].text in _LEADING:
        first -= 1
    return first


_LEADING = TEMPORAL | WHOLE | word_set("of the way sometime")


# ---------------------------------------------------------------- ranges in words
def describe(time_range: TimeRange, timezone: str, *, now: datetime | None = None) -> str:
    """The range in words of the user's zone: "Tuesday 17 November 2026", "16–22 November 2026", "since 3 May 2026".

    A range that ends within a day is taken to end now, hence "since"; with *now* given, only one that does end then.

    Raises:
        InvalidTime: *timezone* is unknown.
    """
    zone = _zone(timezone)
    span = Span(calendar.wall_clock(time_range.start, zone), calendar.wall_clock(time_range.end, zone))
    whole_days = _is_midnight(span.start) and _is_midnight(span.end)
    if span.start.year <= 1970:
        return f"before {_moment_of(span.end)}"
    if whole_days:
        return _days(span)
    if span.first == span.last or span.end - span.start <= timedelta(hours=12):
        return _hours(span)
    if not _is_midnight(span.end) and now in (None, time_range.end):
        return f"since {_moment_of(span.start)}"
    return f"{_moment_of(span.start)} – {_moment_of(span.end)}"


def _is_midnight(at: datetime) -> bool:
    return at == calendar.midnight(at.date())


def _date(day: date, *, year: bool = True) -> str:
    return f"{day.day} {MONTHS[day.month - 1].capitalize()}{f' {day.year}' if year else ''}"


def _weekday(day: date) -> str:
    return f"{WEEKDAYS[day.weekday()].capitalize()} {_date(day)}"


def _moment_of(at: datetime) -> str:
    return _date(at) if _is_midnight(at) else f"{_date(at)}, {at:%H:%M}"


def _hours(span: Span) -> str:
    """A named part of a day, or hours."""
    for part in ("morning", "afternoon", "evening", "night"):
        if span == calendar.part_of_day(span.first, part):
            return f"the {part} of {_weekday(span.first)}"
    if span.first != span.last:
        return f"{_weekday(span.first)}, {span.start:%H:%M} – {_weekday(span.last)}, {span.end:%H:%M}"
    return f"{_weekday(span.first)}, {span.start:%H:%M}–{'24:00' if _is_midnight(span.end) else f'{span.end:%H:%M}'}"


def _days(span: Span) -> str:
    """Whole days: one, a month, a year, or the first and the last."""
    first, last = span.first, span.last
    if first == last:
        return _weekday(first)
    if span == calendar.unit_of("year", first):
        return str(first.year)
    if span == calendar.unit_of("month", first):
        return f"{MONTHS[first.month - 1].capitalize()} {first.year}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{_date(last)}"
    return f"{_date(first, year=first.year != last.year)} – {_date(last)}"
