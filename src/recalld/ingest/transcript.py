"""A session as a model reads it: numbered messages between two tags, material and never instructions.

A message cannot break out: its line breaks are indented, so that no line of it can pass for another message, and the tags carry a
hash of all messages, so that nobody who writes one of them knows the closing tag. System and tool messages are not shown: what
they say is not the user's, and a web page must not become a fact about anybody. Long messages of the assistant are shown by their
beginning and end; what counts in them is what the user answers to.

Long sessions are cut into parts, each with the last messages of the part before it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from recalld.models.tokens import count_tokens, truncate_to_tokens
from recalld.values import EndedSession, Message

SHOWN_ROLES = ("user", "assistant")


@dataclass(frozen=True, kw_only=True, slots=True)
class TranscriptPolicy:
    """How much of a session a model gets to read."""

    assistant_tokens: int = 120  # of one assistant message; the user's are always shown in full
    part_tokens: int = 12_000  # of one part; a longer session is digested in several calls
    overlap: int = 2  # messages a part repeats of the one before
    max_parts: int = 12  # a session beyond it is left to the local summariser


@dataclass(frozen=True, slots=True)
class Line:
    """One message as it is shown."""

    seq: int  # its place in the session
    text: str
    tokens: int


def transcript_parts(session: EndedSession, policy: TranscriptPolicy) -> list[str]:
    """The transcript of *session*, in as many parts as it takes; none when nobody said anything."""
    lines = shown_lines(session, policy)
    if not any(session.messages[line.seq].role == "user" for line in lines):
        return []
    fence = _fence(session.messages)
    return [_fenced(part, fence) for part in _parts(lines, policy)]


def shown_lines(session: EndedSession, policy: TranscriptPolicy) -> list[Line]:
    """The messages a model sees, numbered by their place in the session."""
    zone, shown, day = ZoneInfo(session.session.timezone), list[Line](), None
    for seq, message in enumerate(session.messages):
        if message.role not in SHOWN_ROLES or not message.content.strip():
            continue
        said = _local(message, session, zone)
        head = f"[{seq}]{_day_mark(day, said.date())} {_speaker(message)}"
        shown += [_line(seq, f"{head}: {piece}") for piece in _pieces(_content(message, policy), policy.part_tokens)]
        day = said.date()
    return shown


def _line(seq: int, text: str) -> Line:
    return Line(seq, text, count_tokens(text))


def _pieces(text: str, tokens: int) -> Iterator[str]:
    """*text* in pieces of at most *tokens*: one message can be longer than a part."""
    while text:
        piece = truncate_to_tokens(text, tokens) or text[:1]
        yield piece
        text = text[len(piece) :]


def written_date(day: datetime | date) -> str:
    """A date as "Tuesday, 4 March 2025", in English whatever the locale."""
    return f"{_DAYS[day.weekday()]}, {day.day} {_MONTHS[day.month - 1]} {day.year}"


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def _local(message: Message, session: EndedSession, zone: ZoneInfo) -> datetime:
    return (message.at or session.ended_at).astimezone(zone)


def _day_mark(before: date | None, day: date) -> str:
    """A session that runs past midnight says so where it does."""
    return "" if before is None or before == day else f" ({written_date(day)})"


def _speaker(message: Message) -> str:
    """The role, and the name where people share a role; names are the tenant's, so they are kept from breaking the line."""
    if not message.name:
        return message.role
    return f"{message.role} {' '.join(message.name.split())[:60]}".replace(":", " ")


def _content(message: Message, policy: TranscriptPolicy) -> str:
    text = message.content.strip()
    if message.role == "assistant":
        text = shortened(text, policy.assistant_tokens)
    return "\n    ".join(line for line in text.splitlines() if line.strip())


def shortened(text: str, tokens: int) -> str:
    """*text*, or its first three quarters and last quarter of *tokens* with an ellipsis between them."""
    if len(text) <= tokens or count_tokens(text) <= tokens:
        return text
    head = truncate_to_tokens(text, tokens * 3 // 4)
    tail = truncate_to_tokens(text[::-1], tokens // 4)[::-1]
    return f"{head.rstrip()} … {tail.lstrip()}"


def _parts(lines: Sequence[Line], policy: TranscriptPolicy) -> list[list[Line]]:
    parts: list[list[Line]] = [[]]
    used = 0
    for line in lines:
        if parts[-1] and used + line.tokens > policy.part_tokens:
            parts.append(parts[-1][-policy.overlap :] if policy.overlap else [])
            used = sum(repeated.tokens for repeated in parts[-1])
        parts[-1].append(line)
        used += line.tokens
    return parts


def _fenced(lines: Sequence[Line], fence: str) -> str:
    body = "\n".join(line.text for line in lines)
    return f"<transcript-{fence}>\n{body}\n</transcript-{fence}>"


def _fence(messages: Sequence[Message]) -> str:
    """A tag nobody could know while writing: a hash of everything that was written. The same session gives the same one."""
    digest = hashlib.blake2b(digest_size=8)
    for message in messages:
        digest.update(message.content.encode("utf-8", "surrogatepass") + b"\x1f")
    return digest.hexdigest()
