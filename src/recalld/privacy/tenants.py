"""A whole tenant: its people one after another, its erasure, and the ledger that brings a restored database up to date."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from typing import Any
from uuid import uuid4

from recalld.errors import InvalidInput
from recalld.postgres.pool import Database
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
    tenant_scope,
)
from recalld.values import ErasureReceipt, LayerErasure, UserRef

_SQL = beside(__file__, "tenants.sql")
PAGE = 500
AT_ONCE = 4  # people erased at the same time
TABLES = ("purposes", "tenant_usage", "api_keys")  # rows of the tenant itself


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """A person of a tenant."""

    user: UserRef
    epoch: int


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
    async def erase(self, tenant_id: str) -> ErasureReceipt:
        """Erase a tenant: its keys first, then everybody, then what it declared. Nothing is written for it meanwhile.

        A worker looks again after the lease, and completes it when a layer was down. From then on the tenant may begin anew.
        """
        requested = datetime.now(UTC)
        erasure_id = str(uuid4())
        async with self.database.transaction("eraser", tenant_scope(tenant_id)) as tx:
            closed = await tx.row(_SQL["close"], erasure_id=erasure_id, sweep=self.lease + MARGIN_SECONDS)
            keys = (await tx.execute(_SQL["delete_api_keys"])).rowcount
        erasure_id = closed["erasure_id"] if closed else erasure_id
        return await self._carry_out(tenant_id, erasure_id, requested, keys)

    async def resume(self) -> int:
        """Second passes of tenants, and erasures of tenants that a layer held up; how many there were."""
        async with self.database.unscoped("sweeper") as tx:
            due = await tx.rows(_SQL["due"])
        for row in due:
            tenant_id, erasure_id = row["tenant_id"], row["erasure_id"]
            proof = await self.receipts.latest(tenant_id, erasure_id)
            receipt = await self._carry_out(tenant_id, erasure_id, row["closed_at"], 0, second=proof is not None)
            async with self.database.transaction("eraser", tenant_scope(tenant_id)) as tx:
                if receipt.verified and proof is not None:
                    await tx.execute(_SQL["reopen"])
                else:
                    await tx.execute(
                        _SQL["look_again"], delay=self.lease + MARGIN_SECONDS if receipt.verified else 15.0
                    )
        return len(due)

    async def _carry_out(
        self, tenant_id: str, erasure_id: str, requested: datetime, keys: int, *, second: bool = False
    ) -> ErasureReceipt:
        done = await self._erase_everybody(tenant_id)
        verified = all(receipt.verified for receipt in done)
        now = datetime.now(UTC)
        async with self.database.transaction("eraser", tenant_scope(tenant_id)) as tx:
            gone = {table: (await tx.execute(_SQL[f"delete_{table}"])).rowcount for table in TABLES}
            gone["api_keys"] += keys
            layers = _summed(done) | {table: LayerErasure(before=n, deleted=n, after=0) for table, n in gone.items()}
            keyring = await secrets(tx)
            receipt = ErasureReceipt(
                erasure_id=erasure_id,
                status="verified" if verified else "partial",
                subject=keyring.tenant_subject(tenant_id),
                requested_at=requested,
                verified_at=now if verified else None,
                layers=layers,
                residuals=self.eraser.residuals,
                version=metadata.version("recalld"),
                swept_at=now if verified and second else None,
            )
            if verified:
                receipt = await self.receipts.append(tx, receipt, keyring)
                await self.audit.write(tx, "tenant.erased", count=len(done))
        return receipt

    async def _erase_everybody(self, tenant_id: str) -> list[ErasureReceipt]:
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(user: UserRef) -> ErasureReceipt:
            async with slots:
                return await self.eraser.erase(user)

        everybody = [known.user async for known in self.users(tenant_id)]
        return list(await asyncio.gather(*map(one, everybody)))

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


def _summed(receipts: Iterable[ErasureReceipt]) -> dict[str, LayerErasure]:
    """The layers of several receipts as one."""
    total: dict[str, LayerErasure] = {}
    for receipt in receipts:
        for name, layer in receipt.layers.items():
            one = total.get(name)
            total[name] = (
                layer
                if one is None
                else replace(
                    one,
                    before=one.before + layer.before,
                    deleted=one.deleted + layer.deleted,
                    after=min(one.after, layer.after) if -1 in (one.after, layer.after) else one.after + layer.after,
                    attempts=max(one.attempts, layer.attempts),
                    error=one.error or layer.error,
                )
            )
    return total
