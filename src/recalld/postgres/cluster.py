"""One PostgreSQL data directory: making it, starting and stopping its server, telling a live server from what a dead one left behind.

Nothing here takes locks; `recalld.postgres.embedded` does, and calls the changing operations only while it holds them.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from secrets import token_urlsafe

import psycopg
from psycopg.conninfo import make_conninfo

from recalld.errors import ConfigurationError, DatabaseUnavailable
from recalld.postgres.account import Account, initdb_account
from recalld.postgres.binaries import Binaries
from recalld.postgres.server_settings import rendered

ADMIN = "recalld_admin"
PORT = 5432  # names the socket file; there is no TCP unless it is asked for
START_SECONDS = 300  # a long crash recovery is not a failure
STOP_SECONDS = 120
SILENT_SECONDS = 15  # a live server process that answers nothing for so long is stuck

_ANSWER_SECONDS = 3
_POLL = 0.02
_NO_PROCESS = 2_147_483_646  # above every pid_max
_SETTINGS_FILE = "recalld.conf"
_STARTUP_LOG = "startup.log"


class Answer(Enum):
    """What a server says to a connection attempt."""

    READY = "ready"
    BUSY = "starting, recovering or stopping"
    NONE = "no answer"


@dataclass(frozen=True, kw_only=True, slots=True)
class Postmaster:
    """What `postmaster.pid` says; the process may be long dead."""

    pid: int
    port: int
    socket_directory: Path | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Cluster:
    """A data directory with the means to run it."""

    directory: Path
    socket_directory: Path
    binaries: Binaries
    account: Account

    # ------------------------------------------------------------ what is there
    @property
    def exists(self) -> bool:
        """True for a complete data directory: `initdb` writes PG_VERSION early, but directories are renamed into place when done."""
        return (self.directory / "PG_VERSION").is_file()

    @property
    def postmaster(self) -> Postmaster | None:
        """The contents of `postmaster.pid`, or `None` when there is none, or an unreadable one."""
        return read_postmaster(self.directory)

    @property
    def process_alive(self) -> bool:
        """True when the process that `postmaster.pid` names runs, and is the server of this very directory."""
        postmaster = self.postmaster
        return postmaster is not None and self._serves(postmaster.pid)

    def answer(self, port: int = PORT) -> Answer:
        """Ask the server on the socket, without logging in."""
        return ask(self.socket_directory, port)

    def conninfo(self, *, login: str, password: str, database: str, port: int = PORT) -> str:
        """A connection string over the socket."""
        return make_conninfo(
            host=str(self.socket_directory),
            port=port,
            user=login,
            password=password,
            dbname=database,
            connect_timeout=10,
        )

    # ------------------------------------------------------------ changing it
    def start(self, settings: Mapping[str, str], *, port: int = PORT, seconds: float = START_SECONDS) -> None:
        """Start the server and wait until it accepts connections, through a crash recovery if need be.

        What a dead server left behind is cleared first. Raises `DatabaseUnavailable`, `ConfigurationError`.
        """
        self._write_settings(settings, port)
        for _ in range(3):
            self._clear_remains()
            done = self._pg_ctl(
                "start", "-t", str(int(seconds)), "-l", str(self.directory / _STARTUP_LOG), seconds=seconds + 60
            )
            if done.returncode == 0:
                return
            if self.process_alive:
                raise DatabaseUnavailable(
                    f"PostgreSQL is still starting after {seconds:.0f} s; wait, or look into {self._log_hint}"
                )
            if not self._end_survivors():
                break
        raise self._start_error()

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Stop the server: a clean fast stop, else a hard one (the next start then recovers). A server that does not run is fine."""
        if not self.process_alive:
            return
        for mode, limit in (("fast", seconds), ("immediate", 30)):
            if (
                self._pg_ctl("stop", "-m", mode, "-t", str(int(limit)), seconds=limit + 30).returncode == 0
                or not self.process_alive
            ):
                return
        raise DatabaseUnavailable(
            f"the PostgreSQL server of {str(self.directory)!r} does not stop; end its processes by hand"
        )

    def set_admin_password(self, password: str) -> None:
        """Give the superuser a password while the server is down; whoever owns the files may do that. Raises `DatabaseUnavailable`."""
        self._clear_remains()
        command = [self.binaries.program("postgres"), "--single", "-D", str(self.directory), "postgres"]
        done = self.account.run(command, text=f"alter role {ADMIN} password '{password}'\n", timeout=START_SECONDS)
        if done.returncode != 0 or "ERROR" in done.stderr:
            raise DatabaseUnavailable(f"PostgreSQL could not be opened for maintenance: {_last_lines(done.stderr)}")

    def remove(self) -> None:
        """End whatever still runs here and delete the directory."""
        self._end_survivors()
        shutil.rmtree(self.directory, ignore_errors=True)

    # ------------------------------------------------------------ its processes
    def _serves(self, pid: int) -> bool:
        """True when *pid* is a running process of this cluster's server, whatever else may have that number now."""
        if not _running(pid):
            return False
        if sys.platform == "linux":
            return self._works_here(pid)
        return str(self.directory) in _ps(pid, "command=")

    def _works_here(self, pid: int) -> bool:
        """True when the working directory of *pid* is this one, as it is of every PostgreSQL process.

        In a container root may lack the capability to look at processes of others; the account may always look at its own.
        """
        try:
            return Path(f"/proc/{pid}/cwd").samefile(self.directory)
        except PermissionError:
            if self.account.is_ours:
                return False
            command = ["/bin/sh", "-c", 'cd "/proc/$0/cwd" && pwd -P', str(pid)]
            return self.account.run(command, timeout=30).stdout.strip() == str(self.directory.resolve())
        except OSError:
            return False

    def _processes(self) -> list[int]:
        """The processes at work in this directory. Beyond Linux only the one that `postmaster.pid` names can be told."""
        if sys.platform == "linux":
            return [pid for pid in _processes_of(self.account.uid) if self._works_here(pid)]
        postmaster = self.postmaster
        return [postmaster.pid] if postmaster is not None and self._serves(postmaster.pid) else []

    # ------------------------------------------------------------ details
    @property
    def _log_hint(self) -> str:
        return f"{str(self.directory / 'log')!r} and {_STARTUP_LOG!r} beside it"

    def _write_settings(self, settings: Mapping[str, str], port: int) -> None:
        own = {"port": str(port), "unix_socket_directories": str(self.socket_directory)}
        target = self.directory / _SETTINGS_FILE
        partial = target.with_suffix(".new")
        partial.write_text(rendered({**settings, **own}), encoding="utf-8")
        self.account.give(partial, 0o600)
        partial.replace(target)
        (self.directory / _STARTUP_LOG).unlink(missing_ok=True)

    def _clear_remains(self) -> None:
        """Remove what makes PostgreSQL believe that a dead server lives: the number of its process, reused by another one.

        The number in `postmaster.pid` is made invalid, and the file stays: it also names the shared memory, by which PostgreSQL
        notices processes of the dead server that are still at work.
        """
        postmaster = self.postmaster
        if postmaster is not None and not self._serves(postmaster.pid):
            path = self.directory / "postmaster.pid"
            _, _, rest = path.read_text(encoding="utf-8", errors="replace").partition("\n")
            path.write_text(f"{_NO_PROCESS}\n{rest}", encoding="utf-8")
        elif postmaster is None:
            (self.directory / "postmaster.pid").unlink(
                missing_ok=True
            )  # empty or torn: PostgreSQL would refuse it for ever
        if not self.process_alive:
            for path in self.socket_directory.glob(".s.PGSQL.*"):
                path.unlink(missing_ok=True)

    def _end_survivors(self) -> bool:
        """End the processes that a killed server left at work in this directory; True when there were any."""
        pids = self._processes()
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGQUIT)
        deadline = time.monotonic() + 10
        while any(_running(pid) for pid in pids):
            if time.monotonic() > deadline:
                for pid in pids:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                deadline += 10
            time.sleep(_POLL)
        return bool(pids)

    def _pg_ctl(self, action: str, *options: str, seconds: float) -> subprocess.CompletedProcess[str]:
        command = [self.binaries.program("pg_ctl"), action, "-D", str(self.directory), "-s", "-w", *options]
        try:
            return self.account.run(command, timeout=seconds)
        except subprocess.TimeoutExpired as error:
            raise DatabaseUnavailable(
                f"pg_ctl {action} did not return within {seconds:.0f} s; look into {self._log_hint}"
            ) from error

    def _start_error(self) -> Exception:
        try:
            log = (self.directory / _STARTUP_LOG).read_text(encoding="utf-8", errors="replace")
        except OSError:
            log = ""
        if "Address already in use" in log:
            return ConfigurationError(
                "the TCP port asked for is taken by another program; choose another tcp_port, or none"
            )
        if (
            "unrecognized configuration parameter" in log
            or "invalid value for parameter" in log
            or "is outside the valid range" in log
        ):
            return ConfigurationError(f"PostgreSQL refused a setting: {_last_lines(log)}")
        return DatabaseUnavailable(
            f"PostgreSQL did not start: {_last_lines(log) or 'no message'}; 'recalld doctor' explains; the log is {self._log_hint}"
        )


