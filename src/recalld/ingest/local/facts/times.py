"""When a fact begins and ends, as far as the sentence says: "since 2019", "last week", "until June", "for two weeks".

Days are those of the session's time zone. "Until June" ends when June begins, "until 14 March" and "until Friday" when that
day is over; a period ("for two weeks") counts from the message.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from recalld.ingest.local.facts.findings import Finding
from recalld.ingest.local.facts.lexicon import words

_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b"
)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY = r"(?P<weekday>mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\b"
_COUNT = r"(?P<count>\d{1,3}|a|an|one|two|three|four|five|six|seven|eight|nine|ten|twelve|a couple of|a few|couple of)"
_COUNTS = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "twelve": 12,
    "a couple of": 2,
    "couple of": 2,
    "a few": 3,
}
_UNIT = r"(?P<unit>day|night|week|fortnight|month|year)s?\b"
_UNIT_DAYS = {"day": 1, "night": 1, "week": 7, "fortnight": 14, "month": 30, "year": 365}

_UNTIL = re.compile(
    rf"\b(?:until|till|til|(?<!get )(?<!gets )(?<!getting )(?<!got )(?<!made it )(?<!make it )through|thru|up to|up until|"
    rf"ends?(?: on| in)?|expires?(?: on| in)?|back on|back)\s+(?:the\s+)?"
    rf"(?:(?P<part>end|middle|start|beginning|mid|early|late)[\s-]+(?:of\s+)?(?:the\s+)?)?"
    rf"(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}(?:,?\s+(?P<year>\d{{4}}))?|"
    rf"{_MONTH.replace('month', 'month2')}\.?\s+(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<year2>\d{{4}}))?|"
    rf"(?P<iso>\d{{4}}-\d\d-\d\d)|"
    rf"{_MONTH.replace('month', 'month3')}(?:\s+(?P<year3>\d{{4}}))?|next\s+(?P<next>week|month|year|spring|summer|"
    rf"autumn|fall|winter)|(?P<unit_end>week|month|year|term|semester)\b|{_WEEKDAY}|(?P<day3>\d{{1,2}})(?:st|nd|rd|"
    rf"th)\b|(?P<season>spring|summer|autumn|fall|winter|christmas|easter)\b|(?P<tomorrow>tomorrow)\b)"
)  # fmt: skip
_FOR = re.compile(
    rf"\b(?:for|over|during)\s+(?:the\s+)?(?:next|coming|another|about|around|only)?\s*{_COUNT}\s+(?:more\s+)?{_UNIT}"
)
_THIS = re.compile(
    r"\b(?:this|the)\s+(?P<span>weekend|week|month|summer|winter|spring|autumn|fall)\b|\b(?P<today>today|tonight)\b"
)
_SINCE_YEAR = re.compile(r"\b(?:since|in)\s+(?P<year>19\d\d|20\d\d)\b")
_AGO = re.compile(rf"\b{_COUNT}\s+{_UNIT}\s+ago\b")
_LAST = re.compile(
    rf"\b(?:last|this past)\s+(?:(?P<unit>week|month|year)|{_MONTH}|{_WEEKDAY})|\b(?P<yesterday>yesterday)\b|"
    rf"\b(?:since|in)\s+{_MONTH.replace('month', 'month2')}|\b(?:since|"
    rf"on)\s+{_WEEKDAY.replace('weekday', 'weekday2')}"
)
_SEASON_START = {"spring": 3, "easter": 4, "summer": 6, "autumn": 9, "fall": 9, "winter": 12, "christmas": 12}


_DATES = words(
    "goal deadline exam_date appointment out_of_office_until event travel_plan birthday anniversary pregnancy wedding_date age availability"
)


def dated(finding: Finding, said_at: datetime, timezone: str) -> Finding:
    """*finding* with its beginning and end, as far as the words around it tell; a home with an end is a stay."""
    if (
        finding.act == "retract"
        or finding.attribute in _DATES
        or finding.attribute.endswith(("_deadline", "_date", "_day"))
    ):
        return finding
    around = _around(finding)
    stay = finding.attribute in ("home_city", "home_country", "home_state", "current_location")
    end = (ends_soon if stay else ends)(around, said_at, timezone)
    if end is not None and end <= said_at:
        end = None
    attribute = "current_location" if stay and end is not None else finding.attribute
    return replace(finding, attribute=attribute, valid_from=begins(around, said_at, timezone), valid_to=end)


_CLAUSES = re.compile(r"[,;:()]|\b(?:but|though|although|whereas)\b|\band (?=(?:i|we|i'm|we're)\b)")


def _around(finding: Finding) -> str:
    """The words of the sentence around *finding*, up to the commas before and behind it."""
    low = finding.sentence.low
    start = max((match.end() for match in _CLAUSES.finditer(low, 0, max(finding.start, 0))), default=0)
    after = _CLAUSES.search(low, finding.end)
    return low[start : after.start() if after else len(low)]


def ends(low: str, said_at: datetime, timezone: str) -> datetime | None:
    """When what *low* (a clause in lower case) says stops by itself; `None` when it does not say so."""
    now = _local(said_at, timezone)
    until = _UNTIL.search(low)
    if until:
        return _end_of(until, now)
    period = _FOR.search(low)
    if period and not re.search(r"\b(?:been|have|'ve|worked|lived|was|since)\b", low[: period.start()]):
        return now + timedelta(days=_days(period))
    return None


def ends_soon(low: str, said_at: datetime, timezone: str) -> datetime | None:
    """As `ends`, also for "this week", "today": the end of that span."""
    end = ends(low, said_at, timezone)
    span = _THIS.search(low)
    if end is not None or span is None:
        return end
    now = _midnight(_local(said_at, timezone))
    days = {None: 1, "week": 7 - now.weekday(), "weekend": 7 - now.weekday(), "month": 31}.get(span.group("span"), 92)
    return now + timedelta(days=days)


def begins(low: str, said_at: datetime, timezone: str) -> datetime | None:
    """When what *low* says began, if that lies before *said_at*; `None` when it does not say so."""
    now = _local(said_at, timezone)
    ago = _AGO.search(low)
    if ago:
        return now - timedelta(days=_days(ago))
    year = _SINCE_YEAR.search(low)
    if year and int(year.group("year")) <= now.year:
        return _midnight(now.replace(year=int(year.group("year")), month=1, day=1))
    last = _LAST.search(low)
    return _last(last, now) if last else None


def _last(match: re.Match[str], now: datetime) -> datetime | None:
    today = _midnight(now)
    month = match.group("month") or match.group("month2")
    weekday = match.group("weekday") or match.group("weekday2")
    if match.group("yesterday"):
        return today - timedelta(days=1)
    if match.group("unit"):
        return today - timedelta(days=_UNIT_DAYS[match.group("unit")])
    if month:
        number = _month(month)
        return _day(now.year - (number > now.month), number, 1, now)
    back = (now.weekday() - _weekday(weekday) - 1) % 7 + 1
    return today - timedelta(days=back)


def _end_of(match: re.Match[str], now: datetime) -> datetime | None:  # noqa: PLR0911 - one line per form
    if match.group("iso"):
        year, month, day = map(int, match.group("iso").split("-"))
        return _after(_day(year, month, day, now))
    month = match.group("month") or match.group("month2")
    if month:
        return _after(
            _coming(
                now,
                _month(month),
                int(match.group("day") or match.group("day2")),
                match.group("year") or match.group("year2"),
            )
        )
    if match.group("month3"):
        return _month_end(now, _month(match.group("month3")), match.group("part"), match.group("year3"))
    if match.group("weekday"):
        return _after(_midnight(now) + timedelta(days=(_weekday(match.group("weekday")) - now.weekday() - 1) % 7 + 1))
    if match.group("day3"):
        return _after(_next_day(now, int(match.group("day3"))))
    if match.group("unit_end"):
        return _unit_end(now, match.group("unit_end"))
    if match.group("next") in ("week", "month", "year"):
        return _unit_end(now, match.group("next"))
    if match.group("tomorrow"):
        return _midnight(now) + timedelta(days=2)
    return _coming(now, _SEASON_START[match.group("season") or match.group("next")], 1, None)


def _month_end(now: datetime, month: int, part: str | None, year: str | None) -> datetime | None:
    start = _coming(now, month, 1, year, same=part in ("end", "late"))
    if start is None or part in (None, "start", "beginning", "early"):
        return start
    days = 15 if part in ("middle", "mid") else 31
    end = start + timedelta(days=days)
    return end if days == 15 else end.replace(day=1)


def _unit_end(now: datetime, unit: str) -> datetime | None:
    today = _midnight(now)
    if unit == "week":
        return today + timedelta(days=7 - now.weekday())
    if unit == "month":
        return (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    if unit == "year":
        return _day(now.year + 1, 1, 1, now)
    return today + timedelta(days=120)


def _coming(now: datetime, month: int, day: int, year: str | None, *, same: bool = False) -> datetime | None:
    """The next such day from *now* on; with *same*, the current month counts although its first day has passed."""
    if year:
        return _day(int(year), month, day, now)
    here = _day(now.year, month, day, now)
    passed = here is None or (here <= _midnight(now) and not (same and month == now.month))
    return _day(now.year + 1, month, day, now) if passed else here


def _next_day(now: datetime, day: int) -> datetime | None:
    this = _day(now.year, now.month, day, now)
    following = now.replace(day=1) + timedelta(days=32)
    return this if this is not None and this > now else _day(following.year, following.month, day, now)


def _day(year: int, month: int, day: int, now: datetime) -> datetime | None:
    try:
        return datetime(year, month, day, tzinfo=now.tzinfo)
    except ValueError:
        return None


def _after(day: datetime | None) -> datetime | None:
    return day + timedelta(days=1) if day else None


def _days(match: re.Match[str]) -> int:
    count = match.group("count")
    return (int(count) if count.isdigit() else _COUNTS[count]) * _UNIT_DAYS[match.group("unit")]


def _month(name: str) -> int:
    return next(number for number, month in enumerate(_MONTHS, 1) if month.startswith(name[:3]))


def _weekday(name: str) -> int:
    return next(number for number, day in enumerate(_WEEKDAYS) if day.startswith(name[:3]))


def _local(at: datetime, timezone: str) -> datetime:
    return at.astimezone(ZoneInfo(timezone))


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
