"""The operating-system account that runs the embedded server.

An ordinary user runs it as itself. PostgreSQL refuses to run as root, so root runs it under an account that nothing else
uses: the account `recalld` if the administrator made one, else a bare number without an entry in the user database, so that
nothing on the machine has to be changed. `initdb` alone insists on an entry: it borrows the uid of a nobody-like account,
together with our own group, which keeps the other processes of that account out.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from recalld.errors import ConfigurationError, DatabaseUnavailable

NAME = "recalld"
# 60578 to 61183 is what systemd's table of uids leaves unused; it is below 65536, where the uids of many containers end
NUMBER = 60917
_KEPT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """Who runs the server."""

    uid: int
    gid: int

    @property
    def is_ours(self) -> bool:
        """True when this process runs as that account already."""
        return self.uid == os.geteuid()

    def run(
        self, command: Sequence[str], *, text: str | None = None, timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run *command* as this account, with *text* as its input; a failing command is the caller's to judge.

        Raises `ConfigurationError` when root may not change its uid, `DatabaseUnavailable` when the time is over.
        """
        program = Path(command[0]).name
        try:
            return self._run(command, text, timeout)
        except subprocess.TimeoutExpired as error:
            raise DatabaseUnavailable(
                f"{program!r} did not return within {timeout:.0f} s; is the disk stuck or full?"
            ) from error
        except PermissionError as error:
            if self.is_ours:
                raise
            raise ConfigurationError(
                f"root cannot run {program!r} as uid {self.uid}: this container may not change uids; "
                "run recalld as an ordinary user, or set DATABASE_URL to a PostgreSQL server"
            ) from error

    def _run(self, command: Sequence[str], text: str | None, timeout: float) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 -- a fixed program with arguments of ours
            command,
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            cwd="/",
            env=_environment(),
            check=False,
            user=None if self.is_ours else self.uid,
            group=None if self.is_ours else self.gid,
            extra_groups=None if self.is_ours else [],
        )

    def give(self, path: Path, mode: int) -> None:
        """Make *path* this account's own."""
        if path.stat().st_mode & 0o7777 != mode:
            path.chmod(mode)
        if not self.is_ours:
            os.chown(path, self.uid, self.gid)

    def give_tree(self, directory: Path) -> None:
        """Make *directory* and everything below this account's own; modes stay."""
        if self.is_ours:
            return
        for folder, _, names in os.walk(directory):
            for name in ("", *names):
                os.chown(Path(folder, name), self.uid, self.gid, follow_symlinks=False)

    def can_run(self, program: Path) -> bool:
        """True when this account may reach and run *program*, access control lists included."""
        command = ["/bin/sh", "-c", 'test -r "$0" && test -x "$0"', str(program)]
        return self.is_ours or self.run(command, timeout=30).returncode == 0


def server_account(cluster: Path) -> Account:
    """Who runs the server of *cluster*: whoever owns its files; for a new one this process or, for root, a lesser account."""
    if os.geteuid() != 0:
        return Account(uid=os.geteuid(), gid=os.getegid())
    owner = _owner(cluster) or _owner(cluster.parent)
    if owner is not None:
        return owner
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        return Account(uid=NUMBER, gid=NUMBER)
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)


def initdb_account(server: Account) -> Account:
    """Who runs `initdb` for *server*: itself if the user database knows it, else a nobody-like account in its group.

    Raises `ConfigurationError` when there is no entry to borrow.
    """
    if _known(server.uid):
        return server
    entries = sorted(pwd.getpwall(), key=lambda entry: entry.pw_name != "nobody")
    others = [entry.pw_uid for entry in entries if entry.pw_uid != 0]
    if others and not server.is_ours:
        return Account(uid=others[0], gid=server.gid)
    raise ConfigurationError(
        f"PostgreSQL's initdb needs an entry for uid {server.uid} in /etc/passwd; "
        "add one (useradd), run as a known user, or set DATABASE_URL to a PostgreSQL server"
    )


def _owner(path: Path) -> Account | None:
    """The owner of *path*, unless that is root or there is no such path."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return Account(uid=status.st_uid, gid=status.st_gid) if status.st_uid != 0 else None


def _known(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _environment() -> dict[str, str]:
    """A minimal environment: the server must see neither PG* variables nor the application's keys."""
    return {"PATH": os.defpath, "LC_ALL": "C"} | {name: os.environ[name] for name in _KEPT if name in os.environ}
