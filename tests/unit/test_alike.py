"""Words compared by meaning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recalld.layers.episodes.pieces import Pieces, pieces_of
from recalld.layers.episodes.wording import Wording, piece_table, subject_vectors
from recalld.recall import alike
from tests.unit.catalogues import episode


def pieces(summary: str, topics: tuple[str, ...] = (), points: tuple[str, ...] = ()):
    return np.frombuffer(pieces_of(episode("e", summary, topics=topics, points=points)), "<u2")


def score(topic: str, rarity: dict[str, float], episodes: list[Pieces]):
    return alike.score(topic, rarity, wording(episodes))


def wording(episodes: Sequence[Pieces], said: Pieces | None = None) -> Wording:
    stored = np.concatenate(episodes) if episodes else np.empty(0, np.uint16)
    return Wording.of(stored, np.cumsum([len(one) for one in episodes], dtype=np.int64), said=said)


def test_a_word_alike_scores_between_the_word_itself_and_an_unrelated_one() -> None:
    same, near, far = score(
        "discount", {"discount": 1.0}, [pieces("A discount."), pieces("A rebate."), pieces("A violin.")]
    )
    assert same > near > far


def test_the_best_unit_stands_for_the_episode() -> None:
    rarity = {"green": 1.0, "gate": 1.0}
    together, apart = score(
        "green gate", rarity, [pieces("Rain. The gate is green."), pieces("The gate. Something green.")]
    )
    assert together > apart


def test_rare_words_weigh_more() -> None:
    episodes = [pieces("The gate squeaks."), pieces("Everything is green.")]
    gate_first = score("green gate", {"green": 0.1, "gate": 5.0}, episodes)
    green_first = score("green gate", {"green": 5.0, "gate": 0.1}, episodes)
    assert gate_first[0] > gate_first[1]
    assert green_first[1] > green_first[0]


def test_words_without_a_weight_are_stop_words() -> None:
    assert score("gate", {}, [pieces("The gate.")]).tolist() == [0.0]


def test_what_every_summary_says_counts_for_little() -> None:
    thanks = "The user thanked the assistant."
    told = ("A violin.", "Rain in March.", "A hedge.", "Brakes that squeak.")
    episodes = [pieces(f"{thanks} {rest}") for rest in told]
    violin, *others = score("thanked violin", {"thanked": 1.0, "violin": 1.0}, episodes)
    assert violin > max(others)


def test_a_sample_tells_how_common_the_words_of_a_long_memory_are() -> None:
    episodes = [pieces("The gate squeaks."), pieces("Everything is green.")]
    much = np.random.default_rng(1).permutation(np.tile(np.concatenate(episodes), 30_000))
    few = alike.score("gate", {"gate": 1.0}, wording(episodes))
    assert alike.score("gate", {"gate": 1.0}, wording(episodes, much)) == pytest.approx(few, abs=0.01)


def test_the_words_of_some_episodes_are_those_they_have_alone() -> None:
    garden, empty, brakes = pieces("The gate squeaks.", ("Gartenzaun",)), pieces(""), pieces("Brakes. Xanthippe's.")
    some, alone = wording([brakes, garden, empty, brakes]).part(np.array([1, 2, 3])), wording([garden, empty, brakes])
    for name in ("occurring", "pieces", "word_starts", "word_lengths", "further", "further_starts", "continued"):
        assert np.array_equal(getattr(some, name), getattr(alone, name)), name
    for name in ("unit_starts", "unit_words", "ends"):
        assert np.array_equal(getattr(some, name), getattr(alone, name)), name


def test_a_word_is_as_long_as_the_sum_of_its_pieces() -> None:
    table, said = piece_table(), wording([pieces("gate xanthippe")])
    sums = np.add.reduceat(table.vectors[said.occurring][said.pieces], said.word_starts)
    assert said.word_lengths == pytest.approx(np.linalg.norm(sums, axis=1), rel=0.2)
    assert len(said.further) > 1


def test_an_episode_without_words_scores_nothing() -> None:
    assert score("gate", {"gate": 1.0}, [pieces(""), pieces("The gate.")]).tolist() == [0.0, pytest.approx(1.0)]


def test_no_episodes_score_nothing() -> None:
    assert score("gate", {"gate": 1.0}, []).tolist() == []


@given(st.lists(st.text(max_size=80), max_size=4), st.text(min_size=1, max_size=30))
def test_scores_lie_between_zero_and_one(summaries: list[str], topic: str) -> None:
    rarity = dict.fromkeys(topic.lower().split(), 1.0)
    scores = score(topic, rarity, [pieces(summary) for summary in summaries])
    assert ((scores >= 0) & (scores <= 1)).all()


def test_equal_topics_are_the_same_subject() -> None:
    one, two, none = (
        subject_vectors(pieces(summary, topics))
        for summary, topics in (("One.", ("plan prices",)), ("Two.", ("plan prices",)), ("Three.", ()))
    )
    assert alike.same_subject(one, two) == pytest.approx(1.0, abs=1e-5)
    assert alike.same_subject(one, none) == 0.0
