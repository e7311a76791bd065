"""The HTTP face: how long a context and an append take, and how many contexts a second one process sustains with its client beside it.

A server process of its own over an embedded PostgreSQL in a temporary folder; the client keeps its connections open. How much of the
machine each of the three takes is printed, for the client must not be what is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.wire import Wire
from recalld.client import AsyncClient

TOPICS = ("pricing", "delivery", "invoice", "holiday", "printer", "garden", "training", "contract")
PREFIX = "recalld-bench-"  # of the folder that the server works in


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks http", description=__doc__)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--episodes", type=int, default=50, help="episodes of each user")
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--clients", type=int, default=8, help="connections of the throughput run")
    options = parser.parse_args(arguments)
    with serving() as server:
        asyncio.run(measure(server.url, server.key("bench"), options))


@dataclass(frozen=True, slots=True)
class Server:
    """A server under measurement."""

    url: str
    environment: dict[str, str]

    def key(self, tenant: str) -> str:
        """A new key."""
        made = [sys.executable, "-m", "recalld", "keys", "create", "--tenant", tenant]
        return subprocess.run(made, env=self.environment, capture_output=True, text=True, check=True).stdout.strip()


@contextmanager
def serving(**settings: str) -> Generator[Server]:
    """A server process over a new embedded PostgreSQL, with *settings* as variables."""
    # beside the home folder of nobody in particular: the embedded server's account must be able to enter it
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        Path(folder).chmod(0o711)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        place = {"RECALLD_DATA_DIR": str(Path(folder) / "data"), "RECALLD_PORT": str(port)}
        environment = {**os.environ, **place, **settings}
        begun = time.perf_counter()
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "recalld", "serve"], env=environment, stdout=log, stderr=log
            )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(f"{url}/healthz")
            print(f"first start to healthy: {time.perf_counter() - begun:.2f} s")
            yield Server(url, environment)
        finally:
            process.terminate()
            process.wait(30)


def wait_for(url: str) -> None:
    """Until the server answers."""
    for _ in range(600):
        with suppress(httpx2.TransportError):
            if httpx2.get(url).status_code == 200:
                return
        time.sleep(0.05)
    sys.exit("the server did not start")


async def measure(url: str, key: str, options: argparse.Namespace) -> None:
    """Fill, then the three measurements."""
    async with AsyncClient(url, key=key) as client:
        await fill(client, options.users, options.episodes)
    wires = [await Wire.open(url, key) for _ in range(options.clients)]

    async def context(number: int, wire: Wire = wires[0]) -> None:
        body = {"query": f"what did we say about {TOPICS[number % 8]} and box {number % 90}", "session_id": "s"}
        await ask(wire, f"/v1/users/u{number % options.users}/context", body)

    async def append(number: int, wire: Wire = wires[0]) -> None:
        body = {"messages": [{"role": "user", "content": f"Please look at box {number} of the delivery again."}]}
        await ask(wire, f"/v1/users/u{number % options.users}/sessions/a{number // 40}/messages", body)

    await one_by_one(context, 200)  # warm
    report("context, one connection", await one_by_one(context, options.requests))
    report("append, one connection", await one_by_one(append, options.requests))
    await throughput(context, options.requests * 2, wires)
    for wire in wires:
        await wire.close()


async def fill(client: AsyncClient, users: int, episodes: int) -> None:
    """Users with episodes and a few facts."""
    now = datetime.now(UTC)

    async def one(number: int) -> None:
        user = client.user(f"u{number}")
        for day in range(episodes):
            topic = TOPICS[(number + day) % 8]
            summary = (
                f"Talked about {topic}; box {day} was to be looked at, and the next step is agreed for week {day % 52}."
            )
            await user.add_episode(
                summary=summary, topics=[topic], points=[f"Asked about {topic}."], ended_at=now - timedelta(days=day)
            )
        for attribute, value in (("home_city", "Lisbon"), ("plan", "annual"), ("seat", "window")):
            await user.set_fact(attribute, value)

    for begin in range(0, users, 8):
        await asyncio.gather(*(one(number) for number in range(begin, min(begin + 8, users))))


async def ask(wire: Wire, path: str, body: dict[str, Any]) -> None:
    """One request; anything but 200 ends the benchmark."""
    status, content = await wire.post(path, body)
    if status != 200:
        sys.exit(f"{path}: {status} {content[:200]!r}")


async def one_by_one(work: Callable[[int], Awaitable[None]], count: int) -> list[float]:
    """Seconds of each of *count* requests, one after another."""
    seconds: list[float] = []
    for number in range(count):
        begun = time.perf_counter()
        await work(number)
        seconds.append(time.perf_counter() - begun)
    return seconds


async def throughput(work: Callable[[int, Wire], Awaitable[None]], count: int, wires: Sequence[Wire]) -> None:
    """Requests a second with several connections, and the CPU that a request took of server, PostgreSQL and client."""
    numbers = iter(range(count))

    async def client(wire: Wire) -> None:
        for number in numbers:
            await work(number, wire)

    begun, before = time.perf_counter(), cpu_seconds()
    await asyncio.gather(*(client(wire) for wire in wires))
    seconds, after = time.perf_counter() - begun, cpu_seconds()
    print(f"context, {len(wires)} connections: {count / seconds:.0f} requests/s over {count} requests")
    taken = {name: (after[name] - before[name]) / count * 1000 for name in after}
    print("CPU of a request: " + ", ".join(f"{name} {each:.2f} ms" for name, each in taken.items()))


def cpu_seconds() -> dict[str, float]:
    """CPU of the server that this process started, of the PostgreSQL below it, and of this process."""
    own = os.times()
    processes = [process for process in map(_process, Path("/proc").glob("[0-9]*")) if process is not None]
    servers = {one.pid for one in processes if one.parent == os.getpid() and b"recalld\0serve" in one.command}
    sums = {"server": 0.0, "PostgreSQL": 0.0, "client": own.user + own.system}
    clusters = {one.pid for one in processes if one.name.startswith("postgres") and PREFIX.encode() in one.command}
    for one in processes:
        if one.pid in servers:
            sums["server"] += one.seconds
        elif one.pid in clusters or one.parent in clusters:
            sums["PostgreSQL"] += one.seconds
    return sums


@dataclass(frozen=True, slots=True)
class Process:
    """A process of this machine."""

    pid: int
    parent: int
    name: str
    command: bytes
    seconds: float  # of CPU


def _process(folder: Path) -> Process | None:
    with suppress(OSError):
        name, _, rest = (
            (folder / "stat").read_text(encoding="utf-8", errors="replace").partition("(")[2].rpartition(")")
        )
        fields = rest.split()
        seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return Process(int(folder.name), int(fields[1]), name, (folder / "cmdline").read_bytes(), seconds)
    return None


def report(name: str, seconds: list[float]) -> float:
    """Percentiles in milliseconds; the p95 in seconds."""
    cuts = statistics.quantiles(seconds, n=100)
    print(
        f"{name}: p50 {cuts[49] * 1000:.2f} ms, p95 {cuts[94] * 1000:.2f} ms, p99 {cuts[98] * 1000:.2f} ms ({len(seconds)} requests)"
    )
    return cuts[94]
