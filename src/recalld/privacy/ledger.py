"""The ledger of erasures: a file outside of the database and of its backups, so that a restored database forgets again whom it should.

A line of JSON per event: that an erasure began, that it was verified, that its second pass is through. Each line is signed by the
installation and names nobody but by pseudonym. Lines are appended under a lock and are on the disk when the call returns.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from recalld.errors import ConfigurationError, InvalidInput, LedgerUnavailable
from recalld.privacy.receipt import as_mapping, from_mapping
from recalld.values import ErasureReceipt

TAIL_BYTES = 65_536  # of the end, which tells whether a database is behind: about fifty lines
log = structlog.get_logger("recalld.ledger")


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A line of the ledger."""

    tenant_id: str
    receipt: ErasureReceipt  # of an erasure that began: partial, and signed as it stood then

    @property
    def line(self) -> str:
        """Itself as JSON, without an end of line."""
        return json.dumps({"tenant_id": self.tenant_id, "receipt": as_mapping(self.receipt)}, sort_keys=True)


def entry(text: str) -> Entry:
    """An entry from its line. Raises `InvalidInput`."""
    try:
        body: Mapping[str, Any] = json.loads(text)
        return Entry(tenant_id=str(body["tenant_id"]), receipt=from_mapping(body["receipt"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InvalidInput("a line of the ledger is not one of 'recalld erasures export'") from None


class LedgerFile:
    """The ledger of this installation, where one is set; else nothing is written and nothing is read."""

    def __init__(self, path: Path | None) -> None:
        """*path* has to be there, be it empty: one that is missing is more likely not mounted than new. Raises `ConfigurationError`."""
        if path is not None and not path.is_file():
            raise ConfigurationError(
                f"the ledger of erasures {str(path)!r} is not there; mount it, or make it with 'touch' if it is to begin now"
            )
        self.path = path

    async def write(self, tenant_id: str, receipt: ErasureReceipt) -> None:
        """Append an entry; it is on the disk afterwards. Raises `LedgerUnavailable`."""
        if self.path is None:
            return
        try:
            await asyncio.to_thread(_append, self.path, Entry(tenant_id=tenant_id, receipt=receipt).line)
        except OSError as error:
            raise LedgerUnavailable(f"the ledger of erasures cannot be written: {type(error).__name__}") from error

    def recent(self) -> list[Entry]:
        """The last entries. Raises `LedgerUnavailable`."""
        return list(self._entries(TAIL_BYTES))

    def all(self) -> list[Entry]:
        """All entries, oldest first. Raises `LedgerUnavailable`."""
        return list(self._entries(None))

    def _entries(self, last_bytes: int | None) -> Iterator[Entry]:
        if self.path is None:
            return
        try:
            lines = _lines(self.path, last_bytes)
        except OSError as error:
            raise LedgerUnavailable(f"the ledger of erasures cannot be read: {type(error).__name__}") from error
        yield from _entries(lines)


def _entries(lines: Iterable[str]) -> Iterator[Entry]:
    """What can be read. A line that was cut off by a crash is followed by others of the same erasure."""
    for line in filter(str.strip, lines):
        try:
            yield entry(line)
        except InvalidInput:
            log.error("ledger.damaged_line")  # noqa: TRY400 -- never the content


def _lines(path: Path, last_bytes: int | None) -> list[str]:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        begin = 0 if last_bytes is None else max(size - last_bytes, 0)
        file.seek(begin)
        lines = file.read().decode("utf-8", errors="replace").splitlines()
    return lines[1:] if begin else lines  # the first is a part of one


def _append(path: Path, line: str) -> None:
    """Under a lock, since several processes of an installation share it."""
    with path.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(size - 1)
            whole = file.read(1) == b"\n"
        else:
            whole = True
        file.write(f"{'' if whole else os.linesep}{line}\n".encode())
        file.flush()
        os.fsync(file.fileno())
