"""Erasure: one call removes a person from all layers, and reads everything again before it says so.

First the fence, committed before anything is deleted: it raises the user's epoch, so every writer that still holds the old one drops its
work and nothing old is ever read again. Then each layer on its own; then a count of each by other code under the auditor's role. A layer
that does not answer leaves the erasure `partial`, and a worker tries again. When no writer of before can be alive any more, a second pass
removes what a killed one may have left outside PostgreSQL, and the last row that names the person goes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib import metadata
from typing import Any
from uuid import uuid4

import structlog
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from recalld.errors import LedgerUnavailable, NotFound, Unavailable
from recalld.layers.vectors.base import VectorIndex
from recalld.layers.working.base import WorkingMemory
from recalld.postgres.pool import Database, Transaction
from recalld.postgres.queries import beside
from recalld.privacy.audit import Audit
from recalld.privacy.ledger import LedgerFile
from recalld.privacy.receipt import Receipts, as_mapping, from_mapping, secrets
from recalld.privacy.verify import NOT_ANSWERED, Verifier
from recalld.values import ErasureReceipt, LayerErasure, UserRef

_SQL = beside(__file__, "erase.sql")
log = structlog.get_logger("recalld.privacy")

TABLES = (
    *("messages", "sessions", "facts", "statements", "episodes", "vectors"),
    *("usage", "requests", "consents", "removals", "jobs"),
)
FIRST_RETRY, LONGEST_RETRY = 1.0, 10.0  # seconds; short, so that an erasure ends soon after its layer is back
GRACE_SECONDS = 15.0  # for whoever erases; then a worker takes over what a dead process left
LATE = timedelta(hours=1)
MARGIN_SECONDS = 60.0  # beyond the lease, for clocks and a last slow statement
RESIDUALS = (
    "write-ahead log and dead rows of PostgreSQL, until it recycles and vacuums them ('recalld erase --deep' does so at once)",
    "backups and replicas of the database, until they expire; a restored one is brought up to date by the ledger of erasures",
)
EXTERNAL_RESIDUALS = ("a vector index elsewhere may keep deleted points on its disk until it optimises its segments",)


@dataclass(frozen=True, kw_only=True, slots=True)
class Erasure:
    """An erasure under way."""

    user: UserRef
    erasure_id: str
    epoch: int  # everything below it goes
    requested_at: datetime
    layers: Mapping[str, LayerErasure]  # what earlier attempts did
    attempts: int = 0

    @property
    def late(self) -> bool:
        """True when somebody should look."""
        return datetime.now(UTC) - self.requested_at > LATE


@dataclass(frozen=True, kw_only=True, slots=True)
class Eraser:
    """Erases one person after another."""

    database: Database
    working: WorkingMemory
    vectors: VectorIndex
    forget: Callable[[UserRef], None]  # what this process caches of a person
    receipts: Receipts
    audit: Audit
    ledger: LedgerFile
    lease: float  # seconds that a writer may live after it checked the fence

    async def erase(self, user: UserRef) -> ErasureReceipt:
        """Erase *user*; an unknown one gets a receipt over nothing. A receipt that is `partial` is completed by a worker."""
        return await self.carry_out(await self.begin(user))

    async def status(self, tenant_id: str, erasure_id: str) -> ErasureReceipt:
        """How far an erasure is: its newest receipt. Raises `NotFound`."""
        proof = await self.receipts.latest(tenant_id, erasure_id)
        if proof is not None:
            return proof
        async with self.database.unscoped("sweeper") as tx:
            row = await tx.row(_SQL["find"], tenant_id=tenant_id, erasure_id=erasure_id)
        if row is None:
            raise NotFound(f"there is no erasure {erasure_id!r}")
        return await self._standing(_erasure(row))

    async def resume(self, *, limit: int = 100) -> int:
        """Try again what is due: erasures with a layer that was down, of a process that died, and second passes; how many there were."""
        async with self.database.unscoped("sweeper") as tx:
            due = await tx.rows(_SQL["due"], limit=limit)
        for row in due:
            await (self._sweep(_erasure(row)) if row["status"] == "verified" else self.carry_out(_erasure(row)))
        return len(due)

    # ------------------------------------------------------------ the steps
    async def begin(self, user: UserRef, *, erasure_id: str | None = None) -> Erasure:
        """The fence, and the erasure itself, then its line in the ledger. One that is partial goes on under its id.

        From here on nothing of before is read, and a worker carries it out should nobody else. With *erasure_id*, one that the database
        has lost goes on under its id.
        """
        erasure = await self._fence(user, erasure_id)
        if self.ledger.path is not None:
            with suppress(LedgerUnavailable):  # it is not verified before the ledger is written
                await self.ledger.write(user.tenant_id, await self._standing(erasure, signed=True))
        return erasure

    async def _fence(self, user: UserRef, erasure_id: str | None) -> Erasure:
        async with self.database.transaction("eraser", user) as tx:
            await tx.execute(_SQL["add_user"])
            row = await tx.row(_SQL["raise_epoch"])
            assert row is not None  # noqa: S101 -- inserted just now, in this transaction
            again = await tx.row(_SQL["begin_again"], epoch=row["epoch"], grace=GRACE_SECONDS)
            if again is not None:
                return _erasure({**again, "tenant_id": user.tenant_id, "user_id": user.user_id})
            begun: dict[str, Any] = {
                "erasure_id": erasure_id or str(uuid4()),
                "epoch": row["epoch"],
                "requested_at": row["requested_at"],
            }
            await tx.execute(_SQL["begin"], **begun, grace=GRACE_SECONDS)
            return Erasure(user=user, layers={}, **begun)

    async def carry_out(self, erasure: Erasure) -> ErasureReceipt:
        """Delete, verify, and conclude. Repeating changes nothing."""
        if await self._held(erasure.user):
            held = {
                "hold": LayerErasure(before=1, deleted=0, after=1, attempts=erasure.attempts + 1, error="legal hold")
            }
            return await self._conclude(erasure, held)
        return await self._conclude(erasure, await self._pass(erasure, last=False))

    async def _pass(self, erasure: Erasure, *, last: bool) -> dict[str, LayerErasure]:
        """Every layer once, independently of the others, then the count of what is left. The *last* pass takes the jobs of dead workers."""
        self.forget(erasure.user)
        parts: list[Coroutine[Any, Any, dict[str, LayerErasure]]] = [
            self._guarded(("working",), self._delete_working(erasure)),
            self._guarded(TABLES, self._delete_tables(erasure, last=last)),
        ]
        if not self.vectors.transactional:
            parts.append(self._guarded(("vector_index",), self._delete_index(erasure)))
        done = {name: layer for part in await asyncio.gather(*parts) for name, layer in part.items()}
        verifier = Verifier(database=self.database, working=self.working, vectors=self.vectors)
        left = await verifier.left(erasure.user, erasure.epoch, running=last)
        return {name: _joined(erasure.layers.get(name), layer, left[name]) for name, layer in done.items()}

    async def _guarded(
        self, names: Sequence[str], work: Coroutine[Any, Any, dict[str, LayerErasure]]
    ) -> dict[str, LayerErasure]:
        """The layers that *work* erases; with the error's class when their store does not answer."""
        try:
            return await work
        except Unavailable as error:
            log.warning("erasure.layer_away", layer=names[0], error=type(error).__name__)
            away = LayerErasure(before=0, deleted=0, after=NOT_ANSWERED, error=type(error).__name__)
            return dict.fromkeys(names, away)

    async def _delete_working(self, erasure: Erasure) -> dict[str, LayerErasure]:
        gone = await self.working.erase(erasure.user, below=erasure.epoch)
        return {"working": LayerErasure(before=gone, deleted=gone, after=0)}

    async def _delete_tables(self, erasure: Erasure, *, last: bool) -> dict[str, LayerErasure]:
        async with self.database.transaction("eraser", erasure.user) as tx:
            gone = {table: await _deleted(tx, table, erasure.epoch, last=last) for table in TABLES}
        return {table: LayerErasure(before=rows, deleted=rows, after=0) for table, rows in gone.items()}

    async def _delete_index(self, erasure: Erasure) -> dict[str, LayerErasure]:
        """By the ids it holds, and the first time by its own filter too: either alone has been seen to miss points.

        What a person who has returned has there since stays. Its ids are read after those of the index: an episode is in PostgreSQL first.
        """
        held = await self.vectors.ids(None, erasure.user)
        async with self.database.transaction("eraser", erasure.user) as tx:
            kept = {row["episode_id"] for row in await tx.rows(_SQL["returned"], epoch=erasure.epoch)}
        await self.vectors.delete(None, erasure.user, sorted(held - kept))
        if not kept and not erasure.layers:
            await self.vectors.erase(None, erasure.user)
        return {"vector_index": LayerErasure(before=len(held - kept), deleted=len(held - kept), after=0)}

    async def _held(self, user: UserRef) -> bool:
        async with self.database.transaction("eraser", user) as tx:
            return await tx.row(_SQL["held"]) is not None

    # ------------------------------------------------------------ the proof
    async def _conclude(self, erasure: Erasure, layers: dict[str, LayerErasure]) -> ErasureReceipt:
        """The receipt: signed, chained and in the ledger when every layer was found empty, else the time of the next attempt."""
        try:
            return await self._decide(erasure, layers)
        except LedgerUnavailable as error:
            log.warning("erasure.layer_away", layer="ledger", error=type(error).__name__)
            away = LayerErasure(before=0, deleted=0, after=NOT_ANSWERED, error=type(error).__name__)
            return await self._decide(erasure, {**layers, "ledger": away})

    async def _decide(self, erasure: Erasure, layers: dict[str, LayerErasure]) -> ErasureReceipt:
        async with self.database.transaction("eraser", erasure.user) as tx:
            receipt = await self._receipt(tx, erasure, layers)
            state = {"erasure_id": erasure.erasure_id, "epoch": erasure.epoch, "receipt": Jsonb(as_mapping(receipt))}
            if not receipt.verified:
                await tx.execute(_SQL["postpone"], **state, delay=_delay(erasure.attempts))
            elif await tx.row(_SQL["verify"], **state, sweep=self.lease + MARGIN_SECONDS):
                receipt = await self.receipts.append(tx, receipt, await secrets(tx))
                await self.audit.write(tx, "user.erased", count=_total(layers), user=erasure.user)
                await self.ledger.write(erasure.user.tenant_id, receipt)
        if not receipt.verified:
            (log.error if erasure.late else log.warning)("erasure.partial", erasure_id=erasure.erasure_id)
        return receipt

    async def _receipt(self, tx: Transaction, erasure: Erasure, layers: Mapping[str, LayerErasure]) -> ErasureReceipt:
        verified = bool(layers) and all(layer.after == 0 for layer in layers.values())
        return ErasureReceipt(
            erasure_id=erasure.erasure_id,
            status="verified" if verified else "partial",
            subject=(await secrets(tx)).subject(erasure.user),
            requested_at=erasure.requested_at,
            verified_at=datetime.now(UTC) if verified else None,
            layers=dict(layers),
            residuals=self.residuals,
            version=metadata.version("recalld"),
        )

    async def _standing(self, erasure: Erasure, *, signed: bool = False) -> ErasureReceipt:
        """As it stands; *signed* for the ledger, which trusts no line of somebody else."""
        async with self.database.transaction("eraser", erasure.user) as tx:
            receipt = await self._receipt(tx, erasure, erasure.layers)
            return (await secrets(tx)).sign(receipt) if signed else receipt

    @property
    def residuals(self) -> tuple[str, ...]:
        """What only time removes."""
        return RESIDUALS if self.vectors.transactional else RESIDUALS + EXTERNAL_RESIDUALS

    # ------------------------------------------------------------ the second pass
    async def _sweep(self, erasure: Erasure) -> None:
        """No writer of before is alive: what one may have left goes, and with it the last row that names the person."""
        layers = await self._pass(erasure, last=True)
        try:
            await self._end(erasure, layers)
        except LedgerUnavailable:
            async with self.database.transaction("eraser", erasure.user) as tx:
                await tx.execute(_SQL["sweep_later"], erasure_id=erasure.erasure_id, delay=_delay(erasure.attempts))

    async def _end(self, erasure: Erasure, layers: Mapping[str, LayerErasure]) -> None:
        async with self.database.transaction("eraser", erasure.user) as tx:
            receipt = await self._receipt(tx, erasure, layers)
            if not receipt.verified:
                await tx.execute(_SQL["sweep_later"], erasure_id=erasure.erasure_id, delay=_delay(erasure.attempts))
                return
            if await tx.row(_SQL["end"], erasure_id=erasure.erasure_id):
                await self._remove_user(tx, erasure.epoch)
                swept = replace(receipt, swept_at=datetime.now(UTC))
                swept = await self.receipts.append(tx, swept, await secrets(tx))
                await self.ledger.write(erasure.user.tenant_id, swept)

    async def _remove_user(self, tx: Transaction, epoch: int) -> None:
        """The user's row itself, unless the person has returned meanwhile. Two statements: the second sees what the lock waited for."""
        if await tx.row(_SQL["lock_user"], epoch=epoch):
            await tx.execute(_SQL["remove_user"], epoch=epoch)


