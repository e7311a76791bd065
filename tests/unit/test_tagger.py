"""The trained tagger: what it adds to the grammar, and what it must not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import permutations

import pytest

from recalld.ingest.local.facts import extract
from recalld.ingest.local.facts.tagger.marks import SURE_ENDED
from recalld.ingest.local.facts.tagger.tagger import Heard, Mark, load_tagger
from recalld.layers.facts.attributes import Attributes
from recalld.values import Candidate, EndedSession, Known, Message, Role, Session, SessionRef, UserRef

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def candidates(*said: tuple[Role, str], known: Sequence[Known] = ()) -> tuple[Candidate, ...]:
    """What a session with the messages *said* tells of a user of whom something is *known*."""
    ref = SessionRef(user=UserRef(tenant_id="t", user_id="u"), session_id="s")
    session = Session(
        ref=ref, purpose="general", timezone="UTC", state="ended", epoch=0,
        started_at=NOON, last_message_at=NOON, ended_at=NOON,
    )  # fmt: skip
    messages = tuple(Message(role=role, content=content, at=NOON) for role, content in said)
    return extract(EndedSession(session=session, messages=messages), Attributes(), known)


def stated(*said: tuple[Role, str]) -> set[tuple[str, str]]:
    return {(c.attribute, c.value) for c in candidates(*said) if c.act == "state"}


def read(message: str, before: str = "") -> Sequence[Mark]:
    return load_tagger().read([Heard(message=message, before=before)])[0].marks


@pytest.mark.parametrize(
    ("message", "fact"),
    [
        ("day three at Corbel and I still can't find the printer", ("employer", "Corbel")),
        ("unpacking the last box here in Tampere, where do I register the car?", ("home_city", "Tampere")),
        ("the vet says Pixel needs to lose weight, and he's only four, poor cat", ("pet", "Pixel")),
    ],
)
def test_what_is_said_in_passing_is_read(message: str, fact: tuple[str, str]) -> None:
    assert fact in stated(("user", message))


@pytest.mark.parametrize(
    "message",
    [
        "my sister lives in Rome and is allergic to nuts",
        "they moved to Minsk, bought a house and got a dog",
        'translate: "I work at Corbel and live in Tampere"',
        "if I moved to Lima, would I need a visa",
        "what is the weather like in Oslo",
        "which is faster, a Brompton or a Dahon",
    ],
)
def test_what_is_no_fact_of_the_user_is_left_alone(message: str) -> None:
    assert stated(("user", message)) == set()


def test_the_assistants_words_count_only_with_a_yes() -> None:
    claim = ("assistant", "I'll keep in mind that you're on night shifts at the Kestrel depot.")
    assert stated(claim, ("user", "what's the capital of Peru")) == set()
    assert {c.origin for c in candidates(claim, ("user", "yes, exactly"))} <= {"confirmed"}


def test_every_value_is_quoted_from_the_message_it_cites() -> None:
    said: list[tuple[Role, str]] = [
        ("user", "Hi! Unpacking the last box in Tampere, the dog Pixel hates the lift"),
        ("assistant", "Congratulations on the move."),
        ("user", "thanks. day three at Corbel too, and I gave up coffee for mate"),
    ]
    found = candidates(*said)
    assert found
    for candidate in found:
        assert candidate.message_seq is not None
        assert candidate.quote in said[candidate.message_seq][1]


KNOWN = [Known("role", "treasurer of the rowing club"), Known("language", "Catalan"), Known("commute", "bike")]


def over(message: str, known: Sequence[Known] = KNOWN) -> set[tuple[str, str | None]]:
    """What of *known* the message ends."""
    return {(c.attribute, c.replaces) for c in candidates(("user", message), known=known) if c.act == "retract"}


@pytest.mark.parametrize(
    ("message", "ended"),
    [
        ("handed the club's cash box to Pere, I just row these days. how do I clean a seat rail?", KNOWN[0]),
    ],
)
def test_a_message_ends_what_is_known_without_naming_it(message: str, ended: Known) -> None:
    assert over(message) == {(ended.attribute, ended.value)}


@pytest.mark.parametrize(
    "message",
    [
        "my sister's bike was stolen, what does she write to the police?",
        "how do I lock a bike so that nobody steals it",
        'translate: "somebody stole my bike last night, so I take the tram now, it is the third one this year"',
    ],
)
def test_what_happened_to_others_or_is_only_quoted_ends_nothing(message: str) -> None:
    assert over(message) == set()


def test_a_new_value_takes_the_place_of_the_known_one_by_itself() -> None:
    found = candidates(("user", "my bike got nicked, so I take the tram now. good podcasts?"), known=KNOWN)
    assert [(c.attribute, c.value) for c in found if c.act == "state"] == [("commute", "tram")]
    assert {c.replaces for c in found if c.act == "retract"} <= {"bike"}, (
        "said to be over, which the new one says as well"
    )


def test_a_value_that_is_not_told_ends_by_no_message() -> None:
    untold = [Known("commute"), Known("role")]
    assert over("some idiot stole my bike last night, so it's the tram for me now", untold) == set()


def test_a_batch_reads_as_each_message_alone() -> None:
    messages = [
        "ok",
        "day three at Corbel and I still can't find the printer",
        "moved from Ghent to Oslo, Juno hates it " * 3,
    ]
    together = load_tagger().read([Heard(message=message) for message in messages])
    for message, reading in zip(messages, together, strict=True):
        alone = read(message)
        assert [(m.start, m.end, m.attribute, m.over) for m in reading.marks] == [
            (m.start, m.end, m.attribute, m.over) for m in alone
        ]


@pytest.mark.parametrize("message", ["", " ", "\ud800", "🦊" * 300, "a" * 5_000, "\x00\x01", "¤" * 50])
def test_anything_can_be_read(message: str) -> None:
    for mark in read(message, before=message):
        assert 0 <= mark.start < mark.end <= len(message)
        assert 0.0 <= mark.confidence <= 1.0


def test_a_long_message_is_read_to_its_end() -> None:
    filler = "the meeting notes are attached and the agenda is the same as always. " * 40
    marks = read(f"{filler}by the way, my greyhound is called Pixel")
    assert any(mark.start > len(filler) for mark in marks)


def test_of_a_very_long_session_the_end_is_read() -> None:
    chat: list[tuple[Role, str]] = [("user", "the agenda is the same as always, nothing new there. " * 20)] * 60
    fact: tuple[Role, str] = ("user", "the vet says Pixel needs to lose weight, and he's only four, poor cat")
    assert ("pet", "Pixel") in stated(*chat, fact)
    assert ("pet", "Pixel") not in stated(fact, *chat)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_what_ends_does_not_depend_on_the_order_of_what_is_known(order: tuple[int, ...]) -> None:
    message = "handed the club's cash box to Pere, I just row these days. how do I clean a seat rail?"
    known = [(KNOWN[place].attribute, KNOWN[place].value or "") for place in order]
    (reading,) = load_tagger().read([Heard(message=message, known=known)])
    assert [known[place][0] for place, sure in reading.over.items() if sure >= SURE_ENDED] == ["role"]


def test_of_a_story_only_what_is_said_in_the_first_person_counts() -> None:
    said: list[tuple[Role, str]] = [
        ("user", '"She hated the harbour." that\'s the opening line of my story, too much?'),
        ("assistant", "Who says it?"),
        ("user", "the night watchman. I'm a welder myself, so I know harbours"),
    ]
    assert {value for _, value in stated(*said)} == {"welder"}
