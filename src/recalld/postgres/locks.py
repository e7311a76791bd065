"""Advisory locks on files, which the kernel releases when their holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from weakref import WeakSet

_POLL = 0.02  # seconds


class FileLock:
    """One lock file. Its lock is this object's: another object on the same file competes with it, also in one process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None
        _open_locks.add(self)

    @property
    def held(self) -> bool:
        """True while this object holds the lock, shared or exclusive."""
        return self._descriptor is not None

    def try_exclusive(self) -> bool:
        """Take the lock alone, now or not at all. A shared lock of this object is given up, also on failure."""
        return self._try(fcntl.LOCK_EX)

    def try_shared(self) -> bool:
        """Take the lock together with other sharers, now or not at all."""
        return self._try(fcntl.LOCK_SH)

    def wait_shared(self, seconds: float) -> bool:
        """Take the lock together with other sharers; False when *seconds* pass without it."""
        deadline = time.monotonic() + seconds
        while not self.try_shared():
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL)
        return True

    def wait_exclusive(self, seconds: float) -> bool:
        """Take the lock alone; False when *seconds* pass without it."""
        deadline = time.monotonic() + seconds
        while not self.try_exclusive():
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL)
        return True

    def note(self, text: str) -> None:
        """Write *text* into the file, for people: the lock itself does not need it."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, text.encode(), 0)

    def release(self) -> None:
        """Let go; nothing happens when it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _try(self, kind: int) -> bool:
        if self._descriptor is None:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            return False
        return True


_open_locks: WeakSet[FileLock] = WeakSet()


def _forget_in_child() -> None:
    """A forked child would share its parent's locks; closing its descriptors leaves the parent's intact."""
    for lock in list(_open_locks):
        lock.release()


os.register_at_fork(after_in_child=_forget_in_child)
