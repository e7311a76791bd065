"""Scenes: what one user says over one to three sessions, with marks, as they stand in `scenes/`.

`# 1`, `# 2` … begin the sessions of a scene, a blank line ends it. `U: ` and `A: ` are messages, marked like those of snippets;
`[?attribute=words]` marks besides what is true and hardly worth keeping, from which the tagger learns nothing. `X: attribute=value;
attribute=value` behind a message of the user tells which values marked earlier in the scene are over by what it says, in whatever words.

A snippet is a moment of talk, dense with facts and hard to read. A scene is as sparse and as plain as talk is, and what is known
before a message of it is what its own user said before.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from recalld.ingest.local.facts.tagger.tagger import LONGEST, SHORT, Heard
from recalld.layers.facts.attributes import Attributes
from recalld.models.encoder import WordPieces
from training.facts import snippets
from training.facts.snippets import Line, Number, Row, Span

FILES, HELD_OUT = "told_*.txt", "held_*.txt"  # those to learn from, and those to measure with
TOLD_HERE = 0.3  # share of the messages before which what the same session said is shown as known too
NOTHING_KNOWN = 0.12  # share of the messages before which nothing of the scene is
BESIDE = 0.6  # share of the messages before which facts of others stand besides
KEPT_ANYWAY = 0.3  # share of what is hardly worth keeping that is known later


@dataclass(frozen=True, slots=True)
class Turn:
    """A message with its marks, and what it ends: attributes and values that were marked before."""

    line: Line
    ends: tuple[tuple[str, str], ...] = ()


Scene = Sequence[Sequence[Turn]]  # its sessions


@dataclass(frozen=True, slots=True)
class _Fact:
    attribute: str
    value: str
    session: int  # that told it

    def same(self, attribute: str, value: str) -> bool:
        return self.attribute == attribute and self.value.casefold() == value.casefold()


@dataclass(frozen=True, slots=True)
class _Moment:
    """A message of the user, the assistant's one before it, and what was told before, with what of it is over now."""

    session: int
    said: Line
    before: Line | None
    told: Sequence[tuple[_Fact, bool]]


def read(folder: Path, files: str, registry: Attributes) -> list[Scene]:
    """The scenes in *files* of a folder, their attributes under the registry's names."""
    blocks = (block for file in sorted(folder.glob(files)) for block in file.read_text(encoding="utf-8").split("\n\n"))
    return [scene for block in blocks if (scene := _scene(block.splitlines(), registry))]


def rows(scene: Scene, pieces: WordPieces, number: Number, others: Sequence[tuple[str, str]]) -> Iterator[Row]:
    """Rows for every message of the user, with what is known before it as chance has it; *others* are facts of anybody."""
    for moment in _moments(scene):
        known = snippets.known_line(_known(moment, others))
        own = snippets.labelled(moment.said, pieces, number)
        before = snippets.labelled(moment.before, pieces, number) if len(own) <= SHORT else []
        for start in range(0, len(own), LONGEST):
            yield snippets.row(snippets.labelled(known, pieces, number), before, own[start : start + LONGEST], pieces)


def heard(scene: Scene) -> Iterator[tuple[Heard, Line]]:
    """The messages of the user with what the tagger is shown before them, and with their marks."""
    for moment in _moments(scene):
        known = [(fact.attribute, fact.value) for fact, _ in moment.told if fact.session < moment.session]
        before = moment.before.text if moment.before else ""
        yield Heard(message=moment.said.text, before=before, known=known), moment.said


def _scene(lines: Sequence[str], registry: Attributes) -> Scene:
    sessions: list[list[Turn]] = []
    for line in lines:
        if line.startswith("#"):
            sessions.append([])
        elif line[:3] in ("A: ", "U: "):
            sessions[-1].append(Turn(snippets.canonical(snippets.read_line(line), registry)))
        elif line.startswith("X: "):
            pairs = (pair.partition("=") for pair in line[3:].split(";"))
            ends = tuple((registry.canonical(name.strip()), value.strip()) for name, _, value in pairs)
            sessions[-1][-1] = Turn(sessions[-1][-1].line, ends)
    return sessions


def _moments(scene: Scene) -> Iterator[_Moment]:
    told: list[_Fact] = []
    for session, turns in enumerate(scene):
        before: Line | None = None
        for turn in turns:
            if turn.line.role == "U":
                over = [fact for fact in told if _ended(fact, turn)]
                yield _Moment(session, turn.line, before, [(fact, fact in over) for fact in told])
                told = [fact for fact in told if fact not in over]
                for line in (before, turn.line):
                    told += (
                        fact for fact in _told(line, session) if not any(fact.same(f.attribute, f.value) for f in told)
                    )
            before = turn.line if turn.line.role == "A" else None


def _ended(fact: _Fact, turn: Turn) -> bool:
    if any(fact.same(*end) for end in turn.ends):
        return True
    said = {over: {_words(turn.line, span) for span in turn.line.spans if span.over == over} for over in (True, False)}
    return fact.value.casefold() in said[True] - said[False]


def _told(line: Line | None, session: int) -> Iterator[_Fact]:
    if line is None:
        return
    for span in line.spans:
        if not span.over and (not span.arguable or random.random() < KEPT_ANYWAY):
            yield _Fact(span.attribute, line.text[span.start : span.end], session)


def _words(line: Line, span: Span) -> str:
    return line.text[span.start : span.end].casefold()


def _known(moment: _Moment, others: Sequence[tuple[str, str]]) -> list[tuple[str, str, bool]]:
    here, nothing = random.random() < TOLD_HERE, random.random() < NOTHING_KNOWN
    shown = [told for told in moment.told if not nothing and (here or told[0].session < moment.session)]
    facts = [(fact.attribute, fact.value, over) for fact, over in shown]
    if random.random() < BESIDE:
        spoken = {name for name, _, _ in facts} | {span.attribute for span in moment.said.spans}
        beside = random.choices(others, k=random.choice((1, 1, 2, 3, 4)))
        facts += [(name, value, False) for name, value in beside if name not in spoken]
    random.shuffle(facts)
    return facts
