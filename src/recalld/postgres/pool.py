"""Scoped transactions: the only way to the data.

Each begins with `recalld.enter(role, tenant, user, purposes)`, which sets role and context for this transaction alone. A connection that
comes back to the pool therefore carries nothing over, also behind PgBouncer in transaction mode.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal, LiteralString, TypeVar, cast

import psycopg
from pgvector.psycopg import register_vector_async
from psycopg import AsyncConnection, AsyncCursor
from psycopg.rows import AsyncRowFactory, DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from recalld.errors import Conflict, DatabaseUnavailable, InvalidInput, RecalldError, UnsafeDatabase
from recalld.values import UserRef

DbRole = Literal["app", "worker", "eraser", "auditor", "sweeper", "gate"]
Connection = AsyncConnection[DictRow]
T = TypeVar("T")

_ENTER = "select recalld.enter(%s, %s, %s, %s)"
CONNECT_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction in the scope of one user (or, for the sweeper, of none). Every statement gets tenant_id and user_id bound."""

    connection: Connection
    user: UserRef | None

    def _bind(self, values: Mapping[str, Any]) -> dict[str, Any]:
        if self.user is None:
            return dict(values)
        return {**values, "tenant_id": self.user.tenant_id, "user_id": self.user.user_id}

    async def execute(self, query: LiteralString, **values: Any) -> AsyncCursor[DictRow]:
        """Run a statement; `rowcount` of the cursor says how many rows it touched."""
        return await self.connection.execute(query, self._bind(values))

    async def execute_many(self, query: LiteralString, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement once per row, pipelined."""
        if rows:
            async with self.connection.cursor() as cursor:
                await cursor.executemany(query, [self._bind(row) for row in rows])

    async def rows(self, query: LiteralString, **values: Any) -> list[DictRow]:
        """All rows as mappings."""
        return await (await self.execute(query, **values)).fetchall()

    async def row(self, query: LiteralString, **values: Any) -> DictRow | None:
        """The first row, or `None`."""
        return await (await self.execute(query, **values)).fetchone()

    async def packed(self, query: LiteralString, **values: Any) -> DictRow | None:
        """The first row, sent in binary: for rows that pack many values into a few of type bytea."""
        async with self.connection.cursor(binary=True) as cursor:
            await cursor.execute(query, self._bind(values))
            return await cursor.fetchone()

    async def all(self, factory: AsyncRowFactory[T], query: LiteralString, **values: Any) -> list[T]:
        """All rows, each made by a psycopg row factory such as `class_row(Fact)`."""
        async with self.connection.cursor(row_factory=factory) as cursor:
            await cursor.execute(query, self._bind(values))
            return await cursor.fetchall()


class Database:
    """A pool of connections of the serving login, which owns nothing and cannot bypass row-level security."""

    def __init__(
        self,
        url: str,
        *,
        max_connections: int = 10,
        prepared_statements: bool = True,
        recover: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """*recover* is awaited when the server does not answer: it may start it again (embedded)."""
        self.url = url
        self._recover = recover
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            url,
            connection_class=cast("type[Connection]", AsyncConnection),
            kwargs={
                "row_factory": dict_row,
                "prepare_threshold": 2 if prepared_statements else None,
                "application_name": "recalld",
            },
            min_size=1,
            max_size=max_connections,
            configure=_configure,
            timeout=15,
            open=False,
        )

    async def open(self) -> None:
        """Connect. Raises `DatabaseUnavailable`."""
        with translated():
            await self._pool.open(wait=True)

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.close()

    @asynccontextmanager
    async def transaction(
        self, role: DbRole, user: UserRef, purposes: Sequence[str] = ()
    ) -> AsyncGenerator[Transaction]:
        """A transaction of *role* in the scope of *user*; *purposes* limit what the app role may read."""
        async with self._connection() as connection, connection.transaction():
            await connection.execute(_ENTER, (f"recalld_{role}", user.tenant_id, user.user_id, ",".join(purposes)))
            yield Transaction(connection, user)

    @asynccontextmanager
    async def pipelined(self, role: DbRole, user: UserRef, purposes: Sequence[str] = ()) -> AsyncGenerator[Transaction]:
        """The same with all statements sent in one go: for reads, where round trips are what costs."""
        async with self._connection() as connection, connection.pipeline(), connection.transaction():
            await connection.execute(_ENTER, (f"recalld_{role}", user.tenant_id, user.user_id, ",".join(purposes)))
            yield Transaction(connection, user)

    @asynccontextmanager
    async def unscoped(self, role: Literal["sweeper", "gate"]) -> AsyncGenerator[Transaction]:
        """A transaction outside any user's scope, for the two roles whose grants allow nothing personal."""
        async with self._connection() as connection, connection.transaction():
            await connection.execute(_ENTER, (f"recalld_{role}", "-", "-", ""))
            yield Transaction(connection, None)

    @asynccontextmanager
    async def catalog(self) -> AsyncGenerator[Connection]:
        """A bare connection of the login, for the catalog lint: it can read the system catalogs and nothing of ours."""
        async with self._connection() as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[Connection]:
        connection = await self._checkout()
        try:
            with translated():
                yield connection
        finally:
            await self._pool.putconn(connection)

    async def _checkout(self) -> Connection:
        """A connection that answers. A broken one is replaced; a dead embedded server is started again."""
        for attempt in range(CONNECT_ATTEMPTS):
            try:
                connection = await self._pool.getconn(timeout=15 if attempt else 2)
            except PoolTimeout:
                await self._heal()
                continue
            if not connection.closed and not _hung_up(connection):
                return connection
            await connection.close()
            await self._pool.putconn(connection)
            await self._heal()
        raise DatabaseUnavailable("PostgreSQL does not answer; is the server at DATABASE_URL running?")

    async def _heal(self) -> None:
        if self._recover is not None:
            await self._recover()
        await self._pool.check()


def _hung_up(connection: Connection) -> bool:
    """True when the server closed this idle connection: its socket is readable, which costs one poll() and no round trip."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
    if not poll.poll(0):
        return False
    connection.pgconn.consume_input()
    return connection.pgconn.status != psycopg.pq.ConnStatus.OK


async def _configure(connection: Connection) -> None:
    await register_vector_async(connection)
    await connection.commit()


class translated:  # noqa: N801 -- reads as an adverb: `with translated():`
    """Turns driver errors into ours. Messages carry the error class, never the statement or its values."""

    def __enter__(self) -> None:
        """Nothing to set up."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> None:
        """Raise our error from the driver's."""
        if error is None or isinstance(error, RecalldError | asyncio.CancelledError):
            return
        if isinstance(error, psycopg.errors.InsufficientPrivilege):
            raise UnsafeDatabase(
                "PostgreSQL refused a statement for want of privileges; run 'recalld doctor' to see which grants or policies differ"
            ) from error
        if isinstance(
            error,
            psycopg.errors.UniqueViolation | psycopg.errors.SerializationFailure | psycopg.errors.DeadlockDetected,
        ):
            raise Conflict(f"another writer was faster ({type(error).__name__}); try again") from error
        if isinstance(error, psycopg.DataError | UnicodeEncodeError | psycopg.errors.ProgramLimitExceeded):
            raise InvalidInput(f"PostgreSQL cannot store this value ({type(error).__name__})") from error
        if isinstance(error, psycopg.OperationalError | PoolTimeout):
            raise DatabaseUnavailable(f"PostgreSQL did not answer ({type(error).__name__})") from error
