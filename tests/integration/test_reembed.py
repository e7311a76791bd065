"""Users move to another embedder while recall goes on; the move can be interrupted and repeated."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from recalld.ingest.reembed import Progress, Reembedding
from recalld.layers.episodes.store import EpisodeStore
from recalld.layers.vectors.base import EpisodeVectors, VectorQuery
from recalld.layers.vectors.pgvector import PgVectorIndex
from recalld.layers.working.journal import Journal
from recalld.models.ledger import Ledger
from recalld.models.meter import ModelUse, count
from recalld.postgres.pool import Database
from recalld.values import Episode, UserRef

ADA, BOB, EVE = (UserRef(tenant_id=t, user_id=u) for t, u in (("acme", "ada"), ("acme", "bob"), ("other", "eve")))
NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)


class Letters:
    """An embedder that counts letters; *before* runs ahead of each call."""

    def __init__(self, name: str, dimensions: int) -> None:
        self.name, self.dimensions = name, dimensions
        self.texts = 0
        self.before: Callable[[], Awaitable[None]] | None = None

    async def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.before is not None:
            await self.before()
        self.texts += len(texts)
        count(ModelUse(component="embedder", model=self.name, input_tokens=len(texts)))
        return np.stack([await self.embed_query(text) for text in texts])

    async def embed_query(self, text: str) -> NDArray[np.float32]:
        vector = np.ones(self.dimensions, dtype=np.float32)
        for character in text:
            vector[ord(character) % self.dimensions] += 1
        return (vector / np.linalg.norm(vector)).astype(np.float32)


OLD, NEW = Letters("test:old", 16), Letters("test:new", 700)  # few of the new ones fit in a row


def episode(user: UserRef, number: int) -> Episode:
    return Episode(
        user=user,
        episode_id=f"{user.user_id}-{number}",
        session_id=f"s{number}",
        purpose="general",
        summary=f"Episode {number} of {user.user_id}",
        topics=(),
        points=tuple(f"point {place} of {number}" for place in range(9)),
        started_at=NOON,
        ended_at=NOON + timedelta(hours=number),
    )


async def keep(database: Database, user: UserRef, numbers: range, embedder: Letters = OLD) -> None:
    """Episodes as the write flow leaves them."""
    async with database.transaction("worker", user) as tx:
        epoch = await Journal().fence(tx)
        for each in (episode(user, number) for number in numbers):
            vectors = await embedder.embed_documents(each.search_keys)
            await EpisodeStore().insert(tx, each, epoch=epoch, language="english", indexed=True)
            await PgVectorIndex().upsert(tx, [vectors_of(each, epoch, embedder.name, vectors)])


def vectors_of(each: Episode, epoch: int, model: str, vectors: NDArray[np.float32]) -> EpisodeVectors:
    return EpisodeVectors(
        user=each.user,
        episode_id=each.episode_id,
        epoch=epoch,
        purpose=each.purpose,
        ended_at=each.ended_at,
        model=model,
        vectors=vectors,
    )


async def found(database: Database, user: UserRef, embedder: Letters) -> set[str]:
    """The episodes a search with this embedder's vectors can reach."""
    vector = await embedder.embed_query("anything")
    async with database.transaction("app", user, ["general"]) as tx:
        row = await tx.row("select epoch from recalld.users where tenant_id = %(tenant_id)s and user_id = %(user_id)s")
        assert row is not None
        query = VectorQuery(
            user=user, epoch=row["epoch"], purposes=("general",), model=embedder.name, vector=vector, k=100
        )
        return {hit.episode_id for hit in await PgVectorIndex().search(tx, query)}


def ids(user: UserRef, numbers: range) -> set[str]:
    return {f"{user.user_id}-{number}" for number in numbers}


@pytest.fixture
async def moving(database: Database) -> Reembedding:
    """Three users with episodes under the old embedder, about to move to the new one."""
    await keep(database, ADA, range(10))
    await keep(database, BOB, range(3))
    await keep(database, EVE, range(2))
    NEW.texts, NEW.before = 0, None
    return Reembedding(
        database=database,
        embedder=NEW,
        index=PgVectorIndex(),
        episodes=EpisodeStore(),
        journal=Journal(),
        ledger=Ledger(database, clock=lambda: NOON),
        batch=4,
    )


