"""Turns to statements: the units that a summary and its points are chosen from.

A statement is one sentence, or neighbouring short ones of one message that belong together ("I have a dog. He is called
Rex."), with the speaker and, for a short answer, the question it answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from recalld.ingest.local.turns import Turn
from recalld.ingest.local.worth import Sentence, worth

_SHORT_ANSWER = 8  # words up to which an answer is kept with its question
_TELLING_QUESTION = 0.5  # sum of its weights: "are you?" explains nothing
_ASKED = 6  # tokens around a question that is quoted
_CONJUNCTION = re.compile(r"(?:and|but|so|or|because)\s+", re.IGNORECASE)  # where a clause stands for itself
_UNNAMED_ASSISTANT = 0.6  # memory is about the person; what the agent said comes second


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """A unit of what was said, ready to be chosen."""

    text: str  # without the speaker
    speaker: str
    unlabelled: bool  # said by the user, who needs no name
    asked: str  # the question it answers; empty for most
    order: int  # place in the session
    tokens: int  # about what it takes with its label
    terms: Mapping[str, float]
    worth: float

    @property
    def label(self) -> str:
        """Who says it, and to which question."""
        return f"{self.speaker}, asked “{self.asked}”" if self.asked else self.speaker


def statements(turns: Iterable[Turn], *, longest: int, pack: bool) -> list[Statement]:
    """The statements of a session, of at most about *longest* tokens; *pack* joins neighbours up to that length."""
    found: dict[tuple[str, str], Statement] = {}  # what one speaker says again word for word is said once
    for turn in turns:
        asked = _asked(turn, longest)
        for unit in _units(turn, asked, longest, pack=pack):
            statement = _statement(turn, unit, asked, len(found))
            found.setdefault((statement.label, statement.text), statement)
            asked = None
    return list(found.values())


def _statement(turn: Turn, unit: Sequence[Sentence], asked: Sentence | None, order: int) -> Statement:
    sentences = [asked, *unit] if asked else unit
    return Statement(
        text=_text(unit),
        speaker=turn.speaker,
        unlabelled=turn.by_user and not turn.named,
        asked=asked.text if asked else "",
        order=order,
        tokens=sum(sentence.tokens for sentence in sentences) + (_ASKED if asked else 1),
        terms=_merged(sentences),
        worth=_worth(turn, unit),
    )


def _asked(turn: Turn, longest: int) -> Sentence | None:
    """The question before, when the turn begins with an answer too short to be understood alone and both fit."""
    question = turn.asked
    if question is None or sum(question.terms.values()) < _TELLING_QUESTION or not turn.sentences:
        return None
    answer = turn.sentences[0]
    short = len(answer.text.split()) <= _SHORT_ANSWER and question.tokens + _ASKED + answer.tokens <= longest
    return question if short else None


def _worth(turn: Turn, unit: Sequence[Sentence]) -> float:
    signs = set[str]().union(*(sentence.signs for sentence in unit))
    signs |= {"answer"} if turn.asked and unit[0] is turn.sentences[0] else set()
    signs |= {"closing"} if turn.closing else set()
    if unit[0].is_question and (turn.named or not turn.by_user):  # the user's questions are what a session is about
        signs |= {"question"}
    return worth(signs) * (1.0 if turn.named or turn.by_user else _UNNAMED_ASSISTANT)


def _merged(sentences: Iterable[Sentence]) -> dict[str, float]:
    terms: dict[str, float] = {}
    for sentence in sentences:
        for term, weight in sentence.terms.items():
            terms[term] = max(weight, terms.get(term, 0.0))
    return terms


def _text(unit: Sequence[Sentence]) -> str:
    """The sentences of a unit, the clauses of one joined as they were, each with the full stop that chats leave out."""
    parts: list[str] = []
    for sentence in unit:
        if not sentence.continues:
            parts.append(sentence.text)
        elif parts:
            parts[-1] = f"{parts[-1]} {sentence.text}"
        else:
            whole = _CONJUNCTION.sub("", sentence.text)
            parts.append(whole[:1].upper() + whole[1:])
    return " ".join(map(_closed, parts))


def _closed(text: str) -> str:
    whole = text.rstrip(" ,;:–—-")
    return f"{whole}." if whole[-1:].isalnum() else whole


# ---------------------------------------------------------------- units
def _units(turn: Turn, asked: Sentence | None, longest: int, *, pack: bool) -> Iterator[list[Sentence]]:
    """The telling sentences of a turn one by one, or joined while they fit; an answer to *asked* in any case."""
    unit: list[Sentence] = []
    room = longest - (asked.tokens + _ASKED if asked else 0)
    for place, sentence in enumerate(turn.sentences):
        if not sentence.terms and not (asked and place == 0):
            continue
        if unit and not ((pack or sentence.continues) and _fits(unit, sentence, room)):
            yield unit
            unit, room = [], longest
        unit.append(sentence)
    if unit:
        yield unit


def _fits(unit: Sequence[Sentence], sentence: Sentence, room: int) -> bool:
    together = sum(part.tokens for part in unit) + sentence.tokens
    return together <= room and unit[-1].is_question == sentence.is_question
