"""Fusion of the signals into one ranking."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recalld.recall.fuse import Evidence, Rivals, fuse, newest_first, originals

NUMBERS = st.floats(0, 1, allow_nan=False)


def evidence(
    text: list[float],
    similarity: list[float],
    *,
    alike: list[float] | None = None,
    age_days: list[float] | None = None,
    in_range: list[bool] | None = None,
    rare: list[float] | None = None,
    decays: bool = True,
) -> Evidence:
    return Evidence(
        text=np.array(text),
        alike=np.array(alike if alike is not None else [0.0] * len(text)),
        similarity=np.array(similarity),
        rare=np.array(rare if rare is not None else [0.0] * len(text)),
        age_days=np.array(age_days if age_days is not None else [1.0] * len(text)),
        in_range=np.array(in_range if in_range is not None else [True] * len(text), np.bool_),
        decays=decays,
    )


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS, st.floats(-5, 4000)), min_size=1, max_size=20))
def test_scores_lie_between_zero_and_one(rows: list[tuple[float, float, float, float]]) -> None:
    text, alike, similarity, age = (list(column) for column in zip(*rows, strict=True))
    scores = fuse(evidence(text, similarity, alike=alike, age_days=age))
    assert ((scores.total >= 0) & (scores.total <= 1 + 1e-9)).all()


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=2, max_size=20))
def test_more_of_every_signal_never_ranks_lower(rows: list[tuple[float, float]]) -> None:
    text, similarity = (list(column) for column in zip(*rows, strict=True))
    order = fuse(evidence([*text, 2.0], [*similarity, 2.0])).order(np.ones(len(rows) + 1)).tolist()
    assert order[0] == len(rows)


def test_of_equal_episodes_the_newest_comes_first() -> None:
    same = evidence([1, 1, 1], [0.5, 0.5, 0.5], age_days=[30, 3, 300])
    assert fuse(same).order(same.age_days).tolist() == [1, 0, 2]


def test_age_does_not_count_when_the_query_names_a_time() -> None:
    aged = evidence([1, 1], [0.5, 0.5], age_days=[900, 1], decays=False)
    assert fuse(aged).decay.tolist() == [1, 1]
    assert fuse(aged).total[0] == fuse(aged).total[1]


def test_a_clear_lead_in_words_is_kept_against_a_slight_one_in_meaning() -> None:
    order = fuse(evidence([9.0, 0.0], [0.40, 0.41])).order(np.ones(2)).tolist()
    assert order == [0, 1]


def test_without_vectors_words_alone_decide() -> None:
    scores = fuse(evidence([2.0, 4.0], [np.nan, np.nan], alike=[0.2, 0.9]))
    assert scores.total[1] > scores.total[0]
    assert scores.total[1] == pytest.approx(1.0, abs=0.01)


def test_what_the_index_did_not_name_counts_as_farthest() -> None:
    scores = fuse(evidence([0.0, 0.0, 0.0], [0.9, 0.3, np.nan]))
    assert scores.total[0] > scores.total[1] > scores.total[2]


def test_what_was_said_in_the_range_comes_before_what_was_said_after_it() -> None:
    order = fuse(evidence([1.0, 3.0], [0.4, 0.6], in_range=[True, False], decays=False)).order(np.ones(2)).tolist()
    assert order == [0, 1]


def test_a_rare_token_decides_against_nearer_vectors() -> None:
    scores = fuse(evidence([2.0, 0.3], [0.1, 0.9], alike=[0.5, 0.6], rare=[1.0, 0.0]))
    assert scores.total[0] > scores.total[1]
    assert scores.total.max() <= 1


def test_nothing_fuses_to_nothing() -> None:
    assert fuse(evidence([], [])).total.tolist() == []


# ---------------------------------------------------------------- the newest word on a subject
def rivals(
    scores: list[float], ages: list[float], alike: dict[tuple[int, int], float], *, present: bool = False
) -> Rivals:
    def of(one: int, other: int) -> float:
        return alike.get((min(one, other), max(one, other)), 0.0)

    return Rivals(scores=scores, age_days=ages, alike=of, present=present)


def test_the_newer_of_two_on_the_same_subject_goes_first() -> None:
    assert newest_first(rivals([1.0, 0.9], [400, 5], {(0, 1): 1.0})) == [1, 0]


def test_it_takes_the_place_of_the_outdated_one_past_others() -> None:
    assert newest_first(rivals([1.0, 0.9, 0.8], [400, 1, 5], {(0, 2): 1.0})) == [2, 0, 1]


def test_an_older_one_never_moves_up() -> None:
    assert newest_first(rivals([1.0, 0.9], [5, 400], {(0, 1): 1.0})) == [0, 1]


def test_a_much_worse_answer_does_not_move_up() -> None:
    assert newest_first(rivals([1.0, 0.3], [400, 5], {(0, 1): 1.0})) == [0, 1]


@pytest.mark.parametrize(("present", "order"), [(True, [1, 0]), (False, [0, 1])])
def test_a_similar_subject_counts_only_when_the_present_is_asked_for(present: bool, order: list[int]) -> None:
    assert newest_first(rivals([1.0, 0.97], [400, 5], {(0, 1): 0.7}, present=present)) == order


@given(
    st.lists(st.tuples(NUMBERS, st.floats(0, 1000)), max_size=8),
    st.floats(0, 1),
    st.booleans(),
)
def test_every_episode_stays_exactly_once(rows: list[tuple[float, float]], likeness: float, present: bool) -> None:
    ranked = sorted(rows, reverse=True)
    compared = Rivals(
        scores=[score for score, _ in ranked],
        age_days=[age for _, age in ranked],
        alike=lambda _one, _other: likeness,
        present=present,
    )
    assert sorted(newest_first(compared)) == list(range(len(ranked)))


# ---------------------------------------------------------------- near copies
def test_a_near_copy_is_left_out() -> None:
    first = frozenset(range(100))
    copy = frozenset(range(2, 100)) | {500}
    other = frozenset(range(50, 150))
    assert list(originals([first, copy, other])) == [0, 2]


def test_empty_episodes_are_no_copies_of_each_other() -> None:
    assert list(originals([frozenset(), frozenset()])) == [0, 1]
