"""How near episodes are by the vectors that a process keeps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pytest

from recalld.layers.vectors.base import UserVectors
from recalld.recall.nearness import Nearness
from recalld.recall.search import instant
from tests.unit.catalogues import NOW, catalogue, episode

CATALOGUE = catalogue([episode("a", "One.", days_ago=1), episode("b", "Two.", days_ago=2), episode("c", "Three.")])


def towards(*degrees: float) -> np.ndarray:
    radians = np.radians(degrees)
    return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)


def nearness(parts: Sequence[tuple[str, tuple[float, ...]]]) -> Nearness:
    vectors = [towards(*degrees) for _, degrees in parts]
    return Nearness.of(
        CATALOGUE,
        UserVectors(
            episode_ids=[episode_id for episode_id, _ in parts],
            counts=np.array([len(one) for one in vectors], np.intp),
            vectors=np.concatenate(vectors) if vectors else np.empty((0, 2), np.float32),
        ),
    )


def similarities(near: Nearness, *, since: np.datetime64 | None = None, k: int = 10) -> list[float]:
    return near.similarities(towards(0)[0], since=since, k=k).tolist()


def cosines(*degrees: float) -> object:
    return pytest.approx([np.cos(np.radians(degree)) for degree in degrees], abs=1e-3, nan_ok=True)


def test_the_best_vector_of_an_episode_stands_for_it_whatever_their_order() -> None:
    near = nearness([("c", (80.0,)), ("a", (60.0, 20.0)), ("b", (40.0,)), ("a", (50.0,))])
    assert similarities(near) == cosines(20, 40, 80)


def test_an_episode_without_vectors_has_no_similarity() -> None:
    assert similarities(nearness([("b", (40.0,))])) == cosines(np.nan, 40, np.nan)
    assert similarities(nearness([])) == cosines(np.nan, np.nan, np.nan)


def test_vectors_of_episodes_that_are_not_in_the_catalogue_are_left_out() -> None:
    near = nearness([("stranger", (0.0, 1.0)), ("b", (40.0,)), ("other", (5.0,))])
    assert similarities(near) == cosines(np.nan, 40, np.nan)
    assert len(near.vectors) == 1


def test_only_the_nearest_are_named() -> None:
    assert similarities(nearness([("a", (60.0,)), ("b", (20.0,)), ("c", (40.0,))]), k=2) == cosines(np.nan, 20, 40)


def test_only_those_that_ended_since_then_are_named() -> None:
    near = nearness([("a", (60.0,)), ("b", (20.0,)), ("c", (40.0,))])
    assert similarities(near, since=instant(NOW - timedelta(days=2))) == cosines(60, 20, np.nan)
