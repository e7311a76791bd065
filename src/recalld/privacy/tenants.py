"""A whole tenant: its people one after another, its erasure, and the ledger that brings a restored database up to date."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from importlib import metadata
from uuid import uuid4

import structlog
from psycopg.rows import DictRow

from recalld.errors import InvalidInput, LedgerUnavailable
from recalld.postgres.pool import Database, Transaction
from recalld.postgres.queries import beside
from recalld.privacy.audit import Audit
from recalld.privacy.erase import MARGIN_SECONDS, Eraser, Erasure
from recalld.privacy.ledger import Entry, entry
from recalld.privacy.receipt import (
    Receipts,
    Secrets,
    hash_of,
    secrets,
    signed_by,
)
from recalld.values import ErasureReceipt, LayerErasure, UserRef, tenant_scope

_SQL = beside(__file__, "tenants.sql")
log = structlog.get_logger("recalld.privacy")
PAGE = 500
BATCH = 100  # people erased before it is noted that the process is at it
AT_ONCE = 4  # people erased at the same time
GRACE_SECONDS = 60.0  # without a batch; then a worker goes on
LATER_SECONDS = 10.0  # until a worker looks at one that a layer holds up
TABLES = ("purposes", "tenant_usage", "api_keys")  # rows of the tenant itself


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """A person of a tenant."""

    user: UserRef
    epoch: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Closed:
    """A tenant that is being erased."""

    tenant_id: str
    erasure_id: str
    closed_at: datetime
    epoch: int  # that moment as an epoch: who has an older one was not erased since
    people: int | None  # who were there; None: not counted yet
    keys: int | None  # of the API, which went first
    receipts_before: int  # the end of the tenant's chain at that moment


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """What there is to do yet."""

    people: int  # not erased since
    unfinished: int  # erasures that wait for a layer, or the end of a legal hold


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far the erasure of a tenant is."""

    people: int
    left: int


