"""What travels: request and response bodies. Declared models are the fast path too."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

from recalld import values
from recalld.values import Act, Cardinality, ConflictDecision, FactStatus, Origin, Role, SessionState

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _text(value: object) -> object:
    """Times as text, days first; a number would be read as seconds since 1970, which is never meant."""
    if isinstance(value, int | float) or (isinstance(value, str) and not _DAY.match(value)):
        raise ValueError("must be a time in ISO 8601, such as 2026-11-03T12:00:00Z")
    return value


def _number(value: object) -> object:
    if isinstance(value, str | bool):
        raise ValueError("must be a number")  # noqa: TRY004 -- pydantic turns this kind into an answer
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_text)]
Day = Annotated[date, BeforeValidator(_text)]
Whole = Annotated[int, BeforeValidator(_number)]
Number = Annotated[float, BeforeValidator(_number)]
Zone = Annotated[str, Field(description="The person's time zone, an IANA name.", examples=["Europe/Berlin"])]
Purpose = Annotated[
    str | None, Field(description="Why it is remembered; none: the key's only purpose, else 'general'.")
]
Purposes = Annotated[
    list[str] | None,
    Field(
        min_length=1,
        max_length=50,
        description="Read only memories of these purposes; none: the key's, else 'general'.",
    ),
]
Now = Annotated[Moment | None, Field(description="Stands for now, so that history can be replayed.")]


class Body(BaseModel):
    """A body: unknown fields are an error, so that a misspelt option is noticed."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


# ---------------------------------------------------------------- sessions
class MessageBody(Body):
    """One utterance."""

    role: Role
    content: str = Field(min_length=1, examples=["Actually I moved to Berlin last week."])
    at: Moment | None = Field(None, description="When it was said; none: now.")
    name: str | None = Field(None, description="The speaker's name.")


class AppendBody(Body):
    """Messages for a session."""

    messages: list[MessageBody] = Field(min_length=1, max_length=1000)
    purpose: Purpose = None
    timezone: Zone = "UTC"
    first_seq: Whole | None = Field(
        None, ge=0, le=2**31 - 1, description="Place of the first message: makes the call repeatable."
    )
    no_memory: StrictBool = Field(False, description="Nothing of this session is kept.")
    at: Now = None


class Appended(Body):
    """How many messages the session has."""

    session_id: str
    message_count: int


class EndBody(Body):
    """When a session ended."""

    at: Now = None


class StateBody(Body):
    """The working state of an open session."""

    state: dict[str, Any] = Field(examples=[{"task": "refund", "order": "A-17"}])


class SessionBody(Body):
    """The state of a session."""

    session_id: str
    purpose: str
    timezone: str
    state: SessionState
    epoch: int
    started_at: datetime
    last_message_at: datetime
    ended_at: datetime | None
    no_memory: bool
    message_count: int
    attempts: int
    error: str | None
    episode_id: str | None


class OpenSessionBody(SessionBody):
    """A session with its messages and working state, which are there while it is open."""

    messages: list[MessageBody]
    working: dict[str, Any]


class Sessions(Body):
    """Sessions, newest first."""

    items: list[SessionBody]


class EpisodeBody(Body):
    """An episode."""

    episode_id: str
    session_id: str | None
    purpose: str
    summary: str
    topics: list[str]
    points: list[str]
    started_at: datetime
    ended_at: datetime
    timezone: str
    digest_by: str


class ReportBody(Body):
    """What became of a session."""

    session_id: str
    status: str = Field(description="ingested, queued, failed, nothing or dropped.")
    episode: EpisodeBody | None
    added: int = Field(description="Facts that are new.")
    confirmed: int = Field(description="Facts said again.")
    closed: int = Field(description="Facts that stopped being current.")
    timings: dict[str, float] = Field(description="Seconds per stage.")
    cost_usd: float | None
    digest_by: str | None
    error: str | None


class Replayed(Body):
    """Whether a failed session gets all its attempts again."""

    replayed: bool


# ---------------------------------------------------------------- the read flow
class QueryBody(Body):
    """A question to memory."""

    query: str = Field("", max_length=100_000, examples=["what did I say about pricing last Tuesday"])
    k: Whole = Field(5, ge=1, le=100, description="Episodes, at most.")
    purposes: Purposes = None
    topics: list[str] = Field(default_factory=list[str], max_length=50)
    since: Moment | None = None
    until: Moment | None = None
    timezone: Zone = "UTC"
    at: Now = None


class ContextBody(QueryBody):
    """A question for the block of one turn."""

    session_id: str | None = Field(None, description="The open session.")
    budget_tokens: Whole = Field(800, ge=1, le=100_000)


class RangeBody(Body):
    """The time range that was understood."""

    start: datetime
    end: datetime
    rest: str
    words: str


