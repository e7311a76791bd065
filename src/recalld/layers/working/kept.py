"""Kept journals: of sessions that the local summariser digested because the model could not.

Usually a journal goes with the ingestion. A tenant may let those be kept for some days, so that the model digests them again when it is
back; `sessions.kept_at` says which are. They go when that was done, when the days are over, and with everything that is deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from recalld.layers.working.journal import ref_of, session_of
from recalld.postgres.pool import Transaction
from recalld.postgres.queries import beside
from recalld.values import Session, SessionRef, UserRef

_SQL = beside(__file__, "kept.sql")


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptCount:
    """How many journals are kept, over all users."""

    sessions: int
    oldest: datetime | None  # since when the oldest is


class KeptJournals:
    """Which journals are kept. Every method runs in the caller's transaction; those over all users in the sweeper's."""

    async def keep(self, tx: Transaction, session_id: str, *, wait: float) -> bool:
        """Keep the journal of a session that was just ingested, to be looked at after *wait* seconds; false where the tenant wants none."""
        return await tx.row(_SQL["keep"], session_id=session_id, wait=wait) is not None

    async def claim(
        self, tx: Transaction, session_id: str, epoch: int, *, lease: float, early: bool = False
    ) -> Session | None:
        """Take a session for *lease* seconds, *early* even before its next try is due; `None` when there is nothing to take."""
        row = await tx.row(_SQL["claim"], session_id=session_id, epoch=epoch, lease=lease, early=early)
        return None if row is None or tx.user is None else session_of(tx.user, row)

    async def lock(self, tx: Transaction, session: Session) -> bool:
        """Lock it for the replacement of its digest; false when it is not kept any more, or not for that purpose."""
        values = {"session_id": session.ref.session_id, "epoch": session.epoch, "purpose": session.purpose}
        return await tx.row(_SQL["lock"], **values) is not None

    async def postpone(self, tx: Transaction, session_id: str, epoch: int, *, delay: float) -> None:
        """Try again after *delay* seconds."""
        await tx.execute(_SQL["postpone"], session_id=session_id, epoch=epoch, delay=delay)

    async def let_go(
        self, tx: Transaction, *, session_ids: Sequence[str] | None = None, episode_ids: Sequence[str] | None = None
    ) -> int:
        """Delete kept journals: of these sessions, of the sessions of these episodes, or all of the user's; how many there were."""
        sessions, episodes = (None if ids is None else list(ids) for ids in (session_ids, episode_ids))
        row = await tx.row(_SQL["let_go"], session_ids=sessions, episode_ids=episodes)
        return row["sessions"] if row else 0

    async def let_go_lapsed(self, tx: Transaction, epoch: int) -> int:
        """Delete those of the user whose days are over."""
        row = await tx.row(_SQL["let_go_lapsed"], epoch=epoch)
        return row["sessions"] if row else 0

    # ------------------------------------------------------------ over all users, for the sweeper
    async def due(self, tx: Transaction, *, limit: int, early: bool = False) -> list[tuple[SessionRef, int]]:
        """Sessions to be digested again now, with their epochs; with *early*, those that wait for their next try too."""
        return [ref_of(row) for row in await tx.rows(_SQL["sweep_due"], limit=limit, early=early)]

    async def lapsed(self, tx: Transaction, *, limit: int) -> list[UserRef]:
        """People who have kept journals whose days are over."""
        rows = await tx.rows(_SQL["sweep_lapsed"], limit=limit)
        return [UserRef(tenant_id=row["tenant_id"], user_id=row["user_id"]) for row in rows]

    async def count(self, tx: Transaction) -> KeptCount:
        """How many there are."""
        return (await tx.all(KeptCount, _SQL["count"]))[0]
