from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from recalld.models.tokens import count_each, count_tokens, replace_surrogates, truncate_to_tokens


def test_the_empty_text_takes_no_tokens():
    assert count_tokens("") == 0


def test_a_sentence_is_counted_by_the_pieces_of_the_vocabulary():
    assert count_tokens("The invoice is paid.") == 6


def test_a_lone_surrogate_is_counted_like_the_replacement_character():
    assert count_tokens("ab\ud800c") == count_tokens("ab\ufffdc")


def test_replacing_surrogates_leaves_other_text_alone():
    assert replace_surrogates("naïve 🙂") == "naïve 🙂"


def test_a_text_that_fits_is_not_cut():
    assert truncate_to_tokens("The invoice is paid.", 6) == "The invoice is paid."


def test_a_text_is_cut_between_two_tokens():
    assert truncate_to_tokens("The invoice is paid.", 3) == "The invoice"


def test_a_character_of_several_tokens_is_never_cut_in_two():
    assert truncate_to_tokens("🙂🙂", 6) == "🙂"


def test_a_budget_of_nothing_leaves_nothing():
    assert truncate_to_tokens("The invoice is paid.", 0) == ""


@given(st.text(max_size=300), st.integers(min_value=0, max_value=60))
def test_a_cut_text_is_a_beginning_within_the_budget(text: str, budget: int):
    cut = truncate_to_tokens(text, budget)
    assert text.startswith(cut)
    assert count_tokens(cut) <= budget


def test_threads_count_the_same():
    texts = [f"Order {n} arrived broken." for n in range(200)]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(count_tokens, texts)) == [count_tokens(text) for text in texts]


def test_counting_does_not_import_the_embedder():
    code = (
        "import sys; from recalld.models import tokens; tokens.count_tokens('a')\nassert 'wordllama' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@given(st.lists(st.text(max_size=12), max_size=8))
def test_words_are_counted_together_as_one_by_one(texts: list[str]) -> None:
    words = [word.replace("▁", "_") for text in texts for word in text.split(" ")]
    assert count_each(words) == [count_tokens(word) for word in words]
