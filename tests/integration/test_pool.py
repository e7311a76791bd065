"""The pool: what a caller meets when connections break, servers restart, statements fail and callers give up."""

from __future__ import annotations

import asyncio
import os
import signal
import traceback
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString, cast

import psycopg
import pytest

from recalld.errors import (
    ConfigurationError,
    Conflict,
    DatabaseUnavailable,
    InvalidInput,
    MigrationError,
    RecalldError,
    UnsafeDatabase,
)
from recalld.postgres import pool
from recalld.postgres.cluster import Cluster
from recalld.postgres.embedded import DatabaseUrls, EmbeddedPostgres, cluster_in
from recalld.postgres.migrate import migrate
from recalld.postgres.pool import Database, translated
from recalld.values import Message, UserRef

ADA = UserRef(tenant_id="acme", user_id="ada")
BOB = UserRef(tenant_id="acme", user_id="bob")
SECRET = "my cat is called Schnurr"
ADD_USER = "insert into recalld.users (tenant_id, user_id) values (%(tenant_id)s, %(user_id)s)"
USERS = "select user_id from recalld.users where tenant_id = %(tenant_id)s and user_id = %(user_id)s"
NO_PATIENCE = (0.05, 0.05)


async def add_user(database: Database, user: UserRef = ADA) -> None:
    """Write something."""
    async with database.transaction("app", user) as tx:
        await tx.execute(ADD_USER)


async def carry_out(
    database: Database, *steps: str | Callable[[], object], kind: str = "transaction", **values: object
) -> None:
    """Statements, and what happens between them, in one transaction of Ada."""
    async with getattr(database, kind)("app", ADA) as tx:
        for step in steps:
            if isinstance(step, str):
                await tx.execute(step, **values)
            else:
                step()


def fail() -> None:
    """What goes wrong in a transaction and has nothing to do with the database."""
    raise ZeroDivisionError


async def has_user(database: Database, user: UserRef = ADA) -> bool:
    """Read it."""
    async with database.transaction("app", user) as tx:
        return bool(await tx.rows(USERS))


async def pid(database: Database) -> int:
    """The server process behind the next connection."""
    async with database.catalog() as connection:
        row = await (await connection.execute("select pg_backend_pid() as pid")).fetchone()
        assert row is not None
        return row["pid"]


@pytest.fixture
async def lone(migrated_urls: DatabaseUrls) -> AsyncIterator[Database]:
    """A pool of one connection."""
    database = Database(migrated_urls.service, max_connections=1)
    await database.open()
    yield database
    await database.close()


def hang_up(admin: psycopg.Connection[Any]) -> None:
    """End all connections of the service to this database, as a restart or a network does."""
    mine = "from pg_stat_activity where datname = current_database() and usename = 'recalld_service'"
    admin.execute(cast("LiteralString", f"select pg_terminate_backend(pid, 10000) {mine}"))
    assert admin.execute(cast("LiteralString", f"select count(*) {mine}")).fetchone() == (0,)


# ---------------------------------------------------------------- transactions
async def test_a_statement_is_bound_to_the_user_of_its_transaction_whatever_it_is_given(database: Database):
    async with database.transaction("app", ADA) as tx:
        row = await tx.row("select %(tenant_id)s as tenant, %(user_id)s as user", user_id="bob", tenant_id="evil")
    assert row == {"tenant": "acme", "user": "ada"}


async def test_what_a_transaction_wrote_stays(database: Database):
    await add_user(database)
    assert await has_user(database)


async def test_what_a_failed_transaction_wrote_is_gone(database: Database):
    with pytest.raises(ZeroDivisionError):
        await carry_out(database, ADD_USER, fail)
    assert not await has_user(database)


async def test_many_rows_are_written_by_one_call(database: Database):
    insert = """insert into recalld.messages (tenant_id, user_id, session_id, seq, epoch, role, content, at)
                values (%(tenant_id)s, %(user_id)s, 's', %(seq)s, 1, 'user', 'hi', now())"""
    async with database.transaction("app", ADA) as tx:
        await tx.execute_many(insert, [{"seq": seq} for seq in range(500)])
        await tx.execute_many(insert, [])
        assert await tx.row("select count(*) as n from recalld.messages") == {"n": 500}


