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
from typing import Any, Generic, Literal, LiteralString, Protocol, TypeVar, cast

import psycopg
from pgvector.psycopg import register_vector_async
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row, scalar_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from recalld.errors import (
    ConfigurationError,
    Conflict,
    DatabaseUnavailable,
    InvalidInput,
    MigrationError,
    RecalldError,
    UnsafeDatabase,
)
from recalld.postgres.trips import ServingConnection, Trips
from recalld.values import UserRef

DbRole = Literal["app", "worker", "eraser", "auditor", "sweeper", "gate"]
Connection = AsyncConnection[DictRow]
NOBODY = UserRef(tenant_id="-", user_id="-")
T = TypeVar("T")

_ENTER = "select recalld.enter(%(role)s, %(tenant)s, %(user)s, %(purposes)s)"
# Seconds that a caller waits for a connection, with a look at the server after each of them.
PATIENCE = (2.0, 4.0, 9.0)
# Then the pool stops trying by itself: the next caller makes it try at once, instead of after a long back-off.
RECONNECT_SECONDS = 5.0
# Where the address says nothing else: a server that vanished from the network is noticed within half a minute.
_CONNECTION_DEFAULTS = {
    "application_name": "recalld",
    "connect_timeout": "10",
    "keepalives_idle": "15",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}


class Rows(Protocol):
    """The rows of a statement: psycopg's cursor, or an answer of a trip."""

    @property
    def rowcount(self) -> int:
        """How many rows were read or changed."""
        ...

    async def fetchall(self) -> list[DictRow]:
        """All rows as mappings."""
        ...

    async def fetchone(self) -> DictRow | None:
        """The first row, or `None`."""
        ...


