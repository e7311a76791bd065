"""Layer 3: the episodic log, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg.rows import DictRow

from recalld.layers.episodes.pieces import Pieces, pieces_of
from recalld.layers.episodes.wording import Vectors, Wording, subject_vectors
from recalld.layers.episodes.words import words
from recalld.postgres.pool import Pending, Transaction
from recalld.postgres.queries import beside
from recalld.values import Episode, UserRef

_SQL = beside(__file__, "episodes.sql")
MOST_TEXTS = 200  # of a user that are kept
MOST_LAID_OUT = 100  # episodes: 2 ms once, 0.2 ms less in each turn
_PG_EPOCH = np.datetime64("2000-01-01", "us")  # PostgreSQL counts microseconds from here


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All episodes of one user that the purposes allow, as arrays of one length; what search ranks by."""

    ids: list[str]
    started: NDArray[np.datetime64]  # microseconds, UTC
    ended: NDArray[np.datetime64]
    on_topic: NDArray[np.bool_]  # carries one of the topics asked for; true for all when none was
    sizes: NDArray[np.int32]  # distinct stems of each
    stem_ends: NDArray[np.int64]  # where the stems of each end
    stems: NDArray[np.uint32]  # of all in one row: hash << 4 | count in the summary << 2 | count in topics and points
    piece_ends: NDArray[np.int64]  # where the pieces of each end
    pieces: NDArray[np.uint16]  # of all in one row, see `recalld.layers.episodes.pieces`

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each episode stands."""
        return {episode_id: place for place, episode_id in enumerate(self.ids)}

    def wording_at(self, places: Sequence[int], *, kept: bool) -> Wording:
        """The pieces of some episodes laid out for comparison; those of all once, where it is *kept* and they are not too many."""
        if kept and len(self) <= MOST_LAID_OUT:
            return self._wording.part(np.array(places, np.intp))
        chosen = [self.pieces_at(place) for place in places]
        return Wording.of(np.concatenate(chosen), np.cumsum([len(pieces) for pieces in chosen]), said=self.pieces)

    @cached_property
    def _wording(self) -> Wording:
        return Wording.of(self.pieces, self.piece_ends)

    @cached_property
    def stem_index(self) -> NDArray[np.uint64]:
        """All stems sorted, each before the place of its episode: stem << 32 | place. Half a million take 10 ms, once."""
        owners = np.repeat(np.arange(len(self), dtype=np.uint64), self.sizes)
        return np.sort(self.stems.astype(np.uint64) << np.uint64(32) | owners)

    def stem_set(self, place: int) -> frozenset[int]:
        """The stems of one episode."""
        stems = self.stems[self.stem_ends[place] - self.sizes[place] : self.stem_ends[place]]
        return frozenset((stems >> 4).tolist())

    def subject(self, place: int) -> Vectors:
        """What one episode is about; see `subject_vectors`."""
        known = self._subjects.get(place)
        return known if known is not None else self._subjects.setdefault(place, subject_vectors(self.pieces_at(place)))

    @cached_property
    def _subjects(self) -> dict[int, Vectors]:
        return {}

    def pieces_at(self, place: int) -> Pieces:
        """The pieces of one episode."""
        return self.pieces[self.piece_ends[place - 1] if place else 0 : self.piece_ends[place]]

    @property
    def size(self) -> int:
        """Bytes it takes, roughly, with what is made of it for the first query."""
        laid_out = 10 * self.pieces.nbytes if len(self) <= MOST_LAID_OUT else self.pieces.nbytes
        return 1000 + 200 * len(self.ids) + 3 * self.stems.nbytes + laid_out


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A catalogue read before, with the user's epoch and version of episodes then, and the texts that were read since."""

    epoch: int
    version: int
    catalogue: Catalogue
    texts: Mapping[str, Episode] = field(default_factory=dict[str, Episode])  # by their ids

    @property
    def size(self) -> int:
        """Bytes it takes, roughly."""
        return self.catalogue.size + sum(map(_text_size, self.texts.values()))

    def also(self, texts: Sequence[Episode]) -> Kept:
        """The same with more *texts*; where these become many, without the earlier ones."""
        new = {episode.episode_id: episode for episode in texts}
        return replace(self, texts={**self.texts, **new} if len(self.texts) + len(new) <= MOST_TEXTS else new)


@dataclass(frozen=True, kw_only=True, slots=True)
class QueryStem:
    """A stem of a query and the words it came from."""

    key: int  # the stem's hash, 28 bits
    words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """The user's row, the query's stems and the catalogue, as one statement saw them."""

    epoch: int
    facts_version: int
    episodes_version: int
    stems: tuple[QueryStem, ...]
    catalogue: Catalogue
    kept: bool = False  # the catalogue was read in an earlier turn


