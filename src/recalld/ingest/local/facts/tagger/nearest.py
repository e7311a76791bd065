"""Which of the values that are known of a user a message may end: those whose words come closest to its words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recalld.layers.episodes.wording import Floats, Vectors, normalised, piece_table
from recalld.models.threads import one_thread
from recalld.models.tokens import pieces_of_each

MOST = 8  # known values that are read with a message
_MOST_PIECES = 200  # of a message; what it ends it names early or late
_AT_A_TIME = 500  # known values that are compared at a time: about 4 MB


def nearest(known: Sequence[tuple[str, str]], message: str) -> Sequence[tuple[str, str]]:
    """At most MOST of *known*, pairs of attribute and value, the nearest first: the tagger reads so many tokens of them.

    A value is as close to a message as its pieces, and those of its attribute's name, are on average to the closest piece there.
    """
    said = _pieces(message)[:_MOST_PIECES]
    if not said or not known:
        return known[:MOST]
    one_thread()
    words = normalised(piece_table().vectors[said])
    scores = np.concatenate(
        [_close(known[start : start + _AT_A_TIME], words) for start in range(0, len(known), _AT_A_TIME)]
    )
    best: list[int] = np.argsort(-scores, kind="stable")[:MOST].tolist()
    return [known[place] for place in best]


def _close(known: Sequence[tuple[str, str]], words: Vectors) -> Floats:
    pieces = [_pieces(f"{attribute.replace('_', ' ')} {value}") or [0] for attribute, value in known]
    starts = np.cumsum([0, *(len(own) for own in pieces)])
    vectors = normalised(piece_table().vectors[[piece for own in pieces for piece in own]])
    best = (vectors @ words.T).max(1)
    return np.add.reduceat(best, starts[:-1]) / np.diff(starts)


def _pieces(text: str) -> list[int]:
    return [piece for pieces in pieces_of_each(text.split()) for piece in pieces]
