"""The domain values: frozen, keyword-only, no input or output.

Times are aware datetimes. A *range* is half-open. Ids are strings chosen by the tenant (1 to 255 characters, no control
characters; see `recalld.border`) or derived from such ids, so that repeating a step changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Role = Literal["user", "assistant", "system", "tool"]
SessionState = Literal["open", "ended", "ingested", "failed"]
Cardinality = Literal["single", "many"]
FactStatus = Literal["current", "superseded", "retracted", "expired", "corrected"]
Origin = Literal["stated", "confirmed", "inferred", "api"]
Act = Literal["state", "retract", "correct"]
ConflictDecision = Literal["superseded", "corrected", "doubted"]

DEFAULT_PURPOSE = "general"


# ---------------------------------------------------------------- who and where
@dataclass(frozen=True, kw_only=True, slots=True)
class UserRef:
    """The person whose memory this is; every key, row, cache entry and namespace is built from it."""

    tenant_id: str  # the organisation that runs the agent
    user_id: str  # the tenant's own name for the person


def tenant_scope(tenant_id: str) -> UserRef:
    """The scope of a transaction that touches only rows which belong to a tenant as a whole."""
    return UserRef(tenant_id=tenant_id, user_id="-")


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionRef:
    """One conversation of one user."""

    user: UserRef
    session_id: str  # unique within the user


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One utterance in a session."""

    role: Role  # who spoke
    content: str  # what was said, at most 256 kB of UTF-8
    at: datetime | None = None  # when; None means: when it was appended
    name: str | None = None  # the speaker's name where several people share a role


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """The state of one conversation; the row in `sessions` is the truth about it."""

    ref: SessionRef
    purpose: str  # why its memories are kept
    timezone: str  # IANA name; the user's wall clock during this session
    state: SessionState  # open, ended (waits for ingestion), ingested, failed
    epoch: int  # the user's epoch when the session began; an older one than the user's drops all work
    started_at: datetime  # time of the first message
    last_message_at: datetime  # time of the newest message
    ended_at: datetime | None = None  # event time of the end
    no_memory: bool = False  # nothing of it is kept
    message_count: int = 0  # messages appended so far
    attempts: int = 0  # ingestions tried
    error: str | None = None  # class and code of the last failure; never content
    episode_id: str | None = None  # what it became


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """What a session is begun with, should this append be its first."""

    purpose: str
    timezone: str
    no_memory: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Appended:
    """What an append did."""

    epoch: int  # the user's epoch: part of working memory's key
    first_seq: int  # place of the first message written
    messages: tuple[Message, ...]  # those written; fewer than given when a repeated call had written some before


@dataclass(frozen=True, kw_only=True, slots=True)
class EndedSession:
    """A session with its messages, as a summariser sees it."""

    session: Session
    messages: tuple[Message, ...]  # oldest first, every `at` set

    @property
    def ended_at(self) -> datetime:
        """When the session ended: the event time of everything it says without a time of its own."""
        return self.session.ended_at or self.session.last_message_at