async def test_rows_come_in_the_form_asked_for(database: Database):
    async with database.transaction("app", ADA) as tx:
        assert await tx.rows("select n from generate_series(1, 2) n") == [{"n": 1}, {"n": 2}]
        assert await tx.all(Message, "select 'user' as role, 'word ' || n as content from generate_series(1, 2) n") == [
            Message(role="user", content="word 1"),
            Message(role="user", content="word 2"),
        ]
        assert await tx.packed("select 'ab'::bytea as bytes") == {"bytes": b"ab"}
        assert await tx.row("select 1 where false") is None


async def test_the_unscoped_roles_have_no_user(database: Database):
    async with database.unscoped("sweeper") as tx:
        assert tx.user is None
        assert await tx.rows("select tenant_id from recalld.sessions") == []


async def test_statements_are_prepared_unless_told_otherwise(migrated_urls: DatabaseUrls, lone: Database):
    plain = Database(migrated_urls.service, max_connections=1, prepared_statements=False)
    await plain.open()
    for database, prepared in ((lone, True), (plain, False)):
        for _ in range(4):
            await has_user(database)
        async with database.transaction("app", ADA) as tx:
            assert bool(await tx.rows("select name from pg_prepared_statements")) is prepared
    await plain.close()


# ---------------------------------------------------------------- opening
async def test_a_refused_login_is_explained_without_the_password(migrated_urls: DatabaseUrls):
    database = Database(migrated_urls.service.replace("only-for-tests", "hunter2"))
    with pytest.raises(DatabaseUnavailable, match="password authentication failed") as caught:
        await database.open()
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


async def test_a_server_that_is_not_there_is_explained():
    database = Database("postgresql://recalld_service@localhost:1/recalld")
    with pytest.raises(DatabaseUnavailable, match="refused"):
        await database.open()


def test_an_address_that_is_none_is_refused_without_showing_it():
    address = "mysql//root:" + "hunter2@localhost"
    with pytest.raises(ConfigurationError) as caught:
        Database(address)
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


async def test_what_the_address_says_wins_over_our_defaults(migrated_urls: DatabaseUrls):
    database = Database(migrated_urls.service + "&application_name=billing")
    await database.open()
    async with database.catalog() as connection:
        assert connection.info.get_parameters()["application_name"] == "billing"
    await database.close()


async def test_a_closed_pool_says_so_as_one_of_our_errors(migrated_urls: DatabaseUrls):
    database = Database(migrated_urls.service)
    await database.open()
    await database.close()
    with pytest.raises(DatabaseUnavailable):
        await has_user(database)


# ---------------------------------------------------------------- broken connections
async def test_an_idle_connection_that_broke_is_replaced_unnoticed(lone: Database, admin: psycopg.Connection[Any]):
    before = await pid(lone)
    hang_up(admin)
    await add_user(lone)
    assert await pid(lone) != before


async def test_all_idle_connections_that_broke_are_replaced_unnoticed(
    database: Database, admin: psycopg.Connection[Any]
):
    users = [UserRef(tenant_id="acme", user_id=f"user {n}") for n in range(12)]
    await asyncio.gather(*(add_user(database, user) for user in users))
    hang_up(admin)
    assert all(await asyncio.gather(*(has_user(database, user) for user in users)))


async def test_a_connection_that_breaks_in_a_transaction_fails_it_and_no_other(
    lone: Database, admin: psycopg.Connection[Any]
):
    with pytest.raises(DatabaseUnavailable):
        await carry_out(lone, ADD_USER, lambda: hang_up(admin), USERS)
    assert not await has_user(lone)


