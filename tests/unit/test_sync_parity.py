"""The synchronous face offers what the asynchronous one does."""

from __future__ import annotations

import inspect

from recalld import Memory, MemorySync, UserMemory, UserMemorySync


def public(kind: type) -> set[str]:
    return {name for name, member in inspect.getmembers(kind, callable) if not name.startswith("_")}


def test_every_method_of_a_user_has_its_twin() -> None:
    assert public(UserMemorySync) == public(UserMemory)


def test_every_method_of_memory_has_its_twin() -> None:
    assert public(MemorySync) == public(Memory)


def test_twins_take_the_same_parameters() -> None:
    for name in public(UserMemory):
        theirs, ours = (inspect.signature(getattr(kind, name)).parameters for kind in (UserMemory, UserMemorySync))
        assert list(theirs) == list(ours), name
