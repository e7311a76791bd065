"""The export of a person with a long history: its time, and the memory that it takes.

    python -m benchmarks export [--episodes N]

A person is made by importing a document of so many episodes, as many sessions, and a quarter as many facts. Then each form is read piece by
piece, as the command line and HTTP do. Printed: seconds, megabytes of the document, and by how many the peak of Python's memory rose.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
import tracemalloc
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from recalld import Memory, UserMemory
from recalld.privacy.export import ExportFormat
from recalld.privacy.export_forms import SCHEMA

BEGUN = datetime(2020, 1, 1, tzinfo=UTC)
FORMATS: tuple[ExportFormat, ...] = ("json", "markdown", "html")


def document(episodes: int) -> str:
    """An export of nobody."""
    numbers = range(episodes)
    body = {
        "schema": SCHEMA,
        "consents": [],
        "facts": [fact(number) for number in numbers[::4]],
        "statements": [statement(number) for number in numbers[::4]],
        "episodes": [episode(number) for number in numbers],
        "sessions": [session(number) for number in numbers],
        "usage": [],
    }
    return json.dumps(body, default=datetime.isoformat)


def at(number: int) -> datetime:
    """When session *number* was."""
    return BEGUN + timedelta(hours=2 * number)


def source(number: int) -> dict[str, Any]:
    """Where a thing came from, and why it is kept."""
    return {"session_id": f"s{number}", "episode_id": f"e{number}", "purpose": "general"}


def episode(number: int) -> dict[str, Any]:
    """About as long as a real one."""
    points = [f"Point {place} of visit {number} was about parcel {number * 7 + place}." for place in range(5)]
    summary = f"In conversation {number} the user asked about order {number * 3}. " + " ".join(points) * 2
    times = {"started_at": at(number), "ended_at": at(number), "timezone": "UTC"}
    return {**source(number), **times, "summary": summary, "topics": ["orders"], "points": points, "digest_by": "local"}


def session(number: int) -> dict[str, Any]:
    """One that became memory."""
    times = {"started_at": at(number), "last_message_at": at(number), "ended_at": at(number), "timezone": "UTC"}
    counts = {"attempts": 1, "error": None, "message_count": 12, "no_memory": False, "working": {}, "messages": []}
    report = {"added": 1, "confirmed": 0, "closed": 0, "by": "local"}
    return {**source(number), **times, **counts, "state": "ingested", "report": report}


def told(number: int) -> dict[str, Any]:
    """What a fact and its statement have in common."""
    value = f"book number {number}"
    words = {
        "attribute": "book",
        "value": value,
        "text": f"Book: {value}",
        "quote": f"I read {value}.",
        "origin": "stated",
    }
    return {
        **source(number),
        **words,
        "cardinality": "many",
        "confidence": 0.9,
        "valid_from": at(number),
        "valid_to": None,
    }


def fact(number: int) -> dict[str, Any]:
    """A value among many."""
    belief = {"recorded_at": at(number), "retired_at": None, "confirmed_at": at(number), "confirmations": 0}
    return {**told(number), **belief, "fact_id": f"f{number}", "version": 1, "status": "current", "superseded_by": None}


def statement(number: int) -> dict[str, Any]:
    """What it rests on."""
    return {**told(number), "statement_id": f"t{number}", "act": "state", "said_at": at(number), "replaces": None}


async def run(folder: Path, episodes: int) -> list[str]:
    """Lines to be printed."""
    async with Memory.open(data_dir=folder / "data", worker=False, warm_up=False) as memory:
        small, large = memory.user("acme", "small"), memory.user("acme", "large")
        await small.import_export(document(500))
        begun = time.perf_counter()
        await large.import_export(document(episodes))
        lines = [f"import of {episodes} episodes: {time.perf_counter() - begun:.0f} s"]
        for user, name in ((small, "500 episodes"), (large, f"{episodes} episodes")):
            lines += [f"{name}, {form}: {await measured(user, form)}" for form in FORMATS]
        return lines


async def measured(user: UserMemory, form: ExportFormat) -> str:
    """One export, piece by piece."""
    begun, size = time.perf_counter(), 0
    async for chunk in user.export_chunks(format=form):
        size += len(chunk.encode())
    seconds = time.perf_counter() - begun
    tracemalloc.start()
    async for _ in user.export_chunks(format=form):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return f"{seconds:.2f} s, {size / 1e6:.1f} MB, memory rose by at most {peak / 1e6:.1f} MB"


def main(arguments: Sequence[str]) -> None:
    """Run on an embedded server of its own."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks export", description=__doc__)
    parser.add_argument("--episodes", type=int, default=20_000)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)  # the server's account, when this is run by root
        print("\n".join(asyncio.run(run(Path(name), options.episodes))))