async def test_many_callers_share_one_look_at_the_server(migrated_urls: DatabaseUrls, admin: psycopg.Connection[Any]):
    looks = 0

    async def recover() -> None:
        nonlocal looks
        looks += 1

    database = Database(migrated_urls.service, max_connections=4, recover=recover)
    await database.open()
    all_at_work = asyncio.Barrier(4)

    async def work() -> None:
        async with database.transaction("app", ADA):
            await all_at_work.wait()

    await asyncio.gather(*(work() for _ in range(4)))
    hang_up(admin)
    await asyncio.gather(*(work() for _ in range(4)))
    await database.close()
    assert looks == 1


# ---------------------------------------------------------------- a busy pool
async def test_a_caller_waits_for_a_busy_connection(lone: Database):
    async with lone.transaction("app", ADA) as tx:
        waiting = asyncio.create_task(has_user(lone, BOB))
        await tx.execute("select pg_sleep(0.01)")
        assert not waiting.done()
    assert await waiting is False


async def test_a_caller_who_waits_too_long_is_told_how_many_connections_there_are(
    lone: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pool, "PATIENCE", NO_PATIENCE)
    async with lone.transaction("app", ADA):
        with pytest.raises(DatabaseUnavailable, match="all 1 connections are busy"):
            await has_user(lone, BOB)
    assert await has_user(lone, BOB) is False


# ---------------------------------------------------------------- a server that restarts
@dataclass(frozen=True, kw_only=True)
class OwnServer:
    """An embedded server of one test, with a pool on it."""

    server: EmbeddedPostgres
    database: Database
    cluster: Cluster

    def kill(self) -> None:
        """`kill -9` of the postmaster, and the end of its children."""
        postmaster = self.cluster.postmaster
        assert postmaster is not None
        os.kill(postmaster.pid, signal.SIGKILL)
        self.cluster.end_processes()


