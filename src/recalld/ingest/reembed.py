"""From one embedder to another without a gap in recall.

The new model's vectors are written beside the old ones while the service goes on with the old model; then the setting is switched, and the
old vectors are removed. Every step asks the database what is missing, so it can be interrupted at any point and goes on where it stopped;
running it twice changes nothing.

No database connection is held while the model works. Vectors of an episode that was deleted, or of a user who was erased, meanwhile are
dropped.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace

from recalld.errors import Fenced
from recalld.layers.episodes.store import EpisodeStore
from recalld.layers.vectors.base import EpisodeVectors, Vectors
from recalld.layers.vectors.pgvector import PgVectorIndex
from recalld.layers.working.journal import Journal
from recalld.models.embedder import Embedder
from recalld.models.ledger import Ledger
from recalld.models.meter import metered
from recalld.postgres.pool import Database, Transaction
from recalld.postgres.queries import beside
from recalld.values import Episode, UserRef

_SQL = beside(__file__, "reembed.sql")
_PAGE = 200  # users read at a time


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far it is."""

    users: int  # gone through
    of_users: int  # in all, when it began
    episodes: int = 0  # that got vectors of the new model
    removed: int = 0  # rows of other models that went


Report = Callable[[Progress], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reembedding:
    """Moves users to *embedder*; vectors are those of the pgvector index."""

    database: Database
    embedder: Embedder
    index: PgVectorIndex
    episodes: EpisodeStore
    journal: Journal
    ledger: Ledger | None = None  # counts what the new model takes
    batch: int = 64  # episodes embedded at a time

    async def run(self, *, tenant_id: str | None = None, report: Report | None = None) -> Progress:
        """Give every episode vectors of the embedder's model, beside those it has. Raises `ModelError`, `DatabaseUnavailable`."""
        return await self._each_user(self._move, tenant_id, report)

    async def drop_others(self, *, tenant_id: str | None = None, report: Report | None = None) -> Progress:
        """Remove vectors of other models where there are some of the embedder's: after the setting was switched."""
        return await self._each_user(self._drop, tenant_id, report)

    async def _each_user(
        self,
        step: Callable[[UserRef, int, Progress], AsyncIterator[Progress]],
        tenant_id: str | None,
        report: Report | None,
    ) -> Progress:
        progress = Progress(users=0, of_users=await self._count(tenant_id))
        async for user, epoch in self._users(tenant_id):
            async for reached in step(user, epoch, progress):
                progress = reached
                if report is not None:
                    report(progress)
        return progress

    async def _move(self, user: UserRef, epoch: int, progress: Progress) -> AsyncIterator[Progress]:
        while episodes := await self._missing(user, epoch):
            with metered() as meter:
                vectors = await self._embed(episodes)
            if self.ledger is not None:
                await self.ledger.record(user, meter.uses, epoch=epoch)
            written = await self._write(user, epoch, vectors)
            progress = replace(progress, episodes=progress.episodes + written)
            yield progress
            if not written:
                break  # erased, or deleted one by one, meanwhile
        yield replace(progress, users=progress.users + 1)

    async def _drop(self, user: UserRef, epoch: int, progress: Progress) -> AsyncIterator[Progress]:  # noqa: ARG002 - of any epoch
        async with self.database.transaction("worker", user) as tx:
            removed = await self.index.keep_only(tx, self.embedder.name)
        yield replace(progress, users=progress.users + 1, removed=progress.removed + removed)

    # ------------------------------------------------------------ steps
    async def _missing(self, user: UserRef, epoch: int) -> list[Episode]:
        async with self.database.transaction("worker", user) as tx:
            rows = await tx.rows(_SQL["missing"], epoch=epoch, model=self.embedder.name, limit=self.batch)
            found = await self.episodes.get(tx, [row["episode_id"] for row in rows], epoch)
        return [episode for episode in found if episode.search_keys]

    async def _embed(self, episodes: Sequence[Episode]) -> list[tuple[Episode, Vectors]]:
        """The vectors of each episode; all texts in one call."""
        texts = [key for episode in episodes for key in episode.search_keys]
        vectors = await self.embedder.embed_documents(texts)
        pairs: list[tuple[Episode, Vectors]] = []
        start = 0
        for episode in episodes:
            end = start + len(episode.search_keys)
            pairs.append((episode, vectors[start:end]))
            start = end
        return pairs

    async def _write(self, user: UserRef, epoch: int, vectors: Sequence[tuple[Episode, Vectors]]) -> int:
        """Write what still has an episode; none for a user erased meanwhile."""
        try:
            async with self.database.transaction("worker", user) as tx:
                await self.journal.lock_user(tx, epoch)
                there = await self._there(tx, [episode for episode, _ in vectors], epoch)
                kept = [
                    self._vectors_of(episode, each, epoch) for episode, each in vectors if episode.episode_id in there
                ]
                await self.index.add_beside(tx, kept)
                await self.journal.touch_user(tx, facts=False, episodes=bool(kept))  # readers keep vectors
                return len(kept)
        except Fenced:
            return 0

    async def _there(self, tx: Transaction, episodes: Sequence[Episode], epoch: int) -> set[str]:
        found = await self.episodes.get(tx, [episode.episode_id for episode in episodes], epoch)
        return {episode.episode_id for episode in found}

    def _vectors_of(self, episode: Episode, vectors: Vectors, epoch: int) -> EpisodeVectors:
        return EpisodeVectors(
            user=episode.user,
            episode_id=episode.episode_id,
            epoch=epoch,
            purpose=episode.purpose,
            ended_at=episode.ended_at,
            model=self.embedder.name,
            vectors=vectors,
        )

    # ------------------------------------------------------------ users
    async def _count(self, tenant_id: str | None) -> int:
        async with self.database.unscoped("sweeper") as tx:
            row = await tx.row(_SQL["count_users"], of_tenant=tenant_id)
        return row["users"] if row else 0

    async def _users(self, tenant_id: str | None) -> AsyncIterator[tuple[UserRef, int]]:
        last = UserRef(tenant_id="", user_id="")
        while page := await self._page(last, tenant_id):
            for user, epoch in page:
                yield user, epoch
            last = page[-1][0]

    async def _page(self, after: UserRef, tenant_id: str | None) -> list[tuple[UserRef, int]]:
        async with self.database.unscoped("sweeper") as tx:
            rows = await tx.rows(
                _SQL["users"], after_tenant=after.tenant_id, after_user=after.user_id, of_tenant=tenant_id, limit=_PAGE
            )
        return [(UserRef(tenant_id=row["tenant_id"], user_id=row["user_id"]), row["epoch"]) for row in rows]