@dataclass(frozen=True, slots=True)
class Pending(Generic[T]):
    """What was asked of the database and is read later; even after the transaction, when it was pipelined."""

    rows: Rows
    made: Callable[[list[DictRow]], T]

    async def read(self) -> T:
        """What the rows say."""
        return self.made(await self.rows.fetchall())


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction in the scope of one user (or, for the sweeper, of none). Every statement gets tenant_id and user_id bound."""

    connection: Connection
    user: UserRef | None

    def _bind(self, values: Mapping[str, Any]) -> dict[str, Any]:
        if self.user is None:
            return dict(values)
        return {**values, "tenant_id": self.user.tenant_id, "user_id": self.user.user_id}

    async def execute(self, query: LiteralString, **values: Any) -> Rows:
        """Run a statement; `rowcount` says how many rows it touched."""
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

    async def send(self, query: LiteralString, **values: Any) -> Rows:
        """Run a statement whose rows are read later: pipelined, it travels with the next one that is waited for, or with the commit."""
        return await self.execute(query, **values)

    async def send_packed(self, query: LiteralString, **values: Any) -> Rows:
        """As `send`, with the rows in binary as `packed` has them."""
        cursor = self.connection.cursor(binary=True)
        return await cursor.execute(query, self._bind(values))

    async def all(self, kind: Callable[..., T], query: LiteralString, **values: Any) -> list[T]:
        """All rows, each as an object of a *kind* whose fields are the columns."""
        return [kind(**row) for row in await self.rows(query, **values)]


@dataclass(frozen=True, slots=True)
class PipelinedTransaction(Transaction):
    """A transaction whose statements travel together; those that were sent go with the next one that is waited for."""

    trips: Trips

    async def execute(self, query: LiteralString, **values: Any) -> Rows:
        """See `Transaction`."""
        answer = self.trips.ask(query, self._bind(values))
        await self.trips.go()
        return answer

    async def execute_many(self, query: LiteralString, rows: Sequence[Mapping[str, Any]]) -> None:
        """See `Transaction`."""
        for row in rows:
            self.trips.ask(query, self._bind(row))
        await self.trips.go()

    async def packed(self, query: LiteralString, **values: Any) -> DictRow | None:
        """See `Transaction`."""
        return await self.trips.ask(query, self._bind(values), binary=True).fetchone()

    async def send(self, query: LiteralString, **values: Any) -> Rows:
        """See `Transaction`."""
        return self.trips.ask(query, self._bind(values))

    async def send_packed(self, query: LiteralString, **values: Any) -> Rows:
        """See `Transaction`."""
        return self.trips.ask(query, self._bind(values), binary=True)


class Database:
    """A pool of connections of the serving login, which owns nothing and cannot bypass row-level security."""

    def __init__(
        self,
        url: str,
        *,
        max_connections: int = 10,
        prepared_statements: bool | None = None,
        patience: Sequence[float] = PATIENCE,
        recover: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """*prepared_statements*: whether there are any; by default only on connections that no pooler shares out.

        *recover* is awaited when the server does not answer: it may start it again (embedded).
        """
        self.url = url
        self._prepared_statements = prepared_statements
        self._patience = patience
        self._recover = recover
        self._healing = asyncio.Lock()
        self._healed = 0
        self._pool: AsyncConnectionPool[ServingConnection] = AsyncConnectionPool(
            url,
            connection_class=ServingConnection,
            kwargs={**_missing_in(url), "row_factory": dict_row, "prepare_threshold": None},
            min_size=1,
            max_size=max_connections,
            configure=self._configure,
            reconnect_timeout=RECONNECT_SECONDS,
            open=False,
        )

    async def open(self, *, wait: bool = True) -> None:
        """Connect. Raises `DatabaseUnavailable`, with the reason that the server or the network gives.

        Without *wait* the server need not answer yet: it is tried again when somebody wants a connection.
        """
        if not wait:
            await self._pool.open(wait=False)
            return
        try:
            await (await AsyncConnection.connect(self.url, **_missing_in(self.url))).close()
        except psycopg.OperationalError as error:
            raise DatabaseUnavailable(f"cannot connect to PostgreSQL: {error}") from error
        with translated():
            await self._pool.open(wait=True)

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.close()

    async def _configure(self, connection: ServingConnection) -> None:
        """Make a new connection ready: prepared statements, psycopg's from their third use on, and the types of vectors."""
        prepared = self._prepared_statements
        if prepared is None:
            prepared = not await is_pooled(connection)
        connection.prepare_threshold = 2 if prepared else None
        connection.prepared.wanted = prepared
        await register_vector_async(connection)
        await connection.commit()

    @asynccontextmanager
    async def transaction(
        self, role: DbRole, user: UserRef, purposes: Sequence[str] = ()
    ) -> AsyncGenerator[Transaction]:
        """A transaction of *role* in the scope of *user*; *purposes* limit what the app role may read."""
        async with self._connection() as connection, connection.transaction():
            await connection.execute(_ENTER, _scope(role, user, purposes))
            yield Transaction(connection, user)

    @asynccontextmanager
    async def pipelined(self, role: DbRole, user: UserRef, purposes: Sequence[str] = ()) -> AsyncGenerator[Transaction]:
        """The same with statements that travel together: for what has to be fast, where round trips are what costs."""
        async with self._connection() as connection, Trips(connection) as trips:
            trips.ask(_ENTER, _scope(role, user, purposes))
            yield PipelinedTransaction(connection, user, trips)

    @asynccontextmanager
    async def unscoped(self, role: Literal["sweeper", "gate"]) -> AsyncGenerator[Transaction]:
        """A transaction outside any user's scope, for the two roles whose grants allow nothing personal."""
        async with self._connection() as connection, connection.transaction():
            await connection.execute(_ENTER, _scope(role, NOBODY))
            yield Transaction(connection, None)

    @asynccontextmanager
    async def catalog(self) -> AsyncGenerator[Connection]:
        """A bare connection of the login, for the catalog lint: it can read the system catalogs and nothing of ours."""
        async with self._connection() as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[ServingConnection]:
        with translated():
            connection = await self._checkout()
            try:
                yield connection
            except psycopg.errors.FeatureNotSupported:
                # a prepared `select *` from before a migration: every further use on this connection would fail too
                await connection.close()
                raise
            finally:
                await self._give_back(connection)

    async def _give_back(self, connection: ServingConnection) -> None:
        """Return a connection even when the caller is cancelled meanwhile: the pool counts on it."""
        await asyncio.shield(self._pool.putconn(connection))

    async def _checkout(self) -> ServingConnection:
        """A connection that answers. A broken one is replaced; a dead embedded server is started again."""
        for seconds in self._patience:
            healed = self._healed
            connection = await self._answering(seconds)
            if connection is not None:
                return connection
            await self._heal(healed)
        raise DatabaseUnavailable(
            f"no connection within {sum(self._patience):.0f} s: PostgreSQL does not answer, "
            f"or all {self._pool.max_size} connections are busy (max_connections)"
        )

    async def _answering(self, seconds: float) -> ServingConnection | None:
        """The next free connection, or `None` when there is none in time, or it turned out to be dead."""
        try:
            connection = await self._pool.getconn(timeout=seconds)
        except PoolTimeout:
            return None
        if await _alive(connection):
            return connection
        await connection.close()
        await self._give_back(connection)
        return None

    async def _heal(self, healed: int) -> None:
        """Look after the server and the idle connections, unless somebody has done so since the count was *healed*."""
        async with self._healing:
            if self._healed == healed:
                if self._recover is not None:
                    await self._recover()
                await self._pool.check()
                self._healed += 1


