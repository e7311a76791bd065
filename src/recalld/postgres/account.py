"""The operating-system account that runs the embedded server.

An ordinary user runs it as itself. PostgreSQL refuses to run as root, so root runs it under an account that nothing else uses: the
account `recalld` if the administrator made one, else a bare number without an entry in the user database, so that nothing on the
machine has to be changed. `initdb` alone insists on an entry: it borrows the uid of a nobody-like account, together with our own
group, which keeps the other processes of that account out.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from recalld.errors import ConfigurationError

NAME = "recalld"
# 60578 to 61183 is what systemd's table of uids leaves unused; it is below 65536, where the uids of many containers end
NUMBER = 60917
_KEPT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")


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
        """Run *command* as this account, with *text* as its input; a failing command is the caller's to judge."""
        try:
            return self._run(command, text, timeout)
        except PermissionError as error:
            if self.is_ours:
                raise
            raise ConfigurationError(
                f"root cannot run {Path(command[0]).name!r} as uid {self.uid}: either this container has no right to change the uid, "
                "or the program is out of that account's reach; run recalld as an ordinary user, or set DATABASE_URL"
            ) from error

    def _run(self, command: Sequence[str], text: str | None, timeout: float) -> subprocess.CompletedProcess[str]:
        drop = {} if self.is_ours else {"user": self.uid, "group": self.gid, "extra_groups": list[int]()}
        return subprocess.run(
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
            **drop,
        )

    def give(self, path: Path, mode: int) -> None:
        """Make *path* this account's own."""
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

    def reaches(self, path: Path) -> bool:
        """True when this account may enter or read *path*, access control lists included."""
        return self.run(["/bin/sh", "-c", 'test -r "$0" && test -x "$0"', str(path)], timeout=30).returncode == 0


def own_account() -> Account:
    """The account of this process."""
    return Account(uid=os.geteuid(), gid=os.getegid())


def server_account(cluster: Path) -> Account:
    """Who runs the server of *cluster*: whoever owns its files; for a new one, this process or, for root, the account of ours."""
    if os.geteuid() != 0:
        return own_account()
    if cluster.exists():
        status = cluster.stat()
        return Account(uid=status.st_uid, gid=status.st_gid)
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        return Account(uid=NUMBER, gid=NUMBER)
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)


def initdb_account(server: Account) -> Account:
    """Who runs `initdb` for *server*: the same account if the user database knows it, else a nobody-like one in our group.

    Raises `ConfigurationError` when there is no entry to borrow.
    """
    if _known(server.uid):
        return server
    if not server.is_ours:
        entries = sorted(pwd.getpwall(), key=lambda entry: entry.pw_name != "nobody")
        for entry in entries:
            if entry.pw_uid != 0:
                return Account(uid=entry.pw_uid, gid=server.gid)
    raise ConfigurationError(
        f"PostgreSQL's initdb needs an entry for uid {server.uid} in /etc/passwd; "
        "add one (useradd), run as a known user, or set DATABASE_URL to a PostgreSQL server"
    )


def _known(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _environment() -> dict[str, str]:
    """A minimal environment: the server must see neither PG* variables nor the application's keys."""
    return {"PATH": os.defpath, "LC_ALL": "C"} | {name: os.environ[name] for name in _KEPT if name in os.environ}