def create_cluster(cluster: Cluster, *, admin_password: str, durable: bool = True) -> None:
    """Make the data directory of *cluster* with `initdb`; the superuser `recalld_admin` gets *admin_password*.

    The parent directory must exist and be reachable for the account. Text is UTF-8, compared byte-wise, with the built-in rules
    for upper and lower case, so that indexes survive any upgrade of the operating system.
    Raises `ConfigurationError`, `DatabaseUnavailable`.
    """
    runner = initdb_account(cluster.account)
    cluster.directory.mkdir(mode=0o700)
    runner.give(cluster.directory, 0o700)
    with _password_file(cluster.directory, runner, admin_password) as password_file:
        for locale in ("C.UTF-8", "C"):  # not every platform has C.UTF-8
            done = _initdb(cluster, runner, password_file, locale, durable=durable)
            if "locale" not in done.stderr or done.returncode == 0:
                break
    if done.returncode != 0:
        raise DatabaseUnavailable(f"initdb failed in {str(cluster.directory)!r}: {_last_lines(done.stderr)}")
    with (cluster.directory / "postgresql.conf").open("a", encoding="utf-8") as configuration:
        configuration.write(f"\ninclude_if_exists = '{_SETTINGS_FILE}'\n")
    cluster.account.give_tree(cluster.directory)