class FactBody(Body):
    """A fact."""

    fact_id: str
    attribute: str
    value: str
    text: str
    purpose: str
    cardinality: Cardinality
    status: FactStatus
    valid_from: datetime
    valid_to: datetime | None
    recorded_at: datetime
    retired_at: datetime | None
    confirmed_at: datetime
    confirmations: int
    confidence: float
    origin: Origin
    quote: str
    session_id: str | None
    episode_id: str | None
    superseded_by: str | None
    weight: float | None


class HitBody(Body):
    """An episode that answers, and why."""

    episode: EpisodeBody
    score: float
    reasons: list[str]


class ContextAnswer(Body):
    """The block of memory for one turn, with its parts."""

    text: str
    tokens: int
    facts: list[FactBody]
    episodes: list[HitBody]
    messages: list[MessageBody]
    state: dict[str, Any]
    time_range: RangeBody | None
    degraded: list[str]
    timings: dict[str, float]


class SearchAnswer(Body):
    """The episodes that answer, best first."""

    hits: list[HitBody]
    time_range: RangeBody | None
    degraded: list[str]


# ---------------------------------------------------------------- facts and episodes
class Facts(Body):
    """Facts."""

    items: list[FactBody]


class SetFactBody(Body):
    """A value for an attribute."""

    attribute: str = Field(min_length=1, max_length=255, examples=["plan"])
    value: str = Field(min_length=1, max_length=4096, examples=["annual"])
    purpose: Purpose = None
    valid_from: Moment | None = None
    valid_to: Moment | None = None
    at: Now = None


class ChangesBody(Body):
    """What a deletion changed: facts open again, confirmed, and gone or closed."""

    added: int
    confirmed: int
    closed: int


class StatementBody(Body):
    """A sentence a fact rests on."""

    statement_id: str
    attribute: str
    value: str
    act: Act
    text: str
    said_at: datetime
    valid_from: datetime
    valid_to: datetime | None
    cardinality: Cardinality
    replaces: str | None
    origin: Origin
    confidence: float
    quote: str
    purpose: str
    session_id: str | None
    episode_id: str | None


class HistoryEntryBody(Body):
    """One validity of one value."""

    fact: FactBody
    statements: list[StatementBody]
    ended_by: StatementBody | None


class HistoryBody(Body):
    """One attribute as a timeline."""

    attribute: str
    entries: list[HistoryEntryBody]
    without_effect: list[StatementBody]


class Histories(Body):
    """Timelines, one per attribute."""

    items: list[HistoryBody]


class ConflictBody(Body):
    """What contradicted what."""

    attribute: str
    at: datetime
    decision: ConflictDecision
    statement: StatementBody
    against: FactBody
    fact_id: str | None


class Conflicts(Body):
    """What contradicted what, and how it was decided."""

    items: list[ConflictBody]


class AddEpisodeBody(Body):
    """A ready digest."""

    summary: str = Field(min_length=1, examples=["Chose the annual plan after asking about prices."])
    ended_at: Moment
    topics: list[str] = Field(default_factory=list[str], max_length=50)
    points: list[str] = Field(default_factory=list[str], max_length=200)
    started_at: Moment | None = None
    purpose: Purpose = None
    timezone: Zone = "UTC"


class Episodes(Body):
    """A page of episodes, newest first; `next` is the cursor of the one after it."""

    items: list[EpisodeBody]
    next: str | None


# ---------------------------------------------------------------- the rights
class LayerBody(Body):
    """What an erasure did to one layer."""

    before: int
    deleted: int
    after: int
    attempts: int
    error: str | None


class ReceiptBody(Body):
    """Proof of an erasure, without personal data."""

    erasure_id: str
    status: str = Field(description="verified, or partial while a layer does not answer.")
    subject: str
    requested_at: datetime
    verified_at: datetime | None
    layers: dict[str, LayerBody]
    residuals: list[str]
    version: str
    previous: str
    signature: str


class PurposeBody(Body):
    """Why a tenant remembers, as declared."""

    purpose: str
    description: str
    legal_basis: str
    is_default: bool
    facts_days: int | None
    episodes_days: int | None
    declared_at: datetime | None
    withdrawn_at: datetime | None


class DeclareBody(Body):
    """A purpose in words a person understands."""

    description: str = Field(min_length=1, max_length=4096, examples=["Answering questions about your orders."])
    legal_basis: str = Field(min_length=1, max_length=255, examples=["contract"])
    is_default: StrictBool = Field(True, description="Holds for everybody; false: only for those who consented.")
    facts_days: Whole | None = Field(None, ge=1, le=36_500, description="Days that facts are kept.")
    episodes_days: Whole | None = Field(None, ge=1, le=36_500, description="Days that episodes are kept.")


class PurposeList(Body):
    """What the tenant has declared."""

    items: list[PurposeBody]


class ConsentBody(Body):
    """What the person decided about a purpose."""

    purpose: str
    given: bool
    decided_at: datetime