Report = Callable[[Progress], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """What a ledger brought up to date."""

    receipts: int  # read
    restored: int  # of them, those that the database lacked
    erased: int  # people erased again

    def plus(self, other: Applied) -> Applied:
        """Both together."""
        names = ("receipts", "restored", "erased")
        return Applied(**{name: getattr(self, name) + getattr(other, name) for name in names})


@dataclass(frozen=True, kw_only=True, slots=True)
class Tenants:
    """What concerns all people of a tenant."""

    database: Database
    eraser: Eraser
    receipts: Receipts
    audit: Audit
    lease: float

    async def users(self, tenant_id: str) -> AsyncGenerator[Known]:
        """Everybody of a tenant, by name: ids and epochs only."""
        after = ""
        while True:
            async with self.database.unscoped("sweeper") as tx:
                rows = await tx.rows(_SQL["users"], tenant_id=tenant_id, after=after, limit=PAGE)
            if not rows:
                return
            for row in rows:
                yield Known(user=UserRef(tenant_id=tenant_id, user_id=row["user_id"]), epoch=row["epoch"])
            after = rows[-1]["user_id"]

    # ------------------------------------------------------------ erasure
    async def erase(
        self, tenant_id: str, *, report: Report | None = None, budget_seconds: float | None = None
    ) -> ErasureReceipt:
        """Erase a tenant: its keys first, then everybody, then what it declared. Nothing is written for it meanwhile.

        People go one after another, each in transactions of their own; *report* hears how far it is. Should this process end, a worker
        goes on with those who are left, and so does calling this again; past *budget_seconds* it is left to a worker too. A worker looks
        once more after the lease; from then on the tenant may begin anew.
        """
        closed, budget = await self._close(tenant_id), asyncio.timeout(budget_seconds)
        try:
            async with budget:
                return await self._carry_out(closed, report)
        except TimeoutError:
            if not budget.expired():
                raise
        async with self.database.transaction("eraser", tenant_scope(tenant_id)) as tx:
            await tx.execute(_SQL["look_again"], delay=0.0)
        return await self.status(tenant_id, closed.erasure_id)

    async def _close(self, tenant_id: str) -> Closed:
        """From here on nothing is written for the tenant, and a worker erases it should nobody else."""
        async with self.database.transaction("eraser", tenant_scope(tenant_id)) as tx:
            keys = (await tx.execute(_SQL["delete_api_keys"])).rowcount
            await tx.execute(_SQL["close"], erasure_id=str(uuid4()), grace=GRACE_SECONDS, keys=keys)
        closed = await self._closed(tenant_id)
        assert closed is not None  # noqa: S101 -- just now
        people = (await self._left(closed)).people
        async with self.database.transaction("eraser", tenant_scope(tenant_id)) as tx:
            await tx.execute(_SQL["count"], people=people)
            standing = (await secrets(tx)).sign(await self._receipt(tx, closed, Left(people=people, unfinished=1), {}))
        with suppress(LedgerUnavailable):  # it is not verified before the ledger is written
            await self.eraser.ledger.write(tenant_id, standing)
        return replace(closed, people=closed.people or people)

    async def status(self, tenant_id: str, erasure_id: str) -> ErasureReceipt:
        """How far an erasure is, of a person or of the whole tenant: its newest receipt. Raises `NotFound`."""
        closed = await self._closed(tenant_id)
        if closed is None or closed.erasure_id != erasure_id or await self.receipts.latest(tenant_id, erasure_id):
            return await self.eraser.status(tenant_id, erasure_id)
        left = await self._left(closed)
        async with self.database.transaction("eraser", tenant_scope(tenant_id)) as tx:
            receipt = await self._receipt(tx, closed, left, await self._layers(tx, closed))
        return replace(receipt, status="partial", verified_at=None)  # until it is written into the chain

    async def resume(self) -> int:
        """Erasures of tenants that a layer held up or whose process died, and second passes; how many there were."""
        async with self.database.unscoped("sweeper") as tx:
            due = await tx.rows(_SQL["due"])
        for row in due:
            await self._carry_out(_closed(row), None)
        return len(due)

    async def _carry_out(self, closed: Closed, report: Report | None) -> ErasureReceipt:
        await self._erase_everybody(closed, report)
        try:
            return await self._conclude(closed)
        except LedgerUnavailable:
            async with self.database.transaction("eraser", tenant_scope(closed.tenant_id)) as tx:
                await tx.execute(_SQL["look_again"], delay=LATER_SECONDS)
            return await self.status(closed.tenant_id, closed.erasure_id)

    async def _conclude(self, closed: Closed) -> ErasureReceipt:
        proof = await self.receipts.latest(closed.tenant_id, closed.erasure_id)
        left = await self._left(closed)
        async with self.database.transaction("eraser", tenant_scope(closed.tenant_id)) as tx:
            receipt = await self._receipt(tx, closed, left, await self._layers(tx, closed))
            if not receipt.verified:
                await tx.execute(_SQL["look_again"], delay=LATER_SECONDS)
                return receipt
            receipt = replace(receipt, layers={**receipt.layers, **await self._own_rows(tx, closed, proof)})
            if proof is None:
                await tx.execute(_SQL["look_again"], delay=self.lease + MARGIN_SECONDS)
            else:
                await tx.execute(_SQL["reopen"])
                receipt = replace(receipt, swept_at=receipt.verified_at)
            receipt = await self.receipts.append(tx, receipt, await secrets(tx))
            await self.audit.write(tx, "tenant.erased", count=receipt.layers["people"].deleted)
            await self.eraser.ledger.write(closed.tenant_id, receipt)
        return receipt

    async def _erase_everybody(self, closed: Closed, report: Report | None) -> None:
        """Everybody who was not erased since the tenant was closed, a batch at a time: what is done stays done."""
        after = ""
        while batch := await self._batch(closed, after):
            slots = asyncio.Semaphore(AT_ONCE)

            async def one(user_id: str, slots: asyncio.Semaphore = slots) -> None:
                async with slots:
                    await self.eraser.erase(UserRef(tenant_id=closed.tenant_id, user_id=user_id))

            await asyncio.gather(*map(one, batch))
            after = batch[-1]
            async with self.database.transaction("eraser", tenant_scope(closed.tenant_id)) as tx:
                await tx.execute(_SQL["look_again"], delay=GRACE_SECONDS)  # this process is at it
            if report is not None:
                left = await self._left(closed)
                report(Progress(people=max(closed.people or 0, left.people), left=left.people))

    async def _batch(self, closed: Closed, after: str) -> list[str]:
        async with self.database.unscoped("sweeper") as tx:
            place = {"tenant_id": closed.tenant_id, "closed": closed.epoch, "after": after, "limit": BATCH}
            return [row["user_id"] for row in await tx.rows(_SQL["not_erased"], **place)]

    async def _closed(self, tenant_id: str) -> Closed | None:
        async with self.database.unscoped("sweeper") as tx:
            row = await tx.row(_SQL["closed"], tenant_id=tenant_id)
        return None if row is None else _closed(row)

    async def _left(self, closed: Closed) -> Left:
        """Who was not erased since, and whose erasure waits for a layer or the end of a hold."""
        async with self.database.unscoped("sweeper") as tx:
            row = await tx.row(_SQL["left"], tenant_id=closed.tenant_id, closed=closed.epoch)
        assert row is not None  # noqa: S101 -- counts always come back
        return Left(people=row["people"], unfinished=row["unfinished"])

    # ------------------------------------------------------------ the tenant's receipt
    async def _layers(self, tx: Transaction, closed: Closed) -> dict[str, LayerErasure]:
        """What the receipts of its people add up to since it was closed."""
        rows = await tx.rows(_SQL["layers"], since=closed.receipts_before, own=closed.erasure_id)
        return {row["layer"]: _gone(row["before"], row["deleted"], row["attempts"]) for row in rows}

    async def _own_rows(self, tx: Transaction, closed: Closed, proof: ErasureReceipt | None) -> dict[str, LayerErasure]:
        """The tenant's own rows go; what went before, with an earlier receipt, counts too."""
        before = {"api_keys": closed.keys or 0} if proof is None else {t: proof.layers[t].deleted for t in TABLES}
        rows = {t: (await tx.execute(_SQL[f"delete_{t}"])).rowcount + before.get(t, 0) for t in TABLES}
        return {table: _gone(count, count) for table, count in rows.items()}

    async def _receipt(
        self, tx: Transaction, closed: Closed, left: Left, layers: Mapping[str, LayerErasure]
    ) -> ErasureReceipt:
        verified = not left.people and not left.unfinished
        erased = max((closed.people or 0) - left.people, 0)
        people = LayerErasure(before=erased + left.people, deleted=erased, after=left.people + left.unfinished)
        return ErasureReceipt(
            erasure_id=closed.erasure_id,
            status="verified" if verified else "partial",
            subject=(await secrets(tx)).tenant_subject(closed.tenant_id),
            requested_at=closed.closed_at,
            verified_at=datetime.now(UTC) if verified else None,
            layers={"people": people, **layers},
            residuals=self.eraser.residuals,
            version=metadata.version("recalld"),
        )

    # ------------------------------------------------------------ the ledger
    async def ledger(self, tenant_id: str) -> list[str]:
        """The tenant's erasures as lines of JSON, those under way too: to be kept outside of all backups."""
        standing = [await self.eraser.status(tenant_id, one) for one in await self._unfinished(tenant_id)]
        async with self.database.transaction("eraser", tenant_scope(tenant_id)) as tx:
            keys = await secrets(tx)
        chain = [*await self.receipts.all(tenant_id), *(keys.sign(one) for one in standing if not one.verified)]
        return [Entry(tenant_id=tenant_id, receipt=one).line for one in chain]

    async def _unfinished(self, tenant_id: str) -> list[str]:
        async with self.database.unscoped("sweeper") as tx:
            return [row["erasure_id"] for row in await tx.rows(_SQL["unfinished"], tenant_id=tenant_id)]

    async def catch_up(self) -> Applied:
        """Before anything is served: when the database lacks what stands in the ledger of this installation, the ledger is applied.

        Its last lines tell whether the database is behind. Raises `LedgerUnavailable`, and `InvalidInput` for lines of somebody else.
        """
        ledger = self.eraser.ledger
        recent = await asyncio.to_thread(ledger.recent)
        if not any([await self._missing(tenant_id, receipts) for tenant_id, receipts in _by_tenant(recent).items()]):
            return Applied(receipts=len(recent), restored=0, erased=0)
        done = await self._apply_all(await asyncio.to_thread(ledger.all))
        log.warning("ledger.applied", receipts=done.receipts, restored=done.restored, erased=done.erased)
        return done

    async def apply(self, lines: Iterable[str]) -> Applied:
        """Erase again whom the ledger names and a restored database still has. Before it serves. Repeating changes nothing.

        Raises `InvalidInput` for a line that was changed or comes from another installation.
        """
        return await self._apply_all([entry(line) for line in lines if line.strip()])

    async def _apply_all(self, entries: Iterable[Entry]) -> Applied:
        total = Applied(receipts=0, restored=0, erased=0)
        for tenant_id, receipts in _by_tenant(entries).items():
            total = total.plus(await self._apply(tenant_id, receipts))
        return total

    async def _apply(self, tenant_id: str, receipts: Sequence[ErasureReceipt]) -> Applied:
        async with self.database.transaction("eraser", tenant_scope(tenant_id)) as tx:
            keys = await secrets(tx)
        for receipt in receipts:
            if not signed_by(receipt, keys.public_key):
                raise InvalidInput(
                    f"receipt {receipt.erasure_id!r} was not signed by this installation, or was changed"
                )
        return await self._bring_up(tenant_id, receipts, keys)

    async def _bring_up(self, tenant_id: str, receipts: Sequence[ErasureReceipt], keys: Secrets) -> Applied:
        """Fences first, so that a crash in between serves nobody who was erased; then the chain; then the erasures."""
        missing = await self._missing(tenant_id, receipts)
        proven = {receipt.erasure_id for receipt in receipts if receipt.verified}
        begun = {one.erasure_id: one for one in missing if one.erasure_id not in proven}
        erasures = [one async for one in self._fence_named(tenant_id, receipts, keys, begun)]
        closed = await self._close_again(
            tenant_id, [one for one in receipts if one.subject == keys.tenant_subject(tenant_id)]
        )
        restored = await self._restore_chain(tenant_id, [receipt for receipt in missing if receipt.verified])
        for erasure in erasures:
            await self.eraser.carry_out(erasure)
        if closed is not None:
            await self._carry_out(closed, None)
        await self._close_begun(tenant_id, await self._missing(tenant_id, list(begun.values())))
        return Applied(receipts=len(receipts), restored=restored, erased=len(erasures))

    async def _close_again(self, tenant_id: str, receipts: Sequence[ErasureReceipt]) -> Closed | None:
        """Close a tenant that was erased as a whole, where anything of it is older than that."""
        if not receipts:
            return None
        asked = max(receipt.requested_at for receipt in receipts)
        async with self.database.unscoped("sweeper") as tx:
            people = await tx.row(_SQL["older"], tenant_id=tenant_id, epoch=_epoch(asked))
        async with self.database.transaction("app", tenant_scope(tenant_id)) as tx:
            own = await tx.row(_SQL["own_older"], moment=asked)
        return await self._close(tenant_id) if people or own else None

    async def _missing(self, tenant_id: str, receipts: Sequence[ErasureReceipt]) -> list[ErasureReceipt]:
        """Those that the database lacks: of an erasure that began any trace, of a verified one its receipt, of a second pass that one's."""
        ids = sorted({receipt.erasure_id for receipt in receipts})
        async with self.database.transaction("auditor", tenant_scope(tenant_id)) as tx:
            proven = {(row["erasure_id"], row["swept"]) for row in await tx.rows(_SQL["proven"], erasure_ids=ids)}
        async with self.database.unscoped("sweeper") as tx:
            begun = {
                row["erasure_id"] for row in await tx.rows(_SQL["begun"], tenant_id=tenant_id, erasure_ids=ids)
            } | {erasure_id for erasure_id, _ in proven}
        return [
            receipt
            for receipt in receipts
            if (
                (receipt.erasure_id, receipt.swept_at is not None) not in proven
                if receipt.verified
                else receipt.erasure_id not in begun
            )
        ]

    async def _restore_chain(self, tenant_id: str, missing: Sequence[ErasureReceipt]) -> int:
        """Receipts come back into the chain, in order; of two of the same erasure, the one that others follow."""
        followed = {receipt.previous for receipt in missing}
        chosen: dict[tuple[str, bool], ErasureReceipt] = {}
        for receipt in missing:
            key = (receipt.erasure_id, receipt.swept_at is not None)
            if key not in chosen or hash_of(receipt) in followed:
                chosen[key] = receipt
        async with self.database.transaction("eraser", tenant_scope(tenant_id)) as tx:
            for receipt in chosen.values():
                await self.receipts.restore(tx, receipt)
        return len(chosen)

    async def _fence_named(
        self,
        tenant_id: str,
        receipts: Sequence[ErasureReceipt],
        keys: Secrets,
        begun: Mapping[str, ErasureReceipt],
    ) -> AsyncGenerator[Erasure]:
        """The erasure of everybody whose memory is older than one of theirs; what had only begun goes on under its id."""
        newest: dict[str, ErasureReceipt] = {}
        for receipt in receipts:
            if receipt.subject not in newest or receipt.requested_at >= newest[receipt.subject].requested_at:
                newest[receipt.subject] = receipt
        async for known in self.users(tenant_id):
            own = newest.get(keys.subject(known.user))
            if own is not None and known.epoch < _epoch(own.requested_at):
                yield await self.eraser.begin(
                    known.user, erasure_id=own.erasure_id if own.erasure_id in begun else None
                )

    async def _close_begun(self, tenant_id: str, receipts: Sequence[ErasureReceipt]) -> None:
        """Erasures that had begun, of people whom the restored database does not have: they are through, and have a receipt."""
        nobody = {"people": LayerErasure(before=0, deleted=0, after=0)}
        for receipt in receipts:
            closing = replace(receipt, status="verified", verified_at=datetime.now(UTC), layers=nobody)
            async with self.database.transaction("eraser", tenant_scope(tenant_id)) as tx:
                signed = await self.receipts.append(tx, closing, await secrets(tx))
                await self.eraser.ledger.write(tenant_id, signed)


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _epoch(moment: datetime) -> int:
    """A moment of the database's clock as the epoch that an erasure raised a user to then; exact, as a float is not."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def _by_tenant(entries: Iterable[Entry]) -> dict[str, list[ErasureReceipt]]:
    found: dict[str, list[ErasureReceipt]] = {}
    for one in entries:
        found.setdefault(one.tenant_id, []).append(one.receipt)
    return found


def _closed(row: DictRow) -> Closed:
    known = {one.name: row[one.name] for one in fields(Closed)}
    return Closed(**known)


def _gone(before: int, deleted: int, attempts: int = 1) -> LayerErasure:
    """A layer of everybody together; whether anything is left, the count of people tells."""
    return LayerErasure(before=before, deleted=deleted, after=0, attempts=attempts)
