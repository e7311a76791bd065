"""Sentences compared with the topic of a query, by the static vectors of their words; the best unit of an episode stands for it.

A unit is a sentence, a point or the topics. Two comparisons make its score:

- **word by word**: a query word counts as much as the most similar word of the unit. The sum over the query's words, weighted by how rare
  each is with this user, is the late interaction of ColBERT (Khattab and Zaharia, 2020).
- **as a whole**: the cosine of two weighted means. The words of the unit weigh a / (a + p), p being their share of all that this user's
  episodes say, and what all units have in common is taken out: the smooth inverse frequency of Arora, Liang and Ma ("A Simple but
  Tough-to-Beat Baseline for Sentence Embeddings", 2017). So what every summary says ("the user thanked the assistant") counts for little.

One vector for a whole summary blurs what a single sentence says; this does not. What it brings is measured in docs/explanation/recall.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from recalld.layers.episodes.pieces import content_words
from recalld.layers.episodes.wording import SMALLEST, Floats, Vectors, Wording, normalised, piece_table
from recalld.layers.episodes.words import base_form
from recalld.models.tokens import token_ids

MAX_WORDS = 24  # of a query, the rarest: a long message is compared by what it is about
WHOLE = 0.4  # of a unit's score is its comparison as a whole, the rest that word by word; LoCoMo Recall@5 ± 0.002 between 0.3 and 0.5
FEW_UNITS = 10  # so many units have half of their mean in common; 0 and 10 differ by 0.002, but with 0 a single unit scores nothing
_FEW_WORDS = 10  # up to here a product for each is faster than one for all (3 words: 0.04 against 0.14 ms; 12: 0.14 against 0.15)


def load() -> None:
    """Load the vectors, which otherwise happens at the first comparison (0.6 s)."""
    piece_table()


def score(topic: str, rarity: Mapping[str, float], wording: Wording) -> NDArray[np.float64]:
    """How much of *topic* the best unit of each episode of *wording* says, from 0 to 1.

    *rarity* weighs the words of the topic by their base forms; those it does not have are stop words.
    """
    scores = np.zeros(len(wording))
    asked = _rarest(topic, rarity)
    if not asked or not len(wording.unit_starts):
        return scores
    units = _units(asked, wording)
    ends = wording.ends[-1]
    begins = np.concatenate((np.zeros(1, np.intp), ends[:-1]))
    having = np.flatnonzero(ends > begins)
    scores[having] = np.clip(np.maximum.reduceat(units, begins[having]), 0.0, 1.0)
    return scores


def _rarest(topic: str, rarity: Mapping[str, float]) -> dict[str, float]:
    weighted = {word: rarity[base_form(word)] for word in content_words(topic) if base_form(word) in rarity}
    return dict(sorted(weighted.items(), key=lambda item: -item[1])[:MAX_WORDS])


def _units(asked: Mapping[str, float], wording: Wording) -> Floats:
    """How much of the words *asked* each unit says."""
    vectors = piece_table().vectors[wording.occurring]
    weights = np.array(list(asked.values()), np.float32)
    weights /= weights.sum()
    words = _word_vectors(list(asked))
    by_word = weights @ _most_similar(normalised(words), vectors, wording)
    as_a_whole = _centred_cosines(normalised((weights @ words)[None])[0], vectors, wording)
    return (1 - WHOLE) * by_word + WHOLE * np.maximum(as_a_whole, 0.0)


# ---------------------------------------------------------------- word by word
def _most_similar(asked: Vectors, vectors: Vectors, wording: Wording) -> Floats:
    """The cosine of each word asked with the most similar word of each unit, shape (asked, units), from 0 to 1.

    Products are taken once for each piece that occurs, then gathered; of words of several pieces they add up.
    """
    products = np.stack([vectors @ one for one in asked]) if len(asked) <= _FEW_WORDS else asked @ vectors.T
    similarities = products[:, wording.pieces[wording.word_starts]]
    if len(wording.further):
        similarities[:, wording.continued] += np.add.reduceat(
            products[:, wording.pieces[wording.further]], wording.further_starts, axis=1
        )
    similarities /= wording.word_lengths
    return np.clip(np.maximum.reduceat(similarities, wording.unit_words, axis=1), np.float32(0), np.float32(1))


def _word_vectors(words: Sequence[str]) -> Vectors:
    """The sum of the pieces of each word, shape (words, 256), not of length one."""
    table, pieces = piece_table(), np.array(token_ids(" ".join(words)))
    return np.add.reduceat(table.vectors[pieces], np.flatnonzero(table.begins_word[pieces]), axis=0)


# ---------------------------------------------------------------- as a whole
def _centred_cosines(topic: Floats, vectors: Vectors, wording: Wording) -> Floats:
    """The cosine of *topic* with each unit, after the mean of all units is taken from both; shape (units,).

    The units' vectors are never made: with |u| known, all that is needed is products with single pieces, which add up.
    """
    common = _mean_unit(vectors, wording)
    with_topic = wording.unit_sums(wording.weights * (vectors @ topic)) / wording.unit_lengths
    with_common = wording.unit_sums(wording.weights * (vectors @ common)) / wording.unit_lengths
    square = common @ common
    products = with_topic - with_common - topic @ common + square
    norms = np.sqrt(np.maximum(1 - 2 * with_common + square, SMALLEST)) * np.linalg.norm(topic - common)
    return products / np.maximum(norms, SMALLEST)


def _mean_unit(vectors: Vectors, wording: Wording) -> Floats:
    """The mean of the units' vectors of length one, drawn to zero as long as they are few: one alone has nothing in common with others."""
    sizes = np.append(wording.unit_starts[1:], len(wording.pieces)) - wording.unit_starts
    shares = np.bincount(wording.pieces, np.repeat(1 / wording.unit_lengths, sizes), len(wording.occurring))
    return (shares.astype(np.float32) * wording.weights) @ vectors / np.float32(len(wording.unit_lengths) + FEW_UNITS)


# ---------------------------------------------------------------- subjects
def same_subject(one: Vectors, other: Vectors) -> float:
    """The cosine of the most similar topics or points of two episodes, from 0 to 1, by what `Catalogue.subject` says of them."""
    return float((one @ other.T).max(initial=0.0))
