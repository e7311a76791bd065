"""Snippets of conversation with marks, as they stand in `talk/`, and the rows of tokens that are made of them.

A snippet is one to five lines, `A: ` (assistant) or `U: ` (user), ended by a blank line. `[attribute=words]` marks words that hold a
fact about the user, `[-attribute=words]` words that held one and do no longer, or never did.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from recalld.ingest.local.facts.tagger.tagger import BEFORE, LONGEST
from recalld.models.encoder import WordPieces

MARK = re.compile(r"\[(-?)([a-z][a-z0-9_]*)=([^\[\]]*)\]")
OUTSIDE, FIRST, FURTHER, FIRST_OVER = range(4)  # and FURTHER_OVER
NO_ATTRIBUTE = -1


@dataclass(frozen=True, slots=True)
class Span:
    """Marked words."""

    start: int
    end: int
    over: bool
    attribute: str


@dataclass(frozen=True, slots=True)
class Line:
    """A message without its marks, and where they stood."""

    role: str  # "A" or "U"
    text: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """What the tagger reads at a time, with the answer."""

    tokens: list[int]
    tags: list[int]
    attributes: list[int]
    second: int  # where the user's message begins


def read(folder: Path, files: str = "*.txt") -> list[list[Line]]:
    """All snippets of the *files* of a folder."""
    blocks = (block for file in sorted(folder.glob(files)) for block in file.read_text(encoding="utf-8").split("\n\n"))
    lines = ([_line(line) for line in block.splitlines() if line[:3] in ("A: ", "U: ")] for block in blocks)
    return [snippet for snippet in lines if snippet]


def _line(written: str) -> Line:
    text, spans, at, body = "", [], 0, written[3:]
    for mark in MARK.finditer(body):
        text += body[at : mark.start()]
        spans.append(Span(len(text), len(text) + len(mark[3]), bool(mark[1]), mark[2]))
        text += mark[3]
        at = mark.end()
    return Line(written[0], text + body[at:], tuple(spans))


def values(snippets: Iterable[Sequence[Line]]) -> dict[str, list[str]]:
    """What was marked under each attribute."""
    found: dict[str, list[str]] = defaultdict(list)
    for snippet in snippets:
        for line in snippet:
            for span in line.spans:
                found[span.attribute].append(line.text[span.start : span.end])
    return dict(found)


def with_other_values(snippet: Sequence[Line], known: Mapping[str, Sequence[str]], share: float) -> list[Line]:
    """*snippet* with a *share* of its values exchanged for others of their attribute, the same one everywhere alike."""
    exchanged: dict[str, str] = {}
    return [_exchanged(line, known, share, exchanged) for line in snippet]


def _exchanged(line: Line, known: Mapping[str, Sequence[str]], share: float, exchanged: dict[str, str]) -> Line:
    text, spans, at = "", [], 0
    for span in line.spans:
        value = line.text[span.start : span.end]
        if value.casefold() in exchanged or (span.attribute in known and random.random() < share):
            value = exchanged.setdefault(value.casefold(), random.choice(known[span.attribute]))
        text += line.text[at : span.start]
        spans.append(Span(len(text), len(text) + len(value), span.over, span.attribute))
        text += value
        at = span.end
    return Line(line.role, text + line.text[at:], tuple(spans))


def rows(snippet: Sequence[Line], pieces: WordPieces, number: Callable[[str], int]) -> Iterator[Row]:
    """A row for every message of the user, the end of the assistant's message before it in front."""
    start, stop = pieces.start, pieces.stop
    for place, line in enumerate(snippet):
        if line.role == "U":
            own = _labelled(line, pieces, number)[:LONGEST]
            before = (
                _labelled(snippet[place - 1], pieces, number)[-BEFORE:]
                if place and snippet[place - 1].role == "A"
                else []
            )
            mark = (stop, OUTSIDE, NO_ATTRIBUTE)
            tokens, tags, attributes = zip((start, OUTSIDE, NO_ATTRIBUTE), *before, mark, *own, mark, strict=True)
            yield Row(list(tokens), list(tags), list(attributes), len(before) + 2)


def _labelled(line: Line, pieces: WordPieces, number: Callable[[str], int]) -> list[tuple[int, int, int]]:
    encoding = pieces.encode(line.text)
    labelled = [(token, OUTSIDE, NO_ATTRIBUTE) for token in encoding.ids]
    for span in line.spans:
        inside = [n for n, (start, end) in enumerate(encoding.offsets) if start < span.end and end > span.start]
        for order, n in enumerate(inside):
            tag = (FIRST_OVER if span.over else FIRST) + bool(order)
            labelled[n] = (encoding.ids[n], tag, number(span.attribute))
    return labelled
