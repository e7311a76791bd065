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
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController  # pyright: ignore[reportMissingTypeStubs]

from recalld.layers.episodes.pieces import END_OF_KEY, Pieces, content_words
from recalld.layers.episodes.words import base_form
from recalld.models.local import piece_vectors
from recalld.models.tokens import token_ids, vocabulary

MAX_WORDS = 24  # of a query, the rarest: a long message is compared by what it is about
WHOLE = 0.4  # of a unit's score is its comparison as a whole, the rest that word by word; LoCoMo Recall@5 ± 0.002 between 0.3 and 0.5
RARE = 1e-3  # the constant a of the weights; Arora et al. recommend it, and a third or three times of it changes Recall@5 by at most 0.002
KINSHIP = 0.15  # the usual cosine of two words of one unit; between 0.1 and 0.2 no figure changes by more than 0.002
FEW_UNITS = 10  # so many units have half of their mean in common; 0 and 10 differ by 0.002, but with 0 a single unit scores nothing
SUBJECT_DIMENSIONS = 64  # WordLlama is trained so that the first dimensions serve alone

_SMALLEST = 1e-9
_MOST_PIECES = 8  # of a word; what follows is no word
_SAMPLE = 50_000  # pieces that tell how common each is

Vectors = NDArray[np.float32]
Floats = NDArray[np.floating[Any]]  # of either precision


@dataclass(frozen=True, slots=True)
class _Table:
    vectors: Vectors  # shape (pieces, 256)
    lengths: NDArray[np.float32]  # of each vector
    first: Vectors  # the first SUBJECT_DIMENSIONS of each
    first_lengths: NDArray[np.float32]
    begins_word: NDArray[np.bool_]


@cache
def _threads() -> ThreadpoolController:
    """The thread pools of numpy's BLAS. They are for larger products: with these, threads that wait for work took 10 ms of CPU a query."""
    return ThreadpoolController()


@cache
def _table() -> _Table:
    vectors = piece_vectors()
    first = np.ascontiguousarray(vectors[:, :SUBJECT_DIMENSIONS])
    starts = np.array([piece.startswith("▁") for piece in vocabulary()], np.bool_)
    return _Table(vectors, _lengths(vectors), first, _lengths(first), starts)


def load() -> None:
    """Load the vectors, which otherwise happens at the first comparison (0.6 s)."""
    _table()
    _threads()


def score(topic: str, rarity: Mapping[str, float], episodes: Sequence[Pieces], said: Pieces) -> NDArray[np.float64]:
    """How much of *topic* each episode's best unit says, from 0 to 1.

    *rarity* weighs the words of the topic by their base forms; those it does not have are stop words. *said* are the pieces of all episodes
    of the user, which tell how common each word is.
    """
    scores = np.zeros(len(episodes))
    asked = _rarest(topic, rarity)
    layout = _lay_out(episodes)
    if not asked or not len(layout.pieces):
        return scores
    weights = np.array(list(asked.values()), np.float32)
    weights /= weights.sum()
    words = _word_vectors(list(asked))
    with _threads().limit(limits=1, user_api="blas"):  # pyright: ignore[reportUnknownMemberType]
        by_word = weights @ _most_similar(_normalised(words), layout)
        as_a_whole = _centred_cosines(_normalised((weights @ words)[None])[0], layout, said)
    units = (1 - WHOLE) * by_word + WHOLE * np.maximum(as_a_whole, 0.0)
    scores[layout.owners] = np.clip(np.maximum.reduceat(units, layout.owner_starts), 0.0, 1.0)
    return scores


def _rarest(topic: str, rarity: Mapping[str, float]) -> dict[str, float]:
    weighted = {word: rarity[base_form(word)] for word in content_words(topic) if base_form(word) in rarity}
    return dict(sorted(weighted.items(), key=lambda item: -item[1])[:MAX_WORDS])


