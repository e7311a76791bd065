"""Snippets of conversation with marks, as they stand in `talk/`, and the rows of tokens that are made of them.

A snippet is one to five lines, `A: ` (assistant) or `U: ` (user), ended by a blank line. `[attribute=words]` marks words that hold a
fact about the user, `[-attribute=words]` words that held one and do no longer, or never did. A first line `K: ` tells what is known of
the user from earlier sessions, `[attribute=value]` or, where it is over by what they say now, `[-attribute=value]`. To messages of
snippets without such a line we add one (`with_known`): a value that is said to be over is known, a new value of an attribute
that has one at a time ends the known one, and some facts of others stand beside.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from recalld.ingest.local.facts.tagger.tagger import BEFORE, KNOWN, LONGEST, known_text
from recalld.layers.facts.attributes import Attributes
from recalld.models.encoder import WordPieces

MARK = re.compile(r"\[([-?]?)([A-Za-z][A-Za-z0-9_]*)=([^\[\]]*)\]")
OUTSIDE, FIRST, FURTHER, FIRST_OVER = range(4)  # and FURTHER_OVER
UNTOLD = -100  # of tokens from whose tag nothing is learnt
NO_ATTRIBUTE = -1


@dataclass(frozen=True, slots=True)
class Span:
    """Marked words."""

    start: int
    end: int
    over: bool
    attribute: str
    arguable: bool = False  # true and hardly worth keeping


@dataclass(frozen=True, slots=True)
class Line:
    """A message without its marks, and where they stood."""

    role: str  # "A", "U" or, for what is known, "K"
    text: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """What the tagger reads at a time, with the answer."""

    tokens: list[int]
    tags: list[int]
    attributes: list[int]
    second: int  # where the user's message begins


Number = Callable[[str], int]  # of an attribute's class
Token = tuple[int, int, int]  # its number, tag and attribute


def read(folder: Path, files: str = "*.txt") -> list[list[Line]]:
    """All snippets of the *files* of a folder."""
    blocks = (block for file in sorted(folder.glob(files)) for block in file.read_text(encoding="utf-8").split("\n\n"))
    lines = ([read_line(line) for line in block.splitlines() if line[:3] in ("K: ", "A: ", "U: ")] for block in blocks)
    return [snippet for snippet in lines if snippet]


def read_line(written: str) -> Line:
    """A line with its marks, which begins with its role."""
    if written[0] == "K":
        return known_line([(mark[2], mark[3], bool(mark[1])) for mark in MARK.finditer(written)])
    text, spans, at, body = "", [], 0, written[3:]
    for mark in MARK.finditer(body):
        text += body[at : mark.start()]
        spans.append(Span(len(text), len(text) + len(mark[3]), mark[1] == "-", mark[2].lower(), mark[1] == "?"))
        text += mark[3]
        at = mark.end()
    return Line(written[0], text + body[at:], tuple(spans))


def canonical(line: Line, registry: Attributes) -> Line:
    """*line* with its attributes under the registry's names."""
    return replace(line, spans=tuple(replace(s, attribute=registry.canonical(s.attribute)) for s in line.spans))