def _initdb(
    cluster: Cluster, runner: Account, password_file: Path, locale: str, *, durable: bool
) -> subprocess.CompletedProcess[str]:
    rules = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if cluster.binaries.major >= 17 else []
    command = [
        cluster.binaries.program("initdb"),
        f"--pgdata={cluster.directory}",
        f"--username={ADMIN}",
        f"--pwfile={password_file}",
        "--auth-local=scram-sha-256",
        "--auth-host=scram-sha-256",
        "--encoding=UTF8",
        f"--locale={locale}",
        *rules,
        *([] if durable else ["--no-sync"]),
    ]
    return runner.run(command, timeout=START_SECONDS)


@contextmanager
def _password_file(directory: Path, runner: Account, password: str) -> Iterator[Path]:
    """A file that `initdb` can read, for as long as it needs it. It lies beside the data directory, which must be empty."""
    path = directory.with_name(f"{directory.name}.{token_urlsafe(6)}.pw")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, password.encode())
        os.close(descriptor)
        runner.give(path, 0o600)
        yield path
    finally:
        path.unlink(missing_ok=True)


def read_postmaster(directory: Path) -> Postmaster | None:
    """What `postmaster.pid` in *directory* says, or `None`."""
    try:
        lines = (directory / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
        folder = lines[4].strip() if len(lines) > 4 else ""
        return Postmaster(
            pid=abs(int(lines[0])),
            port=int(lines[3]) if len(lines) > 3 else PORT,
            socket_directory=Path(folder) if folder else None,
        )
    except (OSError, ValueError, IndexError):
        return None


def ask(socket_directory: Path, port: int) -> Answer:
    """Ask the server behind a socket, without logging in. A server that is starting up, recovering or stopping is busy."""
    conninfo = make_conninfo(
        host=str(socket_directory), port=port, dbname="postgres", user=ADMIN, connect_timeout=_ANSWER_SECONDS
    )
    match psycopg.pq.PGconn.ping(conninfo.encode()):
        case psycopg.pq.Ping.OK:
            return Answer.READY
        case psycopg.pq.Ping.REJECT:
            return Answer.BUSY
        case _:
            return Answer.NONE


# ---------------------------------------------------------------- processes
def _running(pid: int) -> bool:
    """True for a process that runs; a zombie does not (process 1 of a container may never have asked for its end)."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        pass
    except (OSError, OverflowError):
        return False
    return not _state(pid).startswith("Z")


def _state(pid: int) -> str:
    if sys.platform != "linux":
        return _ps(pid, "stat=") or "Z"
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].strip()
    except OSError:
        return "Z"


def _processes_of(uid: int) -> Iterator[int]:
    """The processes of one account, without this one."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with suppress(OSError):
                if entry.stat().st_uid == uid:
                    yield int(entry.name)


def _ps(pid: int, column: str) -> str:
    done = subprocess.run(
        ["/bin/ps", "-o", column, "-p", str(pid)], capture_output=True, text=True, check=False, timeout=10
    )
    return done.stdout.strip()


def _last_lines(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " | ".join(lines[-3:])
