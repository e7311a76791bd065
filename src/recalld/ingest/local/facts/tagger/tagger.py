"""Messages in, marked words out.

Each message of the user is read after some of what is known of them, which it may end, and after the end of the assistant's message
before it, which it may confirm. Every token gets a tag (outside, or the first or a further token of a value that holds, or of one that
is over) and every marked value an attribute. Of all sequences of tags in which a value begins with its first token the most
probable one counts (Viterbi, 1967). A known value is over as far as its tokens are tagged so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from recalld.ingest.local.facts.tagger.network import Network, read_network
from recalld.models.encoder import Floats, WordPieces, load_weights, vocabulary, word_pieces
from recalld.models.threads import one_thread

KNOWN = 64  # tokens of what is known of the user that are read with a message
BEFORE = 40  # tokens of the assistant's message that are read with the user's, its last ones
SHORT = 20  # tokens of a message up to which it is read with the one before: a longer one speaks for itself
LONGEST = 120  # tokens of a message that are read at a time
TOGETHER = 16  # rows of a batch, of about the same length
RELATED = 4  # further names of a mark
SIGNS = 6  # that a mark has
_BEFORE_CHARACTERS = 400
_OUTSIDE, _FIRST, _FURTHER, _FIRST_OVER, _FURTHER_OVER = range(5)
_MAY_FOLLOW = np.array(  # tag of the row after tag of the column
    [
        [1, 1, 1, 1, 1],
        [1, 1, 1, 1, 1],
        [0, 1, 1, 0, 0],
        [1, 1, 1, 1, 1],
        [0, 0, 0, 1, 1],
    ],
    dtype=bool,
)
_NEVER = np.float32(-1e9)
_LEAST_LIKELY = 1e-3


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """Words that carry a fact, in the message they stand in."""

    confirmed: bool  # they stand in the assistant's message, and the user's one says yes to it
    start: int
    end: int
    attribute: str  # "other" when no name is known for it
    related: tuple[str, ...]  # names that come next, most likely first
    over: bool  # held once, or is denied
    confidence: float  # how probable it is that exactly these words are a value, 0 to 1
    signs: tuple[float, ...]  # what the confidence rests on: log odds, and the logarithm of the number of marks


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """A message of the user and what is read in front of it."""

    message: str
    before: str = ""  # the assistant's message before it
    known: Sequence[tuple[str, str]] = ()  # attributes and values that are known of the user


@dataclass(frozen=True, slots=True)
class Reading:
    """What the tagger makes of a message."""

    marks: Sequence[Mark] = ()  # those in the assistant's message first
    over: Mapping[int, float] = field(default_factory=dict[int, float])  # known values, and how probable each is over
    tokens: Sequence[tuple[int, int, float]] = ()  # of the message: its place, and how probable it is part of a value

    def support(self, start: int, end: int) -> float:
        """How probable it is that a token between these places of the message is part of a value; 0 where nothing was read."""
        return max((sure for first, last, sure in self.tokens if first < end and start < last), default=0.0)


@dataclass(frozen=True, slots=True)
class _Token:
    number: int
    start: int  # place in its message
    end: int


@dataclass(frozen=True, slots=True)
class _Row:
    """What is read at a time: the end of the message before, and a piece of the message."""

    message: int
    known: Sequence[_Token]
    before: Sequence[_Token]
    piece: Sequence[_Token]
    first: bool  # the first piece of its message

    @property
    def told(self) -> int:
        """Where the message before begins among the tokens of the row; marks of its parts stand before and between them."""
        return len(self.known) + 2 if self.known else 1

    @property
    def second(self) -> int:
        """Where the piece begins."""
        return self.told + len(self.before) + 1


class Tagger:
    """Marks the words of messages that carry facts. One instance serves all threads."""

    def __init__(self, network: Network, pieces: WordPieces, attributes: Sequence[str]) -> None:
        """*attributes* are the names of the network's classes."""
        self._network = network
        self._pieces = pieces
        self._attributes = attributes

    def read(self, messages: Sequence[Heard]) -> list[Reading]:
        """What stands in each of *messages*, and what it ends."""
        places = [known_text(heard.known)[1] for heard in messages]
        rows = [row for number, heard in enumerate(messages) for row in self._rows(number, heard)]
        rows.sort(key=lambda row: row.second + len(row.piece))
        marks: list[list[Mark]] = [[] for _ in messages]
        over: list[dict[int, float]] = [{} for _ in messages]
        tokens: list[list[tuple[int, int, float]]] = [[] for _ in messages]
        for start in range(0, len(rows), TOGETHER):
            for row, scores, attributes in self._read(rows[start : start + TOGETHER]):
                marks[row.message] += self._marks(row, scores, attributes)
                tokens[row.message] += _tokens_in_values(row, scores)
                for place, sure in _over(row, scores, places[row.message]).items():
                    over[row.message][place] = max(sure, over[row.message].get(place, 0.0))
        return [
            Reading(sorted(found, key=lambda mark: (not mark.confirmed, mark.start)), ended, read)
            for found, ended, read in zip(marks, over, tokens, strict=True)
        ]

    def _rows(self, number: int, heard: Heard) -> Iterator[_Row]:
        pieces = self._tokens(heard.message)
        known = self._tokens(known_text(heard.known)[0])[:KNOWN]
        before = heard.before if len(pieces) <= SHORT else ""
        context = self._tokens(before[:_BEFORE_CHARACTERS])[-BEFORE:] if before else []
        for start in range(0, len(pieces), LONGEST):
            yield _Row(number, known, context, pieces[start : start + LONGEST], first=not start)

    def _tokens(self, text: str) -> list[_Token]:
        encoding = self._pieces.encode(text)
        return [_Token(number, *place) for number, place in zip(encoding.ids, encoding.offsets, strict=True)]

    def _read(self, rows: Sequence[_Row]) -> Iterator[tuple[_Row, Floats, Floats]]:
        """Log probabilities of tags and attributes, for the rows that may have marks."""
        lines = [self._line(row) for row in rows]
        worth, tags, attributes = self._network(lines, [row.second for row in rows])
        for place, of_tags, of_attributes in zip(worth, tags, attributes, strict=True):
            yield rows[place], _log_softmax(of_tags[: len(lines[place])]), _log_softmax(of_attributes)

    def _line(self, row: _Row) -> list[int]:
        start, stop = self._pieces.start, self._pieces.stop
        known = [*_numbers(row.known), stop] if row.known else []
        return [start, *known, *_numbers(row.before), stop, *_numbers(row.piece), stop]

    def _marks(self, row: _Row, tags: Floats, attributes: Floats) -> Iterator[Mark]:
        path = _best_path(tags)
        spans = list(_spans(path))
        crowd = math.log(max(sum(begin >= row.second for begin, _ in spans), 1))
        for begin, end in spans:
            confirmed = begin < row.second - 1
            segment, offset = (row.before, row.told) if confirmed else (row.piece, row.second)
            if begin < row.told:
                continue
            tokens = segment[max(begin - offset, 0) : end - offset]
            if len(tokens) < end - begin or (confirmed and not row.first):
                continue  # it reaches out of its message, or was read with an earlier piece
            order = np.argsort(-attributes[begin:end].sum(0))
            named = [self._attributes[int(number)] for number in order[: 1 + RELATED]]
            own = _signs(tags, attributes, begin, end, over=(over := path[begin] == _FIRST_OVER))
            signs = np.append(own, np.float32(crowd))
            yield Mark(
                confirmed=confirmed, start=tokens[0].start, end=tokens[-1].end, over=over,
                attribute=named[0], related=tuple(named[1:]),
                confidence=float(1 / (1 + np.exp(-(signs @ self._network.sure[:-1] + self._network.sure[-1])))),
                signs=tuple(signs.tolist()),
            )  # fmt: skip