async def test_all_users_get_the_new_vectors_beside_the_old_ones(database: Database, moving: Reembedding):
    done = await moving.run()
    assert (done.users, done.of_users, done.episodes) == (3, 3, 15)
    for user, numbers in ((ADA, range(10)), (BOB, range(3)), (EVE, range(2))):
        assert await found(database, user, OLD) == ids(user, numbers)
        assert await found(database, user, NEW) == ids(user, numbers)


async def test_readers_are_told_that_what_they_keep_has_changed(database: Database, moving: Reembedding):
    async def version() -> int:
        async with database.transaction("worker", ADA) as tx:
            return (await Journal().lock_user(tx)).episodes_version

    before = await version()
    await moving.run()
    assert await version() > before


async def test_one_tenant_can_move_alone(database: Database, moving: Reembedding):
    done = await moving.run(tenant_id="other")
    assert (done.users, done.of_users, done.episodes) == (1, 1, 2)
    assert await found(database, ADA, NEW) == set()


async def test_running_it_again_embeds_nothing(moving: Reembedding):
    await moving.run()
    embedded = NEW.texts
    assert (await moving.run()).episodes == 0
    assert NEW.texts == embedded


async def test_an_interrupted_move_goes_on_where_it_stopped(database: Database, moving: Reembedding):
    calls = 0

    async def fail_later() -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt

    NEW.before = fail_later
    with pytest.raises(KeyboardInterrupt):
        await moving.run()
    NEW.before = None
    embedded = NEW.texts
    await moving.run()
    assert embedded == 80  # two batches of four episodes with ten texts each
    assert NEW.texts == 150
    assert await found(database, ADA, NEW) == ids(ADA, range(10))


async def test_sessions_that_end_meanwhile_are_brought_by_the_next_run(database: Database, moving: Reembedding):
    await moving.run()
    await keep(database, ADA, range(10, 12))
    assert await found(database, ADA, NEW) == ids(ADA, range(10))
    assert (await moving.run()).episodes == 2
    assert await found(database, ADA, NEW) == ids(ADA, range(12))


async def test_an_episode_deleted_while_the_model_worked_stays_deleted(database: Database, moving: Reembedding):
    async def delete() -> None:
        async with database.transaction("worker", ADA) as tx:
            await EpisodeStore().delete(tx, ["ada-9"])
            await PgVectorIndex().delete(tx, ADA, ["ada-9"])

    NEW.before = delete
    await moving.run(tenant_id="acme")
    async with database.transaction("worker", ADA) as tx:
        assert await PgVectorIndex().ids(tx, ADA) == ids(ADA, range(9))


async def test_a_user_erased_while_the_model_worked_gets_nothing_back(database: Database, moving: Reembedding):
    async def erase() -> None:
        async with database.transaction("worker", ADA) as tx:
            await tx.execute(
                "update recalld.users set epoch = epoch + 1 where tenant_id = %(tenant_id)s and user_id = %(user_id)s"
            )
            await PgVectorIndex().erase(tx, ADA)

    NEW.before = erase
    done = await moving.run(tenant_id="acme")
    assert done.users == 2
    async with database.transaction("worker", ADA) as tx:
        assert await PgVectorIndex().ids(tx, ADA) == set()


async def test_the_old_vectors_go_once_the_new_ones_are_there(database: Database, moving: Reembedding):
    await moving.run()
    done = await moving.drop_others()
    assert done.removed == 30  # ten vectors of 16 dimensions take two rows
    assert await found(database, ADA, OLD) == set()
    assert await found(database, ADA, NEW) == ids(ADA, range(10))


async def test_old_vectors_stay_where_there_are_no_new_ones(database: Database, moving: Reembedding):
    await moving.drop_others()
    assert await found(database, ADA, OLD) == ids(ADA, range(10))


async def test_progress_is_reported_and_what_the_model_took_is_counted(database: Database, moving: Reembedding):
    seen: list[Progress] = []
    await moving.run(report=seen.append)
    assert [(each.users, each.episodes) for each in seen] == [
        (0, 4),
        (0, 8),
        (0, 10),
        (1, 10),
        (1, 13),
        (2, 13),
        (2, 15),
        (3, 15),
    ]
    async with database.transaction("app", ADA, ["general"]) as tx:
        row = await tx.row(
            "select sum(input_tokens)::int as tokens from recalld.usage where tenant_id = %(tenant_id)s and user_id = %(user_id)s"
        )
    assert row == {"tokens": 100}
