"""One PostgreSQL data directory: making it, starting and stopping its server, telling a live server from a dead one's remains.

Nothing here takes locks; `recalld.postgres.embedded` does, and calls the changing operations only while it holds them.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from secrets import token_hex

import psycopg
from psycopg.conninfo import make_conninfo

from recalld.errors import ConfigurationError, DatabaseUnavailable, RecalldError
from recalld.postgres.account import Account, initdb_account
from recalld.postgres.binaries import Binaries
from recalld.postgres.server_settings import rendered

ADMIN = "recalld_admin"
PORT = 5432  # names the socket file; there is no TCP unless it is asked for
START_SECONDS = 300  # a long crash recovery is not a failure
STOP_SECONDS = 120
SILENT_SECONDS = 15  # a live server process that answers nothing for so long is stuck

ANSWER_SECONDS = 3
_SURVIVOR_SECONDS = 10
_POLL = 0.02
_NO_PROCESS = 2_147_483_646  # above every pid_max
_SETTINGS_FILE = "recalld.conf"
_STARTUP_LOG = "startup.log"  # what is said before the log in log/ is opened
_MAINTENANCE_RULES = "maintenance_hba.conf"


class Answer(Enum):
    """What a server says to a connection attempt."""

    READY = "ready"
    BUSY = "the answer that it is starting, recovering or stopping"
    NONE = "no answer"


@dataclass(frozen=True, kw_only=True, slots=True)
class Postmaster:
    """What `postmaster.pid` says; the process may be long dead."""

    pid: int
    port: int
    socket_directory: Path | None
    listens: bool  # on TCP too


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
        """True for a data directory; at its final place there are only complete ones."""
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

    def conninfo(self, *, login: str, password: str, database: str, port: int = PORT) -> str:
        """A connection string over the socket."""
        host = str(self.socket_directory)
        return make_conninfo(host=host, port=port, user=login, password=password, dbname=database, connect_timeout=10)

    # ------------------------------------------------------------ changing it
    def start(self, settings: Mapping[str, str], *, port: int = PORT, seconds: float = START_SECONDS) -> None:
        """Start the server and wait until it accepts connections, through a crash recovery if need be.

        What a dead server left behind is cleared first. Raises `DatabaseUnavailable`, `ConfigurationError`.
        """
        deadline = time.monotonic() + seconds
        self._take_files()
        self._write_settings(settings, port)
        self._clear_remains()
        said_before = self._log()
        while self._pg_ctl("start", "-l", str(self.directory / _STARTUP_LOG), seconds=seconds) != 0:
            if self.answers(deadline):  # somebody was just starting it, and was killed meanwhile
                return
            if not self.end_processes():  # of a killed server, still at work; PostgreSQL does not start beside them
                raise self._start_error(self._log().removeprefix(said_before))

    def answers(self, deadline: float) -> bool:
        """True when a server runs here and is ready; one that is starting or stopping is waited for until *deadline*.

        *deadline* is a time of the monotonic clock. Raises `DatabaseUnavailable` for a server that is late or silent.
        """
        silent_until = time.monotonic() + SILENT_SECONDS
        while self.process_alive and (postmaster := self.postmaster):
            answer = ask(postmaster.socket_directory or self.socket_directory, postmaster.port)
            if answer is Answer.READY:
                return True
            if time.monotonic() > (deadline if answer is Answer.BUSY else silent_until):
                raise DatabaseUnavailable(
                    f"PostgreSQL process {postmaster.pid} of {str(self.directory)!r} gives {answer.value}; "
                    f"wait for it, or end it and try again; its log is in {self._log_hint}"
                )
            time.sleep(_POLL)
        return False

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Stop the server: a clean fast stop, else a hard one, after which the next start recovers. None running is fine.

        Raises `DatabaseUnavailable` for a server that does not stop.
        """
        if not self.process_alive:
            return
        for mode, limit in (("fast", seconds), ("immediate", 30.0)):
            if self._pg_ctl("stop", "-m", mode, seconds=limit) == 0 or not self.process_alive:
                return
        raise DatabaseUnavailable(
            f"the PostgreSQL server of {str(self.directory)!r} does not stop; end its processes by hand"
        )

    def start_for_maintenance(self, settings: Mapping[str, str], *, port: int) -> str:
        """Start the server so that the superuser enters without a password; the connection string with which it does.

        Only on the socket, whose directory is closed to all but the account (and root): whoever can use this could as well
        read and change the files. Raises as `start` does.
        """
        rules = self.directory / _MAINTENANCE_RULES
        rules.write_text(f"local all {ADMIN} trust\n", encoding="utf-8")
        self.account.give(rules, 0o600)
        self.start({**settings, "listen_addresses": "", "hba_file": str(rules)}, port=port)
        rules.unlink()
        return self.conninfo(login=ADMIN, password="", database="postgres", port=port)

    def sync(self) -> None:
        """Bring all files to disk. Raises `DatabaseUnavailable`."""
        command = [self.binaries.program("initdb"), "--sync-only", "--pgdata", str(self.directory)]
        done = self.account.run(command, timeout=START_SECONDS)
        if done.returncode != 0:
            raise DatabaseUnavailable(f"{str(self.directory)!r} cannot be brought to disk: {_last_lines(done.stderr)}")

    def remove(self) -> None:
        """End whatever still runs here and delete the directory."""
        self.end_processes()
        shutil.rmtree(self.directory, ignore_errors=True)

    # ------------------------------------------------------------ its processes
    def _serves(self, pid: int) -> bool:
        """True when *pid* is a running process of this cluster's server, whatever else may have that number now."""
        if not process_runs(pid):
            return False
        if sys.platform == "linux":
            return _program(pid) == "postgres" and self._works_here(pid)
        return str(self.directory) in _ps(pid, "command=")

    def _works_here(self, pid: int) -> bool:
        """True when the working directory of *pid* is this one, as it is of every process of a PostgreSQL server.

        In a container root may lack the capability to look at others' processes; the account may look at its own.
        """
        try:
            if Path(f"/proc/{pid}").stat().st_uid != self.account.uid:
                return False
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
            found = ((pid, _program(pid)) for pid in _all_processes())
            return [
                pid
                for pid, name in found
                if (name == "initdb" and self._named_by(pid)) or (name == "postgres" and self._works_here(pid))
            ]
        postmaster = self.postmaster
        return [postmaster.pid] if postmaster is not None and self._serves(postmaster.pid) else []

    def _named_by(self, pid: int) -> bool:
        """True when the command line of *pid* names this directory: an `initdb` that was left alone goes on otherwise."""
        try:
            return os.fsencode(self.directory) in Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False

    def end_processes(self) -> bool:
        """End the processes that are at work in this directory; True when there were any."""
        pids = self._processes()
        for kind in (signal.SIGQUIT, signal.SIGKILL):
            for pid in filter(process_runs, pids):
                with suppress(ProcessLookupError):
                    os.kill(pid, kind)
            deadline = time.monotonic() + _SURVIVOR_SECONDS
            while any(map(process_runs, pids)) and time.monotonic() < deadline:
                time.sleep(_POLL)
        return bool(pids)

    # ------------------------------------------------------------ its files
    @property
    def _log_hint(self) -> str:
        return f"{str(self.directory / 'log')!r} and {_STARTUP_LOG!r} beside it"

    def _take_files(self) -> None:
        """Give the files to the account if they are not its own: root may have restored them from a backup."""
        if self.directory.stat().st_uid != self.account.uid:
            self.account.give_tree(self.directory)
        self.account.give(self.directory, 0o700)

    def _write_settings(self, settings: Mapping[str, str], port: int) -> None:
        place = {"port": str(port), "unix_socket_directories": str(self.socket_directory)}
        partial = self.directory / f"{_SETTINGS_FILE}.new"
        partial.write_text(rendered({**settings, **place}), encoding="utf-8")
        self.account.give(partial, 0o600)
        partial.replace(self.directory / _SETTINGS_FILE)
        (self.directory / _STARTUP_LOG).unlink(missing_ok=True)

    def _clear_remains(self) -> None:
        """Remove what makes PostgreSQL believe that a dead server lives: the number of its process, reused by another.

        `postmaster.pid` stays, with a number that no process can have, because it also names the shared memory: by that
        PostgreSQL notices processes of the dead server that are still at work.
        """
        if self.process_alive:
            return
        path = self.directory / "postmaster.pid"
        if self.postmaster is None:
            path.unlink(missing_ok=True)  # empty or torn: PostgreSQL would refuse it for ever
        else:
            _, _, rest = path.read_text(encoding="utf-8", errors="replace").partition("\n")
            path.write_text(f"{_NO_PROCESS}\n{rest}", encoding="utf-8")
        for socket in self.socket_directory.glob(".s.PGSQL.*"):
            socket.unlink(missing_ok=True)

    def _pg_ctl(self, action: str, *options: str, seconds: float) -> int:
        command = [self.binaries.program("pg_ctl"), action, "-D", str(self.directory), "-s", "-w"]
        return self.account.run([*command, "-t", f"{seconds:.0f}", *options], timeout=seconds + 60).returncode

    def _log(self) -> str:
        """What the server has said today, and at its start."""
        files = sorted((self.directory / "log").glob("*.log"), key=lambda path: path.stat().st_mtime)[-1:]
        texts = (
            path.read_text(encoding="utf-8", errors="replace")
            for path in (*files, self.directory / _STARTUP_LOG)
            if path.exists()
        )
        return "".join(texts)

    def _start_error(self, log: str) -> RecalldError:
        if "Address already in use" in log:
            return ConfigurationError("the TCP port is taken by another program; choose another tcp_port, or none")
        if any(words in log for words in ("configuration parameter", "invalid value", "outside the valid range")):
            return ConfigurationError(f"PostgreSQL refused a setting: {_last_lines(log)}")
        return DatabaseUnavailable(
            f"PostgreSQL did not start: {_last_lines(log) or 'no message'}; "
            f"'recalld doctor' explains; the log is in {self._log_hint}"
        )


