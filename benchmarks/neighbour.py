"""The noisy neighbour: how long a quiet tenant's contexts take while another tenant floods the same server process.

Rounds alone and rounds beside the flood alternate, so that other work on the machine falls on both. The flood comes from a process of its
own. Printed are the percentiles of both and the ratio of their p95: without limits, and with a quota that the flood exceeds.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import time
from collections.abc import Generator
from contextlib import contextmanager
from multiprocessing.sharedctypes import Synchronized
from typing import Any

from benchmarks.http import TOPICS, Server, ask, fill, one_by_one, report, serving
from benchmarks.wire import Wire
from recalld.client import AsyncClient

PAUSE_SECONDS = 0.02  # between the quiet tenant's requests: quiet, but never away for long


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks neighbour", description=__doc__)
    parser.add_argument("--episodes", type=int, default=30, help="episodes of each user")
    parser.add_argument("--requests", type=int, default=100, help="of the quiet tenant in each round")
    parser.add_argument("--rounds", type=int, default=4, help="of each kind, in turn")
    parser.add_argument("--clients", type=int, default=16, help="connections of the flood")
    parser.add_argument("--quota", type=int, default=20, help="requests per second of a tenant, where there is a quota")
    options = parser.parse_args(arguments)
    for name, settings in (
        ("without limits", {}),
        (f"{options.quota} requests/s allowed", {"RECALLD_TENANT_REQUESTS_PER_SECOND": str(options.quota)}),
    ):
        print(f"-- {name}")
        with serving(**settings) as server:
            asyncio.run(measure(server, options, paced=options.quota if settings else 0))


async def measure(server: Server, options: argparse.Namespace, *, paced: int) -> None:
    """Rounds alone and beside the flood, in turn; *paced*: the quiet tenant stays within so many requests a second."""
    quiet, noisy = server.key("quiet"), server.key("noisy")
    for key in (quiet, noisy):
        async with AsyncClient(server.url, key=key, attempts=30) as client:
            await fill(client, 8, options.episodes)
    pause = max(PAUSE_SECONDS, 1.2 / paced if paced else 0)
    seconds: dict[str, list[float]] = {"alone": [], "flooded": []}
    answered: list[str] = []
    wire = await Wire.open(server.url, quiet)

    async def paused(count: int) -> list[float]:
        taken: list[float] = []
        for number in range(count):
            taken += await one_by_one(lambda _, number=number: ask(wire, path(number), question(number)), 1)
            await asyncio.sleep(pause)
        return taken

    await paused(20)
    for _ in range(options.rounds):
        seconds["alone"] += await paused(options.requests)
        with flood(server.url, noisy, options.clients) as counts:
            await until_it_pours(counts, refused=paced > 0)
            begun, before = time.perf_counter(), [count.value for count in counts]
            seconds["flooded"] += await paused(options.requests)
            taken = time.perf_counter() - begun
            rates = [(count.value - was) / taken for count, was in zip(counts, before, strict=True)]
            answered.append(f"{rates[0]:.0f} + {rates[1]:.0f} refused")
    await wire.close()
    p95 = [report(f"quiet tenant, {name}", found) for name, found in seconds.items()]
    print(f"p95 beside the flood: {p95[1] / p95[0]:.2f} x alone; the flood got, per second: {', '.join(answered)}")


async def until_it_pours(counts: tuple[Synchronized[int], Synchronized[int]], *, refused: bool) -> None:
    """Until the flood is answered, or, where there is a quota, has used up what it may have at once."""
    for _ in range(1200):
        if counts[1 if refused else 0].value > 20:
            return
        await asyncio.sleep(0.05)


def question(number: int) -> dict[str, Any]:
    """A context, as an agent asks for one."""
    return {"query": f"what did we say about {TOPICS[number % 8]} and box {number % 90}", "session_id": "s"}


def path(number: int) -> str:
    """Of the contexts of one of the eight people."""
    return f"/v1/users/u{number % 8}/context"


@contextmanager
def flood(url: str, key: str, clients: int) -> Generator[tuple[Synchronized[int], Synchronized[int]]]:
    """Contexts as fast as they are answered, until the end; counts those answered and those refused."""
    start = multiprocessing.get_context("spawn")
    counts: tuple[Any, Any] = (start.Value("i", 0), start.Value("i", 0))
    process = start.Process(target=pour, args=(url, key, clients, *counts), daemon=True)
    process.start()
    try:
        yield counts
    finally:
        process.terminate()
        process.join()


def pour(url: str, key: str, clients: int, answered: Any, refused: Any) -> None:
    """The process of the flood."""

    async def one() -> None:
        wire, number = await Wire.open(url, key), 0
        while True:
            number += 1
            status, _ = await wire.post(path(number), question(number))
            (answered if status == 200 else refused).value += 1
            if status != 200:
                await asyncio.sleep(0.04)  # 16 connections: 400 requests a second, 20 times the default quota

    async def all_of_them() -> None:
        await asyncio.gather(*(one() for _ in range(clients)))

    asyncio.run(all_of_them())
