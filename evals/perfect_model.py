"""A scripted model that answers the sessions of `facts.jsonl` perfectly, from their gold: what is lost then, the plumbing loses.

    python -m evals.perfect_model FILE        serves it until interrupted and prints the model's name

It finds the session by its messages in the prompt, states every expected value where it is said, and retracts what is expected to be
closed and has no successor. Values that nobody says in these words are quoted from the message that comes closest,
and always from the user's own words in it.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from recalld.ingest.evidence import words_of
from recalld.ingest.local.facts.material import own_words
from recalld.ingest.local.facts.sentences import MASK
from recalld.layers.facts.attributes import Attributes
from recalld.testing.model_server import ModelServer
from recalld.testing.wire import Call, Output

Gold = Mapping[str, Any]
ATTRIBUTES = Attributes()
_WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class Place:
    """A message of the user, and the words of it that come closest to a value."""

    session: int
    message: int
    quote: str
    overlap: int  # words of the value found in it


@dataclass(frozen=True)
class Line:
    """One line of the evaluation file."""

    gold: Gold

    @cached_property
    def replies(self) -> list[dict[str, Any]]:
        """The perfect answer for each session."""
        facts: list[list[dict[str, Any]]] = [[] for _ in self.gold["sessions"]]
        for value in self.gold["expect_closed"]:
            for place, act in self._closed(value):
                facts[place.session].append(_fact(value, place, act))
        for value in self.gold["expect_current"]:
            for place in self._stated(value):
                facts[place.session].append(_fact(value, place, "state"))
        return [
            {"summary": "The user talked about this and that.", "topics": ["talk"], "facts": each} for each in facts
        ]

    def _stated(self, value: Gold) -> list[Place]:
        """Every session that says the value, or the one that comes closest, late rather than early."""
        places = self._places(value)
        best = max(place.overlap for place in places)
        said = {place.session: place for place in places if place.overlap == best}
        return [said[session] for session in sorted(said)] if best else [said[max(said)]]

    def _closed(self, value: Gold) -> Iterator[tuple[Place, str]]:
        """The value where it is first said, and its end in the last session unless a successor ends it."""
        places = self._places(value)
        best = max(place.overlap for place in places)
        first = next(place for place in places if place.overlap == best)
        last = max(range(len(self.gold["sessions"])), default=0)
        if first.session < last:
            yield first, "state"
        if first.session == last or not self._has_successor(value, first.session):
            yield next(place for place in reversed(places) if place.session == last), "retract"

    def _has_successor(self, value: Gold, session: int) -> bool:
        """True when a later session states another value of the same attribute, of which there is one at a time."""
        name = ATTRIBUTES.canonical(value["attribute"])
        others = [other for other in self.gold["expect_current"] if ATTRIBUTES.canonical(other["attribute"]) == name]
        later = any(place.session > session for other in others for place in self._stated(other))
        return later and ATTRIBUTES.cardinality(name) == "single"

    def _places(self, value: Gold) -> list[Place]:
        """All messages of the user, in order, with what of the value they say."""
        forms = [words_of(form) for form in (value["value"], *value.get("aliases", ()))]
        return [
            _place(session, message, content, forms)
            for session, each in enumerate(self.gold["sessions"])
            for message, content in _of_user(each["messages"])
        ]


class PerfectModel:
    """Answers a prompt with the reply of the session whose messages it shows."""

    def __init__(self, file: Path) -> None:
        golds = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
        self._replies = {
            _key([content for _, content in _of_user(session["messages"])]): reply
            for gold in golds
            for session, reply in zip(gold["sessions"], Line(gold).replies, strict=True)
        }

    def __call__(self, call: Call) -> Output:
        """The reply to *call*."""
        shown = re.findall(r"^\[\d+\](?: \(.*?\))? user: (.*(?:\n    .*)*)", call.prompt, re.MULTILINE)
        return Output(arguments=self._replies[_key(shown)])


def _of_user(messages: Sequence[Mapping[str, str]]) -> Iterator[tuple[int, str]]:
    return ((place, message["content"]) for place, message in enumerate(messages) if message["role"] == "user")


def _key(contents: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(words_of(content) for content in contents)


def _place(session: int, message: int, content: str, forms: Sequence[tuple[str, ...]]) -> Place:
    found = [(*_best_overlap(content, spans, forms), spans) for spans in _own_spans(content)]
    overlap, centre, spans = max(found, key=lambda one: (one[0], len(one[2])))
    start, end = max(centre - 2, 0), min(centre + 5, len(spans))
    return Place(session, message, content[spans[start][0] : spans[end - 1][1]], overlap)


def _own_spans(content: str) -> list[list[tuple[int, int]]]:
    """Where the user's own words are, parted by what they quote or paste; of a message without any, where all words are."""
    parts = [match.span() for match in re.finditer(rf"[^{MASK}]+", own_words(content))]
    spans = [[match.span() for match in _WORD.finditer(content, *part)] for part in parts]
    return [part for part in spans if part] or [[match.span() for match in _WORD.finditer(content)]]


def _best_overlap(content: str, spans: Sequence[tuple[int, int]], forms: Sequence[tuple[str, ...]]) -> tuple[int, int]:
    words = [words_of(content[start:end]) for start, end in spans]
    return max((_overlap(words, form) for form in forms), default=(0, 0))


def _overlap(words: Sequence[tuple[str, ...]], form: tuple[str, ...]) -> tuple[int, int]:
    """How many words of *form* the message has, ten for all of them in a row, and where the first one is."""
    flat = [(word, place) for place, group in enumerate(words) for word in group]
    for start in range(len(flat)):
        if tuple(word for word, _ in flat[start : start + len(form)]) == form:
            return 10, flat[start][1]
    found = [place for word, place in flat if word in form]
    return len(found), found[0] if found else 0


def _fact(value: Gold, place: Place, act: str) -> dict[str, Any]:
    return {
        "attribute": value["attribute"],
        "value": value["value"],
        "message": place.message,
        "quote": place.quote,
        "act": act,
    }


async def _serve(file: Path) -> None:
    async with ModelServer(PerfectModel(file)) as server:
        print(f"openai-compatible:{server.url}/v1#perfect", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
