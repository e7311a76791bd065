"""Erasure: one call removes a person from all layers, and reads everything again before it says so.

First the fence, committed before anything is deleted: it raises the user's epoch, so every writer that still holds the old one drops its
work and nothing old is ever read again. Then each layer on its own; then a count of each by the auditor's role.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from uuid import uuid4

from psycopg.types.json import Jsonb

from recalld.jobs.queue import Queue
from recalld.layers.vectors.base import VectorIndex
from recalld.layers.working.base import WorkingMemory
from recalld.postgres.pool import Database, Transaction
from recalld.postgres.queries import beside
from recalld.values import ErasureReceipt, LayerErasure, UserRef

_SQL = beside(__file__, "erase.sql")

TABLES = ("messages", "sessions", "facts", "statements", "episodes", "vectors")
RESIDUALS = (
    "write-ahead log and dead rows of PostgreSQL, until it recycles and vacuums them",
    "backups of the database, until they expire",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Eraser:
    """Erases one person after another."""

    database: Database
    queue: Queue
    working: WorkingMemory
    vectors: VectorIndex

    async def erase(self, user: UserRef) -> ErasureReceipt:
        """Erase *user*; an unknown one gets a receipt over nothing."""
        requested = datetime.now(UTC)
        erasure_id = str(uuid4())
        epoch = await self._fence(user, erasure_id, requested)
        deleted = await self._delete(user, epoch)
        left = await self._count_left(user, epoch)
        layers = {name: replace(layer, after=left[name]) for name, layer in deleted.items()}
        return await self._conclude(user, erasure_id, requested, layers)

    async def _fence(self, user: UserRef, erasure_id: str, requested: datetime) -> int:
        async with self.database.transaction("eraser", user) as tx:
            row = await tx.row(_SQL["raise_epoch"])
            epoch = row["epoch"] if row else 0
            await tx.execute(_SQL["begin"], erasure_id=erasure_id, epoch=epoch, requested_at=requested)
            return epoch

    async def _delete(self, user: UserRef, epoch: int) -> dict[str, LayerErasure]:
        layers = {"working": await self._delete_working(user)}
        async with self.database.transaction("eraser", user) as tx:
            layers |= {table: await _delete_table(tx, table, epoch) for table in TABLES}
            jobs = await self.queue.erase(tx.connection, user)
            layers["jobs"] = LayerErasure(before=jobs, deleted=jobs, after=0)
        if not self.vectors.transactional:
            gone = await self.vectors.erase(None, user)
            layers["vector_index"] = LayerErasure(before=gone, deleted=gone, after=0)
        return layers

    async def _delete_working(self, user: UserRef) -> LayerErasure:
        gone = await self.working.erase(user)
        return LayerErasure(before=gone, deleted=gone, after=0)

    async def _count_left(self, user: UserRef, epoch: int) -> Mapping[str, int]:
        """What an independent read finds: another role, other statements, the stores asked again."""
        left = {"working": await self.working.count(user), "jobs": 0}
        async with self.database.transaction("auditor", user) as tx:
            for table in TABLES:
                left[table] = await _count(tx, table, epoch)
        if not self.vectors.transactional:
            left["vector_index"] = len(await self.vectors.ids(None, user))
        return left

    async def _conclude(
        self, user: UserRef, erasure_id: str, requested: datetime, layers: Mapping[str, LayerErasure]
    ) -> ErasureReceipt:
        verified = all(layer.after == 0 for layer in layers.values())
        async with self.database.transaction("eraser", user) as tx:
            row = await tx.row(_SQL["fence_key"])
            key = bytes(row["value"]) if row else b""
            receipt = ErasureReceipt(
                erasure_id=erasure_id,
                status="verified" if verified else "partial",
                subject=hmac.new(key, f"{user.tenant_id}\x1f{user.user_id}".encode(), hashlib.sha256).hexdigest(),
                requested_at=requested,
                verified_at=datetime.now(UTC) if verified else None,
                layers=dict(layers),
                residuals=RESIDUALS,
            )
            receipt = replace(receipt, signature=hmac.new(key, canonical(receipt).encode(), hashlib.sha256).hexdigest())
            values = {
                "status": receipt.status,
                "verified_at": receipt.verified_at,
                "receipt": Jsonb(json.loads(canonical(receipt))),
            }
            await tx.execute(_SQL["conclude"], erasure_id=erasure_id, **values)
        return receipt


def canonical(receipt: ErasureReceipt) -> str:
    """The receipt as the JSON text that is signed: sorted keys, without the signature itself."""
    body = {name: value for name, value in asdict(receipt).items() if name != "signature"}
    return json.dumps(body, sort_keys=True, default=lambda value: value.isoformat(), separators=(",", ":"))


async def _delete_table(tx: Transaction, table: str, epoch: int) -> LayerErasure:
    before = await _count(tx, table, epoch)
    cursor = await tx.execute(_SQL[f"delete_{table}"], epoch=epoch)
    return LayerErasure(before=before, deleted=cursor.rowcount, after=before - cursor.rowcount)


async def _count(tx: Transaction, table: str, epoch: int) -> int:
    row = await tx.row(_SQL[f"count_{table}"], epoch=epoch)
    return 0 if row is None else row["n"]
