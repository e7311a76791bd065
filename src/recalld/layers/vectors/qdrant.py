"""Layer 4 in Qdrant: `recalld[qdrant]`.

One collection per embedder and dimension, so that vectors of different models never meet; the tenant's payload index is marked
`is_tenant`, which keeps a tenant's points together on disk. Searches are exact within one user, as in PostgreSQL: an approximate graph
over all users finds few of the neighbours that a filter leaves. So no graph is built at all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from recalld.errors import MissingExtra
from recalld.layers.vectors.base import EpisodeVectors, VectorHit, VectorQuery
from recalld.layers.vectors.reach import Reach, upsert_seconds
from recalld.layers.vectors.selection import Condition, Selection, best_per_episode, payload, point_id
from recalld.postgres.pool import Transaction
from recalld.values import UserRef

try:
    from qdrant_client import AsyncQdrantClient, models
    from qdrant_client.common.client_exceptions import QdrantException
    from qdrant_client.http.exceptions import ApiException, UnexpectedResponse
except ImportError:
    raise MissingExtra("the vector index in Qdrant", "qdrant") from None

PREFIX = "recalld-"
SEARCH_SECONDS = 1.0  # a slow index is worse than none: recall goes on by words
WRITE_SECONDS = 30.0
_PAGE = 1_000  # points per request
_VECTORS_PER_EPISODE = 6  # asked for at first; more are asked for when they turn out to be of too few episodes


class QdrantIndex:
    """`VectorIndex` in Qdrant, written after the commit; it ignores the transactions given."""

    transactional = False

    def __init__(self, client: AsyncQdrantClient, *, local: bool = False) -> None:
        """*local*: the client works on a folder of this process; see `open_qdrant`."""
        self._client = client
        self._local = local
        self._known: set[str] = set()
        self._reach = Reach("Qdrant", (ApiException, QdrantException))

    async def upsert(self, tx: Transaction | None, episodes: Sequence[EpisodeVectors]) -> None:  # noqa: ARG002 -- outside PostgreSQL
        """See the port."""
        async with self._reach.within(upsert_seconds(len(episodes))):
            for episode in episodes:
                await self._put(episode)

    async def _put(self, episode: EpisodeVectors) -> None:
        """New vectors over the old ones, then what the old ones had more."""
        count, dimensions = episode.vectors.shape
        collection = await self._collection(episode.model, dimensions)
        shared = payload(episode)
        points = [
            models.PointStruct(
                id=point_id(episode.user, episode.episode_id, place),
                vector=vector.tolist(),
                payload={**shared, "place": place},
            )
            for place, vector in enumerate(episode.vectors)
        ]
        try:
            await self._client.upsert(collection, points, wait=True)
            held = Selection(user=episode.user, episode_ids=(episode.episode_id,))
            surplus = _filter(held, Condition(name="place", least=count))
            await self._client.delete(collection, models.FilterSelector(filter=surplus), wait=True)
        except UnexpectedResponse:
            self._known.discard(collection)  # it may have been removed behind our back; the next try makes it again
            raise

    async def search(self, tx: Transaction | None, query: VectorQuery) -> list[VectorHit]:  # noqa: ARG002 -- outside PostgreSQL
        """See the port."""
        collection = collection_name(query.model, len(query.vector))
        async with self._reach.within(SEARCH_SECONDS):
            if not query.purposes or not await self._exists(collection):
                return []
            nearest = await self._nearest(collection, query)
        return [VectorHit(episode_id=name, similarity=similarity) for name, similarity in nearest[: query.k]]

    async def _nearest(self, collection: str, query: VectorQuery) -> list[tuple[str, float]]:
        """Nearest points, more and more of them until they belong to enough episodes or there are no more."""
        limit = query.k * _VECTORS_PER_EPISODE
        while True:
            answer = await self._client.query_points(
                collection,
                query=query.vector.tolist(),
                query_filter=_filter(Selection.of(query)),
                limit=limit,
                with_payload=["episode"],
                search_params=None if self._local else models.SearchParams(exact=True),
            )
            best = best_per_episode([(_episode(point), _cosine(point.score)) for point in answer.points])
            if len(best) >= query.k or len(answer.points) < limit:
                return best
            limit *= 4

    async def delete(self, tx: Transaction | None, user: UserRef, episode_ids: Sequence[str]) -> None:  # noqa: ARG002 -- outside PostgreSQL
        """See the port."""
        if episode_ids:
            async with self._reach.within(WRITE_SECONDS):
                await self._remove(Selection(user=user, episode_ids=tuple(episode_ids)))

    async def ids(self, tx: Transaction | None, user: UserRef) -> set[str]:  # noqa: ARG002 -- outside PostgreSQL
        """See the port."""
        async with self._reach.within(WRITE_SECONDS):
            return await self._held(user)

    async def erase(self, tx: Transaction | None, user: UserRef) -> int:  # noqa: ARG002 -- outside PostgreSQL
        """See the port."""
        async with self._reach.within(WRITE_SECONDS):
            held = await self._held(user)
            await self._remove(Selection(user=user))
        return len(held)

    async def close(self) -> None:
        """See the port."""
        await self._client.close()

    # ------------------------------------------------------------ collections
    async def _held(self, user: UserRef) -> set[str]:
        found: set[str] = set()
        for collection in await self._collections():
            place: Any = None
            while True:
                points, place = await self._client.scroll(
                    collection,
                    scroll_filter=_filter(Selection(user=user)),
                    limit=_PAGE,
                    offset=place,
                    with_payload=["episode"],
                )
                found.update(_episode(point) for point in points)
                if place is None:
                    break
        return found

    async def _remove(self, selection: Selection) -> None:
        for collection in await self._collections():
            await self._client.delete(collection, models.FilterSelector(filter=_filter(selection)), wait=True)

    async def _collections(self) -> list[str]:
        """Ours, of all models."""
        listed = await self._client.get_collections()
        return [one.name for one in listed.collections if one.name.startswith(PREFIX)]

    async def _exists(self, collection: str) -> bool:
        if collection not in self._known and await self._client.collection_exists(collection):
            self._known.add(collection)
        return collection in self._known

    async def _collection(self, model: str, dimensions: int) -> str:
        """The collection of a model, made when it is not there."""
        name = collection_name(model, dimensions)
        if not await self._exists(name):
            await self._create(name, dimensions)
            self._known.add(name)
        return name

    async def _create(self, name: str, dimensions: int) -> None:
        vectors = models.VectorParams(
            size=dimensions, distance=models.Distance.COSINE, datatype=models.Datatype.FLOAT16, on_disk=True
        )
        try:
            await self._client.create_collection(
                name, vectors_config=vectors, hnsw_config=models.HnswConfigDiff(m=0), on_disk_payload=True
            )
        except UnexpectedResponse as error:
            if error.status_code != 409:  # another process was faster
                raise
        if not self._local:  # which knows no indexes
            await self._index_payload(name)

    async def _index_payload(self, name: str) -> None:
        keyword = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD)
        tenant = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)
        await self._client.create_payload_index(name, "tenant", field_schema=tenant)
        for field in ("user", "episode"):
            await self._client.create_payload_index(name, field, field_schema=keyword)


def collection_name(model: str, dimensions: int) -> str:
    """The collection of one embedder: readable, and unique through a digest."""
    readable = re.sub(r"[^a-z0-9]+", "-", model.lower()).strip("-")[:48]
    return f"{PREFIX}{readable}-{sha256(model.encode()).hexdigest()[:8]}-{dimensions}"


def open_qdrant(place: str, *, api_key: str | None = None) -> QdrantIndex:
    """An index at a server's URL, or in a folder of this process, which is for tests and trials. Connects at the first use."""
    if place.startswith(("http://", "https://")):
        client = AsyncQdrantClient(url=place, api_key=api_key, timeout=int(WRITE_SECONDS), check_compatibility=False)
        return QdrantIndex(client)
    return QdrantIndex(AsyncQdrantClient(path=str(Path(place).expanduser())), local=True)


def _filter(selection: Selection, *further: Condition) -> models.Filter:
    """The only place that makes a filter, and it needs a selection, which needs a user."""
    return models.Filter(must=[_field(condition) for condition in (*selection.conditions(), *further)])


def _field(condition: Condition) -> models.FieldCondition:
    if condition.equals is not None:
        return models.FieldCondition(key=condition.name, match=models.MatchValue(value=condition.equals))
    if condition.one_of is not None:
        return models.FieldCondition(key=condition.name, match=models.MatchAny(any=list(condition.one_of)))
    return models.FieldCondition(key=condition.name, range=models.Range(gte=condition.least, lt=condition.below))


def _episode(point: models.ScoredPoint | models.Record) -> str:
    return str((point.payload or {})["episode"])


def _cosine(score: float) -> float:
    return min(max(score, -1.0), 1.0)