def _scope(role: DbRole, user: UserRef, purposes: Sequence[str] = ()) -> dict[str, str]:
    return {
        "role": f"recalld_{role}",
        "tenant": user.tenant_id,
        "user": user.user_id,
        "purposes": ",".join(purposes),
    }


def _missing_in(url: str) -> dict[str, Any]:
    """The defaults that a connection string leaves open. Raises `ConfigurationError`; it is not shown, it may hold a password."""
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise ConfigurationError("DATABASE_URL is not a connection string of PostgreSQL, postgresql://…") from None
    return {name: value for name, value in _CONNECTION_DEFAULTS.items() if name not in given}


async def _alive(connection: Connection) -> bool:
    """False when the server closed this idle connection. Its socket then has something to read, which costs one poll() to see."""
    if connection.closed:
        return False
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
    if not poll.poll(0):
        return True
    try:
        await AsyncConnectionPool.check_connection(cast("AsyncConnection", connection))
    except psycopg.Error:
        return False
    return True


async def is_pooled(connection: AsyncConnection[Any]) -> bool:
    """Whether a pooler such as PgBouncer stands between, so that the next transaction may meet another session of the server.

    A pooler keeps the key for cancelling to itself and gives out one of its own, which names a process that is not the server's. Some
    proxies that share nothing do so too; taken for poolers, they cost prepared statements and notifications, nothing else.
    """
    cursor = connection.cursor(row_factory=scalar_row)
    await cursor.execute("select pg_catalog.pg_backend_pid()", prepare=False)
    return await cursor.fetchone() != connection.info.backend_pid


_TRANSLATIONS: tuple[tuple[tuple[type[Exception], ...], type[RecalldError], str], ...] = (
    (
        (psycopg.errors.InsufficientPrivilege,),
        UnsafeDatabase,
        "PostgreSQL refused a statement for want of privileges ({}); run 'recalld doctor' to see which grants or policies differ",
    ),
    (
        (
            psycopg.errors.UniqueViolation,
            psycopg.errors.ExclusionViolation,
            psycopg.errors.SerializationFailure,
            psycopg.errors.DeadlockDetected,
            psycopg.errors.LockNotAvailable,
        ),
        Conflict,
        "another writer was faster ({}); try again",
    ),
    ((psycopg.errors.FeatureNotSupported,), Conflict, "the schema changed meanwhile ({}); try again"),
    (
        (
            psycopg.DataError,
            psycopg.IntegrityError,
            psycopg.errors.ProgramLimitExceeded,
            psycopg.errors.StatementTooComplex,
            UnicodeEncodeError,
        ),
        InvalidInput,
        "PostgreSQL cannot store this value ({})",
    ),
    (
        (
            psycopg.errors.UndefinedTable,
            psycopg.errors.UndefinedColumn,
            psycopg.errors.UndefinedFunction,
            psycopg.errors.UndefinedObject,
            psycopg.errors.InvalidSchemaName,
        ),
        MigrationError,
        "the schema is not the one this version expects ({}); run 'recalld migrate'",
    ),
    (
        (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction),
        DatabaseUnavailable,
        "PostgreSQL did not answer ({})",
    ),
    (
        (psycopg.Error,),
        RecalldError,
        "PostgreSQL refused a statement ({}); this is a fault of recalld, please report it",
    ),
)


class translated:  # noqa: N801 -- reads as an adverb: `with translated():`
    """Turns driver errors into ours. Neither the message nor the cause's carries the statement or its values."""

    def __enter__(self) -> None:
        """Nothing to set up."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> None:
        """Raise our error from the driver's."""
        for kinds, ours, message in _TRANSLATIONS:
            if isinstance(error, kinds):
                told = _without_content(error)
                raise ours(message.format(told)) from error


def _without_content(error: Exception) -> str:
    """What kind of error it is, and where. What the server wrote may quote rows, so it goes from the error too, which is logged."""
    told = type(error).__name__
    if isinstance(error, psycopg.Error) and error.sqlstate is not None:
        diagnosis = error.diag
        place = diagnosis.constraint_name or diagnosis.table_name
        told = f"{told} {error.sqlstate}" + (f" on {place}" if place else "")
        error.args = (told,)
    return told
