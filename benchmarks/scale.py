"""`python -m benchmarks scale`: does the number of users matter? The time of context(), bytes per user, loading speed, cold caches.

    python -m benchmarks scale --users 1000 10000 100000 --episodes 10

Every user gets episodes copied from 500 generated ones (summaries of about 180 tokens, five points, three topics) and eight facts, written
inside PostgreSQL with all indexes in place, in rounds, so that the rows of a user lie scattered. The sizes are measured one after the other
in one growing database. Cold figures are the first questions after a restart with 16 MB of shared buffers; the system's own cache is
dropped first where that is allowed (root on Linux). About 55 kB of disk per user with 10 episodes.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg.rows import DictRow, dict_row

from benchmarks.people import NOW, TENANT, Writer
from recalld import Memory
from recalld.postgres.account import server_account
from recalld.postgres.binaries import newest
from recalld.postgres.bootstrap import MIGRATOR_LOGIN, SERVICE_LOGIN, bootstrap
from recalld.postgres.cluster import ADMIN, PORT, Cluster, create_cluster
from recalld.postgres.migrate import migrate
from recalld.postgres.queries import beside
from recalld.postgres.server_settings import SETTINGS

SQL = beside(__file__, "scale.sql")
PASSWORD = "benchmark"  # noqa: S105 -- of a cluster that lives as long as the benchmark
DATABASE = "scale"
TEMPLATES = 500
FACTS = 8
CHUNK = 5_000  # users written in one transaction
ROUNDS = 5
WARM = {**SETTINGS, "shared_buffers": "1GB", "max_wal_size": "8GB"}
COLD = {**SETTINGS, "shared_buffers": "16MB"}

Admin = psycopg.Connection[DictRow]


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What was measured at one number of users."""

    users: int
    warm: list[float]  # milliseconds of one context()
    cold: list[float]
    bytes_per_user: float
    tables: dict[str, tuple[float, float]]  # bytes per user in rows and in indexes
    users_per_second: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A cluster of the benchmark's own, with a superuser that writes past the policies."""

    cluster: Cluster

    def url(self, login: str) -> str:
        """The address for one of our logins."""
        host = quote(str(self.cluster.socket_directory), safe="")
        return f"postgresql://{login}:{PASSWORD}@/{DATABASE}?host={host}&port={PORT}"

    @contextmanager
    def admin(self, database: str = DATABASE) -> Iterator[Admin]:
        """A connection of the superuser."""
        address = self.cluster.conninfo(login=ADMIN, password=PASSWORD, database=database)
        with psycopg.Connection[DictRow].connect(address, autocommit=True, row_factory=dict_row) as connection:
            yield connection

    @asynccontextmanager
    async def memory(self) -> AsyncIterator[Memory]:
        """An installation over it, without a worker."""
        async with Memory.open(database_url=self.url(SERVICE_LOGIN), worker=False) as memory:
            yield memory

    def restart(self, settings: dict[str, str]) -> None:
        """Stop and start with other settings."""
        self.cluster.stop()
        self.cluster.start(settings)


@contextmanager
def serving(home: Path) -> Iterator[Server]:
    """A new cluster in *home*, bootstrapped and migrated, removed afterwards."""
    home.chmod(0o711)
    account = server_account(home / "cluster")
    sockets = home / "run"
    sockets.mkdir()
    account.give(sockets, 0o700)
    cluster = Cluster(directory=home / "cluster", socket_directory=sockets, binaries=newest(), account=account)
    create_cluster(cluster, admin_password=PASSWORD)
    cluster.start(WARM)
    try:
        server = Server(cluster=cluster)
        with psycopg.connect(
            cluster.conninfo(login=ADMIN, password=PASSWORD, database="postgres"), autocommit=True
        ) as admin:
            bootstrap(admin, database=DATABASE, service_password=PASSWORD, migrator_password=PASSWORD)
        asyncio.run(migrate(server.url(MIGRATOR_LOGIN)))
        yield server
    finally:
        cluster.stop()


# ---------------------------------------------------------------- loading
async def write_templates(server: Server) -> None:
    """Episodes and facts through the API, kept as rows to copy."""
    writer = Writer(1)
    async with server.memory() as memory:
        user = memory.user(TENANT, "template")
        for number in range(TEMPLATES):
            await user.add_episode(**writer.episode(), ended_at=NOW - timedelta(days=1), episode_id=f"t{number:03}")
        for place in range(FACTS):
            value = " ".join(writer.words(2))
            await user.set_fact(f"preference_{place}", value, at=NOW - timedelta(days=30))
    with server.admin() as admin:
        for name in ("keep_episodes", "keep_vectors", "keep_facts"):
            admin.execute(SQL[name])


