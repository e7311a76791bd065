"""Reads sessions from files: our own JSON format and LoCoMo's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

from recalld.border import check_timezone, shorten
from recalld.errors import InvalidInput
from recalld.importers.document import from_document, from_lines
from recalld.importers.locomo import from_locomo, is_locomo
from recalld.importers.session import ImportedSession
from recalld.importers.strict import Json, parse

__all__ = ["ImportedSession", "read_sessions"]


def read_sessions(path: Path, *, timezone: str | None = None) -> Iterator[ImportedSession]:
    """The sessions of *path*, in its order.

    The file is a JSON document, JSON Lines with one session each, or LoCoMo's; which one is seen from what it holds.
    *timezone* is the zone of times without an offset where the file names none. Raises `InvalidInput` or one of its
    kinds when the session is reached: read the file to its end before anything is written.
    """
    zone = check_timezone(timezone) if timezone else None
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from _distinct(_sessions(file, zone))
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path.name!r} is not UTF-8; convert it first") from error
    except OSError as error:
        raise InvalidInput(f"{path.name!r} cannot be read: {error.strerror}") from error


def _sessions(file: Iterable[str], zone: str | None) -> Iterator[ImportedSession]:
    lines = iter(file)
    number, first = next(((number, line) for number, line in enumerate(lines, 1) if line.strip()), (1, ""))
    if _is_session(first):
        yield from from_lines(number, first, lines, zone)
        return
    document = parse("\n" * (number - 1) + first + "".join(lines))
    if is_locomo(document):
        yield from from_locomo(document, zone or "UTC")
    else:
        yield from from_document(document, zone)


def _distinct(sessions: Iterable[ImportedSession]) -> Iterator[ImportedSession]:
    """The *sessions*; the same id twice for one user is an error, since the second would be lost."""
    seen: set[tuple[str | None, str]] = set()
    for session in sessions:
        key = (session.user_id, session.session_id)
        if key in seen:
            raise InvalidInput(f"session {shorten(session.session_id)} is in the file twice; give each its own id")
        seen.add(key)
        yield session


def _is_session(line: str) -> bool:
    """Whether a first line is a whole session, so that the file is JSON Lines."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and not {"sessions", "conversation"} & cast("Json", found).keys()