# ---------------------------------------------------------------- the words of episodes
@dataclass(frozen=True, kw_only=True, slots=True)
class _Layout:
    """The pieces of some episodes in a row, and where words, units and episodes begin in it."""

    occurring: NDArray[np.intp]  # the pieces that occur at all; what follows names them by their places here
    vectors: Vectors  # of those
    pieces: NDArray[np.intp]  # places in `occurring`, without the marks
    word_starts: NDArray[np.intp]  # places in `pieces`
    unit_starts: NDArray[np.intp]  # places in `word_starts`
    owner_starts: NDArray[np.intp]  # places in `unit_starts`
    owners: NDArray[np.intp]  # the episodes that have any unit, by their positions

    def sum_of_units(self, values: Floats) -> Floats:
        """The sum over each unit of what is known of each occurring piece."""
        return np.add.reduceat(values[self.pieces], self.word_starts[self.unit_starts])


def _lay_out(episodes: Sequence[Pieces]) -> _Layout:
    stored = np.concatenate(episodes) if episodes else np.empty(0, np.uint16)
    content = stored < END_OF_KEY
    pieces = stored[content]
    begins_unit = np.concatenate(([True], ~content[:-1]))[content] if len(stored) else np.empty(0, np.bool_)
    word_starts = np.flatnonzero(_table().begins_word[pieces] | begins_unit)
    unit_starts = np.flatnonzero(begins_unit[word_starts])
    owner = np.repeat(np.arange(len(episodes)), [len(part) for part in episodes])[content][word_starts][unit_starts]
    owner_starts = np.flatnonzero(np.concatenate(([True], owner[1:] != owner[:-1]))) if len(owner) else owner
    occurring = np.flatnonzero(np.bincount(pieces, minlength=len(_table().lengths)))
    place_of = np.empty(len(_table().lengths), np.intp)
    place_of[occurring] = np.arange(len(occurring))
    return _Layout(
        occurring=occurring,
        vectors=_table().vectors[occurring],
        pieces=place_of[pieces],
        word_starts=word_starts,
        unit_starts=unit_starts,
        owner_starts=owner_starts,
        owners=owner[owner_starts],
    )


# ---------------------------------------------------------------- word by word
def _most_similar(asked: Vectors, layout: _Layout) -> NDArray[np.float32]:
    """The cosine of each word asked with the most similar word of each unit, shape (asked, units), from 0 on."""
    return np.maximum(np.maximum.reduceat(_similarities(asked, layout), layout.unit_starts, axis=1), np.float32(0))


def _similarities(asked: Vectors, layout: _Layout) -> NDArray[np.float32]:
    """The cosine of each word asked with each word of the layout, shape (asked, words).

    Products are taken once for each piece that occurs, then gathered; of words of several pieces they add up. How long the sum of several
    vectors is, is told well enough by their first dimensions (a quarter of the memory to read).
    """
    table, pieces = _table(), layout.pieces
    lengths = table.lengths[layout.occurring]
    products = asked @ layout.vectors.T
    sizes = np.diff(layout.word_starts, append=len(pieces))
    first = pieces[layout.word_starts]
    similarities = products[:, first] / lengths[first]
    several = np.flatnonzero(sizes > 1)
    starts = layout.word_starts[several]
    place = pieces[starts]
    sums, total, brief = products[:, place], lengths[place], table.first[layout.occurring[place]]
    brief_total = table.first_lengths[layout.occurring[place]]
    for further in range(1, min(int(sizes.max()), _MOST_PIECES)):
        longer = np.flatnonzero(sizes[several] > further)
        place = pieces[starts[longer] + further]
        sums[:, longer] += products[:, place]
        total[longer] += lengths[place]
        brief[longer] += table.first[layout.occurring[place]]
        brief_total[longer] += table.first_lengths[layout.occurring[place]]
    similarities[:, several] = sums / (_lengths(brief) * total / brief_total)
    return np.minimum(similarities, 1.0)


def _word_vectors(words: Sequence[str]) -> Vectors:
    """The sum of the pieces of each word, shape (words, 256), not of length one."""
    pieces = [token_ids(word) for word in words]
    starts = np.cumsum([0, *(len(ids) for ids in pieces[:-1])])
    return np.add.reduceat(_table().vectors[np.concatenate(pieces)], starts, axis=0)


