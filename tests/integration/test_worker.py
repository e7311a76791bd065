"""The worker of a process, when what it stands on gives way."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import httpx2
import psycopg
import pytest

from recalld import Memory, Message, Settings
from recalld.errors import ConfigurationError, Unavailable
from recalld.jobs import worker
from recalld.server.keys import Keys, NewKey
from recalld.server.serve import bound, observed
from tests.live import free_port

END_ALL = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"


async def ingested(memory: Memory, session_id: str) -> bool:
    """Whether the session has become memory within half a minute."""
    for _ in range(300):
        with suppress(Unavailable):
            if (await memory.user("acme", "ada").session(session_id)).state == "ingested":
                return True
        await asyncio.sleep(0.1)
    return False


async def remember(memory: Memory, session_id: str) -> None:
    ada = memory.user("acme", "ada")
    await ada.append(session_id, [Message(role="user", content="My order A-17 arrived broken.")])


async def end(memory: Memory, session_id: str) -> None:
    """End it, however many connections turn out to be dead."""
    for _ in range(20):
        with suppress(Unavailable):
            await memory.user("acme", "ada").end_session(session_id)
            return
    raise AssertionError("no connection answers")


async def test_a_worker_whose_connections_were_cut_goes_on(
    migrated_urls: Any, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(worker, "RESTART_SECONDS", 0.05)
    async with Memory.open(database_url=migrated_urls.service, sweep_seconds=0.2) as memory:
        for number in range(2):
            await remember(memory, f"s{number}")
            admin.execute(END_ALL)
            await end(memory, f"s{number}")
            assert await ingested(memory, f"s{number}")


async def test_a_worker_answers_the_operator_on_a_port_of_its_own(memory: Memory):
    port = free_port()
    _, operator = await Keys(memory.parts.database).create(NewKey(tenant_id="ops", scopes=("operator",)))
    key = {"Authorization": f"Bearer {operator}"}
    async with (
        observed(memory, Settings.read(worker_port=port)),
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
    ):
        await answering(http)
        assert (await http.get("/readyz")).json()["status"] == "ready"
        assert (await http.get("/metrics")).status_code == 401
        await remember(memory, "s1")
        await memory.user("acme", "ada").end_session("s1", wait=True)
        assert 'recalld_ingests_total{outcome="ingested"} 1.0' in (await http.get("/metrics", headers=key)).text
        assert (await http.get("/v1/keys", headers=key)).status_code == 404


async def answering(http: httpx2.AsyncClient) -> None:
    """Until the server listens."""
    for _ in range(300):
        with suppress(httpx2.TransportError):
            assert (await http.get("/healthz")).status_code == 200
            return
        await asyncio.sleep(0.05)
    raise AssertionError("nobody listens")


def test_a_port_that_is_taken_is_said_in_a_line():
    with bound("127.0.0.1", 0) as place:
        place.listen()
        with pytest.raises(ConfigurationError, match="cannot listen on"), bound("127.0.0.1", place.getsockname()[1]):
            pass
