"""Errors over HTTP: RFC 9457 problem documents, one table from our errors to status codes and stable types."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from recalld import errors
from recalld.border import clean_text

log = structlog.get_logger("recalld.server")

MEDIA_TYPE = "application/problem+json"
MAX_DETAIL = 500


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str = Field(description="A stable name; the reference lists them.", examples=["/problems/not-found"])
    title: str = Field(description="What kind of problem this is.", examples=["Not found"])
    status: int = Field(description="The HTTP status.", examples=[404])
    detail: str = Field(description="What happened here, and what to do.", examples=["there is no session 's1'"])
    request_id: str | None = Field(None, description="For a question to the operator.")


@dataclass(frozen=True, slots=True)
class Kind:
    """A row of the table."""

    status: int
    name: str
    title: str


INVALID = Kind(422, "invalid-input", "Invalid input")
INTERNAL = Kind(500, "internal", "Internal error; the log has it under this request id")
# The most specific class first: the first row whose class fits is the answer.
KINDS: tuple[tuple[type[Exception], Kind], ...] = (
    (errors.TooLarge, Kind(413, "too-large", "Too large")),
    (errors.InvalidId, Kind(422, "invalid-id", "Invalid id")),
    (errors.InvalidMessage, Kind(422, "invalid-message", "Invalid message")),
    (errors.InvalidTime, Kind(422, "invalid-time", "Invalid time")),
    (errors.InvalidInput, INVALID),
    (errors.NotFound, Kind(404, "not-found", "Not found")),
    (errors.SessionEnded, Kind(409, "session-ended", "Session has ended")),
    (errors.RequestKeyReused, Kind(422, "request-key-reused", "Idempotency-Key was used for another request")),
    (errors.Conflict, Kind(409, "conflict", "Conflict")),
    (errors.Fenced, Kind(409, "erased", "User was erased meanwhile")),
    (errors.PurposeRefused, Kind(403, "purpose-refused", "Purpose refused")),
    (errors.DatabaseUnavailable, Kind(503, "database-unavailable", "Database unavailable")),
    (errors.Unavailable, Kind(503, "unavailable", "Unavailable")),
    (errors.ModelError, Kind(503, "model-failed", "Model failed")),
    (errors.RecalldError, INTERNAL),
)
UNAUTHENTICATED = Kind(401, "unauthenticated", "No valid key")
FORBIDDEN = Kind(403, "forbidden", "Not allowed to this key")
RATE_LIMITED = Kind(429, "rate-limited", "Too many requests")
METHOD = Kind(405, "method-not-allowed", "Method not allowed")
MEDIA = Kind(415, "unsupported-media-type", "Unsupported media type")
OTHERS = (UNAUTHENTICATED, FORBIDDEN, RATE_LIMITED, METHOD, MEDIA)
_BY_STATUS = {404: Kind(404, "not-found", "Not found"), 405: METHOD, 413: KINDS[0][1], 415: MEDIA}


class Refused(Exception):
    """A request that this face refuses by itself."""

    def __init__(self, kind: Kind, detail: str, headers: Mapping[str, str] | None = None) -> None:
        """*detail* says what to do; it never says whether a foreign thing exists."""
        super().__init__(detail)
        self.kind, self.detail, self.headers = kind, detail, dict(headers or {})


def too_many(wait: float) -> Refused:
    """The refusal, with the seconds to wait."""
    seconds = str(max(1, math.ceil(wait)))
    return Refused(
        RATE_LIMITED, f"more than this key or tenant is allowed; try again in {seconds} s", {"Retry-After": seconds}
    )


def kind_of(error: Exception) -> Kind:
    """The row of an error."""
    return next((kind for klass, kind in KINDS if isinstance(error, klass)), INTERNAL)


def problem(request: Request, kind: Kind, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The response of a problem."""
    body = Problem(
        type=f"/problems/{kind.name}",
        title=kind.title,
        status=kind.status,
        detail=clean_text(detail)[:MAX_DETAIL],
        request_id=getattr(request.state, "request_id", None),
    )
    return JSONResponse(body.model_dump(), status_code=kind.status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


def problem_of(request: Request, error: Exception) -> JSONResponse:
    """The response to one of our errors. What is our own fault is logged, not told."""
    kind = kind_of(error)
    if kind.status >= 500:
        log.error("request.failed", error=type(error).__name__, request_id=getattr(request.state, "request_id", None))
    detail = kind.title if kind.status >= 500 else str(error)
    return problem(request, kind, detail, {"Retry-After": "1"} if kind.status == 503 else {})


def install(app: FastAPI) -> None:
    """Answer every error with a problem document."""
    app.add_exception_handler(errors.RecalldError, _ours)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _ours(request: Request, error: Exception) -> JSONResponse:
    return problem_of(request, error)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)  # noqa: S101 -- registered for it
    return problem(request, error.kind, error.detail, error.headers)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    """Where the body is wrong, without repeating what was sent."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 -- registered for it
    found: list[dict[str, Any]] = list(error.errors())
    said = "; ".join(f"{'.'.join(str(part) for part in item['loc'])[:100]}: {item['msg']}" for item in found[:5])
    return problem(request, INVALID, said)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 -- registered for it
    kind = _BY_STATUS.get(error.status_code, INVALID)
    headers = dict(error.headers or {})
    if kind is METHOD:  # the router knows the methods of the first route that fits alone
        headers["Allow"] = ", ".join(request.app.state.methods(request.url.path))
    return problem(request, kind, kind.title, headers)