class EpisodeStore:
    """Episodes. Every method runs in the caller's transaction and scope, for one epoch."""

    async def insert(self, tx: Transaction, episode: Episode, *, epoch: int, language: str, indexed: bool) -> bool:
        """Keep an episode; false when it is there already, which changes nothing.

        *language* names PostgreSQL's dictionary for its stems, unknown ones fall back to `simple`. *indexed* is false when an external
        vector index has yet to get it.
        """
        row = await tx.row(
            _SQL["insert"],
            **_columns(episode),
            epoch=epoch,
            language=language,
            summary_words=" ".join(words(episode.summary)),
            point_words=" ".join(words("\n".join((*episode.topics, *episode.points)))),
            pieces=pieces_of(episode),
            indexed=indexed,
        )
        return row is not None

    async def get(self, tx: Transaction, episode_ids: Sequence[str], epoch: int) -> list[Episode]:
        """Those of *episode_ids* that exist and that the role may read, in the order given."""
        return await (await self.ask(tx, episode_ids, epoch)).read()

    async def ask(self, tx: Transaction, episode_ids: Sequence[str], epoch: int) -> Pending[list[Episode]]:
        """The same, to be read later."""
        assert tx.user is not None  # noqa: S101 -- episodes are read in the scope of a user
        rows = await tx.send(_SQL["get"], epoch=epoch, episode_ids=list(episode_ids))
        return Pending(rows, partial(_in_order, tx.user, tuple(episode_ids)))

    async def page(
        self,
        tx: Transaction,
        epoch: int,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 50,
        before: str | None = None,
    ) -> list[Episode]:
        """Episodes that took place in `[since, until)`, even in part, newest first; *before* is the last id of the page before.

        An unknown *before* has nothing after it.
        """
        rows = await tx.rows(_SQL["page"], epoch=epoch, since=since, until=until, limit=limit, before=before)
        assert tx.user is not None  # noqa: S101 -- episodes are read in the scope of a user
        return [_episode(tx.user, row) for row in rows]

    async def delete(self, tx: Transaction, episode_ids: Sequence[str]) -> int:
        """Remove episodes of whatever epoch; return how many there were."""
        return (await tx.execute(_SQL["delete"], episode_ids=list(episode_ids))).rowcount

    async def mark_indexed(self, tx: Transaction, purposes: Mapping[str, str], *, epoch: int) -> None:
        """Note that an external vector index has these episodes, by their ids, each under the purpose it was written with."""
        ids, written = list(purposes), list(purposes.values())
        await tx.execute(_SQL["mark_indexed"], episode_ids=ids, purposes=written, epoch=epoch)

    async def ask_overview(
        self,
        tx: Transaction,
        *,
        purposes: Sequence[str],
        topics: Sequence[str] = (),
        query_words: Sequence[str] = (),
        kept: Kept | None = None,
    ) -> Pending[Overview | None]:
        """What search ranks by, to be read later: of the episodes of *purposes*; `None` for an unknown user.

        Only those episodes are `on_topic` that carry one of *topics*, whatever their case; all of them when none are given. A catalogue
        that was *kept* is used again if it is still the current one.
        """
        rows = await tx.send_packed(
            _SQL["overview"],
            purposes=list(purposes),
            topics=[topic.strip().lower() for topic in topics],
            words=list(dict.fromkeys(query_words)),
            known_epoch=kept.epoch if kept else None,
            known_version=kept.version if kept else None,
        )
        return Pending(rows, lambda found: _overview(found[0], kept) if found else None)


def _text_size(episode: Episode) -> int:
    return 1200 + 2 * (len(episode.summary) + sum(map(len, (*episode.topics, *episode.points))))


def _overview(row: DictRow, kept: Kept | None) -> Overview:
    known = kept.catalogue if kept and row["known"] else None
    return Overview(
        epoch=row["epoch"],
        facts_version=row["facts_version"],
        episodes_version=row["episodes_version"],
        stems=() if row["query_words"] is None else _stems(row),
        kept=known is not None,
        catalogue=known or (_EMPTY if row["ids"] is None else _catalogue(row)),
    )


def _columns(episode: Episode) -> dict[str, Any]:
    names = ("episode_id", "session_id", "purpose", "started_at", "ended_at", "timezone", "summary", "digest_by")
    return {name: getattr(episode, name) for name in names} | {
        "topics": list(episode.topics),
        "points": list(episode.points),
    }


def _in_order(user: UserRef, episode_ids: Sequence[str], rows: Sequence[DictRow]) -> list[Episode]:
    found = {row["episode_id"]: row for row in rows}
    return [_episode(user, found[episode_id]) for episode_id in episode_ids if episode_id in found]


def _episode(user: UserRef, row: DictRow) -> Episode:
    values: dict[str, Any] = {**row, "topics": tuple(row["topics"]), "points": tuple(row["points"])}
    return Episode(user=user, **values)


def _catalogue(row: DictRow) -> Catalogue:
    sizes = np.frombuffer(row["sizes"], ">i4").astype(np.int32) // 4
    return Catalogue(
        ids=row["ids"].split("\n"),  # an id has no control characters
        started=_times(row["started"]),
        ended=_times(row["ended"]),
        on_topic=np.frombuffer(row["on_topic"], np.bool_),
        sizes=sizes,
        stem_ends=np.cumsum(sizes, dtype=np.int64),
        stems=np.frombuffer(row["stems"], "<u4"),
        piece_ends=np.cumsum(np.frombuffer(row["piece_sizes"], ">i4"), dtype=np.int64) // 2,
        pieces=np.frombuffer(row["pieces"], "<u2"),
    )


def _times(packed: bytes) -> NDArray[np.datetime64]:
    return _PG_EPOCH + np.frombuffer(packed, ">i8").astype("timedelta64[us]")


def _stems(row: DictRow) -> tuple[QueryStem, ...]:
    keys = (np.frombuffer(row["query_stems"], "<u4") >> 4).tolist()
    origin: dict[int, list[str]] = {}
    for word, key in zip(row["query_words"].split("\n"), keys, strict=True):
        origin.setdefault(key, []).append(word)
    return tuple(QueryStem(key=key, words=tuple(found)) for key, found in origin.items())


_EMPTY = Catalogue(
    ids=[],
    started=np.empty(0, "datetime64[us]"),
    ended=np.empty(0, "datetime64[us]"),
    on_topic=np.empty(0, np.bool_),
    sizes=np.empty(0, np.int32),
    stem_ends=np.empty(0, np.int64),
    stems=np.empty(0, np.uint32),
    piece_ends=np.empty(0, np.int64),
    pieces=np.empty(0, np.uint16),
)
