"""Layer 1, the port: the live messages and state of open sessions."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from recalld.errors import WorkingMemoryUnavailable
from recalld.values import Message, SessionRef, UserRef


@contextmanager
def best_effort() -> Generator[None]:
    """Go on when working memory does not answer: it is a copy, the journal has everything."""
    try:
        yield
    except WorkingMemoryUnavailable as error:
        import structlog  # noqa: PLC0415 -- brings rich, a fifth of what importing recalld would take

        structlog.get_logger("recalld.working").warning("working_memory.away", error=type(error).__name__)


class WorkingMemory(Protocol):
    """The live messages of open sessions; the layer that answers within a millisecond.

    It is the fast copy: the journal in PostgreSQL is the durable one, so any entry may vanish at any moment. `None` from `read`
    means "not here, ask the journal"; `fill` puts the journal's copy back.

    Only `erase` and `count` have to succeed; whoever calls the others goes on without them (`best_effort`).

    The epoch is part of every key: what was written under an older epoch of the user can never be read under a newer one.
    Raises `WorkingMemoryUnavailable` when the store does not answer.
    """

    async def append(self, session: SessionRef, epoch: int, first_seq: int, messages: Sequence[Message]) -> None:
        """Add *messages* at the end; *first_seq* is the place of the first one in the session.

        A copy that does not end at *first_seq* is incomplete: it is dropped, so that the next `read` says `None`.
        """
        ...

    async def set_state(self, session: SessionRef, epoch: int, state: Mapping[str, Any]) -> None:
        """Replace the working state of the session; kept whether or not messages are."""
        ...

    async def read(self, session: SessionRef, epoch: int) -> tuple[list[Message], dict[str, Any]] | None:
        """All messages, oldest first, and the state; `None` when the store does not hold the whole session."""
        ...

    async def fill(
        self, session: SessionRef, epoch: int, messages: Sequence[Message], state: Mapping[str, Any]
    ) -> None:
        """Put the journal's copy in place of whatever is there."""
        ...

    async def drop(self, session: SessionRef, epoch: int) -> None:
        """Forget one session. An unknown session is forgotten already."""
        ...

    async def erase(self, user: UserRef, below: int | None = None) -> int:
        """Forget the sessions of *user* of epochs *below* this one (none given: of every epoch); return how many there were.

        An unknown user erases none.
        """
        ...

    async def count(self, user: UserRef, below: int | None = None) -> int:
        """Sessions held for *user* of epochs *below* this one (none given: of every epoch): what an erasure must bring to zero."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...
