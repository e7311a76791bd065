"""The small language in which the rows of the tables are written.

    {i} live|living in <home_city:place>
    {my} phone_number|number is|=|: <phone_number:phone>
    switched|moved from <-editor:editor> to <editor:editor>

A pattern is a line of words. `a|b_c` are alternatives (`_` is a space), `word?` may be missing, `{name}` is a set of phrases
from `MACROS`, `..` is a gap of up to three words, and `<attribute:kind>` is a slot: a value of that kind (see `kinds.py`)
for that attribute. A `-` before the attribute makes it the value that is given up. `<@*_day:noun>` reads the name of the
attribute itself (the `*` of the template), which slots without an attribute, `<:days>`, then take. `^` ties the pattern to the beginning of
a clause, `$` to the end of the sentence; a token in /slashes/ is a regular expression.
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
    "have": rf"(?:(?:i|we){_ADVERB_RUN}\s+(?:have\s+got|have|own|keep|got|possess)|(?:i'?ve|we've){_ADVERB_RUN}\s+got|(?:i'?ve|we've){_ADVERB_RUN})",
    "got": "got|bought|adopted|purchased|acquired|rescued|ordered|picked_up|inherited|treated_myself_to|leased|got_myself",
    "my": r"(?:my|our)(?:\s+(?:new|own|current|latest|present|main|primary|actual|real|correct|whole|dear|lovely|poor|beloved|old|little|personal|private|work))*",
    "is": "is|'s|are|=|:|has_been|remains|is_now|are_now|is_still|is_actually|is_just|is_always|is_currently|is_definitely",
    "a": "a|an|the|some|another",
    "live": "live|living|reside|residing|dwell",
    "inat": "in|at|near|outside|around|over_in|up_in|down_in|out_in|right_in|just_outside|here_in",
    "new": "new|updated|direct|best|second|other",
    "moved": "moved|relocated|emigrated|immigrated|resettled",
    "fav": "favourite|favorite|fave|fav|all-time_favourite|all-time_favorite|absolute_favourite|absolute_favorite|go-to",
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


@dataclass(frozen=True)
class Pattern:
    """A compiled pattern; the regular expression is built when it is first needed."""

    source: str
    tokens: tuple[str, ...] = field(init=False)
    slots: tuple[Slot, ...] = field(init=False)

    def __post_init__(self) -> None:
        tokens = tuple(self.source.split())
        object.__setattr__(self, "tokens", tokens)
        object.__setattr__(self, "slots", tuple(_slot(token, n) for n, token in enumerate(tokens) if token.startswith("<")))

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The pattern as a regular expression over a sentence in lower case."""
        return re.compile(_regex(self.tokens))

    @property
    def anchored(self) -> bool:
        """True when the pattern holds at the beginning of a clause only."""
        return self.tokens[0] == "^"

    @cached_property
    def triggers(self) -> frozenset[str]:
        """Words one of which must be in a sentence for the pattern to match; empty when there are none."""
        candidates = [found for token in self.tokens if (found := _trigger(token))]
        rare = [found for found in candidates if not found & _COMMON_WORDS]
        return min(rare or candidates, key=len, default=frozenset())


def first_person(text: str) -> bool:
    """True when the words name the speaker."""
    return bool(_FIRST_PERSON.search(text))


def _slot(token: str, number: int) -> Slot:
    attribute, _, kind = token.strip("<>?").partition(":")
    return Slot(
        attribute=attribute.lstrip("-@"),
        kind=kind,
        group=f"s{number}",
        given_up=attribute.startswith("-"),
        names=attribute.startswith("@"),
    )


def _regex(tokens: tuple[str, ...]) -> str:
    """The tokens joined: white space stands in front of each but the first that must be there, behind those before it."""
    tokens = _without_open_end(tokens)
    parts: list[str] = []
    begun = False
    for number, token in enumerate(tokens):
        parts.append(_part(token, number, begun=begun, last=not _slot_closed(tokens, number)))
        begun = begun or not (token == "^" or _optional(token))
    return r"(?<![\w'])" + "".join(parts)


def _without_open_end(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """The tokens up to the last one that must be there: behind an open slot, what may be missing decides nothing."""
    end = len(tokens)
    while end > 1 and _optional(tokens[end - 1]):
        end -= 1
    return tokens[:end]


def _slot_closed(tokens: tuple[str, ...], number: int) -> bool:
    """True when a token that must be there follows the one at *number*."""
    return any(not _optional(token) and token != "$" for token in tokens[number + 1 :])


def _optional(token: str) -> bool:
    return token == ".." or (token.endswith("?") and not token.startswith("/"))


def _part(token: str, number: int, *, begun: bool, last: bool) -> str:
    if token == "^":
        return ""
    if token == "$":
        return r"\s*[.!?…]*$"
    if token == "..":
        return r"(?:\s+[\w'-]+,?){0,3}?" if begun else r"(?:[\w'-]+\s+){0,3}?"
    if token.startswith("<"):
        body = rf"(?=(?P<s{number}>\S.*))" if last else rf"(?P<s{number}>[^\s,;:!?()][^,;:!?()]{{0,60}}?)"
        return rf"\s+{body}" if begun else body
    if _optional(token):
        return f"(?:{_words(token[:-1], lead=True)})?" if begun else rf"(?:{_words(token[:-1], lead=False)}\s+)?"
    return _words(token, lead=begun)


def _words(token: str, *, lead: bool) -> str:
    """A token as a group; with *lead*, what separates it from the token before it is part of each alternative."""
    if token.startswith("/"):
        return rf"\s+(?:{token[1:-1]})" if lead else f"(?:{token[1:-1]})"
    parts = [_alternative(part, lead=lead) for part in sorted(_alternatives(token), key=len, reverse=True)]
    return f"(?:{'|'.join(parts)})"


def _alternatives(token: str) -> list[str]:
    """The alternatives of a token, with the phrases of macros in place; a macro that is a regular expression stays whole."""
    found: list[str] = []
    for part in token.split("|"):
        text = MACROS[part.strip("{}")] if part.startswith("{") else part
        found += [text] if "(?" in text else [alternative for alternative in text.split("|") if alternative]
    return found


def _alternative(text: str, *, lead: bool) -> str:
    if "(?" in text:
        return rf"\s+{text}" if lead else text
    return _literal(text, lead=lead)


def _literal(alternative: str, *, lead: bool) -> str:
    text = r"\s+".join(re.escape(word) for word in alternative.split("_"))
    text = text if text.startswith("'") else text.replace("'", "'?")
    space = "" if not lead else r"\s+" if alternative[0].isalnum() else r"\s*"
    return space + text + (r"(?!\w)" if alternative[-1].isalnum() else "")


def _trigger(token: str) -> frozenset[str]:
    """The first words of a token's alternatives, without apostrophes; empty for what can be missing or is open."""
    if token.endswith("?") or token[0] in "<^$/.":
        return frozenset()
    alternatives = _alternatives(token)
    firsts = {part.split("_")[0].replace("'", "") for part in alternatives}
    return frozenset() if any(not first[:1].isalnum() for first in firsts) else frozenset(firsts)
