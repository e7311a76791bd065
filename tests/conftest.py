"""Fixtures for all tests: one PostgreSQL cluster per run, shared by the xdist workers, with a fresh database for whoever asks."""

from __future__ import annotations

import asyncio
import faulthandler
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from recalld import Memory
from recalld.postgres.account import Account, server_account
from recalld.postgres.binaries import Binaries, installed, newest
from recalld.postgres.bootstrap import MIGRATOR_LOGIN, SERVICE_LOGIN, bootstrap
from recalld.postgres.cluster import ADMIN, PORT, Cluster, create_cluster
from recalld.postgres.embedded import DatabaseUrls
from recalld.postgres.locks import FileLock
from recalld.postgres.migrate import migrate
from recalld.postgres.pool import Database
from recalld.postgres.server_settings import SETTINGS
from tests.services import running_redis

# a test cluster may lose everything at any moment, and saves the time that durability costs
TEST_SETTINGS = {
    **SETTINGS,
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "5s",
}
TEST_PASSWORD = "only-for-tests"
PREFIX = "recalld-tests-"


@pytest.hookimpl(trylast=True)
def pytest_exception_interact(node: pytest.Item | pytest.Collector) -> None:
    """Go on watching a test that failed: pytest ends its watch there, for a debugger may follow, but the teardown may hang as well."""
    if isinstance(node, pytest.Item) and not node.config.getoption("usepdb"):
        seconds = float(node.config.getini("faulthandler_timeout"))
        if seconds > 0:
            faulthandler.dump_traceback_later(seconds, file=node.config.stash[fault_handler_stderr_fd_key], exit=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class TestPostgres:
    """The cluster of this test run."""

    __test__ = False

    cluster: Cluster

    @property
    def admin(self) -> str:
        """Connection string of the superuser, for what no login of recalld may do."""
        return self.cluster.conninfo(login=ADMIN, password=TEST_PASSWORD, database="postgres")

    def admin_of(self, name: str) -> str:
        """The superuser's connection string to a database."""
        return make_conninfo(self.admin, dbname=name)

    def create_database(self, template: str | None = None) -> tuple[str, DatabaseUrls]:
        """A fresh, bootstrapped database: its name and its addresses. A *template* is copied with all it holds."""
        name = f"test_{token_hex(6)}"
        with psycopg.connect(self.admin, autocommit=True) as admin:
            if template is not None:
                copy = sql.SQL("create database {} template {}")
                admin.execute(copy.format(sql.Identifier(name), sql.Identifier(template)))
            # for a copy too: rights on a database and settings of a role in it belong to the cluster and are not copied
            bootstrap(admin, database=name, service_password=TEST_PASSWORD, migrator_password=TEST_PASSWORD)
        return name, self.urls(name)

    def drop_database(self, name: str) -> None:
        """Drop a database, with the connections it still has."""
        with psycopg.connect(self.admin, autocommit=True) as admin:
            admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

    def urls(self, name: str) -> DatabaseUrls:
        """The addresses of a database of this cluster."""
        place = f":{TEST_PASSWORD}@/{name}?host={quote(str(self.cluster.socket_directory), safe='')}&port={PORT}"
        return DatabaseUrls(
            service=f"postgresql://{SERVICE_LOGIN}{place}", migrator=f"postgresql://{MIGRATOR_LOGIN}{place}"
        )


@pytest.fixture(scope="session")
def binaries() -> Binaries:
    """The installed PostgreSQL."""
    return newest()


@pytest.fixture(scope="session")
def postgres(binaries: Binaries) -> Iterator[TestPostgres]:
    """The cluster of this test run: the first worker makes it, the last one removes it."""
    remove_abandoned()
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or token_hex(8)
    home = Path(tempfile.gettempdir()) / f"{PREFIX}{run[:16]}"
    users, starting = join(home)
    cluster = test_cluster(home, binaries)
    if not cluster.exists:
        create_cluster(cluster, admin_password=TEST_PASSWORD)
        cluster.start(TEST_SETTINGS)
    starting.release()
    yield TestPostgres(cluster=cluster)
    if starting.wait_exclusive(120) and users.try_exclusive():
        cluster.stop()
        shutil.rmtree(home, ignore_errors=True)
    users.release()
    starting.release()


@pytest.fixture
def oldest_postgres(open_tmp_path: Path) -> Iterator[TestPostgres]:
    """A cluster of the oldest PostgreSQL that is installed, new for each test, in which no role of ours exists yet."""
    cluster = test_cluster(open_tmp_path, installed()[-1])
    create_cluster(cluster, admin_password=TEST_PASSWORD)
    cluster.start(TEST_SETTINGS)
    yield TestPostgres(cluster=cluster)
    cluster.stop()


@pytest.fixture
def database_urls(postgres: TestPostgres) -> Iterator[DatabaseUrls]:
    """A fresh database for one test: bootstrapped, without a schema."""
    name, urls = postgres.create_database()
    yield urls
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def migrated_template(postgres: TestPostgres) -> Iterator[str]:
    """A migrated database to copy, so that a test pays for a copy and not for the migrations."""
    name, urls = postgres.create_database()
    asyncio.run(migrate(urls.migrator))
    yield name
    postgres.drop_database(name)


@pytest.fixture
def migrated_urls(postgres: TestPostgres, migrated_template: str) -> Iterator[DatabaseUrls]:
    """A fresh database for one test, with the schema of this version."""
    name, urls = postgres.create_database(migrated_template)
    yield urls
    postgres.drop_database(name)


@pytest.fixture
async def database(migrated_urls: DatabaseUrls) -> AsyncIterator[Database]:
    """The same, opened as the serving login."""
    database = Database(migrated_urls.service, max_connections=4)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def memory(migrated_urls: DatabaseUrls) -> AsyncIterator[Memory]:
    """An open installation over it, without a worker of its own."""
    async with Memory.open(database_url=migrated_urls.service, worker=False) as memory:
        yield memory


@pytest.fixture
def admin(postgres: TestPostgres, migrated_urls: DatabaseUrls) -> Iterator[psycopg.Connection[Any]]:
    """The superuser in the database of this test, in autocommit mode: for planting faults and for looking past the policies."""
    name = conninfo_to_dict(migrated_urls.service)["dbname"]
    with psycopg.connect(postgres.admin_of(str(name)), autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A real Redis, shared by the tests of one worker: each flushes it first."""
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder, running_redis(Path(folder)) as server:
        yield server.url


@pytest.fixture
def open_tmp_path() -> Iterator[Path]:
    """A temporary directory that the server's account can come to; pytest's own is private to the user, who may be root."""
    path = open_directory(Path(tempfile.mkdtemp(prefix=PREFIX)))
    in_use = FileLock(path / "users.lock")
    assert in_use.try_shared()
    yield path
    in_use.release()
    shutil.rmtree(path, ignore_errors=True)


def test_cluster(home: Path, binaries: Binaries) -> Cluster:
    """The cluster in *home*, not made yet."""
    account: Account = server_account(home / "cluster")
    sockets = home / "run"
    sockets.mkdir(exist_ok=True)
    account.give(sockets, 0o700)
    program = Path(binaries.program("postgres"))
    return Cluster(
        directory=home / "cluster",
        socket_directory=sockets,
        binaries=binaries if account.can_run(program) else binaries.copied_to(home),
        account=account,
    )


test_cluster.__test__ = False  # pyright: ignore[reportFunctionMemberAccess] -- not a test


def join(home: Path) -> tuple[FileLock, FileLock]:
    """Enter *home* as one of its users, and as the one who may start its server; again if its last user is just removing it."""
    while True:
        users, starting = FileLock(open_directory(home) / "users.lock"), FileLock(home / "start.lock")
        try:
            assert users.wait_shared(120)
            assert starting.wait_exclusive(120)
            if starting.path.exists():
                return users, starting
        except FileNotFoundError:
            pass
        users.release()
        starting.release()


def open_directory(path: Path) -> Path:
    """*path*, made if missing, passable for other accounts."""
    path.mkdir(exist_ok=True)
    path.chmod(0o711)
    return path


def remove_abandoned() -> None:
    """End and remove the clusters and directories of test runs that were killed more than ten minutes ago."""
    for home in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        users = FileLock(home / "users.lock")
        try:
            if time.time() - home.stat().st_mtime > 600 and users.try_exclusive():
                test_cluster(home, newest()).remove()
                shutil.rmtree(home, ignore_errors=True)
        except OSError:
            continue  # another user's, or removed meanwhile
        finally:
            users.release()
