"""`python -m benchmarks peers`: retrieval beside LangGraph's Postgres store and mem0 (pgvector), with the same memories and embedder.

    python -m benchmarks peers --users 50 --episodes 20 --calls 300 [--locomo FILE] [--environment DIRECTORY]

All run against one PostgreSQL, each in a database of its own. Ours holds episodes and facts; the others hold every summary, point and fact
as a memory of its own, which is what they have. Questions go round: each is asked of every store before the next one, in changing order.
They are asked for the five best memories (ours for the five best episodes); for recall they may bring thirty, of which the first five
different sessions count.

The peers are installed by name into a virtual environment, made in DIRECTORY or for this run. No model is called.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from psycopg import sql

from benchmarks.people import FACTS, NOW, SPACING, TENANT, Writer
from benchmarks.scale import PASSWORD, Server, serving
from evals.locomo import Question, questions
from recalld import Memory, UserMemory
from recalld.importers import ImportedSession, read_sessions
from recalld.postgres.bootstrap import MIGRATOR_LOGIN
from recalld.postgres.cluster import ADMIN
from recalld.postgres.migrate import migrate

PACKAGES = ("langgraph", "langgraph-checkpoint-postgres", "mem0ai", "psycopg[binary,pool]", "wordllama")
PEERS = ("langgraph", "mem0")
OURS = ("recalld context", "recalld search")
ROOT = Path(__file__).parents[1]
BEST = 5
UNITS = 30  # memories that a peer may bring to find five sessions
WARM_UP = 30  # questions that are not counted

Unit = tuple[str, str]  # the session that it is from, its text
Asking = Callable[[str, str], Awaitable[float]]  # a user and a question; the milliseconds


class Peer:
    """A store that runs in an interpreter of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.versions: dict[str, str] = self._reply()

    def add(self, user: str, units: Sequence[Unit]) -> None:
        """Remember."""
        self._ask({"do": "add", "user": user, "units": units})

    def search(self, user: str, query: str, limit: int) -> tuple[float, list[str]]:
        """Milliseconds, and the sessions of the memories that were found, best first."""
        found = self._ask({"do": "search", "user": user, "query": query, "limit": limit})
        return found["milliseconds"], found["sessions"]

    async def milliseconds(self, user: str, query: str) -> float:
        """The time of a search for the best few."""
        return self.search(user, query, BEST)[0]

    def _ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None  # noqa: S101 -- both are pipes
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._reply()

    def _reply(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a peer ended with {self._process.wait()}; its log is above")
        return json.loads(line)


# ---------------------------------------------------------------- setting up
def installed(environment: Path) -> str:
    """The interpreter of the environment with the peers, which are installed unless an earlier run has done so."""
    python = str(environment / "bin" / "python")
    if not Path(python).exists():
        venv.create(environment, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    return python


@contextmanager
def running(server: Server, python: str, name: str, database: str) -> Iterator[Peer]:
    """A peer over a new database of its own, of which it is the superuser."""
    with server.admin("postgres") as admin:
        admin.execute(sql.SQL("create database {}").format(sql.Identifier(database)))
    address = server.cluster.conninfo(login=ADMIN, password=PASSWORD, database=database)
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [python, "-m", "benchmarks.peer_stores", name, address, folder],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield Peer(process)
        finally:
            process.kill()
            process.wait()


def prepared(server: Server, database: str) -> str:
    """A migrated database for ours."""
    server.create(database)
    asyncio.run(migrate(server.url(MIGRATOR_LOGIN, database)))
    return database


def settle(server: Server, *databases: str) -> None:
    """What autovacuum would do by and by: statistics, and maps of what is visible."""
    for database in databases:
        with server.admin(database) as admin:
            admin.execute("vacuum analyze")


# ---------------------------------------------------------------- speed
async def fill(memory: Memory, peers: Sequence[Peer], users: int, episodes: int) -> None:
    """The same generated people everywhere."""
    for number in range(users):
        writer, name = Writer(number), f"user-{number}"
        told = [writer.episode() for _ in range(episodes)]
        preferences = {f"preference_{place}": " ".join(writer.words(2)) for place in range(FACTS)}
        user = memory.user(TENANT, name)
        for place, episode in enumerate(told):
            await user.add_episode(
                **episode, ended_at=NOW - SPACING * (episodes - place), episode_id=f"session-{place}"
            )
        for attribute, value in preferences.items():
            await user.set_fact(attribute, value, at=NOW - timedelta(days=1))
        units = [(f"session-{place}", text) for place, episode in enumerate(told) for text in texts(episode)]
        units += [("facts", f"{attribute}: {value}") for attribute, value in preferences.items()]
        for peer in peers:
            peer.add(name, units)


def texts(episode: Mapping[str, Any]) -> list[str]:
    """The summary and each point of an episode."""
    return [episode["summary"], *episode["points"]]


def ours(memory: Memory) -> dict[str, Asking]:
    """What recalld is asked for."""

    async def context(user: str, query: str) -> float:
        return await timed(memory.user(TENANT, user).context(query, at=NOW))

    async def search(user: str, query: str) -> float:
        return await timed(memory.user(TENANT, user).search(query, k=BEST, at=NOW))

    return dict(zip(OURS, (context, search), strict=True))


async def timed(call: Awaitable[object]) -> float:
    """Milliseconds of a call."""
    begun = time.perf_counter()
    await call
    return (time.perf_counter() - begun) * 1000


async def race(askings: Mapping[str, Asking], users: int, calls: int) -> dict[str, list[float]]:
    """Milliseconds of each, without those of the first questions."""
    writer, chance = Writer(3), random.Random(4)
    took: dict[str, list[float]] = {name: [] for name in askings}
    for _ in range(WARM_UP + calls):
        user, query = f"user-{chance.randrange(users)}", writer.question()
        for name in chance.sample(list(askings), len(askings)):
            took[name].append(await askings[name](user, query))
    return {name: each[WARM_UP:] for name, each in took.items()}


# ---------------------------------------------------------------- recall
async def remember(memory: Memory, peers: Sequence[Peer], sessions: Sequence[ImportedSession]) -> None:
    """The digests that the file gives, everywhere."""
    for session in sessions:
        if session.digest is None:
            continue
        await person(memory, session.user_id).add_episode(
            summary=session.digest.summary,
            points=session.digest.points,
            ended_at=session.ended_at,
            episode_id=session.session_id,
        )
        units = [(session.session_id, text) for text in (session.digest.summary, *session.digest.points)]
        for peer in peers:
            peer.add(str(session.user_id), units)


def person(memory: Memory, user_id: str | None) -> UserMemory:
    """A user of the file."""
    return memory.user(TENANT, str(user_id), timezone="UTC")


async def recall(memory: Memory, peers: Mapping[str, Peer], path: Path) -> tuple[dict[str, float], int]:
    """Session Recall@5 of each over the questions of a LoCoMo file, and how many these are."""
    sessions = list(read_sessions(path))
    last: dict[str, Any] = defaultdict(lambda: NOW - timedelta(days=36500))
    for session in sessions:
        last[str(session.user_id)] = max(last[str(session.user_id)], session.ended_at)
    await remember(memory, list(peers.values()), sessions)
    asked = questions(path)
    shares: dict[str, list[float]] = {name: [] for name in ("recalld", *peers)}
    for question in asked:
        at = last[question.user_id] + timedelta(days=1)
        hits = await person(memory, question.user_id).search(question.text, k=BEST, at=at)
        shares["recalld"].append(
            share(question, [str(hit.episode.session_id or hit.episode.episode_id) for hit in hits])
        )
        for name, peer in peers.items():
            shares[name].append(share(question, peer.search(question.user_id, question.text, UNITS)[1]))
    return {name: statistics.fmean(each) for name, each in shares.items()}, len(asked)


def share(question: Question, sessions: Sequence[str]) -> float:
    """How many of a question's sessions are among the first five different ones."""
    return len(question.relevant & set(list(dict.fromkeys(sessions))[:BEST])) / len(question.relevant)


# ---------------------------------------------------------------- reporting
def report(took: Mapping[str, Sequence[float]]) -> None:
    """The table, and what was promised."""
    for name, each in took.items():
        cuts = statistics.quantiles(each, n=100)
        quiet, middle, slow = cuts[9], cuts[49], cuts[98]
        print(f"{name:<18} p10 {quiet:6.2f} ms   p50 {middle:6.2f} ms   p99 {slow:7.2f} ms   ({len(each)} questions)")
    for name in OURS:
        ratios = ", ".join(f"{label} {ratio(took, name, place):.2f}" for label, place in (("p10", 9), ("p50", 49)))
        print(f"{name} / best peer: {ratios}")


def ratio(took: Mapping[str, Sequence[float]], name: str, place: int) -> float:
    """A percentile of ours to that of the best peer."""
    cut = {each: statistics.quantiles(took[each], n=100)[place] for each in (name, *PEERS)}
    return cut[name] / min(cut[peer] for peer in PEERS)


async def measure_speed(server: Server, peers: Mapping[str, Peer], arguments: argparse.Namespace) -> None:
    """Fill and ask."""
    async with server.memory("ours") as memory:
        await fill(memory, list(peers.values()), arguments.users, arguments.episodes)
        settle(server, "ours", *PEERS)
        askings = {**ours(memory), **{name: peer.milliseconds for name, peer in peers.items()}}
        report(await race(askings, arguments.users, arguments.calls))


async def measure_recall(server: Server, peers: Mapping[str, Peer], path: Path) -> None:
    """The same for the questions of a file."""
    async with server.memory("ours_locomo") as memory:
        found, count = await recall(memory, peers, path)
    print(
        f"session Recall@{BEST} of {count} questions: "
        + ", ".join(f"{name} {each:.3f}" for name, each in found.items())
    )


def run(server: Server, python: str, arguments: argparse.Namespace) -> None:
    """Both parts, each with new databases."""
    with ExitStack() as stack:
        peers = {name: stack.enter_context(running(server, python, name, name)) for name in PEERS}
        print(
            "versions: " + ", ".join(f"{name} {is_}" for peer in peers.values() for name, is_ in peer.versions.items())
        )
        prepared(server, "ours")
        asyncio.run(measure_speed(server, peers, arguments))
    if arguments.locomo is None or not arguments.locomo.exists():
        print("no recall: --locomo FILE names no LoCoMo file")
        return
    with ExitStack() as stack:
        peers = {name: stack.enter_context(running(server, python, name, f"{name}_locomo")) for name in PEERS}
        prepared(server, "ours_locomo")
        asyncio.run(measure_recall(server, peers, arguments.locomo))


def main(argv: list[str]) -> None:
    """Parse the options and run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks peers", description=__doc__)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--episodes", type=int, default=20, help="per user")
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--locomo", type=Path, help="a LoCoMo file, for recall")
    parser.add_argument("--environment", type=Path, help="virtual environment of the peers, kept for the next run")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="recalld-peers-") as folder:
        home = Path(folder)
        home.chmod(0o711)  # the server has an account of its own
        python = installed(arguments.environment or home / "environment")
        with serving(home / "server") as server:
            run(server, python, arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
