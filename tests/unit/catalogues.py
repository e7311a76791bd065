"""Catalogues made by hand, without a database."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from recalld.layers.episodes.pieces import pieces_of
from recalld.layers.episodes.store import Catalogue, Overview, QueryStem
from recalld.layers.episodes.words import words
from recalld.values import Episode, UserRef

NOW = datetime(2026, 11, 18, 15, tzinfo=UTC)
ADA = UserRef(tenant_id="acme", user_id="ada")


def key(word: str) -> int:
    """The hash of a stem; words stand for their own stems here."""
    return int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "little") >> 4


def episode(
    name: str,
    summary: str,
    *,
    days_ago: float = 10,
    topics: tuple[str, ...] = (),
    points: tuple[str, ...] = (),
    hours: float = 0,
) -> Episode:
    ended = NOW - timedelta(days=days_ago)
    return Episode(
        user=ADA,
        episode_id=name,
        session_id=None,
        purpose="general",
        summary=summary,
        topics=topics,
        points=points,
        started_at=ended - timedelta(hours=hours),
        ended_at=ended,
    )


def catalogue(episodes: Sequence[Episode], on_topic: Sequence[bool] | None = None) -> Catalogue:
    """What the store packs, with words as stems."""
    stems = [_stems(one) for one in episodes]
    sizes = np.array([len(one) for one in stems], np.int32)
    pieces = [np.frombuffer(pieces_of(one), "<u2") for one in episodes]
    return Catalogue(
        ids=[one.episode_id for one in episodes],
        started=np.array([_instant(one.started_at) for one in episodes], "datetime64[us]"),
        ended=np.array([_instant(one.ended_at) for one in episodes], "datetime64[us]"),
        on_topic=np.array(on_topic if on_topic is not None else [True] * len(episodes), np.bool_),
        sizes=sizes,
        stem_ends=np.cumsum(sizes, dtype=np.int64),
        stems=np.concatenate(stems) if stems else np.empty(0, np.uint32),
        piece_ends=np.cumsum([len(one) for one in pieces], dtype=np.int64),
        pieces=np.concatenate(pieces) if pieces else np.empty(0, np.uint16),
    )


def overview(episodes: Sequence[Episode], query: str, on_topic: Sequence[bool] | None = None) -> Overview:
    return Overview(
        epoch=1,
        facts_version=0,
        episodes_version=0,
        stems=tuple(QueryStem(key=key(word), words=(word,)) for word in dict.fromkeys(words(query))),
        catalogue=catalogue(episodes, on_topic),
    )


def _stems(one: Episode) -> np.ndarray:
    in_summary = Counter(words(one.summary))
    in_points = Counter(words("\n".join((*one.topics, *one.points))))
    entries = [
        key(word) << 4 | min(in_summary[word], 3) << 2 | min(in_points[word], 3) for word in in_summary | in_points
    ]
    return np.array(entries, np.uint32)


def _instant(time: datetime) -> np.datetime64:
    return np.datetime64(time.replace(tzinfo=None), "us")
