"""The conversation that is measured, and what becomes of it. Invented; only its length matters."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle

from recalld.cost.profile import Profile
from recalld.ingest.reply import DigestReply
from recalld.models.tokens import count_tokens
from recalld.values import EndedSession, Episode, Fact, Message, Session, SessionRef, Statement, UserRef

USER = UserRef(tenant_id="recalld-cost", user_id="reference-user-0001")
NOW = datetime(2026, 1, 31, 18, tzinfo=UTC)
QUESTION = "Which date did I give you for the inspection, and what should I bring?"

_USER = (
    "I have been looking at the vineyard behind the station and I think we will take the smaller vineyard this year.",
    "The lease begins in April, so the shed has to be repaired before that, ideally by the end of March.",
    "My neighbour lent me a rotary hoe, but it is too heavy for me to move on my own.",
    "Can you work out how much compost twelve square metres need if I want about three centimetres of it?",
    "And please keep the answers short, I read them on my phone between two shifts at the sawmill.",
    "Last year the slugs ate everything, so I want to start the beans indoors on the window sill this time.",
)
_ASSISTANT = (
    "Twelve square metres at three centimetres come to 0.36 cubic metres, which is nine bags of forty litres each.",
    "If you collect it yourself from the municipal yard, loose compost is usually a third of the price of bagged compost.",
    "For the shed I would begin with the roof: check the felt for cracks, replace the two rotten battens, and seal the nail holes.",
    "Beans germinate best between eighteen and twenty-five degrees, so a south-facing window sill in early April is a good place.",
    "Plant them out only after the last frost; in your region that is around the middle of May in most years.",
    "Against slugs, beer traps and a copper band around the raised bed work better than pellets, and they are safe for hedgehogs.",
    "A rotary hoe of that size weighs about sixty kilograms, so moving it is a job for two people or for a ramp with rollers.",
    "I can put the tasks in the order in which they have to be done and add how long each of them takes, if that helps you.",
)
REPLY = DigestReply.model_validate(
    {
        "summary": (
            "The user is taking the smaller vineyard behind the station; the lease begins in April 2026 and the shed has to be "
            "repaired by the end of March. They asked for the amount of compost for twelve square metres (0.36 cubic metres, nine bags), "
            "want to start beans indoors because of slugs, and have borrowed a rotary hoe that is too heavy to move alone. "
            "Open: a list of tasks in order."
        ),
        "topics": ["vineyard", "shed repair", "compost", "beans"],
        "points": [
            "The user is taking the smaller vineyard behind the station",
            "The vineyard lease begins in April 2026",
            "The shed has to be repaired by the end of March 2026",
            "Twelve square metres need 0.36 cubic metres of compost, nine bags of forty litres",
            "The user wants to start beans indoors because slugs ate them last year",
        ],
        "facts": [
            {
                "attribute": "hobby",
                "value": "wine growing",
                "message": 0,
                "quote": "we will take the smaller vineyard this year",
                "many": True,
            },
            {
                "attribute": "answer_length",
                "value": "short",
                "message": 4,
                "quote": "please keep the answers short, I read them on my phone",
            },
            {"attribute": "workplace", "value": "sawmill", "message": 4, "quote": "between two shifts at the sawmill"},
        ],
    }
)
_FACTS = (
    *(
        ("Home city", "Tartu"),
        ("Workplace", "sawmill"),
        ("Working hours", "early and late shifts"),
        ("Answer length", "short"),
    ),
    *(
        ("Hobby", "wine growing"),
        ("Pet", "a cat called Mirre"),
        ("Diet", "vegetarian"),
        ("Device", "e-reader"),
    ),
    *(("Language", "Estonian"), ("Partner's name", "Jaak"), ("Vehicle", "cargo bicycle"), ("Birthday", "14 September")),
    *(("Allergy", "hazelnuts"), ("Units", "metric"), ("Goal", "harvest without pesticides"), ("Preferred name", "Kai")),
)


def session(profile: Profile) -> EndedSession:
    """A conversation of the profile's length in which the user writes their share of it."""
    row = Session(
        ref=SessionRef(user=USER, session_id="reference"),
        purpose="general",
        timezone="UTC",
        state="ended",
        epoch=0,
        started_at=NOW - timedelta(minutes=20),
        last_message_at=NOW,
        ended_at=NOW,
    )
    return EndedSession(session=row, messages=tuple(_conversation(profile)))


def _conversation(profile: Profile) -> Iterator[Message]:
    users, assistants = cycle(_USER), cycle(_ASSISTANT)
    each = profile.session_tokens / profile.turns
    for _ in range(profile.turns):
        yield Message(role="user", content=_text(users, each * profile.user_share), at=NOW)
        yield Message(role="assistant", content=_text(assistants, each * (1 - profile.user_share)), at=NOW)


def _text(sentences: Iterator[str], tokens: float) -> str:
    """Sentences of about so many tokens, the last one cut between words."""
    text = next(sentences)
    while count_tokens(text) < tokens:
        text = f"{text} {next(sentences)}"
    words = text.split(" ")
    while len(words) > 1 and count_tokens(" ".join(words)) > tokens:
        words.pop()
    return " ".join(words)


def episode(number: int) -> Episode:
    """The episode of the conversation, in a history of many like it."""
    ended = NOW + timedelta(hours=7 * number)
    return Episode(
        user=USER,
        episode_id=f"00000000-0000-5000-8000-{number:012d}",
        session_id=f"conversation-{number:06d}",
        purpose="general",
        summary=REPLY.summary,
        topics=tuple(REPLY.topics),
        points=tuple(REPLY.points),
        started_at=ended - timedelta(minutes=20),
        ended_at=ended,
        digest_by="anthropic:claude-haiku-4-5",
    )


def statements(number: int, count: int) -> Iterator[Statement]:
    """What is said of the user in one session: one in three is new, the others confirm what is known."""
    said = episode(number)
    for place in range(count):
        attribute = f"attribute_{number:04d}" if place % 3 == 0 else f"attribute_{place}"
        value = _FACTS[place % len(_FACTS)][1]
        yield Statement(
            statement_id=f"00000000-0000-5000-9000-{number * 100 + place:012d}",
            attribute=attribute,
            value=value,
            act="state",
            text=f"{attribute}: {value}",
            said_at=said.ended_at,
            valid_from=said.ended_at,
            valid_to=None,
            cardinality="single",
            replaces=None,
            origin="stated",
            confidence=1.0,
            quote=REPLY.facts[place % len(REPLY.facts)].quote,
            purpose=said.purpose,
            session_id=said.session_id,
            episode_id=said.episode_id,
        )


def facts() -> list[Fact]:
    """What is known of the user, for a memory block."""
    return [
        Fact(
            fact_id=f"f{place}",
            attribute=label.lower().replace(" ", "_"),
            value=value,
            text=f"{label}: {value}",
            purpose="general",
            cardinality="single",
            status="current",
            valid_from=NOW - timedelta(days=30 + place),
            valid_to=None,
            recorded_at=NOW - timedelta(days=30 + place),
            retired_at=None,
            confirmed_at=NOW - timedelta(days=30 + place),
            confirmations=0,
            confidence=1.0,
            origin="stated",
            quote="",
            session_id=None,
            episode_id=None,
            weight=1.0,
        )
        for place, (label, value) in enumerate(_FACTS)
    ]
