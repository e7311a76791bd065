"""Properties of the merge over generated histories: any order, any repetition, any deletion.

The ordinary run looks at a few hundred histories per property; with `RECALLD_HYPOTHESIS=full` it is 10,000.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recalld.layers.facts.equality import value_key
from recalld.layers.facts.forgetting import system_time, traces
from recalld.layers.facts.merge import conflicts, evidence, history, merge, timeline, visible
from recalld.layers.facts.timeline import FIRM_FROM
from recalld.values import Act, Cardinality, Fact, Origin, Statement

FULL = os.environ.get("RECALLD_HYPOTHESIS") == "full"
histories_seen = settings(
    max_examples=10_000 if FULL else 200,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
FIRST_DAY = datetime(2025, 1, 1, tzinfo=UTC)
LAST_DAY = 12
VALUES = ("Ash", "Ash, North", "Birch", "Cedar", "birch")
PURPOSES = ("general", "sales")
ACTS: tuple[Act, ...] = ("state", "state", "state", "retract", "correct")
ORIGINS: tuple[Origin, ...] = ("stated", "inferred", "confirmed", "api")
ATTRIBUTES: dict[str, tuple[Cardinality, ...]] = {
    "home_city": ("single",),
    "pet": ("many",),
    "project": ("single", "many"),  # extractors disagree
}


def day(number: float) -> datetime:
    return FIRST_DAY + timedelta(days=number)


@dataclass(frozen=True)
class Told:
    """A generated session: what it says, and when."""

    number: int
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class Drawn:
    """What hypothesis draws for one statement; few and small draws keep ten thousand histories affordable."""

    attribute: str
    act: Act
    value: str
    replaces: str | None
    shift: int  # days from being said to being true
    lasts: int | None  # days from being said to its end
    origin: Origin
    confidence: float


names = st.sampled_from(sorted(ATTRIBUTES))
values = st.sampled_from(VALUES)
plain_statements = st.builds(
    Drawn,
    attribute=names,
    act=st.just("state"),
    value=values,
    replaces=st.none(),
    shift=st.just(0),
    lasts=st.none(),
    origin=st.just("stated"),
    confidence=st.just(0.9),
)
any_statements = st.builds(
    Drawn,
    attribute=names,
    act=st.sampled_from(ACTS),
    value=st.sampled_from((*VALUES, "")),
    replaces=st.sampled_from((None, None, None, *VALUES)),
    shift=st.sampled_from((0, 0, 0, -3, -8, 2, 5)),
    lasts=st.sampled_from((None, None, None, -1, 1, 4)),
    origin=st.sampled_from(ORIGINS),
    confidence=st.sampled_from((0.9, 0.6, 0.3)),
)


def histories(drawn: st.SearchStrategy[Drawn]) -> st.SearchStrategy[list[Told]]:
    """One to seven sessions on any days, often on the same one, of one to three statements each."""
    session = st.tuples(st.integers(0, LAST_DAY), st.sampled_from(PURPOSES), st.lists(drawn, min_size=1, max_size=3))
    return st.lists(session, min_size=1, max_size=7).map(
        lambda told: [session_of(number, *given_session) for number, given_session in enumerate(told)]
    )


def session_of(number: int, on: int, purpose: str, drawn: Sequence[Drawn]) -> Told:
    return Told(number, tuple(statement_of(number, place, on, purpose, one) for place, one in enumerate(drawn)))


def statement_of(number: int, place: int, on: int, purpose: str, drawn: Drawn) -> Statement:
    lasts = drawn.lasts if drawn.act == "state" else None
    ends = None if lasts is None else day(on + lasts)
    begins = day(on + drawn.shift)
    return Statement(
        statement_id=f"{number:03}-{place}",
        attribute=drawn.attribute,
        value=drawn.value,
        act=drawn.act,
        text=f"{drawn.attribute}: {drawn.value}",
        said_at=day(on),
        valid_from=begins if ends is None else min(begins, ends),
        valid_to=ends,
        cardinality=ATTRIBUTES[drawn.attribute][number % len(ATTRIBUTES[drawn.attribute])],
        replaces=drawn.replaces,
        origin=drawn.origin,
        confidence=drawn.confidence,
        quote=drawn.value,
        purpose=purpose,
        session_id=f"s{number}",
        episode_id=f"e{number}",
    )


sessions = histories(any_statements)
plain_sessions = histories(plain_statements)


def said_on(told: Told) -> datetime:
    """The day of a session: when its facts are believed from."""
    return told.statements[0].said_at


def everything(told: Sequence[Told]) -> list[Statement]:
    return [statement for session in told for statement in session.statements]


def derived(statements: Sequence[Statement]) -> list[Fact]:
    """The facts of all attributes, as they must stand in the store."""
    return [fact for name in ATTRIBUTES for fact in timeline([s for s in statements if s.attribute == name])]


def claims(facts: Sequence[Fact]) -> list[Fact]:
    """Without what depends on the day of learning."""
    return sorted((replace(fact, recorded_at=FIRST_DAY, retired_at=None) for fact in facts), key=lambda f: f.fact_id)


class Store:
    """What the database does with statements and changes: a dictionary of statements and a list of versions."""

    def __init__(self) -> None:
        self.statements: dict[str, Statement] = {}
        self.versions: list[Fact] = []

    @property
    def believed(self) -> list[Fact]:
        return [fact for fact in self.versions if fact.retired_at is None]

    def ingest(self, told: Told, *, at: datetime) -> None:
        for statement in told.statements:
            self.statements.setdefault(statement.statement_id, statement)
        self.derive({statement.attribute for statement in told.statements}, at=at)

    def delete(self, told: Told, *, at: datetime) -> None:
        touched = {statement.attribute for statement in told.statements}
        said = [statement for statement in self.statements.values() if statement.attribute in touched]
        left = traces(said, {statement.statement_id for statement in told.statements})
        for statement in told.statements:
            self.statements.pop(statement.statement_id, None)
        self.derive(touched, at=at)
        self.versions = [
            fact for fact in self.versions if fact.attribute not in left or not left[fact.attribute].holds(fact)
        ]

    def derive(self, attributes: set[str], *, at: datetime) -> None:
        known = [fact for fact in self.believed if fact.attribute in attributes]
        said = [s for s in self.statements.values() if s.attribute in attributes]
        changes = merge(known, said, at=system_time(at, known, said))
        self._retire(changes.retire)
        self._update(changes.update)
        self.versions += changes.insert

    def _retire(self, retired: Sequence[Fact]) -> None:
        for fact in retired:
            place = self.versions.index(replace(fact, retired_at=None))
            self.versions[place] = fact

    def _update(self, updated: Sequence[Fact]) -> None:
        for fact in updated:
            (place,) = [i for i, v in enumerate(self.versions) if v.fact_id == fact.fact_id and v.retired_at is None]
            self.versions[place] = fact


# ---------------------------------------------------------------- order, repetition, deletion
@histories_seen
@given(sessions, st.randoms(use_true_random=False))
def test_the_order_of_statements_does_not_matter(told: list[Told], random: Random) -> None:
    statements = everything(told)
    shuffled = random.sample(statements * 2, k=2 * len(statements))
    assert derived(shuffled) == derived(statements)


@histories_seen
@given(sessions, st.randoms(use_true_random=False))
def test_any_order_and_number_of_deliveries_gives_one_state(told: list[Told], random: Random) -> None:
    deliveries = told + random.choices(told, k=random.randint(0, 4))
    random.shuffle(deliveries)
    store = Store()
    for number, session in enumerate(deliveries):
        store.ingest(session, at=day(100 + number))
    assert claims(store.believed) == claims(derived(everything(told)))


@histories_seen
@given(sessions, st.randoms(use_true_random=False))
def test_a_deleted_session_leaves_no_trace(told: list[Told], random: Random) -> None:
    store = Store()
    for session in told:
        store.ingest(session, at=day(100))
    gone = random.choice(told)
    store.delete(gone, at=day(101))
    assert claims(store.believed) == claims(derived(everything([session for session in told if session is not gone])))


@histories_seen
@given(sessions, st.randoms(use_true_random=False))
def test_a_deleted_session_leaves_no_trace_in_past_beliefs(told: list[Told], random: Random) -> None:
    """Every version that stays, and every one a store that never heard of the session would have held before it, is the same."""
    random.shuffle(told)
    gone = random.choice(told)
    store, unknowing, held = Store(), Store(), list[Fact]()
    for session in told:
        store.ingest(session, at=said_on(session))
        if session is not gone:
            unknowing.ingest(session, at=said_on(session))
            held += claims(unknowing.believed)
    before = [fact for fact in store.versions if fact.retired_at is not None]
    store.delete(gone, at=day(101))
    past = [fact for fact in store.versions if fact.retired_at is not None]
    assert all(fact in held for fact in claims(past))
    assert all(fact in past for fact in before if max(fact.recorded_at, fact.confirmed_at) < said_on(gone))


@histories_seen
@given(sessions, st.randoms(use_true_random=False))
def test_a_deleted_session_takes_no_attribute_along_that_it_did_not_speak_of(told: list[Told], random: Random) -> None:
    store = Store()
    for session in told:
        store.ingest(session, at=said_on(session))
    gone = random.choice(told)
    others = set(ATTRIBUTES) - {statement.attribute for statement in gone.statements}
    before = [fact for fact in store.versions if fact.attribute in others]
    store.delete(gone, at=day(101))
    assert [fact for fact in store.versions if fact.attribute in others] == before


@histories_seen
@given(sessions)
def test_merging_twice_changes_nothing(told: list[Told]) -> None:
    statements = everything(told)
    store = Store()
    for session in told:
        store.ingest(session, at=day(100))
    assert not merge(store.believed, statements, at=day(200))


@histories_seen
@given(sessions, st.randoms(use_true_random=False))
def test_a_deleted_fact_takes_its_evidence_along(told: list[Told], random: Random) -> None:
    statements = everything(told)
    support = evidence(statements)
    if not support:
        return
    fact_id = random.choice(sorted(support))
    left = [statement for statement in statements if statement not in support[fact_id]]
    assert fact_id not in evidence(left)


# ---------------------------------------------------------------- what always holds
@histories_seen
@given(sessions)
def test_at_most_one_open_value_of_a_single_valued_attribute(told: list[Told]) -> None:
    store = Store()
    for session in told:
        store.ingest(session, at=day(100))
        open_ones = [f for f in store.believed if f.status == "current" and f.valid_to is None]
        keys = [(f.attribute, f.purpose) for f in open_ones if f.cardinality == "single"]
        assert len(keys) == len(set(keys))


@histories_seen
@given(sessions)
def test_all_purposes_agree_on_an_open_single_value(told: list[Told]) -> None:
    open_ones = [f for f in derived(everything(told)) if f.status == "current" and f.valid_to is None]
    cities = [value_key(f.value) for f in open_ones if f.attribute == "home_city"]
    assert all(one.same(other) for one in cities for other in cities)


@histories_seen
@given(sessions)
def test_facts_are_well_formed(told: list[Told]) -> None:
    facts = derived(everything(told))
    ids = {fact.fact_id for fact in facts}
    assert len(ids) == len(facts)
    assert all(fact.valid_to is None or fact.valid_to >= fact.valid_from for fact in facts)
    assert all(fact.superseded_by is None or fact.superseded_by in ids - {fact.fact_id} for fact in facts)
    assert all(
        (fact.superseded_by is not None) == (fact.status == "superseded")
        for fact in facts
        if fact.status != "corrected"
    )
    assert all(fact.valid_to is not None for fact in facts if fact.status != "current")
    assert all(fact.valid_to == fact.valid_from for fact in facts if fact.status == "corrected")


@histories_seen
@given(sessions)
def test_every_statement_is_accounted_for(told: list[Told]) -> None:
    statements = everything(told)
    for found in history([], statements):
        used = {s.statement_id for entry in found.entries for s in entry.statements}
        ended = {entry.ended_by.statement_id for entry in found.entries if entry.ended_by}
        idle = {s.statement_id for s in found.without_effect}
        mine = {s.statement_id for s in statements if s.attribute == found.attribute}
        scheduled = mine - used - ended - idle
        assert not (used & idle)
        assert scheduled == set()


@histories_seen
@given(sessions)
def test_conflicts_point_at_facts_that_exist(told: list[Told]) -> None:
    statements = everything(told)
    ids = {fact.fact_id for fact in derived(statements)}
    for conflict in conflicts(statements):
        assert conflict.against.fact_id in ids
        assert conflict.fact_id is None or conflict.fact_id in ids
        assert (conflict.fact_id is None) <= (conflict.decision != "superseded")


@histories_seen
@given(sessions, st.sampled_from(VALUES), st.sampled_from(sorted(ATTRIBUTES)), st.sampled_from(PURPOSES))
def test_the_newest_plain_statement_is_what_is_current(
    told: list[Told], value: str, attribute: str, purpose: str
) -> None:
    newest = Statement(
        statement_id="zzz", attribute=attribute, value=value, act="state", text="", said_at=day(LAST_DAY + 1),
        valid_from=day(LAST_DAY + 1), valid_to=None, cardinality=ATTRIBUTES[attribute][0],
        replaces=None, origin="stated", confidence=1.0, quote="", purpose=purpose, session_id=None, episode_id=None,
    )  # fmt: skip
    seen = visible(derived([*everything(told), newest]), as_of=newest.said_at)
    same = [f for f in seen if f.attribute == attribute and value_key(f.value).same(value_key(value))]
    assert purpose in {f.purpose for f in same}
    if attribute == "home_city" and any(f.valid_to is None for f in same):  # else a mention of a temporary value
        permanent = [f for f in seen if f.attribute == attribute and f.valid_to is None]
        assert all(value_key(f.value).same(value_key(value)) for f in permanent)


# ---------------------------------------------------------------- reading in time
@histories_seen
@given(sessions, st.randoms(use_true_random=False), st.floats(-10, 30))
def test_what_was_believed_at_any_moment_can_be_read_later(told: list[Told], random: Random, as_of: float) -> None:
    random.shuffle(told)
    store, views = Store(), list[list[Fact]]()
    for number, session in enumerate(told):
        store.ingest(session, at=day(100 + number))
        views.append(visible(store.believed, as_of=day(as_of)))
    for number, view in enumerate(views):
        read = visible(store.versions, as_of=day(as_of), believed_at=day(100 + number))
        assert [_seen(fact) for fact in read] == [_seen(fact) for fact in view]


def _seen(fact: Fact) -> tuple[object, ...]:
    return fact.fact_id, fact.value, fact.status, fact.valid_from, fact.valid_to, fact.superseded_by


@histories_seen
@given(sessions, st.floats(-10, 30))
def test_a_read_shows_what_held_at_that_moment(told: list[Told], as_of: float) -> None:
    facts = derived(everything(told))
    for fact in visible(facts, as_of=day(as_of)):
        assert fact.status == "current"
        assert fact.valid_from <= day(as_of)
        assert fact.valid_to is None or day(as_of) < fact.valid_to
    closed = visible(facts, as_of=day(as_of), include_closed=True)
    assert all(fact.status != "corrected" for fact in closed)
    assert {f.fact_id for f in closed} == {
        f.fact_id for f in facts if f.valid_from <= day(as_of) and f.status != "corrected"
    }


# ---------------------------------------------------------------- against a simple model
@histories_seen
@given(plain_sessions)
def test_plain_single_values_are_the_runs_of_what_was_said(told: list[Told]) -> None:
    """Without plans, ends, corrections and doubt the timeline is: sort by time, then join what repeats."""
    said = [s for s in everything(told) if s.attribute == "home_city" and "," not in s.value]
    said.sort(key=lambda s: (s.said_at, s.statement_id))
    runs = [list(run) for _, run in groupby(said, key=lambda s: value_key(s.value))]
    begins = [run[0].said_at for run in runs]
    expected: set[tuple[object, ...]] = set()
    for place, run in enumerate(runs):
        ends = begins[place + 1] if place + 1 < len(runs) else None
        for purpose in {s.purpose for s in run}:
            own = [s for s in run if s.purpose == purpose]
            expected.add((value_key(run[0].value), purpose, own[0].said_at, ends, len(own) - 1))
    found = {(value_key(f.value), f.purpose, f.valid_from, f.valid_to, f.confirmations) for f in timeline(said)}
    assert found == expected


@histories_seen
@given(plain_sessions, st.floats(0, 20))
def test_plain_single_values_never_overlap(told: list[Told], as_of: float) -> None:
    facts = timeline([s for s in everything(told) if s.attribute == "home_city"])
    seen = [value_key(fact.value) for fact in visible(facts, as_of=day(as_of))]
    assert all(one.same(other) for one in seen for other in seen)


def test_the_generated_confidences_lie_on_both_sides_of_doubt() -> None:
    assert 0.3 < FIRM_FROM < 0.6
