"""Fusion: one ranking from the scores of text and vectors, with the age of each episode. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TEXT_WEIGHT = 0.5
HALF_LIFE_DAYS = 365.0
DECAY_SHARE = 0.1  # how much of a score age can take away


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What speaks for each of the episodes that a search may return; arrays of one length."""

    text: NDArray[np.float64]  # BM25, 0 where no stem matches
    similarity: NDArray[np.float64]  # cosine of the best vector; NaN where none was found
    age_days: NDArray[np.float64]
    decays: bool  # false when the query names a time


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranking:
    """Places of the episodes in the order of their scores, best first."""

    order: NDArray[np.intp]
    scores: NDArray[np.float64]  # 0 to 1, by place
    text: NDArray[np.float64]  # normalised
    meaning: NDArray[np.float64]  # normalised
    decay: NDArray[np.float64]  # the factor


def fuse(evidence: Evidence) -> Ranking:
    """Rank episodes by the weighted sum of their normalised scores."""
    text = _by_maximum(evidence.text)
    meaning = _by_range(evidence.similarity)
    decay = _decay(evidence.age_days) if evidence.decays else np.ones_like(text)
    scores = (TEXT_WEIGHT * text + (1 - TEXT_WEIGHT) * meaning) * decay
    order = np.lexsort((evidence.age_days, -scores))
    return Ranking(order=order, scores=scores, text=text, meaning=meaning, decay=decay)


def _by_maximum(values: NDArray[np.float64]) -> NDArray[np.float64]:
    highest = values.max(initial=0.0)
    return values / highest if highest > 0 else np.zeros_like(values)


def _by_range(values: NDArray[np.float64]) -> NDArray[np.float64]:
    known = values[~np.isnan(values)]
    if not len(known):
        return np.zeros_like(values)
    low, high = min(float(known.min()), 0.0), float(known.max())
    return np.nan_to_num((values - low) / max(high - low, 1e-9), nan=0.0)


def _decay(age_days: NDArray[np.float64]) -> NDArray[np.float64]:
    fading = np.exp2(-np.maximum(age_days, 0.0) / HALF_LIFE_DAYS)
    return 1 - DECAY_SHARE + DECAY_SHARE * fading
