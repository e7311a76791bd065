"""A vector index beside PostgreSQL, for tests of what happens between the two: a hash per person in a real Redis."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any

import numpy as np
from redis.asyncio import Redis
from redis.exceptions import RedisError

from recalld.errors import VectorIndexUnavailable
from recalld.layers.vectors.base import EpisodeVectors, VectorHit, VectorQuery
from recalld.postgres.pool import Transaction
from recalld.values import UserRef


class RedisIndex:
    """A vector index in Redis: a hash per person. It is written after the commit, as any index outside PostgreSQL."""

    transactional = False

    def __init__(self, url: str) -> None:
        self._redis: Redis = Redis.from_url(url)

    async def upsert(self, tx: Transaction | None, episodes: Sequence[EpisodeVectors]) -> None:
        """See the port."""
        for one in episodes:
            value = np.asarray(one.vectors, np.float32).tobytes()
            await self._asked(self._redis.hset(_key(one.user), f"{one.epoch}/{one.episode_id}", value))  # type: ignore[arg-type]

    async def search(self, tx: Transaction | None, query: VectorQuery) -> list[VectorHit]:
        """See the port."""
        held: dict[bytes, bytes] = await self._asked(self._redis.hgetall(_key(query.user)))
        hits = [
            VectorHit(episode_id=name.decode().partition("/")[2], similarity=_similarity(value, query.vector))
            for name, value in held.items()
            if name.startswith(f"{query.epoch}/".encode())
        ]
        return sorted(hits, key=lambda hit: -hit.similarity)[: query.k]

    async def delete(self, tx: Transaction | None, user: UserRef, episode_ids: Sequence[str]) -> None:
        """See the port."""
        held: list[bytes] = await self._asked(self._redis.hkeys(_key(user)))
        gone = [name for name in held if name.decode().partition("/")[2] in set(episode_ids)]
        if gone:
            await self._asked(self._redis.hdel(_key(user), *gone))  # type: ignore[arg-type]

    async def ids(self, tx: Transaction | None, user: UserRef) -> set[str]:
        """See the port."""
        held: list[bytes] = await self._asked(self._redis.hkeys(_key(user)))
        return {name.decode().partition("/")[2] for name in held}

    async def erase(self, tx: Transaction | None, user: UserRef) -> int:
        """See the port."""
        held = await self.ids(tx, user)
        await self._asked(self._redis.delete(_key(user)))
        return len(held)

    async def close(self) -> None:
        """Release connections."""
        await self._redis.aclose()

    async def _asked(self, answer: Awaitable[Any]) -> Any:
        try:
            return await answer
        except (RedisError, OSError) as error:
            raise VectorIndexUnavailable(f"the index did not answer ({type(error).__name__})") from error


def _key(user: UserRef) -> str:
    return f"index:{user.tenant_id}:{user.user_id}"


def _similarity(value: bytes, vector: Any) -> float:
    return float((np.frombuffer(value, np.float32).reshape(-1, len(vector)) @ vector).max())
