"""One row of a table: a pattern and what it means when it matches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypedDict, Unpack

from recalld.ingest.local.facts.pattern import Pattern


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Row:
    """A pattern and what it means."""

    pattern: Pattern
    gives: Mapping[str, str] = field(
        default_factory=dict[str, str]
    )  # facts without a slot: {"relationship_status": "married"}
    gives_not: Mapping[str, str] = field(
        default_factory=dict[str, str]
    )  # facts when the clause is negated: {"alcohol": "none"}
    ends: Mapping[str, str] = field(
        default_factory=dict[str, str]
    )  # values that are over: {"smoking": "smoker"}; "" stands for all values
    retract: bool = False  # the slots' values are over
    renames: bool = False  # the value is a new name of the one said last
    among: tuple[str, ...] = ()  # the attributes one of which the slot's value is of: each may have it to lose
    negated: str = "retract"  # what a negation makes of the slots' values: "retract", "ignore", or another attribute's
    negative: bool = False  # means this only when the clause is negated
    asked: bool = False  # holds within a question too: "can my dog Bo eat nuts?"
    planned: bool = False  # holds for what is intended: "I want to …"
    any_mood: bool = False  # holds within "if", "would" …: a presupposition
    addressed: bool = False  # a request to the assistant, or a bare phrase; needs no first person
    value: str = "{}"  # how the value is written: "no {}"
    known: bool = False  # only for attributes of the registry, where a slot names the attribute
    needs: str = ""  # a regular expression that must occur in the message, or in what the assistant says around it
    unless: str = ""  # one that must not
    confidence: float = 0.9

    @property
    def presupposes(self) -> bool:
        """True when it reads what is there whatever is said of it: "oh great, *my dog Rex* ate the remote"."""
        named = {slot.attribute for slot in self.pattern.slots}
        return (
            self.asked and self.any_mood and self.pattern.source.startswith("{my}") and bool(named) and named <= _NAMED
        )


_NAMED = frozenset(("pet", "child", "employer", "manager", "grandchild", "flatmate"))


class Meaning(TypedDict, total=False):
    """The fields of a `Row` besides its pattern."""

    gives: Mapping[str, str]
    gives_not: Mapping[str, str]
    ends: Mapping[str, str]
    retract: bool
    renames: bool
    among: tuple[str, ...]
    negated: str
    negative: bool
    asked: bool
    planned: bool
    any_mood: bool
    addressed: bool
    value: str
    known: bool
    needs: str
    unless: str
    confidence: float


def row(pattern: str, **meaning: Unpack[Meaning]) -> Row:
    """A row from the source of its pattern."""
    return Row(pattern=Pattern(pattern), **meaning)
