"""Writes that may come again: once, with the same answer, for a day, and never over an erasure."""

from __future__ import annotations

from typing import Any

import pytest

from recalld import Memory, Message
from recalld.errors import RequestKeyReused
from recalld.layers.working.requests import EVERY_SECONDS, OldAnswers

SAID = [Message(role="user", content="My order A-17 arrived broken.")]


async def test_an_append_under_a_key_is_done_once(memory: Memory):
    ada = memory.user("acme", "ada")
    assert [await ada.append("s1", SAID, request_key="k") for _ in range(3)] == [1, 1, 1]
    assert len(await ada.messages("s1")) == 1


async def test_a_key_belongs_to_one_request_of_one_user(memory: Memory):
    ada, eve = memory.user("acme", "ada"), memory.user("acme", "eve")
    await ada.append("s1", SAID, request_key="k")
    assert await eve.append("s1", SAID, request_key="k") == 1
    assert await memory.user("globex", "ada").append("s1", SAID, request_key="k") == 1
    with pytest.raises(RequestKeyReused):
        await ada.append("s2", SAID, request_key="k")


async def test_after_an_erasure_the_same_key_is_a_new_request(memory: Memory):
    ada = memory.user("acme", "ada")
    await ada.append("s1", SAID, request_key="k")
    await ada.erase()
    assert await ada.append("s1", SAID, request_key="k") == 1
    assert len(await ada.messages("s1")) == 1


async def test_answers_older_than_a_day_are_forgotten_once_an_hour(memory: Memory, admin: Any):
    ada, now = memory.user("acme", "ada"), [0.0]
    for key in ("old", "new"):
        await ada.append(f"s-{key}", SAID, request_key=key)
    admin.execute("update recalld.requests set created_at = now() - interval '25 hours' where answer is not null and ctid = "
                  "(select min(ctid) from recalld.requests)")  # fmt: skip
    old = OldAnswers(memory.parts.database, clock=lambda: now[0])
    assert [await old.forget(), await old.forget()] == [1, 0]
    admin.execute("update recalld.requests set created_at = now() - interval '25 hours'")
    assert await old.forget() == 0
    now[0] = EVERY_SECONDS
    assert await old.forget() == 1