def _signs(tags: Floats, attributes: Floats, begin: int, end: int, *, over: bool) -> Floats:
    """What tells how sure a mark is, as log odds.

    That its tokens are of a value, on average and the least likely one; that the tokens beside it are; that it goes on behind
    its end; its attribute. The mean probability of its tags alone does not tell how sure its ends are: with those of the tokens
    beside it a third more marks of held-out snippets are found at a precision of 0.8, with the least likely token, the one behind
    and the number of marks in the message a twelfth more new values of scenes at 0.9.
    """
    columns = [_FIRST_OVER, _FURTHER_OVER] if over else [_FIRST, _FURTHER]
    inside = np.exp(tags[begin:end, columns]).sum(-1)
    beside = 1 - np.exp(tags[[begin - 1, end], _OUTSIDE])
    goes_on = np.exp(tags[end, columns[1]])
    named = np.exp(attributes[begin:end]).mean(0)
    signs = np.array([inside.mean(), inside.min(), beside.max(), goes_on, named.max()], np.float32)
    likely = np.clip(signs, _LEAST_LIKELY, 1 - _LEAST_LIKELY)
    return np.log(likely / (1 - likely))


def known_text(known: Sequence[tuple[str, str]]) -> tuple[str, list[tuple[int, int]]]:
    """What is known of the user, pairs of attribute and value, as the tagger reads it, and where in it the values stand."""
    text = ""
    places: list[tuple[int, int]] = []
    for attribute, value in known:
        text += f"{'; ' if text else ''}{attribute.replace('_', ' ')}: "
        places.append((len(text), len(text) + len(value)))
        text += value
    return text, places


