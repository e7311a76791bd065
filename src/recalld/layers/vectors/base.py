"""Layer 4, the port: embeddings of summaries and points, keyed by episode id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from recalld.postgres.pool import Pending, Transaction
from recalld.values import UserRef

Vectors = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True)
class EpisodeVectors:
    """All embeddings of one episode: the summary's first, then one per point."""

    user: UserRef
    episode_id: str
    epoch: int
    purpose: str
    ended_at: datetime
    model: str  # the embedder's name; vectors of different models are never compared
    vectors: Vectors  # shape (n, dimensions), rows of length one


@dataclass(frozen=True, kw_only=True, slots=True)
class VectorQuery:
    """A nearest-neighbour question about one user's episodes."""

    user: UserRef
    epoch: int | None  # None: the current one, which only a transactional index can know
    purposes: tuple[str, ...]
    model: str
    vector: NDArray[np.float32]  # shape (dimensions,), length one
    k: int  # episodes wanted
    since: datetime | None = None  # on `ended_at`, half-open
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class VectorHit:
    """An episode near the query: an id only, its text is always read again from PostgreSQL."""

    episode_id: str
    similarity: float  # cosine of its best vector, -1 to 1


@dataclass(frozen=True, kw_only=True, slots=True)
class UserVectors:
    """All vectors of one user and model, to be compared elsewhere; those of an episode may come in several parts."""

    episode_ids: Sequence[str]  # of each part
    counts: NDArray[np.intp]  # vectors of each part
    vectors: Vectors  # of all parts, one after the other


class VectorIndex(Protocol):
    """Nearest episodes of one user.

    `transactional` indexes (pgvector) live in PostgreSQL and take part in the caller's transaction *tx*; the others ignore it
    and are written after the commit. Every call names tenant and user; there is no unscoped query. Raises `VectorIndexUnavailable`.
    """

    transactional: bool

    async def upsert(self, tx: Transaction | None, episodes: Sequence[EpisodeVectors]) -> None:
        """Put the vectors of these episodes in place of those the index holds for them. Repeating changes nothing."""
        ...

    async def search(self, tx: Transaction | None, query: VectorQuery) -> list[VectorHit]:
        """The *k* nearest episodes, best first. An unknown user has none."""
        ...

    async def delete(self, tx: Transaction | None, user: UserRef, episode_ids: Sequence[str]) -> None:
        """Remove these episodes. Unknown ids are removed already."""
        ...

    async def ids(self, tx: Transaction | None, user: UserRef) -> set[str]:
        """The episode ids the index holds for *user*, of every epoch: for reconciliation and verification."""
        ...

    async def erase(self, tx: Transaction | None, user: UserRef) -> int:
        """Remove everything of *user*, of every epoch; return how many episodes there were."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


@runtime_checkable
class ReadableIndex(Protocol):
    """A transactional index that hands out all vectors of a user, so that a process compares them itself in the turns to come."""

    async def ask_all(self, tx: Transaction, query: VectorQuery) -> Pending[UserVectors]:
        """What a search for *query* would compare, whatever its vector, *k* and range; to be read later."""
        ...
