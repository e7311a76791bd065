"""Single deletions: a fact, an episode, a session, each with everything that followed from it.

What the deleted statements had closed is open again: facts are derived anew from the statements that remain.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recalld.errors import NotFound
from recalld.layers.episodes.store import EpisodeStore
from recalld.layers.facts.store import FactStore, Source
from recalld.layers.vectors.base import VectorIndex
from recalld.layers.working.base import WorkingMemory, best_effort
from recalld.layers.working.journal import Journal
from recalld.postgres.pool import Database, Transaction
from recalld.values import FactChanges, SessionRef, UserRef


@dataclass(frozen=True, kw_only=True, slots=True)
class Deletion:
    """Deletes parts of a person's memory, under every purpose."""

    database: Database
    journal: Journal
    facts: FactStore
    episodes: EpisodeStore
    vectors: VectorIndex
    working: WorkingMemory

    async def fact(self, user: UserRef, fact_id: str, *, at: datetime) -> FactChanges:
        """One fact, with the statements it rests on. Raises `NotFound`."""
        async with self.database.transaction("worker", user) as tx:
            row = await self.journal.lock_user(tx)
            changes = await self.facts.forget_fact(tx, row.epoch, fact_id, at=at)
            await self.journal.touch_user(tx, facts=True, episodes=False)
            return changes

    async def episode(self, user: UserRef, episode_id: str, *, at: datetime) -> FactChanges:
        """One episode, its vectors, and the facts that follow from it alone. Raises `NotFound`."""
        async with self.database.transaction("worker", user) as tx:
            row = await self.journal.lock_user(tx)
            if not await self._delete_episode(tx, user, episode_id):
                raise NotFound(f"there is no episode {episode_id!r}")
            changes = await self.facts.forget_source(tx, row.epoch, Source(episode_id=episode_id), at=at)
            await self.journal.touch_user(tx, facts=True, episodes=True)
        await self._delete_outside(user, episode_id)
        return changes

    async def session(self, session: SessionRef, *, at: datetime) -> FactChanges:
        """One session, open or ended: its messages, its episode and the facts that follow from it alone. Raises `NotFound`."""
        async with self.database.transaction("worker", session.user) as tx:
            row = await self.journal.lock_user(tx)
            known = await self.journal.find(tx, session.session_id)
            if known is None:
                raise NotFound(f"there is no session {session.session_id!r}")
            if known.episode_id is not None:
                await self._delete_episode(tx, session.user, known.episode_id)
            source = Source(session_id=session.session_id, episode_id=known.episode_id)
            changes = await self.facts.forget_source(tx, row.epoch, source, at=at)
            await self.journal.forget(tx, session.session_id)
            await self.journal.touch_user(tx, facts=True, episodes=True)
        with best_effort():
            await self.working.drop(session, row.epoch)
        if known.episode_id is not None:
            await self._delete_outside(session.user, known.episode_id)
        return changes

    async def _delete_episode(self, tx: Transaction, user: UserRef, episode_id: str) -> int:
        if self.vectors.transactional:
            await self.vectors.delete(tx, user, [episode_id])
        return await self.episodes.delete(tx, [episode_id])

    async def _delete_outside(self, user: UserRef, episode_id: str) -> None:
        """From an index elsewhere, after the commit: a hit on an id that is gone yields nothing in between."""
        if not self.vectors.transactional:
            await self.vectors.delete(None, user, [episode_id])
