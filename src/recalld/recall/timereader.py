"""Reads time expressions: phrases of the grammar, joined by containment, under operators and as ends of ranges.

Phrases join where one contains the other: "Tuesday" in "last week", "March" in "2024", "morning" of "yesterday". Operators
stand in front of an expression: "early …", "the week of …", "since …", "between … and …".

Names that come back stand for the most recent one. Inside a container, or as the first end of a range, they stand for the
most recent one before its end: that is done by moving `Moment.before` and reading the same words again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Literal, cast

from recalld.recall import calendar
from recalld.recall.calendar import PARTS_OF_DAY, WEEKDAYS, Span, Unit, days, unit_of
from recalld.recall.clocktime import CLOCK_OF, LATER_CLOCK, SINCE_CLOCK, clock_span, clock_time
from recalld.recall.timegrammar import (
    COUNT,
    FEW,
    PART,
    PHRASES,
    WEEKDAY,
    Force,
    Kind,
    Moment,
    Reading,
    count_of,
    kind_of,
    pattern,
)

DAY_KINDS = frozenset({"day", "weekday", "date", "monthday", "holiday"})
_FITS_INSIDE: dict[Kind, frozenset[Kind]] = {
    "weekday": frozenset({"week"}),
    "monthday": frozenset({"month"}),
    "date": frozenset({"year"}),
    "holiday": frozenset({"year"}),
    "month": frozenset({"year"}),
    "quarter": frozenset({"year"}),
    "season": frozenset({"year"}),
}

# ---------------------------------------------------------------- operators and joins
_FRAME = re.compile(r"(?P<word>between|from)(?: the)? ")
_AND = re.compile(r" (?P<word>and|or|to|until|through|-)(?: the)? ")
_TO = re.compile(r" (?P<word>to|until|through|up to|-)(?: the)? ")
_NOW = pattern(r"now|present|the present(?: day)?|date")
_THIS = pattern(r"(?:the )?(?P<unit>week|month|quarter|year)")
_SINCE = pattern(r"(?:ever )?since|starting(?: on| from| in)?|from")
_ONWARDS = re.compile(r" (?:on(?= [,.?!:;]|$)|onwards?|until now|to now|up to now)(?= |$)")
_BEFORE = pattern(r"before|prior to|earlier than")
_AFTER = pattern(r"after|following|later than")
_UNTIL = pattern(r"(?:up )?until|up to(?: and including)?|no later than")
_AROUND = pattern(r"(?:sometime )?around|round(?: about)?|circa|approximately|roughly")
_INTO = re.compile(r" (?:in |on |at |of |during |over )?(?:the )?")
_THIRD = pattern(
    r"(?:(?:towards?|near) )?(?:the )?(?:very )?(?P<third>early|mid|late)(?: -| on)?(?: part)?(?: (?:of|in|on))?"
)
_HALF = pattern(r"(?:the )?(?P<n>1st|2nd|latter) half of")
_NTH_OF = pattern(
    rf"(?:the )?(?P<n>1st|2nd|3rd|4th|5th|last|final) (?:(?P<count>{COUNT}|few) )?"
    rf"(?P<unit>days?|weeks?|weekend|month|quarter|{WEEKDAY}) (?:of|in)"
)
_WEEK_OF = pattern(
    r"(?:the |that )?(?P<unit>week|weekend|month|year|day) (?:of|containing|around|including|early|starting|commencing)(?: on| with| from)?"
)
_BESIDE = pattern(
    rf"(?:the |last )?(?:(?P<n>{COUNT}) )?(?P<what>days?|weeks?|fortnights?|weekends?|months?|years?|{PART}|{WEEKDAY}) "
    r"(?P<side>before|after|prior to|following)"
)
_PART_OF = pattern(rf"(?:(?:in|on|during) )?(?:the )?(?:early |late |mid )?(?P<part>{PART})(?: (?:of|on))?")
_LATER_PART = re.compile(rf" (?:, )?(?:in the |during the |at |late |early |late in the )?(?P<part>{PART})(?= |$)")
_JOIN_OUT = re.compile(r" (?:, |of |in |from |in the |of the |during )?")
_JOIN_IN = re.compile(r" (?:, |'s |on |on the |in |in the |at |during |the )?")


_OPERATORS = (
    _SINCE,
    SINCE_CLOCK,
    _BEFORE,
    _AFTER,
    _UNTIL,
    _AROUND,
    _THIRD,
    _HALF,
    _NTH_OF,
    _WEEK_OF,
    _BESIDE,
    _PART_OF,
    CLOCK_OF,
    _FRAME,
)
_ALL = [opening.pattern for opening in (*_OPERATORS, *(words for words, _ in PHRASES))]
_OPENING = re.compile(
    "|".join(re.sub(r"\(\?P<\w+>", "(?:", opening) for opening in _ALL)
)  # most words open nothing: one look tells
_DEEPEST = 4  # operators under operators: "since the end of the week before Easter" has three


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads expressions in a text of grammar words with single spaces between them."""

    text: str
    moment: Moment
    depth: int = 0  # of operators around this reading
    known: dict[tuple[int, int], Reading | None] = field(
        default_factory=dict["tuple[int, int]", "Reading | None"]
    )  # by place and depth

    # -------------------------------------------------------- what may stand at a place
    def expression(self, at: int) -> Reading | None:
        """The longest expression that begins at *at*, ranges and open ranges included."""
        if not _OPENING.match(self.text, at):
            return None
        try:
            return _longest(self._range(at), self._open(at), self.period(at))
        except (ValueError, OverflowError):
            return None  # before the first year or after the last: "9999 years ago"

    def period(self, at: int) -> Reading | None:
        """The longest period that begins at *at*: phrases, joined or under operators like "early" and "the week of"."""
        if self.depth > _DEEPEST or not _OPENING.match(self.text, at):
            return None
        place = (at, self.depth)  # read once, however many operators ask for it
        if place not in self.known:
            operators = (
                self._third,
                self._half,
                self._nth_of,
                self._week_of,
                self._beside,
                self._part_of,
                self._clock_of,
                self._around,
            )
            self.known[place] = _longest(self._joined(at), *(operator(at) for operator in operators))
        return self.known[place]

    def phrase(self, at: int) -> Reading | None:
        """The longest phrase of the table that begins at *at*."""
        found: Reading | None = None
        for words, read in PHRASES if _OPENING.match(self.text, at) else ():
            m = words.match(self.text, at)
            if m and (found is None or m.end() > found.end):
                reading = read(m, self.moment)
                found = replace(reading, end=m.end()) if reading else found
        return found

    def until(self, before: date) -> Reader:
        """The same text, names standing for the most recent one before a day."""
        return Reader(self.text, replace(self.moment, before=before), self.depth + 1)

    def behind(self, pattern: re.Pattern[str], at: int) -> tuple[re.Match[str], Reading] | None:
        """An operator's words at *at* and the period behind them."""
        m = pattern.match(self.text, at)
        into = m and _INTO.match(self.text, m.end())
        if not m or not into:
            return None
        reader = Reader(self.text, self.moment, self.depth + 1, self.known)
        inner = reader.period(into.end()) or (reader.period(m.end() + 1) if into.end() > m.end() + 1 else None)
        return (m, inner) if inner else None

    # -------------------------------------------------------- joins
    def _joined(self, at: int) -> Reading | None:
        reading = self.phrase(at)
        while reading is not None:
            longer = self._contained(at, reading) or self._containing(reading) or self._narrowed(reading)
            if longer is None or longer.end <= reading.end:
                return reading
            reading = longer
        return None

    def _contained(self, at: int, inner: Reading) -> Reading | None:
        """The name with its container behind: "Tuesday" + "last week", "March" + "of 2024"."""
        if inner.kind not in _FITS_INSIDE:
            return None
        join = _JOIN_OUT.match(self.text, inner.end)
        outer = join and self.phrase(join.end())
        if not outer or outer.kind not in _FITS_INSIDE[inner.kind]:
            return None
        again = self.until(outer.span.last + timedelta(days=1)).phrase(at)
        if not again or not outer.span.holds(again.span):
            return None
        return replace(again, end=outer.end, force=_stronger(inner, outer), kind=_joined_kind(inner.kind), name=False)

    def _containing(self, outer: Reading) -> Reading | None:
        """The container with its name behind: "last week" + "on Tuesday", "last year" + "in March"."""
        if outer.kind not in ("week", "month", "year"):
            return None
        for join in (_JOIN_IN.match(self.text, outer.end), re.compile(" ").match(self.text, outer.end)):
            inner = join and self.until(outer.span.last + timedelta(days=1)).phrase(join.end())
            if inner and outer.kind in _FITS_INSIDE.get(inner.kind, ()) and outer.span.holds(inner.span):
                return replace(inner, force=_stronger(inner, outer), kind=_joined_kind(inner.kind), name=False)
        return None

    def _narrowed(self, day: Reading) -> Reading | None:
        """The day with a part of it: "yesterday" + "after 6pm", "Tuesday" + "in the morning"."""
        m = _LATER_PART.match(self.text, day.end) if day.kind in DAY_KINDS else None
        if m:
            return replace(
                day, span=calendar.part_of_day(day.span.first, m["part"]), kind="part", end=m.end(), name=False
            )
        m = LATER_CLOCK.match(self.text, day.end) if day.kind in DAY_KINDS or day.kind == "part" else None
        span = m and clock_span(m, day.span)
        return replace(day, span=span, kind="clock", end=m.end(), name=False) if m and span else None

    # -------------------------------------------------------- operators within a period
    def _third(self, at: int) -> Reading | None:
        m = _THIRD.match(self.text, at)
        if not m:
            return None
        found = self.behind(_THIRD, at)
        this = _THIS.match(self.text, m.end() + 1)
        if found is None and this:
            span = unit_of(cast("Unit", this["unit"]), self.moment.today)
            found = m, Reading(span, cast("Kind", this["unit"]), "open", end=this.end())
        if found is None:
            return None
        cut = _third_of(found[1], m["third"])
        if cut and cut.start > self.moment.now and found[1].force == "name":
            earlier = self.until(found[1].span.first).behind(_THIRD, at)
            cut = (earlier and _third_of(earlier[1], m["third"])) or cut
        return cut and replace(found[1], span=cut, kind="part" if found[1].kind == "part" else "range", name=False)

    def _half(self, at: int) -> Reading | None:
        found = self.behind(_HALF, at)
        if not found or found[1].kind in DAY_KINDS | {"part", "clock"}:
            return None
        m, whole = found
        return replace(whole, span=calendar.half(whole.span, second=m["n"] != "1st"), kind="range", name=False)

    def _nth_of(self, at: int) -> Reading | None:
        m = _NTH_OF.match(self.text, at)
        if not m:
            return None
        found = self.behind(_NTH_OF, at)
        this = re.compile(r"(?:the )?(month|year|quarter)(?= |$)").match(self.text, m.end() + 1)
        if found is None and this:
            found = m, Reading(unit_of(cast("Unit", this[1]), self.moment.today), "month", "open", end=this.end())
        if not found:
            return None
        cut = _nth_in(m, found[1].span)
        if cut and cut.start > self.moment.now and found[1].force == "name":
            earlier = self.until(found[1].span.first).behind(_NTH_OF, at)
            cut = (earlier and _nth_in(m, earlier[1].span)) or cut
        one_day = m["unit"] in WEEKDAYS or m["unit"] == "day"
        return cut and replace(found[1], span=cut, kind="day" if one_day and not m["count"] else "range", name=False)

    def _week_of(self, at: int) -> Reading | None:
        found = self.behind(_WEEK_OF, at)
        if not found:
            return None
        unit = cast("Unit", found[0]["unit"])
        return replace(found[1], span=unit_of(unit, found[1].span.first), kind=kind_of(unit), name=False)

    def _beside(self, at: int) -> Reading | None:
        found = self.behind(_BESIDE, at)
        if not found:
            return None
        m, other = found
        what, count = m["what"], count_of(m["n"] or "a")
        if what.startswith("fortnight"):
            what, count = "week", 2 * count
        back = m["side"] in ("before", "prior to")
        edge = other.span.first if back else other.span.last
        if what in WEEKDAYS:
            day = calendar.last_weekday(WEEKDAYS.index(what), edge if back else edge + timedelta(days=8))
            span = days(day, day)
        elif what in PARTS_OF_DAY:
            span = calendar.part_of_day(edge + timedelta(days=-1 if back else 1), what)
        else:
            span = calendar.shift(cast("Unit", what.removesuffix("s")), edge, -count if back else count)
        return replace(other, span=span, kind="range", name=False)

    def _part_of(self, at: int) -> Reading | None:
        found = self.behind(_PART_OF, at)
        if not found or found[1].kind not in DAY_KINDS:
            return None
        return replace(
            found[1], span=calendar.part_of_day(found[1].span.first, found[0]["part"]), kind="part", name=False
        )

    def _clock_of(self, at: int) -> Reading | None:
        found = self.behind(CLOCK_OF, at)
        if not found or found[1].kind not in DAY_KINDS | {"part"}:
            return None
        span = clock_span(found[0], found[1].span)
        if span and found[0]["side"] == "since":
            return self._from(replace(found[1], span=span, name=False), found[1].end)
        return span and replace(found[1], span=span, kind="clock", name=False)

    def _around(self, at: int) -> Reading | None:
        found = self.behind(_AROUND, at)
        if not found or found[1].kind in ("part", "clock"):
            return found and found[1]
        margin = timedelta(days=3)
        span = days(found[1].span.first - margin, found[1].span.last + margin)
        return replace(found[1], span=span, kind="range")

    # -------------------------------------------------------- ranges
    def _range(self, at: int) -> Reading | None:
        """From the start of A to the end of B: "between A and B", "from A to B", "A through B"."""
        frame = _FRAME.match(self.text, at)
        start = frame.end() if frame else at
        first = self.period(start)
        join = first and (_AND if frame is None or frame["word"] == "between" else _TO).match(self.text, first.end)
        if not first or not join:
            return None
        now = _NOW.match(self.text, join.end())
        if now:
            return self._from(first, now.end())
        last = self.period(join.end())
        alike = last and (last.kind == first.kind or {last.kind, first.kind} <= DAY_KINDS)
        if last is None or (frame is None and join["word"] in ("and", "or") and not alike):
            return None
        return self._spanning(start, join.end(), last) or (_hull(first, last) if frame else None)

    def _spanning(self, start: int, middle: int, last: Reading) -> Reading | None:
        """The most recent last end, and the first end before it; for "last Monday to Wednesday" the Wednesday that follows."""
        later = self.until(self.moment.today + timedelta(days=1)).period(middle)
        for end in (last, later):
            first = end and self.until(end.span.last + timedelta(days=1)).period(start)
            if end and first and first.span.start < end.span.start:
                return Reading(first.span.to(end.span), "range", _stronger(first, end), end.end)
        return None

    def _from(self, first: Reading, end: int) -> Reading | None:
        if first.span.start >= self.moment.now:
            return None
        return Reading(Span(first.span.start, self.moment.now), "range", "past", end, first.name)

    def _open(self, at: int) -> Reading | None:
        """Open at one side: "since A", "from A on", "after A", "before A", "until A"."""
        clock = SINCE_CLOCK.match(self.text, at)
        if clock and (start := clock_time(clock["clock"], unit_of("day", self.moment.today))):
            return self._from(Reading(Span(start, start), "clock", "past"), clock.end())
        since = self.behind(_SINCE, at)
        if since and (since[0][0] != "from" or _ONWARDS.match(self.text, since[1].end)):
            onwards = _ONWARDS.match(self.text, since[1].end)
            return self._from(since[1], onwards.end() if onwards else since[1].end)
        for operator, span_of in _OPEN.items():
            found = self.behind(operator, at)
            if found and found[1].kind != "clock":
                span = span_of(found[1].span, self.moment)
                return replace(found[1], span=span, kind="range") if span.start < span.end else None
        return None


