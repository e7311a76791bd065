"""The audit: who did what with whose memory, when, for which purposes, and how much of it. No content; the person by pseudonym.

Events are only ever appended, and each carries the hash of the one before. What changes something is written with it, in the same
transaction. Reads are noted in memory and written by the second: recall writes nothing on its path, and a killed process loses the last
second of them.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

import structlog

from recalld.errors import Conflict, RecalldError
from recalld.postgres.pool import Database, Transaction
from recalld.postgres.queries import beside
from recalld.privacy.receipt import Secrets, secrets
from recalld.values import UserRef, tenant_scope

_SQL = beside(__file__, "audit.sql")
log = structlog.get_logger("recalld.audit")

FLUSH_SECONDS = 1.0
KEPT = 100_000  # noted reads that wait for a database that is away; beyond, the oldest go, which is logged
AT_A_TIME = 20  # events that are sealed and written in one go: 1 ms
_TRIES = 1000
_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=datetime.isoformat)


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """On whose behalf this task works."""

    actor: str = "library"  # id of the API key, or the face: cli, mcp (on standard input), worker, library
    request_id: str = ""


# Set by the faces, once per request.
caller: ContextVar[Caller | None] = ContextVar("recalld_caller", default=None)


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditEvent:
    """One line of the audit."""

    seq: int
    at: datetime
    actor: str  # id of the API key, or the face: cli, mcp, worker, library
    action: str  # "context.read", "user.erased"
    subject: str  # the person's pseudonym; empty: the tenant as a whole
    purposes: tuple[str, ...]
    count: int  # of what was read, written or removed
    request_id: str
    previous: str = ""  # hash of the event before
    hash: str = ""

    def sealed(self, previous: str) -> AuditEvent:
        """The event with its place in the chain."""
        linked = replace(self, previous=previous, purposes=tuple(self.purposes), at=self.at.astimezone(UTC), hash="")
        return replace(linked, hash=hashlib.sha256(linked.text().encode()).hexdigest())

    def text(self) -> str:
        """The event as JSON, always the same."""
        return _JSON.encode({name: getattr(self, name) for name in self.__slots__})


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditVerdict:
    """Whether a tenant's audit stands as it was written."""

    events: int
    last_hash: str  # to be kept elsewhere from time to time: it shows whether the end was cut off
    faults: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Noted:
    """An event before it has a place."""

    user: UserRef
    whole_tenant: bool
    at: datetime
    action: str
    purposes: tuple[str, ...]
    count: int
    caller: Caller

    def event(self, keys: Secrets, seq: int) -> AuditEvent:
        return AuditEvent(
            seq=seq,
            at=self.at,
            actor=self.caller.actor,
            action=self.action,
            subject="" if self.whole_tenant else keys.subject(self.user),
            purposes=self.purposes,
            count=self.count,
            request_id=self.caller.request_id,
        )


