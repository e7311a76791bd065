"""A primary with a streaming replica: two real clusters."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from recalld.postgres.account import server_account
from recalld.postgres.binaries import Binaries
from recalld.postgres.bootstrap import MIGRATOR_LOGIN, SERVICE_LOGIN, bootstrap
from recalld.postgres.cluster import ADMIN, PORT, Cluster, create_cluster
from recalld.postgres.migrate import migrate
from recalld.postgres.server_settings import SETTINGS

PASSWORD = "only-for-tests"
DATABASE = "recalld"
PRIMARY = {
    **SETTINGS,
    "wal_level": "replica",
    "max_wal_senders": "4",
    "wal_keep_size": "64MB",
    "fsync": "off",
    "full_page_writes": "off",
}
WAITS = 500  # of 20 ms, at most


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """Both, running."""

    primary: Cluster
    standby: Cluster

    def url(self, cluster: Cluster, login: str = SERVICE_LOGIN) -> str:
        """The address of one of them."""
        host = quote(str(cluster.socket_directory), safe="")
        return f"postgresql://{login}:{PASSWORD}@/{DATABASE}?host={host}&port={PORT}"

    def start_standby(self) -> None:
        """It follows the primary from where it stopped."""
        source = self.primary.conninfo(login=ADMIN, password=PASSWORD, database="replication").replace("'", "")
        self.standby.start({**PRIMARY, "hot_standby": "on", "primary_conninfo": source})

    def pause(self) -> None:
        """The replica receives changes and does not replay them."""
        self._tell("select pg_wal_replay_pause()")
        self._until("select pg_get_wal_replay_pause_state() = 'paused'")

    def resume(self) -> None:
        """It replays again, and has all that the primary has when this returns."""
        self._tell("select pg_wal_replay_resume()")
        self.catch_up()

    def catch_up(self) -> None:
        """Wait until the replica has all that the primary has now."""
        with self.admin(self.primary) as admin:
            row = admin.execute("select pg_current_wal_lsn()::text").fetchone()
        assert row is not None
        self._until(f"select pg_last_wal_replay_lsn() >= '{row[0]}'::pg_lsn")

    def _tell(self, statement: Any) -> None:
        with self.admin(self.standby) as admin:
            admin.execute(statement)

    def _until(self, question: Any) -> None:
        with self.admin(self.standby) as admin:
            for _ in range(WAITS):
                if admin.execute(question).fetchone() == (True,):
                    return
                time.sleep(0.02)
        raise RuntimeError("the replica did not get there")

    def admin(self, cluster: Cluster) -> psycopg.Connection[Any]:
        """The superuser of one of them."""
        return psycopg.connect(cluster.conninfo(login=ADMIN, password=PASSWORD, database=DATABASE), autocommit=True)


@contextmanager
def running_pair(home: Path, binaries: Binaries) -> Iterator[Pair]:
    """A migrated primary and its replica, in *home*, which the server's account can come to."""
    primary = _cluster(home / "primary", binaries)
    create_cluster(primary, admin_password=PASSWORD)
    primary.start(PRIMARY)
    pair = Pair(primary=primary, standby=_cluster(home / "standby", primary.binaries))
    try:
        with psycopg.connect(
            primary.conninfo(login=ADMIN, password=PASSWORD, database="postgres"), autocommit=True
        ) as admin:
            bootstrap(admin, database=DATABASE, service_password=PASSWORD, migrator_password=PASSWORD)
        asyncio.run(migrate(pair.url(primary, MIGRATOR_LOGIN)))
        _copy(primary, pair.standby)
        pair.start_standby()
        yield pair
    finally:
        pair.standby.stop()
        primary.stop()


def _cluster(home: Path, binaries: Binaries) -> Cluster:
    home.mkdir(mode=0o711)
    account = server_account(home / "cluster")
    account.give(home, 0o711)
    sockets = home / "run"
    sockets.mkdir()
    account.give(sockets, 0o700)
    cluster = Cluster(directory=home / "cluster", socket_directory=sockets, binaries=binaries, account=account)
    if account.can_run(Path(binaries.program("postgres"))):
        return cluster
    return replace(cluster, binaries=binaries.copied_to(home.parent))


def _copy(primary: Cluster, standby: Cluster) -> None:
    """A base backup, which is to become a standby."""
    source = primary.conninfo(login=ADMIN, password=PASSWORD, database="replication")
    command = [primary.binaries.program("pg_basebackup"), "-d", source, "-D", str(standby.directory)]
    done = primary.account.run([*command, "--checkpoint=fast", "--no-sync"], timeout=60)
    assert done.returncode == 0, done.stderr
    signal = standby.directory / "standby.signal"
    signal.touch()
    standby.account.give(signal, 0o600)
