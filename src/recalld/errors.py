"""Everything recalld raises.

    RecalldError
    ├── InvalidInput            the caller gave something that cannot be stored or asked; nothing was written
    │   ├── InvalidId           a tenant, user, session, purpose … id is empty, too long or has control characters
    │   ├── InvalidMessage      an utterance is empty, too large or has an unknown role
    │   ├── InvalidTime         a datetime is naive or outside 1970 … tomorrow, or a time zone is unknown
    │   └── TooLarge            a session or a request is over its limit
    ├── NotFound                no such session, fact, episode or erasure for this user
    ├── Conflict                the state does not allow it
    │   ├── SessionEnded        a message for a session that has already ended
    │   └── RequestKeyReused    a key for repeating a request came with another request
    ├── Fenced                  the user was erased while this work was under way; its result was dropped
    ├── PurposeRefused          the purpose is not declared, withdrawn, or not allowed to this caller
    ├── Unavailable             a store or service does not answer; trying again later is right
    │   ├── DatabaseUnavailable
    │   ├── WorkingMemoryUnavailable
    │   ├── VectorIndexUnavailable
    │   └── LedgerUnavailable   the file that erasures are written to cannot be written or read
    ├── ModelError              a summariser or embedder failed
    │   ├── ModelUnavailable    its provider is slow, overloaded, rate-limited or away; trying again later is right
    │   ├── ModelRefused        its provider rejects the key, the model or the request; trying again changes nothing
    │   ├── BadReply            it answered something that cannot be used: not the schema, cut off, refused, too long
    │   └── BadEmbedding        an embedder returned NaN, a zero vector or a wrong dimension
    ├── ConfigurationError      a setting is wrong or something is not installed; the message says what to do
    │   └── MissingExtra        an optional dependency is not installed
    ├── UnsafeDatabase          the database would not isolate tenants; recalld refuses to serve
    └── MigrationError          the schema in the database is not what this version expects

A message says what happened, to what, and what to do next. It never carries what a person said.
"""

from __future__ import annotations


class RecalldError(Exception):
    """The root of all errors of recalld."""


class InvalidInput(RecalldError, ValueError):
    """The caller gave something that cannot be stored or asked; nothing was written."""


class InvalidId(InvalidInput):
    """An id is empty, longer than 255 characters, or has control characters."""


class InvalidMessage(InvalidInput):
    """An utterance is empty, too large or has an unknown role."""


class InvalidTime(InvalidInput):
    """A datetime is naive or out of bounds, or a time zone is unknown."""


class TooLarge(InvalidInput):
    """A session or a request is over its limit."""


class NotFound(RecalldError, LookupError):
    """There is no such thing for this user."""


class Conflict(RecalldError):
    """The state of the thing does not allow the operation."""


class SessionEnded(Conflict):
    """A message came for a session that has already ended."""


class RequestKeyReused(Conflict):
    """The key under which a request may be repeated came with another request."""


class Fenced(RecalldError):
    """The user was erased while this work was under way; its result was dropped."""


class PurposeRefused(RecalldError):
    """The purpose is not declared, withdrawn, or not allowed to this caller."""


class Unavailable(RecalldError):
    """A store or service does not answer; trying again later is right."""


class DatabaseUnavailable(Unavailable):
    """PostgreSQL does not answer."""


class WorkingMemoryUnavailable(Unavailable):
    """The working-memory store does not answer; the journal serves instead."""


class VectorIndexUnavailable(Unavailable):
    """The vector index does not answer; recall goes on with text alone."""


class LedgerUnavailable(Unavailable):
    """The ledger of erasures cannot be written or read; an erasure is not done before it stands there."""


class ModelError(RecalldError):
    """A summariser or embedder failed."""


class ModelUnavailable(ModelError):
    """A model's provider is slow, overloaded, rate-limited or away; trying again later is right."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        """*retry_after*: seconds the provider asked to wait."""
        super().__init__(message)
        self.retry_after = retry_after


class ModelRefused(ModelError):
    """A model's provider rejects the key, the model or the request; trying again changes nothing."""


class BadReply(ModelError):
    """A model answered something that cannot be used: not the schema, cut off, refused, too long."""


class BadEmbedding(ModelError):
    """An embedder returned NaN, a zero vector or a wrong dimension."""


class ConfigurationError(RecalldError):
    """A setting is wrong; the message says which and what to do."""


class MissingExtra(ConfigurationError):
    """An optional dependency is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        """Name the *feature* asked for and the *extra* that brings it."""
        super().__init__(f"{feature} needs an optional dependency: pip install 'recalld[{extra}]'")


class UnsafeDatabase(RecalldError):
    """The database would not isolate tenants; recalld refuses to serve."""


class MigrationError(RecalldError):
    """The schema in the database is not what this version expects."""
