"""`python -m benchmarks scale`: does the number of users matter? The time of context(), bytes per user, loading speed, cold caches.

    python -m benchmarks scale --users 1000 10000 100000 1000000 --episodes 10 --keep DIRECTORY
    python -m benchmarks scale --reuse DIRECTORY

Each size is a database of its own in one cluster, filled by `benchmarks/load.py`. The questions go round among them, so whatever else the
machine does falls on all sizes alike; compare the columns of one run. Who asks is chosen at random and has a session of some turns: at the
first one nothing of the user is kept in the process and, where the data is larger than the memory, its pages come from the disk.

Cold figures are first turns after a restart with 16 MB of shared buffers. The system's own cache is dropped before every few of them, where
that is allowed (root on Linux); the table says so where it is not.

A digest has 80 tokens and a point unless told otherwise, so that a million users with ten episodes take less than 50 GB.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql
from psycopg.rows import DictRow, dict_row

from benchmarks.load import TABLES, ingest_people, load, user_id
from benchmarks.people import FACTS, NOW, TENANT, Shape, Writer
from benchmarks.scale_plot import Line, draw
from recalld import Memory
from recalld.postgres.account import server_account
from recalld.postgres.binaries import newest
from recalld.postgres.bootstrap import MIGRATOR_LOGIN, SERVICE_LOGIN, bootstrap
from recalld.postgres.cluster import ADMIN, PORT, Cluster, create_cluster
from recalld.postgres.migrate import migrate
from recalld.postgres.queries import beside
from recalld.postgres.server_settings import SETTINGS

SQL = beside(__file__, "scale.sql")
PASSWORD = "benchmark"  # noqa: S105 -- of a cluster that nobody else can reach
PEOPLE_DATABASE = "people"
NOTES = "scale.json"
WARM = {**SETTINGS, "shared_buffers": "2GB", "max_wal_size": "2GB"}
COLD = {**SETTINGS, "shared_buffers": "16MB"}
WARM_UP = 15  # sessions of each size that are not counted
DROP_EVERY = 5  # cold questions of each size between two drops of the system's cache

Admin = psycopg.Connection[DictRow]


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """A database with so many users."""

    users: int
    users_per_second: float  # at loading, indexes included
    bytes_per_user: dict[str, dict[str, float]]  # by table: the table and each of its indexes

    @property
    def database(self) -> str:
        """Its name."""
        return f"users_{self.users}"

    @property
    def total(self) -> float:
        """Bytes per user in all."""
        return sum(sum(parts.values()) for parts in self.bytes_per_user.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """Milliseconds of context() at one size."""

    first: list[float] = field(default_factory=list[float])  # the first turn of a session
    later: list[float] = field(default_factory=list[float])  # the others
    cold: list[float] = field(default_factory=list[float])
    client_cpu: list[float] = field(default_factory=list[float])  # milliseconds of CPU of a turn in this process
    server_cpu: list[float] = field(default_factory=list[float])  # the same in PostgreSQL; one figure, the mean

    @property
    def turns(self) -> list[float]:
        """All turns of all sessions."""
        return self.first + self.later


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A cluster of the benchmark's own."""

    cluster: Cluster

    def url(self, login: str, database: str) -> str:
        """The address of a database for one of our logins."""
        host = quote(str(self.cluster.socket_directory), safe="")
        return f"postgresql://{login}:{PASSWORD}@/{database}?host={host}&port={PORT}"

    @contextmanager
    def admin(self, database: str) -> Iterator[Admin]:
        """A connection of the superuser."""
        address = self.cluster.conninfo(login=ADMIN, password=PASSWORD, database=database)
        with psycopg.Connection[DictRow].connect(address, autocommit=True, row_factory=dict_row) as connection:
            yield connection

    def create(self, database: str, template: str | None = None) -> None:
        """A database, empty or a copy of *template*."""
        with self.admin("postgres") as admin:
            if template is not None:
                copied = sql.SQL("create database {} template {}")
                admin.execute(copied.format(sql.Identifier(database), sql.Identifier(template)))
            bootstrap(admin, database=database, service_password=PASSWORD, migrator_password=PASSWORD)

    @asynccontextmanager
    async def memory(self, database: str) -> AsyncIterator[Memory]:
        """An installation over it, without a worker."""
        async with Memory.open(database_url=self.url(SERVICE_LOGIN, database), worker=False) as memory:
            yield memory

    def restart(self, settings: dict[str, str]) -> None:
        """Stop and start with other settings."""
        self.cluster.stop()
        self.cluster.start(settings)


