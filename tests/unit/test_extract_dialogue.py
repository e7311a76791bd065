"""Short answers, confirmations and denials; slips put right; names of what was mentioned before."""

from __future__ import annotations

import pytest

from recalld.ingest.local.facts import extract
from recalld.values import Candidate
from tests.unit.extraction import ATTRIBUTES, read, session, stated


def reply(question: str, answer: str) -> list[Candidate]:
    """The candidates of an answer to the assistant."""
    return list(extract(session(("assistant", question), ("user", answer)), ATTRIBUTES, tagger=None))


@pytest.mark.parametrize(
    ("question", "answer", "fact"),
    [
        ("Where do you live?", "Zadar", ("home_city", "Zadar")),
        ("And which city are you based in?", "in Plovdiv, why?", ("home_city", "Plovdiv")),
        ("What's your name?", "it's Hamza", ("name", "Hamza")),
        ("How old are you?", "just turned 33", ("age", "33")),
        ("What do you do for a living?", "plumber", ("job_title", "plumber")),
        ("Any allergies I should know of?", "latex", ("allergy", "latex")),
        ("What's your favourite colour?", "teal", ("favorite_color", "teal")),
        ("What's your budget?", "about 400 euros", ("budget", "400 euros")),
        ("Which operating system do you use?", "Debian", ("operating_system", "Debian")),
    ],
)
def test_a_short_answer_takes_its_attribute_from_the_question(
    question: str, answer: str, fact: tuple[str, str]
) -> None:
    assert fact in {(candidate.attribute, candidate.value) for candidate in reply(question, answer)}


def test_the_quote_of_an_answer_is_the_answer() -> None:
    (candidate,) = reply("Where do you live?", "Zadar, since May")
    assert (candidate.quote, candidate.message_seq) == ("Zadar, since May", 1)


@pytest.mark.parametrize("answer", ["why do you ask?", "not telling", "no idea", "thanks!", "can you guess?"])
def test_an_evasive_answer_says_nothing(answer: str) -> None:
    assert reply("Where do you live?", answer) == []


@pytest.mark.parametrize("yes", ["yes", "yep!", "correct", "exactly right", "that's right", "haha yes"])
def test_a_yes_confirms_what_the_assistant_said_of_the_user(yes: str) -> None:
    (candidate,) = reply("Just to check: you're allergic to bee stings, correct?", yes)
    assert (candidate.attribute, candidate.value, candidate.origin) == ("allergy", "bee stings", "confirmed")


@pytest.mark.parametrize("answer", ["no", "yes but not bees", "hm", "what makes you think so?", "who told you that"])
def test_anything_else_confirms_nothing(answer: str) -> None:
    assert [c.value for c in reply("You're allergic to bee stings, correct?", answer) if c.act == "state"] == []


def test_a_yes_to_an_offer_confirms_no_wish() -> None:
    assert reply("Do you want a recipe for vegan lasagne?", "yes please") == []


def test_a_no_with_the_right_value_states_it() -> None:
    (candidate,) = reply("I assume you live in Split?", "no, Zadar")
    assert (candidate.attribute, candidate.value, candidate.act) == ("home_city", "Zadar", "state")


@pytest.mark.parametrize(
    "answer", ["no, I meant Zadar", "No, I mean Zadar.", "Sorry, I meant Zadar, not Split", "oops, i meant Zadar"]
)
@pytest.mark.parametrize(
    "claim", ["You live in Split, right?", "Noted, you live in Split.", "You still live in Split?"]
)
def test_what_was_meant_corrects_what_the_assistant_understood(claim: str, answer: str) -> None:
    (candidate,) = reply(claim, answer)
    assert (candidate.act, candidate.value, candidate.replaces) == ("correct", "Zadar", "Split")


@pytest.mark.parametrize("answer", ["no, I mean it", "I mean, yes", "no, I meant the garden"])
def test_what_was_meant_and_is_no_such_value_says_nothing(answer: str) -> None:
    assert [c for c in reply("You live in Split, right?", answer) if c.act == "correct"] == []


@pytest.mark.parametrize(
    ("text", "attribute", "value", "replaces"),
    [
        ("I never lived in Basel, I live in Bern", "home_city", "Bern", "Basel"),
        ("I've never lived in Basel.", "home_city", "", "Basel"),
        ("I never worked at Initech, I work at Acme", "employer", "Acme", "Initech"),
        ("I was never a nurse, I'm a paramedic", "job_title", "paramedic", "nurse"),
    ],
)
def test_what_never_was_is_corrected(text: str, attribute: str, value: str, replaces: str) -> None:
    assert (attribute, value, replaces) in {
        (c.attribute, c.value, c.replaces) for c in read(text) if c.act == "correct"
    }


