"""Chooses statements that together cover most of what a session tells.

The gain of a statement is its worth times the weights of its terms, each term counting less the more often it was
told already, over a power of its length. That is a monotone submodular objective under a budget (Lin & Bilmes 2011,
"A class of submodular functions for document summarization"); the greedy choice is good and repeats nothing (as MMR
would see to). It is made lazily: a gain can only fall, so only the best candidate's is computed anew (Minoux 1978).
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable

from recalld.ingest.local.statements import Statement

_TOLD_AGAIN = (
    0.2  # what a term still counts for each time it was told; 0.1 to 0.3 recall the same ± 0.002, 0.6 loses 0.016
)

Told = Counter[str]
"""How often each term was told; a half counts for a term that was told elsewhere."""


def most_telling(
    candidates: Iterable[Statement],
    *,
    told: Told,
    frugality: float,
    size: int | None = None,
    tokens: int | None = None,
    least: float = 0.0,
) -> list[Statement]:
    """Up to *size* statements of together up to *tokens*, the most telling first; *told* is updated.

    With *frugality* 0 long statements win, with 1 those that tell most per token. Equal ones are taken in their
    order. A statement that adds less than the share *least* of what the first one told is left out.
    """
    queue = [(-_gain(each, told, frugality), each.order, each) for each in candidates]
    heapq.heapify(queue)
    enough = least * -queue[0][0] if queue else 0.0
    chosen: list[Statement] = []
    left = tokens
    while queue and (size is None or len(chosen) < size):
        _, order, best = heapq.heappop(queue)
        if left is not None and best.tokens > left:
            continue
        gain = -_gain(best, told, frugality)
        if queue and (gain, order) > queue[0][:2]:
            heapq.heappush(queue, (gain, order, best))
            continue
        if -gain < enough:
            break
        chosen.append(best)
        told.update(best.terms.keys())
        left = None if left is None else left - best.tokens
    return chosen


def _gain(statement: Statement, told: Told, frugality: float) -> float:
    terms = sum(weight * _TOLD_AGAIN ** told[term] for term, weight in statement.terms.items())
    return statement.worth * terms / max(statement.tokens, 4) ** frugality
