"""Where grammar and tagger meet: what the tagger may strike out, and what a message ends."""

from __future__ import annotations

from dataclasses import replace

from recalld.ingest.local.facts.findings import Finding
from recalld.ingest.local.facts.sentences import Sentence, split
from recalld.ingest.local.facts.tagger.marks import LEAST_SUPPORT, SURE_ENDED, ended, supported
from recalld.ingest.local.facts.tagger.tagger import Reading

MESSAGE = "they towed the van. I live in Tampere"
TOWED, HOME = split(MESSAGE, MESSAGE, 0)
KNOWN = [("vehicle", "van"), ("employer", "Corbel")]


def found(sentence: Sentence, value: str) -> Finding:
    place = sentence.text.index(value)
    return Finding(attribute="home_city", value=value, sentence=sentence, place=place, end=place + len(value))


def read(value: str, sure: float) -> Reading:
    """A reading in which the tagger takes nothing but *value* for part of a value, with that probability."""
    start = MESSAGE.index(value)
    return Reading(tokens=[(0, start, 0.01), (start, start + len(value), sure)])


def test_what_the_tagger_holds_for_most_unlikely_does_not_count() -> None:
    finding = found(HOME, "Tampere")
    assert list(supported([finding], {0: read("Tampere", LEAST_SUPPORT)})) == [finding]
    assert list(supported([finding], {0: read("Tampere", LEAST_SUPPORT / 2)})) == []


def test_a_message_that_the_tagger_has_not_read_is_the_grammars() -> None:
    finding = found(HOME, "Tampere")
    assert list(supported([finding], {0: Reading()})) == [finding]
    assert list(supported([finding], {})) == [finding]


def test_what_no_word_says_and_what_changes_something_is_left_to_the_grammar() -> None:
    finding = found(HOME, "Tampere")
    kept = [replace(finding, value="Finland"), replace(finding, act="retract"), replace(finding, replaces="Oulu")]
    assert list(supported(kept, {0: read("Tampere", 0.0)})) == kept


def test_a_message_ends_what_is_known_by_its_own_name_and_quotes_why() -> None:
    (finding,) = ended(KNOWN, Reading(over={0: 0.9, 1: SURE_ENDED / 2}), [TOWED, HOME], [])
    assert (finding.attribute, finding.value, finding.replaces, finding.act) == ("vehicle", "van", "van", "retract")
    assert finding.sentence is TOWED


def test_what_the_same_session_says_of_the_value_is_enough() -> None:
    told = replace(found(TOWED, "van"), attribute="vehicle")
    assert list(ended(KNOWN, Reading(over={0: 0.9}), [TOWED, HOME], [told])) == []
    assert list(ended(KNOWN, Reading(over={0: 0.9}), [], [])) == []
