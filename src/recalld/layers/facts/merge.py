"""From what a session says about a user to what is known about them: statements, their merge, and the view at a moment.

Every accepted candidate is kept as a `Statement`. The facts are a pure function of all statements about an attribute
(`timeline`), so `merge` only has to compare what follows from them with what is stored. Late, repeated and missing
sessions need no rules of their own.

The decision table. A statement meets the open facts of its attribute, those that have no end yet or one that lies
after the time it was said:

========================  ===================================  =========================================================
the statement             meets                                decision
========================  ===================================  =========================================================
says a value              nothing                              **add**
says a value              the same value, same purpose         **confirm**: counted and dated, not doubled; "since 2015"
                                                               dates its beginning back; more detail is adopted
says a value              the same value, other purpose        **keep both**: each is visible under its own purpose
says a value, single      another value, of any purpose        **supersede**: the other ends where the new one begins;
                                                               the new one is visible under its own purpose only
says a value, many        other values                         **keep both**; with `replaces` that one is superseded
says a value it had once  another value                        **return**: a new validity, a new fact
was said before the       (newer statements are known)         **ignore for the present**: it becomes history, closed by
newest one                                                     the next newer statement
says a value "until …"    another value                        stands beside it and **expires** by itself; the
                                                               open-ended value is not touched
says a value "until …"    the same value                       the value **expires** then; a newer end replaces an older
says a value "from …" on  another value                        a plan: the other one ends on that day, both are kept
(a day to come)
retracts a value          it (`replaces`, or `value`)          **retract**: it ends; a plan is void, what it was to end
                                                               stays
retracts without a value  what has begun                       **retract** all, but for what the same session states
corrects (`replaces`, or  that value                           **correct**: it was never true; the new value has its
the value said last)                                           place in history, and in the present if it was there
corrects                  nothing                              as if it simply said the value
is weak (confidence       a firm value it contradicts          **ignore**: kept as evidence and shown as a conflict;
below 0.5)                                                     nothing is ended by it
========================  ===================================  =========================================================

The later time of speaking decides; at equal times what was set through the API, then the greater `statement_id`, which
within a session is the later candidate. Values are compared by `value_key`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from math import isclose
from uuid import UUID

from recalld.layers.facts.attributes import Attributes
from recalld.layers.facts.equality import Key, value_key
from recalld.layers.facts.timeline import by_attribute, conflicts, evidence, history, timeline
from recalld.values import (
    Candidate,
    EndedSession,
    Fact,
    FactChanges,
    FactStatus,
    History,
    HistoryEntry,
    SessionRef,
    Statement,
)

__all__ = [
    "api_statement", "at_moment", "conflicts", "evidence", "history", "merge", "shown", "statement_id", "statements_of",
    "timeline", "value_key", "visible",
]  # fmt: skip


# ---------------------------------------------------------------- candidates to statements
def statements_of(
    candidates: Sequence[Candidate],
    *,
    session: EndedSession,
    episode_id: str | None,
    attributes: Attributes,
    known_attributes: Sequence[str] = (),
) -> tuple[Statement, ...]:
    """The statements of one session: attribute names unified, times and cardinality filled in, slips left out.

    Purpose and owner come from the session row. A candidate was said when its message was, else at its own `said_at`,
    else at the end of the session; never after it. What a session corrects itself was never true and is not kept; what
    it retracts was true once and is; what it repeats is kept once. Candidates without attribute, value or confidence
    are dropped. The ids depend on the session and the place of the candidate only, so a repeated delivery gives the
    same ones.
    """
    known = list(known_attributes)
    kept: list[Statement] = []
    for ordinal, candidate in enumerate(candidates):
        if not _says_something(candidate):
            continue
        attribute = attributes.canonical(candidate.attribute, known)
        source = _Source(
            statement_id=statement_id(session.session.ref, ordinal),
            purpose=session.session.purpose,
            said_at=_said_at(candidate, session),
            session_id=session.session.ref.session_id,
            episode_id=episode_id,
        )
        known += [attribute] if attribute not in known else []
        kept = _said_in_session(kept, _statement(candidate, attribute, source, attributes))
    return tuple(kept)


def api_statement(
    candidate: Candidate,
    *,
    statement_id: str,
    purpose: str,
    at: datetime,
    attributes: Attributes,
    known_attributes: Sequence[str] = (),
) -> Statement:
    """What the tenant sets through the API as a statement said *at*; firm whatever its confidence.

    Ids that grow with time (UUID version 7) make the later of two calls win when both have the same *at*.
    """
    attribute = attributes.canonical(candidate.attribute, known_attributes)
    source = _Source(statement_id=statement_id, purpose=purpose, said_at=candidate.said_at or at)
    return replace(_statement(candidate, attribute, source, attributes), origin="api")


def statement_id(session: SessionRef, ordinal: int) -> str:
    """A UUID (version 8) for the candidate at place *ordinal* of *session*: the session's hash, then the place.

    So ids of one session sort in the order of its candidates, which decides between statements of the same time.
    """
    names = (session.user.tenant_id, session.user.user_id, session.session_id)
    content = b"".join(len(name.encode()).to_bytes(4) + name.encode() for name in names)
    raw = bytearray(blake2b(content, digest_size=12, person=b"recalld-stmt").digest() + ordinal.to_bytes(4))
    raw[6], raw[8] = raw[6] & 0x0F | 0x80, raw[8] & 0x3F | 0x80
    return str(UUID(bytes=bytes(raw)))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Source:
    """Where a statement comes from."""

    statement_id: str
    purpose: str
    said_at: datetime
    session_id: str | None = None
    episode_id: str | None = None


def _says_something(candidate: Candidate) -> bool:
    takes_back = candidate.act == "retract" or (candidate.act == "correct" and candidate.replaces)
    named = candidate.value.strip() or takes_back
    return bool(candidate.attribute.strip() and named and candidate.confidence > 0)


def _said_at(candidate: Candidate, session: EndedSession) -> datetime:
    """The time of the cited message: a model may misjudge a date, and must not win an argument by it."""
    seq = candidate.message_seq
    message = session.messages[seq] if seq is not None and 0 <= seq < len(session.messages) else None
    said_at = (message.at if message else None) or candidate.said_at or session.ended_at
    return min(said_at, session.ended_at)


def _statement(candidate: Candidate, attribute: str, source: _Source, attributes: Attributes) -> Statement:
    valid_from = candidate.valid_from or source.said_at
    value = candidate.value.strip()
    return Statement(
        statement_id=source.statement_id,
        attribute=attribute,
        value=value,
        act=candidate.act,
        text=candidate.text.strip() or attributes.render(attribute, value),
        said_at=source.said_at,
        valid_from=min(valid_from, candidate.valid_to or valid_from),
        valid_to=candidate.valid_to,
        cardinality=candidate.cardinality or attributes.cardinality(attribute),
        replaces=(candidate.replaces or "").strip() or None,
        origin=candidate.origin,
        confidence=min(candidate.confidence, 1.0),
        quote=candidate.quote,
        purpose=source.purpose,
        session_id=source.session_id,
        episode_id=source.episode_id,
    )


def _said_in_session(kept: list[Statement], new: Statement) -> list[Statement]:
    """The statements of a session so far and a *new* one: what it corrects leaves, what it repeats is only dated anew.

    Somebody else may have said otherwise in between, through the API or in another session: the last word counts.
    """
    before = [statement for statement in kept if statement.attribute == new.attribute]
    slip = _slip(before, new) if new.act == "correct" else None
    if slip is not None:
        return [*(s for s in kept if s is not slip), replace(new, replaces=slip.value)]
    repeated = _repeated(before, new)
    if repeated is None:
        return [*kept, new]
    return [replace(s, said_at=max(s.said_at, new.said_at)) if s is repeated else s for s in kept]


def _slip(before: Sequence[Statement], new: Statement) -> Statement | None:
    """The statement of the same session that *new* corrects."""
    key = value_key(new.value)
    others = [s for s in before if s.act != "retract" and s.value and not value_key(s.value).same(key)]
    if new.replaces is None:
        return others[-1] if others else None
    named = value_key(new.replaces)
    exact = [s for s in others if value_key(s.value).same(named)]
    return (exact or [s for s in others if value_key(s.value).refers_to(named)] or [None])[-1]


def _repeated(before: Sequence[Statement], new: Statement) -> Statement | None:
    """The statement that *new* only says again, when nothing that the session said in between is otherwise."""
    same = [place for place, s in enumerate(before) if s.act == new.act == "state" and _same_statement(s, new)]
    if not same:
        return None
    since = before[same[-1] + 1 :]
    alike = all(s.cardinality == "many" and s.act == "state" and s.replaces is None for s in since)
    return before[same[-1]] if alike else None


def _same_statement(one: Statement, other: Statement) -> bool:
    return one.valid_to == other.valid_to and value_key(one.value) == value_key(other.value)


# ---------------------------------------------------------------- statements to changes
def merge(known: Sequence[Fact], statements: Iterable[Statement], *, at: datetime) -> FactChanges:
    """What has to change in the store so that it holds what follows from *statements*.

    *known* are the versions in belief (`retired_at` is None, whatever their status) of the attributes concerned;
    *statements* are **all** statements about these attributes, old and new. What is known of an attribute without
    statements is retired. *at* is the system time of the change: retired versions end there and new ones begin; when a
    version to be retired was recorded later than that (a replay), the change counts from then on.

    The decisions are in the table of this module. Applying the changes and merging again changes nothing.
    """
    derived = {fact.fact_id: fact for group in by_attribute(statements).values() for fact in timeline(group)}
    stored = {fact.fact_id: fact for fact in known}
    revised = {key for key in stored.keys() & derived.keys() if not _same_version(stored[key], derived[key])}
    gone = [fact for fact in known if fact.fact_id in revised or fact.fact_id not in derived]
    came = [fact for key, fact in derived.items() if key in revised or key not in stored]
    now = max((at, *(fact.recorded_at for fact in gone)))
    confirmed = [
        _confirmed(stored[key], fact)
        for key, fact in derived.items()
        if key in stored and key not in revised and not _same_support(stored[key], fact)
    ]
    return FactChanges(
        retire=tuple(replace(fact, retired_at=now) for fact in gone),
        insert=tuple(replace(fact, recorded_at=now) for fact in came),
        update=tuple(confirmed),
        **_counts(stored, derived),
    )


def _same_version(stored: Fact, derived: Fact) -> bool:
    """True when both say the same about the world; how well it is supported may differ."""
    return _claim(stored) == _claim(derived)


def _claim(fact: Fact) -> tuple[object, ...]:
    return (
        fact.attribute, fact.value, fact.text, fact.purpose, fact.cardinality,
        fact.status, fact.valid_from, fact.valid_to, fact.superseded_by,
    )  # fmt: skip


def _same_support(stored: Fact, derived: Fact) -> bool:
    """Confidence is compared as PostgreSQL's `real` keeps it."""
    close = isclose(stored.confidence, derived.confidence, abs_tol=1e-6)
    return close and _support(stored) == _support(derived)


