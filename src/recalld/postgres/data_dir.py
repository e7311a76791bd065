"""The data directory: where it is by default, whose it is, and where its socket goes.

Directories above it are never changed; opening a way to it is the administrator's decision.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from recalld.errors import ConfigurationError
from recalld.postgres.account import Account, server_account

CLUSTER = "cluster"  # the data of PostgreSQL
UNFINISHED = "cluster.unfinished-"  # bootstraps under way, or interrupted
CREDENTIALS = "credentials.json"
OWNER_LOCK, USERS_LOCK, START_LOCK = LOCKS = ("owner.lock", "users.lock", "start.lock")
SOCKET_PATH_BYTES = 107 if sys.platform == "linux" else 103

_HARMLESS = {*LOCKS, "lost+found", ".DS_Store"}  # what a fresh directory may hold, a mounted volume for instance


def default_data_dir(environment: Mapping[str, str] = os.environ) -> Path:
    """Where data goes when nothing is said: `RECALLD_DATA_DIR`, else the user's data folder; for root `/var/lib/recalld`."""
    if named := environment.get("RECALLD_DATA_DIR"):
        return Path(named).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/recalld")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "recalld"
    return Path(environment.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "recalld"


def prepare_data_dir(data_dir: Path) -> None:
    """Make *data_dir* if it is missing, private to its owner (and, under root, passable for the server's account).

    Raises `ConfigurationError` for a directory that is somebody else's or holds other things.
    """
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_owner(data_dir)
        if not (data_dir / OWNER_LOCK).exists():
            _take_over(data_dir)
    except OSError as error:
        raise ConfigurationError(
            f"the data directory {str(data_dir)!r} cannot be used ({type(error).__name__}); "
            "name another one with RECALLD_DATA_DIR"
        ) from error


def check_owner(data_dir: Path) -> None:
    """Raise `ConfigurationError` unless *data_dir* is ours to use: our own, or root's and open for us (a mounted volume)."""
    owner = data_dir.stat().st_uid
    if os.geteuid() == 0 or owner == os.geteuid() or (owner == 0 and os.access(data_dir, os.R_OK | os.W_OK | os.X_OK)):
        return
    raise ConfigurationError(
        f"the data directory {str(data_dir)!r} belongs to uid {owner}; run recalld as that user, or name another directory"
    )


def check_reach(data_dir: Path, account: Account) -> None:
    """Raise `ConfigurationError` when the server's account cannot come to *data_dir*."""
    if account.is_ours or account.run(["/bin/sh", "-c", 'cd "$0"', str(data_dir)], timeout=30).returncode == 0:
        return
    raise ConfigurationError(
        f"root runs PostgreSQL as uid {account.uid}, which cannot come to {str(data_dir)!r} "
        "because a directory above it is private; name a data directory elsewhere (RECALLD_DATA_DIR=/var/lib/recalld), "
        "or run recalld as an ordinary user"
    )


def give_to_owner(data_dir: Path, path: Path) -> None:
    """Files that root makes in an ordinary user's data directory must stay that user's."""
    if os.geteuid() == 0:
        status = data_dir.stat()
        os.chown(path, status.st_uid, status.st_gid)


def socket_directory(data_dir: Path) -> Path:
    """Where the socket goes: below the data directory or, when that path is too long, in a private folder of /tmp."""
    below = data_dir / "run"
    if len(os.fsencode(below / ".s.PGSQL.65535")) <= SOCKET_PATH_BYTES:
        return below
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()
    return Path("/tmp") / f"recalld-{digest[:16]}"  # noqa: S108 -- `make_socket_directory` checks whose it is


def make_socket_directory(directory: Path, account: Account) -> None:
    """Make *directory*, for *account* alone. Raises `ConfigurationError` when another user was there first."""
    directory.mkdir(mode=0o700, exist_ok=True)
    owner = directory.lstat().st_uid
    if owner not in (os.geteuid(), account.uid):
        raise ConfigurationError(
            f"the socket directory {str(directory)!r} belongs to uid {owner}; name a data directory with a shorter path"
        )
    account.give(directory, 0o700)


def _take_over(data_dir: Path) -> None:
    """Make an empty directory ours; one with other things in it may be a home directory given by mistake."""
    if any(entry.name not in _HARMLESS for entry in data_dir.iterdir()):
        raise ConfigurationError(
            f"{str(data_dir)!r} holds files that are not recalld's; name an empty directory, or one that does not exist yet"
        )
    _close(data_dir)
    for name in reversed(LOCKS):  # the first one last: it says that the directory is ours
        (data_dir / name).touch(mode=0o600)
        give_to_owner(data_dir, data_dir / name)


def _close(data_dir: Path) -> None:
    owner = data_dir.stat().st_uid
    if owner != os.geteuid():
        return
    if owner == 0:
        os.chown(data_dir, 0, server_account(data_dir / CLUSTER).gid)
    data_dir.chmod(0o710 if owner == 0 else 0o700)
