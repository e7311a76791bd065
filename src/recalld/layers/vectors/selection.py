"""Which points of an index outside PostgreSQL a call is about. There is no selection without a user.

Row-level security does not reach there, so the adapters build every filter here and nowhere else, and every filter begins with the
tenant and the user. The store gets digests of both, never the names that a tenant gave.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Self
from uuid import NAMESPACE_OID, uuid5

from recalld.layers.vectors.base import EpisodeVectors, VectorQuery
from recalld.values import UserRef

_ORIGIN = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """One field of a point: equal to a value, one of several, or within `[least, below)`."""

    name: str
    equals: str | int | None = None
    one_of: tuple[str, ...] | None = None
    least: int | None = None
    below: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """Points of one user, possibly only some of them."""

    user: UserRef
    epoch: int | None = None
    model: str | None = None
    purposes: tuple[str, ...] | None = None
    episode_ids: tuple[str, ...] | None = None
    since: datetime | None = None  # on `ended_at`, half-open
    until: datetime | None = None

    @classmethod
    def of(cls, query: VectorQuery) -> Self:
        """The points a search may see. Raises `ValueError` without an epoch: only PostgreSQL knows the current one."""
        if query.epoch is None:
            raise ValueError("an index outside PostgreSQL has to be told the user's epoch")
        return cls(
            user=query.user,
            epoch=query.epoch,
            model=query.model,
            purposes=query.purposes,
            since=query.since,
            until=query.until,
        )

    def conditions(self) -> tuple[Condition, ...]:
        """All of them must hold; tenant and user come first and are always there."""
        limits = (
            None if self.epoch is None else Condition(name="epoch", equals=self.epoch),
            None if self.model is None else Condition(name="model", equals=self.model),
            None if self.purposes is None else Condition(name="purpose", one_of=self.purposes),
            None if self.episode_ids is None else Condition(name="episode", one_of=self.episode_ids),
            self._ended(),
        )
        scope = (
            Condition(name="tenant", equals=tenant_key(self.user)),
            Condition(name="user", equals=user_key(self.user)),
        )
        return (*scope, *(limit for limit in limits if limit is not None))

    def _ended(self) -> Condition | None:
        if self.since is None and self.until is None:
            return None
        least, below = (None if bound is None else microseconds(bound) for bound in (self.since, self.until))
        return Condition(name="ended_at", least=least, below=below)


def payload(episode: EpisodeVectors) -> dict[str, Any]:
    """What a point says of itself, beside its vector: nothing that was said, and nobody's name."""
    return {
        "tenant": tenant_key(episode.user),
        "user": user_key(episode.user),
        "epoch": episode.epoch,
        "model": episode.model,
        "purpose": episode.purpose,
        "episode": episode.episode_id,
        "ended_at": microseconds(episode.ended_at),
    }


def tenant_key(user: UserRef) -> str:
    """A tenant in an external store: the name of its namespace. Raises `ValueError` for an empty id."""
    return _digest(user.tenant_id)


def user_key(user: UserRef) -> str:
    """A user in an external store. Raises `ValueError` for an empty id."""
    return _digest(user.tenant_id, user.user_id)


def point_id(user: UserRef, episode_id: str, place: int) -> str:
    """The id of one vector, derived, so that writing it again replaces it."""
    return str(uuid5(NAMESPACE_OID, "\x1f".join((user.tenant_id, user.user_id, episode_id, str(place)))))


def microseconds(moment: datetime) -> int:
    """A time as a number that every store compares exactly: below 2^53 until the year 2255."""
    since = moment - _ORIGIN
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def best_per_episode(scored: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """Episodes by their best vector, best first; ties by id, as the index in PostgreSQL breaks them."""
    best: dict[str, float] = {}
    for episode_id, similarity in scored:
        best[episode_id] = max(similarity, best.get(episode_id, -1.0))
    return sorted(best.items(), key=lambda item: (-item[1], item[0]))


def _digest(*names: str) -> str:
    if not all(names):
        raise ValueError("a point of an external index belongs to a tenant and a user")
    return sha256("\x1f".join(names).encode()).hexdigest()[:32]