_OPEN: dict[re.Pattern[str], Callable[[Span, Moment], Span]] = {
    _AFTER: lambda whole, moment: Span(whole.end, moment.now),
    _BEFORE: lambda whole, moment: Span(moment.epoch, whole.start),
    _UNTIL: lambda whole, moment: Span(moment.epoch, whole.end),
}


def _hull(first: Reading, last: Reading) -> Reading:
    """Both ends in the order in which they lie: on a Wednesday, "last Monday" is later than "last Wednesday"."""
    span = Span(min(first.span.start, last.span.start), max(first.span.end, last.span.end))
    return Reading(span, "range", _stronger(first, last), last.end)


def _longest(*readings: Reading | None) -> Reading | None:
    return max((reading for reading in readings if reading), key=lambda reading: reading.end, default=None)


def _joined_kind(inner: Kind) -> Kind:
    return "day" if inner in DAY_KINDS else inner


def _stronger(a: Reading, b: Reading) -> Force:
    return "past" if "past" in (a.force, b.force) else "open" if "open" in (a.force, b.force) else "name"


def _third_of(whole: Reading, which: str) -> Span | None:
    third = cast("Literal['early', 'mid', 'late']", which)
    if whole.kind in ("part", "clock"):
        return whole.span
    if whole.kind in DAY_KINDS:
        hours = {"early": (0, 12), "mid": (12, 17), "late": (17, 24)}[third]
        return Span(*(calendar.at_hour(whole.span.first, hour) for hour in hours))
    length = (whole.span.last - whole.span.first).days + 1
    unit = "week" if length == 7 else "month" if 28 <= length <= 31 else "year" if length >= 365 else "season"
    return calendar.third(whole.span, third, unit) if unit != "season" or 89 <= length <= 92 else None


