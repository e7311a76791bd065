"""The small language in which the rows of the tables are written.

    {i} live|living in <home_city:place>
    {my} phone_number|number is|=|: <phone_number:phone>
    switched|moved from <-editor:editor> to <editor:editor>

A pattern is a line of words. `a|b_c` are alternatives (`_` is a space), `word?` may be missing, `{name}` is a set of phrases
from `MACROS`, `..` is a gap of up to three words, and `<attribute:kind>` is a slot: a value of that kind (see `kinds.py`)
for that attribute. A `-` before the attribute makes it the value that is given up. `<@*_day:noun>` reads the name of the
attribute itself (the `*` of the template), which slots without an attribute, `<:days>`, then take. `^` ties the pattern to the beginning of
a clause, `$` to the end of the sentence; a element in /slashes/ is a regular expression.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from recalld.ingest.local.facts.lexicon import words

_ADVERBS = "now|still|always|only|just|already|both|all|too|so|very|again|well|then|long|once_more"
_ADVERB_RUN = rf"(?:\s+(?:{_ADVERBS.replace('_', ' ')}))*"

MACROS: Mapping[str, str] = {
    "adv": _ADVERBS,
    "i": rf"(?:i|we){_ADVERB_RUN}",
    "im": rf"(?:(?:i'?m|we're)|(?:i|we)\s+(?:am|are)|(?:i'?ve|we've|(?:i|we)\s+have)\s+been){_ADVERB_RUN}",
    "ive": rf"(?:(?:i'?ve|we've)|(?:i|we)\s+have|i|we){_ADVERB_RUN}",
    "have": (
        rf"(?:(?:i|we){_ADVERB_RUN}\s+(?:have\s+got|have|own|keep|got|possess)|(?:i'?ve|we've){_ADVERB_RUN}\s+got|"
        rf"(?:i'?ve|we've){_ADVERB_RUN})"
    ),
    "got": "got|bought|adopted|purchased|acquired|rescued|ordered|picked_up|inherited|treated_myself_to|leased|got_myself",
    "my": (
        r"(?:my|our)(?:\s+(?:new|own|current|latest|present|main|primary|actual|real|correct|whole|dear|lovely|poor|"
        r"beloved|old|little|personal|private|work))*"
    ),
    "is": "is|'s|are|=|:|has_been|remains|is_now|are_now|is_still|is_actually|is_just|is_always|is_currently|is_definitely",
    "a": "a|an|the|some|another",
    "live": "live|living|reside|residing|dwell",
    "inat": "in|at|near|outside|around|over_in|up_in|down_in|out_in|right_in|just_outside|here_in",
    "new": "new|updated|direct|best|second|other",
    "moved": "moved|relocated|emigrated|immigrated|resettled",
    "fav": "favourite|favorite|fave|fav|all-time_favourite|all-time_favorite|absolute_favourite|absolute_favorite|go-to",
}
_MACRO_TRIGGERS: Mapping[str, frozenset[str]] = {
    "{i}": words("i we"),
    "{im}": words("i im we were ive weve"),
    "{ive}": words("i ive we weve"),
    "{have}": words("i ive we weve"),
    "{my}": words("my our"),
}
_COMMON_WORDS = words("i we i'm im my our a an the is are in at on of to for and am me it be have has had 's = :")
_FIRST_PERSON = re.compile(r"(?<![\w'])(?:i|we|i'm|im|i've|ive|we're|we've|my|our|me|us|mine|myself|name's)(?![\w])")


@dataclass(frozen=True, slots=True)
class Slot:
    """One `<attribute:kind>` of a pattern."""

    attribute: str
    kind: str
    group: str  # name of the regular expression's group
    given_up: bool  # True for `<-attribute:kind>`
    names: bool  # True for `<@template:kind>`


@dataclass(frozen=True, eq=False)
class Pattern:
    """A compiled pattern; the regular expression is built when it is first needed."""

    source: str
    elements: tuple[str, ...] = field(init=False)
    slots: tuple[Slot, ...] = field(init=False)

    def __post_init__(self) -> None:
        elements = tuple(self.source.split())
        object.__setattr__(self, "elements", elements)
        object.__setattr__(
            self, "slots", tuple(_slot(element, n) for n, element in enumerate(elements) if element.startswith("<"))
        )

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The pattern as a regular expression over a sentence in lower case."""
        return re.compile(_regex(self.elements))

    @property
    def anchored(self) -> bool:
        """True when the pattern holds at the beginning of a clause only."""
        return self.elements[0] == "^"

    @cached_property
    def of_mine(self) -> bool:
        """True when it says what something of the speaker's is: "{my} class is …"."""
        return self.elements[0] == "{my}" and any(
            {"{is}", "is", "are"} & set(element.split("|")) for element in self.elements
        )

    @property
    def opens_with_slot(self) -> bool:
        """True when nothing stands in front of the first value."""
        return self.elements[0].startswith("<") or (self.anchored and self.elements[1].startswith("<"))

    @cached_property
    def demands(self) -> tuple[frozenset[str], ...]:
        """Sets of words of each of which a sentence must hold one for the pattern to match."""
        return tuple(found for element in self.elements if (found := _trigger(element)))

    @cached_property
    def triggers(self) -> frozenset[str]:
        """The demand by which the pattern is looked up: the one that is met most rarely; empty when there is none."""
        rare = [found for found in self.demands if not found & _COMMON_WORDS]
        return min(rare or self.demands, key=len, default=frozenset[str]())


