"""`serve`, `worker`, `keys` and `jobs` as an operator uses them."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from recalld import Memory, Message
from tests.live import LiveServer, free_port, live_server


@pytest.mark.slow
async def test_ended_sessions_are_worked_on_by_a_worker_beside_the_server(migrated_urls: Any, tmp_path: Path):
    with live_server(migrated_urls.service, tmp_path, RECALLD_WORKER="false") as server:
        key = server.run("keys", "create", "--tenant", "acme", "--scopes", "read,write")
        headers = {"Authorization": f"Bearer {key}"}
        path = f"{server.url}/v1/users/ada/sessions/s1"
        said = {"messages": [{"role": "user", "content": "My order A-17 arrived broken."}]}
        httpx2.post(f"{path}/messages", json=said, headers=headers)
        assert httpx2.post(f"{path}/end", headers=headers).json()["status"] == "queued"
        waiting = json.loads(server.run("jobs", "list", "--json"))
        assert [(job["session_id"], job["state"]) for job in waiting] == [("s1", "ended")]
        assert httpx2.get(f"{server.url}/readyz").json()["waiting"] == 1
        worker = subprocess.Popen(  # noqa: ASYNC220
            [sys.executable, "-m", "recalld", "worker"], env=server.environment, stderr=subprocess.PIPE
        )
        try:
            async with Memory.open(database_url=migrated_urls.service, worker=False) as memory:
                ada = memory.user("acme", "ada")
                for _ in range(600):
                    if (await ada.session("s1")).state == "ingested":
                        break
                    await asyncio.sleep(0.05)
                assert (await ada.session("s1")).state == "ingested"
        finally:
            worker.send_signal(signal.SIGTERM)
            _, log = worker.communicate(timeout=60)
        assert worker.returncode == 0
        assert b"Traceback" not in log
        assert server.run("jobs", "list") == "Nothing waits."
        assert server.stop() == 0


async def test_a_session_that_was_given_up_is_retried_or_discarded(
    memory: Memory, migrated_urls: Any, tmp_path: Path, admin: Any
):
    ada = memory.user("acme", "ada")
    for session in ("s1", "s2"):
        await ada.append(session, [Message(role="user", content="My order A-17 arrived broken.")])
        await ada.end_session(session)
    admin.execute("update recalld.sessions set state = 'failed', error = 'BadReply', attempts = 5")
    operator = LiveServer(migrated_urls.service, tmp_path / "log", free_port())
    failed = json.loads(operator.run("jobs", "list", "--failed", "--json"))
    assert {(job["session_id"], job["error"]) for job in failed} == {("s1", "BadReply"), ("s2", "BadReply")}
    operator.run("jobs", "discard", "s2", "--user", "ada", "--tenant", "acme", "--yes")
    assert operator.run("jobs", "retry") == "1 sessions wait again"
    assert [(one.ref.session_id, one.state) for one in await ada.sessions()] == [("s1", "ended")]


def test_a_key_is_shown_once_listed_without_its_secret_and_revoked(migrated_urls: Any, tmp_path: Path):
    operator = LiveServer(migrated_urls.service, tmp_path / "log", free_port())
    made = json.loads(
        operator.run(
            "keys", "create", "--tenant", "acme", "--scopes", "read", "--user", "ada", "--purpose", "support", "--json"
        )
    )
    rotated = operator.run("keys", "rotate", made["key_id"], "--tenant", "acme")
    assert rotated.startswith("recalld_")
    operator.run("keys", "revoke", made["key_id"], "--tenant", "acme")
    listed = json.loads(operator.run("keys", "list", "--tenant", "acme", "--json"))
    assert [(key["bound_user_id"], key["purposes"], key["revoked_at"] is None) for key in listed] == [
        ("ada", ["support"], True),
        ("ada", ["support"], False),
    ]
    assert made["key"].split("_", 2)[2] not in json.dumps(listed)


def test_an_unknown_scope_is_refused(migrated_urls: Any, tmp_path: Path):
    operator = LiveServer(migrated_urls.service, tmp_path / "log", free_port())
    with pytest.raises(subprocess.CalledProcessError) as refused:
        operator.run("keys", "create", "--tenant", "acme", "--scopes", "root")
    assert refused.value.returncode == 2
    assert "unknown scopes root" in refused.value.stderr
