"""Layer 4 in PostgreSQL: an exact scan over one user's vectors.

No approximate index: with a filter on the user, HNSW finds 4 of 10 neighbours, while the vectors of one user are few enough to compare them
all. They are half-precision and lie in line, several to a row, along the primary key that begins with the user.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from pgvector import HalfVector
from psycopg.rows import DictRow

from recalld.errors import VectorIndexUnavailable
from recalld.layers.vectors.base import EpisodeVectors, UserVectors, VectorHit, VectorQuery
from recalld.postgres.pool import Pending, Transaction
from recalld.postgres.queries import beside
from recalld.values import UserRef

_SQL = beside(__file__, "pgvector.sql")
_PER_ROW = 8  # places the search reads
_ROW_BYTES = 7_500  # what a row may take to stay inside its page


class PgVectorIndex:
    """`VectorIndex` over the table `vectors`; every call takes part in the caller's transaction."""

    transactional = True

    async def upsert(self, tx: Transaction | None, episodes: Sequence[EpisodeVectors]) -> None:
        """Put the vectors of these episodes in place of those held for them."""
        within = _within(tx)
        await within.execute(_SQL["delete"], episode_ids=[episode.episode_id for episode in episodes])
        await within.execute_many(_SQL["insert"], [row for episode in episodes for row in _rows(episode)])

    async def add_beside(self, tx: Transaction | None, episodes: Sequence[EpisodeVectors]) -> None:
        """Put these vectors beside those of other models that the index holds for the episodes; repeating changes nothing."""
        within, ids = _within(tx), [episode.episode_id for episode in episodes]
        for model in {episode.model for episode in episodes}:
            await within.execute(_SQL["delete_model"], episode_ids=ids, model=model)
        free = {row["episode_id"]: row["part"] for row in await within.rows(_SQL["free_parts"], episode_ids=ids)}
        rows = [
            row | {"part": row["part"] + free.get(row["episode_id"], 0)} for each in episodes for row in _rows(each)
        ]
        await within.execute_many(_SQL["insert"], rows)

    async def keep_only(self, tx: Transaction | None, model: str) -> int:
        """Remove vectors of other models from the episodes that have some of *model*; return the number of rows."""
        return (await _within(tx).execute(_SQL["delete_other_models"], model=model)).rowcount

    async def search(self, tx: Transaction | None, query: VectorQuery) -> list[VectorHit]:
        """The *k* nearest episodes by their best vector, best first."""
        row = await _within(tx).packed(
            _SQL["search"],
            epoch=query.epoch,
            purposes=list(query.purposes),
            model=query.model,
            vector=HalfVector(query.vector),
            k=query.k,
            since=query.since,
            until=query.until,
        )
        return _hits(row) if row and row["ids"] is not None else []

    async def ask_all(self, tx: Transaction, query: VectorQuery) -> Pending[UserVectors]:
        """All vectors that a search for *query* would compare, to be read later."""
        purposes, dimensions = list(query.purposes), len(query.vector)
        rows = await tx.send_packed(_SQL["all"], epoch=query.epoch, purposes=purposes, model=query.model)
        return Pending(rows, lambda found: _user_vectors(found[0], dimensions))

    async def delete(self, tx: Transaction | None, user: UserRef, episode_ids: Sequence[str]) -> None:  # noqa: ARG002 -- the transaction has it
        """Remove these episodes."""
        await _within(tx).execute(_SQL["delete"], episode_ids=list(episode_ids))

    async def ids(self, tx: Transaction | None, user: UserRef) -> set[str]:  # noqa: ARG002 -- the transaction has it
        """The episodes that have vectors, of every epoch."""
        return {row["episode_id"] for row in await _within(tx).rows(_SQL["ids"])}

    async def erase(self, tx: Transaction | None, user: UserRef) -> int:  # noqa: ARG002 -- the transaction has it
        """Remove everything of the user; return how many episodes there were."""
        row = await _within(tx).row(_SQL["erase"])
        return row["episodes"] if row else 0

    async def close(self) -> None:
        """Nothing to release: the connections are the database's."""


def _within(tx: Transaction | None) -> Transaction:
    if tx is None:
        raise VectorIndexUnavailable("the pgvector index works inside a transaction of the user; none was given")
    return tx


def _rows(episode: EpisodeVectors) -> list[dict[str, Any]]:
    """The vectors of an episode as rows that each fit a page: eight of 256 dimensions, two of 1,536."""
    count, dimensions = episode.vectors.shape
    per_row = max(1, min(_PER_ROW, _ROW_BYTES // (2 * dimensions + 12)))
    halves = episode.vectors.astype(np.float16)
    return [
        {
            "episode_id": episode.episode_id,
            "part": part,
            "epoch": episode.epoch,
            "purpose": episode.purpose,
            "ended_at": episode.ended_at,
            "model": episode.model,
            "embeddings": [HalfVector(vector) for vector in halves[start : start + per_row]],
        }
        for part, start in enumerate(range(0, count, per_row))
    ]


def _hits(row: DictRow) -> list[VectorHit]:
    similarities = np.frombuffer(row["similarities"], ">f8").tolist()
    return [
        VectorHit(episode_id=episode_id, similarity=min(max(similarity, -1.0), 1.0))
        for episode_id, similarity in zip(row["ids"].split("\n"), similarities, strict=True)
    ]


_ARRAY_HEADER = 20  # bytes before the elements of an array that PostgreSQL sends
_ELEMENT_HEADER = 8  # before the numbers of each: its length, the dimensions, two that are not used


def _user_vectors(row: DictRow, dimensions: int) -> UserVectors:
    """The vectors out of the arrays of each part. Raises `VectorIndexUnavailable` for vectors of other *dimensions*."""
    ids: list[str] = row["ids"].split("\n") if row["ids"] is not None else []
    counts = np.frombuffer(row["counts"] or b"", ">i4").astype(np.intp)
    packed, element = row["parts"] or b"", _ELEMENT_HEADER + 2 * dimensions
    if len(packed) != len(ids) * _ARRAY_HEADER + int(counts.sum()) * element:
        raise VectorIndexUnavailable("the vectors of this model do not all have the dimensions of the query")
    vectors = np.empty((int(counts.sum()), dimensions), np.float32)
    begin = row_number = 0
    for count in counts.tolist():
        begin += _ARRAY_HEADER
        part = np.frombuffer(packed, np.uint8, count * element, begin).reshape(count, element)[:, _ELEMENT_HEADER:]
        vectors[row_number : row_number + count] = part.view(">f2")
        begin, row_number = begin + count * element, row_number + count
    return UserVectors(episode_ids=ids, counts=counts, vectors=vectors)
