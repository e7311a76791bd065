"""Many users in a short time: copies of a few ingested ones, written by binary COPY.

Each copy has the rows of the person it was made from, in every table, under an id of its own; a test compares the two. The rows go
into empty tables without indexes, one session of all users after the other, so that the rows of one user lie scattered as they do when
sessions end over months. The indexes are built afterwards, in the same transaction: a load that breaks off leaves nothing behind.

Everything that the tables held before is removed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import LiteralString, cast

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import sql

from benchmarks.people import ORDINARY, TENANT, Shape, Writer, generating, live
from recalld import Memory
from recalld.postgres.queries import beside

SQL = beside(__file__, "load.sql")
TABLES = ("users", "sessions", "episodes", "vectors", "statements", "facts")
PEOPLE = 20  # ingested ones, from whom all others are copied
TOGETHER = 5  # of them at a time
DIGITS = 8  # of a user's number
RUN = 50  # neighbours that are copies of the same person
WORK_MEMORY = "512MB"  # for building an index

_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER = b"\xff\xff"

Connection = psycopg.Connection[tuple[object, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """Some rows of one person in the binary format of COPY, and where the id of the user stands in them."""

    image: NDArray[np.uint8]
    places: NDArray[np.intp]

    @classmethod
    def of(cls, rows: bytes, user_id: str) -> Rows:
        """*rows* of the user *user_id*."""
        places: list[int] = []
        wanted, at = user_id.encode(), -1
        while (at := rows.find(wanted, at + 1)) >= 0:
            places.append(at)
        return cls(image=np.frombuffer(rows, np.uint8), places=np.array(places, np.intp))

    def for_users(self, first: int, count: int) -> bytes:
        """The same rows for so many users."""
        copies = np.tile(self.image, (count, 1))
        ids = np.frombuffer("".join(map(user_id, range(first, first + count))).encode(), np.uint8).reshape(count, -1)
        for place in self.places:
            copies[:, place : place + ids.shape[1]] = ids
        return copies.tobytes()


Person = Mapping[str, Sequence[Rows]]  # by table, session after session


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """What a load took."""

    users: int
    copy_seconds: float  # of all tables one after the other
    index_seconds: float
    seconds: float  # by the clock, with two tables at a time


def user_id(number: int) -> str:
    """The id of one of the many."""
    return f"user-{number:0{DIGITS}}"


def made_id(number: int) -> str:
    """The id of one that was ingested; as long as the others'."""
    return f"made-{number:0{DIGITS}}"


async def ingest_people(memory: Memory, sessions: int, *, people: int = PEOPLE, shape: Shape = ORDINARY) -> None:
    """Let people live through so many sessions each, some of them at the same time."""
    for first in range(0, people, TOGETHER):
        numbers = range(first, min(first + TOGETHER, people))
        await asyncio.gather(*(ingest_person(memory, number, sessions, shape) for number in numbers))


async def ingest_person(memory: Memory, number: int, sessions: int, shape: Shape) -> None:
    """The sessions of one; what they are about depends on the number alone."""
    await live(generating(memory, Writer(number, shape)).user(TENANT, made_id(number)), sessions)


def load(migrator_url: str, users: int, *, people: int = PEOPLE) -> Loaded:
    """Replace all users by *users* copies of the people that were ingested before. *migrator_url* is the migrator's login."""
    with owner(migrator_url) as connection, exposed(connection):
        images = [read_person(connection, made_id(number)) for number in range(people)]
    begun = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        largest_first = ("vectors", "episodes", "sessions", "statements", "facts", "users")
        took = list(pool.map(lambda table: fill(migrator_url, table, images, users), largest_first))
    with owner(migrator_url) as connection:
        connection.execute(SQL["analyze"])
    return Loaded(
        users=users,
        copy_seconds=sum(copying for copying, _ in took),
        index_seconds=sum(indexing for _, indexing in took),
        seconds=time.perf_counter() - begun,
    )


def fill(migrator_url: str, table: str, people: Sequence[Person], users: int) -> tuple[float, float]:
    """Write one table anew; the seconds that copying and indexing took."""
    with owner(migrator_url) as connection, exposed(connection, table):
        begun = time.perf_counter()
        connection.execute(cast("LiteralString", f"set local maintenance_work_mem = '{WORK_MEMORY}'"))
        indexes = drop_indexes(connection, table)
        connection.execute(sql.SQL("truncate {}").format(name(table)))
        with connection.cursor() as cursor, cursor.copy(copy_in(table)) as copy:
            copy.write(_HEADER)
            for block in blocks(table, people, users):
                copy.write(block)
            copy.write(_TRAILER)
        copied = time.perf_counter()
        for definition in indexes:
            connection.execute(definition)
    return copied - begun, time.perf_counter() - copied


def blocks(table: str, people: Sequence[Person], users: int) -> Iterator[bytes]:
    """All rows of a table: a session of everybody, then the next one."""
    for place in range(len(people[0][table])):
        for first in range(0, users, RUN):
            person = people[first // RUN % len(people)]
            yield person[table][place].for_users(first, min(RUN, users - first))


# ---------------------------------------------------------------- as the owner of the tables
@contextmanager
def owner(migrator_url: str) -> Iterator[Connection]:
    """A transaction of the owner of the schema."""
    with psycopg.connect(migrator_url) as connection:
        connection.execute("set local role recalld_owner")
        yield connection


@contextmanager
def exposed(connection: Connection, *tables: str) -> Iterator[None]:
    """Row-level security not forced on the owner, who otherwise can neither read nor COPY; other roles stay behind it."""
    for table in tables or TABLES:
        connection.execute(sql.SQL("alter table {} no force row level security").format(name(table)))
    yield
    for table in tables or TABLES:
        connection.execute(sql.SQL("alter table {} force row level security").format(name(table)))


def read_person(connection: Connection, user: str) -> Person:
    """The rows of an ingested user: the row of the user itself, the others by the sessions that they came from."""
    found = connection.execute(SQL["sessions"], {"tenant_id": TENANT, "user_id": user}).fetchall()
    return {
        table: [
            Rows.of(copy_out(connection, SQL[f"{table}_rows"], user, session_id), user)
            for session_id in ([""] if table == "users" else [str(row[0]) for row in found])
        ]
        for table in TABLES
    }


def copy_out(connection: Connection, query: LiteralString, user: str, session_id: str) -> bytes:
    """The rows of a query, without what COPY puts around them."""
    values = {"tenant_id": TENANT, "user_id": user, "session_id": session_id}
    statement = cast("LiteralString", f"copy ({query}) to stdout (format binary)")
    with connection.cursor() as cursor, cursor.copy(statement, values) as copy:
        return b"".join(bytes(part) for part in copy)[len(_HEADER) : -len(_TRAILER)]


def copy_in(table: str) -> sql.Composed:
    """Rows are written frozen: nobody can see the table before the commit, so nobody can see them too early."""
    return sql.SQL("copy {} from stdin (format binary, freeze)").format(name(table))


def drop_indexes(connection: Connection, table: str) -> list[LiteralString]:
    """Drop all indexes of a table, with the primary key; what makes them again, the key first."""
    rows = connection.execute(SQL["indexes"], {"table": f"recalld.{table}"}).fetchall()
    for drop, _ in rows:
        connection.execute(cast("LiteralString", drop))
    return [cast("LiteralString", make) for _, make in rows]


def name(table: str) -> sql.Identifier:
    """The table, with its schema."""
    return sql.Identifier("recalld", table)