# ---------------------------------------------------------------- as a whole
def _centred_cosines(topic: Floats, layout: _Layout, said: Pieces) -> Floats:
    """The cosine of *topic* with each unit, after the mean of all units is taken from both; shape (units,).

    The units' vectors are never made: with |u| known, all that is needed is products with single pieces, which add up.
    """
    weights = _weights(layout, said)
    lengths = _unit_lengths(weights, layout)
    common = _mean_unit(weights, lengths, layout)
    with_topic = layout.sum_of_units(weights * (layout.vectors @ topic)) / lengths
    with_common = layout.sum_of_units(weights * (layout.vectors @ common)) / lengths
    square = common @ common
    products = with_topic - with_common - topic @ common + square
    norms = np.sqrt(np.maximum(1 - 2 * with_common + square, _SMALLEST)) * np.linalg.norm(topic - common)
    return products / np.maximum(norms, _SMALLEST)


def _weights(layout: _Layout, said: Pieces) -> Floats:
    """The weight of each occurring piece: the smaller, the larger its share of all that is said. Of much, a sample tells it."""
    sample = said[:: 1 + len(said) // _SAMPLE]
    counts = np.bincount(sample, minlength=END_OF_KEY)
    share = counts[layout.occurring] / max(len(sample), 1)
    return (RARE / (RARE + share)).astype(np.float32)


def _unit_lengths(weights: Floats, layout: _Layout) -> Floats:
    """How long the weighted sum of each unit is, from the lengths of its pieces and their usual likeness."""
    lengths = weights * _table().lengths[layout.occurring]
    apart, aligned = layout.sum_of_units(lengths**2), layout.sum_of_units(lengths) ** 2
    return np.maximum(np.sqrt((1 - KINSHIP) * apart + KINSHIP * aligned), np.float32(_SMALLEST))


def _mean_unit(weights: Floats, lengths: Floats, layout: _Layout) -> Floats:
    """The mean of the units' vectors of length one, drawn to zero as long as they are few: one alone has nothing in common with others."""
    sizes = np.diff(layout.word_starts[layout.unit_starts], append=len(layout.pieces))
    shares = np.bincount(layout.pieces, np.repeat(1 / lengths, sizes), len(layout.occurring))
    return (shares.astype(np.float32) * weights) @ layout.vectors / np.float32(len(lengths) + FEW_UNITS)


def _normalised(vectors: Vectors) -> Vectors:
    return vectors / _lengths(vectors)[:, None]


def _lengths(vectors: Vectors) -> NDArray[np.float32]:
    return np.maximum(np.linalg.norm(vectors, axis=1), np.float32(_SMALLEST))


# ---------------------------------------------------------------- subjects
class Subjects:
    """What some episodes are about, compared two at a time; the vectors are made when they are needed."""

    def __init__(self, episodes: Sequence[Pieces]) -> None:
        self._episodes = episodes
        self._keys: dict[int, Vectors] = {}

    def alike(self, one: int, other: int) -> float:
        """The cosine of the most similar topics or points of two episodes, from 0 to 1."""
        return float((self._vectors(one) @ self._vectors(other).T).max(initial=0.0))

    def _vectors(self, at: int) -> Vectors:
        if at not in self._keys:
            self._keys[at] = _key_vectors(self._episodes[at])
        return self._keys[at]


def _key_vectors(pieces: Pieces) -> Vectors:
    """One vector for the topics together and one for each point, shape (keys, SUBJECT_DIMENSIONS)."""
    keys = pieces[: int(np.flatnonzero(pieces == END_OF_KEY)[-1]) + 1] if END_OF_KEY in pieces else pieces[:0]
    if not len(keys):
        return np.empty((0, SUBJECT_DIMENSIONS), np.float32)
    content = keys < END_OF_KEY
    unit = np.cumsum(~content)[content]
    starts = np.flatnonzero(np.concatenate(([True], unit[1:] != unit[:-1])))
    return _normalised(np.add.reduceat(_table().first[keys[content]], starts, axis=0))
