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
