"""Session recall on LoCoMo (Maharana et al. 2024), with its own digests or with ours.

A question's relevant sessions are those that its evidence names ("D3:7" is a turn of session 3). Questions without evidence
and adversarial ones (category 5, which have no answer) are left out. Recall@k is the share of a question's relevant
sessions among the first k hits, averaged over questions. Questions are asked a day after the last session.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from statistics import fmean
from typing import Any

from evals.store import fresh_memory
from recalld import UserMemory
from recalld.importers import ImportedSession, read_sessions

CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop"}
CUTS = (3, 5)
_EVIDENCE = re.compile(r"D:?(\d+):\d+")  # the file has "D:11:26" too
_PATIENCE = 600.0  # seconds one ingestion may take before the answer is 'queued'


class Digests(StrEnum):
    """Where an episode's summary and points come from."""

    GIVEN = "given"  # the file's own summary and observations of each session
    OWN = "own"  # what our local summariser makes of the messages


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A question about one user's sessions."""

    user_id: str
    text: str
    category: int
    relevant: frozenset[str]  # session ids


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The sessions found for a question, best first."""

    question: Question
    ranked: tuple[str, ...]

    def recall(self, k: int) -> float:
        """Share of the relevant sessions among the first *k*."""
        return len(self.question.relevant & set(self.ranked[:k])) / len(self.question.relevant)


def questions(path: Path) -> list[Question]:
    """The questions that are asked, in the order of the file."""
    return [
        question
        for sample in json.loads(path.read_text(encoding="utf-8"))
        for entry in sample["qa"]
        if (question := _question(sample["sample_id"], entry)).relevant and question.category in CATEGORIES
    ]


def _question(user_id: str, entry: Mapping[str, Any]) -> Question:
    numbers = {number for evidence in entry.get("evidence") or () for number in _EVIDENCE.findall(evidence)}
    return Question(
        user_id=user_id,
        text=entry["question"],
        category=entry["category"],
        relevant=frozenset(f"session_{number}" for number in numbers),
    )


async def run(path: Path, digests: Digests, *, embedder: str = "local") -> AsyncIterator[Answer]:
    """Store every user's sessions, then ask their questions."""
    asked = {user_id: list(group) for user_id, group in groupby(questions(path), lambda each: each.user_id)}
    sessions = list(read_sessions(path))
    async with fresh_memory(embedder=embedder) as memory:
        for user_id, its_questions in asked.items():
            its_sessions = [session for session in sessions if session.user_id == user_id]
            user = memory.user(f"tenant-of-{user_id}", user_id, timezone="UTC")
            for session in its_sessions:
                await (_given if digests is Digests.GIVEN else _own)(user, session)
            now = max(session.ended_at for session in its_sessions) + timedelta(days=1)
            for question in its_questions:
                hits = await user.search(question.text, k=max(CUTS), at=now)
                ranked = tuple(hit.episode.session_id or hit.episode.episode_id for hit in hits)
                yield Answer(question=question, ranked=ranked)


async def _given(user: UserMemory, session: ImportedSession) -> None:
    if session.digest is not None:
        await user.add_episode(
            summary=session.digest.summary,
            points=session.digest.points,
            ended_at=session.ended_at,
            episode_id=session.session_id,
        )


async def _own(user: UserMemory, session: ImportedSession) -> None:
    await user.append(session.session_id, session.messages, at=session.ended_at)
    report = await user.end_session(session.session_id, wait=True, at=session.ended_at, budget_seconds=_PATIENCE)
    if report.status != "ingested":
        raise RuntimeError(f"{session.session_id} of {session.user_id} is {report.status}: {report.error}")


def figures(answers: Sequence[Answer]) -> dict[str, dict[str, float]]:
    """Recall at each cut and the number of questions, over all and per category."""
    by_category: defaultdict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_category[CATEGORIES[answer.question.category]].append(answer)
    return {"all": _figures(answers), **{name: _figures(group) for name, group in sorted(by_category.items())}}


def _figures(answers: Iterable[Answer]) -> dict[str, float]:
    group = list(answers)
    recall = {f"recall@{k}": round(fmean(answer.recall(k) for answer in group), 4) for k in CUTS}
    return {"questions": len(group), **recall}
