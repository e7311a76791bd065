"""`Memory` and `UserMemory`: the Python face, and the one place that every other face calls.

async with Memory.open() as memory:
    ada = memory.user("acme", "ada", purpose="support", timezone="Europe/Berlin")
    await ada.append("s1", [Message(role="user", content="Actually I moved to Berlin last week.")])
    await ada.end_session("s1", wait=True)
    context = await ada.context("where do I live?", session_id="s2")
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from time import time_ns
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

from recalld.border import (
    check_bound,
    check_id,
    check_message,
    check_purpose,
    check_purposes,
    check_state,
    check_text,
    check_time,
    check_timezone,
    check_user,
    clean_text,
)
from recalld.errors import Conflict, InvalidInput, InvalidMessage, NotFound
from recalld.layers.facts.attributes import Attributes
from recalld.layers.facts.decay import weighed
from recalld.layers.facts.merge import api_statement, at_moment, conflicts, history, shown, visible
from recalld.layers.working.base import best_effort
from recalld.layers.working.requests import Request, keep_answer, known_answer
from recalld.values import (
    DEFAULT_PURPOSE,
    Appended,
    Candidate,
    Episode,
    EpisodeHit,
    ErasureReceipt,
    Fact,
    FactChanges,
    FactConflict,
    History,
    HistoryEntry,
    IngestReport,
    MemoryContext,
    Message,
    Opening,
    SearchQuery,
    SearchResult,
    Session,
    SessionRef,
    SessionState,
    Statement,
    UserRef,
)

if TYPE_CHECKING:  # importing these takes longer than all the rest; opening imports them
    from recalld.ingest.upgrade import UpgradeReport
    from recalld.models.ledger import UsageRow
    from recalld.postgres.pool import Transaction
    from recalld.privacy.audit import AuditEvent, AuditVerdict
    from recalld.privacy.delete import Forgotten
    from recalld.privacy.export import ExportFormat
    from recalld.privacy.holds import Hold
    from recalld.privacy.purposes import Consent, Purpose, Withdrawal
    from recalld.privacy.restore import Restored
    from recalld.privacy.retention import RetentionReport
    from recalld.privacy.tenants import Applied
    from recalld.privacy.tenants import Progress as TenantProgress
    from recalld.settings import Settings
    from recalld.wiring import Parts

MAX_QUERY_LENGTH = 8192  # characters of a query that are read; a turn may quote a whole document


class Memory:
    """An open installation of recalld. Make one per process with `Memory.open` and share it."""

    def __init__(self, parts: Parts) -> None:
        """Use `Memory.open`."""
        self.parts = parts

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings | None = None, **given: Any) -> AsyncGenerator[Memory]:
        """Open with the fields of `Settings` as keywords; without any: embedded PostgreSQL, in-process working memory, local models.

        Raises `ConfigurationError`, `DatabaseUnavailable`, `UnsafeDatabase`, `MigrationError`.
        """
        from recalld.settings import Settings  # noqa: PLC0415 -- as is wire: most of a second that an import need not take
        from recalld.wiring import wire  # noqa: PLC0415

        async with wire(settings or Settings.read(**given)) as parts:
            yield cls(parts)

    def user(
        self, tenant_id: str, user_id: str, *, purpose: str = DEFAULT_PURPOSE, timezone: str = "UTC"
    ) -> UserMemory:
        """The memory of one person.

        *purpose* is written on what this handle adds and is what it reads unless told otherwise;
        *timezone* is the person's wall clock. Raises `InvalidId`, `InvalidTime`.
        """
        scope = check_user(tenant_id, user_id)
        return UserMemory(self.parts, scope, purpose=check_purpose(purpose), timezone=check_timezone(timezone))

    async def backlog(self) -> Mapping[str, Any]:
        """Sessions `waiting` and `failed` over all users, and the age in seconds of the oldest that waits (`oldest_seconds`)."""
        async with self.parts.database.unscoped("sweeper") as tx:
            return await self.parts.journal.backlog(tx)

    async def open_sessions(self, tenant_id: str) -> int:
        """How many sessions of a tenant are open, over all its users."""
        async with self.parts.database.unscoped("sweeper") as tx:
            return await self.parts.journal.count_open(tx, check_id("tenant id", tenant_id))

    async def usage(self, tenant_id: str, *, since: date | None = None, until: date | None = None) -> list[UsageRow]:
        """What models took for all users of a tenant, per day (UTC), component and model, on the days in `[since, until)`.

        Default: this month. Raises `InvalidInput`.
        """
        return await self.parts.ledger.of_tenant(check_id("tenant id", tenant_id), since=since, until=until)

    # ------------------------------------------------------------ the rights, for a tenant
    async def erasure(self, tenant_id: str, erasure_id: str) -> ErasureReceipt:
        """How far an erasure is, of a person or of the whole tenant: its newest receipt. Raises `NotFound`."""
        return await self.parts.tenants.status(check_id("tenant id", tenant_id), check_id("erasure id", erasure_id))

    async def receipts(self, tenant_id: str) -> list[ErasureReceipt]:
        """The tenant's chain of receipts, oldest first."""
        return await self.parts.receipts.all(check_id("tenant id", tenant_id))

    async def erase_tenant(
        self,
        tenant_id: str,
        *,
        report: Callable[[TenantProgress], None] | None = None,
        budget_seconds: float | None = None,
    ) -> ErasureReceipt:
        """Remove everybody of a tenant, its keys and what it declared. Nothing is written for it until a worker has looked again.

        *report* hears how far it is, every hundred people. Whatever ends this, a worker goes on; so does calling it again. Past
        *budget_seconds* (default: none) the receipt is the one so far, and a worker goes on at once.
        """
        checked = check_id("tenant id", tenant_id)
        return await self.parts.tenants.erase(checked, report=report, budget_seconds=budget_seconds)

    async def export_erasures(self, tenant_id: str) -> list[str]:
        """The ledger of a tenant's erasures, lines of JSON to be kept outside of all backups."""
        return await self.parts.tenants.ledger(check_id("tenant id", tenant_id))

    async def apply_erasures(self, lines: Sequence[str]) -> Applied:
        """After a restore and before serving: erase again whom the ledger names. Raises `InvalidInput` for a changed line."""
        return await self.parts.tenants.apply(lines)

    async def retention(self, *, dry_run: bool = True) -> RetentionReport:
        """Delete what has been kept as long as its purpose allows, for all tenants; a *dry_run* counts. A worker does so daily."""
        return await self.parts.retention.run(dry_run=dry_run)

    async def set_inactivity(self, tenant_id: str, days: int | None) -> None:
        """Erase people about whom nothing was written for so many *days*; none: never."""
        await self.parts.retention.set_inactivity(check_id("tenant id", tenant_id), days)

    async def keep_journals(self, tenant_id: str, days: int | None) -> None:
        """Keep the messages of sessions that the model could not digest for so many *days*, so that it can later; none: not at all.

        A tenant begins with none: a transcript that is not there cannot leak. Raises `InvalidInput`.
        """
        await self.parts.retention.keep_journals(check_id("tenant id", tenant_id), days)

    async def upgrade(self, *, dry_run: bool = True) -> UpgradeReport:
        """Let the model digest again what the local summariser did in its place, as far as journals are kept; a *dry_run* counts.

        A worker does so by itself.
        """
        return await self.parts.upgrades.run_all(dry_run=dry_run)

    async def record_of_processing(self, tenant_id: str) -> str:
        """The record that Article 30 GDPR asks for, as Markdown, from the live configuration."""
        from recalld.privacy.record import record  # noqa: PLC0415 -- brings numpy too

        days = await self.parts.retention.journal_days(check_id("tenant id", tenant_id))
        return record(tenant_id, await self.purposes(tenant_id), self.parts.settings, journal_days=days)

    async def purposes(self, tenant_id: str) -> list[Purpose]:
        """What the tenant has declared; withdrawn purposes too. A tenant that never declared one may use any."""
        return await self.parts.purposes.list(tenant_id)

    async def declare_purpose(self, tenant_id: str, purpose: Purpose) -> Purpose:
        """Declare a purpose, or change it; from the first one on, only declared purposes may be written. Raises `InvalidInput`."""
        return await self.parts.purposes.declare(tenant_id, purpose)

    async def withdraw_purpose(self, tenant_id: str, purpose: str) -> None:
        """Write nothing more for a purpose. Raises `NotFound`."""
        await self.parts.purposes.withdraw(tenant_id, purpose)

    async def audit(self, tenant_id: str, *, after: int = 0, limit: int = 1000) -> list[AuditEvent]:
        """Who did what with whose memory, in order, from the event after number *after* on."""
        await self.parts.audit.flush()
        return await self.parts.audit.events(check_id("tenant id", tenant_id), after=after, limit=limit)

    async def verify_audit(self, tenant_id: str) -> AuditVerdict:
        """Whether the audit stands as it was written."""
        await self.parts.audit.flush()
        return await self.parts.audit.verify(check_id("tenant id", tenant_id))