@contextmanager
def serving(home: Path) -> Iterator[Server]:
    """The cluster in *home*, made when there is none."""
    home.mkdir(exist_ok=True)
    home.chmod(0o711)
    account = server_account(home / "cluster")
    sockets = home / "run"
    sockets.mkdir(exist_ok=True)
    account.give(sockets, 0o700)
    cluster = Cluster(directory=home / "cluster", socket_directory=sockets, binaries=newest(), account=account)
    if not cluster.exists:
        create_cluster(cluster, admin_password=PASSWORD)
    cluster.start(WARM)
    try:
        yield Server(cluster=cluster)
    finally:
        cluster.stop()


# ---------------------------------------------------------------- loading
def fill(server: Server, users: Sequence[int], episodes: int, shape: Shape) -> list[Size]:
    """People who lived through their sessions, and the databases with their copies."""
    server.create(PEOPLE_DATABASE)
    asyncio.run(migrate(server.url(MIGRATOR_LOGIN, PEOPLE_DATABASE)))
    asyncio.run(make_people(server, episodes, shape))
    return [fill_one(server, count) for count in sorted(users)]


async def make_people(server: Server, sessions: int, shape: Shape) -> None:
    """Those from whom all others are copied."""
    async with server.memory(PEOPLE_DATABASE) as memory:
        await ingest_people(memory, sessions, shape=shape)


def fill_one(server: Server, users: int) -> Size:
    """One database."""
    size = Size(users=users, users_per_second=0, bytes_per_user={})
    server.create(size.database, PEOPLE_DATABASE)
    loaded = load(server.url(MIGRATOR_LOGIN, size.database), users)
    with server.admin(size.database) as admin:
        admin.execute("checkpoint")
        bytes_per_user = sizes(admin, users)
    print(f"{users:>9,} users loaded in {loaded.seconds:.0f} s", flush=True)
    return Size(users=users, users_per_second=users / loaded.seconds, bytes_per_user=bytes_per_user)


def sizes(admin: Admin, users: int) -> dict[str, dict[str, float]]:
    """Bytes per user of each table and index."""
    found = admin.execute(SQL["sizes"], {"tables": [f"recalld.{table}" for table in TABLES]}).fetchall()
    by_table: dict[str, dict[str, float]] = {table: {} for table in TABLES}
    for row in found:
        by_table[row["table_name"]][row["name"]] = row["bytes"] / users
    return by_table


