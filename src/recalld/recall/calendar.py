"""Calendar arithmetic on local wall-clock time: units, parts of the day, seasons, holidays.

Everything here is naive local time; `instant` puts the zone on last, so that a day is 23, 24 or 25 hours long by itself.
Weeks start on Monday, seasons are meteorological and northern, quarters are calendar quarters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Literal
from zoneinfo import ZoneInfo

Unit = Literal["day", "weekend", "week", "month", "quarter", "year"]

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
SEASONS = {
    "spring": 3,
    "summer": 6,
    "autumn": 9,
    "winter": 12,
}  # the first month; winter belongs to the year of its December

# hours after the midnight that begins the day; the night ends on the next day
PARTS_OF_DAY = {
    "morning": (5, 12),
    "lunchtime": (12, 14),
    "afternoon": (12, 17),
    "evening": (17, 22),
    "night": (22, 29),
    "tonight": (17, 29),  # evening and night: who asks "what did I say tonight" means both
}


@dataclass(frozen=True, slots=True)
class Span:
    """Local wall-clock time from `start` to before `end`, both naive."""

    start: datetime
    end: datetime

    @property
    def first(self) -> date:
        """The first day."""
        return self.start.date()

    @property
    def last(self) -> date:
        """The last day that has a part in the span."""
        return (self.end - timedelta(microseconds=1)).date()

    def holds(self, other: Span) -> bool:
        """True when *other* begins inside."""
        return self.start <= other.start < self.end

    def to(self, other: Span) -> Span:
        """From the start of this one to the end of *other*."""
        return Span(self.start, other.end)


# ---------------------------------------------------------------- local time and instants
def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which clocks in *zone* show *local*, with the offset the zone has then.

    A time that clocks skip stands for the moment of the jump; a time that comes twice for the first one, unless its `fold`
    says the second. The offset is fixed, since Python compares two datetimes of the same `ZoneInfo` by their wall clock.
    """
    moved = local.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    return moved.replace(tzinfo=timezone(moved.utcoffset() or timedelta()), fold=0)


def wall_clock(at: datetime, zone: ZoneInfo) -> datetime:
    """What clocks in *zone* show at the instant *at*; `fold` tells apart the two hours of the autumn change."""
    return at.astimezone(zone).replace(tzinfo=None)


# ---------------------------------------------------------------- units
def midnight(day: date) -> datetime:
    """The beginning of *day*."""
    return datetime.combine(day, time())


def days(first: date, last: date) -> Span:
    """Whole days, both included."""
    return Span(midnight(first), midnight(last + timedelta(days=1)))


def first_of_month(year: int, month: int) -> date:
    """The first day of a month; months beyond 1 to 12 lie in the years around."""
    return date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def months(year: int, month: int, count: int = 1) -> Span:
    """*count* whole months, beginning with *month*."""
    return Span(midnight(first_of_month(year, month)), midnight(first_of_month(year, month + count)))


def unit_of(unit: Unit, day: date) -> Span:
    """The calendar unit that contains *day*; a weekend is the one of its week."""
    match unit:
        case "day":
            return days(day, day)
        case "week":
            monday = day - timedelta(days=day.weekday())
            return days(monday, monday + timedelta(days=6))
        case "weekend":
            saturday = day + timedelta(days=5 - day.weekday())
            return days(saturday, saturday + timedelta(days=1))
        case "month":
            return months(day.year, day.month)
        case "quarter":
            return months(day.year, day.month - (day.month - 1) % 3, 3)
        case "year":
            return months(day.year, 1, 12)


MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}
DAYS_IN = {"day": 1, "weekend": 7, "week": 7}


def shift(unit: Unit, day: date, count: int) -> Span:
    """The calendar unit that lies *count* units after the one that contains *day*; negative counts go back."""
    if unit in DAYS_IN:
        return unit_of(unit, day + timedelta(days=count * DAYS_IN[unit]))
    return unit_of(unit, first_of_month(day.year, day.month + count * MONTHS_IN[unit]))


def same_day(unit: Unit, day: date, count: int) -> date:
    """*day* moved by *count* units; the last day of the month where the month is shorter."""
    if unit in DAYS_IN:
        return day + timedelta(days=count * DAYS_IN[unit])
    month = first_of_month(day.year, day.month + count * MONTHS_IN[unit])
    return min(month + timedelta(days=day.day - 1), unit_of("month", month).last)


def third(span: Span, which: Literal["early", "mid", "late"], unit: Unit | Literal["season"]) -> Span:
    """The early, middle or late part: days 1-10, 11-20 and the rest of a month, months of a quarter or season, four months of a year.

    Of a week: Monday and Tuesday, Wednesday and Thursday, Friday to Sunday.
    """
    first = span.first
    if unit in ("month", "week"):
        size = 10 if unit == "month" else 2
        cuts = [
            midnight(first),
            midnight(first + timedelta(days=size)),
            midnight(first + timedelta(days=2 * size)),
            span.end,
        ]
    else:
        size = 4 if unit == "year" else 1
        cuts = [midnight(first_of_month(first.year, first.month + n * size)) for n in range(4)]
    n = ("early", "mid", "late").index(which)
    return Span(cuts[n], cuts[n + 1])