class Audit:
    """Writes and reads the audit."""

    def __init__(self, database: Database, *, reads: bool = True) -> None:
        """`run` writes what was noted, until it is cancelled; `flush` does so now. Without *reads* none is noted."""
        self._database = database
        self._reads = reads
        self._noted: deque[_Noted] = deque(maxlen=KEPT)
        self._flushing = asyncio.Lock()

    # ------------------------------------------------------------ writing
    def note(self, user: UserRef, action: str, *, purposes: Sequence[str] = (), count: int = 0) -> None:
        """Remember a read, to be written soon."""
        if not self._reads:
            return
        if len(self._noted) == KEPT:
            log.error("audit.overflow")
        self._noted.append(_noted(user, action, purposes, count))

    async def write(
        self,
        tx: Transaction,
        action: str,
        *,
        user: UserRef | None = None,
        purposes: Sequence[str] = (),
        count: int = 0,
    ) -> None:
        """Write one event in the caller's transaction, as the worker or the eraser; without *user* it is about the tenant."""
        assert tx.user is not None  # noqa: S101 -- the sweeper writes nothing
        noted = _noted(user or tx.user, action, purposes, count, whole_tenant=user is None)
        await self._append(tx, [noted])

    async def flush(self) -> None:
        """Write what was noted so far."""
        async with self._flushing:
            waiting = [self._noted.popleft() for _ in range(len(self._noted))]
            for tenant_id in dict.fromkeys(noted.user.tenant_id for noted in waiting):
                of_tenant = [noted for noted in waiting if noted.user.tenant_id == tenant_id]
                try:
                    async with self._database.transaction("worker", tenant_scope(tenant_id)) as tx:
                        await self._append(tx, of_tenant)
                except RecalldError as error:
                    log.warning("audit.postponed", error=type(error).__name__)
                    self._noted.extendleft(reversed(of_tenant))

    async def run(self) -> None:
        """Write by the second until cancelled, then once more."""
        try:
            while True:
                await asyncio.sleep(FLUSH_SECONDS)
                if self._noted:
                    await asyncio.shield(
                        self.flush()
                    )  # what was taken from the notes must not be lost by a cancellation
        finally:
            with suppress(RecalldError):
                await self.flush()

    async def _append(self, tx: Transaction, noted: Sequence[_Noted]) -> None:
        keys, left = await secrets(tx), list(noted)
        for _ in range(_TRIES):
            last = await tx.row(_SQL["last"])
            seq, previous = (last["seq"], last["hash"]) if last else (0, "")
            event = left[0].event(keys, seq + 1).sealed(previous)
            if await self._insert(
                tx, event
            ):  # the first place is won: the row is there until the transaction ends, so the next ones are free
                await self._follow(tx, event, left[1:], keys)
                return
        raise Conflict("too many writers of this tenant's audit at the same time; try again")

    async def _follow(self, tx: Transaction, event: AuditEvent, noted: Sequence[_Noted], keys: Secrets) -> None:
        """The events after the first, some at a time: a second's reads of a busy tenant would hold up everybody's requests."""
        for begin in range(0, len(noted), AT_A_TIME):
            texts: list[str] = []
            for one in noted[begin : begin + AT_A_TIME]:
                event = one.event(keys, event.seq + 1).sealed(event.hash)
                texts.append(event.text())
            await tx.execute(_SQL["insert_many"], events=f"[{','.join(texts)}]")

    async def _insert(self, tx: Transaction, event: AuditEvent) -> bool:
        return (await tx.execute(_SQL["insert"], **_row(event))).rowcount == 1

    # ------------------------------------------------------------ reading
    async def events(self, tenant_id: str, *, after: int = 0, limit: int = 1000) -> list[AuditEvent]:
        """The tenant's events in order, from the one after *after* on."""
        async with self._database.transaction("auditor", tenant_scope(tenant_id)) as tx:
            return _tupled(await tx.all(AuditEvent, _SQL["events"], after=after, limit=limit))

    async def about(
        self, user: UserRef, *, after: int = 0, limit: int = 1000, actions: Sequence[str] | None = None
    ) -> list[AuditEvent]:
        """Who did what with the memory of *user* since it began: what was before an erasure belongs to nobody any more.

        In order, from the event after number *after* on; of some *actions* only, or of all.
        """
        asked = {"after": after, "limit": limit, "actions": None if actions is None else list(actions)}
        async with self._database.transaction("worker", user) as tx:
            subject = (await secrets(tx)).subject(user)
        async with self._database.transaction("auditor", user) as tx:
            return _tupled(await tx.all(AuditEvent, _SQL["about"], subject=subject, **asked))

    async def verify(self, tenant_id: str) -> AuditVerdict:
        """Read the whole chain again."""
        found: list[str] = []
        seq, previous = 0, ""
        while page := await self.events(tenant_id, after=seq):
            for event in page:
                if event.seq != seq + 1 or event.previous != previous:
                    found.append(f"event {event.seq} does not follow the one before it")
                if event.sealed(event.previous).hash != event.hash:
                    found.append(f"event {event.seq} was changed")
                seq, previous = event.seq, event.hash
        return AuditVerdict(events=seq, last_hash=previous, faults=tuple(found))


def _noted(user: UserRef, action: str, purposes: Sequence[str], count: int, *, whole_tenant: bool = False) -> _Noted:
    return _Noted(
        user=user,
        whole_tenant=whole_tenant,
        at=datetime.now(UTC),
        action=action,
        purposes=tuple(sorted(purposes)),
        count=count,
        caller=caller.get() or Caller(),
    )


def _row(event: AuditEvent) -> dict[str, object]:
    return {**asdict(event), "purposes": list(event.purposes)}


def _tupled(events: Sequence[AuditEvent]) -> list[AuditEvent]:
    """PostgreSQL gives lists and its own zone; the hash is made over tuples and UTC."""
    return [replace(event, purposes=tuple(event.purposes), at=event.at.astimezone(UTC)) for event in events]
