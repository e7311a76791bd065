"""Layer 4 in Pinecone: `recalld[pinecone]`. A dense index with the metric cosine and the embedder's dimension.

One namespace per tenant. Ids begin with the user and the episode, so that both can be listed and deleted without a search. Pinecone shows
writes a while after it took them: a new vector may not be found yet, a deleted one may still be. The first costs a hit for some seconds;
the second yields nothing, because texts are read from PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Any, TypeVar
from urllib.parse import quote, unquote

from recalld.errors import MissingExtra
from recalld.layers.vectors.base import EpisodeVectors, VectorHit, VectorQuery
from recalld.layers.vectors.reach import Reach, upsert_seconds
from recalld.layers.vectors.selection import (
    Condition,
    Selection,
    best_per_episode,
    payload,
    tenant_key,
    user_key,
)
from recalld.postgres.pool import Transaction
from recalld.values import UserRef

try:
    from pinecone import AsyncIndex, NotFoundError, PineconeError
except ImportError:
    raise MissingExtra("the vector index in Pinecone", "pinecone") from None

T = TypeVar("T")

SEARCH_SECONDS = 1.0  # a slow index is worse than none: recall goes on by words
WRITE_SECONDS = 30.0
_MOST_HITS = 1_000  # that a query may ask for with metadata
_MOST_DELETED = 1_000  # ids of one delete
_REQUEST_BYTES = 1_500_000  # of an upsert; 2 MB are refused
_FETCHED = 50  # ids of one fetch: they travel in its address
_LONGEST_NAME = 400  # of an episode inside an id, which may have 512 characters
_VECTORS_PER_EPISODE = 6
_PLACES = 16  # of an episode that are deleted unseen: a listing may not show them yet


class PineconeIndex:
    """`VectorIndex` in Pinecone, written after the commit; it ignores the transactions given."""

    transactional = False

    def __init__(self, index: AsyncIndex) -> None:
        """See `open_pinecone`."""
        self._index = index
        self._reach = Reach("Pinecone", (PineconeError,))

    async def upsert(self, tx: Transaction | None, episodes: Sequence[EpisodeVectors]) -> None:  # noqa: ARG002 -- outside PostgreSQL
        """See the port."""
        async with self._reach.within(upsert_seconds(len(episodes))):
            for episode in episodes:
                await _put(self._index, episode)

    async def search(self, tx: Transaction | None, query: VectorQuery) -> list[VectorHit]:  # noqa: ARG002 -- outside PostgreSQL
        """See the port."""
        if not query.purposes:
            return []
        async with self._reach.within(SEARCH_SECONDS):
            nearest = await _nearest(self._index, query)
        return [VectorHit(episode_id=name, similarity=similarity) for name, similarity in nearest[: query.k]]

    async def delete(self, tx: Transaction | None, user: UserRef, episode_ids: Sequence[str]) -> None:  # noqa: ARG002 -- outside PostgreSQL
        """See the port."""
        async with self._reach.within(WRITE_SECONDS):
            for episode_id in episode_ids:
                listed = await _listed(self._index, user, _episode_prefix(user, episode_id))
                await _delete(self._index, user, {*listed, *_derived(user, episode_id)})

    async def ids(self, tx: Transaction | None, user: UserRef) -> set[str]:  # noqa: ARG002 -- outside PostgreSQL
        """See the port."""
        async with self._reach.within(WRITE_SECONDS):
            return await _episodes_of(self._index, user, await _listed(self._index, user, _user_prefix(user)))

    async def erase(self, tx: Transaction | None, user: UserRef) -> int:  # noqa: ARG002 -- outside PostgreSQL
        """See the port. By the ids listed, then by the filter: a listing may lag behind."""
        async with self._reach.within(WRITE_SECONDS):
            index = self._index
            listed = await _listed(index, user, _user_prefix(user))
            held = await _episodes_of(index, user, listed)
            await _delete(index, user, listed)
            with suppress(NotFoundError):  # a namespace that nobody has written to
                await index.delete(filter=_filter(Selection(user=user)), namespace=tenant_key(user))
        return len(held)

    async def close(self) -> None:
        """See the port."""
        await self._index.close()


def open_pinecone(host: str, *, api_key: str) -> PineconeIndex:
    """The index at a host name. Connects at the first use; the client tries again by itself, within the time a call may take."""
    return PineconeIndex(AsyncIndex(host=host, api_key=api_key, timeout=WRITE_SECONDS))


# ---------------------------------------------------------------- steps
async def _put(index: AsyncIndex, episode: EpisodeVectors) -> None:
    """New vectors over the old ones, then what the old ones had more."""
    count, dimensions = episode.vectors.shape
    shared = payload(episode)
    vectors = [
        {"id": _id(episode.user, episode.episode_id, place), "values": vector.tolist(), "metadata": shared}
        for place, vector in enumerate(episode.vectors)
    ]
    namespace = tenant_key(episode.user)
    for part in _parts(vectors, max(1, _REQUEST_BYTES // (dimensions * 22 + 600))):
        await index.upsert(vectors=part, namespace=namespace, show_progress=False)
    listed = await _listed(index, episode.user, _episode_prefix(episode.user, episode.episode_id))
    await _delete(index, episode.user, {name for name in listed if _place(name) >= count})


async def _nearest(index: AsyncIndex, query: VectorQuery) -> list[tuple[str, float]]:
    """Nearest points, more of them when they belong to too few episodes, up to what Pinecone answers."""
    limit = min(query.k * _VECTORS_PER_EPISODE, _MOST_HITS)
    while True:
        answer = await index.query(
            top_k=limit,
            vector=query.vector.tolist(),
            namespace=tenant_key(query.user),
            filter=_filter(Selection.of(query)),
            include_metadata=True,
        )
        best = best_per_episode([(_episode(match.metadata), _cosine(match.score)) for match in answer.matches])
        if len(best) >= query.k or len(answer.matches) < limit or limit == _MOST_HITS:
            return best
        limit = min(limit * 4, _MOST_HITS)


async def _listed(index: AsyncIndex, user: UserRef, prefix: str) -> set[str]:
    """The ids of points that begin so; none in a namespace that nobody has written to."""
    found: set[str] = set()
    with suppress(NotFoundError):
        async for page in index.list(prefix=prefix, namespace=tenant_key(user)):
            found.update(str(item.id) for item in page.vectors)
    return found


async def _delete(index: AsyncIndex, user: UserRef, names: Iterable[str]) -> None:
    with suppress(NotFoundError):
        for part in _parts(sorted(names), _MOST_DELETED):
            await index.delete(ids=part, namespace=tenant_key(user))


async def _episodes_of(index: AsyncIndex, user: UserRef, names: Iterable[str]) -> set[str]:
    """The episodes that ids of points are of. Where a name was too long for an id, its point knows it."""
    episodes = {_name_inside(name): name for name in names}
    found = {unquote(inside) for inside in episodes if not inside.startswith("#")}
    digested = [name for inside, name in episodes.items() if inside.startswith("#")]
    for part in _parts(digested, _FETCHED):
        answer = await index.fetch(ids=part, namespace=tenant_key(user))
        found.update(_episode(vector.metadata) for vector in answer.vectors.values())
    return found


# ---------------------------------------------------------------- ids: user.episode.place
def _user_prefix(user: UserRef) -> str:
    return f"{user_key(user)}."


def _episode_prefix(user: UserRef, episode_id: str) -> str:
    name = quote(episode_id, safe="").replace(".", "%2E")
    if len(name) > _LONGEST_NAME:
        name = "#" + sha256(episode_id.encode()).hexdigest()
    return f"{_user_prefix(user)}{name}."


def _id(user: UserRef, episode_id: str, place: int) -> str:
    return f"{_episode_prefix(user, episode_id)}{place}"


def _derived(user: UserRef, episode_id: str) -> set[str]:
    return {_id(user, episode_id, place) for place in range(_PLACES)}


def _name_inside(name: str) -> str:
    return name.split(".")[1]


def _place(name: str) -> int:
    return int(name.rsplit(".", 1)[1])


# ---------------------------------------------------------------- values
def _filter(selection: Selection) -> dict[str, Any]:
    """The only place that makes a filter, and it needs a selection, which needs a user."""
    return {"$and": [{condition.name: _operators(condition)} for condition in selection.conditions()]}


def _operators(condition: Condition) -> dict[str, Any]:
    if condition.equals is not None:
        return {"$eq": condition.equals}
    if condition.one_of is not None:
        return {"$in": list(condition.one_of)}
    bounds = {"$gte": condition.least, "$lt": condition.below}
    return {operator: bound for operator, bound in bounds.items() if bound is not None}


def _episode(metadata: Mapping[str, Any] | None) -> str:
    return str((metadata or {})["episode"])


def _cosine(score: float) -> float:
    return min(max(score, -1.0), 1.0)


def _parts(items: Sequence[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