# ---------------------------------------------------------------- measuring
class Asking:
    """Questions that go round among the sizes."""

    def __init__(self, server: Server, found: Sequence[Size], *, seed: int) -> None:
        self._server = server
        self._sizes = found
        self._chance = random.Random(seed)
        self._writer = Writer(seed)
        self._memories: dict[int, Memory] = {}
        self.measured = {size.users: Measured() for size in found}

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """All installations."""
        async with AsyncExitStack() as stack:
            for size in self._sizes:
                memory = await stack.enter_async_context(self._server.memory(size.database))
                await memory.user(TENANT, "nobody").context("warm up the models", at=NOW)
                self._memories[size.users] = memory
            yield

    async def sessions(self, count: int, turns: int) -> None:
        """So many sessions at each size, of *turns* questions each; one question at each size, then the next."""
        before: dict[int, float] = {}
        for number in range(count + WARM_UP):
            counted = number >= WARM_UP
            before = self._cpu() if number == WARM_UP else before
            for turn, (users, milliseconds, cpu) in await self._session(turns):
                if counted:
                    measured = self.measured[users]
                    (measured.later if turn else measured.first).append(milliseconds)
                    measured.client_cpu.append(cpu)
        for users, spent in self._cpu().items():
            self.measured[users].server_cpu.append((spent - before[users]) / (count * turns))

    async def cold(self, count: int) -> bool:
        """So many first turns at each size, with cold caches; false where the system's could not be dropped."""
        dropped = True
        for number in range(count):
            if number % DROP_EVERY == 0:
                dropped = forget_pages() and dropped
            for _, (users, milliseconds, _) in await self._session(1):
                self.measured[users].cold.append(milliseconds)
        return dropped

    async def _session(self, turns: int) -> list[tuple[int, tuple[int, float, float]]]:
        """A session of somebody at each size: the same question at all of them, in an order that changes, then the next."""
        who = {size.users: user_id(self._chance.randrange(size.users)) for size in self._sizes}
        return [
            (turn, await self._timed(users, who[users], question))
            for turn, question in enumerate(self._writer.question() for _ in range(turns))
            for users in self._chance.sample(list(who), len(who))
        ]

    async def _timed(self, users: int, user: str, question: str) -> tuple[int, float, float]:
        """The size, milliseconds by the clock, and milliseconds of CPU of this thread."""
        begun, cpu = time.perf_counter(), time.thread_time()
        await self._memories[users].user(TENANT, user).context(question, at=NOW)
        return users, (time.perf_counter() - begun) * 1000, (time.thread_time() - cpu) * 1000

    def _cpu(self) -> dict[int, float]:
        """Milliseconds of CPU that the server has spent for each size so far; zero where the system does not tell."""
        return {size.users: sum(map(cpu_of, self._serving(size))) for size in self._sizes}

    def _serving(self, size: Size) -> list[int]:
        with self._server.admin("postgres") as admin:
            return [row["pid"] for row in admin.execute(SQL["serving"], {"database": size.database}).fetchall()]


def cpu_of(pid: int) -> float:
    """Milliseconds of CPU that a process has used, from Linux's account of it."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def forget_pages() -> bool:
    """Drop the system's cache of files; false where that is not allowed."""
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3", encoding="ascii")
    except OSError:
        return False
    return True


async def ask(server: Server, found: Sequence[Size], sessions: int, turns: int) -> dict[int, Measured]:
    """Sessions at each size, with the caches that there are."""
    asking = Asking(server, found, seed=3)
    async with asking.open():
        await asking.sessions(sessions, turns)
    return asking.measured


async def ask_cold(server: Server, found: Sequence[Size], count: int) -> tuple[dict[int, Measured], bool]:
    """First turns at each size, with cold caches."""
    asking = Asking(server, found, seed=4)
    async with asking.open():
        dropped = await asking.cold(count)
    return asking.measured, dropped


# ---------------------------------------------------------------- telling
def tell(found: Sequence[Size], warm: dict[int, Measured], cold: dict[int, Measured]) -> None:
    """The table of times."""
    print(
        "\nmilliseconds of context(): all turns of a session, its first turn, first turns with cold caches; CPU of a turn"
    )
    times = " | ".join(f"{part} p50 | × first | p99" for part in ("turns", "first turn", "cold"))
    print(f"|     users | {times} | CPU in PostgreSQL | in the client | users/s loaded |")
    print("|" + "---|" * 13)
    smallest = found[0].users
    for size in found:
        columns = [
            cell
            for part, of in ((warm, "turns"), (warm, "first"), (cold, "cold"))
            for cell in _times(getattr(part[size.users], of), getattr(part[smallest], of))
        ]
        measured = warm[size.users]
        cpu = f"{measured.server_cpu[0]:.2f} | {statistics.mean(measured.client_cpu):.2f}"
        print(f"| {size.users:>9,} | {' | '.join(columns)} | {cpu} | {size.users_per_second:,.0f} |")