@dataclass(frozen=True, slots=True)
class UserMemory:
    """What recalld does for one person: append, end, context, and the rest.

    Every `at` stands for "now" in everything the call does (default: the clock), so history can be replayed and tests are exact.
    """

    parts: Parts
    ref: UserRef
    purpose: str = DEFAULT_PURPOSE
    timezone: str = "UTC"

    # ------------------------------------------------------------ the write flow
    async def append(
        self,
        session_id: str,
        messages: Sequence[Message],
        *,
        at: datetime | None = None,
        first_seq: int | None = None,
        no_memory: bool = False,
        request_key: str | None = None,
    ) -> int:
        """Add *messages* to a session, which the first call opens; return the place after the last one.

        With *first_seq*, the place of the first message, the call may be repeated: what is there already is not written again.
        With a *request_key*, too: within a day the same call under the same key is done once and answers the same.
        A *no_memory* session is never journalled and leaves nothing behind.
        Raises `InvalidInput`, `SessionEnded`, `Conflict`, `RequestKeyReused`.
        """
        session = self._session(session_id)
        now = _now(at)
        checked = [check_message(message, now=now) for message in messages]
        if not checked:
            raise InvalidMessage("append needs at least one message")
        opening = Opening(purpose=self.purpose, timezone=self.timezone, no_memory=no_memory)
        if request_key is None:
            async with self.parts.database.pipelined("app", self.ref) as tx:
                done = await self._append(tx, session, checked, opening, first_seq)
        else:
            request = Request.of(request_key, "append", session_id, opening, first_seq, list(messages), at)
            done = await self._append_once(request, session, checked, opening, first_seq)
        return done.first_seq + len(done.messages)

    async def _append(
        self, tx: Transaction, session: SessionRef, messages: Sequence[Message], opening: Opening, first_seq: int | None
    ) -> Appended:
        """Journal, then working memory while the fence is held: an erasure in between must not leave a copy behind.

        A copy of what is not committed after all has another length than the session row says, and is not read.
        """
        try:
            done = await self.parts.journal.append(tx, session.session_id, messages, opening, first_seq)
        except Conflict:
            await self.parts.gate.admit(tx, opening.purpose)  # says so when a legal hold is the reason
            raise
        await self.parts.gate.admit_session(tx, session.session_id)
        if done.messages:
            with best_effort():
                await self.parts.working.append(session, done.epoch, done.first_seq, done.messages)
        return done

    async def _append_once(
        self,
        request: Request,
        session: SessionRef,
        messages: Sequence[Message],
        opening: Opening,
        first_seq: int | None,
    ) -> Appended:
        """Append, and keep the answer in the same transaction; an earlier answer stands for an append of nothing."""
        async with self.parts.database.transaction("worker", self.ref) as tx:
            answer = await known_answer(tx, request)
            if answer is not None:
                return Appended(epoch=0, first_seq=answer["message_count"], messages=())
            done = await self._append(tx, session, messages, opening, first_seq)
            count = done.first_seq + len(done.messages)
            await keep_answer(tx, request, done.epoch, {"message_count": count})
            return done

    async def set_state(self, session_id: str, state: Mapping[str, Any]) -> None:
        """Replace the working state of an open session: small JSON, part of the block while it is open.

        Raises `InvalidInput`, `NotFound`.
        """
        session, text = self._session(session_id), check_state(state)
        async with self.parts.database.transaction("app", self.ref) as tx:
            epoch = await self.parts.journal.fence(tx)
            await self.parts.gate.admit_session(tx, session_id)
            await self.parts.journal.set_state(tx, session_id, epoch, text)
            with best_effort():
                await self.parts.working.set_state(session, epoch, dict(state))

    async def end_session(
        self, session_id: str, *, wait: bool = False, at: datetime | None = None, budget_seconds: float | None = None
    ) -> IngestReport:
        """End a session, so that it becomes memory.

        With *wait* the ingestion runs at once; past *budget_seconds* (default: the setting, 5 s) it goes on in the background and the
        answer is `queued`. Ending twice reports what is known. Raises `NotFound`.
        """
        session = self._session(session_id)
        ended = await self._end(session, at=_now(at), wait=wait)
        if ended.no_memory:
            with best_effort():
                await self.parts.working.drop(session, ended.epoch)
            return IngestReport(session=session, status="nothing")
        if not wait or ended.state != "ended" or not ended.attempts:
            return _standing(ended)
        return await self.parts.finish_within(
            self.parts.ingestion.run(session, ended.epoch, claimed=ended),
            budget_seconds or self.parts.settings.ingest_budget_seconds,
            otherwise=IngestReport(session=session, status="queued"),
        )

    async def _end(self, session: SessionRef, *, at: datetime, wait: bool) -> Session:
        """Mark the session ended and, in the same transaction, put it into the queue or claim it for this process."""
        lease = self.parts.ingestion.retry.lease if wait else 0.0
        async with self.parts.database.transaction("worker", self.ref) as tx:
            epoch = await self.parts.journal.fence(tx)
            ended = await self.parts.journal.end(tx, session.session_id, epoch, ended_at=at, lease=lease)
            if ended is None:
                return await self._known(tx, session.session_id)
            if ended.no_memory:
                await self.parts.journal.forget(tx, session.session_id)
            elif not wait:
                await self.parts.queue.defer_ingest(tx, session, epoch)
            return ended

    async def replay_session(self, session_id: str) -> bool:
        """Give a failed session all its attempts again; false when it has not failed."""
        session = self._session(session_id)
        async with self.parts.database.transaction("worker", self.ref) as tx:
            epoch = await self.parts.journal.fence(tx)
            replayed = await self.parts.journal.replay(tx, session_id, epoch)
            if replayed:
                await self.parts.queue.defer_ingest(tx, session, epoch)
            return replayed

    async def session(self, session_id: str) -> Session:
        """The state of one session. Raises `NotFound`."""
        self._session(session_id)
        async with self.parts.database.transaction("app", self.ref) as tx:
            return await self._known(tx, session_id)

    async def messages(self, session_id: str) -> list[Message]:
        """The messages of an open session, oldest first; none any more when it has become memory. Raises `NotFound`."""
        return (await self._live(session_id))[0]

    async def state(self, session_id: str) -> dict[str, Any]:
        """The working state of an open session, else empty. Raises `NotFound`."""
        return (await self._live(session_id))[1]

    async def _live(self, session_id: str) -> tuple[list[Message], dict[str, Any]]:
        self._session(session_id)
        async with self.parts.database.transaction("app", self.ref) as tx:
            found = await self.parts.journal.read(tx, session_id)
        if found is None:
            raise NotFound(f"there is no session {session_id!r}")
        self._note("messages.read", (), len(found[0]))
        return found[0], found[1]

    async def sessions(self, *, state: SessionState | None = None, limit: int = 100) -> list[Session]:
        """Sessions, newest first."""
        async with self.parts.database.transaction("app", self.ref) as tx:
            return await self.parts.journal.list(tx, state=state, limit=limit)

    # ------------------------------------------------------------ the read flow
    async def context(
        self,
        query: str,
        *,
        session_id: str | None = None,
        budget_tokens: int = 800,
        k: int = 5,
        at: datetime | None = None,
        purposes: Sequence[str] | None = None,
        topics: Sequence[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> MemoryContext:
        """The block of memory to put in front of the system prompt: facts, episodes that answer *query*, and the open session."""
        if budget_tokens < 1:
            raise InvalidInput("budget_tokens must be at least 1")
        question = self._query(query, k=k, at=at, purposes=purposes, topics=topics, since=since, until=until)
        if session_id is not None:
            self._session(session_id)
        found = await self.parts.recall.context(self.ref, question, session_id=session_id, budget_tokens=budget_tokens)
        self._note("context.read", question.purposes, len(found.facts) + len(found.episodes) + len(found.messages))
        return found

    async def search(
        self,
        query: str,
        *,
        k: int = 5,
        at: datetime | None = None,
        purposes: Sequence[str] | None = None,
        topics: Sequence[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[EpisodeHit]:
        """The episodes that answer *query*, best first; an empty list when nothing does."""
        found = await self.explain(query, k=k, at=at, purposes=purposes, topics=topics, since=since, until=until)
        return list(found.hits)

    async def explain(
        self,
        query: str,
        *,
        k: int = 5,
        at: datetime | None = None,
        purposes: Sequence[str] | None = None,
        topics: Sequence[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> SearchResult:
        """As `search`, with the time range that was understood, the candidates and their scores."""
        question = self._query(query, k=k, at=at, purposes=purposes, topics=topics, since=since, until=until)
        found = await self.parts.recall.search(self.ref, question)
        self._note("episodes.searched", question.purposes, len(found.hits))
        return found

    # ------------------------------------------------------------ facts
    async def facts(
        self,
        *,
        as_of: datetime | None = None,
        believed_at: datetime | None = None,
        include_closed: bool = False,
        purposes: Sequence[str] | None = None,
        at: datetime | None = None,
    ) -> list[Fact]:
        """What is known about the person: as it was true at *as_of* and as recalld believed it at *believed_at* (default both: now)."""
        moment = check_bound("as_of", as_of) or _now(at)
        belief = check_bound("believed_at", believed_at)

        async def known(tx: Transaction) -> list[Fact]:
            epoch = await self.parts.journal.epoch(tx)
            return await (self.parts.facts.versions(tx, epoch) if belief else self.parts.facts.bundle(tx, epoch))

        versions = await self.parts.read(self.ref, self._purposes(purposes), known)
        found = visible(versions, as_of=moment, believed_at=belief, include_closed=include_closed)
        self._note("facts.read", self._purposes(purposes), len(found))
        return weighed(found, at=moment, attributes=self._registry)

    async def set_fact(
        self,
        attribute: str,
        value: str,
        *,
        valid_from: datetime | None = None,
        valid_to: datetime | None = None,
        at: datetime | None = None,
    ) -> Fact:
        """State a fact through the API; it is merged like any other statement. Returns the fact as it is known then."""
        candidate = Candidate(
            attribute=check_text("an attribute", attribute, limit=255),
            value=check_text("a value", value, limit=4096).strip(),
            valid_from=check_bound("valid_from", valid_from),
            valid_to=check_bound("valid_to", valid_to),
        )
        return await self._state(candidate, purpose=self.purpose, at=_now(at))

    async def _state(self, candidate: Candidate, *, purpose: str, at: datetime, refuting: str | None = None) -> Fact:
        """Merge a statement of the tenant like any other; the fact it founds or confirms.

        Raises `Conflict`, and changes nothing, when the fact *refuting* does not turn out to have never been true.
        """
        named = replace(candidate, attribute=await self._name_in_use(candidate.attribute))
        async with self.parts.database.transaction("worker", self.ref) as tx:
            user = await self.parts.journal.lock_user(tx)
            await self.parts.gate.admit(tx, purpose)
            statement = api_statement(
                named,
                statement_id=f"{time_ns():016x}-{uuid4().hex}",  # grows, so the later of two calls at the same time wins
                purpose=purpose,
                at=at,
                attributes=self._registry,
                known_attributes=(named.attribute,),
            )
            changes = await self.parts.facts.add(tx, user.epoch, [statement], at=at)
            if refuting not in (None, *(fact.fact_id for fact in changes.insert if fact.status == "corrected")):
                raise Conflict("what came after it keeps the value from taking its place again; set the fact")
            await self.parts.journal.touch_user(tx, facts=bool(changes), episodes=False)
            await self.parts.audit.write(tx, "fact.stated", user=self.ref, purposes=(purpose,), count=1)
            return await self.parts.facts.resting_on(tx, user.epoch, statement)

    async def delete_fact(self, fact_id: str, *, at: datetime | None = None) -> FactChanges:
        """Forget one fact with the statements it rests on; what it had closed is open again. Raises `NotFound`."""
        return await self.parts.deletion.fact(self.ref, check_id("fact id", fact_id), at=_now(at))

    async def history(
        self, attribute: str | None = None, *, purposes: Sequence[str] | None = None, at: datetime | None = None
    ) -> list[History]:
        """Each attribute as a timeline: every value with its dates, the sentences it rests on, and what ended it."""
        asked = self._purposes(purposes)
        name = (
            None
            if attribute is None
            else await self._name_in_use(check_text("an attribute", attribute, limit=255), asked)
        )
        told = shown(history(*await self._evidence(name)), purposes=asked, as_of=_now(at))
        self._note("facts.read", asked, sum(len(timeline.entries) for timeline in told))
        return told

    async def conflicts(
        self, *, purposes: Sequence[str] | None = None, at: datetime | None = None
    ) -> list[FactConflict]:
        """What contradicted what, when, and how it was decided, both sides under *purposes*; `decide` decides otherwise."""
        asked, now = self._purposes(purposes), _now(at)
        _, statements = await self._evidence()
        sides = [
            conflict
            for conflict in conflicts(statements)
            if {conflict.statement.purpose, conflict.against.purpose} <= {*asked}
        ]
        self._note("facts.read", asked, len(sides))
        return [replace(conflict, against=at_moment(conflict.against, now)) for conflict in sides]

    async def why(
        self, fact_id: str, *, purposes: Sequence[str] | None = None, at: datetime | None = None
    ) -> HistoryEntry:
        """What one fact rests on: which sentences of which sessions, and what ended it. Raises `NotFound`."""
        check_id("fact id", fact_id)
        for timeline in await self.history(purposes=purposes, at=at):
            for entry in timeline.entries:
                if entry.fact.fact_id == fact_id:
                    return entry
        raise NotFound(f"there is no fact {fact_id!r}")

    async def decide(self, fact_id: str, *, purposes: Sequence[str] | None = None, at: datetime | None = None) -> Fact:
        """Decide a conflict otherwise: the value of this fact holds, and the one that took its place was never true.

        The fact is one of *purposes*, the other one of any; it is stated under its own. Returns the value as it is known then.
        Raises `NotFound`, and `Conflict` when nothing took its place, or what came after cannot be undone this way.
        """
        lost = (await self.why(fact_id, purposes=purposes, at=at)).fact
        facts, _ = await self._evidence(lost.attribute)
        winner = next((fact for fact in facts if fact.fact_id == lost.superseded_by), None)
        if winner is None:
            raise Conflict(f"no value has taken the place of fact {fact_id!r}")
        candidate = Candidate(
            attribute=lost.attribute,
            value=lost.value,
            act="correct",
            replaces=winner.value if winner.purpose == lost.purpose else None,  # no word under another purpose
        )
        return await self._state(candidate, purpose=lost.purpose, at=_now(at), refuting=winner.fact_id)

    @property
    def _registry(self) -> Attributes:
        return self.parts.registries.of(self.ref.tenant_id)

    async def _name_in_use(self, attribute: str, purposes: Sequence[str] | None = None) -> str:
        """The name under which facts of *attribute* are kept, for some or all purposes; no connection waits while the embedder compares."""
        async with self.parts.database.transaction(
            "worker" if purposes is None else "app", self.ref, purposes or ()
        ) as tx:
            known = await self.parts.facts.attributes(tx, await self.parts.journal.epoch(tx))
        return await asyncio.to_thread(self._registry.canonical, attribute, known)

    async def _evidence(self, attribute: str | None = None) -> tuple[list[Fact], list[Statement]]:
        """The facts in belief and all that they follow from, whatever its purpose: what is shown of it is the caller's to choose."""
        async with self.parts.database.transaction("worker", self.ref) as tx:
            epoch = await self.parts.journal.epoch(tx)
            versions = await self.parts.facts.versions(tx, epoch, attribute)
            statements = await self.parts.facts.statements(tx, epoch, None if attribute is None else [attribute])
        return [fact for fact in versions if fact.retired_at is None], statements

    # ------------------------------------------------------------ episodes
    async def episodes(
        self,
        *,
        purposes: Sequence[str] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 50,
        before: str | None = None,
    ) -> list[Episode]:
        """Episodes, newest first; *before* is the id of the last one of the page before."""
        async with self.parts.database.transaction("app", self.ref, self._purposes(purposes)) as tx:
            epoch = await self.parts.journal.epoch(tx)
            bounds = {"since": check_bound("since", since), "until": check_bound("until", until)}
            found = await self.parts.episodes.page(tx, epoch, **bounds, limit=limit, before=before)
        self._note("episodes.read", self._purposes(purposes), len(found))
        return found

    async def episode(self, episode_id: str, *, purposes: Sequence[str] | None = None) -> Episode:
        """One episode. Raises `NotFound`."""
        check_id("episode id", episode_id)
        async with self.parts.database.transaction("app", self.ref, self._purposes(purposes)) as tx:
            found = await self.parts.episodes.get(tx, [episode_id], await self.parts.journal.epoch(tx))
        if not found:
            raise NotFound(f"there is no episode {episode_id!r}")
        self._note("episodes.read", (found[0].purpose,), 1)
        return found[0]

    async def add_episode(
        self,
        *,
        summary: str,
        ended_at: datetime,
        topics: Sequence[str] = (),
        points: Sequence[str] = (),
        started_at: datetime | None = None,
        episode_id: str | None = None,
    ) -> Episode:
        """Import a ready digest. Given the same *episode_id* again, the call changes nothing."""
        ended = check_time("ended_at", ended_at)
        episode = Episode(
            user=self.ref,
            episode_id=check_id("episode id", episode_id or str(uuid4())),
            session_id=None,
            purpose=self.purpose,
            summary=check_text("a summary", summary),
            topics=tuple(check_text("a topic", topic, limit=1024) for topic in topics),
            points=tuple(check_text("a point", point, limit=8192) for point in points),
            started_at=min(check_time("started_at", started_at), ended) if started_at else ended,
            ended_at=ended,
            timezone=self.timezone,
            digest_by="import",
        )
        async with self.parts.ledger.recording(self.ref):
            vectors = await self.parts.embedder.embed_documents(episode.search_keys)
            await self.parts.ingestion.add(episode, vectors, admit=lambda tx: self.parts.gate.admit(tx, self.purpose))
        return episode

    async def delete_episode(self, episode_id: str, *, at: datetime | None = None) -> FactChanges:
        """Forget an episode, its vectors and the facts that follow from it; what those had closed is open again. Raises `NotFound`."""
        return await self.parts.deletion.episode(self.ref, check_id("episode id", episode_id), at=_now(at))

    async def delete_session(self, session_id: str, *, at: datetime | None = None) -> FactChanges:
        """Forget a session, open or ended, with its messages, its episode and the facts that follow from it. Raises `NotFound`."""
        return await self.parts.deletion.session(self._session(session_id), at=_now(at))

    async def usage(self, *, since: date | None = None, until: date | None = None) -> list[UsageRow]:
        """What models took for the person, as `Memory.usage` tells it for a tenant."""
        return await self.parts.ledger.of_user(self.ref, since=since, until=until)

    # ------------------------------------------------------------ the rights
    async def export(self, *, format: ExportFormat = "markdown") -> str:  # noqa: A002 -- the word of the API
        """Everything stored about the person, under every purpose, readable or machine-readable."""
        await self.parts.audit.flush()
        return await self.parts.exporter.export(self.ref, format=format)

    async def export_chunks(self, *, format: ExportFormat = "markdown") -> AsyncGenerator[str]:  # noqa: A002
        """The same document in pieces, for large ones. Raises `Fenced` when the person is erased meanwhile."""
        await self.parts.audit.flush()
        async for chunk in self.parts.exporter.chunks(self.ref, format=format):
            yield chunk

    async def import_export(self, document: str) -> Restored:
        """Bring a JSON export back, as this person, about whom nothing may be known yet. Raises `InvalidInput`, `Conflict`."""
        return await self.parts.restorer.restore(self.ref, document)

    async def forget(
        self,
        query: str,
        *,
        dry_run: bool = True,
        k: int = 20,
        purposes: Sequence[str] | None = None,
        at: datetime | None = None,
    ) -> Forgotten:
        """Delete what a search finds, episodes and facts, with all that follows from them; a *dry_run* only shows it."""
        from recalld.privacy.delete import Forgotten, matching  # noqa: PLC0415 -- with it, importing recalld would import numpy

        question = self._query(query, k=k, at=at, purposes=purposes, topics=(), since=None, until=None)
        found = await self.parts.recall.search(self.ref, question)
        self._note("episodes.searched", question.purposes, len(found.hits))
        facts = matching(await self.facts(include_closed=True, purposes=purposes, at=at), query)
        episodes = tuple(hit.episode for hit in found.hits)
        if not dry_run:
            await self.parts.deletion.each(self.ref, facts, episodes, at=_now(at))
        return Forgotten(facts=tuple(facts), episodes=episodes, deleted=not dry_run)

    async def delete_message(self, session_id: str, seq: int) -> None:
        """Blank one message of an open session, or of one whose journal is kept, by its place.

        What was digested already stays; such a session is deleted as a whole. Raises `NotFound`.
        """
        await self.parts.deletion.message(self._session(session_id), seq)

    async def erase(self, *, budget_seconds: float | None = None) -> ErasureReceipt:
        """Remove the person from all layers, read everything again, and return the proof.

        A receipt that is `partial` names the layers that did not answer; a worker goes on, and `Memory.erasure` tells how far it is.
        So it is past *budget_seconds* (default: none): from the beginning on nothing of the person is read, and the rest goes on.
        """
        await self.parts.audit.flush()
        eraser = self.parts.eraser
        erasure = await eraser.begin(self.ref)
        done = await self.parts.finish_within(eraser.carry_out(erasure), budget_seconds, otherwise=None)
        return done or await eraser.status(self.ref.tenant_id, erasure.erasure_id)

    async def consents(self) -> list[Consent]:
        """What the person decided about purposes."""
        return await self.parts.purposes.consents(self.ref)

    async def give_consent(self, purpose: str) -> Consent:
        """The person agrees to a purpose; those that are no default of the tenant need it."""
        return await self.parts.purposes.consent(self.ref, purpose)

    async def withdraw_consent(self, purpose: str) -> Withdrawal:
        """The person withdraws consent: everything remembered for the purpose goes, and nothing more is written for it."""
        done = await self.parts.purposes.revoke(self.ref, purpose)
        self.parts.recall.forget(self.ref)
        return done

    async def change_purpose(self, purpose: str, *, to: str) -> Withdrawal:
        """Remember for another purpose what was remembered for *purpose*: an audited event. Raises `PurposeRefused`."""
        return await self.parts.purposes.change(self.ref, purpose, to=to)

    async def hold(self, reason: str) -> Hold:
        """A legal hold: what there is is neither deleted nor read nor changed. Raises `Conflict`, `NotFound`."""
        return await self.parts.holds.place(self.ref, reason)

    async def release(self) -> bool:
        """End the hold; true when an erasure waited for it, which a worker now carries out. Raises `NotFound`."""
        return await self.parts.holds.release(self.ref)

    # ------------------------------------------------------------ pieces
    def _session(self, session_id: str) -> SessionRef:
        return SessionRef(user=self.ref, session_id=check_id("session id", session_id))

    def _purposes(self, purposes: Sequence[str] | None) -> tuple[str, ...]:
        return check_purposes(purposes, (self.purpose,))

    def _note(self, action: str, purposes: Sequence[str], count: int) -> None:
        self.parts.audit.note(self.ref, action, purposes=purposes, count=count)

    def _query(
        self, text: str, *, at: datetime | None, purposes: Sequence[str] | None, k: int, **bounds: Any
    ) -> SearchQuery:
        if not 1 <= k <= 100:
            raise InvalidInput("k must be between 1 and 100")
        for name in ("since", "until"):
            check_bound(name, bounds[name])
        return SearchQuery(
            text=_question(text),
            now=_now(at),
            timezone=self.timezone,
            purposes=self._purposes(purposes),
            k=k,
            topics=tuple(bounds["topics"]),
            since=bounds["since"],
            until=bounds["until"],
        )

    async def _known(self, tx: Transaction, session_id: str) -> Session:
        session = await self.parts.journal.find(tx, session_id)
        if session is None:
            raise NotFound(f"there is no session {session_id!r}")
        return session


def _standing(session: Session) -> IngestReport:
    """What can be said of a session that this call does not ingest."""
    status = {"ingested": "ingested", "failed": "failed"}.get(session.state, "queued")
    return IngestReport(session=session.ref, status=cast("Any", status), error=session.error)


def _question(text: object) -> str:
    if not isinstance(text, str):
        raise InvalidInput(f"a query must be a string, not {type(text).__name__}")
    return clean_text(text)[:MAX_QUERY_LENGTH]


def _now(at: datetime | None) -> datetime:
    return datetime.now(UTC) if at is None else check_time("at", at)