@pytest.fixture(params=["recovering", "external"])
async def own(open_tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[OwnServer]:
    """A server that tests may stop or kill; its pool may start it again itself, or must wait until somebody else does."""
    data_dir = open_tmp_path / "data"
    server = EmbeddedPostgres(data_dir, settings={"fsync": "off"})
    urls = await asyncio.to_thread(server.start)
    await migrate(urls.migrator)

    async def recover() -> None:
        await asyncio.to_thread(server.ensure_running)

    database = Database(urls.service, max_connections=4, recover=recover if request.param == "recovering" else None)
    await database.open()
    yield OwnServer(server=server, database=database, cluster=cluster_in(data_dir))
    await database.close()
    await asyncio.to_thread(server.stop)


recovering = pytest.mark.parametrize("own", ["recovering"], indirect=True)
external = pytest.mark.parametrize("own", ["external"], indirect=True)


@recovering
async def test_a_killed_server_is_started_again_unnoticed(own: OwnServer):
    await add_user(own.database)
    await asyncio.to_thread(own.kill)
    assert await has_user(own.database)


@recovering
async def test_a_stopped_server_is_started_again_for_many_callers_at_once(own: OwnServer):
    await add_user(own.database)
    await asyncio.to_thread(own.cluster.stop)
    assert all(await asyncio.gather(*(has_user(own.database) for _ in range(12))))


@external
async def test_while_a_server_is_away_callers_are_told_and_when_it_is_back_they_are_served(
    own: OwnServer, monkeypatch: pytest.MonkeyPatch
):
    await add_user(own.database)
    await asyncio.to_thread(own.cluster.stop)
    with monkeypatch.context() as hurried:
        hurried.setattr(pool, "PATIENCE", NO_PATIENCE)
        with pytest.raises(DatabaseUnavailable, match="does not answer"):
            await has_user(own.database)
    await asyncio.to_thread(own.server.ensure_running)
    assert await has_user(own.database)


# ---------------------------------------------------------------- errors of the driver
INSERT_SESSION = """
    insert into recalld.sessions (tenant_id, user_id, session_id, epoch, purpose, timezone, state, started_at, last_message_at, active_at)
    values (%(tenant_id)s, %(user_id)s, %(session)s, %(epoch)s::bigint, 'general', %(zone)s, %(state)s, now(), now(), now())
"""
GOOD: dict[str, Any] = {"session": "s", "epoch": 1, "zone": "UTC", "state": "open"}
TWICE = ", (%(tenant_id)s, %(user_id)s, %(session)s, 1, '', '', 'open', now(), now(), now())"
SOON = "set local statement_timeout = 50"
STATEMENTS: list[tuple[type[RecalldError], str, dict[str, Any]]] = [
    (InvalidInput, INSERT_SESSION, GOOD | {"state": SECRET}),  # a check; the server quotes the row
    (InvalidInput, INSERT_SESSION, GOOD | {"zone": None, "session": SECRET}),
    (InvalidInput, INSERT_SESSION, GOOD | {"epoch": SECRET}),  # a cast; the server quotes the value
    (InvalidInput, INSERT_SESSION, GOOD | {"session": f"{SECRET}\x00"}),
    (InvalidInput, INSERT_SESSION, GOOD | {"session": f"{SECRET}\ud800"}),
    (InvalidInput, "select %(words)s::text::tsvector", {"words": f"{SECRET} " + "x" * 3000}),
    (Conflict, INSERT_SESSION + TWICE, GOOD | {"session": SECRET}),
    (UnsafeDatabase, "select %(said)s from recalld.installation for update", {"said": SECRET}),
    (UnsafeDatabase, INSERT_SESSION.replace("%(user_id)s", "%(session)s"), GOOD | {"session": SECRET}),
    (MigrationError, "select %(said)s from recalld.nowhere", {"said": SECRET}),
    (MigrationError, "select no_such_column from recalld.users where user_id = %(said)s", {"said": SECRET}),
    (MigrationError, "select recalld.no_such_function(%(said)s::text)", {"said": SECRET}),
    (DatabaseUnavailable, "select pg_sleep(600), %(said)s::text", {"said": SECRET}),  # with a time-out
    (RecalldError, "selec %(said)s", {"said": SECRET}),
]  # fmt: skip


def told(error: BaseException) -> str:
    """All that a log with a traceback would hold of an error, except the lines of the programs."""
    lines = traceback.format_exception(error)
    return "".join(line for line in lines if not line.startswith("  File"))


@pytest.mark.parametrize(("kind", "statement", "values"), STATEMENTS)
async def test_an_error_of_the_driver_becomes_ours_and_says_nothing_of_what_was_said(
    database: Database,
    caplog: pytest.LogCaptureFixture,
    kind: type[RecalldError],
    statement: str,
    values: dict[str, Any],
):
    with pytest.raises(kind) as caught:
        await carry_out(database, SOON, statement, **values)
    assert type(caught.value) is kind
    assert SECRET not in told(caught.value) + caplog.text


@pytest.mark.parametrize(("kind", "statement", "values"), STATEMENTS)
async def test_the_same_in_a_pipeline(
    lone: Database, caplog: pytest.LogCaptureFixture, kind: type[RecalldError], statement: str, values: dict[str, Any]
):
    with pytest.raises(kind) as caught:
        await carry_out(lone, SOON, statement, kind="pipelined", **values)
    assert type(caught.value) is kind
    assert SECRET not in told(caught.value) + caplog.text
    assert await has_user(lone) is False


async def test_an_error_names_the_constraint(database: Database):
    await add_user(database)
    with pytest.raises(Conflict, match="UniqueViolation 23505 on users_pkey"):
        await add_user(database)


async def test_a_row_that_somebody_holds_is_a_conflict_for_who_does_not_wait(database: Database):
    await add_user(database)
    async with database.transaction("app", ADA) as holder:
        await holder.execute(f"{USERS} for update")
        with pytest.raises(Conflict, match="LockNotAvailable"):
            async with database.transaction("app", ADA) as tx:
                await tx.execute(f"{USERS} for update nowait")


async def test_a_server_that_only_reads_is_unavailable_for_writers(database: Database):
    with pytest.raises(DatabaseUnavailable, match="ReadOnlySqlTransaction"):
        await carry_out(database, "set local transaction_read_only = on", ADD_USER)


async def test_a_schema_that_changed_under_a_prepared_statement_fails_one_caller_at_most(
    lone: Database, admin: psycopg.Connection[Any]
):
    async def read() -> None:
        async with lone.transaction("app", ADA) as tx:
            await tx.rows("select * from recalld.users")

    for _ in range(4):
        await read()
    admin.execute("alter table recalld.users add column nickname text")
    with pytest.raises(Conflict, match="the schema changed meanwhile"):
        await read()
    await read()


def test_errors_that_are_ours_already_stay_as_they_are():
    mine = Conflict("as it was")
    with pytest.raises(Conflict) as caught, translated():
        raise mine
    assert caught.value is mine


def test_errors_that_are_not_the_drivers_stay_as_they_are():
    with pytest.raises(ZeroDivisionError), translated():
        raise ZeroDivisionError


# ---------------------------------------------------------------- pipelines
async def test_a_pipelined_transaction_answers_every_statement(database: Database):
    await add_user(database)
    async with database.pipelined("app", ADA) as tx:
        first, second = await tx.execute(USERS), await tx.execute("select 2 as two")
        assert await second.fetchall() == [{"two": 2}]
        assert await first.fetchall() == [{"user_id": "ada"}]


async def test_what_a_pipelined_transaction_wrote_stays(database: Database):
    async with database.pipelined("app", ADA) as tx:
        await tx.execute(ADD_USER)
    assert await has_user(database)


async def test_what_a_failed_pipelined_transaction_wrote_is_gone(database: Database):
    with pytest.raises(ZeroDivisionError):
        await carry_out(database, ADD_USER, fail, kind="pipelined")
    assert not await has_user(database)


async def test_a_pipelined_transaction_whose_connection_breaks_fails_alone(
    lone: Database, admin: psycopg.Connection[Any]
):
    with pytest.raises(DatabaseUnavailable):
        await carry_out(lone, USERS, lambda: hang_up(admin), USERS, kind="pipelined")
    assert await has_user(lone) is False


# ---------------------------------------------------------------- callers who give up
ENDLESS = "select pg_sleep(3600)"


@pytest.mark.parametrize("kind", ["transaction", "pipelined"])
async def test_a_caller_who_gives_up_in_a_statement_leaves_the_pool_usable(lone: Database, kind: str):
    started = asyncio.Event()

    async def work() -> None:
        await carry_out(lone, ADD_USER, started.set, ENDLESS, kind=kind)

    task = asyncio.create_task(work())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not await has_user(lone)


async def test_a_time_out_ends_the_statement_on_the_server_too(lone: Database, admin: psycopg.Connection[Any]):
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await carry_out(lone, ENDLESS)
    running = "select count(*) from pg_stat_activity where query like '%%pg_sleep(3600)' and state = 'active'"
    assert admin.execute(running, []).fetchone() == (0,)


async def test_a_caller_who_gives_up_waiting_takes_no_connection_along(lone: Database):
    async with lone.transaction("app", ADA) as tx:
        waiting = [asyncio.create_task(has_user(lone, BOB)) for _ in range(5)]
        await tx.execute("select 1")
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    assert await has_user(lone, BOB) is False


@pytest.mark.parametrize("kind", ["transaction", "pipelined"])
@pytest.mark.parametrize("times", [1, 4])
async def test_whenever_a_caller_gives_up_the_pool_keeps_its_connections(
    migrated_urls: DatabaseUrls, kind: str, times: int
):
    database = Database(migrated_urls.service, max_connections=2)
    await database.open()

    async def work() -> None:
        async with getattr(database, kind)("app", ADA) as tx:
            await tx.rows(USERS)

    for steps in range(40):  # a step: the task runs until it waits again
        task = asyncio.create_task(work())
        for _ in range(steps):
            await asyncio.sleep(0)
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0)
        await asyncio.gather(task, return_exceptions=True)
    async with database.transaction("app", ADA) as one, database.transaction("app", BOB) as other:
        assert (await one.rows(USERS), await other.rows(USERS)) == ([], [])
    await database.close()