def _times(took: list[float], first: list[float]) -> tuple[str, str, str]:
    """Median, its ratio to that of the smallest size, 99th percentile."""
    cuts = statistics.quantiles(took, n=100)
    return f"{cuts[49]:.2f}", f"{cuts[49] / statistics.median(first):.2f}", f"{cuts[98]:.2f}"


def tell_sizes(size: Size) -> None:
    """The table of bytes."""
    print(f"\nbytes per user at {size.users:,} users: {size.total:,.0f}")
    print("| table | rows | indexes |\n|---|---|---|")
    for table, parts in size.bytes_per_user.items():
        indexes = ", ".join(f"`{name}` {width:,.0f}" for name, width in parts.items() if name != table)
        print(f"| {table} | {parts[table]:,.0f} | {indexes} |")


def plot(found: Sequence[Size], warm: dict[int, Measured], cold: dict[int, Measured]) -> str:
    """The picture of the medians."""
    lines = (
        Line("first turn, cold caches", "#c0392b", [(s.users, statistics.median(cold[s.users].cold)) for s in found]),
        Line("first turn of a session", "#b9770e", [(s.users, statistics.median(warm[s.users].first)) for s in found]),
        Line("all turns", "#1b4f72", [(s.users, statistics.median(warm[s.users].turns)) for s in found]),
    )
    return draw(lines)


# ---------------------------------------------------------------- the command
def prepared(server: Server, home: Path, arguments: argparse.Namespace) -> list[Size]:
    """The sizes that *home* holds, loaded first unless an earlier run did it."""
    notes = home / NOTES
    if arguments.reuse is None:
        shape = Shape(sentences=arguments.sentences, points=arguments.points)
        found = fill(server, arguments.users, arguments.episodes, shape)
        notes.write_text(json.dumps([asdict(size) for size in found]), encoding="utf-8")
    found = [Size(**size) for size in json.loads(notes.read_text(encoding="utf-8"))]
    for size in found:  # those of an earlier run may lack a migration
        asyncio.run(migrate(server.url(MIGRATOR_LOGIN, size.database)))
    return found


def run(arguments: argparse.Namespace, home: Path) -> None:
    """Load, ask, tell."""
    with serving(home) as server:
        found = prepared(server, home, arguments)
        if not arguments.sessions:
            tell_sizes(found[-1])
            return
        warm = asyncio.run(ask(server, found, arguments.sessions, arguments.turns))
        server.restart(COLD)
        cold, dropped = asyncio.run(ask_cold(server, found, arguments.sessions))
    print(
        f"{FACTS} facts per user; the system's cache was {'dropped' if dropped else 'NOT dropped'} for the cold figures"
    )
    tell(found, warm, cold)
    tell_sizes(found[-1])
    if arguments.plot:
        arguments.plot.write_text(plot(found, warm, cold), encoding="utf-8")


def main(argv: list[str]) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks scale", description=__doc__)
    parser.add_argument("--users", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--episodes", type=int, default=10)
    parser.add_argument("--sentences", type=int, default=4, help="of a summary, 20 tokens each")
    parser.add_argument("--points", type=int, default=1, help="of an episode; it has two vectors more")
    parser.add_argument("--sessions", type=int, default=150, help="at each size; 0: only load and tell the sizes")
    parser.add_argument("--turns", type=int, default=8, help="of a session")
    parser.add_argument("--plot", type=Path, help="write the picture, as SVG, to this file")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--keep", type=Path, help="load into this directory and leave it there")
    where.add_argument("--reuse", type=Path, help="measure what an earlier run kept in this directory")
    arguments = parser.parse_args(argv)
    if kept := arguments.keep or arguments.reuse:
        run(arguments, kept)
        return
    home = Path(tempfile.mkdtemp(prefix="recalld-scale-"))
    try:
        run(arguments, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