def parted(folder: Path, files: str = "*.txt") -> tuple[list[list[Line]], list[list[Line]]]:
    """The snippets to learn from and those held out: a twentieth, and a twelfth of those that begin with what is known."""
    with_known = [path.name for path in sorted(folder.glob(files)) if path.name.startswith("known_")]
    plain = [
        snippet
        for path in sorted(folder.glob(files))
        if path.name not in with_known
        for snippet in read(folder, path.name)
    ]
    order = list(range(len(plain)))
    random.Random(77).shuffle(order)
    held = set(order[: len(order) // 20])
    told = [snippet for place, snippet in enumerate(plain) if place not in held]
    left = [plain[place] for place in sorted(held)]
    for name in with_known:
        for place, snippet in enumerate(read(folder, name)):
            (left if place % 12 == 7 else told).append(snippet)
    return told, left


def values(snippets: Iterable[Sequence[Line]]) -> dict[str, list[str]]:
    """What was marked under each attribute."""
    found: dict[str, list[str]] = defaultdict(list)
    for snippet in snippets:
        for line in snippet:
            for span in line.spans:
                found[span.attribute].append(line.text[span.start : span.end])
    return dict(found)


def with_other_values(snippet: Sequence[Line], known: Mapping[str, Sequence[str]], share: float) -> list[Line]:
    """*snippet* with a *share* of its values exchanged for others of their attribute, the same one everywhere alike.

    What it tells to be known stays: the message may speak of it in other words.
    """
    fixed = snippet[0].text.casefold() if snippet[0].role == "K" else ""
    exchanged: dict[str, str] = {}
    return [line if line.role == "K" else _exchanged(line, known, share, exchanged, fixed) for line in snippet]


def _exchanged(
    line: Line, known: Mapping[str, Sequence[str]], share: float, exchanged: dict[str, str], fixed: str
) -> Line:
    text, spans, at = "", [], 0
    for span in line.spans:
        value = line.text[span.start : span.end]
        may = span.attribute in known and value.casefold() not in fixed
        if value.casefold() in exchanged or (may and random.random() < share):
            value = exchanged.setdefault(value.casefold(), random.choice(known[span.attribute]))
        text += line.text[at : span.start]
        spans.append(Span(len(text), len(text) + len(value), span.over, span.attribute))
        text += value
        at = span.end
    return Line(line.role, text + line.text[at:], tuple(spans))


def known_line(facts: Sequence[tuple[str, str, bool]]) -> Line:
    """What is known: attributes, values, and whether they are over."""
    text, places = known_text([(attribute, value) for attribute, value, _ in facts])
    spans = (Span(*place, over, attribute) for place, (attribute, _, over) in zip(places, facts, strict=True))
    return Line("K", text, tuple(spans))


def in_any_order(snippet: Sequence[Line]) -> list[Line]:
    """*snippet* with what is known of the user in another order: whoever writes one names first what ends."""
    first = snippet[0]
    facts = [(span.attribute, first.text[span.start : span.end], span.over) for span in first.spans]
    return [known_line(random.sample(facts, len(facts))), *snippet[1:]]


def with_known(
    said: Line, values: Mapping[str, Sequence[str]], single: Callable[[str], bool], others: Sequence[tuple[str, str]]
) -> Line:
    """Something that may well be known before *said*, by chance.

    *values* are those of each attribute, *single* tells of which attributes one holds at a time, *others* are facts of anybody.
    """
    facts: list[tuple[str, str, bool]] = []
    new = {span.attribute: said.text[span.start : span.end] for span in said.spans if not span.over}
    for span in said.spans:
        value = said.text[span.start : span.end]
        if span.over:
            if random.random() < 0.8:
                facts.append((span.attribute, value, True))
        elif random.random() < 0.25:
            facts.append((span.attribute, value, False))
        elif random.random() < 0.6 and span.attribute in values:
            other = random.choice(values[span.attribute])
            if other.casefold() != value.casefold():
                facts.append((span.attribute, other, single(span.attribute)))
    spoken = {attribute for attribute, _, _ in facts} | new.keys()
    beside = random.choices(others, k=random.choice((0, 1, 1, 2, 2, 3, 4, 5)))
    facts += [(attribute, value, False) for attribute, value in beside if attribute not in spoken]
    random.shuffle(facts)
    return known_line(facts)


def rows(
    snippet: Sequence[Line],
    pieces: WordPieces,
    number: Number,
    known: Callable[[Line], Line] | None = None,
) -> Iterator[Row]:
    """A row for every message of the user: what is known, the end of the assistant's message before it, and the message.

    *known* says what may be known before a message of a snippet that does not tell.
    """
    told = snippet[0] if snippet[0].role == "K" else None
    for place, line in enumerate(snippet):
        if line.role == "U":
            by = snippet[place - 1] if place and snippet[place - 1].role == "A" else None
            facts = told or (known(line) if known else None)
            own = labelled(line, pieces, number)[:LONGEST]
            yield row(labelled(facts, pieces, number), labelled(by, pieces, number), own, pieces)


def row(known: Sequence[Token], before: Sequence[Token], own: Sequence[Token], pieces: WordPieces) -> Row:
    """Of what is known, the assistant's message before, and (a piece of) the user's own, as the tagger reads them together."""
    start, stop = ((number, OUTSIDE, NO_ATTRIBUTE) for number in (pieces.start, pieces.stop))
    first = [start, *known[:KNOWN], *([stop] if known else []), *before[-BEFORE:], stop]
    tokens, tags, attributes = zip(*first, *own, stop, strict=True)
    return Row(list(tokens), list(tags), list(attributes), len(first))


def labelled(line: Line | None, pieces: WordPieces, number: Number) -> list[Token]:
    """The tokens of a line with their marks. Of what is known only what is over is marked."""
    if line is None:
        return []
    encoding = pieces.encode(line.text)
    tokens = [(token, OUTSIDE, NO_ATTRIBUTE) for token in encoding.ids]
    for span in line.spans:
        if line.role == "K" and not span.over:
            continue
        inside = [n for n, (start, end) in enumerate(encoding.offsets) if start < span.end and end > span.start]
        for order, n in enumerate(inside):
            tag = UNTOLD if span.arguable else (FIRST_OVER if span.over else FIRST) + bool(order)
            tokens[n] = (encoding.ids[n], tag, number(span.attribute))
    return tokens
