"""Strict reading of JSON: what is wrong is said with its line, place and field, never with what it says."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from recalld.border import check_time, shorten
from recalld.errors import InvalidInput, InvalidTime

Json = dict[str, Any]
T = TypeVar("T")

_EXAMPLE = "such as '2026-03-05T18:00:00+01:00'"


def parse(text: str, line: int | None = None) -> Any:
    """*text* as strict JSON: no NaN, no field twice. *line* is where it stands in the file. Raises `InvalidInput`."""
    place = f"line {line}" if line else "the file"
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        found = f"line {(line or 1) + error.lineno - 1}, column {error.colno}"
        raise InvalidInput(f"{found}: not valid JSON ({error.msg})") from error
    except RecursionError as error:
        raise InvalidInput(f"{place} is nested too deeply") from error
    except ValueError as error:  # our own, or an integer of more than 4,300 digits
        said = str(error) if isinstance(error, InvalidInput) else "has a number that is too long"
        raise InvalidInput(f"{place} {said}") from error


def _refuse_constant(name: str) -> None:
    raise InvalidInput(f"has {name}, which JSON does not know")


def _object(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise InvalidInput("has an object with the same field twice")
    return found


@contextmanager
def at_place(place: str) -> Generator[None]:
    """Put the *place* in the file before an error's message."""
    try:
        yield
    except InvalidInput as error:
        raise type(error)(f"{place}: {error}") from error


class Fields:
    """An object of the file: fields that are checked when they are read, each error with its place."""

    def __init__(self, value: object, known: frozenset[str], place: str) -> None:
        """Refuses fields that are not *known*, so that a slip of the pen is not silently ignored."""
        if not isinstance(value, dict):
            raise InvalidInput(f"{place} must be a JSON object")
        self.found = cast("Json", value)
        self.place = place
        if unknown := sorted(self.found.keys() - known):
            names = ", ".join(sorted(known))
            raise InvalidInput(f"{place} has an unknown field {shorten(unknown[0])}; known are {names}")

    def required(self, field: str, check: Callable[[object], T]) -> T:
        """The value of *field* after its *check*; missing or null is an error."""
        if self.found.get(field) is None:
            raise InvalidInput(f"{self.place}: the field {field!r} is missing")
        with at_place(f"{self.place}.{field}"):
            return check(self.found[field])

    def optional(self, field: str, check: Callable[[object], T]) -> T | None:
        """The value of *field* after its *check*, or None."""
        return None if self.found.get(field) is None else self.required(field, check)

    def time(self, field: str, timezone: str | None) -> datetime | None:
        """The ISO 8601 time in *field*, in UTC; one without an offset is read in *timezone*, or refused."""
        return self.optional(field, lambda value: check_time("the time", _moment(value, timezone)))

    def items(self, field: str) -> list[tuple[str, object]]:
        """The places and values of the list in *field*; none when it is missing."""
        values = self.optional(field, _list) or []
        return [(f"{self.place}.{field}[{number}]", value) for number, value in enumerate(values)]


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise InvalidInput("must be a list")
    return cast("list[object]", value)


def _moment(value: object, timezone: str | None) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None:
        raise InvalidTime(f"not a time in ISO 8601, {_EXAMPLE}")
    if moment.tzinfo is not None:
        return moment
    if timezone is None:
        raise InvalidTime("the time has no offset; add one, or a 'timezone' to the session or the file")
    return moment.replace(tzinfo=ZoneInfo(timezone))
