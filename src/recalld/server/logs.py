"""Logs of the service: one JSON object a line, and only keys that are known to carry no content.

An allow-list, so that a new log call cannot leak by accident. Exceptions are logged as their class and where they happened: their
messages may quote what a person said. Libraries' records keep their name and level alone, unless they are uvicorn's, which speaks of
addresses and signals.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from recalld.server.gate import frames

ALLOWED = frozenset(
    {
        *(
            "event",
            "level",
            "timestamp",
            "error",
            "frames",
            "request_id",
            "method",
            "route",
            "status",
            "seconds",
            "bytes",
        ),
        *("key_id", "attempts", "model", "component", "count", "layer", "version", "address", "logger"),
    }
)
MAX_VALUE = 200
_ENCODER = json.JSONEncoder(default=repr)  # one for all lines: json.dumps makes one for each
SPEAKING = ("uvicorn",)  # libraries whose messages are known


def configure(level: int = logging.INFO) -> None:
    """Send everything to standard error as JSON lines."""
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_allowed,
            structlog.processors.JSONRenderer(serializer=_line),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("uvicorn.error").setLevel(level)


def _line(event: Any, **_: Any) -> str:
    return _ENCODER.encode(event)


def only_allowed(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop what the list does not name, and cut what is long."""
    return {name: _short(value) for name, value in event.items() if name in ALLOWED}


class Lines(logging.Formatter):
    """Records of libraries as JSON lines."""

    def format(self, record: logging.LogRecord) -> str:
        """The record without its arguments."""
        speaks = record.name.split(".", 1)[0] in SPEAKING and record.exc_info is None
        error = record.exc_info[1] if record.exc_info else None
        line: dict[str, Any] = {
            "event": _short(record.getMessage()) if speaks else "library.logged",
            "logger": record.name,
            "level": record.levelname.lower(),
            "timestamp": self.formatTime(record),
        }
        if error is not None:
            line |= {"error": type(error).__name__, "frames": frames(error)}
        return json.dumps(line)


def _short(value: Any) -> Any:
    return value[:MAX_VALUE] if isinstance(value, str) else value
