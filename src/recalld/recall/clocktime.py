"""Clock times in a day: "after 6pm", "between 2 and 4", "at noon"."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from recalld.recall import calendar
from recalld.recall.calendar import Span
from recalld.recall.timegrammar import pattern

_HALF = r"(?:(?: ?o'clock)? (?:in the (?:morning|afternoon|evening)|at night))"
_CLOCK = rf"(?:\d{{1,2}}(?::\d\d)?(?:{_HALF}| ?(?:am|pm|o'clock|h))?|noon|midnight)"
_SURE_CLOCK = (
    rf"(?:\d{{1,2}}(?::\d\d)?{_HALF}|\d{{1,2}}:\d\d(?: ?(?:am|pm))?|\d{{1,2}} ?(?:am|pm|o'clock)|noon|midnight)"
)
# a bare number is a clock time only where no noun follows: "before 9", not "before 9 guests"
_BARE_CLOCK = rf"(?:{_SURE_CLOCK}|\d{{1,2}}(?= [^\w ]| (?:what|which|who|where|did|do|have|i|we|you|about|regarding|re|my|the)(?: |$)|$))"

# in front of a day: "after 6pm" yesterday
CLOCK_OF = pattern(
    rf"(?P<side>after|before|since|from|until|by) (?P<a>{_CLOCK})|(?:at )?(?P<near>around|at about) (?P<n>{_CLOCK})"
    rf"|(?:at )?(?P<at>{_SURE_CLOCK})|(?:between|from) (?P<b>{_CLOCK}) (?:and|to|until|-) (?P<c>{_CLOCK})"
)
# behind a day: yesterday "after 6pm"
LATER_CLOCK = re.compile(
    rf" (?:, )?(?:(?P<side>after|before|since|from|until) (?P<a>{_BARE_CLOCK})|(?:at )?(?P<near>around|about) (?P<n>{_BARE_CLOCK})"
    rf"|(?:at |@ )(?P<at>{_BARE_CLOCK})|(?P<sure>{_SURE_CLOCK})"
    rf"|(?:(?:between|from) (?P<b>{_CLOCK}) (?:and|to|until|-) (?P<c>{_BARE_CLOCK})|(?P<d>{_CLOCK}) - (?P<e>{_SURE_CLOCK})))(?= |$)"
)
SINCE_CLOCK = pattern(rf"(?:ever )?since (?P<clock>{_SURE_CLOCK})")


_CLOCK_PARTS = re.compile(
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d\d))?(?: ?o'clock)?"
    r"(?: (?P<part>in the (?:morning|afternoon|evening)|at night)| ?(?P<half>[ap]))?"
)


def clock_span(m: re.Match[str], within: Span) -> Span | None:
    """The part of *within* that a clock time cuts out: after, before, between, around, or that hour."""
    groups = m.groupdict()
    first, last = groups.get("b") or groups.get("d"), groups.get("c") or groups.get("e")
    if first and last:
        start, end = clock_time(first, within, like=last), clock_time(last, within)
        return Span(start, end) if start and end and start < end else None
    at = clock_time(groups.get("a") or groups.get("n") or groups.get("at") or groups.get("sure") or "", within)
    if at is None:
        return None
    hour = timedelta(hours=1)
    match groups.get("side") or groups.get("near"):
        case "after" | "since" | "from":
            return Span(at, within.end) if at < within.end else None
        case "before" | "until" | "by":
            return Span(within.start, at) if within.start < at else None
        case "around" | "about" | "at about":
            return Span(at - hour, at + hour)
        case _:
            return Span(at, at + hour)


def clock_time(words: str, within: Span, like: str = "") -> datetime | None:
    """When a clock shows *words* within a span; without am or pm, 1 to 6 are in the afternoon, as far as the span lets them."""
    if words in ("noon", "midnight"):
        return calendar.at_hour(within.first, 12 if words == "noon" else 24)
    m = _CLOCK_PARTS.match(words)
    hour = int(m["hour"]) if m else 25
    if not m or hour > 24:
        return None
    half = _half_of_day(m) or _half_of_day(_CLOCK_PARTS.match(like))
    hours = hour + int(m["minute"] or 0) / 60
    choices = [hours % 12 + (12 if half == "p" else 0)] if half and hour <= 12 else _unsure(hours)
    times = [calendar.at_hour(within.first, choice + night) for night in (0, 24) for choice in choices]
    return next((time for time in times if within.start <= time <= within.end), None)


def _half_of_day(m: re.Match[str] | None) -> str:
    """The "a" of am, the "p" of pm; empty when nothing tells. Two "at night" is am, ten is pm."""
    if m is None:
        return ""
    if m["part"]:
        return "a" if m["part"].endswith("morning") or (m["part"] == "at night" and int(m["hour"]) % 12 < 5) else "p"
    return m["half"] or ""


def _unsure(hours: float) -> list[float]:
    return [hours + 12, hours] if 1 <= hours < 7 else [hours, hours + 12] if hours < 12 else [hours]