def _erasure(row: DictRow) -> Erasure:
    known: Mapping[str, LayerErasure] = from_mapping(row["receipt"]).layers if row["receipt"] else {}
    return Erasure(
        user=UserRef(tenant_id=row["tenant_id"], user_id=row["user_id"]),
        erasure_id=row["erasure_id"],
        epoch=row["epoch"],
        requested_at=row["requested_at"],
        layers={name: layer for name, layer in known.items() if name != "hold"},
        attempts=row["attempts"],
    )


async def _deleted(tx: Transaction, table: str, epoch: int, *, last: bool) -> int:
    values = {"running": last} if table == "jobs" else {}
    return (await tx.execute(_SQL[f"delete_{table}"], epoch=epoch, **values)).rowcount


def _joined(earlier: LayerErasure | None, now: LayerErasure, left: int) -> LayerErasure:
    """A layer over all attempts so far."""
    error = now.error or (None if left != NOT_ANSWERED else "Unavailable")
    after = left if now.error is None else NOT_ANSWERED
    if earlier is None:
        return replace(now, after=after, error=error)
    deleted = earlier.deleted + now.deleted
    before = max(earlier.before, deleted)
    return LayerErasure(before=before, deleted=deleted, after=after, attempts=earlier.attempts + 1, error=error)


def _total(layers: Mapping[str, LayerErasure]) -> int:
    return sum(layer.deleted for layer in layers.values())


def _delay(attempts: int) -> float:
    return min(FIRST_RETRY * 2**attempts, LONGEST_RETRY)