@pytest.mark.parametrize("text", ["my boss says I never lived in Basel", "did I ever say I never lived in Basel?"])
def test_what_others_say_never_was_corrects_nothing(text: str) -> None:
    assert [c for c in read(text) if c.act == "correct"] == []


def test_a_no_to_still_ends_it() -> None:
    (candidate,) = reply("Do you still work at Initech?", "nope")
    assert (candidate.attribute, candidate.act, candidate.replaces) == ("employer", "retract", "Initech")


@pytest.mark.parametrize(
    ("texts", "right", "slip"),
    [
        (["my exam is on the 12th of June, sorry, 14th of June"], "14th of June", "12th of June"),
        (["I live in Basel, I mean Bern"], "Bern", "Basel"),
        (["my home city is Gdansk", "oops I meant Gdynia"], "Gdynia", "Gdansk"),
        (["my phone number is 555-0142", "typo, it's 555-0124"], "555-0124", "555-0142"),
        (["I'm allergic to almonds. wait, walnuts"], "walnuts", "almonds"),
        (
            ["my email is jo@mail.example", "gah: joe@mail.example, my email is joe@mail.example"],
            "joe@mail.example",
            "jo@mail.example",
        ),
    ],
)
def test_of_a_slip_only_the_right_value_stays(texts: list[str], right: str, slip: str) -> None:
    values = [candidate.value for candidate in read(*texts)]
    assert right in values
    assert slip not in values


def test_instead_of_names_the_value_that_is_given_up() -> None:
    (candidate,) = [c for c in read("I use ClickUp instead of Asana") if c.act == "state"]
    assert (candidate.value, candidate.replaces) == ("ClickUp", "Asana")


def test_not_corrects_what_was_wrong() -> None:
    (candidate,) = read("my home city is Bern, not Basel")
    assert (candidate.act, candidate.value, candidate.replaces) == ("correct", "Bern", "Basel")


@pytest.mark.parametrize(
    ("text", "attribute", "over"),
    [
        ("I don't live in Bergen any more", "home_city", "Bergen"),
        ("I'm no longer vegan", "diet", "vegan"),
        ("I don't work at Initech anymore", "employer", "Initech"),
        ("had to stop playing badminton", "hobby", "badminton"),
        ("sold the Yaris", "vehicle", "Yaris"),
        ("cancelled my Netflix subscription", "subscription", "Netflix"),
    ],
)
def test_what_is_over_is_retracted(text: str, attribute: str, over: str) -> None:
    assert (attribute, over) in {(c.attribute, c.replaces) for c in read(text) if c.act == "retract"}


@pytest.mark.parametrize(
    ("texts", "fact"),
    [
        (["we got a puppy!", "his name is Biff"], ("pet", "Biff")),
        (["we have a new baby", "she's called Romy"], ("child", "Romy")),
        (["I joined a gym!! McFit, the one by the station"], ("gym", "McFit")),
    ],
)
def test_a_name_belongs_to_what_was_mentioned_before(texts: list[str], fact: tuple[str, str]) -> None:
    assert fact in stated(*texts)


def test_a_name_of_somebody_elses_dog_is_not_the_users() -> None:
    assert stated("my neighbour got a puppy.", "his name is Biff") == set()


@pytest.mark.parametrize(
    "text",
    [
        "My florist and her daughter Elin are here",
        "My plumber and his kids, Tom and Ann, visited",
        "My barber and his dog, Otto, came too",
        "My neighbour and her partner of ten years, Jo, moved",
    ],
)
def test_who_belongs_to_another_person_is_not_the_users(text: str) -> None:
    assert stated(text) == set()


def test_what_is_said_twice_is_said_once() -> None:
    assert len(read("I live in Narvik", "as I said, I live in Narvik")) == 1


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("I have a cat and two dogs", {("pet", "cat"), ("pet", "two dogs")}),
        (
            "I speak English, Spanish and a bit of Dutch",
            {("language", "English"), ("language", "Spanish"), ("language", "Dutch")},
        ),
        ("I'm allergic to kiwi and latex", {("allergy", "kiwi"), ("allergy", "latex")}),
        (
            "short bio: Ana, 31, nurse, from Braga, two cats",
            {("name", "Ana"), ("age", "31"), ("job_title", "nurse"), ("home_city", "Braga"), ("pet", "two cats")},
        ),
    ],
)
def test_lists_are_split(text: str, facts: set[tuple[str, str]]) -> None:
    assert facts <= stated(text)
