"""A user's facts as a pure function of everything said: the rules of contradiction, applied in the order of speaking.

All statements about one attribute are sorted by the time they were said and heard one after the other. So the result
depends neither on the order in which sessions arrive nor on how often, and a statement that is taken away leaves no
trace: what it had closed is open again.

A *span* is one validity of one value; it becomes a `Fact`. What a statement does to the spans is the table in
`recalld.layers.facts.merge`. Three rules hold everywhere:

- A span is never cut back behind the last time its value was said: a newer statement may date the change into the gap
  ("I moved last week"), but what somebody said about their present is not contradicted in hindsight. Only a
  correction does that.
- What has ended stays as it was: later statements neither move its end nor overlap it.
- Doubtful statements (`FIRM_FROM`) found facts where nothing is known, and never end what was said plainly.

A correction, or a plan called off before it began, makes earlier statements void. Everything is then heard again
without them, the corrected value taking the place of the wrong one.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from operator import attrgetter
from uuid import UUID, uuid5

from recalld.layers.facts.equality import Key, Tokens, value_key
from recalld.values import ConflictDecision, Fact, FactConflict, FactStatus, History, HistoryEntry, Origin, Statement

FIRM_FROM = 0.5
"""Confidence from which a statement may end what another one said. What was set through the API is always firm."""

_INSTANT = timedelta(microseconds=1)  # the resolution of PostgreSQL
_FACTS = UUID("7f1c2a52-3c37-5d0e-9a53-5b0f7f6c8a11")
_TRUST: dict[Origin, int] = {"inferred": 0, "confirmed": 1, "stated": 2, "api": 3}

Order = tuple[datetime, bool, str, bool]


# ---------------------------------------------------------------- what the outside asks
def timeline(statements: Iterable[Statement]) -> tuple[Fact, ...]:
    """The facts that follow from all *statements* about one attribute, in any order; oldest validity first.

    `status` is as stored: how the fact ended, `current` when no end is known or it will only run out at `valid_to`. An
    end may lie in the future ("I move in May"); `visible` gives the status at a moment. `recorded_at` is the time of
    the newest supporting statement until `merge` stamps it. A corrected fact has an empty validity: it was never true.
    """
    return tuple(entry.fact for entry in _entries(_hear(statements)))


def conflicts(statements: Iterable[Statement]) -> list[FactConflict]:
    """What contradicted what among *statements* (of any attributes), oldest first, and how it was decided."""
    found = [conflict for group in by_attribute(statements).values() for conflict in _conflicts(_hear(group))]
    return sorted(found, key=lambda conflict: (conflict.at, conflict.attribute, conflict.statement.statement_id))


def history(facts: Sequence[Fact], statements: Iterable[Statement]) -> tuple[History, ...]:
    """The timeline of each attribute with the evidence of every fact.

    *facts* are the stored versions in belief, which know when recalld learned of them; those that are missing are
    derived from *statements* alone.
    """
    stored = {fact.fact_id: fact for fact in facts}
    return tuple(_history(attribute, _hear(group), stored) for attribute, group in by_attribute(statements).items())


def evidence(statements: Iterable[Statement]) -> dict[str, tuple[Statement, ...]]:
    """From the id of every fact to the statements that are about it alone: those to delete when the fact is deleted.

    That is what it rests on, and the retraction that ended it unless that ended others too. A statement that took its
    place is about another fact.
    """
    groups = by_attribute(statements).values()
    return {key: about for group in groups for key, about in _evidence(_entries(_hear(group))).items()}


def by_attribute(statements: Iterable[Statement]) -> dict[str, list[Statement]]:
    """*statements* grouped by attribute, names in order."""
    groups: dict[str, list[Statement]] = {}
    for statement in sorted(statements, key=attrgetter("attribute")):
        groups.setdefault(statement.attribute, []).append(statement)
    return groups


def _evidence(entries: Sequence[HistoryEntry]) -> dict[str, tuple[Statement, ...]]:
    ends = Counter(entry.ended_by.statement_id for entry in entries if entry.ended_by)
    return {
        entry.fact.fact_id: (*entry.statements, entry.ended_by)
        if entry.ended_by and entry.ended_by.act == "retract" and ends[entry.ended_by.statement_id] == 1
        else entry.statements
        for entry in entries
    }


# ---------------------------------------------------------------- the words of this module
@dataclass(frozen=True, slots=True)
class _Said:
    """A statement in its place in the order of speaking; a correction has two: the wrong value's place and its own."""

    statement: Statement
    order: Order
    valid_from: datetime
    valid_to: datetime | None
    settled: bool = False  # a correction that has already put its value in place
    echo: bool = False  # the correction in its own place: says the corrected value once more

    @property
    def at(self) -> datetime:
        return self.order[0]

    @property
    def planned(self) -> bool:
        return self.valid_from > self.at

    @property
    def firm(self) -> bool:
        return self.statement.origin == "api" or self.statement.confidence >= FIRM_FROM


