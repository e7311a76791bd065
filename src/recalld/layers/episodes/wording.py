"""All that a user's episodes say, laid out once for every comparison with a query: pieces, words, units, and how much each weighs.

Nothing here depends on a query, so a catalogue that is kept between turns keeps this too. `recalld.recall.alike` compares.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from recalld.layers.episodes.pieces import END_OF_KEY, Pieces
from recalld.models.threads import one_thread
from recalld.models.tokens import vocabulary
from recalld.models.word_vectors import piece_vectors

RARE = 1e-3  # the constant a of the weights; Arora et al. recommend it, and a third or three times of it changes Recall@5 by at most 0.002
KINSHIP = 0.15  # the usual cosine of two words of one unit; between 0.1 and 0.2 no figure changes by more than 0.002
BRIEF = 64  # WordLlama is trained so that the first dimensions serve alone
SMALLEST = 1e-9

_MOST_PIECES = 8  # of a word; what follows is no word
_SAMPLE = 50_000  # pieces that tell how common each is
_TOGETHER = 8_000  # words of several pieces whose vectors are gathered at a time: about 5 MB

Vectors = NDArray[np.float32]
Floats = NDArray[np.floating[Any]]  # of either precision
Places = NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class PieceTable:
    """The vectors of the local vocabulary."""

    vectors: Vectors  # shape (pieces, 256)
    lengths: Floats  # of each vector
    brief: Vectors  # the first BRIEF dimensions of each
    brief_lengths: Floats
    begins_word: NDArray[np.bool_]


@cache
def piece_table() -> PieceTable:
    """The table; the first call loads it (0.6 s)."""
    one_thread()
    vectors = piece_vectors()
    brief = np.ascontiguousarray(vectors[:, :BRIEF])
    starts = np.array([piece.startswith("▁") for piece in vocabulary()], np.bool_)
    return PieceTable(vectors, lengths(vectors), brief, lengths(brief), starts)


def lengths(vectors: Vectors) -> Floats:
    """The length of each row, never zero."""
    return np.maximum(np.sqrt(np.einsum("ij,ij->i", vectors, vectors)), np.float32(SMALLEST))


def normalised(vectors: Vectors) -> Vectors:
    """Each row at length one."""
    return (vectors / lengths(vectors)[:, None]).astype(np.float32, copy=False)


def subject_vectors(pieces: Pieces) -> Vectors:
    """One vector for the topics of an episode together and one for each point, of length one, shape (keys, BRIEF)."""
    marks = np.flatnonzero(pieces == END_OF_KEY)
    if not len(marks):
        return np.empty((0, BRIEF), np.float32)
    keys = pieces[: marks[-1]]
    content = keys < END_OF_KEY
    starts = np.concatenate((np.zeros(1, np.intp), marks[:-1] - np.arange(len(marks) - 1)))
    return normalised(np.add.reduceat(piece_table().brief[keys[content]], starts, axis=0))


@dataclass(frozen=True, kw_only=True, slots=True)
class Wording:
    """The pieces of some episodes in a row, without the marks, and where words, units and episodes begin in it."""

    occurring: Places  # the pieces that occur at all; the others are named by their places here
    weights: Floats  # of those, for the comparison as a whole: the smaller, the larger their share of all that is said
    pieces: Places  # places in `occurring`
    word_starts: Places  # places in `pieces`
    word_lengths: Floats  # how long the sum of each word's pieces is
    further: Places  # places in `pieces` of those that continue a word
    further_starts: Places  # places in `further`: the first for each word that is continued
    continued: Places  # those words, as places in `word_starts`
    unit_starts: Places  # places in `pieces`
    unit_words: Places  # the same as places in `word_starts`
    unit_lengths: Floats  # how long the weighted sum of each unit's pieces is
    ends: Places  # shape (5, episodes): where each episode ends among pieces, words, continuing pieces, continued words and units

    def __len__(self) -> int:
        return self.ends.shape[1]

    @property
    def nbytes(self) -> int:
        """Bytes it takes."""
        return sum(getattr(self, name).nbytes for name in self.__slots__)

    @classmethod
    def of(cls, stored: Pieces, stored_ends: Places, *, said: Pieces | None = None) -> Self:
        """The wording of episodes whose pieces, marks included, end at *stored_ends*. *said* is what all episodes of the user say."""
        content = stored < END_OF_KEY
        named = stored[content]
        follows_mark = np.ones_like(content)
        np.logical_not(content[:-1], out=follows_mark[1:])
        begins_unit = follows_mark[content]
        word_starts = np.flatnonzero(piece_table().begins_word[named] | begins_unit)
        unit_words = np.flatnonzero(begins_unit[word_starts])
        unit_starts = word_starts[unit_words]
        further = _further(word_starts, len(named))
        continued, further_starts = np.unique(np.searchsorted(word_starts, further, "right") - 1, return_index=True)
        occurring, pieces = _renumbered(named)
        weights = _weights(occurring, stored if said is None else said)
        ends = np.concatenate((np.zeros(1, np.intp), np.cumsum(content, dtype=np.intp)))[stored_ends]
        return cls(
            occurring=occurring,
            weights=weights,
            pieces=pieces,
            word_starts=word_starts.astype(np.int32),
            word_lengths=_word_lengths(named, word_starts, further, further_starts),
            further=further.astype(np.int32),
            further_starts=further_starts.astype(np.int32),
            continued=continued.astype(np.int32),
            unit_starts=unit_starts.astype(np.int32),
            unit_words=unit_words.astype(np.int32),
            unit_lengths=_unit_lengths(weights * piece_table().lengths[occurring], pieces, unit_starts),
            ends=np.stack(
                [
                    ends,
                    *(
                        np.searchsorted(each, ends)
                        for each in (word_starts, further, word_starts[continued], unit_starts)
                    ),
                ]
            ),
        )

    def part(self, places: Places) -> Wording:
        """The wording of the episodes at *places*, as it would be if they were alone, but for the weights."""
        if len(places) == len(self):
            return self
        ends = self.ends[:, places]
        begins = np.where(places > 0, self.ends[:, places - 1], 0)
        sizes = ends - begins
        new_ends = np.cumsum(sizes, axis=1)
        moved = new_ends - ends  # how far what belongs to an episode moves, in each of the rows
        of_pieces, of_words, of_further, of_continued, of_units = map(_following, new_ends[:, -1], moved, sizes)
        occurring, pieces = _renumbered(self.pieces[of_pieces])
        return Wording(
            occurring=self.occurring[occurring],
            weights=self.weights[occurring],
            pieces=pieces,
            word_starts=self.word_starts[of_words] + np.repeat(moved[0], sizes[1]),
            word_lengths=self.word_lengths[of_words],
            further=self.further[of_further] + np.repeat(moved[0], sizes[2]),
            further_starts=self.further_starts[of_continued] + np.repeat(moved[2], sizes[3]),
            continued=self.continued[of_continued] + np.repeat(moved[1], sizes[3]),
            unit_starts=self.unit_starts[of_units] + np.repeat(moved[0], sizes[4]),
            unit_words=self.unit_words[of_units] + np.repeat(moved[1], sizes[4]),
            unit_lengths=self.unit_lengths[of_units],
            ends=new_ends,
        )

    def unit_sums(self, values: Floats) -> Floats:
        """The sum over each unit of what is known of each occurring piece."""
        return np.add.reduceat(values[self.pieces], self.unit_starts)


def _following(count: int, moved: Places, sizes: Places) -> Places:
    """Where each of *count* entries was before episodes of these *sizes* were *moved*."""
    return np.arange(count) - np.repeat(moved, sizes)


def _renumbered(pieces: Places) -> tuple[Places, Places]:
    """Which numbers occur in *pieces*, and *pieces* with each number replaced by its place among those."""
    occurs = np.zeros(int(pieces.max(initial=0)) + 1, np.bool_)
    occurs[pieces] = True
    new = np.cumsum(occurs, dtype=np.int32) - 1
    return np.flatnonzero(occurs), new[pieces]


def _further(word_starts: Places, count: int) -> Places:
    """Where pieces stand that continue a word."""
    place_in_word = np.arange(count) - np.repeat(word_starts, np.diff(word_starts, append=count))
    return np.flatnonzero((place_in_word > 0) & (place_in_word < _MOST_PIECES))


def _weights(occurring: Places, stored: Pieces) -> Floats:
    """The weight of each occurring piece by its share of all that is said. Of much, a sample tells it."""
    sample = stored[:: 1 + len(stored) // _SAMPLE]
    share = np.bincount(sample, minlength=END_OF_KEY)[occurring] / max(len(sample), 1)
    return (RARE / (RARE + share)).astype(np.float32)


def _word_lengths(named: Pieces, word_starts: Places, further: Places, further_starts: Places) -> Floats:
    """How long the sum of the pieces of each word is. Of several, their first dimensions tell it well enough."""
    table = piece_table()
    found = table.lengths[named[word_starts]]
    sizes = np.diff(further_starts, append=len(further))
    firsts = further[further_starts] - 1
    several = np.searchsorted(word_starts, firsts)
    for begin in range(0, len(firsts), _TOGETHER):
        size = 1 + sizes[begin : begin + _TOGETHER]
        starts = np.cumsum(size) - size
        pieces = named[np.arange(size.sum()) + np.repeat(firsts[begin : begin + _TOGETHER] - starts, size)]
        total, brief, brief_total = (
            np.add.reduceat(values[pieces], starts) for values in (table.lengths, table.brief, table.brief_lengths)
        )
        found[several[begin : begin + _TOGETHER]] = lengths(brief) * total / brief_total
    return found


def _unit_lengths(of_pieces: Floats, pieces: Places, unit_starts: Places) -> Floats:
    """How long the weighted sum of each unit is, from the lengths of its pieces and their usual likeness."""
    each = of_pieces[pieces]
    apart, aligned = np.add.reduceat(each**2, unit_starts), np.add.reduceat(each, unit_starts) ** 2
    return np.maximum(np.sqrt((1 - KINSHIP) * apart + KINSHIP * aligned), np.float32(SMALLEST))