class Consents(Body):
    """What the person decided about purposes."""

    items: list[ConsentBody]


class WithdrawalBody(Body):
    """What went with a consent, or moved to another purpose."""

    purpose: str
    sessions: int
    facts: int
    episodes: int


class ChangePurposeBody(Body):
    """The purpose that takes the place of another."""

    to: str = Field(min_length=1, max_length=255, examples=["support"])


class ForgetBody(Body):
    """What to forget, as a search; shown first, and deleted when it is said again without a dry run."""

    query: str = Field(min_length=1, max_length=100_000, examples=["my old employer"])
    dry_run: StrictBool = Field(True, description="Only show what would be deleted.")
    k: Whole = Field(20, ge=1, le=100, description="Episodes, at most.")
    purposes: Purposes = None
    at: Now = None


class ForgottenBody(Body):
    """What a search found to be deleted."""

    facts: list[FactBody]
    episodes: list[EpisodeBody]
    deleted: bool = Field(description="False: a dry run.")


class BlankedBody(Body):
    """The message of an open session whose text is gone; its place stays."""

    session_id: str
    seq: int


class HoldReasonBody(Body):
    """Why the law keeps what would be deleted."""

    reason: str = Field(min_length=1, max_length=1024, examples=["Case 12/2026."])


class HoldBody(Body):
    """A legal hold: everything up to now is kept, and neither read nor changed."""

    epoch: int
    reason: str
    placed_at: datetime


class ReleasedBody(Body):
    """What ending a hold set off."""

    erasing: bool = Field(description="An erasure waited for it, which a worker now carries out.")


class RestoredBody(Body):
    """How much of an export came back."""

    facts: int
    episodes: int
    sessions: int


# ---------------------------------------------------------------- administration
class NewKeyBody(Body):
    """What a key is made with. Its tenant is that of the key that makes it."""

    scopes: list[str] = Field(min_length=1, max_length=10, examples=[["read", "write"]])
    label: str = Field("", max_length=255)
    user_id: str | None = Field(None, description="The only user the key may be used for.")
    purposes: list[str] | None = Field(None, min_length=1, max_length=50)
    expires_in_days: Number | None = Field(None, gt=0, le=36_500)


class NewTenantBody(Body):
    """A tenant, which begins with its first key."""

    tenant_id: str = Field(min_length=1, max_length=255, examples=["acme"])
    scopes: list[str] = Field(default_factory=lambda: ["read", "write", "erase", "export", "admin"], min_length=1)
    label: str = Field("", max_length=255)


class RotateBody(Body):
    """How long the old key goes on."""

    overlap_seconds: Number = Field(3600, ge=0, le=30 * 86_400)


class KeyBody(Body):
    """A key without its secret."""

    tenant_id: str
    key_id: str
    label: str
    scopes: list[str]
    bound_user_id: str | None
    purposes: list[str] | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class ShownKey(KeyBody):
    """A new key with its text, which is shown this once."""

    key: str


class KeyList(Body):
    """Keys, newest first."""

    items: list[KeyBody]


class TenantBody(Body):
    """A tenant that has keys."""

    tenant_id: str
    keys: int = Field(description="Keys that are neither revoked nor expired.")


class Tenants(Body):
    """Tenants."""

    items: list[TenantBody]


class UsageBody(Body):
    """What one model took on one day."""

    day: str
    component: str
    model: str
    calls: int
    failed: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: float
    unpriced: int


class Usage(Body):
    """What models took, per day."""

    items: list[UsageBody]


class Health(Body):
    """The process answers."""

    status: str


class Readiness(Body):
    """Whether it can serve, and what waits."""

    status: str
    waiting: int = Field(description="Ended sessions that are not memory yet.")
    failed: int
    oldest_seconds: float = Field(description="Age of the oldest one that waits.")


def report_body(report: values.IngestReport) -> ReportBody:
    """A report as it travels."""
    return ReportBody(
        session_id=report.session.session_id,
        status=report.status,
        episode=EpisodeBody.model_validate(report.episode) if report.episode else None,
        added=report.added,
        confirmed=report.confirmed,
        closed=report.closed,
        timings=dict(report.timings),
        cost_usd=report.cost_usd,
        digest_by=report.digest_by,
        error=report.error,
    )


def session_body(session: values.Session) -> SessionBody:
    """A session as it travels."""
    return SessionBody(session_id=session.ref.session_id, **_of(session))


def open_session_body(
    session: values.Session, messages: list[values.Message], working: dict[str, Any]
) -> OpenSessionBody:
    """A session with what is there while it is open."""
    shown = [MessageBody(role=said.role, content=said.content, at=said.at, name=said.name) for said in messages]
    return OpenSessionBody(session_id=session.ref.session_id, messages=shown, working=working, **_of(session))


def _of(session: values.Session) -> dict[str, Any]:
    return {name: getattr(session, name) for name in SessionBody.model_fields if name != "session_id"}
