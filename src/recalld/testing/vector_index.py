"""What every vector index must do: the contract of `recalld.layers.vectors.base.VectorIndex` as tests.

    class TestMine(VectorIndexContract):
        @pytest.fixture
        async def index(self): yield MyIndex(...)

Where the index lives in PostgreSQL, `scope` opens the transaction that a call takes part in; elsewhere there is none. An index that shows
writes later than it takes them overrides `settled`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from recalld.layers.vectors.base import EpisodeVectors, VectorIndex, VectorQuery
from recalld.postgres.pool import Transaction
from recalld.values import UserRef

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
ADA = UserRef(tenant_id="acme", user_id="ada")
NEIGHBOURS = (
    UserRef(tenant_id="acme2", user_id="ada"),
    UserRef(tenant_id="acme", user_id="Ada"),
    UserRef(tenant_id="acme", user_id="ada2"),
    UserRef(tenant_id="acme", user_id="*"),
    UserRef(tenant_id="acme ada", user_id="x"),
)
DIMENSIONS = 256


def towards(*angles: float) -> NDArray[np.float32]:
    """Vectors of length one at these angles, in degrees, from the first axis."""
    vectors = np.zeros((len(angles), DIMENSIONS), dtype=np.float32)
    vectors[:, 0], vectors[:, 1] = np.cos(np.radians(angles)), np.sin(np.radians(angles))
    return vectors


def episode(episode_id: str, *angles: float, **other: Any) -> EpisodeVectors:
    """An episode with vectors at these angles."""
    given: dict[str, Any] = {"user": ADA, "epoch": 7, "purpose": "support", "ended_at": NOON, "model": "test-model"}
    return EpisodeVectors(episode_id=episode_id, vectors=towards(*angles), **(given | other))


def query(k: int = 10, **other: Any) -> VectorQuery:
    """A search along the first axis."""
    given: dict[str, Any] = {"user": ADA, "epoch": 7, "purposes": ("support",), "model": "test-model"}
    return VectorQuery(vector=towards(0)[0], k=k, **(given | other))


class VectorIndexContract:
    """What the port promises. `index` is a fixture that yields an empty adapter."""

    @asynccontextmanager
    async def scope(self, user: UserRef, purposes: Sequence[str] = ()) -> AsyncGenerator[Transaction | None]:  # noqa: ARG002
        """The transaction of a call; none outside PostgreSQL. With *purposes* it reads as recall does, without it writes."""
        yield None

    async def settled(self) -> None:
        """Returns when what was written can be read."""

    async def put(self, index: VectorIndex, *episodes: EpisodeVectors) -> None:
        """Write, each in its user's scope."""
        for one in episodes:
            async with self.scope(one.user) as tx:
                await index.upsert(tx, [one])
        await self.settled()

    async def found(self, index: VectorIndex, asked: VectorQuery) -> list[str]:
        """The ids found, best first."""
        async with self.scope(asked.user, asked.purposes) as tx:
            return [hit.episode_id for hit in await index.search(tx, asked)]

    async def held(self, index: VectorIndex, user: UserRef = ADA) -> set[str]:
        """The ids held."""
        async with self.scope(user) as tx:
            return await index.ids(tx, user)

    async def test_an_unknown_user_has_nothing(self, index: VectorIndex) -> None:
        """Neither hits nor ids, and nothing to remove."""
        assert await self.found(index, query()) == []
        assert await self.held(index) == set()
        async with self.scope(ADA) as tx:
            await index.delete(tx, ADA, ["e1"])
            assert await index.erase(tx, ADA) == 0

    async def test_episodes_come_nearest_first_with_their_cosine(self, index: VectorIndex) -> None:
        """Each once, by its best vector."""
        await self.put(index, episode("far", 80), episode("near", 60, 10), episode("middle", 45, 90))
        async with self.scope(ADA, ["support"]) as tx:
            hits = await index.search(tx, query())
        assert [hit.episode_id for hit in hits] == ["near", "middle", "far"]
        assert [hit.similarity for hit in hits] == pytest.approx(np.cos(np.radians([10, 45, 80])).tolist(), abs=2e-3)

    async def test_no_more_than_asked_for(self, index: VectorIndex) -> None:
        """The best *k*, also when one episode has very many near vectors."""
        await self.put(
            index,
            episode("crowd", *(number / 10 for number in range(60))),
            *(episode(f"e{number}", 20 + number) for number in range(6)),
        )
        assert await self.found(index, query(k=4)) == ["crowd", "e0", "e1", "e2"]

    async def test_an_upsert_takes_the_place_of_what_was_there(self, index: VectorIndex) -> None:
        """Vectors, epoch and purpose; fewer vectors than before leave none of the old ones."""
        await self.put(index, episode("e1", 0, 10, 20, *range(30, 60, 2)), episode("e2", 70))
        await self.put(index, episode("e1", 85, epoch=8))
        await self.put(index, episode("e1", 85, epoch=8))
        assert await self.found(index, query()) == ["e2"]
        async with self.scope(ADA, ["support"]) as tx:
            hits = await index.search(tx, query(epoch=8))
        assert [hit.episode_id for hit in hits] == ["e1"]
        assert hits[0].similarity == pytest.approx(float(np.cos(np.radians(85))), abs=2e-3)

    async def test_a_search_keeps_to_its_epoch_purposes_and_model(self, index: VectorIndex) -> None:
        """What belongs to another is not found."""
        await self.put(
            index,
            episode("right", 50),
            episode("old", 0, epoch=6),
            episode("sales", 0, purpose="sales"),
            episode("other-model", 0, model="another-model"),
        )
        assert await self.found(index, query()) == ["right"]
        assert await self.found(index, query(purposes=("sales", "support"))) == ["sales", "right"]
        assert await self.found(index, query(purposes=("coaching",))) == []
        assert await self.found(index, query(model="unknown-model")) == []

    async def test_a_range_is_half_open_to_the_microsecond(self, index: VectorIndex) -> None:
        """On the end of the episode."""
        tick = timedelta(microseconds=1)
        await self.put(index, *(episode(f"e{n}", n, ended_at=NOON + n * tick) for n in range(4)))
        assert await self.found(index, query(since=NOON + tick, until=NOON + 3 * tick)) == ["e1", "e2"]
        assert await self.found(index, query(since=NOON + 2 * tick)) == ["e2", "e3"]
        assert await self.found(index, query(until=NOON + tick)) == ["e0"]

    async def test_nobody_meets_the_vectors_of_a_neighbour(self, index: VectorIndex) -> None:
        """Other tenant, other case, a prefix, characters of patterns: each finds, lists and erases its own."""
        everybody = (ADA, *NEIGHBOURS)
        await self.put(index, *(episode(f"of-{n}", 10, user=user) for n, user in enumerate(everybody)))
        for n, user in enumerate(everybody):
            assert await self.found(index, query(user=user)) == [f"of-{n}"]
            assert await self.held(index, user) == {f"of-{n}"}
        async with self.scope(ADA) as tx:
            assert await index.erase(tx, ADA) == 1
        await self.settled()
        assert [await self.held(index, user) for user in everybody] == [set(), *({f"of-{n}"} for n in range(1, 6))]

    async def test_deleting_removes_all_vectors_of_these_episodes_only(self, index: VectorIndex) -> None:
        """Of one user, of every epoch; ids that begin alike stay, and deleting twice is fine."""
        await self.put(
            index,
            episode("a", *range(0, 60, 3)),
            episode("a.0", 1),
            episode("ab", 2),
            episode("a", 5, user=NEIGHBOURS[1]),
        )
        for _ in range(2):
            async with self.scope(ADA) as tx:
                await index.delete(tx, ADA, ["a", "unknown"])
            await self.settled()
        assert await self.held(index) == {"a.0", "ab"}
        assert await self.held(index, NEIGHBOURS[1]) == {"a"}

    async def test_ids_are_those_of_every_epoch_purpose_and_model(self, index: VectorIndex) -> None:
        """What an erasure must bring to none, and a reconciler compares."""
        await self.put(
            index,
            episode("e1", 0),
            episode("e2", 0, epoch=3),
            episode("e3", 0, purpose="sales"),
            episode("e4", 0, model="another-model"),
        )
        assert await self.held(index) == {"e1", "e2", "e3", "e4"}
        async with self.scope(ADA) as tx:
            assert await index.erase(tx, ADA) == 4
        await self.settled()
        assert await self.held(index) == set()

    async def test_any_id_of_an_episode_survives(self, index: VectorIndex) -> None:
        """The tenant's own, up to 255 characters of any script."""
        names = {"plain", "a/b.c%20#1 \\?*", "größe · 尺寸 · 🙂", "x" * 255, "ж" * 255, "🙂" * 255}
        await self.put(index, *(episode(name, 10) for name in sorted(names)))
        assert await self.held(index) == names
        assert set(await self.found(index, query())) == names
        async with self.scope(ADA) as tx:
            await index.delete(tx, ADA, sorted(names))
        await self.settled()
        assert await self.held(index) == set()

    async def test_many_episodes_are_listed_and_erased_whole(self, index: VectorIndex) -> None:
        """More than one page of any store."""
        many = [episode(f"e{number:04d}", number % 90) for number in range(230)]
        await self.put(index, *many)
        await self.put(index, replace(many[0], user=NEIGHBOURS[0]))
        assert len(await self.held(index)) == 230
        async with self.scope(ADA) as tx:
            assert await index.erase(tx, ADA) == 230
        await self.settled()
        assert await self.held(index) == set()
        assert await self.held(index, NEIGHBOURS[0]) == {"e0000"}
