"""Erasure against writers that are just at work: four ingestions in flight per person, worker processes, some of them killed.

    python -m benchmarks erasure [--erasures N] [--workers N] [--kill SHARE]

Real PostgreSQL, real Redis (working memory, and a vector index beside PostgreSQL), the real queue, and worker processes of which a share
kills itself with SIGKILL at a random step of an ingestion. Each person is erased at a random moment. Printed: how many were
retrievable at any time after the call returned, how many have anything anywhere after the second pass, and the time to verified.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import wraps
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

import recalld.wiring
from recalld import Memory, Message, UserMemory
from recalld.errors import Conflict, NotFound
from recalld.postgres.embedded import EmbeddedPostgres
from recalld.postgres.migrate import migrate
from recalld.values import ErasureReceipt, UserRef
from tests.redis_index import RedisIndex
from tests.services import running_redis

IN_FLIGHT = 4
AT_ONCE = 6  # persons being erased at the same time
SPREAD = 1.2  # seconds within which the erasure comes, after the sessions ended
LEASE = 2.0  # seconds; short, so that the second pass comes soon
TABLES = ("messages", "sessions", "statements", "facts", "episodes", "vectors", "usage", "requests", "consents")
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


# ---------------------------------------------------------------- the workers
@contextmanager
def index_in_redis(url: str) -> Generator[None]:
    """Installations that are opened meanwhile have their vectors in a Redis, for which there is no adapter."""
    usual = recalld.wiring._vectors  # noqa: SLF001
    recalld.wiring._vectors = lambda settings: RedisIndex(url)  # noqa: ARG005, SLF001
    try:
        yield
    finally:
        recalld.wiring._vectors = usual  # noqa: SLF001


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where everything runs."""

    database_url: str
    redis_url: str

    @asynccontextmanager
    async def open(self, **settings: Any) -> AsyncGenerator[Memory]:
        """An installation with the index in Redis."""
        given = {"lease_seconds": LEASE, "sweep_seconds": 0.5, "max_connections": 6} | settings
        with index_in_redis(self.redis_url):
            async with Memory.open(database_url=self.database_url, redis_url=self.redis_url, **given) as memory:
                yield memory


STEPS = (  # where a worker may die; the last two leave something outside PostgreSQL
    "recalld.layers.working.journal:Journal.messages",
    "recalld.layers.facts.store:FactStore.add",
    "recalld.ingest.pipeline:Ingestion.index",
    "recalld.ingest.pipeline:Ingestion._confirm_indexed",
)


def steps() -> list[tuple[type, str]]:
    """Each as the class and the name of its method. Raises `AttributeError` for one that is called otherwise by now."""
    found: list[tuple[type, str]] = []
    for step in STEPS:
        module, _, name = step.partition(":")
        owner, _, method = name.partition(".")
        kind = getattr(sys.modules[module], owner)
        getattr(kind, method)
        found.append((kind, method))
    return found


def dies_in(method: Callable[..., Awaitable[Any]], chance: float) -> Callable[..., Awaitable[Any]]:
    """The method, with a chance to be the last thing this process does."""

    @wraps(method)
    async def call(*args: Any, **kwargs: Any) -> Any:
        if random.random() < chance:
            os.kill(os.getpid(), signal.SIGKILL)
        return await method(*args, **kwargs)

    return call


def work(place: Place, kill: float) -> None:
    """A worker process: runs the queue until it is killed, by itself or from outside."""
    random.seed(os.getpid())
    for kind, method in steps():
        setattr(kind, method, dies_in(getattr(kind, method), kill / len(STEPS)))

    async def run() -> None:
        async with place.open(worker=True):
            await asyncio.Event().wait()

    asyncio.run(run())


