"""What a model is asked to return for a session: the border where its answer becomes typed.

Lenient on purpose: what can be repaired here is not paid for twice. What a reply claims is checked against the messages afterwards,
in `evidence.py`. Field names are short because every one of them is paid for with every session.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _one_of(*allowed: str) -> BeforeValidator:
    """Anything else than the allowed words becomes the first of them."""

    def repair(value: Any) -> Any:
        word = str(value).strip().casefold()
        return word if word in allowed else allowed[0]

    return BeforeValidator(repair)


def _text(value: Any) -> Any:
    """Numbers and `null` where a text belongs."""
    return "" if value is None else str(value) if isinstance(value, int | float) else value


def _list(value: Any) -> Any:
    """One text, or nothing, where a list belongs."""
    return [] if value is None else [value] if isinstance(value, str) else value


def _place(value: Any) -> Any:
    """A message's number, also where it comes as "[3]" or not at all."""
    digits = "".join(character for character in str(value) if character.isdecimal())
    return int(digits[:9]) if digits else None


Text = Annotated[str, BeforeValidator(_text)]
Texts = Annotated[list[Text], BeforeValidator(_list)]


def _facts(value: Any) -> Any:
    """Only entries that name an attribute and a value; one bad entry does not spoil the others."""
    entries = cast("list[Any]", value) if isinstance(value, list) else []
    return [entry for entry in entries if isinstance(entry, dict) and {"attribute", "value"} <= entry.keys()]


class FactReply(BaseModel):
    """One fact about the user."""

    model_config = ConfigDict(extra="ignore")

    attribute: Text = Field(description="snake_case name, e.g. home_city")
    value: Text = Field(description="as short as a form field")
    message: Annotated[int | None, BeforeValidator(_place)] = Field(
        None, description="number of the message that says it"
    )
    quote: Text = Field("", description="words copied from that message")
    act: Annotated[Literal["state", "retract", "correct"], _one_of("state", "retract", "correct")] = "state"
    replaces: Text = Field("", description="the value it takes the place of")
    many: bool | None = Field(None, description="true if several values can hold at once")
    since: Text = Field("", description="YYYY-MM-DD it became true, if said")
    until: Text = Field("", description="YYYY-MM-DD of the first day it no longer holds, if said")
    origin: Annotated[Literal["stated", "confirmed", "inferred"], _one_of("stated", "confirmed", "inferred")] = "stated"


class DigestReply(BaseModel):
    """The digest of a conversation."""

    model_config = ConfigDict(extra="ignore")

    summary: Text
    topics: Texts = Field(default_factory=list[str])
    points: Texts = Field(default_factory=list[str])
    facts: Annotated[list[FactReply], BeforeValidator(_facts)] = Field(default_factory=list[FactReply])
