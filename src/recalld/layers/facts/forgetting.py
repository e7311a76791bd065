"""What goes with statements that are taken back: every version that could rest on them.

Facts that are believed are derived anew from the statements that remain. Versions that are no longer believed are not: they
tell what was believed once. One that was recorded, and last confirmed, before any of the deleted statements was said never
knew of them and stays, for no belief is dated before what it rests on (`system_time`). Of the later ones those go whose
values the deleted statements could have a say about.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from recalld.layers.facts.equality import Key, value_key
from recalld.layers.facts.timeline import by_attribute
from recalld.values import Fact, Statement


def system_time(at: datetime, known: Iterable[Fact], said: Iterable[Statement]) -> datetime:
    """When beliefs change by a write at *at*: not before what is *known* was recorded, nor before anything was *said* that they rest on."""
    return max((at, *(fact.recorded_at for fact in known), *(statement.said_at for statement in said)))


@dataclass(frozen=True, slots=True)
class Trace:
    """Where statements about one attribute may have left something."""

    since: datetime  # when the first of them was said
    values: frozenset[Key] | None  # what they could have a say about; None: any value

    def holds(self, version: Fact) -> bool:
        """True for a version that is no longer believed and could rest on them."""
        if version.retired_at is None or max(version.recorded_at, version.confirmed_at) < self.since:
            return False
        return self.values is None or _touch(value_key(version.value), self.values)


def traces(said: Iterable[Statement], taken: Collection[str]) -> dict[str, Trace]:
    """By attribute the trace of those statements of all that was *said* whose ids are *taken*."""
    return {
        attribute: _trace(gone, [statement for statement in group if statement.statement_id not in taken])
        for attribute, group in by_attribute(said).items()
        if (gone := [statement for statement in group if statement.statement_id in taken])
    }


def _trace(gone: Sequence[Statement], left: Sequence[Statement]) -> Trace:
    return Trace(min(statement.said_at for statement in gone), _reach(gone, left))


def _reach(gone: Sequence[Statement], left: Sequence[Statement]) -> frozenset[Key] | None:
    """Values of a many-valued attribute stand beside each other, unless a statement speaks of several."""
    reached = [_spoken_of(statement) for statement in gone]
    apart = {_spoken_of(statement) for statement in left}
    if not all((*reached, *apart)):
        return None
    found, newest = frozenset[Key](), frozenset[Key]().union(*reached)
    while newest:
        found |= newest
        joined = {keys for keys in apart if any(_touch(key, newest) for key in keys)}
        apart -= joined
        newest = frozenset[Key]().union(*joined) - found
    return found


def _spoken_of(statement: Statement) -> frozenset[Key]:
    """The values that a statement names; none when it may be about any."""
    nameless = statement.act == "correct" and not statement.replaces
    if statement.cardinality == "single" or nameless:
        return frozenset()
    return frozenset(value_key(name) for name in (statement.value, statement.replaces or "") if name.strip())


def _touch(key: Key, others: Iterable[Key]) -> bool:
    return any(key.same(other) or key.refers_to(other) for other in others)
