"""The port of the summariser: what turns an ended session into a digest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from recalld.values import Digest, EndedSession, Known


class Summariser(Protocol):
    """Compresses a session to about 200 tokens, topics, points and fact candidates.

    It sees messages and what is known for the session's own purpose: no tools, no stores. Owner, purpose and epoch come from the session
    row, never from it.
    """

    name: str  # "local", "anthropic:claude-haiku-4-5" …; kept on the episode as `digest_by`

    async def digest(self, session: EndedSession, known: Sequence[Known] = ()) -> Digest:
        """Digest *session*; *known* is what the user's facts say before it. Raises `ModelError`."""
        ...


def names(known: Sequence[Known]) -> list[str]:
    """The attributes in *known*, each once."""
    return list(dict.fromkeys(fact.attribute for fact in known))


LOCAL = "local"  # the summariser that needs no model, and stands in for one


def is_stopgap(digest: Digest, summariser: Summariser) -> bool:
    """True when the local summariser stood in for the model that should have made it."""
    return digest.by == LOCAL and summariser.name != LOCAL
