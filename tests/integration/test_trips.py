"""Statements that travel together: in order, all or none, and never mixed up by what else happens on the connection."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, LiteralString

import psycopg
import pytest

from recalld.errors import Conflict, InvalidInput
from recalld.postgres.embedded import DatabaseUrls
from recalld.postgres.pool import Database, Pending, Rows
from recalld.postgres.trips import numbered
from recalld.values import UserRef

ADA = UserRef(tenant_id="acme", user_id="ada")
ADD_USER = "insert into recalld.users (tenant_id, user_id) values (%(tenant_id)s, %(user_id)s)"
USERS = "select user_id from recalld.users where tenant_id = %(tenant_id)s and user_id = %(user_id)s"
PREPARED = "select count(*) as n from pg_prepared_statements where name like 'recalld%%'"


@pytest.fixture
async def lone(migrated_urls: DatabaseUrls) -> AsyncIterator[Database]:
    """A pool of a single connection, so that every transaction meets what the one before it left."""
    database = Database(migrated_urls.service, max_connections=1)
    await database.open()
    yield database
    await database.close()


async def users_in_a_trip(database: Database) -> list[dict[str, Any]]:
    """Ada's row, read the fast way."""
    async with database.pipelined("app", ADA) as tx:
        return await tx.rows(USERS)


async def send(database: Database, *queries: LiteralString) -> None:
    """Statements that nobody waits for but the commit."""
    async with database.pipelined("app", ADA) as tx:
        for query in queries:
            await tx.send(query)


async def send_and_fail(database: Database, answers: list[Rows]) -> None:
    """A transaction that goes wrong before its statement was sent."""
    async with database.pipelined("app", ADA) as tx:
        answers.append(await tx.send(USERS))
        raise ZeroDivisionError


async def fail(database: Database) -> None:
    """A transaction of psycopg's that is rolled back."""
    async with database.transaction("app", ADA) as tx:
        await tx.rows(USERS)
        raise ZeroDivisionError


def test_each_name_gets_one_number_and_a_doubled_percent_sign_stays_one():
    statement = numbered("select %(a)s, %(b)s, %(a)s, 5 %% 2")
    assert (statement.text, statement.names) == (b"select $1, $2, $1, 5 % 2", ("a", "b"))


async def test_what_is_sent_is_answered_in_order_with_what_is_waited_for(lone: Database):
    async with lone.pipelined("app", ADA) as tx:
        before, added = await tx.send(USERS), await tx.send(ADD_USER)
        after = await tx.rows(USERS)
        assert (await before.fetchall(), added.rowcount, after) == ([], 1, [{"user_id": "ada"}])


async def test_what_is_sent_last_travels_with_the_commit_and_is_read_afterwards(lone: Database):
    async with lone.pipelined("app", ADA) as tx:
        answer = Pending(await tx.send("select 7 as n"), lambda rows: rows[0]["n"])
    assert await answer.read() == 7


async def test_values_of_every_kind_arrive_as_they_were_sent(lone: Database):
    sent = {"text": "%s $1 ü", "none": None, "number": 2**40, "real": 0.5, "many": ["a", None], "bytes": b"\x00\xff"}
    query = (
        "select %(text)s::text as text, %(none)s::text as none, %(number)s::bigint as number, %(real)s::float8 as real, "
        "%(many)s::text[] as many, %(bytes)s::bytea as bytes"
    )
    async with lone.pipelined("app", ADA) as tx:
        assert await tx.row(query, **sent) == sent
        assert await tx.packed(query, **sent) == sent


@pytest.mark.parametrize(
    ("failing", "error"), [(ADD_USER, Conflict), ("select 1 / (select 0)", InvalidInput)], ids=["conflict", "value"]
)
async def test_a_statement_that_fails_undoes_the_whole_trip(
    lone: Database, failing: LiteralString, error: type[Exception]
):
    with pytest.raises(error):
        await send(lone, ADD_USER, failing, USERS)
    assert await users_in_a_trip(lone) == []


async def test_an_answer_that_never_came_is_an_error(lone: Database):
    answers: list[Rows] = []
    with pytest.raises(ZeroDivisionError):
        await send_and_fail(lone, answers)
    with pytest.raises(psycopg.InterfaceError):
        await answers[0].fetchall()


async def test_prepared_statements_are_prepared_anew_after_psycopg_forgot_them(lone: Database):
    """A rollback of psycopg's, of a transaction or of a savepoint, deallocates everything on the connection."""
    for _ in range(3):
        assert await users_in_a_trip(lone) == []
        with pytest.raises(ZeroDivisionError):
            await fail(lone)
        assert await users_in_a_trip(lone) == []
        async with lone.transaction("app", ADA) as tx, tx.connection.transaction(force_rollback=True):
            await tx.rows(USERS)


async def test_failures_do_not_pile_up_prepared_statements(lone: Database):
    counts: list[int] = []
    for _ in range(6):
        with pytest.raises(Conflict):
            await send(lone, ADD_USER, ADD_USER)
        with pytest.raises(ZeroDivisionError):
            await fail(lone)
        async with lone.pipelined("app", ADA) as tx:
            counts += [row["n"] for row in await tx.rows(PREPARED)]
    assert counts[-1] <= counts[1]


async def test_without_prepared_statements_the_server_keeps_none(migrated_urls: DatabaseUrls):
    database = Database(migrated_urls.service, max_connections=1, prepared_statements=False)
    await database.open()
    for _ in range(3):
        async with database.pipelined("app", ADA) as tx:
            row = await tx.row(PREPARED)
            assert row == {"n": 0}
    await database.close()
