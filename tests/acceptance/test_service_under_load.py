"""A live server under load: nobody sees another's memory, and a killed server loses and doubles nothing.

`RECALLD_FULL=1` runs the full sizes: 50 tenants × 20 users for two minutes, 30 kills.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from recalld import Memory, Message
from recalld.client import AsyncClient
from recalld.server.keys import Keys, NewKey
from tests.live import LiveServer, live_server

FULL = os.environ.get("RECALLD_FULL") == "1"
TENANTS, USERS, CLIENTS, SECONDS = (50, 20, 32, 120.0) if FULL else (6, 4, 8, 0.0)
TURNS = 2  # of each client at least, however long they take
KILLS, WRITERS = (30, 8) if FULL else (3, 4)
TOKEN = re.compile(r"canary-\d+-\d+-x")


def token(tenant: int, user: int) -> str:
    return f"canary-{tenant}-{user}-x"


async def keys_of(url: str, tenants: int) -> list[str]:
    """A key for each tenant."""
    async with Memory.open(database_url=url, worker=False) as memory:
        keys = Keys(memory.parts.database)
        return [(await keys.create(NewKey(tenant_id=f"t{n}", scopes=("read", "write"))))[1] for n in range(tenants)]


# ---------------------------------------------------------------- isolation under load
@dataclass(slots=True)
class Tally:
    requests: int = 0
    foreign: list[str] = field(default_factory=list[str])
    errors: list[str] = field(default_factory=list[str])


async def one_turn(client: AsyncClient, tenant: int, number: int, turn: int, tally: Tally) -> None:
    """A conversation and the questions after it; every answer is searched for tokens of others."""
    ada = client.user(f"u{number}")
    own = token(tenant, number)
    session = f"s{turn}-{random.randrange(10**9)}"
    steps: tuple[Callable[[], Awaitable[Any]], ...] = (
        lambda: ada.append(session, [Message(role="user", content=f"My order {own} arrived broken in box {turn}.")]),
        lambda: ada.context("what about my order?", session_id=session),
        lambda: ada.end_session(session, wait=True),
        lambda: ada.search("order box broken"),
        lambda: ada.episodes(limit=5),
        ada.facts,
    )
    for step in steps:
        try:
            answer = repr(await step())
        except Exception as error:  # noqa: BLE001 -- every kind counts
            tally.errors.append(repr(error))
            continue
        tally.requests += 1
        tally.foreign += [found for found in TOKEN.findall(answer) if found != own]


async def load(server: LiveServer, keys: list[str]) -> Tally:
    tally, end = Tally(), time.monotonic() + SECONDS
    clients = [AsyncClient(server.url, key=key, timeout=60) for key in keys]

    async def worker(seed: int) -> None:
        turn = 0
        while turn < TURNS or time.monotonic() < end:
            tenant = random.randrange(TENANTS)
            await one_turn(clients[tenant], tenant, random.randrange(USERS), turn, tally)
            turn += 1

    await asyncio.gather(*(worker(number) for number in range(CLIENTS)))
    await asyncio.gather(*(client.close() for client in clients))
    return tally


@pytest.mark.slow
async def test_under_load_nobody_sees_a_token_of_another(migrated_urls: Any, tmp_path: Path):
    keys = await keys_of(migrated_urls.service, TENANTS)
    with live_server(migrated_urls.service, tmp_path, RECALLD_MAX_CONNECTIONS="4") as server:
        tally = await load(server, keys)
        log = server.log.read_text()
        assert server.stop() == 0
    print(f"canary load: {tally.requests} answers, {len(tally.foreign)} foreign tokens, {len(tally.errors)} errors")
    assert tally.requests >= CLIENTS * TURNS * 6
    assert tally.foreign == []
    assert tally.errors == []
    assert "canary-" not in log


# ---------------------------------------------------------------- kill -9
async def write(client: AsyncClient, number: int, acknowledged: dict[str, int], stopping: asyncio.Event) -> None:
    """Sessions of numbered messages, each sent until it is acknowledged, under one key per message."""
    ada, turn = client.user(f"u{number}"), 0
    while not stopping.is_set():
        session = f"w{number}-{turn}"
        for place in range(5):
            said = [Message(role="user", content=f"Item {place} of {session}.")]
            await ada.append(session, said, request_key=f"{session}-{place}")
            acknowledged[session] = place + 1
        turn += 1


async def kill_again_and_again(server: LiveServer, acknowledged: dict[str, int], stopping: asyncio.Event) -> None:
    """Each time once the writers have got on, at some moment of the next messages."""
    for _ in range(KILLS):
        enough = sum(acknowledged.values()) + 3 * WRITERS
        while sum(acknowledged.values()) < enough:
            await asyncio.sleep(0.01)
        await asyncio.sleep(random.uniform(0.0, 0.05))
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
    stopping.set()


@pytest.mark.slow
async def test_a_killed_server_loses_and_doubles_nothing(migrated_urls: Any, tmp_path: Path):
    [key] = await keys_of(migrated_urls.service, 1)
    acknowledged: dict[str, int] = {}
    with live_server(migrated_urls.service, tmp_path) as server:
        stopping = asyncio.Event()
        async with AsyncClient(server.url, key=key, attempts=60, timeout=20) as client:
            writers = [write(client, number, acknowledged, stopping) for number in range(WRITERS)]
            await asyncio.gather(*writers, kill_again_and_again(server, acknowledged, stopping))
            lost, doubled = 0, 0
            for session, count in acknowledged.items():
                contents = [
                    said.content for said in await client.user(f"u{session[1:].split('-')[0]}").messages(session)
                ]
                lost += count - len(set(contents))
                doubled += len(contents) - len(set(contents))
                assert contents == [f"Item {place} of {session}." for place in range(len(contents))]
    sent = sum(acknowledged.values())
    print(f"kill -9: {KILLS} kills, {sent} acknowledged messages, lost {lost}, doubled {doubled}")
    assert sent > 20
    assert (lost, doubled) == (0, 0)
