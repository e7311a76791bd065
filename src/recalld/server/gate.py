"""The gate in front of every route: request id, key, limits, body; and around it the measurement and the one log line.

Nothing is open but what `OPEN` names. A request without a valid key is answered before a byte of its body is read.
"""

from __future__ import annotations

import re
import time
import traceback
from dataclasses import dataclass, field
from uuid import uuid4

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recalld.errors import RecalldError
from recalld.privacy.audit import Caller
from recalld.privacy.audit import caller as audited
from recalld.server.direct import Headers, find
from recalld.server.keys import Key, Keys
from recalld.server.limits import Guard
from recalld.server.metrics import METHODS, Metrics
from recalld.server.problems import INTERNAL, UNAUTHENTICATED, Refused, problem, problem_of
from recalld.server.reading import read_body, replay
from recalld.tracing import Traced, span

log = structlog.get_logger("recalld.server")

OPEN = frozenset({"/healthz", "/readyz"})
PATIENT = ("/end", "/mcp/")  # paths whose requests may wait for a model, without a database connection
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(slots=True)
class Entry:
    """What the gate needs; set when the service is open."""

    keys: Keys
    guard: Guard
    metrics: Metrics
    max_body: int
    open_paths: frozenset[str] = OPEN
    open_prefixes: tuple[str, ...] = ()  # faces that let people in by themselves


@dataclass(slots=True)
class Passage:
    """One request on its way through."""

    scope: Scope
    headers: Headers
    request_id: str
    begun: float = field(default_factory=time.perf_counter)
    status: int = 500
    started: bool = False
    size: int = 0

    @classmethod
    def of(cls, scope: Scope) -> Passage:
        """The beginning of one; of a header that is sent twice, the first counts."""
        headers = dict(reversed(scope["headers"]))
        return cls(scope=scope, headers=headers, request_id=_request_id(headers))

    def noting(self, send: Send) -> Send:
        """A *send* that notes the status and adds the request id."""

        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.started, self.status = True, message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", self.request_id.encode())]
            await send(message)

        return note


class Gate:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it with a problem."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        entry: Entry = scope["app"].state.entry
        passage = Passage.of(scope)
        scope.setdefault("state", {})["request_id"] = passage.request_id
        scope["path"] = scope.get("raw_path", scope["path"].encode()).decode("ascii", "replace")
        if (
            scope["path"] == "/mcp"
        ):  # a mounted application answers with a redirect, which clients follow without their body
            scope["path"] = "/mcp/"
        with span("request", parent=_header(passage.headers, b"traceparent")) as traced:
            await self._pass(entry, passage, receive, passage.noting(send))
            _tell(traced, passage)

    async def _pass(self, entry: Entry, passage: Passage, receive: Receive, noting: Send) -> None:
        scope = passage.scope
        try:
            await self._enter(entry, passage, receive, noting)
        except Refused as refused:
            await problem(Request(scope), refused.kind, refused.detail, refused.headers)(scope, receive, noting)
        except RecalldError as error:  # of the key look-up, or of a call that went past FastAPI
            await problem_of(Request(scope), error)(scope, receive, noting)
        except Exception as error:  # noqa: BLE001 -- the last resort: an answer, and a log line without the message
            log.error("request.crashed", error=type(error).__name__, frames=frames(error))  # noqa: TRY400 -- never the message
            if not passage.started:
                await problem(Request(scope), INTERNAL, INTERNAL.title)(scope, receive, noting)
        finally:
            _conclude(entry, passage)

    async def _enter(self, entry: Entry, passage: Passage, receive: Receive, send: Send) -> None:
        scope = passage.scope
        if scope["path"] in entry.open_paths or scope["path"].startswith(entry.open_prefixes or ("\0",)):
            await self._app(scope, receive, send)
            return
        key = await entry.keys.find(_bearer(passage.headers))
        if key is None:
            raise Refused(
                UNAUTHENTICATED,
                "send 'Authorization: Bearer recalld_…' with a valid key",
                {"WWW-Authenticate": "Bearer"},
            )
        scope["state"]["key"] = key
        audited.set(Caller(actor=key.key_id, request_id=passage.request_id))
        entry.guard.admit(key.tenant_id, key.key_id)
        body = await read_body(passage.headers, receive, entry.max_body)
        passage.size = len(body)
        entry.guard.receive(key.tenant_id, len(body))
        async with entry.guard.turn(key.tenant_id, patient=scope["path"].endswith(PATIENT)) as pace:
            await pace.keep(self._answer(passage, key, body, receive, send))

    async def _answer(self, passage: Passage, key: Key, body: bytes, receive: Receive, send: Send) -> None:
        scope = passage.scope
        call = find(scope, passage.headers, body)
        if call is None:
            await self._app(scope, replay(body, receive), send)
            return
        scope["route"] = call.route
        await call.answer(scope["app"], key, send)


def caller(request: Request) -> Key:
    """The key a request came with."""
    return request.state.key


def frames(error: BaseException) -> list[str]:
    """Where it happened, without values: file, line, function."""
    return [
        f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}:{frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)[-12:]
    ]


def _header(headers: Headers, wanted: bytes) -> str | None:
    value = headers.get(wanted)
    return None if value is None else value.decode("latin-1")


def _bearer(headers: Headers) -> str:
    scheme, _, text = (_header(headers, b"authorization") or "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


def _request_id(headers: Headers) -> str:
    given = _header(headers, b"x-request-id")
    return given if given is not None and _REQUEST_ID.fullmatch(given) else uuid4().hex


def _route(scope: Scope) -> str:
    """The template, never the path: that has ids in it."""
    return getattr(scope.get("route"), "path", "unmatched")


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in METHODS else "OTHER"


def _tell(traced: Traced, passage: Passage) -> None:
    """What the span of a request says of it."""
    method, route = _method(passage.scope), _route(passage.scope)
    traced.rename(f"{method} {route}")
    traced.note(method=method, route=route, status=passage.status, bytes=passage.size, request_id=passage.request_id)
    if passage.status >= 500:
        traced.fail(str(passage.status))


def _conclude(entry: Entry, passage: Passage) -> None:
    """Measure and log."""
    scope, route = passage.scope, _route(passage.scope)
    seconds = time.perf_counter() - passage.begun
    entry.metrics.answered(scope["method"], route, passage.status, seconds)
    key: Key | None = scope["state"].get("key")
    log.info(
        "request.answered",
        request_id=passage.request_id,
        method=_method(scope),
        route=route,
        status=passage.status,
        seconds=round(seconds, 6),
        bytes=passage.size,
        key_id=key.key_id if key else None,
    )