def load(admin: Admin, first: int, last: int, episodes: int) -> None:
    """Users *first* to *last* with all they have; users and facts first, then the episodes in rounds."""
    for start in range(first, last + 1, CHUNK):
        bounds = {"first": start, "last": min(start + CHUNK - 1, last)}
        admin.execute(SQL["users"], bounds)
        admin.execute(SQL["facts"], bounds)
    admin.execute("analyze recalld.users")
    step = -(-episodes // ROUNDS)
    for begin in range(0, episodes, step):
        for start in range(first, last + 1, CHUNK):
            values: dict[str, Any] = {"first": start, "last": min(start + CHUNK - 1, last), "now": NOW}
            values |= {"from": begin, "to": min(begin + step, episodes) - 1, "templates": TEMPLATES}
            admin.execute(SQL["episodes"], values)
            admin.execute(SQL["vectors"], values)
    admin.execute("vacuum analyze recalld.users, recalld.episodes, recalld.vectors, recalld.facts")
    admin.execute("checkpoint")


# ---------------------------------------------------------------- measuring
async def ask(server: Server, users: int, calls: int, *, skip: int) -> list[float]:
    """Milliseconds of context() for random users, after *skip* that are not counted."""
    chance, writer = random.Random(users), Writer(3)
    took: list[float] = []
    async with server.memory() as memory:
        await memory.user(TENANT, "template").context("warm up the models", at=NOW)
        for _ in range(calls + skip):
            user, question = memory.user(TENANT, f"user-{chance.randrange(users):08}"), writer.question()
            begun = time.perf_counter()
            await user.context(question, at=NOW)
            took.append((time.perf_counter() - begun) * 1000)
    return took[skip:]


def forget_pages() -> bool:
    """Drop the system's cache of files; false where that is not allowed."""
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3", encoding="ascii")
    except OSError:
        return False
    return True


def sizes(admin: Admin, users: int) -> dict[str, tuple[float, float]]:
    """Bytes per user of each table: rows, indexes."""
    found = admin.execute(SQL["sizes"]).fetchall()
    return {row["name"]: (row["rows_bytes"] / users, row["index_bytes"] / users) for row in found}


def measure(server: Server, users: int, before: int, arguments: argparse.Namespace) -> Row:
    """Load up to *users*, then ask, warm and cold."""
    begun = time.perf_counter()
    with server.admin() as admin:
        load(admin, before, users - 1, arguments.episodes)
        seconds = time.perf_counter() - begun
        tables = sizes(admin, users)
    warm = asyncio.run(ask(server, users, arguments.calls, skip=200))
    server.restart(COLD)
    forget_pages()
    cold = asyncio.run(ask(server, users, min(arguments.calls, users // 4), skip=0))
    server.restart(WARM)
    return Row(
        users=users,
        warm=warm,
        cold=cold,
        bytes_per_user=sum(map(sum, tables.values())),
        tables=tables,
        users_per_second=(users - before) / seconds,
    )


def print_row(row: Row, first: Row) -> None:
    """One line of the table."""
    warm, cold = statistics.quantiles(row.warm, n=100), statistics.quantiles(row.cold, n=100)
    ratio = statistics.median(row.warm) / statistics.median(first.warm)
    print(
        f"| {row.users:>9,} | {warm[49]:6.2f} | {warm[94]:6.2f} | {ratio:5.2f} | {cold[49]:6.2f} | {cold[94]:6.2f} "
        f"| {row.bytes_per_user:9,.0f} | {row.users_per_second:8,.0f} |",
        flush=True,
    )


def run(arguments: argparse.Namespace, home: Path) -> None:
    """All sizes, one after the other."""
    print(f"{arguments.episodes} episodes and {FACTS} facts per user; milliseconds of context()")
    print("|     users |    p50 |    p95 | × 1st | cold p50 | cold p95 | bytes/user | users/s loaded |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    rows: list[Row] = []
    with serving(home) as server:
        asyncio.run(write_templates(server))
        for users in sorted(arguments.users):
            rows.append(measure(server, users, rows[-1].users if rows else 0, arguments))
            print_row(rows[-1], rows[0])
    print("\nbytes per user at the last size: rows + indexes")
    for name, (in_rows, in_indexes) in rows[-1].tables.items():
        print(f"  {name:<10} {in_rows:10,.0f} + {in_indexes:8,.0f}")


def main(argv: list[str]) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks scale", description=__doc__)
    parser.add_argument("--users", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--episodes", type=int, default=10)
    parser.add_argument("--calls", type=int, default=600, help="questions at each size")
    parser.add_argument("--folder", type=Path, help="where the database is made (default: the temporary folder)")
    arguments = parser.parse_args(argv)
    home = Path(tempfile.mkdtemp(prefix="recalld-scale-", dir=arguments.folder))
    try:
        run(arguments, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
