"""The merge alone on the development set: fed with what each session should say, it keeps exactly what it should.

The candidates of a session are derived from the expectations of its line: a value belongs to the sessions whose text
mentions it. How it changes (replaced, taken back, expired, corrected) follows from the lists it stands in.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from recalld.layers.facts.attributes import Attributes
from recalld.layers.facts.equality import Key, value_key
from recalld.layers.facts.merge import merge, statements_of, visible
from recalld.values import Candidate, EndedSession, Fact, Message, Session, SessionRef, Statement, UserRef

DEV_SET = Path(__file__).parents[3] / "shared" / "eval" / "dev" / "facts.jsonl"
ATTRIBUTES = Attributes()
LEARNED = datetime(2030, 1, 1, tzinfo=UTC)
USER = UserRef(tenant_id="dev", user_id="reader")

pytestmark = pytest.mark.skipif(not DEV_SET.exists(), reason=f"the development set is not there: {DEV_SET.name}")


@dataclass(frozen=True)
class Value:
    """One expected value, where it is mentioned and what becomes of it."""

    attribute: str
    value: str
    list_name: str  # current, closed, absent
    mentioned: tuple[int, ...]  # numbers of the sessions, oldest first

    @property
    def first(self) -> int:
        return self.mentioned[0]

    @property
    def last(self) -> int:
        return self.mentioned[-1]

    @property
    def name(self) -> str:
        return ATTRIBUTES.canonical(self.attribute)


def lines() -> list[dict[str, Any]]:
    if not DEV_SET.exists():
        return []
    return [json.loads(line) for line in DEV_SET.read_text(encoding="utf-8").splitlines() if line.strip()]


# ---------------------------------------------------------------- from expectations to candidates
def values_of(line: dict[str, Any], list_name: str) -> list[Value]:
    texts = [" ".join(message["content"] for message in session["messages"]) for session in line["sessions"]]
    return [
        Value(item["attribute"], item["value"], list_name, mentions(item, texts, list_name))
        for item in line[f"expect_{list_name}"]
    ]


def mentions(item: dict[str, Any], texts: Sequence[str], list_name: str) -> tuple[int, ...]:
    """The sessions whose text has all words of a form of the value; else where such a value is plausible."""
    forms = [words(form) for form in (item["value"], *item.get("aliases", []))]
    found = tuple(n for n, text in enumerate(texts) if any(form <= words(text) for form in forms))
    return found or ((0,) if list_name == "closed" else (len(texts) - 1,))


def words(text: str) -> set[str]:
    key = value_key(text.replace(",", " ").replace("(", " "))
    return set(key.tokens) | set(key.detail)


def candidates_of(line: dict[str, Any]) -> list[list[Candidate]]:
    """What each session of *line* should say, in the order of saying."""
    told: list[list[Candidate]] = [[] for _ in line["sessions"]]
    current, closed, absent = (values_of(line, name) for name in ("current", "closed", "absent"))
    for value in closed:
        told[value.first].append(Candidate(attribute=value.attribute, value=value.value, valid_to=end_of(value, line)))
    for value in slips(absent, current, line):
        told[value.last].append(Candidate(attribute=value.attribute, value=value.value))
    for value in current:
        for number in value.mentioned:
            told[number].append(stated(value, number, current, closed, absent, line))
    for value in closed:
        if not successor(value, current) and "expiry" not in line["tags"]:
            told[-1].append(Candidate(attribute=value.attribute, value="", act="retract", replaces=value.value))
    return told


def end_of(value: Value, line: dict[str, Any]) -> datetime | None:
    """An end given in advance, somewhere before the line is read; only where the line is about expiry."""
    if "expiry" not in line["tags"]:
        return None
    said, read = ended_at(line, value.first), datetime.fromisoformat(line["as_of"])
    return said + (read - said) / 2


def slips(absent: Sequence[Value], current: Sequence[Value], line: dict[str, Any]) -> Iterator[Value]:
    """Values that the same session corrects."""
    if "correction" in line["tags"]:
        yield from (slip for slip in absent if any(value.name == slip.name for value in current))


def successor(value: Value, current: Sequence[Value]) -> bool:
    """True when a current value of the same attribute took the place of *value*."""
    return any(other.name == value.name and other.last > value.first for other in current)


def stated(
    value: Value,
    number: int,
    current: Sequence[Value],
    closed: Sequence[Value],
    absent: Sequence[Value],
    line: dict[str, Any],
) -> Candidate:
    corrected = [slip for slip in slips(absent, current, line) if slip.name == value.name and slip.last == number]
    if corrected:
        return Candidate(attribute=value.attribute, value=value.value, act="correct", replaces=corrected[-1].value)
    replaced = [old for old in closed if old.name == value.name and old.first < number == value.last]
    several = sum(other.name == value.name for other in current) > 1
    return Candidate(
        attribute=value.attribute,
        value=value.value,
        cardinality="many" if several else None,
        replaces=replaced[-1].value if replaced else None,
    )


# ---------------------------------------------------------------- from candidates to facts
def ended_at(line: dict[str, Any], number: int) -> datetime:
    return datetime.fromisoformat(line["sessions"][number]["ended_at"])


def statements_per_session(line: dict[str, Any]) -> list[tuple[Statement, ...]]:
    return [
        statements_of(told, session=session_of(line, number), episode_id=None, attributes=ATTRIBUTES)
        for number, told in enumerate(candidates_of(line))
    ]


def session_of(line: dict[str, Any], number: int) -> EndedSession:
    ended = ended_at(line, number)
    row = Session(
        ref=SessionRef(user=USER, session_id=f"{line['id']}-{number}"),
        purpose="general",
        timezone="UTC",
        state="ended",
        epoch=1,
        started_at=ended,
        last_message_at=ended,
        ended_at=ended,
    )
    return EndedSession(session=row, messages=(Message(role="user", content="…", at=ended),))


def deliver(sessions: Sequence[tuple[Statement, ...]], order: Sequence[int]) -> list[Fact]:
    """The believed facts after the sessions arrived in *order*."""
    statements: dict[str, Statement] = {}
    believed: dict[str, Fact] = {}
    for number in order:
        statements |= {statement.statement_id: statement for statement in sessions[number]}
        changes = merge(list(believed.values()), list(statements.values()), at=LEARNED)
        for fact in changes.retire:
            del believed[fact.fact_id]
        believed |= {fact.fact_id: fact for fact in (*changes.update, *changes.insert)}
    return list(believed.values())


def orders(count: int, random: Random) -> Iterator[list[int]]:
    """As it happened, backwards, and shuffled with repetitions."""
    yield list(range(count))
    yield list(reversed(range(count)))
    for _ in range(5):
        order = [*range(count), *random.choices(range(count), k=count)]
        random.shuffle(order)
        yield order


@pytest.mark.parametrize("line", lines(), ids=lambda line: line["id"])
def test_current_and_closed_values_are_exactly_those_expected(line: dict[str, Any]) -> None:
    sessions = statements_per_session(line)
    for order in orders(len(sessions), Random(line["id"])):
        seen = visible(deliver(sessions, order), as_of=datetime.fromisoformat(line["as_of"]), include_closed=True)
        by_status: dict[bool, set[tuple[str, Key]]] = defaultdict(set)
        for fact in seen:
            by_status[fact.status == "current"].add((fact.attribute, value_key(fact.value)))
        assert by_status[True] == expected(line, "current")
        assert by_status[False] - by_status[True] == expected(line, "closed")  # a value that returned is current


def expected(line: dict[str, Any], list_name: str) -> set[tuple[str, Key]]:
    return {(value.name, value_key(value.value)) for value in values_of(line, list_name)}
