"""The embedded PostgreSQL: a server of our own in a data directory, shared by all processes that name the directory.

    data_dir/
      cluster/            the data of PostgreSQL; appears complete or not at all
      credentials.json    the passwords of the two logins
      run/                the socket, unless its path would be too long
      owner.lock          held by the process that answers for the server
      users.lock          held, shared, by every process that uses it
      start.lock          held while somebody makes, starts or stops it

The first process makes and starts the server, later ones connect to it, and **the last one to leave stops it**. Every lock is the
kernel's, so a killed process leaves nothing behind but a running server, which the next one adopts. A process that ends without
`stop()` stops the server at interpreter exit if it was the last; one that dies of a signal leaves it running.

Row-level security holds here as on a server of your own: neither login is a superuser, and the superuser's password is thrown away when
the bootstrap is done. Whoever owns the files can still read everything, as on every database.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from secrets import token_hex, token_urlsafe
from types import MappingProxyType

import psycopg

from recalld.errors import ConfigurationError, DatabaseUnavailable
from recalld.postgres.account import Account, server_account
from recalld.postgres.binaries import Binaries, for_major, newest
from recalld.postgres.bootstrap import DATABASE, FINGERPRINT, MIGRATOR_LOGIN, SERVICE_LOGIN, bootstrap
from recalld.postgres.cluster import (
    ADMIN,
    PORT,
    SILENT_SECONDS,
    START_SECONDS,
    Answer,
    Cluster,
    ask,
    create_cluster,
    read_postmaster,
)
from recalld.postgres.credentials import Credentials, DatabaseUrls
from recalld.postgres.locks import FileLock
from recalld.postgres.server_settings import SETTINGS

__all__ = ["DatabaseUrls", "EmbeddedPostgres", "default_data_dir", "prepare_data_dir"]

UNFINISHED = "cluster.unfinished-"  # directories of bootstraps under way, or interrupted
_BOOTSTRAP_PORT = 1  # the server that is being prepared listens where no client looks
_SOCKET_PATH_BYTES = 107 if sys.platform == "linux" else 103
_POLL = 0.05
_NO_SETTINGS: Mapping[str, str] = MappingProxyType({})


class EmbeddedPostgres:
    """Our own PostgreSQL server in *data_dir*. All methods block; call them in a thread."""

    def __init__(
        self, data_dir: Path, *, tcp_port: int | None = None, settings: Mapping[str, str] = _NO_SETTINGS
    ) -> None:
        """Nothing happens yet.

        Args:
            data_dir: a directory of its own, made when missing; on a local file system.
            tcp_port: also listen on 127.0.0.1 at this port, for other tools; recalld itself uses the socket.
            settings: PostgreSQL settings over those of `server_settings`; they count for the process that starts the server.
        """
        self.data_dir = Path(data_dir).absolute()
        self._port = tcp_port or PORT
        self._settings = {**SETTINGS, **({"listen_addresses": "127.0.0.1"} if tcp_port else {}), **settings}
        self._mutex = threading.RLock()
        self._owner_lock = FileLock(self.data_dir / "owner.lock")
        self._users_lock = FileLock(self.data_dir / "users.lock")
        self._start_lock = FileLock(self.data_dir / "start.lock")
        self._stop_at_exit: Callable[[], None] | None = None

    @property
    def owner(self) -> bool:
        """True when this object answers for the server."""
        return self._owner_lock.held

    def start(self) -> DatabaseUrls:
        """Make the server if there is none, start it if it does not run, connect to it if it does; return its addresses.

        Takes about a second for a new directory and a tenth for an old one; after a crash, as long as the recovery takes.
        Raises `ConfigurationError`, `DatabaseUnavailable`.
        """
        with self._mutex:
            prepare_data_dir(self.data_dir)
            self._join()
            return self._running() or self._bring_up()

    def ensure_running(self) -> DatabaseUrls:
        """After a failed connection: look whether the server answers, and start it again if it does not.

        A process that was attached becomes the owner when the owner is gone. Raises `ConfigurationError`, `DatabaseUnavailable`.
        """
        return self.start()

    def stop(self) -> None:
        """Leave. The last process to leave stops the server, cleanly; calling it twice is fine."""
        with self._mutex:
            if self._users_lock.held and self._start_lock.wait_exclusive(START_SECONDS):
                try:
                    if self._users_lock.try_exclusive():
                        self._cluster().stop()
                finally:
                    self._users_lock.release()
                    self._owner_lock.release()
                    self._start_lock.release()
            if self._stop_at_exit is not None:
                atexit.unregister(self._stop_at_exit)
                self._stop_at_exit = None

    # ------------------------------------------------------------ steps
    def _join(self) -> None:
        """Register as a user of the server, so that nobody stops it under us, and as its owner if there is none."""
        if not self._users_lock.held and not self._users_lock.wait_shared(START_SECONDS):
            raise DatabaseUnavailable(
                f"another process has been stopping the server in {str(self.data_dir)!r} for minutes"
            )
        if not self._owner_lock.held and self._owner_lock.try_exclusive():
            self._owner_lock.note(f"{os.getpid()}\n")
        if self._stop_at_exit is None:
            self._stop_at_exit = self.stop
            atexit.register(self._stop_at_exit)

    def _running(self) -> DatabaseUrls | None:
        """The addresses of the running server, or `None` when there is none that accepts us yet."""
        credentials = Credentials.read(self._credentials_path)
        postmaster = read_postmaster(self.data_dir / "cluster")
        if (
            credentials is None
            or postmaster is None
            or postmaster.socket_directory is None
            or postmaster.port == _BOOTSTRAP_PORT
        ):
            return None
        if credentials.bootstrap != FINGERPRINT and self.owner and not self._start_lock.held:
            return None  # made by another version: look closer, under the lock
        if ask(postmaster.socket_directory, postmaster.port) is not Answer.READY:
            return None
        return self._logged_in(credentials.urls(postmaster.socket_directory, postmaster.port))

    def _logged_in(self, urls: DatabaseUrls) -> DatabaseUrls | None:
        """The same addresses when the server knows the password; it proves with it (SCRAM is mutual) that it is ours."""
        try:
            psycopg.connect(urls.service, connect_timeout=10).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise ConfigurationError(
                    f"the server in {str(self.data_dir)!r} does not know the passwords in {self._credentials_path.name!r}; "
                    "stop all recalld processes, delete that file and start again: new passwords are made"
                ) from error
            return None
        return urls

    def _bring_up(self) -> DatabaseUrls:
        """Wait for our turn, or for somebody else to have done it."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            if self._start_lock.try_exclusive():
                try:
                    return self._make_and_start(deadline)
                finally:
                    self._start_lock.release()
            time.sleep(_POLL)
            if urls := self._running():
                return urls
            if time.monotonic() > deadline:
                raise DatabaseUnavailable(
                    f"another process has been starting the server in {str(self.data_dir)!r} for {START_SECONDS} s"
                )

    def _make_and_start(self, deadline: float) -> DatabaseUrls:
        """Do what is missing, under the lock."""
        self._remove_unfinished()
        cluster = self._cluster()
        if not cluster.exists:
            self._make(cluster)
        elif self._needs_bootstrap() and self._alone():
            self._bootstrap_again(cluster)
        if not self._answers(cluster, deadline):
            cluster.start(self._settings, port=self._port)
        urls = self._running()
        if urls is None:
            raise DatabaseUnavailable(
                f"the server in {str(self.data_dir)!r} runs but refuses our login; 'recalld doctor' explains"
            )
        return urls

    def _answers(self, cluster: Cluster, deadline: float) -> bool:
        """True when a running server of *cluster* answers; one that is starting or stopping is waited for.

        Raises `DatabaseUnavailable` for a process that stays silent.
        """
        silent_until = time.monotonic() + SILENT_SECONDS
        while cluster.process_alive:
            postmaster = cluster.postmaster
            answer = cluster.answer(postmaster.port if postmaster else self._port)
            if answer is Answer.READY:
                return True
            now = time.monotonic()
            if now > (deadline if answer is Answer.BUSY else silent_until):
                pid = postmaster.pid if postmaster else "?"
                raise DatabaseUnavailable(
                    f"the PostgreSQL process {pid} of {str(self.data_dir)!r} does not answer; end it, and try again"
                )
            time.sleep(_POLL)
        return False

    # ------------------------------------------------------------ making
    def _make(self, cluster: Cluster) -> None:
        """A new cluster, prepared beside its place and renamed into it: a kill at any moment leaves nothing or all."""
        unfinished = replace(cluster, directory=self.data_dir / f"{UNFINISHED}{token_hex(4)}")
        password = token_urlsafe(32)
        try:
            create_cluster(unfinished, admin_password=password)
            credentials = self._bootstrap_as_admin(unfinished, password)
            unfinished.stop()
        except BaseException:
            unfinished.remove()
            raise
        self._write_credentials(credentials)
        unfinished.directory.rename(cluster.directory)
        _sync_directory(self.data_dir)

    def _bootstrap_again(self, cluster: Cluster) -> None:
        """After an upgrade, or when the credentials are lost: the owner of the files may give the superuser a password once more."""
        cluster.stop()
        password = token_urlsafe(32)
        cluster.set_admin_password(password)
        credentials = self._bootstrap_as_admin(cluster, password)
        cluster.stop()
        self._write_credentials(credentials)

    def _bootstrap_as_admin(self, cluster: Cluster, password: str) -> Credentials:
        """Run the bootstrap on a server that nobody else finds, then make the superuser's password unusable."""
        cluster.start({**self._settings, "listen_addresses": ""}, port=_BOOTSTRAP_PORT)
        credentials = Credentials.random(FINGERPRINT)
        conninfo = cluster.conninfo(login=ADMIN, password=password, database="postgres", port=_BOOTSTRAP_PORT)
        with psycopg.connect(conninfo, autocommit=True) as admin:
            bootstrap(
                admin,
                database=DATABASE,
                service_login=SERVICE_LOGIN,
                service_password=credentials.service_password,
                migrator_login=MIGRATOR_LOGIN,
                migrator_password=credentials.migrator_password,
            )
            admin.execute(f"alter role {ADMIN} password null")
        return credentials

    def _needs_bootstrap(self) -> bool:
        credentials = Credentials.read(self._credentials_path)
        return credentials is None or credentials.bootstrap != FINGERPRINT

    def _alone(self) -> bool:
        """True when no other process uses the server; asked under the start lock, so that nobody can join or leave meanwhile."""
        alone = self._users_lock.try_exclusive()
        self._users_lock.wait_shared(START_SECONDS)
        return alone

    def _remove_unfinished(self) -> None:
        """Clear away what interrupted bootstraps left, with the servers that may still run there."""
        for directory in self.data_dir.glob(f"{UNFINISHED}*"):
            if directory.is_dir():
                replace(self._cluster(), directory=directory).remove()
            else:
                directory.unlink(missing_ok=True)

    # ------------------------------------------------------------ places
    @property
    def _credentials_path(self) -> Path:
        return self.data_dir / "credentials.json"

    def _write_credentials(self, credentials: Credentials) -> None:
        credentials.write(self._credentials_path)
        _give_to_owner_of(self.data_dir, self._credentials_path)

    def _cluster(self) -> Cluster:
        """The cluster at its place, with the program and the account that fit it."""
        directory = self.data_dir / "cluster"
        account = server_account(directory)
        _check_reach(self.data_dir, account)
        return Cluster(
            directory=directory,
            socket_directory=_socket_directory(self.data_dir, self._port, account),
            binaries=_reachable(_binaries_for(directory), self.data_dir, account),
            account=account,
        )