def _support(fact: Fact) -> tuple[object, ...]:
    return fact.confirmed_at, fact.confirmations, fact.origin, fact.quote, fact.session_id, fact.episode_id


def _confirmed(stored: Fact, derived: Fact) -> Fact:
    return replace(derived, recorded_at=stored.recorded_at, retired_at=stored.retired_at)


def _counts(stored: dict[str, Fact], derived: dict[str, Fact]) -> dict[str, int]:
    """Facts that are new, said again, and no longer current.

    A fact whose founding statement went or came (a session deleted, or delivered late) gets another id; it is not news.
    """
    vanished = {_identity(fact) for key, fact in stored.items() if key not in derived}
    new = [fact for key, fact in derived.items() if key not in stored and fact.status != "corrected"]
    still_current = {_identity(fact) for fact in derived.values() if fact.status == "current"}
    both = stored.keys() & derived.keys()
    return {
        "added": sum(_identity(fact) not in vanished for fact in new),
        "confirmed": sum(derived[key].confirmations > stored[key].confirmations for key in both)
        + sum(_identity(fact) in vanished for fact in new if fact.confirmations),
        "closed": sum(f.status == "current" and _identity(f) not in still_current for f in stored.values()),
    }


def _identity(fact: Fact) -> tuple[str, str, Key]:
    return fact.attribute, fact.purpose, value_key(fact.value)