@dataclass(slots=True, eq=False)
class _Ending:
    status: FactStatus
    statement: Statement
    at: datetime | None = None  # None: when the span in its place begins, even if that moves
    by: _Span | None = None
    instead_of: _Ending | None = None  # the plan that a scheduled end comes before

    @property
    def moment(self) -> datetime:
        """When it ends: a span that takes the place takes its own start along."""
        moment = self.at or (self.by.start if self.by else None)
        return moment or self.statement.said_at

    @property
    def scheduled(self) -> bool:
        """True when it only runs out, at a time that was given in advance."""
        return self.status == "current"


@dataclass(slots=True, eq=False)
class _Span:
    """One validity of one value under one purpose, as far as it has been heard."""

    key: Key
    wording: Statement  # the statement whose words are shown: the first, or one that says it in more detail
    founding: _Said
    start: datetime
    floor: datetime | None  # its start cannot be dated back behind this
    temporary: bool  # given with an end from the outset; never takes the place of an open-ended value
    firm: bool
    last_said: datetime
    evidence: dict[str, Statement]
    ending: _Ending | None = None
    takes_over: list[_Span] = field(default_factory=list["_Span"])
    fact_id: str = field(init=False)

    def __post_init__(self) -> None:
        """The id is derived from the statement that founds the fact: the same wherever the fact is derived."""
        again = "/again" if self.founding.echo else ""
        self.fact_id = str(uuid5(_FACTS, self.founding.statement.statement_id + again))

    @property
    def purpose(self) -> str:
        return self.wording.purpose

    @property
    def end(self) -> datetime | None:
        """Where the validity ends, never before its start: a plan given up before it began has an empty one."""
        return None if self.ending is None else max(self.start, self.ending.moment)

    def open_at(self, moment: datetime) -> bool:
        """True when a statement at *moment* can still be about this span."""
        return self.ending is None or self.ending.moment > max(moment, self.start)

    def begun(self, moment: datetime) -> bool:
        return self.start <= moment


@dataclass(frozen=True, slots=True)
class _Clash:
    said: _Said
    against: _Span
    decision: ConflictDecision


@dataclass(frozen=True, slots=True)
class _Revision:
    """Spans that were never true, and the statement that says so."""

    said: _Said
    spans: tuple[_Span, ...]
    status: FactStatus  # corrected, or retracted: a plan called off


# ---------------------------------------------------------------- hearing
def _hear(statements: Iterable[Statement]) -> _Line:
    """Hear all *statements*; start again without the void ones as often as something is revised."""
    said = sorted((_said(s) for s in {s.statement_id: s for s in statements}.values()), key=attrgetter("order"))
    heard = [item.statement for item in said]
    revisions: list[_Revision] = []
    while True:
        line = _Line()
        revision = next(filter(None, map(line.hear, said)), None)
        if revision is None:
            line.revisions, line.heard = revisions, heard
            return line
        revisions.append(revision)
        said = _without_the_void(said, revision)


def _said(statement: Statement) -> _Said:
    order = (statement.said_at, statement.origin == "api", statement.statement_id, False)
    return _Said(statement, order, statement.valid_from, statement.valid_to)


