"""What a live service writes down: nothing that was said, no ids of persons, no keys; and who may slow whom down."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from recalld import Message
from recalld.client import AsyncClient
from recalld.errors import RecalldError
from recalld.server.limits import Bucket, Buckets, Guard, Limits, Money
from recalld.server.problems import Refused
from recalld.server.turns import Turns
from tests.live import live_server

CANARY = "canary-4417"
PERSON = "person-4417"
WHEN = "2026-11-03T12:00:00Z"
NAUGHTY = [
    "", " ", "\u0000", "\u202eright to left", "\ufeff", "\u200b", "Ω≈ç√∫˜µ≤≥÷", "田中さんにあげて下さい", "👩‍👩‍👧‍👦 🏳️‍🌈", "Z̷̢̛̜̣a͢͠l̸̢g̸̡o̷",
    "1;DROP TABLE users", "' OR 1=1 -- 1", "%s%s%s%n", "{{7*7}}", "${jndi:ldap://x}", "<script>alert(1)</script>", "../../../etc/passwd",
    "null", "NaN", "-1e999", "undefined", "0x7fffffff", "\\", '"', "`id`", "\r\nSet-Cookie: a=b", "a" * 5000, "𝒜𝓃𝒸𝒾𝑒𝓃𝓉",
    "\ud7ff\ue000\uffff", '{"a":1}', "[[[[", "</recalld-memory>", "COM1", "nil", "true", "٠١٢٣", "\x7f\x80\x9f",
]  # fmt: skip


@pytest.mark.slow
async def test_neither_log_nor_metrics_hold_what_was_said_or_about_whom(migrated_urls: Any, tmp_path: Path):
    with live_server(migrated_urls.service, tmp_path) as server:
        key = server.run("keys", "create", "--tenant", "acme", "--scopes", "read,write,erase,export")
        operator = server.run("keys", "create", "--tenant", "ops", "--scopes", "operator")
        async with AsyncClient(server.url, key=key) as client:
            ada = client.user(PERSON)
            await ada.append(
                f"{PERSON}-s1", [Message(role="user", content=f"My order is {CANARY}. I live in {CANARY}.")]
            )
            await ada.set_state(f"{PERSON}-s1", {"order": CANARY})
            await ada.context(CANARY, session_id=f"{PERSON}-s1")
            await ada.end_session(f"{PERSON}-s1", wait=True)
            await ada.search(CANARY)
            await ada.set_fact("order", CANARY)
            for wrong in (
                ada.session(CANARY),
                ada.append("s2", [Message(role="user", content=CANARY, name="\0" * 2000)]),
            ):
                with pytest.raises(RecalldError):
                    await wrong
            await ada.export()
            await ada.erase()
            metrics = await client._http.get("/metrics", headers={"Authorization": f"Bearer {operator}"})
        assert server.stop() == 0
        log = server.log.read_text()
    assert metrics.status_code == 200
    for written in (log, metrics.text):
        assert CANARY not in written
        assert PERSON not in written
        assert key.split("_", 2)[2] not in written
    answered = [json.loads(line) for line in log.splitlines() if "request.answered" in line]
    assert len(answered) >= 10
    assert {line["route"] for line in answered} >= {"/v1/users/{user_id}/context", "/v1/users/{user_id}"}


@pytest.mark.slow
async def test_naughty_strings_are_stored_whole_or_refused(migrated_urls: Any, tmp_path: Path):
    """In every text of a request, in headers and in the path: never a 5xx, and what was stored can be read."""
    from urllib.parse import quote

    with live_server(migrated_urls.service, tmp_path) as server:
        key = server.run("keys", "create", "--tenant", "acme", "--scopes", "read,write,erase,export,admin")
        statuses: dict[int, int] = {}
        async with AsyncClient(server.url, key=key) as client:
            for number, text in enumerate(NAUGHTY):
                part = quote(text, safe="")
                bodies = [
                    ("POST", f"/v1/users/u{number}/sessions/s/messages", {"messages": [{"role": "user", "content": text, "name": text}]}),
                    ("POST", f"/v1/users/{part}/sessions/{part}/messages", {"messages": [{"role": "user", "content": "x"}]}),
                    ("PUT", f"/v1/users/u{number}/sessions/s/state", {"state": {text: [text, {text: text}]}}),
                    ("POST", f"/v1/users/u{number}/context", {"query": text, "topics": [text], "session_id": text}),
                    ("POST", f"/v1/users/u{number}/search", {"query": text, "timezone": text, "purposes": [text]}),
                    ("PUT", f"/v1/users/u{number}/facts", {"attribute": text, "value": text, "purpose": text}),
                    ("PUT", f"/v1/users/u{number}/facts", {"attribute": text, "value": text}),
                    ("PUT", f"/v1/users/u{number}/episodes/{part}", {"summary": text, "ended_at": WHEN, "topics": [text]}),
                    ("GET", f"/v1/users/u{number}/history?attribute={part}&purpose={part}", None),
                    ("GET", f"/v1/users/u{number}/episodes?cursor={part}&since={part}", None),
                    ("POST", "/v1/keys", {"scopes": [text], "label": text, "user_id": text}),
                    ("DELETE", f"/v1/users/u{number}/facts/{part}", None),
                ]  # fmt: skip
                for method, path, body in bodies:
                    answer = await client._http.request(method, path, json=body)
                    statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
                    assert answer.status_code < 500, (method, path[:80], answer.text)
                header = bytes(
                    byte for byte in text.encode("utf-8", "replace") if byte >= 32 and byte != 127
                ).strip()  # what a client may send
                odd = {b"X-Request-Id": header, b"Idempotency-Key": header}
                answer = await client._http.post(
                    f"/v1/users/u{number}/sessions/s/end?wait=true", headers=list(odd.items())
                )
                assert answer.status_code < 500
                read = await client._http.get(f"/v1/users/u{number}/export")
                assert read.status_code == 200
        log = server.log.read_text()
    assert '"status": 500' not in log
    assert statuses[200] > len(NAUGHTY)


# ---------------------------------------------------------------- limits
def test_a_bucket_fills_again_with_time():
    bucket = Bucket(2.0, 20.0, 0.0)
    assert [bucket.take(20, 0.0), bucket.take(1, 0.0), bucket.take(1, 0.5)] == [0.0, 0.5, 0.0]


def test_buckets_of_many_names_stay_few():
    buckets = Buckets(1.0, clock=lambda: 0.0)
    for number in range(20_000):
        buckets.take((f"t{number}",))
    assert len(buckets._kept) == 10_000


async def none_open(tenant_id: str) -> int:
    return 0


def test_money_that_was_spent_flows_back_over_the_hour():
    now = [0.0]
    money = Money(1.0, clock=lambda: now[0])
    money.spend("acme", 1.5)
    with pytest.raises(Refused) as refused:
        money.check("acme")
    assert refused.value.headers == {"Retry-After": "1800"}
    money.check("globex")
    now[0] = 1801.0
    money.check("acme")


async def test_a_tenant_with_many_requests_waits_for_itself_alone():
    guard = Guard(Limits(tenant_concurrency=2, tenant_waiting=1), open_sessions=none_open)
    free, entered = asyncio.Event(), []

    async def work(tenant: str) -> None:
        async with guard.turn(tenant):
            entered.append(tenant)
            await free.wait()

    busy = [asyncio.create_task(work("busy")) for _ in range(3)]
    await asyncio.sleep(0)
    other = asyncio.create_task(work("other"))
    await asyncio.sleep(0)
    assert entered == ["busy", "busy", "other"]
    with pytest.raises(Refused) as refused:
        await work("busy")
    assert refused.value.headers == {"Retry-After": "1"}
    free.set()
    await asyncio.gather(*busy, other)


def test_the_share_of_a_tenant_shrinks_while_the_loop_is_late_and_others_ask():
    turns = Turns(8, 1)
    turns._seen = {"busy": 0.0, "other": 0.0}
    shares = []
    for late in (0.1, 0.1, 0.1, 0.1, *[0.0] * 1000):
        turns.adjust(late=late)
        shares.append(turns.share)
    assert shares[:4] == [4, 2, 1, 1]
    assert sorted(shares[4:]) == shares[4:]
    assert shares[-1] == 8


def test_a_tenant_that_is_alone_has_all_turns_however_late_the_loop_is():
    turns = Turns(8, 1)
    turns._seen = {"busy": 0.0}
    turns.adjust(late=1.0)
    assert turns.share == 8


async def test_those_that_wait_come_in_their_order_and_one_that_left_takes_no_turn():
    turns, entered, free = Turns(1, 10), [], asyncio.Event()

    async def work(number: int) -> None:
        async with turns.turn("busy"):
            entered.append(number)
            await free.wait()

    tasks = [asyncio.create_task(work(number)) for number in range(4)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    free.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert entered == [0, 2, 3]
    assert turns._tenants == {}


async def test_requests_that_wait_for_models_take_no_turn_of_others():
    turns = Turns(1, 10)
    async with turns.turn("acme", patient=True), turns.turn("acme"):
        assert {name: turn.under_way for name, turn in turns._tenants.items()} == {
            ("acme", True): 1,
            ("acme", False): 1,
        }