# ---------------------------------------------------------------- the view at a moment
def visible(
    facts: Iterable[Fact], *, as_of: datetime, believed_at: datetime | None = None, include_closed: bool = False
) -> list[Fact]:
    """What was true at *as_of* according to what was believed at *believed_at* (None: what is believed now).

    *facts* are stored versions of any belief. `status` of the result is the one at *as_of*: a value whose end lies
    later is current, one whose given end has passed is expired. With *include_closed*, values that had ended by then
    come too; a corrected value never does (see `history`), nor does one that begins later. A temporary value stands
    beside the permanent one of its attribute: its dates say which holds when. Ordered by attribute and beginning.
    """
    begun = (fact for fact in facts if _believed(fact, believed_at) and fact.valid_from <= as_of)
    seen = [at_moment(fact, as_of) for fact in begun if fact.status != "corrected"]
    wanted = [fact for fact in seen if include_closed or fact.status == "current"]
    return sorted(wanted, key=lambda fact: (fact.attribute, fact.valid_from, fact.fact_id))


def shown(timelines: Iterable[History], *, purposes: Collection[str], as_of: datetime) -> list[History]:
    """*timelines* at *as_of* as far as they are of *purposes*.

    What was said under other purposes decided as well; it shows in dates, status and ids, and is itself left out.
    """
    seen = (_shown(timeline, purposes, as_of) for timeline in timelines)
    return [timeline for timeline in seen if timeline.entries or timeline.without_effect]