def half(span: Span, second: bool) -> Span:
    """One half: days 1-15 of a month, six months of a year, else the middle day begins the second half."""
    first = span.first
    if span == unit_of("year", first):
        middle = midnight(first_of_month(first.year, 7))
    elif span == unit_of("month", first):
        middle = midnight(first + timedelta(days=15))
    else:
        middle = midnight(first + (span.last - first + timedelta(days=1)) // 2)
    return Span(middle, span.end) if second else Span(span.start, middle)


# ---------------------------------------------------------------- parts of the day
def at_hour(day: date, hours: float) -> datetime:
    """Wall clock *hours* after midnight; more than 24 lie in the next day."""
    return midnight(day) + timedelta(minutes=round(hours * 60))


def part_of_day(day: date, part: str) -> Span:
    """A named part of *day*."""
    start, end = PARTS_OF_DAY[part]
    return Span(at_hour(day, start), at_hour(day, end))


# ---------------------------------------------------------------- what comes back
def last_weekday(weekday: int, before: date) -> date:
    """The most recent *weekday* (Monday is 0) strictly before a day."""
    return before - timedelta(days=(before.weekday() - weekday - 1) % 7 + 1)


def nth_weekday(year: int, month: int, weekday: int, n: int) -> date:
    """The *n*-th such weekday of a month; -1 is the last one."""
    if n < 0:
        return last_weekday(weekday, first_of_month(year, month + 1)) + timedelta(days=7 * (n + 1))
    first = first_of_month(year, month)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def season(name: str, year: int) -> Span:
    """A season; winter begins in the December of *year*."""
    return months(year, SEASONS[name], 3)


def yearly(spans: Callable[[int], Span | None], before: date) -> Iterator[Span]:
    """What comes back each year (not in each, perhaps), newest first, as far as it has begun before a day."""
    for year in range(before.year, before.year - 12, -1):
        span = spans(year)
        if span is not None and span.first < before:
            yield span


def day_of_month(day: int, before: date) -> Iterator[date]:
    """The days with that number, newest first, before a day; months that are too short have none."""
    for back in range(28):
        month = first_of_month(before.year, before.month - back)
        found = month + timedelta(days=day - 1)
        if found.month == month.month and found < before:
            yield found


def date_or_none(year: int, month: int, day: int) -> date | None:
    """The date, if there is one: 29 February exists in leap years only."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


# ---------------------------------------------------------------- holidays
def easter(year: int) -> date:
    """Western Easter Sunday (the anonymous Gregorian algorithm, Meeus, *Astronomical Algorithms*, chapter 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    ell = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    month, day = divmod(h + ell - 7 * ((a + 11 * h + 22 * ell) // 451) + 114, 31)
    return date(year, month, day + 1)


def fixed(month: int, day: int) -> Callable[[int], date]:
    """A holiday on the same date each year."""
    return lambda year: date(year, month, day)


def from_easter(offset: int) -> Callable[[int], date]:
    """A holiday that moves with Easter."""
    return lambda year: easter(year) + timedelta(days=offset)


def weekday_in(month: int, weekday: int, n: int, offset: int = 0) -> Callable[[int], date]:
    """A holiday *offset* days after the *n*-th weekday of a month."""
    return lambda year: nth_weekday(year, month, weekday, n) + timedelta(days=offset)


HOLIDAYS: dict[str, Callable[[int], date]] = {
    "new year's eve": fixed(12, 31),
    "new year": fixed(1, 1),
    "epiphany": fixed(1, 6),
    "martin luther king day": weekday_in(1, 0, 3),
    "burns night": fixed(1, 25),
    "australia day": fixed(1, 26),
    "groundhog day": fixed(2, 2),
    "valentine's day": fixed(2, 14),
    "presidents day": weekday_in(2, 0, 3),
    "leap day": fixed(2, 29),
    "shrove tuesday": from_easter(-47),
    "ash wednesday": from_easter(-46),
    "women's day": fixed(3, 8),
    "pi day": fixed(3, 14),
    "st patrick's day": fixed(3, 17),
    "april fools day": fixed(4, 1),
    "palm sunday": from_easter(-7),
    "maundy thursday": from_easter(-3),
    "good friday": from_easter(-2),
    "easter": from_easter(0),
    "easter monday": from_easter(1),
    "earth day": fixed(4, 22),
    "anzac day": fixed(4, 25),
    "may day": fixed(5, 1),
    "cinco de mayo": fixed(5, 5),
    "mother's day": weekday_in(5, 6, 2),
    "ascension day": from_easter(39),
    "pentecost": from_easter(49),
    "whit monday": from_easter(50),
    "memorial day": weekday_in(5, 0, -1),
    "juneteenth": fixed(6, 19),
    "father's day": weekday_in(6, 6, 3),
    "canada day": fixed(7, 1),
    "independence day": fixed(7, 4),
    "bastille day": fixed(7, 14),
    "labor day": weekday_in(9, 0, 1),
    "columbus day": weekday_in(10, 0, 2),
    "halloween": fixed(10, 31),
    "all saints day": fixed(11, 1),
    "bonfire night": fixed(11, 5),
    "veterans day": fixed(11, 11),
    "thanksgiving": weekday_in(11, 3, 4),
    "black friday": weekday_in(11, 3, 4, offset=1),
    "cyber monday": weekday_in(11, 3, 4, offset=4),
    "st nicholas day": fixed(12, 6),
    "christmas eve": fixed(12, 24),
    "christmas": fixed(12, 25),
    "boxing day": fixed(12, 26),
}


def holiday(name: str, year: int) -> Span | None:
    """The day of a holiday in a year; 29 February is missing in most."""
    try:
        day = HOLIDAYS[name](year)
    except ValueError:
        return None
    return days(day, day)
