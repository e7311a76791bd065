"""Legal holds: what the law keeps is restricted instead of deleted.

A hold moves the person on to a new epoch and leaves everything under the old one: nothing of it is read or changed, working memory and
caches included, and nothing new is written. Releasing it brings everything back, or, when an erasure was asked for meanwhile, erases it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from recalld.border import check_text
from recalld.errors import Conflict, NotFound
from recalld.postgres.pool import Database, Transaction
from recalld.postgres.queries import beside
from recalld.privacy.audit import Audit
from recalld.values import UserRef

_SQL = beside(__file__, "holds.sql")


@dataclass(frozen=True, kw_only=True, slots=True)
class Hold:
    """A person's memory that is kept and restricted."""

    epoch: int  # of what is held
    reason: str
    placed_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Holds:
    """Places and releases legal holds."""

    database: Database
    audit: Audit
    forget: Callable[[UserRef], None]  # what this process caches of a person

    async def place(self, user: UserRef, reason: str) -> Hold:
        """Restrict everything about *user*. Raises `Conflict` when it is held already, `NotFound` for an unknown one."""
        told = check_text("a reason", reason, limit=1024)
        async with self.database.transaction("eraser", user) as tx:
            if await self.of(tx) is not None:
                raise Conflict("there is a legal hold on this person already")
            row = await tx.row(_SQL["lock_user"])
            if row is None:
                raise NotFound("nothing is known about this person; there is nothing to hold")
            hold = Hold(epoch=row["epoch"], reason=told, placed_at=datetime.now(UTC))
            await tx.execute(_SQL["place"], epoch=hold.epoch, reason=hold.reason, placed_at=hold.placed_at)
            await tx.execute(_SQL["restrict"])
            await self.audit.write(tx, "hold.placed", user=user)
        self.forget(user)
        return hold

    async def release(self, user: UserRef) -> bool:
        """End the hold; true when an erasure was waiting, which a worker now carries out. Raises `NotFound`."""
        async with self.database.transaction("eraser", user) as tx:
            await tx.row(_SQL["lock_user"])
            row = await tx.row(_SQL["release"])
            if row is None:
                raise NotFound("there is no legal hold on this person")
            erasing = await tx.row(_SQL["erase_now"]) is not None
            if not erasing:
                await tx.execute(_SQL["restore"], epoch=row["epoch"])
            await self.audit.write(tx, "hold.released", user=user)
        self.forget(user)
        return erasing

    async def find(self, user: UserRef) -> Hold | None:
        """The hold on *user*, if there is one."""
        async with self.database.transaction("worker", user) as tx:
            return await self.of(tx)

    async def of(self, tx: Transaction) -> Hold | None:
        """The same in the caller's transaction."""
        found = await tx.all(Hold, _SQL["hold"])
        return found[0] if found else None
