"""What a worker has yet to do, and what it gave up: for the operator."""

from __future__ import annotations

from dataclasses import dataclass

from recalld.postgres.pool import Database
from recalld.postgres.queries import beside

_SQL = beside(__file__, "unfinished.sql")


@dataclass(frozen=True, kw_only=True, slots=True)
class Unfinished:
    """An ended session that is not memory yet."""

    tenant_id: str
    user_id: str
    session_id: str
    state: str  # ended: waits or is being worked on; failed: given up
    attempts: int
    error: str | None  # class of the last failure
    seconds: float  # since its end, or since its last change


async def unfinished(database: Database, *, state: str | None = None, limit: int = 100) -> list[Unfinished]:
    """Ended sessions of all users that are not memory yet, the oldest first."""
    async with database.unscoped("sweeper") as tx:
        return await tx.all(Unfinished, _SQL["unfinished"], state=state, limit=limit)
