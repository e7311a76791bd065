"""The outbox of an index outside PostgreSQL, and the proof that both hold the same.

The commit of an episode comes first, its vectors follow. `episodes.indexed_at` is the outbox: null until the index confirmed them, so
whatever dies in between is brought later. What is in the index without an episode (a deletion that it did not hear of) yields nothing in
recall, and is found and removed here.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import groupby

import structlog

from recalld.errors import ModelError, VectorIndexUnavailable
from recalld.layers.episodes.store import EpisodeStore
from recalld.layers.vectors.base import EpisodeVectors, VectorIndex, Vectors
from recalld.layers.working.journal import Journal
from recalld.models.embedder import Embedder
from recalld.postgres.pool import Database, Transaction
from recalld.postgres.queries import beside
from recalld.values import Episode, UserRef

_SQL = beside(__file__, "reconcile.sql")
_PAGE = 500  # users read at a time
BATCH = 64  # episodes embedded at a time
OUTBOX = 500  # episodes brought with one sweep

log = structlog.get_logger("recalld.vectors")


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """What PostgreSQL and the index do not agree on, for one user."""

    user: UserRef
    epoch: int
    episodes: int = 0  # in PostgreSQL
    missing: tuple[str, ...] = ()  # confirmed, and yet not in the index
    waiting: tuple[str, ...] = ()  # in the outbox
    orphans: tuple[str, ...] = ()  # in the index without an episode

    def __bool__(self) -> bool:
        return bool(self.missing or self.waiting or self.orphans)


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """The same over many users."""

    users: int = 0
    episodes: int = 0
    missing: int = 0
    waiting: int = 0
    orphans: int = 0

    @property
    def equal(self) -> bool:
        """True when both hold the same."""
        return not (self.missing or self.waiting or self.orphans)

    def plus(self, one: Difference) -> Comparison:
        """With one more user."""
        return Comparison(
            users=self.users + 1,
            episodes=self.episodes + one.episodes,
            missing=self.missing + len(one.missing),
            waiting=self.waiting + len(one.waiting),
            orphans=self.orphans + len(one.orphans),
        )


Report = Callable[[Comparison], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reconciler:
    """Brings the index and PostgreSQL together. PostgreSQL is right."""

    database: Database
    journal: Journal
    episodes: EpisodeStore
    vectors: VectorIndex
    embedder: Embedder

    async def deliver(self) -> int:
        """Bring what waits in the outbox; return how many episodes it were. A duty of the worker: trouble leaves it for the next time."""
        if self.vectors.transactional:
            return 0
        async with self.database.unscoped("sweeper") as tx:
            rows = await tx.rows(_SQL["outbox"], limit=OUTBOX)
        brought = 0
        for (tenant_id, user_id, epoch), group in groupby(
            rows, key=lambda row: (row["tenant_id"], row["user_id"], row["epoch"])
        ):
            user = UserRef(tenant_id=tenant_id, user_id=user_id)
            try:
                brought += await self.bring(user, epoch, [row["episode_id"] for row in group])
            except ModelError as error:
                log.warning("vectors.not_embedded", error=type(error).__name__)
            except VectorIndexUnavailable as error:
                log.warning("vectors.postponed", error=type(error).__name__)
                break
        return brought

    async def verify(self, *, tenant_id: str | None = None, report: Report | None = None) -> Comparison:
        """Compare all users, of one tenant or of all. Raises `VectorIndexUnavailable`."""
        whole = Comparison()
        async for user, epoch in self._users(tenant_id):
            whole = whole.plus(await self.compare(user, epoch))
            if report is not None:
                report(whole)
        return whole

    async def repair(self, *, tenant_id: str | None = None, report: Report | None = None) -> Comparison:
        """Compare, and remove what the difference is; returns what it was. Raises `VectorIndexUnavailable`, `ModelError`."""
        whole = Comparison()
        async for user, epoch in self._users(tenant_id):
            found = await self.compare(user, epoch)
            await self._mend(found)
            whole = whole.plus(found)
            if report is not None:
                report(whole)
        return whole

    async def rebuild(self, *, tenant_id: str | None = None, report: Report | None = None) -> Comparison:
        """Write the vectors of all episodes again, as for a new index or embedder. Raises `VectorIndexUnavailable`, `ModelError`."""
        whole = Comparison()
        async for user, epoch in self._users(tenant_id):
            stored = list(await self._stored(user))
            await self.bring(user, epoch, stored)
            whole = whole.plus(Difference(user=user, epoch=epoch, episodes=len(stored)))
            if report is not None:
                report(whole)
        return whole

    # ------------------------------------------------------------ one user
    async def compare(self, user: UserRef, epoch: int) -> Difference:
        """What PostgreSQL and the index do not agree on.

        The index is read first: an episode is in PostgreSQL before it is there, so what is there alone is an orphan. It is read again
        for what seems to be missing, which may have come in between.
        """
        held = await self._held(user)
        stored = await self._stored(user)
        missing = {name for name, indexed in stored.items() if indexed} - held
        if missing:
            missing -= await self._held(user)
        return Difference(
            user=user,
            epoch=epoch,
            episodes=len(stored),
            missing=tuple(sorted(missing)),
            waiting=tuple(sorted(name for name, indexed in stored.items() if not indexed)),
            orphans=tuple(sorted(held - stored.keys())),
        )

    async def bring(self, user: UserRef, epoch: int, episode_ids: Sequence[str]) -> int:
        """Embed these episodes and write them to the index, unless they or the user are gone; return how many were confirmed."""
        brought = 0
        for start in range(0, len(episode_ids), BATCH):
            part = episode_ids[start : start + BATCH]
            async with self.database.transaction("worker", user) as tx:
                episodes = await self.episodes.get(tx, part, epoch)
            brought += await self._write(user, epoch, await self._embed(episodes, epoch))
        return brought

    async def _mend(self, found: Difference) -> None:
        if found.orphans:
            async with self._scope(found.user) as tx:
                await self.vectors.delete(tx, found.user, found.orphans)
        await self.bring(found.user, found.epoch, [*found.missing, *found.waiting])

    async def _embed(self, episodes: Sequence[Episode], epoch: int) -> list[EpisodeVectors]:
        """The vectors of each episode; all texts in one call."""
        texts = [key for episode in episodes for key in episode.search_keys]
        vectors = await self.embedder.embed_documents(texts) if texts else None
        found: list[EpisodeVectors] = []
        end = 0
        for episode in episodes:
            start, end = end, end + len(episode.search_keys)
            if vectors is not None and end > start:
                found.append(_vectors_of(episode, epoch, self.embedder.name, vectors[start:end]))
        return found

    async def _write(self, user: UserRef, epoch: int, vectors: Sequence[EpisodeVectors]) -> int:
        """To the index, then the fence and the rows again: what was erased or deleted meanwhile goes from the index, too."""
        ids = [one.episode_id for one in vectors]
        if not ids:
            return 0
        if not self.vectors.transactional:
            await self.vectors.upsert(None, vectors)
        async with self.database.transaction("worker", user) as tx:
            fenced = await self.journal.fence(tx) != epoch
            there = [] if fenced else [episode.episode_id for episode in await self.episodes.get(tx, ids, epoch)]
            if self.vectors.transactional:
                await self.vectors.upsert(tx, [one for one in vectors if one.episode_id in there])
            written = {one.episode_id: one.purpose for one in vectors if one.episode_id in there}
            await self.episodes.mark_indexed(tx, written, epoch=epoch)
        gone = sorted(set(ids) - set(there))
        if gone and not self.vectors.transactional:
            await self.vectors.delete(None, user, gone)
        return len(there)

    # ------------------------------------------------------------ reading
    async def _held(self, user: UserRef) -> set[str]:
        async with self._scope(user) as tx:
            return await self.vectors.ids(tx, user)

    async def _stored(self, user: UserRef) -> dict[str, bool]:
        async with self.database.transaction("worker", user) as tx:
            return {row["episode_id"]: row["indexed"] for row in await tx.rows(_SQL["episodes"])}

    @asynccontextmanager
    async def _scope(self, user: UserRef) -> AsyncGenerator[Transaction | None]:
        """The transaction that an index in PostgreSQL works in."""
        if not self.vectors.transactional:
            yield None
            return
        async with self.database.transaction("worker", user) as tx:
            yield tx

    async def _users(self, tenant_id: str | None) -> AsyncIterator[tuple[UserRef, int]]:
        last = UserRef(tenant_id="", user_id="")
        while page := await self._page(last, tenant_id):
            for one in page:
                yield one
            last = page[-1][0]

    async def _page(self, after: UserRef, tenant_id: str | None) -> list[tuple[UserRef, int]]:
        position = {"after_tenant": after.tenant_id, "after_user": after.user_id}
        async with self.database.unscoped("sweeper") as tx:
            rows = await tx.rows(_SQL["users"], **position, of_tenant=tenant_id, limit=_PAGE)
        return [(UserRef(tenant_id=row["tenant_id"], user_id=row["user_id"]), row["epoch"]) for row in rows]


def _vectors_of(episode: Episode, epoch: int, model: str, vectors: Vectors) -> EpisodeVectors:
    return EpisodeVectors(
        user=episode.user,
        episode_id=episode.episode_id,
        epoch=epoch,
        purpose=episode.purpose,
        ended_at=episode.ended_at,
        model=model,
        vectors=vectors,
    )
