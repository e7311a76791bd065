"""Working memory in a map of this process: the default, and enough for one process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from recalld.values import Message, SessionRef, UserRef

MAX_SESSIONS = 10_000  # the oldest go first; the journal still has them


@dataclass(slots=True)
class _Live:
    """The copy of one session; `messages` is `None` while only the state is known."""

    messages: list[Message] | None = None
    state: dict[str, Any] | None = None


@dataclass(slots=True)
class InProcessWorkingMemory:
    """`WorkingMemory` as an ordered map, bounded by evicting the sessions that were idle longest."""

    max_sessions: int = MAX_SESSIONS
    _sessions: OrderedDict[tuple[SessionRef, int], _Live] = field(
        default_factory=OrderedDict[tuple[SessionRef, int], _Live]
    )

    async def append(self, session: SessionRef, epoch: int, first_seq: int, messages: Sequence[Message]) -> None:
        """See the port."""
        live = self._touch(session, epoch)
        if live.messages is None and first_seq == 0:
            live.messages = list(messages)
        elif live.messages is not None and len(live.messages) == first_seq:
            live.messages.extend(messages)
        else:
            live.messages = None

    async def set_state(self, session: SessionRef, epoch: int, state: Mapping[str, Any]) -> None:
        """See the port."""
        self._touch(session, epoch).state = dict(state)

    async def read(self, session: SessionRef, epoch: int) -> tuple[list[Message], dict[str, Any]] | None:
        """See the port."""
        live = self._sessions.get((session, epoch))
        if live is None or live.messages is None:
            return None
        return list(live.messages), dict(live.state or {})

    async def fill(
        self, session: SessionRef, epoch: int, messages: Sequence[Message], state: Mapping[str, Any]
    ) -> None:
        """See the port."""
        live = self._touch(session, epoch)
        live.messages, live.state = list(messages), dict(state)

    async def drop(self, session: SessionRef, epoch: int) -> None:
        """See the port."""
        self._sessions.pop((session, epoch), None)

    async def erase(self, user: UserRef, below: int | None = None) -> int:
        """See the port."""
        keys = self._keys(user, below)
        for key in keys:
            del self._sessions[key]
        return len(keys)

    async def count(self, user: UserRef, below: int | None = None) -> int:
        """See the port."""
        return len(self._keys(user, below))

    async def close(self) -> None:
        """Forget everything; the journal keeps what is open."""
        self._sessions.clear()

    def _keys(self, user: UserRef, below: int | None) -> list[tuple[SessionRef, int]]:
        return [key for key in self._sessions if key[0].user == user and (below is None or key[1] < below)]

    def _touch(self, session: SessionRef, epoch: int) -> _Live:
        key = (session, epoch)
        live = self._sessions.setdefault(key, _Live())
        self._sessions.move_to_end(key)
        while len(self._sessions) > self.max_sessions:
            self._sessions.popitem(last=False)
        return live