def _without_the_void(said: Sequence[_Said], revision: _Revision) -> list[_Said]:
    """What was *said* without the statements of the void spans, the correct value in the place of the wrong one."""
    correction = revision.said
    void = {statement_id for span in revision.spans for statement_id in span.evidence}
    corrected = revision.status == "corrected"
    own = {correction.statement.statement_id} if corrected else set[str]()
    kept = [item for item in said if item.statement.statement_id not in void | own]
    if corrected and correction.statement.value.strip():
        for item in _in_place_of(revision.spans, correction):
            insort(kept, item, key=attrgetter("order"))
    return kept


def _in_place_of(spans: Sequence[_Span], correction: _Said) -> list[_Said]:
    """The correction where the wrong value was first said, and once more in its own place if that still held."""
    first = min(spans, key=lambda span: span.founding.order)
    dated = correction.valid_from != correction.statement.said_at
    valid_from = correction.valid_from if dated else first.start
    valid_to = correction.valid_to or (first.end if first.temporary else None)
    place = _Said(correction.statement, first.founding.order, valid_from, valid_to, settled=True)
    if not any(span.open_at(correction.at) for span in spans):
        return [place]
    echo = _Said(correction.statement, (*correction.order[:3], True), valid_from, valid_to, settled=True, echo=True)
    return [place, echo]


