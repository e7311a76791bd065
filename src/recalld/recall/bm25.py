"""BM25 within one user's episodes.

Okapi BM25 as in S. Robertson and H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), equations 3.15 and 3.3, over
the stems of the catalogue. Document frequencies count the episodes of this user that the purposes allow and no others: frequencies over
all users would tell one tenant what another talks about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recalld.layers.episodes.store import Catalogue, QueryStem

K1 = 1.2
B = 0.75


@dataclass(frozen=True, kw_only=True, slots=True)
class TextScores:
    """How well each episode of a catalogue matches the words of a query."""

    scores: NDArray[np.float64]  # shape (episodes,), 0 where no stem matches
    idf: NDArray[np.float64]  # shape (stems,)
    matches: NDArray[np.bool_]  # shape (episodes, stems)

    @property
    def coverage(self) -> NDArray[np.float64]:
        """The share of the query's stems that each episode has, weighted by rarity; shape (episodes,)."""
        return (self.matches @ self.idf) / max(float(self.idf.sum()), 1e-9)


def score(catalogue: Catalogue, stems: Sequence[QueryStem]) -> TextScores:
    """BM25 of every episode for *stems*."""
    keys = np.array([stem.key for stem in stems], np.uint32)
    counts = _counts(catalogue, keys)
    present = counts > 0
    frequency = present.sum(axis=0)
    idf = np.log1p((len(catalogue) - frequency + 0.5) / (frequency + 0.5))
    norm = K1 * (1 - B + B * catalogue.sizes / max(float(catalogue.sizes.mean()) if len(catalogue) else 0.0, 1.0))
    scores = (idf * counts * (K1 + 1) / (counts + norm[:, None])).sum(axis=1)
    return TextScores(scores=scores, idf=idf, matches=present)


def _counts(catalogue: Catalogue, keys: NDArray[np.uint32]) -> NDArray[np.float64]:
    """How often each stem of the query occurs in each episode, shape (episodes, stems)."""
    counts = np.zeros((len(catalogue), len(keys)))
    index = catalogue.stem_index
    bounds = np.searchsorted(index, np.stack([keys, keys + np.uint32(1)]).astype(np.uint64) << np.uint64(36))
    for column, (begin, end) in enumerate(bounds.T.tolist()):
        found = index[begin:end]
        told = (found >> np.uint64(32)).astype(np.uint32)
        counts[found.astype(np.uint32), column] = ((told >> 2) & 3) + (told & 3)
    return counts