def first_person(text: str) -> bool:
    """True when the words name the speaker."""
    return bool(_FIRST_PERSON.search(text))


def _slot(element: str, number: int) -> Slot:
    attribute, _, kind = element.strip("<>?").partition(":")
    return Slot(
        attribute=attribute.lstrip("-@"),
        kind=kind,
        group=f"s{number}",
        given_up=attribute.startswith("-"),
        names=attribute.startswith("@"),
    )


def _regex(elements: tuple[str, ...]) -> str:
    """The elements joined: white space stands in front of each but the first that must be there, behind those before it."""
    elements = _without_open_end(elements)
    parts: list[str] = []
    begun = False
    for number, element in enumerate(elements):
        parts.append(_part(element, number, begun=begun, last=not _slot_closed(elements, number)))
        begun = begun or not (element == "^" or _optional(element))
    return r"(?<![\w'])" + "".join(parts)


def _without_open_end(elements: tuple[str, ...]) -> tuple[str, ...]:
    """The elements up to the last one that must be there: behind an open slot, what may be missing decides nothing."""
    end = len(elements)
    while end > 1 and _optional(elements[end - 1]):
        end -= 1
    return elements[:end]


def _slot_closed(elements: tuple[str, ...], number: int) -> bool:
    """True when a element that must be there follows the one at *number*."""
    return any(not _optional(element) and element != "$" for element in elements[number + 1 :])


def _optional(element: str) -> bool:
    return element == ".." or (element.endswith("?") and not element.startswith("/"))


def _part(element: str, number: int, *, begun: bool, last: bool) -> str:
    if element == "^":
        return ""
    if element == "$":
        return r"\s*[.!?…]*$"
    if element == "..":
        return r"(?:[,:;]?\s+[\w'-]+){0,3}?[,:;]?" if begun else r"(?:[\w'-]+\s+){0,3}?"
    if element.startswith("<"):
        body = rf"(?=(?P<s{number}>\S.*))" if last else rf"(?P<s{number}>[^\s,;:!?()][^,;:!?()]{{0,60}}?)"
        return rf"\s+{body}" if begun else body
    if _optional(element):
        return f"(?:{_words(element[:-1], lead=True)})?" if begun else rf"(?:{_words(element[:-1], lead=False)}\s+)?"
    return _words(element, lead=begun)


def _words(element: str, *, lead: bool) -> str:
    """A element as a group; with *lead*, what separates it from the element before it is part of each alternative."""
    if element.startswith("/"):
        return rf"\s+(?:{element[1:-1]})" if lead else f"(?:{element[1:-1]})"
    parts = [_alternative(part, lead=lead) for part in sorted(_alternatives(element), key=len, reverse=True)]
    return f"(?:{'|'.join(parts)})"


def _alternatives(element: str) -> list[str]:
    """The alternatives of a element, with the phrases of macros in place; a macro that is a regular expression stays whole."""
    found: list[str] = []
    for part in element.split("|"):
        text = MACROS[part.strip("{}")] if part.startswith("{") else part
        found += [text] if "(?" in text else [alternative for alternative in text.split("|") if alternative]
    return found


def _alternative(text: str, *, lead: bool) -> str:
    if text == "$":
        return r"\s*[.!?…]*$"
    if "(?" in text:
        return rf"\s+{text}" if lead else text
    return _literal(text, lead=lead)


def _literal(alternative: str, *, lead: bool) -> str:
    text = r"\s+".join(re.escape(word) for word in alternative.split("_"))
    text = text if text.startswith("'") else text.replace("'", "'?")
    space = "" if not lead else r"\s+" if alternative[0].isalnum() else r"\s*"
    return space + text + (r"(?!\w)" if alternative[-1].isalnum() else "")


def _trigger(element: str) -> frozenset[str]:
    """The first words of an element's alternatives, without apostrophes; empty for what can be missing or is open."""
    if element.endswith("?") or element[0] in "<^$/.":
        return frozenset()
    if element in _MACRO_TRIGGERS:
        return _MACRO_TRIGGERS[element]
    alternatives = _alternatives(element)
    firsts = {re.split(r"[^\w]", part.split("_")[0].replace("'", ""))[0] for part in alternatives}
    return frozenset() if "" in firsts else frozenset(firsts)
