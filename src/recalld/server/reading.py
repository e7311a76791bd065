"""Reading a request's body: never more than the limit, never compressed, never nested deeper than people nest."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.types import Message, Receive

from recalld.server.problems import Kind, Refused

TOO_LARGE = Kind(413, "too-large", "Too large")
TOO_DEEP = Kind(422, "invalid-input", "Invalid input")
COMPRESSED = Kind(415, "unsupported-media-type", "Unsupported media type")
MAX_DEPTH = 70  # a working state may have 64 levels, inside a body

_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"?|([\[{])|([\]}])', re.DOTALL)


async def read_body(headers: Mapping[bytes, bytes], receive: Receive, limit: int) -> bytes:
    """The whole body. Raises `Refused`: 413 above *limit* bytes, 415 for a compressed one, 422 for one nested too deep."""
    if headers.get(b"content-encoding", b"identity").strip().lower() not in (b"identity", b""):
        raise Refused(COMPRESSED, "send the body uncompressed")
    announced = headers.get(b"content-length", b"")
    if announced.isdigit() and int(announced[:20]) > limit:
        raise Refused(TOO_LARGE, f"the body may have at most {limit} bytes")
    body = await _received(receive, limit)
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and depth(body) > MAX_DEPTH:
        raise Refused(TOO_DEEP, f"the body is nested deeper than {MAX_DEPTH} levels")
    return body


async def _received(receive: Receive, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            raise Refused(TOO_LARGE, f"the body may have at most {limit} bytes")
        if not message.get("more_body", False):
            return b"".join(parts)


def depth(body: bytes) -> int:
    """How deep brackets outside of strings are nested."""
    deepest = level = 0
    for found in _BRACKETS.finditer(body):
        if found.group(1):
            level += 1
            deepest = max(deepest, level)
            if deepest > MAX_DEPTH:
                return deepest
        elif found.group(2):
            level -= 1
    return deepest


def replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives *body* once, then whatever follows."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
