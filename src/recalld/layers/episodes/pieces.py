"""The content words of an episode as pieces of the local vocabulary, so that search can compare words by meaning without the text.

Two bytes a piece; a mark ends each unit: its topics as one, each point, each sentence of the summary. An average episode takes 300 bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recalld.layers.episodes.words import plain_words
from recalld.models.tokens import token_ids
from recalld.values import Episode

END_OF_SENTENCE = 0xFFFF
END_OF_KEY = 0xFFFE  # of a unit that says what the episode is about: its topics, a point
MAX_PIECES = 2_000  # 4 kB: the row stays inside its page

Pieces = NDArray[np.uint16]

_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")
# function words of English; they are similar to everything and would take two fifths of the space
_EMPTY = frozenset(Path(__file__).with_name("function_words.txt").read_text(encoding="utf-8").split())


def pieces_of(episode: Episode) -> bytes:
    """The pieces of an episode as they are stored."""
    keys = _marked((", ".join(episode.topics), *episode.points), END_OF_KEY)
    sentences = _marked(_SENTENCE.split(episode.summary), END_OF_SENTENCE)
    stored = [piece for unit in (*keys, *sentences) for piece in unit]
    return np.array(_whole_units(stored), "<u2").tobytes()


def content_words(text: str) -> list[str]:
    """The words of *text* that carry meaning, each once, in order."""
    return [word for word in dict.fromkeys(plain_words(text)) if word not in _EMPTY]


def _marked(units: Sequence[str], mark: int) -> Iterator[list[int]]:
    for unit in units:
        pieces = token_ids(" ".join(content_words(unit)))
        if pieces:
            yield [*pieces, mark]


def _whole_units(pieces: list[int]) -> list[int]:
    """At most `MAX_PIECES`, without a unit that is cut."""
    kept = pieces[:MAX_PIECES]
    while kept and kept[-1] < END_OF_KEY:
        kept.pop()
    return kept
