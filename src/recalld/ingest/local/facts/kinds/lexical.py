"""Kinds made from the classes of the lexicon."""

from __future__ import annotations

import re
from collections.abc import Iterator

from recalld.ingest.local.facts import lexicon
from recalld.ingest.local.facts.kinds.reading import Kind, Reading
from recalld.ingest.local.facts.lexicon import words
from recalld.ingest.local.facts.phrases import STOP, bare, items, take, up_to_determiner
from recalld.layers.facts.attributes import RELATIONS

_DEGREES = words(
    "proper real keen avid big huge total complete serious absolute bit little some basic fluent decent "
    "conversational native good severe mild of passable broken rusty mg g mcg ml units of tablets"
)


_PLAIN = words("hobby sport instrument music genre language medication supplement condition fear")
"""Classes whose entries say it all: "my best writing" is "writing"; of other classes modifiers are kept ("oat flat white")."""


def animals(text: str, _cased: bool) -> Iterator[Reading]:
    """A list of animals: "a cat and two dogs" → "cat", "two dogs"."""
    for phrase in items(text):
        if phrase and phrase[0].casefold() in ("zero", "0"):
            continue
        kept = _animal(phrase)
        if not kept:
            return
        yield Reading(kept)


def species(text: str, _cased: bool) -> Iterator[Reading]:
    """A check only: the text begins with an animal; its reading says nothing."""
    if _animal(bare(take(text, most=3))):
        yield Reading("")


_ANIMAL_TRAITS = words(
    "second third very old young new little tiny big fat lazy rescue stray senior elderly beloved grumpy lovely "
    "sweet black white ginger other another fluffy crazy spoiled needy"
)


def _animal(phrase: list[str]) -> str:
    while len(phrase) > 1 and phrase[0].casefold() in _ANIMAL_TRAITS:
        phrase = phrase[1:]
    for size in range(min(4, len(phrase)), 0, -1):
        if lexicon.head(phrase[:size], "animal") and size >= len(phrase) - 1:
            return " ".join(phrase[:size])
    for size in range(min(4, len(phrase)), 0, -1):
        if lexicon.head(phrase[:size], "animal"):
            return " ".join(phrase[:size])
    return ""


def lexical(class_name: str) -> Kind:
    """The kind of phrases whose head is an entry of *class_name*."""

    def read(text: str, _cased: bool) -> Iterator[Reading]:
        phrase = bare(take(text, most=5, stop=(STOP | {"or"}) - {"no", "only", "first", "off"}))
        if "and" in phrase and "and" not in phrase[: lexicon.leading(phrase, class_name)]:
            phrase = phrase[: phrase.index("and")]  # unless the entry holds it itself: "gin and tonic"
        phrase = _without_degree(up_to_determiner(phrase))
        for size in range(0 if _somebodys(phrase) else len(phrase), 0, -1):
            if known := lexicon.head(phrase[:size], class_name):
                if any(word.casefold().endswith(("'s", "’s")) for word in phrase[: size - known]):
                    return  # "my brother's got a nut (allergy)"
                yield Reading(" ".join(phrase[size - known if class_name in _PLAIN else 0 : size]))
                return

    return read


def listed(class_name: str) -> Kind:
    """The kind of lists whose members' heads are entries of *class_name*."""

    def read(text: str, _cased: bool) -> Iterator[Reading]:
        for item in items(re.sub(r"^(?:and|or|but|plus|also)\s+", "", text, flags=re.IGNORECASE), most=6):
            phrase = _without_degree(item)
            size = next((n for n in range(len(phrase), 0, -1) if lexicon.head(phrase[:n], class_name)), 0)
            if not size:
                return
            known = lexicon.head(phrase[:size], class_name) if class_name in _PLAIN else size
            yield Reading(" ".join(phrase[size - known : size]))

    return read


def _somebodys(phrase: list[str]) -> bool:
    """True when another person is named in front of the value: "neighbour puppy"."""
    return any(word.casefold().removesuffix("'s") in RELATIONS for word in phrase[:-1])


def _without_degree(phrase: list[str]) -> list[str]:
    """*phrase* without "severe", "a bit of", "50 mg" in front."""
    while len(phrase) > 1 and (phrase[0].casefold() in _DEGREES or phrase[0][0].isdigit()):
        phrase = phrase[1:]
    return phrase


def exact(class_name: str) -> Kind:
    """The kind of phrases that begin with an entry of *class_name*, whole."""

    def read(text: str, _cased: bool) -> Iterator[Reading]:
        phrase = take(text, most=4, stop=frozenset())
        size = lexicon.leading(phrase, class_name)
        if size:
            yield Reading(" ".join(phrase[:size]))

    return read


def whole(class_name: str) -> Kind:
    """The kind of phrases that are an entry of *class_name* from end to end: "finance", not "the finance team"."""

    def read(text: str, _cased: bool) -> Iterator[Reading]:
        phrase = bare(take(text, most=5, stop=(STOP | {"and", "or"})))
        if phrase and lexicon.leading(phrase, class_name) == len(phrase):
            yield Reading(" ".join(phrase))

    return read
