"""Reads the cases of `extract_cases/*.txt` and runs them through extractor and merge.

@ tags                      begins a case
u: …   a: …                 a message of the user, of the assistant ("\\n" is a line break)
---                         the session ends, another begins 40 days later
? 2025-09-01                facts are asked for as of that day (else: at the end of the last session)
+ attribute = value | or    is known then
x attribute = value | or    was known and no longer is
! value                     must never be known; "attribute: value" under that attribute
~ value                     may be known
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from evals.facts import facts_of, learned
from recalld.ingest.local.facts import extract
from recalld.ingest.local.facts.tagger.tagger import Tagger, load_tagger
from recalld.layers.facts.attributes import Attributes
from recalld.layers.facts.equality import value_key
from recalld.values import Candidate, EndedSession, Fact, Message, Role, Session, SessionRef, UserRef

ATTRIBUTES = Attributes()
FOLDER = Path(__file__).parent / "extract_cases"
START = datetime(2025, 1, 15, 12, tzinfo=UTC)
_ROLES: dict[str, Role] = {"u": "user", "a": "assistant", "s": "system", "t": "tool"}


@dataclass
class Case:
    """One user with sessions and what is to be known of them."""

    name: str
    sessions: list[list[tuple[Role, str]]] = field(default_factory=lambda: [[]])
    as_of: datetime | None = None
    known: list[list[str]] = field(default_factory=list)  # each with its other spellings
    closed: list[list[str]] = field(default_factory=list)
    never: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)


def cases(file: str) -> list[Case]:
    """The cases of one file."""
    found: list[Case] = []
    for number, line in enumerate((FOLDER / f"{file}.txt").read_text(encoding="utf-8").splitlines(), 1):
        head, _, rest = line.partition(" ")
        if head == "@":
            found.append(Case(name=f"{file}:{number} {rest}"))
        elif head:
            _read(found[-1], head, rest)
    return found


def _read(case: Case, head: str, rest: str) -> None:
    if head[0] in _ROLES and head[1:] == ":":
        case.sessions[-1].append((_ROLES[head[0]], rest.replace("\\n", "\n")))
    elif head == "---":
        case.sessions.append([])
    elif head == "?":
        case.as_of = datetime.fromisoformat(rest).replace(tzinfo=UTC)
    elif head in "+x":
        (case.known if head == "+" else case.closed).append(
            [part.strip() for part in rest.partition(" = ")[2].split(" | ")]
        )
    else:
        (case.never if head == "!" else case.allowed).append(rest)


def session(
    *messages: tuple[Role, str], at: datetime = START, session_id: str = "s", timezone: str = "UTC"
) -> EndedSession:
    """A finished session; all messages at the same time."""
    row = Session(
        ref=SessionRef(user=UserRef(tenant_id="acme", user_id="ada"), session_id=session_id), purpose="general",
        timezone=timezone, state="ended", epoch=0, started_at=at, last_message_at=at, ended_at=at,
    )  # fmt: skip
    return EndedSession(session=row, messages=tuple(Message(role=role, content=text, at=at) for role, text in messages))


def said(
    *texts: str, at: datetime = START, timezone: str = "UTC", tagger: Callable[[], Tagger] | None = load_tagger
) -> tuple[Candidate, ...]:
    """The candidates of a session in which the user says *texts*."""
    messages: list[tuple[Role, str]] = [("user", text) for text in texts]
    return extract(session(*messages, at=at, timezone=timezone), ATTRIBUTES, tagger=tagger)


def told(*texts: str, tagger: Callable[[], Tagger] | None = load_tagger) -> set[tuple[str, str]]:
    """Attributes and values that the user states by *texts*."""
    return {(fact.attribute, fact.value) for fact in said(*texts, tagger=tagger) if fact.act != "retract"}


read = partial(said, tagger=None)  # by the grammar alone
stated = partial(told, tagger=None)


def facts(case: Case, *, tagger: Callable[[], Tagger] | None = load_tagger) -> Sequence[Fact]:
    """What follows from all sessions of *case*, closed facts too."""
    sessions = [
        session(*messages, at=START + timedelta(days=40 * number), session_id=f"s{number}")
        for number, messages in enumerate(case.sessions)
    ]
    return facts_of(learned(sessions, tagger=tagger), case.as_of or sessions[-1].ended_at)


def same(value: str, spellings: Sequence[str]) -> bool:
    """True when *value* is one of *spellings*, but for its writing."""
    return any(value_key(value).same(value_key(spelling)) for spelling in spellings)


def missed(case: Case, found: Sequence[Fact]) -> Iterator[str]:
    """What should be known and is not."""
    current = [fact.value for fact in found if fact.status == "current"]
    yield from (spellings[0] for spellings in case.known if not any(same(value, spellings) for value in current))


def superfluous(case: Case, found: Sequence[Fact]) -> Iterator[Fact]:
    """What is known and neither wanted nor allowed."""
    fine = [*(spelling for spellings in case.known for spelling in spellings), *case.allowed]
    yield from (fact for fact in found if fact.status == "current" and not same(fact.value, fine))


def forbidden(case: Case, found: Sequence[Fact]) -> Iterator[Fact]:
    """What is known, now or in the past, and must never be."""
    for never in case.never:
        attribute, _, value = never.rpartition(": ")
        for fact in found:
            if same(fact.value, [value]) and attribute in ("", fact.attribute):
                yield fact


def still_current(case: Case, found: Sequence[Fact]) -> Iterator[str]:
    """What was to be closed and is current."""
    current = [fact.value for fact in found if fact.status == "current"]
    for spellings in case.closed:
        yield from (value for value in current if same(value, spellings))
