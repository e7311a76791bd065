"""The open session of a turn: its messages from working memory where that holds all of them, else from the journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from recalld.errors import WorkingMemoryUnavailable
from recalld.layers.working.base import WorkingMemory, best_effort
from recalld.layers.working.journal import Journal
from recalld.postgres.pool import Pending, Transaction
from recalld.values import Message, Session, SessionRef

log = structlog.get_logger("recalld.recall")

Standing = tuple[Session, dict[str, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenSession:
    """What a block says of the session it is for."""

    messages: Sequence[Message] = ()
    state: Mapping[str, Any] = field(default_factory=dict[str, Any])
    degraded: tuple[str, ...] = ()  # "working": its store did not answer, the journal did


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenSessions:
    """Reads open sessions. The session row says what is true: state, purpose and how many messages there are."""

    journal: Journal
    working: WorkingMemory

    async def ask(self, tx: Transaction, session: SessionRef) -> Pending[Standing | None]:
        """What its row says, to be read later."""
        return await self.journal.ask_standing(tx, session.session_id)

    async def at_hand(
        self, session: SessionRef, stored: Standing | None, purposes: Sequence[str]
    ) -> OpenSession | None:
        """The session as working memory has it; `None` when the journal has to be read."""
        if stored is None or not _concerns(stored, purposes):
            return OpenSession()
        return _whole(stored, await self._copy(session, stored[0].epoch))

    async def read(
        self, tx: Transaction, session: SessionRef, stored: Standing | None, purposes: Sequence[str]
    ) -> OpenSession:
        """The session as it is now; nothing of one that is unknown, has ended, or is kept for another purpose."""
        if stored is None or not _concerns(stored, purposes):
            return OpenSession()
        row, state = stored
        live = await self._copy(session, row.epoch)
        if (whole := _whole(stored, live)) is not None:
            return whole
        messages = await self.journal.messages(tx, session.session_id, row.epoch)
        if live is not None:
            await self._refill(tx, row, messages, state)
        return OpenSession(messages=messages, state=state, degraded=_degraded(live))

    async def _copy(self, session: SessionRef, epoch: int) -> Sequence[Message] | None:
        """What working memory holds of the messages; `None` when it does not answer."""
        try:
            kept = await self.working.read(session, epoch)
        except WorkingMemoryUnavailable as error:
            log.warning("working_memory.away", error=type(error).__name__)
            return None
        return () if kept is None else kept[0]

    async def _refill(
        self, tx: Transaction, row: Session, messages: Sequence[Message], state: Mapping[str, Any]
    ) -> None:
        """Put the journal's copy back, holding the fence: an erasure in between must not leave one behind."""
        if await self.journal.fence(tx) != row.epoch:
            return
        with best_effort():
            await self.working.fill(row.ref, row.epoch, messages, state)


def _concerns(stored: Standing, purposes: Sequence[str]) -> bool:
    return stored[0].state == "open" and stored[0].purpose in purposes


def _whole(stored: Standing, live: Sequence[Message] | None) -> OpenSession | None:
    """The session out of the copy in working memory, where that holds all there is."""
    row, state = stored
    if live is not None and len(live) == row.message_count:
        return OpenSession(messages=live, state=state)
    if row.no_memory:  # never journalled: what its store has lost is gone
        return OpenSession(messages=live or (), state=state, degraded=_degraded(live))
    return None


def _degraded(live: Sequence[Message] | None) -> tuple[str, ...]:
    return ("working",) if live is None else ()