def _tokens_in_values(row: _Row, tags: Floats) -> Iterator[tuple[int, int, float]]:
    inside = 1 - np.exp(tags[row.second : row.second + len(row.piece), _OUTSIDE])
    for token, sure in zip(row.piece, inside.tolist(), strict=True):
        yield token.start, token.end, sure


def _over(row: _Row, tags: Floats, places: Sequence[tuple[int, int]]) -> dict[int, float]:
    """How probable it is that each of the known values is over; *places* tells where they stand."""
    found: dict[int, float] = {}
    for number, (start, end) in enumerate(places):
        tokens = [place for place, token in enumerate(row.known, 1) if token.start < end and start < token.end]
        if tokens:
            found[number] = float(np.exp(tags[tokens][:, [_FIRST_OVER, _FURTHER_OVER]]).sum(-1).mean())
    return found


def _numbers(tokens: Sequence[_Token]) -> list[int]:
    return [token.number for token in tokens]


def _log_softmax(scores: Floats) -> Floats:
    shifted = scores - scores.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def _best_path(scores: Floats) -> list[int]:
    """The most probable sequence of tags, from log probabilities of shape (tokens, 5)."""
    best = scores[0].copy()
    best[[_FURTHER, _FURTHER_OVER]] = _NEVER
    came_from = np.zeros((len(scores), 5), np.intp)
    for place in range(1, len(scores)):
        ways = np.where(_MAY_FOLLOW, best[None, :], _NEVER)
        came_from[place] = ways.argmax(1)
        best = ways.max(1) + scores[place]
    path = [int(best.argmax())]
    for place in range(len(scores) - 1, 0, -1):
        path.append(int(came_from[place, path[-1]]))
    return path[::-1]


def _spans(path: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Where values begin and end."""
    begin = None
    for place, tag in enumerate((*path, _OUTSIDE)):
        if begin is not None and tag not in (_FURTHER, _FURTHER_OVER):
            yield begin, place
            begin = None
        if tag in (_FIRST, _FIRST_OVER):
            begin = place


# ---------------------------------------------------------------- the model
@cache
def load_tagger() -> Tagger:
    """The tagger that comes with recalld; 0.1 s at the first call."""
    return open_tagger(Path(__file__).parent)


def open_tagger(folder: Path) -> Tagger:
    """The tagger whose weights, vocabulary and attributes lie in *folder*. Raises `ConfigurationError`."""
    one_thread()
    network = read_network(load_weights(folder / "weights.npz"))
    attributes = (folder / "attributes.txt").read_text(encoding="utf-8").split()
    known = vocabulary()
    trained = (folder / "vocabulary.txt").read_text(encoding="utf-8").split("\n")[:-1]
    return Tagger(network, word_pieces({piece: known[piece] for piece in trained}), attributes)
