"""How much a fact still counts: confidence, age and confirmations as one weight.

    weight = confidence × 2^(−age ÷ half-life) × reinforcement(confirmations)

Age counts from the newest statement of the value. The exponential is the forgetting curve of Ebbinghaus ("Über das
Gedächtnis", 1885) in the form memory layers use since Generative Agents (Park et al., 2023, arXiv:2304.03442): one
half-life per attribute, none for what does not fade.

Repetition strengthens a memory with diminishing returns (base-level activation in ACT-R grows with the logarithm of the
number of uses; Anderson & Schooler, "Reflections of the environment in memory", 1991). Here the growth is bounded as
well: every further confirmation adds half of what the one before it added, and all together at most
`MOST_REINFORCEMENT`. An unbounded sum would let an old habit outvote a new word, which is what the weight is to prevent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from recalld.values import Fact

MOST_REINFORCEMENT = 1.4
"""What endless repetition can make of a weight. A value confirmed without end three years ago stays below one that was
said once three days ago: at a half-life of up to two years even at half the confidence (1.4 × 2^(−1095 ÷ 730) = 0.495
against 0.5 × 2^(−3 ÷ 730) = 0.499), at the same confidence up to six years."""


class HalfLives(Protocol):
    """What decay needs to know of the attributes."""

    def half_life(self, name: str) -> timedelta | None:
        """After what time half the weight is left; `None`: it never fades."""
        ...


def weight(fact: Fact, *, at: datetime, half_life: timedelta | None) -> float:
    """The weight of *fact* at the time *at*, from 0 to `MOST_REINFORCEMENT`. Before its confirmation it has no age."""
    return fact.confidence * retention(at - fact.confirmed_at, half_life) * reinforcement(fact.confirmations)


def retention(age: timedelta, half_life: timedelta | None) -> float:
    """The share that is left after *age*, from 1 down to 0; always 1 without a half-life."""
    if half_life is None:
        return 1.0
    return 2.0 ** -(max(age, timedelta()) / half_life)


def reinforcement(confirmations: int) -> float:
    """1 for what was said once, 1.2 after one confirmation, 1.3 after two, and so on towards `MOST_REINFORCEMENT`."""
    return 1.0 + (MOST_REINFORCEMENT - 1.0) * (1.0 - 0.5 ** max(confirmations, 0))


def weighted(facts: Iterable[Fact], *, at: datetime, attributes: HalfLives) -> list[Fact]:
    """*facts* with their weight at the time *at*, heaviest first; equal ones newest first, then by id."""
    known = weighed(facts, at=at, attributes=attributes)
    return sorted(known, key=lambda fact: (-(fact.weight or 0.0), -fact.confirmed_at.timestamp(), fact.fact_id))


def weighed(facts: Iterable[Fact], *, at: datetime, attributes: HalfLives) -> list[Fact]:
    """*facts*, as they are ordered, with their weight at the time *at*."""
    return [_weighing(f, weight(f, at=at, half_life=attributes.half_life(f.attribute))) for f in facts]


def _weighing(fact: Fact, weight: float) -> Fact:
    """*fact* with its weight; one that was weighed at that time before is the same."""
    return fact if fact.weight == weight else replace(fact, weight=weight)
