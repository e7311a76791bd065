"""What crosses the border is checked or repaired here, once, before anything is written.

Refused with an error of our tree: bad ids, unknown roles, empty or huge messages, naive or absurd times, unknown zones,
NaN in JSON. Repaired, as documented: a NUL byte or a lone surrogate in text becomes U+FFFD, one for one, so that
positions stay true; a time is turned into UTC, so that what comes back from the store equals what went in.

An error says what is wrong with which thing, never what the thing says: a refused value may be what a person wrote.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import cast, get_args
from zoneinfo import ZoneInfo

from recalld.errors import InvalidId, InvalidInput, InvalidMessage, InvalidTime, TooLarge
from recalld.values import Message, Role, UserRef

MAX_ID_LENGTH = 255
MAX_ID_BYTES = 765  # in UTF-8; a key of three ids must stay below the 2,704 bytes that a row of a B-tree may have
MAX_MESSAGE_BYTES = 256 * 1024  # well below PostgreSQL's 1 MB for a tsvector, which 120,000 distinct words exceeded
MAX_SESSION_MESSAGES = 100_000
MAX_TEXT_BYTES = 64 * 1024  # a summary, a point, a fact
MAX_STATE_BYTES = 64 * 1024
MAX_JSON_DEPTH = 64  # the outermost object is the first level
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
CLOCK_SKEW = timedelta(days=1)
ROLES: tuple[str, ...] = get_args(Role)

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_PURPOSE = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def check_id(kind: str, value: object) -> str:
    """*value* as an id of the given *kind* ("user id"). Raises `InvalidId`."""
    if not isinstance(value, str):
        raise InvalidId(f"the {kind} must be a string, not {type(value).__name__}")
    if not 1 <= len(value) <= MAX_ID_LENGTH:
        raise InvalidId(f"the {kind} must have 1 to {MAX_ID_LENGTH} characters, this one has {len(value)}")
    if _CONTROL.search(value):
        raise InvalidId(f"the {kind} must not contain control characters or lone surrogates")
    if (size := len(value.encode())) > MAX_ID_BYTES:
        raise InvalidId(f"the {kind} must have at most {MAX_ID_BYTES} bytes in UTF-8, this one has {size}")
    return value


def check_user(tenant_id: object, user_id: object) -> UserRef:
    """The scope of one user. Raises `InvalidId`."""
    return UserRef(tenant_id=check_id("tenant id", tenant_id), user_id=check_id("user id", user_id))


def check_purpose(value: object) -> str:
    """A purpose: lower-case letters, digits, `_` and `-`, at most 63. Raises `InvalidId`."""
    if not isinstance(value, str) or not _PURPOSE.fullmatch(value):
        raise InvalidId("a purpose is 1 to 63 of a-z, 0-9, '_' and '-', and starts with a letter or a digit")
    return value


def check_purposes(values: object, default: Sequence[str]) -> tuple[str, ...]:
    """The purposes of a read, sorted; *default* for `None`. An empty list reads nothing: `InvalidInput`."""
    chosen = default if values is None else values
    if isinstance(chosen, str) or not isinstance(chosen, Collection) or not chosen:
        raise InvalidInput("purposes must be a non-empty list of purposes")
    return tuple(sorted({check_purpose(value) for value in cast("Collection[object]", chosen)}))


def check_timezone(name: object) -> str:
    """An IANA time zone that this machine knows. Raises `InvalidTime`."""
    if not isinstance(name, str) or not _zone_exists(name):
        raise InvalidTime(f"unknown time zone {shorten(name)}; use an IANA name such as 'Europe/Berlin'")
    return name


@lru_cache(maxsize=1024)
def _zone_exists(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; a NUL, a surrogate or a path; a folder of the zone database
        return False
    return True


def check_time(what: str, value: object, *, now: datetime | None = None) -> datetime:
    """An aware datetime between 1970 and a day after *now* (default: the clock), in UTC. Raises `InvalidTime`."""
    moment = _aware(what, value)
    latest = (now or datetime.now(UTC)) + CLOCK_SKEW
    if not EARLIEST <= moment <= latest:
        raise InvalidTime(f"{what} lies outside 1970 … tomorrow ({moment:%Y-%m-%d})")
    return moment.astimezone(UTC)


def check_bound(what: str, value: object) -> datetime | None:
    """A bound of a range (`since`, `until`): aware, a year that PostgreSQL gives back, in UTC. Raises `InvalidTime`."""
    if value is None:
        return None
    moment = _aware(what, value)
    if not 1 < moment.year < 9999:
        raise InvalidTime(f"{what} lies outside the years 2 … 9998")
    return moment.astimezone(UTC)


def _aware(what: str, value: object) -> datetime:
    if not isinstance(value, datetime):
        raise InvalidTime(f"{what} must be a datetime, not {type(value).__name__}")
    if value.tzinfo is None or value.utcoffset() is None:
        raise InvalidTime(f"{what} has no time zone; use an aware datetime, e.g. datetime.now(UTC)")
    return value


def clean_text(text: str) -> str:
    """*text* with what PostgreSQL cannot store (NUL, lone surrogates) replaced one for one by U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def check_text(what: str, value: object, *, limit: int = MAX_TEXT_BYTES) -> str:
    """A non-blank text of at most *limit* bytes, repaired. Raises `InvalidInput` or `TooLarge`."""
    if not isinstance(value, str):
        raise InvalidInput(f"{what} must be a string, not {type(value).__name__}")
    if len(value) > limit:  # before anything is copied: characters are never more than bytes
        raise TooLarge(f"{what} has {len(value)} characters, the limit is {limit} bytes")
    text = clean_text(value)
    if not text.strip():
        raise InvalidInput(f"{what} must not be empty")
    if (size := len(text.encode())) > limit:
        raise TooLarge(f"{what} has {size} bytes, the limit is {limit}")
    return text


