"""A whole tenant: its people one after another, its erasure, and the ledger that brings a restored database up to date."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from importlib import metadata
from typing import Any
from uuid import uuid4

from psycopg.rows import DictRow

from recalld.errors import InvalidInput
from recalld.postgres.pool import Database, Transaction
from recalld.postgres.queries import beside
from recalld.privacy.audit import Audit
from recalld.privacy.erase import MARGIN_SECONDS, Eraser
from recalld.privacy.receipt import (
    Receipts,
    Secrets,
    as_mapping,
    from_mapping,
    secrets,
    signed_by,
)
from recalld.values import ErasureReceipt, LayerErasure, UserRef, tenant_scope

_SQL = beside(__file__, "tenants.sql")
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
    async def erase(self, tenant_id: str, *, report: Report | None = None) -> ErasureReceipt:
        """Erase a tenant: its keys first, then everybody, then what it declared. Nothing is written for it meanwhile.

        People go one after another, each in transactions of their own; *report* hears how far it is. Should this process end, a worker
        goes on with those who are left, and so does calling this again. A worker looks once more after the lease; from then on the tenant
        may begin anew.
        """
        async with self.database.transaction("eraser", tenant_scope(tenant_id)) as tx:
            keys = (await tx.execute(_SQL["delete_api_keys"])).rowcount
            await tx.execute(_SQL["close"], erasure_id=str(uuid4()), grace=GRACE_SECONDS, keys=keys)
        closed = await self._closed(tenant_id)
        assert closed is not None  # noqa: S101 -- just now
        people = (await self._left(closed)).people
        async with self.database.transaction("eraser", tenant_scope(tenant_id)) as tx:
            await tx.execute(_SQL["count"], people=people)
        return await self._carry_out(replace(closed, people=closed.people or people), report)

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
        proof = await self.receipts.latest(closed.tenant_id, closed.erasure_id)
        await self._erase_everybody(closed, report)
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
        chain = [*await self.receipts.all(tenant_id), *(one for one in standing if not one.verified)]
        return [json.dumps({"tenant_id": tenant_id, "receipt": as_mapping(one)}, sort_keys=True) for one in chain]

    async def _unfinished(self, tenant_id: str) -> list[str]:
        async with self.database.unscoped("sweeper") as tx:
            return [row["erasure_id"] for row in await tx.rows(_SQL["unfinished"], tenant_id=tenant_id)]

    async def apply(self, lines: Iterable[str]) -> Applied:
        """Erase again whom the ledger names and a restored database still has. Before it serves. Repeating changes nothing.

        Raises `InvalidInput` for a line that was changed or comes from another installation.
        """
        by_tenant: dict[str, list[ErasureReceipt]] = {}
        for tenant_id, receipt in map(_line, filter(str.strip, lines)):
            by_tenant.setdefault(tenant_id, []).append(receipt)
        total = Applied(receipts=0, restored=0, erased=0)
        for tenant_id, receipts in by_tenant.items():
            done = await self._apply(tenant_id, receipts)
            total = Applied(
                receipts=total.receipts + done.receipts,
                restored=total.restored + done.restored,
                erased=total.erased + done.erased,
            )
        return total

    async def _apply(self, tenant_id: str, receipts: Sequence[ErasureReceipt]) -> Applied:
        async with self.database.transaction("eraser", tenant_scope(tenant_id)) as tx:
            keys = await secrets(tx)
        signed = [receipt for receipt in receipts if receipt.signature]
        for receipt in signed:
            if not signed_by(receipt, keys.public_key):
                raise InvalidInput(
                    f"receipt {receipt.erasure_id!r} was not signed by this installation, or was changed"
                )
        restored = await self._restore_chain(tenant_id, signed)
        return Applied(
            receipts=len(receipts), restored=restored, erased=await self._erase_named(tenant_id, receipts, keys)
        )

    async def _restore_chain(self, tenant_id: str, signed: Sequence[ErasureReceipt]) -> int:
        """Receipts that follow the end of the database's chain come back into it."""
        known = await self.receipts.all(tenant_id)
        missing = [receipt for receipt in signed if receipt not in known]
        async with self.database.transaction("eraser", tenant_scope(tenant_id)) as tx:
            for seq, receipt in enumerate(missing, start=len(known) + 1):
                await self.receipts.insert(tx, receipt, seq=seq)
        return len(missing)

    async def _erase_named(self, tenant_id: str, receipts: Sequence[ErasureReceipt], keys: Secrets) -> int:
        newest: dict[str, datetime] = {}
        for receipt in receipts:
            newest[receipt.subject] = max(receipt.requested_at, newest.get(receipt.subject, receipt.requested_at))
        whole = newest.get(keys.tenant_subject(tenant_id))
        erased = 0
        async for known in self.users(tenant_id):
            asked = [moment for moment in (newest.get(keys.subject(known.user)), whole) if moment is not None]
            if asked and known.epoch < int(max(asked).timestamp() * 1_000_000):  # an epoch is the clock's
                await self.eraser.erase(known.user)
                erased += 1
        return erased


def _line(text: str) -> tuple[str, ErasureReceipt]:
    try:
        body: Mapping[str, Any] = json.loads(text)
        return str(body["tenant_id"]), from_mapping(body["receipt"])
    except (ValueError, KeyError, TypeError):
        raise InvalidInput("a line of the ledger is not one of 'recalld erasures export'") from None


def _closed(row: DictRow) -> Closed:
    known = {one.name: row[one.name] for one in fields(Closed)}
    return Closed(**known)


def _gone(before: int, deleted: int, attempts: int = 1) -> LayerErasure:
    """A layer of everybody together; whether anything is left, the count of people tells."""
    return LayerErasure(before=before, deleted=deleted, after=0, attempts=attempts)
