"""The embedded PostgreSQL: a server of our own in a data directory, shared by all processes that name the directory.

    data_dir/
      cluster/            the data of PostgreSQL; appears complete or not at all
      credentials.json    the passwords of the two logins
      run/                the socket, unless its path would be too long
      owner.lock          held by the process that answers for the server
      users.lock          held, shared, by every process that uses it
      start.lock          held while somebody makes, starts or stops it

The first process makes and starts the server and is its owner, later ones attach to it, and **the last one to leave stops
it**. All locks are the kernel's: a killed process leaves nothing behind but a running server, which the next one adopts.
A process that ends without `stop()` leaves at interpreter exit; one that dies of a signal leaves the server running, so
programs that handle SIGTERM should end in `stop()`.

Row-level security holds here as on a server of your own: neither login is a superuser, and the superuser's password is
thrown away when the bootstrap is done. Whoever owns the files can still read everything, as with every database.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from secrets import token_hex, token_urlsafe
from types import MappingProxyType

import psycopg
import structlog

from recalld.errors import ConfigurationError, DatabaseUnavailable, RecalldError
from recalld.postgres.account import server_account
from recalld.postgres.binaries import Binaries, for_major, newest
from recalld.postgres.bootstrap import FINGERPRINT, bootstrap
from recalld.postgres.cluster import ADMIN, PORT, START_SECONDS, Answer, Cluster, ask, create_cluster, read_postmaster
from recalld.postgres.credentials import Credentials, DatabaseUrls
from recalld.postgres.data_dir import (
    CLUSTER,
    CREDENTIALS,
    OWNER_LOCK,
    START_LOCK,
    UNFINISHED,
    USERS_LOCK,
    check_reach,
    default_data_dir,
    give_to_owner,
    make_socket_directory,
    prepare_data_dir,
    socket_directory,
)
from recalld.postgres.locks import FileLock
from recalld.postgres.server_settings import SETTINGS

__all__ = ["DatabaseUrls", "EmbeddedPostgres", "cluster_in", "default_data_dir"]

log = structlog.get_logger("recalld.postgres")

LEAVE_SECONDS = 30  # how long leaving waits for somebody who is starting the server
_BOOTSTRAP_PORT = 1  # the server that is being prepared listens where no client looks
_POLL = 0.05
_NO_SETTINGS: Mapping[str, str] = MappingProxyType({})


class EmbeddedPostgres:
    """Our own PostgreSQL server in *data_dir*. All methods block: call them in a thread."""

    def __init__(
        self, data_dir: Path, *, tcp_port: int | None = None, settings: Mapping[str, str] = _NO_SETTINGS
    ) -> None:
        """Nothing happens yet.

        Args:
            data_dir: a directory of its own, made when missing; on a local file system.
            tcp_port: also listen on 127.0.0.1 at this port, for other tools; recalld itself uses the socket.
            settings: PostgreSQL settings over those of `server_settings`; those of the process that starts the server count.
        """
        self.data_dir = Path(data_dir).absolute()
        self._tcp_port = tcp_port
        self._settings = dict(settings)
        self._mutex = threading.RLock()
        self._owner_lock = FileLock(self.data_dir / OWNER_LOCK)
        self._users_lock = FileLock(self.data_dir / USERS_LOCK)
        self._start_lock = FileLock(self.data_dir / START_LOCK)
        self._at_exit: Callable[[], None] | None = None

    @property
    def owner(self) -> bool:
        """True when this object answers for the server."""
        return self._owner_lock.held

    def start(self) -> DatabaseUrls:
        """Make the server if there is none, start it if it does not run, attach to it if it does; return its addresses.

        Takes about a second for a new directory and a tenth for an old one; after a crash as long as the recovery takes.
        Raises `ConfigurationError`, `DatabaseUnavailable`.
        """
        with self._mutex:
            joined_before = self._users_lock.held
            try:
                prepare_data_dir(self.data_dir)
                self._join()
                return self._running() or self._bring_up()
            except BaseException as error:
                if not joined_before:
                    self.stop()
                if isinstance(error, OSError):
                    raise self._unusable(error) from error
                raise

    def ensure_running(self) -> DatabaseUrls:
        """After a failed connection: look whether the server answers, and start it again if it does not.

        A process that was attached becomes the owner when the owner is gone. Raises as `start` does.
        """
        return self.start()

    def stop(self) -> None:
        """Leave. The last process to leave stops the server cleanly; calling this twice is fine."""
        with self._mutex:
            try:
                if self._users_lock.held and self._start_lock.wait_exclusive(LEAVE_SECONDS):
                    self._stop_if_last()
            finally:
                for lock in (self._users_lock, self._owner_lock, self._start_lock):
                    lock.release()
                if self._at_exit is not None:
                    atexit.unregister(self._at_exit)
                    self._at_exit = None

    # ------------------------------------------------------------ joining and leaving
    def _join(self) -> None:
        """Register as a user of the server, so that nobody stops it under us, and as its owner if there is none."""
        if not self._users_lock.held and not self._users_lock.wait_shared(START_SECONDS):
            raise DatabaseUnavailable(
                f"another process has been stopping the server in {str(self.data_dir)!r} for minutes"
            )
        if not self._owner_lock.held and self._owner_lock.try_exclusive():
            self._owner_lock.note(f"{os.getpid()}\n")
        if self._at_exit is None:
            self._at_exit = self.stop
            atexit.register(self._at_exit)

    def _stop_if_last(self) -> None:
        with suppress(ConfigurationError):  # nothing can have been started then
            if self._users_lock.try_exclusive():
                self._cluster().stop()

    def _alone(self) -> bool:
        """True when no other process uses the server. Asked under the start lock, so that nobody stops it meanwhile."""
        alone = self._users_lock.try_exclusive()
        self._users_lock.wait_shared(START_SECONDS)
        return alone

    # ------------------------------------------------------------ attaching
    def _running(self) -> DatabaseUrls | None:
        """The addresses of the running server, or `None` when there is none that is ready.

        Raises `ConfigurationError`, `DatabaseUnavailable` for one that refuses us.
        """
        credentials, postmaster = self._credentials(), read_postmaster(self.data_dir / CLUSTER)
        if credentials is None or postmaster is None or postmaster.socket_directory is None:
            return None
        if postmaster.port == _BOOTSTRAP_PORT or self._look_closer(credentials):
            return None
        if ask(postmaster.socket_directory, postmaster.port) is not Answer.READY:
            return None
        return self._logged_in(credentials.urls(postmaster.socket_directory, postmaster.port))

    def _look_closer(self, credentials: Credentials) -> bool:
        """True when the owner finds a server that another version of recalld bootstrapped; it decides under the lock."""
        return credentials.bootstrap != FINGERPRINT and self.owner and not self._start_lock.held

    def _logged_in(self, urls: DatabaseUrls) -> DatabaseUrls | None:
        """The same addresses when we can log in; the server proves by it (SCRAM is mutual) that it is ours."""
        try:
            psycopg.connect(urls.service, connect_timeout=10).close()
        except psycopg.OperationalError as error:
            reason = str(error).rpartition("FATAL:")[2].strip()
            if "password authentication failed" in reason:
                raise ConfigurationError(
                    f"the server in {str(self.data_dir)!r} does not know the passwords in {CREDENTIALS!r}; stop all "
                    "processes that use it, delete that file and start again: new passwords are made"
                ) from error
            if "the database system is" in reason or "FATAL:" not in str(error):
                return None  # it went down between our question and our login
            raise DatabaseUnavailable(f"the server in {str(self.data_dir)!r} refuses our login: {reason}") from error
        return urls

    # ------------------------------------------------------------ starting
    def _bring_up(self) -> DatabaseUrls:
        """Do what is missing when it is our turn, or wait until somebody else has done it."""
        deadline = time.monotonic() + START_SECONDS
        while not self._start_lock.try_exclusive():
            if time.monotonic() > deadline:
                raise DatabaseUnavailable(
                    f"another process has been starting the server in {str(self.data_dir)!r} for minutes"
                )
            time.sleep(_POLL)
            if urls := self._running():
                return urls
        try:
            return self._make_and_start(deadline)
        finally:
            self._start_lock.release()

    def _make_and_start(self, deadline: float) -> DatabaseUrls:
        cluster = self._cluster()
        self._remove_unfinished(cluster)
        if not cluster.exists:
            self._make(cluster)
        elif self._needs_bootstrap() and (not _serves_clients(cluster) or self._alone()):
            self._bootstrap_again(cluster)
        if not cluster.answers(deadline):
            self._start(cluster)
        if urls := self._running():
            return urls
        raise DatabaseUnavailable(
            f"the server in {str(self.data_dir)!r} runs but cannot be entered; stop all processes that use it and start again"
        )

    def _start(self, cluster: Cluster) -> None:
        """Start the server where the last one was, if that was killed: others may hold its address still."""
        last = cluster.postmaster
        if last is not None:
            log.warning("server.died", data_dir=str(self.data_dir), pid=last.pid)
        if self._tcp_port is None and last is not None and last.port != _BOOTSTRAP_PORT:
            port, listens = last.port, last.listens
        else:
            port, listens = self._tcp_port or PORT, self._tcp_port is not None
        addresses = {"listen_addresses": "127.0.0.1" if listens else ""}
        cluster.start({**SETTINGS, **addresses, **self._settings}, port=port)

    # ------------------------------------------------------------ making
    def _make(self, cluster: Cluster) -> None:
        """A new cluster, prepared beside its place and renamed into it: a kill at any moment leaves nothing or all."""
        unfinished = replace(cluster, directory=self.data_dir / f"{UNFINISHED}{token_hex(4)}")
        try:
            create_cluster(unfinished, admin_password=token_urlsafe(32))
            credentials = self._bootstrap_as_admin(unfinished, {"fsync": "off"})
            if self._settings.get("fsync") != "off":
                unfinished.sync()  # once at the end: half the time of syncing at every step
            self._write_credentials(credentials)
        except BaseException:
            unfinished.remove()
            raise
        unfinished.directory.rename(cluster.directory)
        _sync(self.data_dir)

    def _bootstrap_again(self, cluster: Cluster) -> None:
        """After an upgrade of recalld, or when the credentials are lost; whoever owns the files may do that."""
        log.warning("bootstrap.repeated", data_dir=str(self.data_dir))
        cluster.stop()
        self._write_credentials(self._bootstrap_as_admin(cluster, {}))

    def _bootstrap_as_admin(self, cluster: Cluster, settings: Mapping[str, str]) -> Credentials:
        """Run the bootstrap where no client looks; the superuser has no password afterwards, and cannot log in."""
        conninfo = cluster.start_for_maintenance({**SETTINGS, **self._settings, **settings}, port=_BOOTSTRAP_PORT)
        credentials = Credentials.random(FINGERPRINT)
        with psycopg.connect(conninfo, autocommit=True) as admin:
            bootstrap(
                admin,
                service_password=credentials.service_password,
                migrator_password=credentials.migrator_password,
            )
            admin.execute(f"alter role {ADMIN} password null")
        cluster.stop()
        return credentials

    def _needs_bootstrap(self) -> bool:
        credentials = self._credentials()
        return credentials is None or credentials.bootstrap != FINGERPRINT

    def _remove_unfinished(self, cluster: Cluster) -> None:
        """Clear away what interrupted bootstraps left, with the servers that may still run there."""
        for path in self.data_dir.glob(f"{UNFINISHED}*"):
            if path.is_dir():
                replace(cluster, directory=path).remove()
            else:
                path.unlink(missing_ok=True)

    # ------------------------------------------------------------ files
    def _cluster(self) -> Cluster:
        """The cluster, checked to be within reach of its account, with binaries that the account can run."""
        cluster = cluster_in(self.data_dir)
        check_reach(self.data_dir, cluster.account)
        make_socket_directory(cluster.socket_directory, cluster.account)
        if cluster.account.can_run(Path(cluster.binaries.program("postgres"))):
            return cluster
        return replace(cluster, binaries=cluster.binaries.copied_to(self.data_dir))

    def _credentials(self) -> Credentials | None:
        return Credentials.read(self.data_dir / CREDENTIALS)

    def _write_credentials(self, credentials: Credentials) -> None:
        credentials.write(self.data_dir / CREDENTIALS)
        give_to_owner(self.data_dir, self.data_dir / CREDENTIALS)

    def _unusable(self, error: OSError) -> RecalldError:
        what = f"{type(error).__name__}: {error.strerror}, {str(error.filename)!r}"
        return ConfigurationError(f"the data directory {str(self.data_dir)!r} cannot be used ({what})")


def cluster_in(data_dir: Path) -> Cluster:
    """The cluster of *data_dir*, which may not exist yet, with its program and account; changes nothing.

    Raises `ConfigurationError` when no installed PostgreSQL fits.
    """
    directory = data_dir / CLUSTER
    return Cluster(
        directory=directory,
        socket_directory=socket_directory(data_dir),
        binaries=_binaries_for(directory),
        account=server_account(directory),
    )


def _serves_clients(cluster: Cluster) -> bool:
    """True when a server runs that clients can find: not one that an interrupted bootstrap left."""
    postmaster = cluster.postmaster
    return postmaster is not None and postmaster.port != _BOOTSTRAP_PORT and cluster.process_alive


def _binaries_for(directory: Path) -> Binaries:
    try:
        return for_major(int((directory / "PG_VERSION").read_text(encoding="utf-8")))
    except FileNotFoundError:
        return newest()


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