class _Line:
    """The spans of one attribute, while its statements are heard in the order of speaking."""

    def __init__(self) -> None:
        self.spans: list[_Span] = []
        self.clashes: list[_Clash] = []
        self.revisions: Sequence[_Revision] = ()
        self.heard: Sequence[Statement] = ()  # everything, oldest first
        self._open: dict[_Span, None] = {}  # an ordered set, like the next two
        self._ending: dict[_Span, None] = {}  # those of the open ones that have an end
        self._by_value: dict[Tokens, dict[_Span, None]] = {}  # all of them
        self._closed_until: datetime | None = None  # the latest end of a permanent span
        self._value_until: dict[tuple[str, Tokens], datetime] = {}  # the same per purpose and value

    def hear(self, said: _Said) -> _Revision | None:
        """Let one more statement take effect; a revision instead says which spans are void."""
        self._settle(said.at)
        if said.statement.act == "retract":
            return self._retract(said)
        if said.statement.act == "correct" and not said.settled:
            wrong = self._corrected_by(said)
            if wrong is not None:
                return _Revision(said, wrong, "corrected") if wrong else None
        if not said.statement.value.strip():
            return None
        if said.valid_to is not None:
            self._state_for_a_while(said, said.valid_to)
        else:
            self._state(said)
        return None

    def _settle(self, now: datetime) -> None:
        """Put away what has ended by *now*: nothing that is said from now on changes it."""
        for span in [span for span in self._ending if not span.open_at(now)]:
            del self._ending[span], self._open[span]
            if not span.temporary:
                end, value = min(now, span.end or now), (span.purpose, span.key.tokens)
                self._closed_until = max(end, self._closed_until or end)
                self._value_until[value] = max(end, self._value_until.get(value, end))

    def _end(self, span: _Span, ending: _Ending | None) -> None:
        span.ending = ending
        if ending is None:
            self._ending.pop(span, None)
        else:
            self._ending[span] = None

    # ------------------------------------------------------------ stating
    def _state(self, said: _Said) -> None:
        key = value_key(said.statement.value)
        span = self._known(key, said)
        if span is not None:
            self._confirm(span, key, said)
            self._close_others(span, key, said)
            return
        rivals = self._rivals(key, said)
        firm = next((rival for rival in rivals if rival.firm and not rival.temporary), None)
        if firm is not None and not said.firm:
            self.clashes.append(_Clash(said, firm, "doubted"))
            return
        self._supersede(self._found(key, said, rivals), rivals, said)

    def _known(self, key: Key, said: _Said) -> _Span | None:
        """The open span of the same value and purpose, if any; a temporary one only while it is in force."""
        moment = max(said.at, said.valid_from)
        same = [span for span in self._same_value(key, said) if span.open_at(moment)]
        permanent = next((span for span in same if not span.temporary), None)
        if permanent is not None or said.statement.origin == "api" or said.statement.replaces:
            return permanent
        return next((span for span in same if span.begun(moment)), None)

    def _same_value(self, key: Key, said: _Said) -> list[_Span]:
        alike = self._by_value.get(key.tokens, {})
        return [s for s in alike if s in self._open and s.purpose == said.statement.purpose and s.key.same(key)]

    def _rivals(self, key: Key, said: _Said) -> list[_Span]:
        """The open spans that cannot hold together with a new one of value *key*."""
        absorbed = [span for span in self._same_value(key, said) if span.temporary]
        if said.statement.cardinality == "single":
            return [span for span in self._open if not span.key.same(key)] + absorbed
        replaced = _named(said.statement.replaces, list(self._open)) if said.statement.replaces else []
        return [span for span in replaced if not span.key.same(key)] + absorbed

    def _found(self, key: Key, said: _Said, rivals: Sequence[_Span]) -> _Span:
        floor = self._floor(key, said, rivals)
        span = _Span(
            key=key,
            wording=said.statement,
            founding=said,
            start=said.valid_from if floor is None else max(said.valid_from, floor),
            floor=floor,
            temporary=False,
            firm=said.firm,
            last_said=said.at,
            evidence={said.statement.statement_id: said.statement},
        )
        return self._add(span)

    def _floor(self, key: Key, said: _Said, rivals: Sequence[_Span]) -> datetime | None:
        """What a new span cannot reach behind: what has ended, and the last word for what it takes the place of."""
        single = said.statement.cardinality == "single"
        ended = self._closed_until if single else self._value_until.get((said.statement.purpose, key.tokens))
        words = [_just_after(rival.last_said, said.at) for rival in rivals if not rival.temporary]
        return max((*words, *([ended] if ended else [])), default=None)

    def _add(self, span: _Span) -> _Span:
        self.spans.append(span)
        self._open[span] = None
        self._by_value.setdefault(span.key.tokens, {})[span] = None
        self._end(span, span.ending)
        return span

    def _confirm(self, span: _Span, key: Key, said: _Said) -> None:
        """The same value once more: newer, perhaps in more detail, perhaps with an earlier beginning."""
        self._hear_again(span, key, said)
        if said.statement.origin == "api" and span.ending and span.ending.scheduled:
            self._end(span, span.ending.instead_of)
        if said.planned and not span.begun(said.at):
            span.start = max(said.valid_from, span.floor or said.valid_from)
        elif said.valid_from < span.start:
            words = [_just_after(other.last_said, said.at) for other in span.takes_over if not other.temporary]
            span.start = min(span.start, max((said.valid_from, *words, *([span.floor] if span.floor else []))))

    def _hear_again(self, span: _Span, key: Key, said: _Said) -> None:
        span.evidence.setdefault(said.statement.statement_id, said.statement)
        span.last_said, span.firm = max(span.last_said, said.at), span.firm or said.firm
        if key.detail and not span.key.detail:
            span.key, span.wording = key, said.statement

    def _close_others(self, span: _Span, key: Key, said: _Said) -> None:
        """A value said again ends whatever had come beside it, but no plan: that is for later."""
        if span.temporary or not span.begun(said.at):
            return
        for rival in self._rivals(key, said):
            planned = not rival.begun(said.at) or (rival.ending is not None and rival.ending.by is span)
            if not (planned or rival.temporary) and (said.firm or not rival.firm):
                self._end(rival, _Ending("superseded", said.statement, _ends(rival, said), span))
                self.clashes.append(_Clash(said, rival, "superseded"))

    def _supersede(self, span: _Span, rivals: Iterable[_Span], said: _Said) -> None:
        for rival in rivals:
            if rival is not span and rival.open_at(span.start) and (said.firm or not rival.firm):
                self._end(rival, _Ending("superseded", said.statement, by=span))
                span.takes_over.append(rival)
                if not rival.key.same(span.key):
                    self.clashes.append(_Clash(said, rival, "superseded"))

    # ------------------------------------------------------------ for a while
    def _state_for_a_while(self, said: _Said, until: datetime) -> None:
        """A value with an end of its own: sets the end of the same value, or stands beside the permanent one."""
        key = value_key(said.statement.value)
        same = [span for span in self._same_value(key, said) if span.temporary or span.begun(said.at)]
        span = next((span for span in same if span.last_said <= until), None)
        if span is not None:
            self._hear_again(span, key, said)
            self._run_out(span, until, said)
        else:
            self._found_for_a_while(key, said, until)

    def _run_out(self, span: _Span, until: datetime, said: _Said) -> None:
        if span.temporary:
            span.start = min(span.start, said.valid_from) if span.begun(said.at) else said.valid_from
        free = span.ending is None or span.ending.scheduled or until < span.ending.moment
        if free and (said.firm or not span.firm):
            plan = span.ending.instead_of if span.ending and span.ending.scheduled else span.ending
            self._end(span, replace(_expiry(said, until), instead_of=plan))

    def _found_for_a_while(self, key: Key, said: _Said, until: datetime) -> None:
        rivals: list[_Span] = []
        if said.statement.cardinality == "single" and until > said.at:
            others = [span for span in self._open if span.temporary and not span.key.same(key)]
            rivals = [span for span in others if span.start <= max(said.valid_from, span.last_said)]
        words = [_just_after(rival.last_said, said.at) for rival in rivals if rival.open_at(said.valid_from)]
        span = _Span(
            key=key,
            wording=said.statement,
            founding=said,
            start=max((said.valid_from, *words)),
            floor=None,
            temporary=True,
            firm=said.firm,
            last_said=said.at,
            evidence={said.statement.statement_id: said.statement},
            ending=_expiry(said, until),
        )
        self._supersede(self._add(span), rivals, said)

    # ------------------------------------------------------------ taking back
    def _retract(self, said: _Said) -> _Revision | None:
        """End what is named, or everything; a plan that has not begun is void instead."""
        targets = [span for span in self._retracted_by(said) if said.firm or not span.firm]
        called_off = tuple(span for span in targets if not span.begun(said.at) and said.valid_from < span.start)
        if called_off:
            return _Revision(said, called_off, "retracted")
        for span in targets:
            end = _ends(span, said)
            if span.open_at(end):
                self._end(span, _Ending("retracted", said.statement, end))
        return None

    def _retracted_by(self, said: _Said) -> list[_Span]:
        """The spans a retraction names; without a name all that have begun, but for what the same session states."""
        name = said.statement.replaces or said.statement.value
        if name.strip():
            return _named(name, list(self._open))
        session = said.statement.session_id
        return [
            span
            for span in self._open
            if span.begun(said.at) and (session is None or span.founding.statement.session_id != session)
        ]

    # ------------------------------------------------------------ correcting
    def _corrected_by(self, said: _Said) -> tuple[_Span, ...] | None:
        """The spans a correction makes void; `None`: it corrects nothing known and is a plain statement."""
        wrong = self._wrong_value(said)
        if not wrong:
            return None
        firm = next((span for span in wrong if span.firm), None)
        if firm is not None and not said.firm:
            self.clashes.append(_Clash(said, firm, "doubted"))
            return ()
        return tuple(wrong)

    def _wrong_value(self, said: _Said) -> list[_Span]:
        """The spans of the value that is taken back: the one named, else the one said last."""
        key = value_key(said.statement.value) if said.statement.value.strip() else None
        others = [span for span in self.spans if key is None or not span.key.same(key)]
        still_open = [span for span in others if span in self._open]
        if said.statement.replaces:
            exact = [span for span in others if span.key.same(value_key(said.statement.replaces))]
            return _last_of_each_purpose(exact) or _named(said.statement.replaces, still_open)
        if not still_open:
            return []
        last = max(still_open, key=lambda span: (span.last_said, span.founding.order))
        return [span for span in still_open if span.key.same(last.key)]