# ---------------------------------------------------------------- the data directory
def default_data_dir(environment: Mapping[str, str] = os.environ) -> Path:
    """Where data goes when nothing is said: `RECALLD_DATA_DIR`, else the user's data folder, for root `/var/lib/recalld`."""
    if named := environment.get("RECALLD_DATA_DIR"):
        return Path(named).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/recalld")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "recalld"
    return Path(environment.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "recalld"


def prepare_data_dir(data_dir: Path) -> None:
    """Make *data_dir* if it is missing, private to its owner (and, under root, passable for the server's account).

    Directories above it are never changed. Raises `ConfigurationError` for a directory that is somebody else's or holds other things.
    """
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = data_dir.stat()
        if os.geteuid() not in (0, status.st_uid):
            raise ConfigurationError(
                f"the data directory {str(data_dir)!r} belongs to uid {status.st_uid}; run recalld as that user, or name another directory"
            )
        if not (data_dir / "owner.lock").exists():
            _take_over(data_dir)
    except OSError as error:
        raise ConfigurationError(
            f"the data directory {str(data_dir)!r} cannot be used ({type(error).__name__}); name another one with RECALLD_DATA_DIR"
        ) from error


def _take_over(data_dir: Path) -> None:
    """Make an empty directory ours; one with other things in it may be a home directory given by mistake."""
    if any(data_dir.iterdir()):
        raise ConfigurationError(
            f"{str(data_dir)!r} holds files that are not recalld's; name an empty directory, or one that does not exist yet"
        )
    account = server_account(data_dir / "cluster")
    if os.geteuid() == 0 and data_dir.stat().st_uid == 0:
        os.chown(data_dir, 0, account.gid)
        data_dir.chmod(0o710)
    else:
        data_dir.chmod(0o700)
    for name in ("users.lock", "start.lock", "owner.lock"):
        (data_dir / name).touch(mode=0o600)
        _give_to_owner_of(data_dir, data_dir / name)


def _give_to_owner_of(data_dir: Path, path: Path) -> None:
    """Files that root makes in an ordinary user's data directory must stay that user's."""
    if os.geteuid() == 0:
        status = data_dir.stat()
        os.chown(path, status.st_uid, status.st_gid)


def _check_reach(data_dir: Path, account: Account) -> None:
    """Raise `ConfigurationError` when the server's account cannot come to *data_dir*; opening the way is not ours to do."""
    if account.is_ours or account.run(["/bin/sh", "-c", 'cd "$0"', str(data_dir)], timeout=30).returncode == 0:
        return
    raise ConfigurationError(
        f"root runs PostgreSQL as uid {account.uid}, which cannot come to {str(data_dir)!r} because a directory above it is private; "
        "name a data directory elsewhere (RECALLD_DATA_DIR=/var/lib/recalld), or run recalld as an ordinary user"
    )


def _socket_directory(data_dir: Path, port: int, account: Account) -> Path:
    """Where the socket goes: below the data directory, or, when that path is too long, in a private folder of /tmp."""
    directory = data_dir / "run"
    if len(os.fsencode(directory / f".s.PGSQL.{port}")) > _SOCKET_PATH_BYTES:
        directory = Path("/tmp") / f"recalld-{hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]}"
    directory.mkdir(mode=0o700, exist_ok=True)
    status = directory.lstat()
    if status.st_uid not in (os.geteuid(), account.uid):
        raise ConfigurationError(
            f"the socket directory {str(directory)!r} belongs to uid {status.st_uid}; name a shorter data directory"
        )
    account.give(directory, 0o700)
    return directory


def _binaries_for(directory: Path) -> Binaries:
    try:
        return for_major(int((directory / "PG_VERSION").read_text(encoding="ascii")))
    except FileNotFoundError:
        return newest()


def _reachable(binaries: Binaries, data_dir: Path, account: Account) -> Binaries:
    """*binaries* where the account can run them; root's Python environment may be private."""
    if account.is_ours or account.reaches(Path(binaries.program("postgres"))):
        return binaries
    return binaries.copied_to(data_dir)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
