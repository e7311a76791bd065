"""Words compared by meaning."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recalld.layers.episodes.pieces import pieces_of
from recalld.recall import alike
from tests.unit.catalogues import episode


def pieces(summary: str, topics: tuple[str, ...] = (), points: tuple[str, ...] = ()):
    return np.frombuffer(pieces_of(episode("e", summary, topics=topics, points=points)), "<u2")


def test_a_word_alike_scores_between_the_word_itself_and_an_unrelated_one() -> None:
    same, near, far = alike.score(
        "discount", {"discount": 1.0}, [pieces("A discount."), pieces("A rebate."), pieces("A violin.")]
    )
    assert same == pytest.approx(1.0, abs=1e-5)
    assert same > near > far


def test_the_best_unit_stands_for_the_episode() -> None:
    rarity = {"green": 1.0, "gate": 1.0}
    together, apart = alike.score(
        "green gate", rarity, [pieces("Rain. The gate is green."), pieces("The gate. Something green.")]
    )
    assert together > apart


def test_rare_words_weigh_more() -> None:
    episodes = [pieces("The gate squeaks."), pieces("Everything is green.")]
    gate_first = alike.score("green gate", {"green": 0.1, "gate": 5.0}, episodes)
    green_first = alike.score("green gate", {"green": 5.0, "gate": 0.1}, episodes)
    assert gate_first[0] > gate_first[1]
    assert green_first[1] > green_first[0]


def test_words_without_a_weight_are_stop_words() -> None:
    assert alike.score("gate", {}, [pieces("The gate.")]).tolist() == [0.0]


def test_an_episode_without_words_scores_nothing() -> None:
    assert alike.score("gate", {"gate": 1.0}, [pieces(""), pieces("The gate.")]).tolist() == [0.0, pytest.approx(1.0)]


def test_no_episodes_score_nothing() -> None:
    assert alike.score("gate", {"gate": 1.0}, []).tolist() == []


@given(st.lists(st.text(max_size=80), max_size=4), st.text(min_size=1, max_size=30))
def test_scores_lie_between_zero_and_one(summaries: list[str], topic: str) -> None:
    rarity = dict.fromkeys(topic.lower().split(), 1.0)
    scores = alike.score(topic, rarity, [pieces(summary) for summary in summaries])
    assert ((scores >= 0) & (scores <= 1)).all()


def test_equal_topics_are_the_same_subject() -> None:
    subjects = alike.Subjects([pieces("One.", ("plan prices",)), pieces("Two.", ("plan prices",)), pieces("Three.")])
    assert subjects.alike(0, 1) == pytest.approx(1.0, abs=1e-5)
    assert subjects.alike(0, 2) == 0.0