def _just_after(moment: datetime, now: datetime) -> datetime:
    """The first instant after *moment*, so that a value holds when it is said, unless that is already *now*."""
    return min(moment + _INSTANT, now)


def _ends(span: _Span, said: _Said) -> datetime:
    """When *said* ends *span*: on the day it gives, but not before the value was last said."""
    return max(said.valid_from, _just_after(span.last_said, said.at))


def _named(name: str, spans: Sequence[_Span]) -> list[_Span]:
    """Those of *spans* whose value is *name*; if there is none, those that *name* refers to by a part of it."""
    key = value_key(name)
    return [span for span in spans if span.key.same(key)] or [span for span in spans if span.key.refers_to(key)]


def _last_of_each_purpose(spans: Iterable[_Span]) -> list[_Span]:
    return list({span.purpose: span for span in spans}.values())


def _expiry(said: _Said, until: datetime) -> _Ending:
    return _Ending("expired" if until <= said.at else "current", said.statement, until)


# ---------------------------------------------------------------- spans to facts
def _entries(line: _Line) -> list[HistoryEntry]:
    """Every validity with its fact and evidence, oldest first; void ones have an empty validity."""
    living = [_entry(span, _ending(span)) for span in line.spans]
    owners = _owners(line) if line.revisions else {}
    void = [_entry(span, _void(revision, span, owners)) for revision in line.revisions for span in revision.spans]
    return sorted(living + void, key=lambda entry: (entry.fact.valid_from, entry.fact.confirmed_at, entry.fact.fact_id))


