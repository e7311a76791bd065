"""Where grammar and tagger meet: what the tagger may strike out, and what a message ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recalld.ingest.local.facts.findings import OTHER, Finding
from recalld.ingest.local.facts.sentences import Sentence, split
from recalld.ingest.local.facts.settle import digits_put_right
from recalld.ingest.local.facts.tagger.marks import (
    LEAST_SUPPORT,
    SURE_ENDED,
    SURE_ENDED_BESIDE,
    SURE_ENDED_OF_MANY,
    added,
    ended,
    named_after,
    supported,
)
from recalld.ingest.local.facts.tagger.tagger import Mark, Reading

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


def mark(message: str, value: str, attribute: str) -> Mark:
    """A mark of which the tagger is sure."""
    start = message.index(value)
    return Mark(
        confirmed=False, start=start, end=start + len(value), attribute=attribute, related=(), over=False,
        confidence=0.95, signs=(3.0, -3.0, 2.0),
    )  # fmt: skip


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


@pytest.mark.parametrize(
    "said",
    [
        "I didn't leave Corbel",
        "I still haven't quit Corbel",
        "should I quit Corbel?",
        "if I left Corbel I'd be poor",
        "I almost quit Corbel",
    ],
)
def test_an_end_that_is_denied_supposed_or_asked_about_is_none(said: str) -> None:
    assert list(ended(KNOWN, Reading(over={1: 0.9}), list(split(said, said, 0)), [])) == []


def test_an_end_that_is_told_without_such_a_verb_counts() -> None:
    said = "Corbel and I, we didn't get on, badge handed in"
    (finding,) = ended(KNOWN, Reading(over={1: 0.9}), list(split(said, said, 0)), [])
    assert finding.value == "Corbel"


def test_who_is_away_for_a_while_still_has_a_home() -> None:
    said = "until June I'm in Lisbon"
    known, sentences = [("home_city", "Tampere"), ("employer", "Corbel")], list(split(said, said, 0))
    away = replace(found(sentences[0], "Lisbon"), attribute="current_location")
    over = Reading(over={0: 0.9, 1: 0.9})
    assert [finding.attribute for finding in ended(known, over, sentences, [away])] == ["employer"]


def test_a_value_without_a_name_takes_that_of_what_it_ends() -> None:
    nameless = replace(found(HOME, "Tampere"), attribute=OTHER)
    named = found(TOWED, "van")
    over = Reading(over={1: 0.9})
    assert [finding.attribute for finding in named_after([nameless, named], KNOWN, over)] == ["employer", "home_city"]
    assert list(named_after([nameless, nameless], KNOWN, over)) == [nameless, nameless]


def test_a_value_made_of_some_of_the_words_leaves_the_others_to_the_tagger() -> None:
    said = "I drive a forklift at Martens"
    (sentence,) = split(said, said, 0)
    driver = Finding(attribute="job_title", value="forklift driver", sentence=sentence, place=2, end=len(said))
    marks = [mark(said, "Martens", "employer"), mark(said, "drive a forklift", "job_title")]
    kept = added(marks, sentences=[sentence], before=[], known=[], taken=[driver], dropped=[], story=False)
    assert [(finding.attribute, finding.value) for finding in kept] == [("employer", "Martens")]


def test_of_what_may_hold_beside_others_more_is_asked_before_it_ends() -> None:
    over = Reading(over={0: (SURE_ENDED + SURE_ENDED_OF_MANY) / 2})
    assert [finding.value for finding in ended(KNOWN, over, [TOWED, HOME], [])] == ["van"]
    assert list(ended(KNOWN, over, [TOWED, HOME], [], many={"vehicle"})) == []


def test_and_more_still_where_the_message_tells_another() -> None:
    over = Reading(over={0: (SURE_ENDED_OF_MANY + SURE_ENDED_BESIDE) / 2})
    assert [finding.value for finding in ended(KNOWN, over, [TOWED, HOME], [], many={"vehicle"})] == ["van"]
    assert list(ended(KNOWN, over, [TOWED, HOME], [], {"vehicle"}, many={"vehicle"})) == []


def test_what_ends_as_a_role_ends_as_a_job_title_and_where_one_was_born_stays() -> None:
    known = [("role", "treasurer"), ("job_title", "treasurer"), ("home_city", "Corbel"), ("birthplace", "Corbel")]
    over = Reading(over={0: 0.8, 1: 0.1, 2: 0.8, 3: 0.1})
    found = [finding.attribute for finding in ended(known, over, [TOWED, HOME], [])]
    assert found == ["role", "job_title", "home_city"]


@pytest.mark.parametrize("said", ["I swapped the van for a bus", "the bus instead", "changed over to a bus"])
def test_unless_it_says_that_one_took_the_place_of_the_other(said: str) -> None:
    over = Reading(over={0: (SURE_ENDED + SURE_ENDED_OF_MANY) / 2})
    sentences = list(split(said, said, 0))
    assert [f.value for f in ended(KNOWN, over, sentences, [], {"vehicle"}, many={"vehicle"})] == ["van"]
    assert list(ended(KNOWN, over, [TOWED, HOME], [], {"vehicle"}, many={"vehicle"})) == []
    assert list(ended(KNOWN, over, sentences, [], many={"vehicle"})) == []


@pytest.mark.parametrize(
    "said", ["goodbye van, hello bus", "Farewell to the van!", "the bus is my new favourite, sorry van"]
)
def test_what_is_bid_farewell_has_ended(said: str) -> None:
    sentences = list(split(said, said, 0))
    assert [f.value for f in ended(KNOWN, Reading(over={0: 0.05, 1: 0.05}), sentences, [])] == ["van"]


@pytest.mark.parametrize(
    "said",
    [
        "my sister no longer drives the van",
        "not the van, more the bus",
        "sorry, van not bus",
        "goodbye for now, the van waits",
        "so long as the van runs",
    ],
)
def test_a_farewell_to_something_else_ends_nothing(said: str) -> None:
    assert list(ended(KNOWN, Reading(over={0: 0.05, 1: 0.05}), list(split(said, said, 0)), [])) == []


def test_two_things_without_a_name_need_not_be_of_a_kind() -> None:
    over = Reading(over={0: (SURE_ENDED_OF_MANY + SURE_ENDED_BESIDE) / 2})
    known = [(OTHER, "Colemak")]
    assert [finding.value for finding in ended(known, over, [TOWED, HOME], [], {OTHER}, many={OTHER})] == ["Colemak"]


def marked(said: str, value: str, attribute: str) -> list[str]:
    """What counts of a message in which the tagger marks *value*."""
    sentences = list(split(said, said, 0))
    kept = added(
        [mark(said, value, attribute)], sentences=sentences, before=[], known=[], taken=[], dropped=[], story=False
    )
    return [finding.value for finding in kept]


@pytest.mark.parametrize("no", ["retired no!!", "retired, nope."])
def test_what_a_no_stands_behind_is_denied(no: str) -> None:
    assert marked(f"by the sea yes. {no}", "retired", "employment_status") == []


@pytest.mark.parametrize("said", ["what toddler? it's for the shed", "toddler?? I live with spiders", "a toddler?"])
def test_what_is_only_said_back_as_a_question_is_not_the_users(said: str) -> None:
    assert marked(said, "toddler", "child") == []


def test_a_question_that_tells_something_counts() -> None:
    assert marked("which rug for a toddler?", "toddler", "child") == ["toddler"]


def test_what_the_assistant_did_is_not_the_users() -> None:
    assert marked("grams again please, you slipped into ounces there", "ounces", "unit_preference") == []
    assert marked("grams again please, you slipped into ounces there", "grams", "unit_preference") == ["grams"]


def test_what_the_assistant_shall_not_call_the_user_is_no_title() -> None:
    assert marked("please stop addressing me as Prof", "Prof", "title") == []
    assert marked("please address me as Prof", "Prof", "title") == ["Prof"]


def test_a_person_is_named_without_the_genitive() -> None:
    assert marked("I'm back on Dr Okafor's list", "Dr Okafor's", "doctor") == ["Dr Okafor"]
    assert marked("night shifts at Mahoney's", "Mahoney's", "employer") == ["Mahoney's"]


def test_what_is_somebody_elses_is_not_the_users() -> None:
    assert marked("I keep my dad's warfarin in the same box", "warfarin", "medication") == []
    assert marked("I keep my warfarin in my dad's box", "warfarin", "medication") == ["warfarin"]
    assert marked("our grandson leaves for Uppsala, I stay", "Uppsala", "grandchild") == []
    assert marked("our grandson Olle leaves, I stay", "Olle", "grandchild") == ["Olle"]


def test_a_firm_is_named_whole() -> None:
    assert marked("I joined Adler & Sons in May", "Adler", "employer") == ["Adler & Sons"]
    assert marked("I joined Adler & we like it", "Adler", "employer") == ["Adler"]


def test_what_is_yet_to_be_is_not_yet() -> None:
    assert marked("we're getting married in June", "married", "relationship_status") == []
    assert marked("I'll row until I'm 70", "70", "age") == []
    assert marked("we're married and I'm 70", "70", "age") == ["70"]


def test_a_capital_a_is_no_article() -> None:
    assert marked("my card says A negative", "A negative", "blood_type") == ["A negative"]
    assert marked("A bassoon is what I play", "A bassoon", "instrument") == ["bassoon"]


def put_right(said: str, value: str, *, attribute: str = OTHER) -> list[str]:
    """What stands in the end of a session in which the tagger marked *value*; "|" parts its messages."""
    sentences = [sentence for seq, message in enumerate(said.split("|")) for sentence in split(message, message, seq)]
    first = next(sentence for sentence in sentences if value in sentence.text)
    place = first.text.index(value)
    old = Finding(attribute=attribute, value=value, sentence=first, place=place, end=place + len(value), start=place)
    return [finding.value for finding in digits_put_right([old], sentences)]


@pytest.mark.parametrize(
    ("said", "value", "right"),
    [
        ("ship it to 14 Marsh Row, please|argh no. 41 Marsh Row. 14 is the bakery", "14 Marsh Row", "41 Marsh Row"),
        ("my plate is KR 482 LM|hang on, misread my own car. KR 428 LM", "KR 482 LM", "KR 428 LM"),
        ("it's on 11 june. hang on, bad handwriting. 17 june", "11 june", "17 june"),
        ("height 1.68, eyes brown|wait, that's my twin's sheet. Mine says 1.71", "1.68", "1.71"),
        ("weight 71 please|whoops 81, fat fingers", "71", "81"),
        ("my plate is KR 482 LM|ah no, it's KR 428 LM", "KR 482 LM", "KR 428 LM"),
    ],
)
def test_digits_that_are_put_right_later(said: str, value: str, right: str) -> None:
    assert put_right(said, value) == [right]


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("ship it to 14 Marsh Row|and the other one to 41 Marsh Row", "14 Marsh Row"),
        ("it's due on 14 june|actually, put the dentist on 25 june", "14 june"),
        ("weight 71 please|wait, what are 81 kilos in stone", "71"),
        ("my plate is KR 482 LM|argh, no, forget KR 482 LM", "KR 482 LM"),
        ("argh no. 41 Marsh Row is the bakery. ship it to 14 Marsh Row", "14 Marsh Row"),
    ],
)
def test_other_numbers_put_nothing_right(said: str, value: str) -> None:
    assert put_right(said, value) == [value]
