"""A day, time, date or sum said anew without its name: "we're on Thursdays now", "pushed back to half past ten".

Which attribute it is of, the names tell that the user already has facts under: the one whose words the message holds
("rehearse" and `rehearsal_day`), else the only one of the kind. Where two would fit, nothing is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from recalld.ingest.local.facts.findings import Finding
from recalld.ingest.local.facts.kinds import kind
from recalld.ingest.local.facts.lexicon import words
from recalld.ingest.local.facts.mood import Mood
from recalld.ingest.local.facts.sentences import Sentence
from recalld.ingest.local.facts.settle import slips_put_right
from recalld.layers.facts.attributes import RELATIONS

_MOVED = (
    r"\b(?:moved|moving|shift(?:ed|ing)|switch(?:ed|ing)|chang(?:ed|ing)|swap(?:ped|ping)|push(?:ed|ing)|reschedul(?:ed|ing)|"
    r"postponed|extended|brought|put|went|gone|going|slid|slipped|raised|cut|up|down|back|over) "
    r"(?:\w+ ){0,3}?(?:to|until|till|on|onto|in|into) (?:the |a )?"
)
_GRANTED = r"\b(?:gave|given|granted|allowed) (?:me|us) (?:time )?(?:until|till|up to) (?:the )?"
_NOW = (
    r"\b(?:it's|its|it is|we're|we are|i'm|i am|that's|they're|is|are|'s|now|make (?:it|that)) "
    r"(?:now |only |just )?(?:on |at |in |from )?(?:the )?"
)
_NEW_DATE = r"\b(?:the |our |my )?new (?:\w+ )?(?:date|day|deadline)(?:'s| is|:| =|,)?(?: now)?(?: on)? (?:the )?"
_WITH = (
    r"\b(?:(?:i'm|i am|we're|we are|now|finally|gone|went|signed(?: up)?|switched|moved|back) (?:now |finally |over |back )?with|"
    r"(?:switched|moved|changed|ported|defected)(?: \w+){0,2}? to|joined|signed up (?:at|to)) (?:the )?"
)
_GO_TO = r"\b(?:i|we) (?:now )?(?:go|see|am|come) (?:now )?(?:to |with )?(?=(?:dr|prof|mr|mrs|ms)\b)"
_CALLED = (
    r"\b(?:(?:we're|we are|it's|it is)(?: now)?(?: called)?|renamed (?:it |ours |ourselves )?(?:to |as )?|new name(?: is|:)?|"
    r"(?:are|is) now called|rebranded (?:as|to)) "
)
_SINCE = re.compile(
    r"\s*(?:now|instead|from now on|from here on|these days|again|(?:this|last|in (?:the )?)\s?(?:term|season|year|month|week|spring|"
    r"summer|autumn|winter|january|february|march|april|may|june|july|august|september|october|november|december)\b|since\b|as of|signed)"
)


@dataclass(frozen=True, slots=True)
class _Renewal:
    """How a new value of some attributes is said without their name."""

    names: frozenset[str]  # the attributes, or the last words of their names
    kind: str
    patterns: tuple[re.Pattern[str], ...]  # what stands in front of the value and says that it is new by itself
    with_now: tuple[re.Pattern[str], ...] = ()  # the same, where "now" or the like must be said too


def _renewal(names: str, kind_name: str, patterns: Sequence[str], with_now: Sequence[str] = ()) -> _Renewal:
    return _Renewal(words(names), kind_name, tuple(map(re.compile, patterns)), tuple(map(re.compile, with_now)))


_RENEWALS = (
    _renewal("day days", "days", [_MOVED], [_NOW]),
    _renewal("time", "clocktime", [_MOVED], [_NOW]),
    _renewal("deadline date anniversary", "date", [_MOVED, _GRANTED, _NEW_DATE], [_NOW]),
    _renewal("budget rent salary rate", "money", [_MOVED], [_NOW]),
    _renewal("language", "language!", [_MOVED], [_NOW]),
    _renewal("doctor dentist vet therapist manager", "titled", [_WITH, _MOVED], [_NOW, _GO_TO]),
    _renewal(
        "bank gym club employer internet_provider mobile_provider energy_provider insurance favorite_team",
        "firm",
        [],
        [_WITH],
    ),
    _renewal("project band business newsletter podcast", "firm", [r"\brenamed (?:it |ours )?(?:to |as )?"], [_CALLED]),
)


def renewed(sentences: Sequence[Sentence], known: Sequence[str], told: Sequence[Finding]) -> Iterator[Finding]:
    """What *sentences* (the user's own) say of attributes in *known*; those that *told* gives a value are left alone."""
    spoken_of = {finding.attribute for finding in told if finding.act != "retract"}
    taken = {finding.value.casefold() for finding in told}
    by_message: dict[int, list[Sentence]] = {}
    for sentence in sentences if known else ():
        by_message.setdefault(sentence.seq, []).append(sentence)
    for renewal in _RENEWALS:
        names = [name for name in known if _of(renewal, name)]
        if not names or any(_of(renewal, attribute) for attribute in spoken_of):
            continue
        for said in by_message.values():
            name = _meant(names, " ".join(sentence.low for sentence in said))
            found = next(_values(said, renewal, taken), None) if name else None
            if name and found:
                yield from slips_put_right([_finding(name, renewal.kind, *found)], said)


def _of(renewal: _Renewal, name: str) -> bool:
    return not renewal.names.isdisjoint((name, name.rpartition("_")[2]))


def _meant(names: Sequence[str], heard: str) -> str | None:
    """The one of *names* that the words *heard* speak of, or the only one there is."""
    spoken = [name for name in names if any(re.search(rf"\b{word[:5]}", heard) for word in _telling(name))]
    candidates = spoken or names
    return candidates[0] if len(candidates) == 1 else None


def _telling(name: str) -> list[str]:
    """The words of *name* that tell it from others of its kind."""
    told = name.split("_")
    return [word for word in (told[:-1] or told) if len(word) > 3]


def _values(said: Sequence[Sentence], renewal: _Renewal, taken: set[str]) -> Iterator[tuple[Sentence, int, str]]:
    """Values of the kind that the message says are so from now on."""
    for sentence in said:
        mood = Mood(sentence)
        for pattern in (*renewal.patterns, *renewal.with_now):
            for match in pattern.finditer(sentence.low):
                place = match.end()
                reading = next(iter(kind(renewal.kind)(sentence.text[place:], True)), None)
                if reading is None or reading.value.casefold() in taken or not _asserted(mood, place):
                    continue
                begin = sentence.text.find(reading.value, place)
                end = begin + len(reading.value)
                if begin >= 0 and (pattern in renewal.patterns or _is_new(sentence.low, match, end)):
                    yield sentence, begin, reading.value


_HEARSAY = re.compile(r"\b(?:says?|said|told|thinks?|thought|wrote|claims?|reckons?|asks?|asked)\b")


def _asserted(mood: Mood, place: int) -> bool:
    """True when the words at *place* are meant and the user's own; "they" may well be who moved the user's rehearsal."""
    if mood.asked(place) or mood.supposed(place) or mood.ironic:
        return False
    before = mood.prefix(place)
    others = (word.partition("'")[0] in RELATIONS - _DECIDERS for word in re.findall(r"[\w']+", before))
    return not (_HEARSAY.search(before) or any(others))


_DECIDERS = words("boss manager teacher coach supervisor landlord colleague colleagues")


def _is_new(low: str, match: re.Match[str], end: int) -> bool:
    """True when "now" or the like stands in front of a value or behind it."""
    return bool(
        _SINCE.match(low, end)
        or re.search(r"\b(?:now|finally|again|back)\b", match.group())
        or re.match(r",? signed", low[end:])
    )


def _finding(name: str, kind_name: str, sentence: Sentence, place: int, value: str) -> Finding:
    return Finding(
        attribute=name, value=value, sentence=sentence, place=place, end=place + len(value),
        kind=kind_name, start=place, confidence=0.7,
    )  # fmt: skip