@dataclass(frozen=True, slots=True)
class _End:
    status: FactStatus
    valid_to: datetime | None
    superseded_by: str | None
    statement: Statement | None


def _ending(span: _Span) -> _End:
    if span.ending is None:
        return _End("current", None, None, None)
    ending = span.ending
    ran_out = ending.status in ("current", "expired")
    by = ending.by.fact_id if ending.by else None
    return _End(ending.status, span.end, by, None if ran_out else ending.statement)


def _void(revision: _Revision, span: _Span, owners: dict[str, str]) -> _End:
    statement = revision.said.statement
    by = owners.get(statement.statement_id) if revision.status == "corrected" else None
    return _End(revision.status, span.start, by, statement)


def _owners(line: _Line) -> dict[str, str]:
    """From a statement to the fact it supports; the living win over the void."""
    void = [span for revision in line.revisions for span in revision.spans]
    return {statement_id: span.fact_id for span in (*void, *line.spans) for statement_id in span.evidence}


def _entry(span: _Span, end: _End) -> HistoryEntry:
    statements = tuple(sorted(span.evidence.values(), key=lambda s: (s.said_at, s.statement_id)))
    newest = statements[-1].said_at
    source = span.founding.statement
    fact = Fact(
        fact_id=span.fact_id,
        attribute=source.attribute,
        value=span.wording.value,
        text=span.wording.text,
        purpose=source.purpose,
        cardinality=source.cardinality,
        status=end.status,
        valid_from=span.start,
        valid_to=end.valid_to,
        recorded_at=newest,
        retired_at=None,
        confirmed_at=newest,
        confirmations=len(statements) - 1,
        confidence=max(statement.confidence for statement in statements),
        origin=max((statement.origin for statement in statements), key=_TRUST.__getitem__),
        quote=source.quote,
        session_id=source.session_id,
        episode_id=source.episode_id,
        superseded_by=end.superseded_by,
    )
    return HistoryEntry(fact=fact, statements=statements, ended_by=end.statement)


def _conflicts(line: _Line) -> list[FactConflict]:
    facts = {entry.fact.fact_id: entry.fact for entry in _entries(line)}
    owners = _owners(line)
    corrected = [
        _Clash(revision.said, span, "corrected")
        for revision in line.revisions
        for span in revision.spans
        if revision.status == "corrected"
    ]
    return [
        FactConflict(
            attribute=clash.said.statement.attribute,
            at=clash.said.statement.said_at,
            decision=clash.decision,
            statement=clash.said.statement,
            against=facts[clash.against.fact_id],
            fact_id=owners.get(clash.said.statement.statement_id),
        )
        for clash in (*line.clashes, *corrected)
    ]


def _history(attribute: str, line: _Line, stored: dict[str, Fact]) -> History:
    entries = [replace(entry, fact=stored.get(entry.fact.fact_id, entry.fact)) for entry in _entries(line)]
    effective = {statement.statement_id for entry in entries for statement in entry.statements}
    effective |= {span.ending.statement.statement_id for span in line.spans if span.ending}
    effective |= {revision.said.statement.statement_id for revision in line.revisions}
    idle = tuple(statement for statement in line.heard if statement.statement_id not in effective)
    return History(attribute=attribute, entries=tuple(entries), without_effect=idle)
