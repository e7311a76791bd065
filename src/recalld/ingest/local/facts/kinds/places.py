"""Towns, regions, countries."""

from __future__ import annotations

import re
from collections.abc import Iterator

from recalld.ingest.local.facts import lexicon
from recalld.ingest.local.facts.kinds.ordinary import ORDINARY, TITLES
from recalld.ingest.local.facts.kinds.reading import Reading
from recalld.ingest.local.facts.lexicon import words
from recalld.ingest.local.facts.phrases import STOP, capitalised, take

_NO_PLACE = words(
    """
    bed love hurry trouble charge touch debt pain shock favor favour general case fact progress school college uni
    university town work office house apartment flat home hospital prison church person public private part total
    short doubt need search line order practice theory reality addition agreement class therapy rehab recovery
    quarantine lockdown isolation limbo hell heaven peace fear silence constant stock mind mode shape style season
    session contact transit transition tears stitches awe front back bulk cash full time nature it that this them
    there here english german french spanish what which question doubt advance everything something anything
    software finance marketing sales hr it tech retail healthcare education construction logistics insurance banking
    consulting accounting advertising publishing research academia politics government law medicine engineering
    hospitality tourism real media monday tuesday wednesday thursday friday saturday sunday january february march
    april may june july august september october november december spring summer autumn winter bigger smaller
    cheaper better another new different vegan vegetarian
    """
)
_PLACE_LINKS = words(
    "de del la las los el le les da do dos di am an der den und upon on of the sur al es van sous in by"
)
_PLACE_STARTS = words(
    "new san santa são sao saint st st. los las la el le tel cape buenos rio hong kuala den the port fort mount "
    "north south east west upper lower great bad addis ho salt abu des novi chiang da"
)
_AMBIGUOUS_PLACES = words(
    "nice split bath cork salt reading bali orange victoria lima york darwin madison phoenix mobile bergen go charlotte georgia"
)


def place(text: str, cased: bool) -> Iterator[Reading]:
    """A town, or a region or country (under their own attributes)."""
    text = _inner_place(text)
    phrase = take(
        text,
        stop=STOP | {"and", "or", "with"},
        most=5,
        keep=frozenset(("on", "in", "under", "near", "by")) if text[:1].isupper() else frozenset(),
    )
    found = _known_place(phrase) or _proper_place(phrase, cased)
    if (
        not found
        or found[0].casefold().rstrip(".") in TITLES
        or found[0].casefold() in _NO_PLACE
        or lexicon.is_a(
            " ".join(found),
            "tool",
            "os",
            "editor",
            "diet",
            "weekday",
            "month",
            "carrier",
            "streaming",
            "language",
            "programming",
            "browser",
            "phone",
            "laptop",
            "car",
        )
    ):
        return
    name = " ".join(found)
    yield Reading(name, _place_attribute(name))


def _inner_place(text: str) -> str:
    """The text after "in" of "a small flat in Porto" or "the north of Spain"."""
    inner = re.match(r"(?:a|an|my|our|the)\s+(?:[a-zà-ÿ'-]+\s+){1,5}?(?:in|of|outside|near)\s+(?=\S)", text)
    return text[inner.end() :] if inner else text


def _known_place(phrase: list[str]) -> list[str]:
    size = max(lexicon.leading(phrase, name) for name in ("city", "country", "state"))
    found = phrase[:size]
    if size == 1 and found[0].casefold() in _AMBIGUOUS_PLACES and not capitalised(found[0]):
        return []
    following = phrase[size] if len(phrase) > size else ""
    return [] if size and capitalised(following) and capitalised(found[0]) else found


def _proper_place(phrase: list[str], cased: bool) -> list[str]:
    found: list[str] = []
    for number, word in enumerate(phrase):
        if (
            found
            and word.casefold() in _PLACE_LINKS
            and lexicon.is_a(" ".join(phrase[number + 1 :][:1]), "month", "weekday")
        ):
            break
        if (capitalised(word) and not word.isdigit()) or (found and word.casefold() in _PLACE_LINKS):
            found.append(word)
        else:
            break
    while found and not capitalised(found[-1]):
        found.pop()
    if found or cased or not phrase:
        return [] if found and found[0].casefold() in ("the", "a", "i") and len(found) == 1 else found
    size = 2 if phrase[0].casefold() in _PLACE_STARTS and len(phrase) > 1 else 1
    found = phrase[:size]
    return (
        found
        if all(re.fullmatch(r"[^\W\d_][\w'’.-]+", word) and word.casefold() not in ORDINARY for word in found[-1:])
        else []
    )


def _place_attribute(name: str) -> str | None:
    if lexicon.is_a(name, "country"):
        return "home_country"
    if lexicon.is_a(name, "state") and not lexicon.is_a(name, "city"):
        return "home_state"
    return None


def town(text: str, cased: bool) -> Iterator[Reading]:
    """A place that can hardly be anything else: a known one, or a capitalised name."""
    for reading in place(text, cased):
        if lexicon.is_a(reading.value, "city", "country", "state") or (cased and capitalised(reading.value)):
            yield reading
