"""Generated people for the benchmarks: what they say, and their sessions ingested by the pipeline itself.

Nothing is known about them but that their words follow Zipf's law: a digest has about 180 tokens, five points and three topics unless
another `Shape` is asked for, and each of a person's first eight sessions states a fact.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from recalld import Memory, Message
from recalld.memory import UserMemory
from recalld.models.tokens import vocabulary
from recalld.values import Candidate, Digest, EndedSession, Known

TENANT = "bench"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FACTS = 8
SPACING = timedelta(days=9)  # between two sessions of a person


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """The size of a digest."""

    sentences: int = 9  # of the summary: 20 tokens each
    points: int = 5
    topics: int = 3


ORDINARY = Shape()


class Writer:
    """Writes digests and questions from a vocabulary in which few words are frequent and many are rare."""

    def __init__(self, seed: int, shape: Shape = ORDINARY) -> None:
        self._random = random.Random(seed)
        self._shape = shape
        pieces = [
            piece[1:] for piece in vocabulary() if piece.startswith("▁") and piece[1:].isascii() and piece[1:].isalpha()
        ]
        self._words = [word.lower() for word in pieces if len(word) > 3][:6000]
        self._weights = [1 / (rank + 20) for rank in range(len(self._words))]

    def words(self, count: int) -> list[str]:
        """So many words, by Zipf's law."""
        return self._random.choices(self._words, self._weights, k=count)

    def sentence(self) -> str:
        """A sentence with now and then a code in it."""
        code = (
            f" {self._random.choice('ABCDEF')}-{self._random.randrange(10_000)}" if self._random.random() < 0.1 else ""
        )
        return f"The {' '.join(self.words(self._random.randrange(8, 18)))}{code}."

    def episode(self) -> dict[str, Any]:
        """Summary, topics and points."""
        return {
            "summary": " ".join(self.sentence() for _ in range(self._shape.sentences)),
            "topics": [" ".join(self.words(2)) for _ in range(self._shape.topics)],
            "points": [" ".join(self.words(self._random.randrange(5, 10))) for _ in range(self._shape.points)],
        }

    def digest(self, place: int) -> Digest:
        """The digest of a person's session number *place*; the first eight state a fact each."""
        written = self.episode()
        value = " ".join(self.words(2))
        stated = (Candidate(attribute=f"preference_{place}", value=value, quote=f"I like {value}.", message_seq=0),)
        return Digest(
            summary=written["summary"],
            topics=tuple(written["topics"]),
            points=tuple(written["points"]),
            candidates=stated if place < FACTS else (),
            by="generated",
        )

    def question(self) -> str:
        """Half of them about a subject, the others with a time or a code."""
        about = " ".join(self.words(3))
        kinds = (
            "what did I decide about {}",
            "how do I want my {}",
            "what did I say about {} last week",
            "{} in October",
        )
        return self._random.choice(
            (*kinds, f"what happened with {self._random.choice('ABC')}-{self._random.randrange(10_000)}")
        ).format(about)


@dataclass(frozen=True, slots=True)
class GeneratedDigests:
    """A summariser that makes up what a session was about, so that the rest of the pipeline can be real."""

    writer: Writer
    name: str = "generated"

    async def digest(self, session: EndedSession, known: Sequence[Known] = ()) -> Digest:  # noqa: ARG002 -- the port's
        """A new one at each call; the session's id ends in its number."""
        return self.writer.digest(int(session.session.ref.session_id[-5:]))


def generating(memory: Memory, writer: Writer) -> Memory:
    """The same installation with generated digests."""
    ingestion = replace(memory.parts.ingestion, summariser=GeneratedDigests(writer))
    return Memory(replace(memory.parts, ingestion=ingestion))


async def live(user: UserMemory, sessions: int) -> None:
    """Let a person have *sessions* sessions, the newest some days before `NOW`, each ingested at its end."""
    for place in range(sessions):
        at = NOW - SPACING * (sessions - place)
        name = f"session-{place:05}"
        await user.append(name, [Message(role="user", content="Let us talk.", at=at)], at=at)
        await user.end_session(name, wait=True, at=at + timedelta(minutes=20), budget_seconds=60)