@dataclass
class Workers:
    """So many worker processes; who dies is replaced."""

    place: Place
    count: int
    kill: float
    killed: int = 0
    alive: list[BaseProcess] = field(default_factory=list)

    async def keep(self) -> None:
        """Replace the dead until cancelled; then end all."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["benchmarks.erasure"])
        try:
            while True:
                dead = [process for process in self.alive if not process.is_alive()]
                self.killed += len(dead)
                self.alive = [process for process in self.alive if process not in dead]
                for _ in range(self.count - len(self.alive)):
                    process = context.Process(target=work, args=(self.place, self.kill), daemon=True)
                    process.start()
                    self.alive.append(process)
                await asyncio.sleep(0.05)
        finally:
            for process in self.alive:
                process.kill()
                process.join()


# ---------------------------------------------------------------- the race
@dataclass
class Figures:
    """What came of it."""

    erasures: int = 0
    retrievable: int = 0  # reads after the call returned that found anything
    reads: int = 0
    late_before_second_pass: int = 0  # persons of whom a killed worker had left something outside PostgreSQL
    resurrected: int = 0  # persons of whom anything is anywhere after the second pass
    not_verified: int = 0
    killed: int = 0
    ingested: int = 0  # sessions that became memory before their person was erased
    seconds: list[float] = field(default_factory=list)  # from the call to verified

    def __str__(self) -> str:
        ordered = sorted(self.seconds)
        return (
            f"erasures {self.erasures}, {IN_FLIGHT} ingestions in flight each, {self.killed} workers killed, "
            f"{self.ingested} sessions were ingested before the fence\n"
            f"retrievable after the call returned: {self.retrievable} of {self.reads} reads\n"
            f"left by killed workers until the second pass: {self.late_before_second_pass} persons\n"
            f"resurrected after the second pass: {self.resurrected}; not verified: {self.not_verified}\n"
            f"time to verified: median {ordered[len(ordered) // 2]:.3f} s, slowest {ordered[-1]:.3f} s"
        )


async def race(place: Place, *, erasures: int, workers: int, kill: float) -> Figures:
    """Erase so many persons while they are written about, and look everywhere for them."""
    steps()  # here, where it is seen: a worker that cannot start is replaced for ever
    figures, crew = Figures(erasures=erasures), Workers(place, workers, kill)
    keeper = asyncio.create_task(crew.keep())
    async with place.open(worker=False, max_connections=20) as memory:
        await warm_up(memory)
        slots = asyncio.Semaphore(AT_ONCE)
        erased: list[tuple[UserMemory, ErasureReceipt]] = []

        async def one(number: int) -> None:
            async with slots:
                user = memory.user("acme", f"user-{number}")
                erased.append((user, await write_and_erase(memory, user, figures)))

        await asyncio.gather(*(one(number) for number in range(erasures)))
        await asyncio.sleep(2 * LEASE)  # every writer of before has ended
        for user, _ in erased:
            await look(user, figures)
            figures.late_before_second_pass += await anywhere(memory, place, user.ref) > 0
        await second_pass(memory, [user.ref for user, _ in erased])
        for user, receipt in erased:
            figures.resurrected += await anywhere(memory, place, user.ref) > 0
            proof = await memory.erasure("acme", receipt.erasure_id)
            figures.not_verified += not (proof.verified and proof.swept_at)
    figures.killed = crew.killed
    keeper.cancel()
    with suppress(asyncio.CancelledError):
        await keeper
    return figures


async def warm_up(memory: Memory) -> None:
    """Until the first worker works."""
    user = memory.user("acme", "first")
    await user.append("s0", [Message(role="user", content="Are you there?")], at=NOON)
    await user.end_session("s0")
    while (await user.session("s0")).state != "ingested":  # noqa: ASYNC110 -- another process does it
        await asyncio.sleep(0.1)


async def write_and_erase(memory: Memory, user: UserMemory, figures: Figures) -> ErasureReceipt:
    """Four sessions on their way through the queue, and the erasure at a random moment."""
    for number in range(IN_FLIGHT):
        said = f"I moved to town number {number} and my code word is heron."
        await user.append(f"s{number}", [Message(role="user", content=said)], at=NOON)
    ending = [asyncio.create_task(end(user, f"s{number}")) for number in range(IN_FLIGHT)]
    await asyncio.sleep(random.random() * SPREAD)
    figures.ingested += sum(session.state == "ingested" for session in await user.sessions())
    begun = time.perf_counter()
    receipt = await user.erase()
    await look(user, figures)
    await asyncio.gather(*ending)
    while not receipt.verified:
        await asyncio.sleep(0.05)
        receipt = await memory.erasure("acme", receipt.erasure_id)
    figures.seconds.append(time.perf_counter() - begun)
    await look(user, figures)
    return receipt


async def end(user: UserMemory, session_id: str) -> None:
    """End a session; the erasure may have been faster."""
    await asyncio.sleep(random.random() * 0.1)
    with suppress(NotFound, Conflict):
        await user.end_session(session_id)


async def look(user: UserMemory, figures: Figures) -> None:
    """Every way to read."""
    context = await user.context("where is my town and what is the code word?", session_id="s0")
    answers = (
        await user.facts(),
        await user.search("heron"),
        await user.episodes(),
        await user.sessions(),
        context.text,
    )
    figures.reads += len(answers)
    figures.retrievable += sum(bool(answer) for answer in answers)


async def second_pass(memory: Memory, users: Sequence[UserRef]) -> None:
    """What comes by itself a minute after the lease."""
    for user in users:
        async with memory.parts.database.transaction("eraser", user) as tx:
            await tx.execute(
                "update recalld.erasures set sweep_at = now() "
                "where tenant_id = %(tenant_id)s and user_id = %(user_id)s and status = 'verified'"
            )
    for _ in range(100):
        await memory.parts.eraser.resume(limit=1000)
        async with memory.parts.database.unscoped("sweeper") as tx:
            left = await tx.row("select count(*) as n from recalld.erasures")
        if left is None or not left["n"]:
            return
        await asyncio.sleep(0.2)


async def anywhere(memory: Memory, place: Place, user: UserRef) -> int:
    """Everything that is left of a person, whatever its epoch."""
    total = 0
    async with memory.parts.database.transaction("worker", user) as tx:
        for table in TABLES:
            query: Any = (
                f"select count(*) as n from recalld.{table} where tenant_id = %(tenant_id)s and user_id = %(user_id)s"
            )
            row = await tx.row(query)
            total += row["n"] if row else 0
    redis: Redis = Redis.from_url(place.redis_url)
    keys = [key async for key in redis.scan_iter(match=f"*:{user.user_id}*", count=10_000)]
    total += sum(key.decode().partition(user.user_id)[2][:1] in {"", "}"} for key in keys)
    await redis.aclose()
    return total


def main(arguments: Sequence[str]) -> None:
    """Run the race on an embedded server of its own and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks erasure", description=__doc__)
    parser.add_argument("--erasures", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--kill", type=float, default=0.1, help="share of ingestions in which the worker dies")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, running_redis(Path(folder)) as redis:
        Path(folder).chmod(0o711)  # the server's account, when this is run by root
        server = EmbeddedPostgres(Path(folder) / "postgres")
        urls = server.start()
        try:
            asyncio.run(migrate(urls.migrator))
            place = Place(database_url=urls.service, redis_url=redis.url)
            begun = time.perf_counter()
            print(asyncio.run(race(place, erasures=options.erasures, workers=options.workers, kill=options.kill)))
            print(f"the run took {time.perf_counter() - begun:.0f} s")
        finally:
            server.stop()
