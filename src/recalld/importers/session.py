"""What a file gives for one session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recalld.values import Digest, Message


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportedSession:
    """One session of a file. It has messages, a ready digest, or both; the messages are what is imported then."""

    session_id: str  # unique within the user
    user_id: str | None  # whose it is; None: the file does not say
    purpose: str | None  # None: the caller's
    timezone: str | None  # None: the caller's
    started_at: datetime  # in UTC
    ended_at: datetime  # in UTC
    messages: tuple[Message, ...] = ()  # oldest first, every `at` set
    digest: Digest | None = None
