"""`python -m benchmarks context`: the time of context() in process, over many users and for one with a long memory.

    python -m benchmarks context --users 10000 --episodes 50 --heavy 5000

Users get episodes that are copied from 500 generated ones (summaries of about 180 tokens, five points, three topics), in rounds, so
that the rows of a user lie scattered as they do when sessions end over months. Loading 10,000 users takes some minutes; with
`--data-dir` it happens once.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.progress import track

from evals.store import fresh_memory
from recalld import Memory
from recalld.layers.facts.merge import api_statement
from recalld.memory import UserMemory
from recalld.models.tokens import vocabulary
from recalld.postgres.queries import beside
from recalld.values import Candidate

SQL = beside(__file__, "context.sql")
TENANT = "bench"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TEMPLATES = 500
ROUNDS = 5  # episodes of a user are written in so many passes over all users
FACTS = 8


@dataclass(frozen=True, slots=True)
class Template:
    """A generated episode as its rows are stored, to be copied under other users and times."""

    episode: dict[str, Any]
    vectors: list[dict[str, Any]]


# ---------------------------------------------------------------- what is said
class Writer:
    """Writes episodes and questions from a vocabulary in which few words are frequent and many are rare."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
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
            "summary": " ".join(self.sentence() for _ in range(9)),
            "topics": [" ".join(self.words(2)) for _ in range(3)],
            "points": [" ".join(self.words(self._random.randrange(5, 10))) for _ in range(5)],
        }

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


# ---------------------------------------------------------------- loading
async def templates(memory: Memory, writer: Writer) -> list[Template]:
    """Episodes made through the API, read back as rows."""
    user = memory.user(TENANT, "template")
    async with memory.parts.database.transaction("app", user.ref, ["general"]) as tx:
        made = await tx.row(SQL["known"])
    if made is None:
        for number in track(range(TEMPLATES), description="episodes to copy"):
            await user.add_episode(**writer.episode(), ended_at=NOW - timedelta(days=1), episode_id=f"t{number}")
    async with memory.parts.database.transaction("app", user.ref, ["general"]) as tx:
        episodes = await tx.rows(SQL["episodes"])
        vectors = await tx.rows(SQL["vectors"])
    parts: dict[str, list[dict[str, Any]]] = {}
    for row in vectors:
        parts.setdefault(row["episode_id"], []).append(row)
    return [Template(episode=row, vectors=parts[row["episode_id"]]) for row in episodes]


async def fill(user: UserMemory, source: list[Template], numbers: range, spacing: timedelta) -> None:
    """Write copies as the episodes *numbers* of *user*, the highest number being the newest."""
    chosen = random.Random(f"{user.ref.user_id} {numbers.start}").choices(source, k=len(numbers))
    async with user.parts.database.transaction("worker", user.ref) as tx:
        added = await tx.row(SQL["add_user"])
        epoch = added["epoch"] if added else 0
        places = [
            {"episode_id": f"session-{number:05}", "ended_at": NOW - spacing * (number + 1), "epoch": epoch}
            for number in numbers
        ]
        pairs = list(zip(places, chosen, strict=True))
        await tx.execute_many(SQL["copy_episode"], [template.episode | place for place, template in pairs])
        await tx.execute_many(
            SQL["copy_vectors"], [row | place for place, template in pairs for row in template.vectors]
        )


