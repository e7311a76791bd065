"""Whatever the border lets through can be stored and read back; what it refuses would not have been."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from recalld.border import MAX_ID_BYTES, MAX_ID_LENGTH, check_id, check_message, check_state, check_time, check_user
from recalld.errors import InvalidInput
from recalld.postgres.pool import Database
from recalld.values import Message, UserRef

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
INSERT = """
    insert into recalld.messages (tenant_id, user_id, session_id, seq, epoch, role, name, content, at)
    values (%(tenant_id)s, %(user_id)s, %(session_id)s, 0, 1, %(role)s, %(name)s, %(content)s, %(at)s)
"""
READ = """
    select session_id, role, name, content, at from recalld.messages
    where tenant_id = %(tenant_id)s and user_id = %(user_id)s
"""


async def stored(database: Database, user: UserRef, session_id: str, message: Message) -> dict[str, Any] | None:
    """A message as it comes back from the journal."""
    async with database.transaction("app", user) as tx:
        values = {"role": message.role, "name": message.name, "content": message.content, "at": message.at}
        await tx.execute(INSERT, session_id=session_id, **values)
        return await tx.row(READ)


def incompressible(seed: int, width: int) -> str:
    """The longest id of characters that take so many bytes each."""
    first, last = {1: (33, 126), 2: (0xA1, 0x7FF), 3: (0x4E00, 0x9FFF), 4: (0x20000, 0x2A6DF)}[width]
    chance = random.Random(seed)
    return "".join(chr(chance.randint(first, last)) for _ in range(min(MAX_ID_LENGTH, MAX_ID_BYTES // width)))


@pytest.mark.parametrize("width", [1, 2, 3, 4])
async def test_three_ids_of_the_greatest_length_fit_into_an_index(database: Database, width: int):
    user = check_user(incompressible(1, width), incompressible(2, width))
    session_id = check_id("session id", incompressible(3, width))
    row = await stored(database, user, session_id, Message(role="user", content="hi", at=NOON))
    assert row is not None
    assert row["session_id"] == session_id


async def test_longer_ids_would_not_fit_into_an_index(database: Database):
    tenant_id, user_id = incompressible(1, 4) + incompressible(2, 4), incompressible(3, 4) + incompressible(4, 4)
    user = UserRef(tenant_id=tenant_id, user_id=user_id)
    with pytest.raises(InvalidInput, match="ProgramLimitExceeded"):
        await stored(database, user, "s", Message(role="user", content="hi", at=NOON))


@pytest.mark.parametrize(
    "content", ["a\x00b", "\ud800", "line\r\nline\x1b[0m", "\U000e0041\u202e\u200b", "🙂" * 60_000]
)
async def test_a_message_that_the_border_repaired_comes_back_as_it_is(database: Database, content: str):
    message = check_message(Message(role="tool", content=content, name="Zoë\x00"), now=NOON)
    row = await stored(database, UserRef(tenant_id="a", user_id="b"), "s", message)
    assert row == {"session_id": "s", "role": "tool", "name": "Zoë\ufffd", "content": message.content, "at": NOON}


@pytest.mark.parametrize("at", [datetime(1970, 1, 1, tzinfo=UTC), NOON + timedelta(microseconds=1)])
async def test_a_time_that_the_border_lets_through_comes_back_as_it_is(database: Database, at: datetime):
    checked = check_time("at", at, now=NOON)
    row = await stored(
        database, UserRef(tenant_id="a", user_id="b"), "s", Message(role="user", content="x", at=checked)
    )
    assert row is not None
    assert row["at"] == at


async def test_a_time_beyond_python_would_spoil_every_read(database: Database, admin: psycopg.Connection[Any]):
    user = UserRef(tenant_id="a", user_id="b")
    await stored(database, user, "s", Message(role="user", content="x", at=NOON))
    admin.execute("update recalld.messages set at = '12000-01-01'")
    with pytest.raises(InvalidInput):
        async with database.transaction("app", user) as tx:
            await tx.rows(READ)


async def test_a_state_that_the_border_lets_through_comes_back_as_it_is(database: Database):
    state = {"big": 10**4000, "small": 5e-324, "text": "\ud800\x00", "deep": [[[{}]]], "": None}
    async with database.transaction("app", UserRef(tenant_id="a", user_id="b")) as tx:
        row = await tx.row("select %(state)s::jsonb as state", state=check_state(state))
    assert row == {"state": {**state, "text": "\ufffd\ufffd"}}
