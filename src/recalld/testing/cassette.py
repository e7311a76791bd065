"""Recorded exchanges with model providers: a cassette is recorded once against a provider and replayed by the loopback server.

    {"format": 1, "source": "api.anthropic.com", "exchanges": [
        {"request": {"path": …, "body": {…}}, "response": {"status": 200, "headers": {…}, "body": {…}}}
    ]}

`source` is who answered: a provider's host, or `loopback` for answers that were written by hand in the provider's format.
Keys and account headers never get into a cassette. On replay a request is recognised by path, model and what the user message says,
so that a newer SDK may add fields and the instructions may be improved without every cassette being recorded anew.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from recalld.testing.wire import Call, Response

FORMAT = 1
KEPT_HEADERS = ("content-type", "retry-after")
SENT_HEADERS = ("authorization", "x-api-key", "anthropic-version", "anthropic-beta", "content-type")


class WrongCassette(Exception):
    """The file is no cassette of this format."""


@dataclass(slots=True)
class Cassette:
    """Exchanges in the order in which they were recorded."""

    exchanges: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    source: str = "loopback"

    @classmethod
    def load(cls, path: Path) -> Cassette:
        """The cassette in a file. Raises `WrongCassette`."""
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.get("format") != FORMAT:
            raise WrongCassette(f"{path.name} has format {content.get('format')!r}, this version reads {FORMAT}")
        return cls(content["exchanges"], content["source"])

    def save(self, path: Path) -> None:
        """Write it to a file."""
        content = {"format": FORMAT, "source": self.source, "exchanges": self.exchanges}
        path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    def add(self, call: Call, response: Response) -> None:
        """Record one exchange."""
        headers = {name: value for name, value in response.headers.items() if name in KEPT_HEADERS}
        self.exchanges.append(
            {
                "request": {"path": call.path, "body": dict(call.body)},
                "response": {"status": response.status, "headers": headers, "body": _parsed(response.body)},
            }
        )


class Player:
    """Answers as recorded, each exchange once; what was never recorded gets a 501 and is listed in `unexpected`."""

    def __init__(self, cassette: Cassette) -> None:
        self._left = list(cassette.exchanges)
        self.unexpected: list[Call] = []

    def __call__(self, call: Call) -> Response:
        """The recorded answer to *call*."""
        for exchange in self._left:
            if _recognised(call, exchange["request"]):
                self._left.remove(exchange)
                return _response(exchange["response"])
        self.unexpected.append(call)
        return Response.of({"error": {"type": "api_error", "message": "not on this cassette"}}, 501)


def recorder(upstream: str, cassette: Cassette) -> Callable[[Call], Awaitable[Response]]:
    """Forwards calls to a real provider at *upstream* and records what it answers."""
    import httpx2  # noqa: PLC0415 - only who records needs it

    host = urlsplit(upstream).hostname
    cassette.source = "loopback" if host in (None, "127.0.0.1") else host

    async def forward(call: Call) -> Response:
        headers = {name: value for name, value in call.headers.items() if name in SENT_HEADERS}
        async with httpx2.AsyncClient(timeout=120) as client:
            answer = await client.post(f"{upstream.rstrip('/')}{call.path}", json=dict(call.body), headers=headers)
        response = Response(
            status=answer.status_code,
            body=answer.content,
            headers={name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers},
        )
        cassette.add(call, response)
        return response

    return forward


def _recognised(call: Call, request: dict[str, Any]) -> bool:
    recorded = Call(wire=call.wire, path=request["path"], headers={}, body=request["body"])
    return _identity(call) == _identity(recorded)


def _identity(call: Call) -> tuple[Any, ...]:
    """What makes two requests the same: where to, which model, and all that is said."""
    if "messages" not in call.body:
        return call.path, call.model, json.dumps(call.body.get("input"))
    return call.path, call.model, call.tool, call.prompt, call.again


def _response(recorded: dict[str, Any]) -> Response:
    body = recorded["body"]
    text = body if isinstance(body, str) else json.dumps(body)
    return Response(status=recorded["status"], body=text.encode(), headers=recorded["headers"])


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")
