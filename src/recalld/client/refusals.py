"""Problem documents as errors: what the library would raise, and what only a service refuses."""

from __future__ import annotations

from recalld import errors
from recalld.errors import RecalldError, Unavailable


class Unauthenticated(RecalldError):
    """The key is wrong, revoked or expired."""


class Forbidden(RecalldError):
    """The key has not the scope for this."""


class RateLimited(Unavailable):
    """More than the key or tenant is allowed; trying again later is right."""


class ServerFault(RecalldError):
    """The service failed, or something else answered in its place."""


TYPES: dict[str, type[RecalldError]] = {
    "too-large": errors.TooLarge,
    "invalid-id": errors.InvalidId,
    "invalid-message": errors.InvalidMessage,
    "invalid-time": errors.InvalidTime,
    "invalid-input": errors.InvalidInput,
    "not-found": errors.NotFound,
    "session-ended": errors.SessionEnded,
    "request-key-reused": errors.RequestKeyReused,
    "conflict": errors.Conflict,
    "erased": errors.Fenced,
    "purpose-refused": errors.PurposeRefused,
    "database-unavailable": errors.DatabaseUnavailable,
    "unavailable": errors.Unavailable,
    "model-failed": errors.ModelError,
    "internal": ServerFault,
    "unauthenticated": Unauthenticated,
    "forbidden": Forbidden,
    "rate-limited": RateLimited,
    "method-not-allowed": ServerFault,
    "unsupported-media-type": errors.InvalidInput,
}


def error_of(status: int, document: dict[str, object]) -> RecalldError:
    """The error that a problem document stands for; `ServerFault` for anything else."""
    name = str(document.get("type", "")).rsplit("/", 1)[-1]
    detail = str(document.get("detail", "")) or f"the service answered {status}"
    request_id = document.get("request_id")
    return TYPES.get(name, ServerFault)(f"{detail} (request {request_id})" if request_id else detail)
