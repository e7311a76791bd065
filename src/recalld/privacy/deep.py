"""What stores beside PostgreSQL keep of deleted words on their disks, and how to be rid of it."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from recalld.errors import Unavailable


@runtime_checkable
class Scrubs(Protocol):
    """A store that can rewrite its files."""

    async def scrub(self) -> None:
        """Rewrite them without what was deleted, and empty its logs."""
        ...


async def scrub_working_memory(working: object) -> list[str]:
    """Let working memory rewrite its files, where it has any; return what was not done, a line each."""
    if not isinstance(working, Scrubs):
        return []
    try:
        await working.scrub()
    except Unavailable:
        return ["rewriting the append-only file of Redis: it does not answer"]
    return []