# ---------------------------------------------------------------- what a session becomes
@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A fact candidate: what one utterance says about the user, before it is merged with what is known."""

    attribute: str  # canonical snake_case name where known, else the extractor's own
    value: str  # the value as a person would write it: "Berlin"
    act: Act = "state"  # state a value, retract one ("no dog any more"), correct one ("no, I meant Bonn")
    text: str = ""  # a readable sentence; empty: rendered from attribute and value
    said_at: datetime | None = None  # event time; None: the end of the session
    valid_from: datetime | None = None  # when it became true; None: said_at
    valid_to: datetime | None = None  # when it stops by itself ("until June")
    cardinality: Cardinality | None = None  # None: the registry decides
    replaces: str | None = None  # the value this one takes the place of, or corrects; a retraction without: all values
    origin: Origin = "stated"
    confidence: float = 1.0  # 0 to 1
    quote: str = ""  # the words that support it; must occur in the cited message
    message_seq: int | None = None  # index of the cited message in the session


@dataclass(frozen=True, slots=True)
class Known:
    """What a summariser is told of a user before it reads a session."""

    attribute: str  # a name that the user already has facts under
    value: str | None = (
        None  # what holds under it; None: nothing does, or it is kept for another purpose than the session's
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Digest:
    """What a summariser makes of a session."""

    summary: str  # at most 200 tokens
    topics: tuple[str, ...] = ()  # at most five
    points: tuple[str, ...] = ()  # atomic statements, used as search keys
    candidates: tuple[Candidate, ...] = ()  # fact candidates
    by: str = "local"  # the summariser's name


@dataclass(frozen=True, kw_only=True, slots=True)
class Episode:
    """What is kept of an ended session."""

    user: UserRef
    episode_id: str  # derived from the session id, or given by an import
    session_id: str | None  # None for an imported episode
    purpose: str
    summary: str
    topics: tuple[str, ...]
    points: tuple[str, ...]
    started_at: datetime
    ended_at: datetime
    timezone: str = "UTC"
    digest_by: str = "local"

    @property
    def search_keys(self) -> tuple[str, ...]:
        """The texts whose embeddings point at this episode: the summary first, then its points, then its topics as one text."""
        return tuple(text for text in (self.summary, *self.points, ", ".join(self.topics)) if text.strip())


# ---------------------------------------------------------------- facts
@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """A stored candidate with its source: the evidence from which a user's facts are derived.

    Facts are a pure function of all statements about an attribute, so neither the order nor the number of deliveries matters,
    and removing a statement reopens what it had closed.
    """

    statement_id: str  # derived from the source (session and ordinal), or random for the API
    attribute: str  # canonical
    value: str
    act: Act
    text: str
    said_at: datetime  # event time: decides who wins
    valid_from: datetime
    valid_to: datetime | None
    cardinality: Cardinality
    replaces: str | None
    origin: Origin
    confidence: float
    quote: str
    purpose: str
    session_id: str | None  # None: through the API
    episode_id: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """A small key-value statement about the user with validity in time."""

    fact_id: str  # stable over all versions of the fact
    attribute: str  # canonical snake_case: home_city
    value: str
    text: str  # readable: "Home city: Berlin"
    purpose: str
    cardinality: Cardinality
    status: FactStatus  # at the time asked for
    valid_from: datetime  # valid time, inclusive
    valid_to: datetime | None  # valid time, exclusive; None: open
    recorded_at: datetime  # system time: when recalld came to believe this version
    retired_at: datetime | None  # system time: when it stopped believing it
    confirmed_at: datetime  # newest statement of the same value; decay counts from here
    confirmations: int  # statements of the same value after the first
    confidence: float
    origin: Origin
    quote: str
    session_id: str | None
    episode_id: str | None
    superseded_by: str | None = None  # fact_id of the value that took its place
    weight: float | None = None  # decayed weight at the time asked for


@dataclass(frozen=True, kw_only=True, slots=True)
class FactChanges:
    """What a merge does to the stored facts; applying it twice changes nothing."""

    retire: tuple[Fact, ...] = ()  # versions no longer believed (retired_at set)
    insert: tuple[Fact, ...] = ()  # new versions
    update: tuple[Fact, ...] = ()  # same version, newer confirmation
    added: int = 0
    confirmed: int = 0
    closed: int = 0

    def __bool__(self) -> bool:
        return bool(self.retire or self.insert or self.update)


@dataclass(frozen=True, kw_only=True, slots=True)
class FactConflict:
    """Two statements about the user that cannot both hold, and how that was decided."""

    attribute: str
    at: datetime  # event time of the contradiction
    decision: ConflictDecision  # superseded: the newer won; corrected: the older was never true; doubted: too weak
    statement: Statement  # the newer one, which contradicted
    against: Fact  # the value it contradicted
    fact_id: str | None  # the fact that the newer statement founds or supports; None when it was doubted


@dataclass(frozen=True, kw_only=True, slots=True)
class HistoryEntry:
    """One validity of one value: what it rests on and what ended it."""

    fact: Fact
    statements: tuple[Statement, ...]  # the evidence, oldest first; the first one founds the fact
    ended_by: (
        Statement | None
    )  # what closed it; None: open, ran out at the end it was given, or said under a purpose not asked for


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """Everything ever said about one attribute, as a timeline."""

    attribute: str
    entries: tuple[HistoryEntry, ...]  # oldest validity first; corrected values included
    without_effect: tuple[Statement, ...]  # neither support nor end a value: too weak, or nothing to end


# ---------------------------------------------------------------- reading
@dataclass(frozen=True, kw_only=True, slots=True)
class TimeRange:
    """When something was said, as parsed from a query: `[start, end)` and what is left of the query."""

    start: datetime
    end: datetime
    rest: str = ""  # the subject words, without those that carried the time
    words: str = ""  # the words that carried the time


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchQuery:
    """One search over episodes, as the caller asked it."""

    text: str
    now: datetime  # the caller's "now"
    timezone: str  # the user's zone, in which "last Tuesday" is read
    purposes: tuple[str, ...]  # only memories recorded for these
    k: int = 5
    topics: tuple[str, ...] = ()  # only episodes that carry one of these
    since: datetime | None = None  # wins over a time in the text
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class EpisodeHit:
    """An episode that answers a query, and why."""

    episode: Episode
    score: float  # 0 to 1
    reasons: tuple[str, ...]  # readable: "words: invoice, 4711", "meaning 0.62", "in range", "age 12 d × 0.93"


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchResult:
    """The hits of one search together with how the query was understood."""

    hits: tuple[EpisodeHit, ...]
    time_range: TimeRange | None = None
    explanation: Mapping[str, Any] = field(
        default_factory=dict[str, Any]
    )  # candidates, scores, filters; for `--explain`
    degraded: tuple[str, ...] = ()  # layers that did not answer: "vectors"


@dataclass(frozen=True, kw_only=True, slots=True)
class MemoryContext:
    """The block of memory for one turn, with its parts."""

    text: str  # the rendered block
    tokens: int  # exact count of `text`, never above the budget
    facts: tuple[Fact, ...] = ()  # those in the block
    episodes: tuple[EpisodeHit, ...] = ()  # those in the block
    messages: tuple[Message, ...] = ()  # of the open session, in the block
    state: Mapping[str, Any] = field(default_factory=dict[str, Any])
    time_range: TimeRange | None = None
    degraded: tuple[str, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict[str, float])  # seconds per step

    def prepend_to(self, system_prompt: str) -> str:
        """The system prompt with this memory in front; unchanged when there is nothing to say."""
        return f"{self.text}\n\n{system_prompt}" if self.text else system_prompt

    def to_messages(self, system_prompt: str, messages: Sequence[Mapping[str, str]] = ()) -> list[dict[str, str]]:
        """The same for chat APIs: one system message with memory and prompt, then *messages*."""
        return [{"role": "system", "content": self.prepend_to(system_prompt)}, *(dict(message) for message in messages)]


# ---------------------------------------------------------------- reports
@dataclass(frozen=True, kw_only=True, slots=True)
class IngestReport:
    """What became of an ended session."""

    session: SessionRef
    status: Literal[
        "ingested", "queued", "failed", "nothing", "dropped"
    ]  # nothing: no_memory or empty; dropped: erased meanwhile
    episode: Episode | None = None
    added: int = 0  # facts that are new
    confirmed: int = 0  # facts said again
    closed: int = 0  # facts that stopped being current
    timings: Mapping[str, float] = field(
        default_factory=dict[str, float]
    )  # seconds per stage: load, digest, embed, merge, write
    cost_usd: float | None = 0.0  # None: a model without a known price
    digest_by: str | None = None
    error: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerErasure:
    """What an erasure did to one layer."""

    before: int
    deleted: int
    after: int  # counted again by independent code; -1: the layer did not answer
    attempts: int = 1
    error: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ErasureReceipt:
    """Proof of an erasure, without personal data."""

    erasure_id: str
    status: Literal["verified", "partial"]
    subject: str  # HMAC of the person, or of the tenant, under a key of the installation
    requested_at: datetime
    verified_at: datetime | None
    layers: Mapping[str, LayerErasure]
    residuals: tuple[str, ...] = ()  # what time removes: WAL, backups
    version: str = ""  # recalld's version
    swept_at: datetime | None = None  # when the second pass was through, after the last writer of before
    previous: str = ""  # hash of the receipt before this one
    key: str = ""  # the Ed25519 key that it is checked with, in hex
    signature: str = ""  # of all the rest; empty while it is partial

    @property
    def verified(self) -> bool:
        """True when every layer was read again and found empty."""
        return self.status == "verified"