async def load(memory: Memory, users: int, episodes: int) -> None:
    """Users with episodes, in rounds, and some facts each."""
    source = await templates(memory, Writer(1))
    step = max(1, -(-episodes // ROUNDS))
    for start in range(0, episodes, step):
        for number in track(range(users), description=f"episodes {start}…"):
            await fill(person(memory, number), source, range(start, min(start + step, episodes)), timedelta(days=9))
    writer = Writer(2)
    for number in track(range(users), description="facts"):
        await state_facts(person(memory, number), writer)


async def state_facts(user: UserMemory, writer: Writer) -> None:
    """Some facts, as if set through the API."""
    at = NOW - timedelta(days=30)
    statements = [
        api_statement(
            Candidate(attribute=f"preference_{place}", value=" ".join(writer.words(2))),
            statement_id=f"{user.ref.user_id}-{place}",
            purpose=user.purpose,
            at=at,
            attributes=user.parts.attributes,
        )
        for place in range(FACTS)
    ]
    async with user.parts.database.transaction("worker", user.ref) as tx:
        row = await user.parts.journal.lock_user(tx)
        await user.parts.facts.add(tx, row.epoch, statements, at=at)
        await user.parts.journal.touch_user(tx, facts=True, episodes=False)


async def load_heavy(memory: Memory, episodes: int) -> UserMemory:
    """One user with a long memory."""
    user = memory.user(TENANT, f"heavy-{episodes}")
    source = await templates(memory, Writer(1))
    for start in track(range(0, episodes, 100), description="heavy user"):
        await fill(user, source, range(start, min(start + 100, episodes)), timedelta(hours=5))
    return user


def person(memory: Memory, number: int) -> UserMemory:
    """One of the many users."""
    return memory.user(TENANT, f"user-{number:07}")


async def loaded(memory: Memory, user: UserMemory) -> bool:
    """Whether an earlier run wrote the last user."""
    async with memory.parts.database.transaction("app", user.ref, ["general"]) as tx:
        return await tx.row(SQL["known"]) is not None


# ---------------------------------------------------------------- measuring
async def measure(who: list[UserMemory], questions: list[str]) -> list[float]:
    """Milliseconds of one context() per question."""
    took: list[float] = []
    for user, question in zip(who, questions, strict=True):
        begun = time.perf_counter()
        await user.context(question, at=NOW)
        took.append((time.perf_counter() - begun) * 1000)
    return took


def report(name: str, took: list[float]) -> None:
    """One line of figures."""
    cuts = statistics.quantiles(took, n=100)
    print(f"{name:<28} p50 {cuts[49]:6.2f} ms   p95 {cuts[94]:6.2f} ms   p99 {cuts[98]:6.2f} ms   ({len(took)} calls)")


async def run(arguments: argparse.Namespace) -> None:
    """Load, warm up, measure."""
    async with opened(arguments) as memory:
        if arguments.users and not await loaded(memory, person(memory, arguments.users - 1)):
            await load(memory, arguments.users, arguments.episodes)
        writer, chance = Writer(3), random.Random(4)
        if arguments.users:
            calls = arguments.calls
            who = [person(memory, chance.randrange(arguments.users)) for _ in range(calls + 200)]
            took = await measure(who, [writer.question() for _ in who])
            report(f"{arguments.users} users × {arguments.episodes}", took[200:])
        if arguments.heavy:
            user = memory.user(TENANT, f"heavy-{arguments.heavy}")
            if not await loaded(memory, user):
                await load_heavy(memory, arguments.heavy)
            took = await measure([user] * 120, [writer.question() for _ in range(120)])
            report(f"one user with {arguments.heavy}", took[20:])


@asynccontextmanager
async def opened(arguments: argparse.Namespace) -> AsyncIterator[Memory]:
    """The installation to measure: a given one, or a fresh one that is thrown away."""
    if arguments.database_url:
        async with Memory.open(database_url=arguments.database_url, worker=False) as memory:
            yield memory
    elif arguments.data_dir:
        async with Memory.open(data_dir=arguments.data_dir, worker=False) as memory:
            yield memory
    else:
        async with fresh_memory() as memory:
            yield memory


def main(argv: list[str]) -> None:
    """Parse the options and run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks context", description=__doc__)
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--episodes", type=int, default=20, help="per user")
    parser.add_argument("--heavy", type=int, default=0, help="episodes of one more user with a long memory")
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument(
        "--data-dir", type=Path, help="embedded PostgreSQL to keep the data in; filled at the first run"
    )
    parser.add_argument("--database-url", help="a migrated database to use instead")
    asyncio.run(run(parser.parse_args(argv)))