def _nth_in(m: re.Match[str], whole: Span) -> Span | None:
    """The first week (its days 1 to 7), last weekend, second Tuesday, first three days … of a longer span."""
    unit, last = m["unit"].removesuffix("s"), m["n"] in ("last", "final")
    n = 1 if last else int(m["n"][0])
    if unit in ("day", "week"):
        several = m["count"] == "few" or (not m["count"] and m["unit"].endswith("s"))
        count = (FEW if several else count_of(m["count"] or "a")) * (7 if unit == "week" else 1)
        first = whole.last - timedelta(days=count * n - 1) if last else whole.first + timedelta(days=count * (n - 1))
        span = days(first, first + timedelta(days=count - 1))
    elif unit in ("month", "quarter"):
        exact = cast("Unit", unit)
        span = unit_of(exact, whole.last) if last else calendar.shift(exact, whole.first, n - 1)
    else:
        weekday = 5 if unit == "weekend" else WEEKDAYS.index(unit)
        edge = whole.last + timedelta(days=1) if last else whole.first + timedelta(days=7)
        day = calendar.last_weekday(weekday, edge) + timedelta(days=0 if last else 7 * (n - 1))
        span = days(day, day + timedelta(days=1 if unit == "weekend" else 0))
    return span if whole.holds(span) else None
