"""What kind of thing a word names: the closed classes of `lexicon.toml`.

Phrases are looked up by their last words, as English puts the head last: "oat flat white" is a coffee because "flat white"
is one, "senior data engineer" a job because "engineer" is one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

LONGEST_ENTRY = 4


def words(text: str) -> frozenset[str]:
    """The set of the words in *text*; a table of words reads better as a paragraph than as a list."""
    return frozenset(text.split())


@cache
def classes() -> Mapping[str, frozenset[str]]:
    """Every class with its entries, lower case."""
    source = resources.files("recalld.ingest.local.facts").joinpath("lexicon.toml").read_text(encoding="utf-8")
    return {name: frozenset(_entries(text)) for name, text in tomllib.loads(source).items()}


def is_a(phrase: str, *names: str) -> bool:
    """True when *phrase* as a whole is an entry of one of the classes, in the singular or the plural."""
    key = phrase.casefold().strip()
    singular = key.removesuffix("s")
    return any(key in classes()[name] or (len(singular) > 3 and singular in classes()[name]) for name in names)


def classes_in(text: str) -> frozenset[str]:
    """The classes of which *text* (lower case) may hold an entry: the last word of one occurs in it."""
    last_words = _by_last_word()
    found: set[str] = set()
    for token in text.split():
        word = token.strip(_EDGES)
        found |= last_words.get(word, _NONE) | last_words.get(word.removesuffix("s"), _NONE)
    return frozenset(found)


_EDGES = "\"'()[]{}*_,;:.!?…<>«»~`¤"
_NONE: frozenset[str] = frozenset()


@cache
def _by_last_word() -> Mapping[str, frozenset[str]]:
    table: dict[str, set[str]] = {}
    for name, entries in classes().items():
        for entry in entries:
            word = entry.split()[-1]
            table.setdefault(word.strip(_EDGES), set()).add(name)
            table.setdefault(word.strip(_EDGES).removesuffix("s"), set()).add(name)
    return {word: frozenset(names) for word, names in table.items()}


def head(phrase: Sequence[str], name: str) -> int:
    """How many words at the end of *phrase* are an entry of class *name*: 2 for "oat flat white" in `coffee`, 0 for none."""
    for size in range(min(LONGEST_ENTRY, len(phrase)), 0, -1):
        if is_a(" ".join(phrase[-size:]), name):
            return size
    return 0


def leading(phrase: Sequence[str], name: str) -> int:
    """How many words at the start of *phrase* are an entry of class *name*."""
    for size in range(min(LONGEST_ENTRY, len(phrase)), 0, -1):
        if is_a(" ".join(phrase[:size]), name):
            return size
    return 0


def _entries(text: str) -> list[str]:
    return [entry for entry in (re.sub(r"\s+", " ", part).strip() for part in text.split(",")) if entry]
