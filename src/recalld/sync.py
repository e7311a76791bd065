"""`MemorySync` and `UserMemorySync`: the same for code without an event loop.

A thin facade: one background loop runs the asynchronous face, and each method here waits for its twin there.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from recalld.memory import Memory, UserMemory
from recalld.values import DEFAULT_PURPOSE

if TYPE_CHECKING:  # opening imports them
    from recalld.privacy.export import ExportFormat
    from recalld.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")


class BackgroundLoop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="recalld", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of *work*, awaited there."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def iterate(self, chunks: AsyncGenerator[str]) -> Generator[str]:
        """What *chunks* yields, awaited there."""
        try:
            while (chunk := self.run(anext(chunks, None))) is not None:  # pyright: ignore[reportArgumentType]
                yield chunk
        finally:
            self.run(chunks.aclose())

    def close(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def _waiting(
    method: Callable[Concatenate[UserMemory, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[UserMemorySync, P], T]:
    """The synchronous twin of a method of `UserMemory`, with its parameters and documentation."""

    @wraps(method)
    def call(self: UserMemorySync, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.loop.run(method(self.memory, *args, **kwargs))

    return call


def _waiting_for_all(
    method: Callable[Concatenate[Memory, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[MemorySync, P], T]:
    """The same for a method of `Memory`."""

    @wraps(method)
    def call(self: MemorySync, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.loop.run(method(self.memory, *args, **kwargs))

    return call


class UserMemorySync:
    """`UserMemory` for synchronous code."""

    def __init__(self, memory: UserMemory, loop: BackgroundLoop) -> None:
        """Use `MemorySync.user`."""
        self.memory, self.loop = memory, loop

    append = _waiting(UserMemory.append)
    set_state = _waiting(UserMemory.set_state)
    end_session = _waiting(UserMemory.end_session)
    replay_session = _waiting(UserMemory.replay_session)
    session = _waiting(UserMemory.session)
    sessions = _waiting(UserMemory.sessions)
    messages = _waiting(UserMemory.messages)
    state = _waiting(UserMemory.state)
    context = _waiting(UserMemory.context)
    search = _waiting(UserMemory.search)
    explain = _waiting(UserMemory.explain)
    facts = _waiting(UserMemory.facts)
    set_fact = _waiting(UserMemory.set_fact)
    delete_fact = _waiting(UserMemory.delete_fact)
    history = _waiting(UserMemory.history)
    conflicts = _waiting(UserMemory.conflicts)
    why = _waiting(UserMemory.why)
    decide = _waiting(UserMemory.decide)
    episodes = _waiting(UserMemory.episodes)
    episode = _waiting(UserMemory.episode)
    add_episode = _waiting(UserMemory.add_episode)
    delete_episode = _waiting(UserMemory.delete_episode)
    delete_session = _waiting(UserMemory.delete_session)
    consents = _waiting(UserMemory.consents)
    give_consent = _waiting(UserMemory.give_consent)
    withdraw_consent = _waiting(UserMemory.withdraw_consent)
    change_purpose = _waiting(UserMemory.change_purpose)
    hold = _waiting(UserMemory.hold)
    release = _waiting(UserMemory.release)
    forget = _waiting(UserMemory.forget)
    delete_message = _waiting(UserMemory.delete_message)
    usage = _waiting(UserMemory.usage)
    export = _waiting(UserMemory.export)
    import_export = _waiting(UserMemory.import_export)

    @wraps(UserMemory.export_chunks)
    def export_chunks(self, *, format: ExportFormat = "markdown") -> Generator[str]:  # noqa: A002, D102 -- the twin's
        return self.loop.iterate(self.memory.export_chunks(format=format))

    erase = _waiting(UserMemory.erase)


class MemorySync:
    """`Memory` for synchronous code."""

    def __init__(self, memory: Memory, loop: BackgroundLoop) -> None:
        """Use `MemorySync.open`."""
        self.memory, self.loop = memory, loop

    @classmethod
    @contextmanager
    def open(cls, settings: Settings | None = None, **given: Any) -> Generator[MemorySync]:
        """As `Memory.open`."""
        loop = BackgroundLoop()
        opening = Memory.open(settings, **given)
        try:
            memory = loop.run(opening.__aenter__())
            try:
                yield cls(memory, loop)
            finally:
                loop.run(opening.__aexit__(None, None, None))
        finally:
            loop.close()

    def user(
        self, tenant_id: str, user_id: str, *, purpose: str = DEFAULT_PURPOSE, timezone: str = "UTC"
    ) -> UserMemorySync:
        """As `Memory.user`."""
        return UserMemorySync(self.memory.user(tenant_id, user_id, purpose=purpose, timezone=timezone), self.loop)

    backlog = _waiting_for_all(Memory.backlog)
    open_sessions = _waiting_for_all(Memory.open_sessions)
    usage = _waiting_for_all(Memory.usage)
    erasure = _waiting_for_all(Memory.erasure)
    receipts = _waiting_for_all(Memory.receipts)
    erase_tenant = _waiting_for_all(Memory.erase_tenant)
    export_erasures = _waiting_for_all(Memory.export_erasures)
    apply_erasures = _waiting_for_all(Memory.apply_erasures)
    retention = _waiting_for_all(Memory.retention)
    set_inactivity = _waiting_for_all(Memory.set_inactivity)
    keep_journals = _waiting_for_all(Memory.keep_journals)
    upgrade = _waiting_for_all(Memory.upgrade)
    record_of_processing = _waiting_for_all(Memory.record_of_processing)
    purposes = _waiting_for_all(Memory.purposes)
    declare_purpose = _waiting_for_all(Memory.declare_purpose)
    withdraw_purpose = _waiting_for_all(Memory.withdraw_purpose)
    audit = _waiting_for_all(Memory.audit)
    verify_audit = _waiting_for_all(Memory.verify_audit)
