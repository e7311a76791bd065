"""When a fact begins and ends, as far as the sentence says: "since 2019", "last week", "until June", "for two weeks".

Days are those of the session's time zone. "Until June" ends when June begins, "until 14 March" and "until Friday" when that
day is over; a period ("for two weeks") counts from the message.

"In June", "on Monday" and "on 1 March" are the last ones after a past tense, and the coming ones of what begins or ends by then
("I start at Bosch in June"): a plan. Of a present that lasts ("I play on Monday") they date nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from recalld.ingest.local.facts.findings import Finding
from recalld.ingest.local.facts.lexicon import words
from recalld.ingest.local.facts.sentences import Sentence

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
_YEAR = r"(?:,?\s+(?P<year>(?:19|20)\d\d)\b)?"
_ON = re.compile(
    rf"\b(?:(?P<last>since|last|this past)|(?P<next>next|this(?: coming)?|from|as of|starting|beginning)|in|on)"
    rf"\s+(?:in\s+|on\s+|from\s+)?(?:the\s+)?(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}{_YEAR}|"
    rf"{_MONTH.replace('month', 'month2')}\s+(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?(?![\w:]){_YEAR.replace('year', 'year2')}|"
    rf"{_MONTH.replace('month', 'month3')}{_YEAR.replace('year', 'year3')}|{_WEEKDAY})(?!\s*(?:to|till|until|through|-)\s)"
)
_LAST_UNIT = re.compile(r"\b(?:last|this past)\s+(?P<unit>week|month|year)\b|\b(?P<yesterday>yesterday)\b")
_NEXT_UNIT = re.compile(
    rf"\bnext\s+(?P<next>week|month|year)\b|\b(?P<tomorrow>tomorrow)\b|\bin\s+{_COUNT}\s+{_UNIT}(?! ago)|"
    r"\bin\s+(?P<year>20\d\d)\b"
)
_SEASON_START = {"spring": 3, "easter": 4, "summer": 6, "autumn": 9, "fall": 9, "winter": 12, "christmas": 12}

# What is to come has an auxiliary, a verb of change in the present, or one that opens the clause ("starting at …").
_BEGIN = r"start|begin|join|move|relocate|transfer|switch|change|become|return"
_BEGINNING = r"starting|beginning|joining|moving|relocating|transferring|switching|changing|becoming|returning"
_END = r"leave|stop|finish|retire|resign|give up|cancel|drop|sell"
_ENDING = r"leaving|quitting|stopping|finishing|retiring|resigning|giving up|cancell?ing|dropping|selling"
_SOON = r"(?:\s+(?:\w+ly|also|just|now|soon|then|both))?\s+"
_TENSE = re.compile(
    rf"\b(?:i|we)(?:'ll|\s+will|\s+shall)(?:{_SOON}be)?{_SOON}(?P<will>(?P<will_end>{_END}|quit|{_ENDING})|{_BEGIN}|{_BEGINNING}|"
    rf"work|working|live|living|study|studying)\b|"
    rf"\b(?:am|are|i'm|im|we're)(?:\s+(?:going|about|due|set) to|\s+gonna){_SOON}"
    rf"(?P<to>(?P<to_end>{_END}|quit)|{_BEGIN}|work|live|study)\b|"
    rf"(?:\b(?:am|are|i'm|im|we're){_SOON}|^\W*|\band\s+)(?P<doing>(?P<doing_end>{_ENDING})|{_BEGINNING})\b|"
    rf"(?:\b(?:i|we){_SOON}|^\W*|\band\s+)(?P<do>(?P<do_end>{_END})|{_BEGIN})\b|"
    r"(?P<past>\b(?:[a-z]+[^\We]ed|agreed|was|were|wasn't|weren't|had|did|didn't|been|began|begun|became|got|gotten|left|went|gone|"
    r"came|took|taken|bought|sold|quit|met|gave|given|found|lost|put|let|cut|ran|wrote|won|broke|chose|made|paid|said|told|"
    r"thought|knew|kept|grew|fell|felt|drove|flew|taught|brought|spent|done)\b)|"
    r"(?P<present>\b(?:i|we|i'm|im|we're|am|is|are|(?:will|'ll|going to|gonna)(?:\s+(?:be|get|have))?(?:\s+\w+)?)\b)"
)
_LASTED = re.compile(r"\b(?:used to|lived|worked|(?:have|'ve|has|had) been)\b")  # "I lived there in 2019" tells no end
_AS_A_RULE = re.compile(r"\b(?:every|each|always|usually|often|sometimes|normally)\b")
# What may stand between "start" and where: "start my new job as a night nurse at …", "join Bosch as a …"
_LEADING = words(
    """
    my our a an the new next first job role position work working at with for in into to back over up down out of on from as flat house
    apartment place home
    """
)


_DATES = words(
    "goal deadline exam_date appointment out_of_office_until event travel_plan birthday anniversary pregnancy wedding_date age availability"
)


def dated(finding: Finding, said_at: datetime, timezone: str) -> Finding:
    """*finding* with its beginning and end, as far as the words around it tell; a home with an end is a stay.

    What is over has the day it ended in `valid_from`.
    """
    if finding.attribute in _DATES or finding.attribute.endswith(("_deadline", "_date", "_day")):
        return finding
    start, stop = _clause(finding)
    around = finding.sentence.low[start:stop]
    planned = coming(finding, said_at, timezone)
    if finding.act == "retract":
        return replace(finding, valid_from=planned or _ended(finding, said_at, timezone))
    stay = finding.attribute in ("home_city", "home_country", "home_state", "current_location")
    end = (ends_soon if stay else ends)(around, said_at, timezone)
    if end is not None and end <= said_at:
        end = None
    if planned is not None and end is not None and planned >= end:
        planned = None
    attribute = "current_location" if stay and end is not None else finding.attribute
    return replace(finding, attribute=attribute, valid_from=planned or begins(around, said_at, timezone), valid_to=end)


_OWN_STAY = re.compile(r"\b(?:i|i'm|im|i'll|we|we're|we'll)\b")


def dated_in(finding: Finding, sentences: Sequence[Sentence], said_at: datetime, timezone: str) -> Finding:
    """As `dated`; when that tells no end, another of *sentences* that names the value may: "I'm in Graz until May. Is Graz flat?".

    There the user comes in front of it: "I work at Bosch. Bosch is closed until Friday" ends no job.
    """
    here = dated(finding, said_at, timezone)
    if here.valid_to is not None or finding.act == "retract" or not any(char.isalpha() for char in finding.value):
        return here
    named = re.compile(rf"(?<!\w){re.escape(finding.value.casefold())}(?!\w)")
    for sentence in sentences:
        if sentence is not finding.sentence and (match := named.search(sentence.low)):
            place, end = match.span()
            mention = replace(finding, sentence=sentence, place=place, end=end, start=place)
            there = dated(mention, said_at, timezone)
            if there.valid_to is not None and _OWN_STAY.search(sentence.low, _clause(mention)[0], place):
                return replace(here, attribute=there.attribute, valid_to=there.valid_to)
    return here


def _ended(finding: Finding, said_at: datetime, timezone: str) -> datetime | None:
    """When what is taken back was over; not when it began: "sold the car that I bought in June", "worked there in 2019"."""
    start, stop = _clause(finding)
    low = finding.sentence.low
    aside = _ASIDE.search(low, finding.end, stop)
    around = low[start : aside.start() if aside else stop]
    return None if _LASTED.search(around) else begins(around, said_at, timezone)


_ASIDE = re.compile(r"\b(?:i|we|that|which|who|where|after|before)\b")
_CLAUSES = re.compile(
    r"[;:()]|,(?!\s*(?:19|20)\d\d\b)|\b(?:but|though|although|whereas)\b|\band (?=(?:i|we|i'm|we're)\b)"
)


def _clause(finding: Finding) -> tuple[int, int]:
    """Where the words of the sentence around *finding* are, up to the commas before and behind it."""
    low = finding.sentence.low
    start = max((match.end() for match in _CLAUSES.finditer(low, 0, max(finding.start, 0))), default=0)
    after = _CLAUSES.search(low, finding.end)
    return start, after.start() if after else len(low)


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
    unit = _LAST_UNIT.search(low)
    if unit:
        return _midnight(now) - timedelta(days=_UNIT_DAYS[unit.group("unit")] if unit.group("unit") else 1)
    past = (match for match in _ON.finditer(low) if _is_past(low, match))
    day = next((_last(match, now) for match in past), None)
    return day if day is not None and day <= now else None


def coming(finding: Finding, said_at: datetime, timezone: str) -> datetime | None:
    """The day to come on which *finding* begins, or is over; `None` when its sentence plans no such thing.

    A plan to move is one already.
    """
    start, stop = _clause(finding)
    low, now = finding.sentence.low[start:stop], _local(said_at, timezone)
    if finding.attribute == "planned_move" or _AS_A_RULE.search(low):
        return None
    for match in (*_ON.finditer(low), *_NEXT_UNIT.finditer(low)):
        tense = _tense(low, match)
        if tense is not None and _plans(tense, match, finding, start):
            day = _next(match, now) if match.re is _ON else _next_unit(match, now)
            return day if day is not None and day > now else None
    return None


def _tense(low: str, date: re.Match[str]) -> re.Match[str] | None:
    """The verb that *date* goes with: the last one in front of it, else the first behind it."""
    found = list(_TENSE.finditer(low))
    before = [match for match in found if match.start() < date.start()]
    behind = [match for match in found if match.start() > date.start()]
    told = [match for match in behind if not match.group("present")]
    return before[-1] if before else next(iter((*told, *behind)), None)


def _is_past(low: str, date: re.Match[str]) -> bool:
    """True for a *date* that is over: "since June", "I started in June", or "in June" without a verb."""
    if date.group("last"):
        return True
    tense = _tense(low, date)
    return not date.group("next") and (tense is None or tense.group("past") is not None)


def _plans(tense: re.Match[str], date: re.Match[str], finding: Finding, start: int) -> bool:
    """True when the verb says that *finding*, in a clause from *start* on, begins (or ends, when it is taken back) on *date*."""
    verb = _planning(tense, date)
    if verb is None or (tense.groupdict().get(f"{verb}_end") and finding.act != "retract" and not finding.replaces):
        return False
    place, after = start + tense.start(verb), start + tense.end(verb)
    if (finding.start if finding.kind else finding.place) <= place < finding.end:
        return True
    if place < finding.place:
        return _leads_on(finding.sentence.low[after : finding.place])
    return not finding.sentence.low[after : start + date.start()].strip()


def _leads_on(between: str) -> bool:
    """True when the words *between* a verb and a value only lead from one to the other."""
    said = re.findall(r"[\w'-]+", between)
    others = sum(word not in _LEADING for word in said)
    return not others or ("as" in said and others <= 3)


def _planning(tense: re.Match[str], date: re.Match[str]) -> str | None:
    """The group of the verb that makes a plan; a present is one behind its date: "from March I work at …"."""
    opened = tense.group("present") and date.re is _ON and date.group("next") and date.start() < tense.start()
    verbs = ("will", "to", "doing", "do", *(["present"] if opened else []))
    return next((verb for verb in verbs if tense.group(verb)), None)


def _last(match: re.Match[str], now: datetime) -> datetime | None:
    """The last day before *now* of which *match* speaks."""
    month, day, year = _named(match)
    if month:
        here = _day(int(year) if year else now.year, month, day or 1, now)
        return here if year or (here is not None and here <= now) else _day(now.year - 1, month, day or 1, now)
    back = (now.weekday() - _weekday(match.group("weekday")) - 1) % 7 + 1
    return _midnight(now) - timedelta(days=back)


def _next(match: re.Match[str], now: datetime) -> datetime | None:
    """The first day from *now* on of which *match* speaks; `None` within the month that it names."""
    month, day, year = _named(match)
    if month:
        begun = month == now.month and day in (None, now.day) and not year
        return None if begun else _coming(now, month, day or 1, year)
    return _midnight(now) + timedelta(days=(_weekday(match.group("weekday")) - now.weekday() - 1) % 7 + 1)


def _next_unit(match: re.Match[str], now: datetime) -> datetime | None:
    if match.group("year"):
        return _day(int(match.group("year")), 1, 1, now)
    if match.group("next"):
        return _unit_end(now, match.group("next"))
    return _midnight(now) + timedelta(days=1 if match.group("tomorrow") else _days(match))


def _named(match: re.Match[str]) -> tuple[int | None, int | None, str | None]:
    """The month, the day in it and the year that *match* names."""
    month = match.group("month") or match.group("month2") or match.group("month3")
    year = match.group("year") or match.group("year2") or match.group("year3")
    day = match.group("day") or match.group("day2")
    return _month(month) if month else None, int(day) if day else None, year


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
