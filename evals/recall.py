"""Recall of episodes (`recall.jsonl`): each user has a store of their own, as the evaluation's rules say."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from evals.store import fresh_memory
from recalld import Memory, UserMemory

RANKED = 10  # hits asked for; the scorer looks at the first five for recall, at all for the reciprocal rank

Json = dict[str, Any]


def run(path: Path, *, embedder: str = "local") -> AsyncIterator[Json]:
    """One prediction per query: `{"query_id", "ranked"}`, episode ids, best first."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return predictions([json.loads(line) for line in lines if line.strip()], embedder)


async def predictions(users: Sequence[Json], embedder: str) -> AsyncIterator[Json]:
    """What is found for the queries of each user."""
    async with fresh_memory(embedder=embedder) as memory:
        for user in users:
            await remember(memory, user)
            for query in user["queries"]:
                yield {"query_id": query["id"], "ranked": await answer(memory, user, query)}


async def remember(memory: Memory, user: Json) -> None:
    """Store the episodes of one user through the public import."""
    for episode in user["episodes"]:
        await handle(memory, user, episode["purpose"]).add_episode(
            summary=episode["summary"],
            topics=episode["topics"],
            points=episode["facts"],
            ended_at=datetime.fromisoformat(episode["ended_at"]),
            episode_id=episode["id"],
        )


async def answer(memory: Memory, user: Json, query: Json) -> list[str]:
    """The ids found for one query, asked at the user's "now"; a query without a purpose may use them all."""
    purposes = [query["purpose"]] if "purpose" in query else sorted({each["purpose"] for each in user["episodes"]})
    hits = await handle(memory, user, purposes[0]).search(
        query["query"], k=RANKED, at=datetime.fromisoformat(user["now"]), purposes=purposes
    )
    return [hit.episode.episode_id for hit in hits]


def handle(memory: Memory, user: Json, purpose: str) -> UserMemory:
    """The memory of one user, a tenant to themselves, for writing with *purpose*."""
    return memory.user(f"tenant-of-{user['user']}", user["user"], purpose=purpose, timezone=user["timezone"])