def _shown(timeline: History, purposes: Collection[str], as_of: datetime) -> History:
    own = [entry for entry in timeline.entries if entry.fact.purpose in purposes]
    idle = tuple(statement for statement in timeline.without_effect if statement.purpose in purposes)
    return replace(timeline, entries=tuple(_shown_entry(entry, purposes, as_of) for entry in own), without_effect=idle)


def _shown_entry(entry: HistoryEntry, purposes: Collection[str], as_of: datetime) -> HistoryEntry:
    ended_by = entry.ended_by if entry.ended_by and entry.ended_by.purpose in purposes else None
    return replace(entry, fact=at_moment(entry.fact, as_of), ended_by=ended_by)


def at_moment(fact: Fact, as_of: datetime) -> Fact:
    """*fact* with its status at *as_of*; what was never true, a plan called off or a mistake, keeps its own."""
    never_true = fact.valid_to == fact.valid_from and fact.status != "current"
    status = fact.status if never_true else _status(fact, as_of)
    return fact if fact.status == status else replace(fact, status=status)


def _believed(fact: Fact, at: datetime | None) -> bool:
    if at is None:
        return fact.retired_at is None
    return fact.recorded_at <= at and (fact.retired_at is None or at < fact.retired_at)


def _status(fact: Fact, as_of: datetime) -> FactStatus:
    if fact.valid_to is None or as_of < fact.valid_to:
        return "current"
    return "expired" if fact.status == "current" else fact.status
