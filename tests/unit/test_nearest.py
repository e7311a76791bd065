"""Which of what is known a message is read with."""

from __future__ import annotations

from recalld.ingest.local.facts.tagger.nearest import MOST, nearest

KNOWN = [
    ("home_city", "Tampere"), ("employer", "Corbel"), ("pet", "Pixel the greyhound"), ("commute", "bicycle"), ("diet", "vegan"),
    ("partner_name", "Ilse"), ("language", "Finnish"), ("favorite_drink", "mate"), ("editor", "Vim"), ("hobby", "choir"),
    ("bank", "Nordkasse"), ("goal", "half marathon"), ("operating_system", "Debian"), ("birthday", "4 May"), ("allergy", "hazelnuts"),
]  # fmt: skip


def test_few_values_are_all_read() -> None:
    assert sorted(nearest(KNOWN[:MOST], "hello")) == sorted(KNOWN[:MOST])


def test_of_many_those_of_the_subject_are_read_and_the_nearest_first() -> None:
    chosen = nearest(KNOWN, "somebody stole my bike outside the office")
    assert chosen[0] == ("commute", "bicycle")
    assert len(chosen) == MOST


def test_a_message_without_words_is_read_too() -> None:
    assert len(nearest(KNOWN, "")) == MOST
    assert len(nearest([*KNOWN, ("", "")] * 200, "the nuts are fine now, says the doctor")) == MOST
