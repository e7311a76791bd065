"""Our own format, documented in `docs/reference/import-format.md`: a JSON document, or JSON Lines of sessions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import cast

from recalld.border import check_id, check_message, check_purpose, check_text, check_timezone
from recalld.errors import InvalidInput, InvalidTime
from recalld.importers.session import ImportedSession
from recalld.importers.strict import Fields, at_place, parse
from recalld.values import Digest, Message

_DOCUMENT = frozenset({"timezone", "purpose", "user_id", "sessions"})
_SESSION = frozenset({"session_id", "user_id", "purpose", "timezone", "started_at", "ended_at", "messages", "digest"})
_MESSAGE = frozenset({"role", "content", "at", "name"})
_DIGEST = frozenset({"summary", "topics", "points"})

_user_id = partial(check_id, "user id")
_session_id = partial(check_id, "session id")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Defaults:
    """What a document says for all its sessions."""

    user_id: str | None = None
    purpose: str | None = None
    timezone: str | None = None


def from_lines(number: int, first: str, lines: Iterator[str], zone: str | None) -> Iterator[ImportedSession]:
    """The sessions of JSON Lines, of which line *number* is the *first* that is not blank."""
    defaults = _Defaults(timezone=zone)
    yield _session(parse(first, number), f"line {number}", defaults)
    for place, line in enumerate(lines, number + 1):
        if line.strip():
            yield _session(parse(line, place), f"line {place}", defaults)


def from_document(document: object, zone: str | None) -> Iterator[ImportedSession]:
    """The sessions of a whole document: an object with defaults and `sessions`, or a list of sessions."""
    whole: object = {"sessions": cast("object", document)} if isinstance(document, list) else document
    fields = Fields(whole, _DOCUMENT, "the file")
    defaults = _Defaults(
        user_id=fields.optional("user_id", _user_id),
        purpose=fields.optional("purpose", check_purpose),
        timezone=fields.optional("timezone", check_timezone) or zone,
    )
    if fields.found.get("sessions") is None:
        raise InvalidInput("the file has no 'sessions'; see docs/reference/import-format.md for what is read")
    for place, session in fields.items("sessions"):
        yield _session(session, place.removeprefix("the file."), defaults)


def _session(value: object, place: str, defaults: _Defaults) -> ImportedSession:
    fields = Fields(value, _SESSION, place)
    timezone = fields.optional("timezone", check_timezone) or defaults.timezone
    started, ended = fields.time("started_at", timezone), fields.time("ended_at", timezone)
    messages = _messages(fields, timezone, started or ended)
    begins, ends = _span(started, ended, messages, place)
    digest = fields.optional("digest", lambda value: value)
    if not messages and digest is None:
        raise InvalidInput(f"{place}: a session needs 'messages' or a 'digest'")
    return ImportedSession(
        session_id=fields.required("session_id", _session_id),
        user_id=fields.optional("user_id", _user_id) or defaults.user_id,
        purpose=fields.optional("purpose", check_purpose) or defaults.purpose,
        timezone=timezone,
        started_at=begins,
        ended_at=ends,
        messages=messages,
        digest=None if digest is None else _digest(digest, f"{place}.digest"),
    )


def _messages(session: Fields, timezone: str | None, moment: datetime | None) -> tuple[Message, ...]:
    """The messages; one without a time has that of the message before, or of the session."""
    messages: list[Message] = []
    for place, value in session.items("messages"):
        fields = Fields(value, _MESSAGE, place)
        moment = fields.time("at", timezone) or moment
        if moment is None:
            raise InvalidTime(f"{place} has no 'at', and its session neither 'started_at' nor 'ended_at'")
        role, content, name = (fields.found.get(field) for field in ("role", "content", "name"))
        with at_place(place):
            messages.append(check_message(Message(role=role, content=content, at=moment, name=name), now=moment))  # pyright: ignore[reportArgumentType] - it checks
    return tuple(messages)


def _span(
    started: datetime | None, ended: datetime | None, messages: Sequence[Message], place: str
) -> tuple[datetime, datetime]:
    """When the session began and ended, from its own fields or else from its messages."""
    times = [message.at for message in messages if message.at]
    first, last = started or min(times, default=ended), ended or max(times, default=started)
    if first is None or last is None:
        raise InvalidTime(f"{place}: a session needs 'ended_at', or messages with 'at'")
    if last < max([first, *times]) or first > min([last, *times]):
        raise InvalidTime(f"{place}: 'started_at', the messages and 'ended_at' are not in this order")
    return first, last


def _digest(value: object, place: str) -> Digest:
    fields = Fields(value, _DIGEST, place)
    return Digest(
        summary=fields.required("summary", partial(check_text, "the summary")),
        topics=_texts(fields, "topics"),
        points=_texts(fields, "points"),
        by="import",
    )


def _texts(digest: Fields, field: str) -> tuple[str, ...]:
    texts: list[str] = []
    for place, value in digest.items(field):
        with at_place(place):
            texts.append(check_text("the text", value))
    return tuple(texts)
