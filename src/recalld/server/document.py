"""An export as a request's body: every field is checked here, before the library brings it back row by row."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from recalld.border import (
    MAX_MESSAGE_BYTES,
    check_bound,
    check_id,
    check_purpose,
    check_state,
    check_timezone,
    clean_text,
)
from recalld.privacy.export_forms import SCHEMA
from recalld.server.bodies import Moment
from recalld.values import Act, Cardinality, FactStatus, Origin, Role, SessionState


def _id(value: str) -> str:
    return check_id("id", value)


def _state(value: dict[str, Any]) -> dict[str, Any]:
    check_state(value)
    return value


Id = Annotated[str, AfterValidator(_id)]
Word = Annotated[str, AfterValidator(check_purpose)]
Text = Annotated[str, Field(max_length=MAX_MESSAGE_BYTES), AfterValidator(clean_text)]
Time = Annotated[Moment, AfterValidator(lambda moment: check_bound("a time of the export", moment))]
Count = Annotated[int, Field(ge=0, lt=2**31, strict=True)]
Sum = Annotated[int, Field(ge=0, lt=2**63, strict=True)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Row(BaseModel):
    """What else an export tells of a thing, an import does not need."""

    model_config = ConfigDict(extra="ignore")


class ConsentRow(Row):
    """What the person decided about a purpose."""

    purpose: Word
    given: bool
    decided_at: Time


class StatementRow(Row):
    """A sentence that facts rest on."""

    statement_id: Id
    attribute: Id
    value: Text
    act: Act
    text: Text
    said_at: Time
    valid_from: Time
    valid_to: Time | None
    cardinality: Cardinality
    replaces: Text | None
    origin: Origin
    confidence: Share
    quote: Text
    purpose: Word
    session_id: Id | None
    episode_id: Id | None


class FactRow(Row):
    """One version of a fact."""

    fact_id: Id
    version: Count
    attribute: Id
    value: Text
    text: Text
    purpose: Word
    cardinality: Cardinality
    status: FactStatus
    valid_from: Time
    valid_to: Time | None
    recorded_at: Time
    retired_at: Time | None
    confirmed_at: Time
    confirmations: Count
    confidence: Share
    origin: Origin
    quote: Text
    session_id: Id | None
    episode_id: Id | None
    superseded_by: Id | None


class EpisodeRow(Row):
    """An episode."""

    episode_id: Id
    session_id: Id | None
    purpose: Word
    summary: Text
    topics: list[Text]
    points: list[Text]
    started_at: Time
    ended_at: Time
    timezone: Annotated[str, AfterValidator(check_timezone)]
    digest_by: Id


class MessageRow(Row):
    """What was said in an open session."""

    seq: Count
    role: Role
    name: Text | None
    content: Text
    at: Time


class ReportRow(Row):
    """What the ingestion of a session did."""

    added: Count = 0
    confirmed: Count = 0
    closed: Count = 0
    by: Id


class SessionRow(Row):
    """A session."""

    session_id: Id
    purpose: Word
    timezone: Annotated[str, AfterValidator(check_timezone)]
    state: SessionState
    no_memory: bool
    working: Annotated[dict[str, Any], AfterValidator(_state)]
    message_count: Count
    started_at: Time
    last_message_at: Time
    ended_at: Time | None
    attempts: Count
    error: Text | None
    episode_id: Id | None
    report: ReportRow | None = None
    kept_at: Time | None = None
    messages: list[MessageRow]


class UsageRow(Row):
    """What one model took on one day."""

    day: date
    component: Literal["summariser", "embedder"]
    model: Id
    calls: Sum
    failed: Sum
    input_tokens: Sum
    cached_tokens: Sum
    output_tokens: Sum
    cost_usd: Annotated[float, Field(ge=0, lt=1e9, allow_inf_nan=False)]
    unpriced: Sum


class ExportDocument(Row):
    """A JSON export, as `docs/reference/export-format.md` describes it."""

    schema_: Literal["recalld-export-1"] = Field(alias="schema", examples=[SCHEMA])
    consents: list[ConsentRow]
    facts: list[FactRow]
    statements: list[StatementRow]
    episodes: list[EpisodeRow]
    sessions: list[SessionRow]
    usage: list[UsageRow]