def check_message(message: object, *, now: datetime) -> Message:
    """*message* as it will be stored: repaired, its time set (default *now*).

    Raises `InvalidMessage`, `InvalidTime`, `TooLarge`, or `InvalidInput` for a bad name.
    """
    if not isinstance(message, Message):
        raise InvalidMessage(f"a message must be a recalld.Message, not {type(message).__name__}")
    if message.role not in ROLES:
        raise InvalidMessage(f"unknown role {shorten(message.role)}; one of {', '.join(ROLES)}")
    if not isinstance(cast("object", message.content), str) or not message.content.strip():
        raise InvalidMessage("a message must have a non-empty content")
    at = now if message.at is None else check_time("the message's time", message.at)
    content = check_text("a message", message.content, limit=MAX_MESSAGE_BYTES)
    name = None if message.name is None else check_text("a speaker's name", message.name, limit=1024)
    return Message(role=message.role, content=content, at=at, name=name)


def check_state(state: object) -> str:
    """A working state as JSON text: finite numbers, depth ≤ 64, ≤ 64 kB. Raises `InvalidInput` or `TooLarge`."""
    if not isinstance(state, Mapping):
        raise InvalidInput(f"the working state must be a mapping, not {type(state).__name__}")
    cleaned = _clean_json(cast("Mapping[object, object]", state), MAX_JSON_DEPTH)
    try:
        text = json.dumps(cleaned, ensure_ascii=False)
    except ValueError as error:  # an integer of more than 4,300 digits
        raise InvalidInput("the working state has a number that JSON cannot carry") from error
    if (size := len(text.encode())) > MAX_STATE_BYTES:
        raise TooLarge(f"the working state has {size} bytes, the limit is {MAX_STATE_BYTES}")
    return text


def shorten(value: object, limit: int = 40) -> str:
    """How an error shows a name that was not known: its repr, cut, so that a huge or hostile one does no harm."""
    text = repr(value) if isinstance(value, str) else f"of type {type(value).__name__}"
    return text if len(text) <= limit else text[:limit] + "…"


def _clean_json(value: object, depth: int) -> object:
    """*value* as JSON holds it, its texts repaired; *depth* levels may follow."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidInput("the working state has NaN or an infinite number, which JSON does not know")
        return value
    if depth == 0:
        raise InvalidInput(f"the working state is nested deeper than {MAX_JSON_DEPTH} levels")
    if isinstance(value, Mapping):
        return _clean_object(cast("Mapping[object, object]", value), depth)
    if isinstance(value, list | tuple):
        return [_clean_json(item, depth - 1) for item in cast("Sequence[object]", value)]
    raise InvalidInput(f"the working state must be plain JSON, which has no {type(value).__name__}")


def _clean_object(value: Mapping[object, object], depth: int) -> dict[str, object]:
    cleaned: dict[str, object] = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise InvalidInput(f"the keys of the working state must be strings, not {type(key).__name__}")
        cleaned[clean_text(key)] = _clean_json(item, depth - 1)
    if len(cleaned) < len(value):
        raise InvalidInput("the working state has two keys that differ only in characters that cannot be stored")
    return cleaned