def create_cluster(cluster: Cluster, *, admin_password: str) -> None:
    """Make the data directory of *cluster* with `initdb`; the superuser `recalld_admin` gets *admin_password*.

    The parent directory must exist and be reachable for the account. Text is UTF-8, compared byte-wise, with PostgreSQL's
    own rules for upper and lower case, so that indexes survive upgrades of the operating system. The files are not on
    disk yet: see `Cluster.sync`. Raises `ConfigurationError`, `DatabaseUnavailable`.
    """
    runner = initdb_account(cluster.account)
    cluster.directory.mkdir(mode=0o700)
    runner.give(cluster.directory, 0o700)
    with _password_file(cluster.directory, runner, admin_password) as password_file:
        done = _initdb(cluster, runner, password_file, "C.UTF-8")
        if done.returncode != 0 and "locale" in done.stderr:  # not every platform has C.UTF-8
            done = _initdb(cluster, runner, password_file, "C")
    if done.returncode != 0:
        raise DatabaseUnavailable(f"initdb failed in {str(cluster.directory)!r}: {_last_lines(done.stderr)}")
    _include_settings(cluster.directory / "postgresql.conf")
    cluster.account.give_tree(cluster.directory)


def _initdb(cluster: Cluster, runner: Account, password_file: Path, locale: str) -> subprocess.CompletedProcess[str]:
    case_rules = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if cluster.binaries.major >= 17 else []
    command = [
        cluster.binaries.program("initdb"),
        f"--pgdata={cluster.directory}",
        f"--username={ADMIN}",
        f"--pwfile={password_file}",
        "--auth-local=scram-sha-256",
        "--auth-host=scram-sha-256",
        "--encoding=UTF8",
        f"--locale={locale}",
        *case_rules,
        "--no-sync",
    ]
    return runner.run(command, timeout=START_SECONDS)


