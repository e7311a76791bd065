"""Single deletions: a fact, an episode, a session, each with everything that followed from it.

What the deleted statements had closed is open again: facts are derived anew from the statements that remain. A journal that is kept for the
model goes too, so that nothing deleted is said again by a later digest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from recalld.errors import NotFound
from recalld.layers.episodes.store import EpisodeStore
from recalld.layers.facts.store import FactStore, Source
from recalld.layers.vectors.removals import Removals
from recalld.layers.working.base import WorkingMemory, best_effort
from recalld.layers.working.journal import Journal
from recalld.layers.working.kept import KeptJournals
from recalld.postgres.pool import Database, Transaction
from recalld.postgres.queries import beside
from recalld.privacy.audit import Audit
from recalld.values import Episode, Fact, FactChanges, SessionRef, UserRef

_SQL = beside(__file__, "delete.sql")
BLANK = "[deleted]"  # what stands in the place of a deleted message
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Forgotten:
    """What a search found to be deleted."""

    facts: tuple[Fact, ...]
    episodes: tuple[Episode, ...]
    deleted: bool  # false: a dry run


def matching(facts: Sequence[Fact], query: str) -> list[Fact]:
    """The facts in whose value or quote a word of the query stands; words of one to three letters do not count."""
    words = {word for word in _WORD.findall(query.casefold()) if len(word) > 3}
    return [fact for fact in facts if words & set(_WORD.findall(f"{fact.value} {fact.quote}".casefold()))]


@dataclass(frozen=True, kw_only=True, slots=True)
class Deletion:
    """Deletes parts of a person's memory, under every purpose."""

    database: Database
    journal: Journal
    kept: KeptJournals
    facts: FactStore
    episodes: EpisodeStore
    removals: Removals
    working: WorkingMemory
    audit: Audit

    async def fact(self, user: UserRef, fact_id: str, *, at: datetime) -> FactChanges:
        """One fact, with the statements it rests on, and all kept journals: it may have been said in any of them. Raises `NotFound`."""
        async with self.database.transaction("worker", user) as tx:
            row = await self.journal.lock_user(tx)
            changes = await self.facts.forget_fact(tx, row.epoch, fact_id, at=at)
            await self.kept.let_go(tx)
            await self.journal.touch_user(tx, facts=True, episodes=False)
            await self.audit.write(tx, "fact.deleted", user=user, count=1)
            return changes

    async def episode(self, user: UserRef, episode_id: str, *, at: datetime) -> FactChanges:
        """One episode, its vectors, and the facts that follow from it alone. Raises `NotFound`."""
        async with self.database.transaction("worker", user) as tx:
            row = await self.journal.lock_user(tx)
            if not await self._delete_episode(tx, user, episode_id, row.epoch):
                raise NotFound(f"there is no episode {episode_id!r}")
            changes = await self.facts.forget_source(tx, row.epoch, Source(episode_id=episode_id), at=at)
            await self.kept.let_go(tx, episode_ids=[episode_id])
            await self.journal.touch_user(tx, facts=True, episodes=True)
            await self.audit.write(tx, "episode.deleted", user=user, count=1)
        await self.removals.finish(user, [episode_id])
        return changes

    async def session(self, session: SessionRef, *, at: datetime) -> FactChanges:
        """One session, open or ended: its messages, its episode and the facts that follow from it alone. Raises `NotFound`."""
        async with self.database.transaction("worker", session.user) as tx:
            row = await self.journal.lock_user(tx)
            known = await self.journal.find(tx, session.session_id)
            if known is None:
                raise NotFound(f"there is no session {session.session_id!r}")
            if known.episode_id is not None:
                await self._delete_episode(tx, session.user, known.episode_id, row.epoch)
            source = Source(session_id=session.session_id, episode_id=known.episode_id)
            changes = await self.facts.forget_source(tx, row.epoch, source, at=at)
            await self.journal.forget(tx, session.session_id)
            await self.journal.touch_user(tx, facts=True, episodes=True)
            await self.audit.write(tx, "session.deleted", user=session.user, count=1)
        with best_effort():
            await self.working.drop(session, row.epoch)
        if known.episode_id is not None:
            await self.removals.finish(session.user, [known.episode_id])
        return changes

    async def message(self, session: SessionRef, seq: int) -> None:
        """Blank one message of an open session, or of a kept journal; its place stays, so that places of others do. Raises `NotFound`."""
        async with self.database.transaction("worker", session.user) as tx:
            epoch = await self.journal.fence(tx)
            if (
                await tx.row(_SQL["blank_message"], session_id=session.session_id, seq=seq, epoch=epoch, blank=BLANK)
                is None
            ):
                raise NotFound(f"there is no message {seq} in the journal of session {session.session_id!r}")
            await self.audit.write(tx, "message.deleted", user=session.user, count=1)
        await self.working.drop(session, epoch)

    async def each(self, user: UserRef, facts: Sequence[Fact], episodes: Sequence[Episode], *, at: datetime) -> None:
        """Several facts and episodes; what went with another one already is fine."""
        for fact in facts:
            with suppress(NotFound):
                await self.fact(user, fact.fact_id, at=at)
        for episode in episodes:
            with suppress(NotFound):
                await self.episode(user, episode.episode_id, at=at)

    async def _delete_episode(self, tx: Transaction, user: UserRef, episode_id: str, epoch: int) -> int:
        gone = await self.episodes.delete(tx, [episode_id])
        if gone:
            await self.removals.begin(tx, user, [episode_id], epoch=epoch)
        return gone
