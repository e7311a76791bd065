"""The table of English time phrases: words in, a local span out.

A phrase is a short expression that is read at one go ("yesterday", "last week", "June 5", "Q3"); `timereader` joins phrases and
puts operators on them. Names that come back (weekdays, months, seasons, holidays, dates without a year) stand for the most
recent one, as `Moment.before` tells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Literal, cast
from zoneinfo import ZoneInfo

from recalld.recall import calendar
from recalld.recall.calendar import MONTHS, PARTS_OF_DAY, SEASONS, WEEKDAYS, Span, Unit, days, unit_of

# what a phrase names; decides what it may be joined with
Kind = Literal[
    "clock",
    "part",
    "day",
    "weekday",
    "date",
    "monthday",
    "holiday",
    "weekend",
    "week",
    "month",
    "quarter",
    "season",
    "year",
    "range",
]
# how sure it is that the past is meant: "yesterday" is past, "this week" is open, "Tuesday" is only a name
Force = Literal["past", "open", "name"]

FEW = 3  # "a few days ago" are three days: t-4 to t-2


@dataclass(frozen=True, slots=True)
class Moment:
    """From where a query looks at time."""

    now: datetime  # naive local
    zone: ZoneInfo
    month_first: bool = False  # 3/4 is March the fourth
    before: date | None = None  # names stand for the most recent one before this day

    @property
    def today(self) -> date:
        """The local date."""
        return self.now.date()

    @property
    def weekdays_before(self) -> date:
        """Weekdays stand for one strictly before today."""
        return self.before or self.today

    @property
    def names_before(self) -> date:
        """Other names may stand for today."""
        return self.before or self.today + timedelta(days=1)

    @property
    def epoch(self) -> datetime:
        """Where ranges with an open start begin: 1970 in UTC."""
        return calendar.wall_clock(datetime.fromtimestamp(0, UTC), self.zone)

    def elapsed(self, span: timedelta) -> datetime:
        """The wall clock *span* of real time ago."""
        return calendar.wall_clock(calendar.instant(self.now, self.zone) - span, self.zone)


@dataclass(frozen=True, slots=True)
class Reading:
    """What some words mean."""

    span: Span
    kind: Kind
    force: Force
    end: int = 0  # place after the last word
    name: bool = False  # ends in a name that could as well qualify the next word: "Christmas" presents


# ---------------------------------------------------------------- fragments
WEEKDAY = "|".join(WEEKDAYS)
_MONTH = "|".join(MONTHS)
_SEASON = "|".join(SEASONS)
PART = "morning|afternoon|evening|night|lunchtime"
_UNIT = "day|week|month|quarter|year"
COUNT = r"(?:an?|one|(?:an? |the )?couple(?: of)?|\d{1,4})"
_YEAR = r"(?:19[7-9]\d|20\d\d)"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_NTH = r"(?:[12]?\d|3[01])(?:st|nd|rd|th)"
_S = r"(?: ?'s?|s(?: ')?)?"  # a possessive ending, with or without its apostrophe

_HOLIDAY_WORDS: dict[str, str] = {
    rf"new year{_S} eve": "new year's eve",
    rf"new year{_S}(?: day)?": "new year",
    r"christmas eve": "christmas eve",
    r"christmas(?: day)?": "christmas",
    r"boxing day": "boxing day",
    r"epiphany|3 kings day": "epiphany",
    r"(?:mlk|martin luther king(?: jr)?) day": "martin luther king day",
    r"burns night": "burns night",
    r"australia day": "australia day",
    r"groundhog day": "groundhog day",
    rf"valentine{_S}(?: day)?": "valentine's day",
    rf"president{_S} day": "presidents day",
    r"leap day": "leap day",
    r"shrove tuesday|pancake (?:day|tuesday)|mardi gras": "shrove tuesday",
    r"ash wednesday": "ash wednesday",
    rf"(?:international )?women{_S} day": "women's day",
    r"pi day": "pi day",
    rf"st patrick{_S}(?: day)?|paddy{_S} day": "st patrick's day",
    rf"april fool{_S}(?: day)?": "april fools day",
    r"palm sunday": "palm sunday",
    r"maundy thursday": "maundy thursday",
    r"good friday": "good friday",
    r"easter monday": "easter monday",
    r"easter(?: sunday)?": "easter",
    r"earth day": "earth day",
    r"anzac day": "anzac day",
    r"may day": "may day",
    r"cinco de mayo": "cinco de mayo",
    rf"mother{_S} day": "mother's day",
    r"ascension(?: day)?": "ascension day",
    r"pentecost|whit sunday": "pentecost",
    r"whit monday": "whit monday",
    r"memorial day": "memorial day",
    r"juneteenth": "juneteenth",
    rf"father{_S} day": "father's day",
    r"canada day": "canada day",
    r"independence day": "independence day",
    r"bastille day": "bastille day",
    r"labor day": "labor day",
    r"columbus day": "columbus day",
    rf"halloween|all hallow{_S} eve": "halloween",
    rf"all saint{_S} day": "all saints day",
    r"bonfire night|guy fawkes(?: night| day)?": "bonfire night",
    rf"veteran{_S} day|armistice day|remembrance day": "veterans day",
    r"thanksgiving(?: day)?": "thanksgiving",
    r"black friday": "black friday",
    r"cyber monday": "cyber monday",
    rf"st nicholas{_S} day": "st nicholas day",
}
_HOLIDAY = "|".join(_HOLIDAY_WORDS)
_HOLIDAY_NAMES = [(re.compile(words), name) for words, name in _HOLIDAY_WORDS.items()]
_NAME = rf"(?:{_HOLIDAY}|{WEEKDAY}|{_MONTH}|{_SEASON})"


def pattern(words: str) -> re.Pattern[str]:
    """*words* that end where a word ends."""
    return re.compile(rf"(?:{words})(?= |$)")


# ---------------------------------------------------------------- the table of phrases
PhraseReader = Callable[[re.Match[str], Moment], Reading | None]
PHRASES: list[tuple[re.Pattern[str], PhraseReader]] = []


def phrase(words: str) -> Callable[[PhraseReader], PhraseReader]:
    """Enter a reader of *words* into the table."""

    def enter(reader: PhraseReader) -> PhraseReader:
        PHRASES.append((pattern(words), reader))
        return reader

    return enter


# ---------------------------------------------------------------- days
@phrase(r"yesterday|the day before yesterday|day before yesterday|today")
def _day(m: re.Match[str], moment: Moment) -> Reading:
    back = {"today": 0, "yesterday": 1}.get(m[0], 2)
    day = moment.today - timedelta(days=back)
    return Reading(days(day, day), "day", "past" if back else "open")


@phrase(rf"this (?P<part>{PART})|(?P<tonight>tonight)")
def _part_of_today(m: re.Match[str], moment: Moment) -> Reading:
    return Reading(calendar.part_of_day(moment.today, m["part"] or m["tonight"]), "part", "open")


@phrase(rf"last (?P<part>{PART})|the (?P<before_last>{PART}) before last")
def _part_of_yesterday(m: re.Match[str], moment: Moment) -> Reading:
    back = 1 if m["part"] else 2
    span = calendar.part_of_day(moment.today - timedelta(days=back), m["part"] or m["before_last"])
    return Reading(span, "part", "past")


# ---------------------------------------------------------------- units
@phrase(r"(?:the )?(?:last|previous) (?P<unit>week|month|quarter|year|weekend)|last (?P<fortnight>fortnight)")
def _last_unit(m: re.Match[str], moment: Moment) -> Reading:
    if m["fortnight"] or (m[0].startswith("the last") and m["unit"] in _ROLLING_DAYS):
        return _rolling_days(_ROLLING_DAYS[m["unit"] or "fortnight"], moment)
    return _unit_ago(m["unit"], 1, moment)


@phrase(rf"(?:the )?(?P<unit>{_UNIT}|weekend) before (?:last|(?P<this>this one|this))")
def _unit_before_last(m: re.Match[str], moment: Moment) -> Reading:
    return _unit_ago(m["unit"], 1 if m["this"] else 2, moment)


@phrase(r"(?:the |this )?(?:last )?(?P<unit>week|weekend|month|year) just (?:gone|past)")
def _unit_just_gone(m: re.Match[str], moment: Moment) -> Reading:
    return _unit_ago(m["unit"], 1, moment)


@phrase(r"(?:the|this(?: past| last)?|past) (?P<weekend>weekend)")
def _weekend(m: re.Match[str], moment: Moment) -> Reading:
    if m[0] == "the weekend":
        return replace(_unit_ago("weekend", 1, moment), force="name", name=True)
    if m[0] != "this weekend":
        return _unit_ago("weekend", 1, moment)
    back = 0 if moment.today.weekday() >= 5 else 1
    return Reading(calendar.shift("weekend", moment.today, -back), "weekend", "open")


@phrase(r"this (?P<unit>week|month|quarter|year)")
def _this_unit(m: re.Match[str], moment: Moment) -> Reading:
    unit = cast("Unit", m["unit"])
    return Reading(unit_of(unit, moment.today), kind_of(unit), "open")


@phrase(
    rf"(?P<n>{COUNT}) (?P<unit>days?|weeks?|fortnights?|weekends?|months?|quarters?|years?|decades?|[dwy]) (?:ago|back)"
)
def _units_ago(m: re.Match[str], moment: Moment) -> Reading:
    unit, count = _counted_unit(m["unit"], count_of(m["n"]))
    return _unit_ago(unit, count, moment)


@phrase(
    r"(?:(?P<n>\d{1,2}) and a half (?P<units>years|months|weeks)|an? (?P<unit>year|month|week) and a half|half an? (?P<half>year))"
    r" (?:ago|back)"
)
def _halves_ago(m: re.Match[str], moment: Moment) -> Reading:
    unit = (m["units"] or m["unit"] or m["half"]).rstrip("s")
    count = 0.5 if m["half"] else count_of(m["n"] or "a") + 0.5
    smaller, size = {"year": ("month", 12), "month": ("week", 4), "week": ("day", 7)}[unit]
    return _unit_ago(smaller, round(count * size), moment)


@phrase(
    rf"(?P<n>{COUNT})(?: (?:days?|weeks?|months?|years?))? (?:or|to|-) (?P<m>{COUNT}|so)"
    r"(?: (?:days?|weeks?|months?|years?))? (?:ago|back)"
)
def _between_units_ago(m: re.Match[str], moment: Moment) -> Reading | None:
    """Both and what lies between: "two or three days ago", "a week or two ago"."""
    named = re.search(r"day|week|month|year", m[0])
    if named is None:
        return None
    unit, newest = cast("Unit", named[0]), count_of(m["n"])
    oldest = newest if m["m"] == "so" else count_of(m["m"])
    spans = [calendar.shift(unit, moment.today, -count) for count in (max(oldest, newest), min(oldest, newest))]
    return Reading(spans[0].to(spans[1]), "range", "past")


@phrase(r"(?:an? |the |just a )?few (?P<unit>days|weeks|months|years) (?:ago|back)")
def _few_units_ago(m: re.Match[str], moment: Moment) -> Reading:
    unit = cast("Unit", m["unit"].rstrip("s"))
    oldest, newest = (calendar.shift(unit, moment.today, -n) for n in (FEW + 1, 2))
    return Reading(oldest.to(newest), "range", "past")


@phrase(
    rf"(?:(?P<day>today|yesterday) )?(?P<n>{COUNT}) (?P<unit>weeks?|months?|years?) ago(?P<today> today| to the day| on this day)?"
)
def _same_day_ago(m: re.Match[str], moment: Moment) -> Reading | None:
    if not (m["day"] or m["today"]):
        return None
    unit, count = _counted_unit(m["unit"], count_of(m["n"]))
    day = calendar.same_day(unit, moment.today, -count) - timedelta(days=m["day"] == "yesterday")
    return Reading(days(day, day), "day", "past")


@phrase(
    r"(?P<around>(?:around |about |at )?this time|on this day|this day) (?P<unit>last (?:week|month|year)|yesterday)"
)
def _this_time(m: re.Match[str], moment: Moment) -> Reading:
    unit = cast("Unit", m["unit"].removeprefix("last ").replace("yesterday", "day"))
    day = calendar.same_day(unit, moment.today, -1)
    margin = timedelta(days=3 if m["around"].endswith("time") and unit in ("month", "year") else 0)
    return Reading(days(day - margin, day + margin), "day", "past")


# ---------------------------------------------------------------- windows that end now
_ROLLING_DAYS = {"day": 1, "night": 1, "week": 7, "fortnight": 14, "month": 30, "quarter": 90, "year": 365}


@phrase(
    rf"(?:(?:the|these|this) )?(?:last|past|previous) (?:(?P<n>{COUNT}|(?:a )?few|several) )"
    r"(?P<unit>days?|nights?|weeks?|fortnights?|months?|quarters?|years?|hours?|h|minutes?)"
    r"|(?:(?:the|this) )?past (?P<past>day|week|fortnight|month|quarter|year|hour)|the last (?P<last>day|fortnight|hour)|last hour"
    r"|(?:the )?(?:last|past) half(?: an)? hour"
)
def _rolling(m: re.Match[str], moment: Moment) -> Reading:
    count = FEW if "few" in (m["n"] or "") or m["n"] == "several" else count_of(m["n"] or "a")
    unit = (m["unit"] or m["past"] or m["last"] or "hour").rstrip("s")
    if m[0].endswith(("half hour", "half an hour")):
        return Reading(Span(moment.elapsed(timedelta(minutes=30)), moment.now), "range", "past")
    if unit in ("hour", "h", "minute"):
        size = timedelta(minutes=1) if unit == "minute" else timedelta(hours=1)
        return Reading(Span(moment.elapsed(count * size), moment.now), "range", "past")
    return _rolling_days(count * _ROLLING_DAYS[unit], moment)


@phrase(rf"(?:(?P<n>{COUNT}|a few|few) (?P<unit>hours?|hrs?|minutes?|h)|half an (?P<half>hour)) (?:ago|back)")
def _hours_ago(m: re.Match[str], moment: Moment) -> Reading:
    """Half a unit to both sides: "two hours ago" is from two and a half to one and a half hours ago."""
    few = "few" in (m["n"] or "")
    count = 0.5 if m["half"] else FEW if few else count_of(m["n"])
    hours = count / 60 if (m["unit"] or "").startswith("min") else count
    margin = 1.0 if few else max(min(hours / 2, 0.5), 1 / 6)
    start, end = (moment.elapsed(timedelta(hours=max(hours + side, 0))) for side in (margin, -margin))
    return Reading(Span(start, end), "range", "past")


@phrase(
    rf"(?:earlier|so far|already) (?:on )?(?P<unit>today|this (?:week|month|quarter|year|{PART}|{_SEASON})|tonight)"
    rf"|(?P<so_far>today|this (?:week|month|quarter|year|{_SEASON})) (?:so far|until now|up to now)"
    rf"|(?:earlier|so far) in the (?P<bare>day|week|month|quarter|year)|(?P<to_date>week|month|quarter|year) to date"
)
def _so_far(m: re.Match[str], moment: Moment) -> Reading | None:
    unit = (m["unit"] or m["so_far"] or m["bare"] or m["to_date"]).removeprefix("this ")
    if unit in PARTS_OF_DAY:
        whole = calendar.part_of_day(moment.today, unit)
    elif unit in SEASONS:
        whole = next(_occurrences(unit, moment.names_before))
    else:
        whole = unit_of(cast("Unit", unit.replace("today", "day")), moment.today)
    end = min(moment.now, whole.end)
    return Reading(Span(whole.start, end), "range", "past") if whole.start < end else None


# ---------------------------------------------------------------- names that come back
@phrase(rf"(?:the )?(?P<name>{_NAME})")
def _bare_name(m: re.Match[str], moment: Moment) -> Reading | None:
    name, kind = _named(m["name"])
    before = moment.weekdays_before if kind == "weekday" else moment.names_before
    found = next(_occurrences(name, before), None)
    return found and Reading(found, kind, "name", name=True)


@phrase(rf"(?:the )?(?P<name>{_HOLIDAY}) (?P<unit>week|weekend)")
def _week_of_holiday(m: re.Match[str], moment: Moment) -> Reading | None:
    found = next(_occurrences(_named(m["name"])[0], moment.names_before), None)
    unit = cast("Unit", m["unit"])
    return found and Reading(unit_of(unit, found.first), unit, "name", name=True)


@phrase(rf"(?:the |this )?(?:last|past|previous) (?P<name>{_NAME})")
def _last_name(m: re.Match[str], moment: Moment) -> Reading | None:
    return _over(m["name"], 1, moment)


@phrase(
    rf"(?:the |this )?(?:last )?(?P<name>{_NAME}) (?:just )?(?:gone|past)"
    r"(?= [^\w ]| (?:what|which|who|i|we|you|about|re|regarding|on|with)(?: |$)|$)"
)
def _name_just_gone(m: re.Match[str], moment: Moment) -> Reading | None:
    return _over(m["name"], 1, moment)


@phrase(rf"(?P<n>{COUNT}) weeks? (?:ago )?(?:last|on) (?P<weekday>{WEEKDAY})|(?P<one>{WEEKDAY}) (?:a )?week ago")
def _weeks_before_weekday(m: re.Match[str], moment: Moment) -> Reading | None:
    """As the British count: "a week last Tuesday" is the Tuesday before the last one."""
    return _over(m["weekday"] or m["one"], 1 + count_of(m["n"] or "a"), moment)


@phrase(rf"(?:the )?(?P<name>{_NAME}) before last")
def _name_before_last(m: re.Match[str], moment: Moment) -> Reading | None:
    return _over(m["name"], 2, moment)


@phrase(rf"(?P<n>{COUNT}) (?P<name>{_NAME})(?:e?s)? ago")
def _names_ago(m: re.Match[str], moment: Moment) -> Reading | None:
    return _over(m["name"], count_of(m["n"]), moment)


@phrase(rf"this (?P<name>{_NAME})(?: just gone)?")
def _this_name(m: re.Match[str], moment: Moment) -> Reading | None:
    name, kind = _named(m["name"])
    if kind == "weekday":
        day = unit_of("week", moment.today).first + timedelta(days=WEEKDAYS.index(name))
        found = days(day, day)
    elif kind == "season":
        found = next(_occurrences(name, moment.names_before))
    else:
        found = _in_year(name, moment.today.year)
    return found and Reading(found, kind, "open")


# ---------------------------------------------------------------- dates
@phrase(r"(?P<y>\d{4})[-/](?P<m>\d{1,2})(?:[-/](?P<d>\d{1,2}))?(?:t\d\S*)?")
def _iso_date(m: re.Match[str], _: Moment) -> Reading | None:
    day = calendar.date_or_none(int(m["y"]), int(m["m"]), int(m["d"] or 1))
    return day and (
        Reading(days(day, day), "day", "name") if m["d"] else Reading(unit_of("month", day), "month", "name")
    )


@phrase(r"(?P<a>\d{1,2})(?P<mark>[/.])(?P<b>\d{1,2})(?:\.|[/.](?P<y>\d{4}|\d\d))?")
def _numeric_date(m: re.Match[str], moment: Moment) -> Reading | None:
    a, b = int(m["a"]), int(m["b"])
    swapped = b > 12 or (a <= 12 and m["mark"] == "/" and moment.month_first)
    day, month = (b, a) if swapped else (a, b)
    return _date(day, month, _year(m["y"]), moment)


@phrase(
    rf"(?P<last>last |past )?(?:(?:the )?(?:{WEEKDAY}) (?:, )?)?(?:the )?"
    rf"(?:(?P<d1>{_DAY}) (?:of )?(?P<m1>{_MONTH})|(?P<m2>{_MONTH}) (?:the )?(?P<d2>{_DAY}))(?: ?,? (?:of )?(?P<y>{_YEAR}|'\d\d))?"
    r"(?! (?:year|month|week|day|hour|minute|quarter|fortnight)s?(?: |$))"  # "in March 2 years ago"
)
def _written_date(m: re.Match[str], moment: Moment) -> Reading | None:
    day, month = m["d1"] or m["d2"], m["m1"] or m["m2"]
    found = _date(_digits(day), MONTHS.index(month) + 1, _year(m["y"]), moment)
    return replace(found, force="past") if found and m["last"] else found


@phrase(rf"(?:the )?(?P<month>{_MONTH}) (?:, |of |in )?(?P<y>{_YEAR}|'\d\d)")
def _month_of_year(m: re.Match[str], _: Moment) -> Reading:
    return Reading(calendar.months(_year(m["y"]) or 0, MONTHS.index(m["month"]) + 1), "month", "name")


@phrase(rf"(?:(?:the )?(?P<weekday>{WEEKDAY}) )?(?:the )?(?P<d>{_NTH})(?: of (?P<month>(?:the|this|last) month))?")
def _nth(m: re.Match[str], moment: Moment) -> Reading | None:
    if m["month"]:
        month = calendar.shift("month", moment.today, -1 if m["month"] == "last month" else 0)
        day = calendar.date_or_none(month.first.year, month.first.month, _digits(m["d"]))
        return day and Reading(days(day, day), "date", "name")
    found = list(calendar.day_of_month(_digits(m["d"]), moment.names_before))
    fitting = [day for day in found if not m["weekday"] or day.weekday() == WEEKDAYS.index(m["weekday"])]
    day = next(iter(fitting or found), None)
    proper = m["weekday"] and m[0].removeprefix("the ") != "friday the 13th"  # a film, and bad luck
    return day and Reading(days(day, day), "monthday", "name", name=not proper)


@phrase(
    rf"(?:the )?(?P<d1>{_DAY}) (?:-|to|through|until|and) (?:the )?(?P<d2>{_DAY}) (?:of )?(?P<m1>{_MONTH})(?: ?,? (?P<y1>{_YEAR}))?"
    rf"|(?P<m2>{_MONTH}) (?:the )?(?P<d3>{_DAY}) (?:-|to|through|until|and) (?:the )?(?P<d4>{_DAY})(?: ?,? (?P<y2>{_YEAR}))?"
)
def _days_of_month(m: re.Match[str], moment: Moment) -> Reading | None:
    month = MONTHS.index(m["m1"] or m["m2"]) + 1
    year = _year(m["y1"] or m["y2"])
    first = _date(_digits(m["d1"] or m["d3"]), month, year, moment)
    last = first and calendar.date_or_none(first.span.first.year, month, _digits(m["d2"] or m["d4"]))
    if first is None or last is None or last < first.span.first:
        return None
    return Reading(days(first.span.first, last), "range", "name")


@phrase(rf"(?:the year )?(?P<y>{_YEAR})")
def _year_number(m: re.Match[str], _: Moment) -> Reading:
    return Reading(calendar.months(int(m["y"]), 1, 12), "year", "name", name=True)


@phrase(rf"(?:the )?(?:q ?(?P<q>[1-4])|(?P<nth>[1-4])(?:st|nd|rd|th) quarter)(?: ?[/,'] ?(?P<y>{_YEAR}|\d\d))?")
def _quarter(m: re.Match[str], moment: Moment) -> Reading:
    month = 3 * int(m["q"] or m["nth"]) - 2
    found = _recurring(lambda year: calendar.months(year, month, 3), _year(m["y"]), moment)
    return Reading(found, "quarter", "name", name=not m["y"])


@phrase(rf"(?:the )?(?:h ?(?P<h>[12])|(?P<nth>[12])(?:st|nd) half)(?: of)?(?: the year| (?P<y>{_YEAR}))?")
def _half_year(m: re.Match[str], moment: Moment) -> Reading | None:
    if m["nth"] and m[0].endswith(("half", "of")):
        return None  # of what, the operator `half` says
    month = 6 * int(m["h"] or m["nth"]) - 5
    found = _recurring(lambda year: calendar.months(year, month, 6), _year(m["y"]), moment)
    return Reading(found, "quarter", "name", name=not m["y"])


@phrase(rf"(?:the )?winter (?:of )?(?P<y>{_YEAR}) ?[-/] ?(?:\d\d|{_YEAR})")
def _winter_of_two_years(m: re.Match[str], _: Moment) -> Reading:
    return Reading(calendar.season("winter", int(m["y"])), "season", "name")


@phrase(
    rf"(?:(?:calendar week|kw|cw) (?P<w1>\d\d?)(?: (?:of )?(?P<y1>{_YEAR}))?|week (?P<w2>\d\d?) (?:of )?(?P<y2>{_YEAR}))"
)
def _numbered_week(m: re.Match[str], moment: Moment) -> Reading | None:
    number, year = int(m["w1"] or m["w2"]), _year(m["y1"] or m["y2"])

    def week(of: int) -> Span | None:
        try:
            return unit_of("week", date.fromisocalendar(of, number, 1))
        except ValueError:
            return None

    found = week(year) if year else next(calendar.yearly(week, moment.names_before), None)
    return found and Reading(found, "week", "name")


# ---------------------------------------------------------------- what the readers share
def kind_of(unit: Unit) -> Kind:
    """What a unit counts as in joins: a quarter holds no names that come back."""
    return "range" if unit == "quarter" else unit


def _unit_ago(unit: str, count: int, moment: Moment) -> Reading:
    exact = cast("Unit", unit)
    return Reading(calendar.shift(exact, moment.today, -count), kind_of(exact), "past")


def _rolling_days(count: int, moment: Moment) -> Reading:
    return Reading(Span(moment.now - timedelta(days=count), moment.now), "range", "past")


def count_of(words: str) -> int:
    """The number that a count says: "a couple of" is two."""
    return int(words) if words.isdigit() else 2 if "couple" in words else 1


def _counted_unit(words: str, count: int) -> tuple[Unit, int]:
    unit = {"d": "day", "w": "week", "y": "year"}.get(words, words.removesuffix("s"))
    times = {"fortnight": ("week", 2), "decade": ("year", 10)}
    exact, size = times.get(unit, (unit, 1))
    return cast("Unit", exact), count * size


def _digits(words: str) -> int:
    return int(words.rstrip("stndrh"))


def _year(words: str | None) -> int | None:
    if not words:
        return None
    number = int(words.lstrip("'"))
    return number if number > 99 else 2000 + number if number < 70 else 1900 + number


def _date(day: int, month: int, year: int | None, moment: Moment) -> Reading | None:
    def in_year(of: int) -> Span | None:
        found = calendar.date_or_none(of, month, day)
        return found and days(found, found)

    span = in_year(year) if year else next(calendar.yearly(in_year, moment.names_before), None)
    return span and Reading(span, "day" if year else "date", "name")


def _recurring(in_year: Callable[[int], Span], year: int | None, moment: Moment) -> Span:
    return in_year(year) if year else next(calendar.yearly(in_year, moment.names_before))


def _named(words: str) -> tuple[str, Kind]:
    if words in WEEKDAYS:
        return words, "weekday"
    if words in MONTHS:
        return words, "month"
    if words in SEASONS:
        return words, "season"
    return next(name for pattern, name in _HOLIDAY_NAMES if pattern.fullmatch(words)), "holiday"


def _in_year(name: str, year: int) -> Span | None:
    if name in MONTHS:
        return calendar.months(year, MONTHS.index(name) + 1)
    return calendar.season(name, year) if name in SEASONS else calendar.holiday(name, year)


def _occurrences(name: str, before: date) -> Iterator[Span]:
    """The spans with that name that have begun before a day, newest first."""
    if name not in WEEKDAYS:
        yield from calendar.yearly(lambda year: _in_year(name, year), before)
        return
    day = calendar.last_weekday(WEEKDAYS.index(name), before)
    while True:
        yield days(day, day)
        day -= timedelta(days=7)


def _over(words: str, n: int, moment: Moment) -> Reading | None:
    """The *n*-th most recent span of that name that is over."""
    name, kind = _named(words)
    over = (span for span in _occurrences(name, moment.today) if span.last < moment.today)
    found = next(islice(over, max(n, 1) - 1, None), None)
    return found and Reading(found, kind, "past")