@contextmanager
def _password_file(directory: Path, runner: Account, password: str) -> Generator[Path]:
    """A file that `initdb` can read, for as long as it needs it, beside the data directory, which must be empty."""
    path = directory.with_name(f"{directory.name}.{token_hex(4)}.password")
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(password)
        runner.give(path, 0o600)
        yield path
    finally:
        path.unlink(missing_ok=True)


def _include_settings(configuration: Path) -> None:
    """Make `initdb`'s configuration, which holds what it found out about the machine, read ours after it."""
    with configuration.open("a", encoding="utf-8") as file:
        file.write(f"\ninclude_if_exists = '{_SETTINGS_FILE}'\n")


def read_postmaster(directory: Path) -> Postmaster | None:
    """What `postmaster.pid` in *directory* says, or `None`; a server writes the file in steps as it starts."""
    try:
        lines = (directory / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
        lines += [""] * 6
        return Postmaster(
            pid=abs(int(lines[0])),  # negative in single-user mode
            port=int(lines[3] or PORT),
            socket_directory=Path(lines[4]) if lines[4] else None,
            listens=bool(lines[5].strip()),
        )
    except (OSError, ValueError):
        return None


def ask(socket_directory: Path, port: int) -> Answer:
    """Ask the server behind a socket, without logging in."""
    conninfo = make_conninfo(
        host=str(socket_directory), port=port, dbname="postgres", user=ADMIN, connect_timeout=ANSWER_SECONDS
    )
    match psycopg.pq.PGconn.ping(conninfo.encode()):
        case psycopg.pq.Ping.OK:
            return Answer.READY
        case psycopg.pq.Ping.REJECT:
            return Answer.BUSY
        case _:
            return Answer.NONE


# ---------------------------------------------------------------- processes
def process_runs(pid: int) -> bool:
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


def _all_processes() -> Iterator[int]:
    yield from (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _program(pid: int) -> str:
    """The name of the program that *pid* runs; somebody's shell may stand in the directory too."""
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _ps(pid: int, column: str) -> str:
    command = ["/bin/ps", "-o", column, "-p", str(pid)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)  # noqa: S603 -- fixed
    return done.stdout.strip()


def _last_lines(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " | ".join(lines[-3:])
