"""`python -m benchmarks ingest`: from the call of end_session(wait=True) to committed memory, per stage, with the local summariser."""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta

from evals.store import fresh_memory
from recalld import Memory, Message

SUBJECTS = ("invoice", "garden", "marathon", "offer", "kitchen", "thesis", "server", "holiday", "guitar", "insurance")
SAID = (
    "The {subject} came back with error {code} again, and I do not know why.",
    "I moved the {subject} to next week because {code} is still open.",
    "Can you look at the {subject} once more? The number is {code}.",
    "I prefer short answers when it is about the {subject}.",
    "My sister says the {subject} should cost {code} euros.",
)
ANSWERED = (
    "I looked at the {subject}: {code} means that a field is missing.",
    "Done, the {subject} now carries the note {code}.",
    "Do you want me to send the {subject} to anybody else?",
)


def conversation(random_: random.Random, messages: int) -> list[Message]:
    """A session of so many messages, two speakers in turn."""
    made: list[Message] = []
    for place in range(messages):
        role, sentences = ("user", SAID) if place % 2 == 0 else ("assistant", ANSWERED)
        text = random_.choice(sentences).format(subject=random_.choice(SUBJECTS), code=f"E-{random_.randrange(10_000)}")
        made.append(Message(role=role, content=text))
    return made


async def measure(
    memory: Memory, tenant: str, sessions: int, messages: int
) -> tuple[list[float], dict[str, list[float]], list[float]]:
    """Seconds per session, per stage, and per append of two messages."""
    random_ = random.Random(7)
    whole: list[float] = []
    stages: dict[str, list[float]] = defaultdict(list)
    appends: list[float] = []
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(sessions):
        user = memory.user(tenant, f"user-{number % 20}")
        at, session_id = start + timedelta(hours=number), f"s{number}"
        said = conversation(random_, messages)
        for first in range(0, len(said), 2):
            begun = time.perf_counter()
            await user.append(session_id, said[first : first + 2], at=at)
            appends.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        report = await user.end_session(session_id, wait=True, at=at)
        whole.append(time.perf_counter() - begun)
        for stage, seconds in report.timings.items():
            stages[stage].append(seconds)
    return whole, stages, appends


def line(name: str, seconds: list[float]) -> str:
    """Percentiles in milliseconds."""
    cuts = statistics.quantiles(seconds, n=100)
    return f"{name:<18} p50 {cuts[49] * 1000:8.2f} ms   p95 {cuts[94] * 1000:8.2f} ms   p99 {cuts[98] * 1000:8.2f} ms   n={len(seconds)}"


async def run(sessions: int, messages: int) -> None:
    """Measure and print."""
    async with fresh_memory() as memory:
        await measure(memory, "warm", 10, messages)  # models are loaded, statements prepared
        whole, stages, appends = await measure(memory, "bench", sessions, messages)
    print(f"{sessions} sessions of {messages} messages, local summariser")
    print(line("end of session", whole))
    for stage, seconds in stages.items():
        print(line(f"  {stage}", seconds))
    print(line("append (2)", appends))


def main(argv: list[str]) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks ingest", description=__doc__)
    parser.add_argument("--sessions", type=int, default=300)
    parser.add_argument("--messages", type=int, default=40)
    arguments = parser.parse_args(argv)
    asyncio.run(run(arguments.sessions, arguments.messages))
