"""Fusion: one ranking from what words, words alike and vectors say about each episode, and from its age. Pure.

The three signals are brought to 0…1 by the best episode of the search and summed with weights, so that a clear lead in one of them is not
lost as it is when only ranks are added up (S. Bruch et al., "An Analysis of Fusion Functions for Hybrid Retrieval", 2023).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Weights of the sum. Flat around here: 0.05 more or less of any moves Recall@5 by at most 0.006 on the dev split and on LoCoMo. Fitted to
# four of LoCoMo's conversations and the dev split, weights of these three reach 0.864 on the fifth, of eighteen further signals 0.870.
TEXT = 0.15
ALIKE = 0.40
MEANING = 0.45

# Age takes at most this much of a score. More costs recall of what was said long ago (at 0.2: semantic queries 0.78 → 0.72, LoCoMo
# 0.866 → 0.857); what supersedes what is decided by `newest_first` instead.
DECAY_SHARE = 0.05
HALF_LIFE_DAYS = 365.0

# A rare token of the query (an order number, an error code, a name that no dictionary has) decides, even if no vector likes it.
# Lexical queries of the dev split: reciprocal rank 0.986 → 1.0; every other figure as without.
RARE_BONUS = 0.5

# A question of what happened ("who did I have dinner with on 3 May") is answered by what was said that day before what was said later.
IN_RANGE_BONUS = 0.5

# Two episodes are about the same subject from this similarity of topics or points on; the newer one then goes first, if it is at least so
# nearly as good. Topics that are equal decide for all questions, similar ones only where the present is asked for.
# Dev split, outdated before current: 0.65 without, 0.04 with the first pair, 0.0 with both; Recall@5 unchanged.
EQUAL_SUBJECT, EQUAL_SUBJECT_RATIO = 0.95, 0.65
SIMILAR_SUBJECT, SIMILAR_SUBJECT_RATIO = 0.55, 0.93
NOW_RATIO = 0.8  # in place of the latter where the query says so in words: "where do I live now"

# Near copies: this share of stems in common.
COPY_OVERLAP = 0.9


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What speaks for each of the episodes that a search may return; arrays of one length."""

    text: NDArray[np.float64]  # BM25, 0 where no stem matches
    alike: NDArray[np.float64]  # words alike, 0 to 1
    similarity: NDArray[np.float64]  # cosine of the best vector; NaN where the index named none
    rare: NDArray[np.float64]  # share of the query's rare tokens that it has, 0 to 1
    age_days: NDArray[np.float64]
    in_range: NDArray[np.bool_]  # took place in the range asked for; all true without one
    decays: bool  # false when the query names a time


@dataclass(frozen=True, kw_only=True, slots=True)
class Scores:
    """The scores of the same episodes, 0 to 1."""

    total: NDArray[np.float64]
    text: NDArray[np.float64]  # normalised
    alike: NDArray[np.float64]
    meaning: NDArray[np.float64]
    decay: NDArray[np.float64]  # the factor

    def order(self, age_days: NDArray[np.float64]) -> NDArray[np.intp]:
        """Places, best first; of equal ones the newest."""
        return np.lexsort((age_days, -self.total))


def fuse(evidence: Evidence) -> Scores:
    """The weighted sum of the normalised signals, times the decay. Without vectors the other two share the weight."""
    text = _by_best(evidence.text)
    alike = _by_best(evidence.alike)
    known = np.isfinite(evidence.similarity)
    lowest = evidence.similarity.min(where=known, initial=0.0)
    meaning = _by_best(np.where(known, evidence.similarity, lowest))
    decay = _decay(evidence.age_days) if evidence.decays else np.ones_like(text)
    weight = MEANING if known.any() else 0.0
    relevance = (TEXT * text + ALIKE * alike + weight * meaning) / (TEXT + ALIKE + weight)
    in_range = IN_RANGE_BONUS if evidence.in_range.any() and not evidence.in_range.all() else 0.0
    rare = RARE_BONUS if evidence.rare.any() else 0.0
    total = (relevance * decay + in_range * evidence.in_range + rare * evidence.rare) / (1 + in_range + rare)
    return Scores(total=total, text=text, alike=alike, meaning=meaning, decay=decay)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rivals:
    """Episodes that may be about the same subject, in their order so far."""

    scores: Sequence[float]
    age_days: Sequence[float]
    alike: Callable[[int, int], float]  # how alike the subjects of two are, from 0 to 1
    present: bool  # the query asks for what holds now
    now: bool = False  # and says so in words

    def supersedes(self, one: int, other: int) -> bool:
        """Whether *one* is the newer word on the subject of *other*, and nearly as good an answer."""
        ratio = self.scores[one] / max(self.scores[other], 1e-9)
        if self.age_days[one] >= self.age_days[other] or ratio < EQUAL_SUBJECT_RATIO:
            return False
        alike = self.alike(one, other)
        nearly_as_good = self.present and ratio >= (NOW_RATIO if self.now else SIMILAR_SUBJECT_RATIO)
        return alike >= (SIMILAR_SUBJECT if nearly_as_good else EQUAL_SUBJECT)


def newest_first(rivals: Rivals) -> list[int]:
    """The order of *rivals*, each moved up to the place of the first one that it supersedes."""
    order: list[int] = []
    for one in range(len(rivals.scores)):
        outdated = (at for at, other in enumerate(order) if rivals.supersedes(one, other))
        order.insert(next(outdated, len(order)), one)
    return order


def originals(stems: Iterable[frozenset[int]]) -> Iterator[int]:
    """Those in an order that do not say nearly the same as one before them, by the stems of each; found as they are asked for."""
    before: list[frozenset[int]] = []
    for at, one in enumerate(stems):
        if not any(_is_copy(one, other) for other in before):
            yield at
        before.append(one)


def _is_copy(one: frozenset[int], other: frozenset[int]) -> bool:
    """Whether Jaccard's index of two sets is that of near copies; it cannot be when one is much larger."""
    small, large = sorted((len(one), len(other)))
    if not large or small < COPY_OVERLAP * large:
        return False
    common = len(one & other)
    return common >= COPY_OVERLAP * (small + large - common)


def _by_best(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values as shares of the way from zero, or from the lowest if that is below, to the highest."""
    if not len(values):
        return values
    low, high = min(float(values.min()), 0.0), float(values.max())
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def _decay(age_days: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 - DECAY_SHARE + DECAY_SHARE * np.exp2(-np.maximum(age_days, 0.0) / HALF_LIFE_DAYS)
