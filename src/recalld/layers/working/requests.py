"""Requests that may be repeated: under a key of the caller's choice a write is done once, and its answer is given again.

The answer is kept in the transaction of the write, so a process that dies in between leaves both or neither. It holds counts and states,
never what was said.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from recalld.border import check_id
from recalld.errors import RequestKeyReused
from recalld.postgres.queries import beside
from recalld.values import UserRef

if TYPE_CHECKING:  # the driver, which importing recalld need not take
    from recalld.postgres.pool import Database, Transaction

_SQL = beside(__file__, "requests.sql")
BATCH = 10_000  # users
EVERY_SECONDS = 3600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A write that may come again."""

    key: bytes  # SHA-256 of the caller's key
    fingerprint: bytes  # SHA-256 of what is asked

    @classmethod
    def of(cls, key: str, *asked: object) -> Request:
        """*asked* is anything that JSON or `str` can carry. Raises `InvalidId` for an empty or huge key."""
        text = json.dumps(asked, sort_keys=True, default=str)
        return cls(key=_digest(check_id("request key", key)), fingerprint=_digest(text))


async def known_answer(tx: Transaction, request: Request) -> Mapping[str, Any] | None:
    """The answer that was given to this request. Raises `RequestKeyReused` when its key belongs to another one."""
    row = await tx.row(_SQL["known"], request_key=request.key)
    if row is None:
        return None
    if bytes(row["request_hash"]) != request.fingerprint:
        raise RequestKeyReused("this request key was used for another request; use a new one for each")
    return row["answer"]


async def keep_answer(
    tx: Transaction, request: Request, epoch: int, answer: Mapping[str, Any], *, repeatable: bool = False
) -> None:
    """Keep the answer with the write. Raises `Conflict` when the same request is just running, unless it is *repeatable*."""
    query = _SQL["keep_once"] if repeatable else _SQL["keep"]
    values = {"request_key": request.key, "request_hash": request.fingerprint}
    await tx.execute(query, **values, epoch=epoch, answer=json.dumps(dict(answer)))


@dataclass(slots=True)
class OldAnswers:
    """Answers are kept for a day; a worker forgets the older ones, looking once an hour, for it reads the whole table."""

    database: Database
    clock: Callable[[], float] = time.monotonic
    _looked_at: float | None = None

    async def forget(self) -> int:
        """Remove them, unless it was done within the hour; return how many there were."""
        now = self.clock()
        if self._looked_at is not None and now - self._looked_at < EVERY_SECONDS:
            return 0
        self._looked_at = now
        return sum([await self._forget_of(user) for user in await self._users()])

    async def _users(self) -> list[UserRef]:
        async with self.database.unscoped("sweeper") as tx:
            rows = await tx.rows(_SQL["sweep_old"], limit=BATCH)
        return [UserRef(tenant_id=row["tenant_id"], user_id=row["user_id"]) for row in rows]

    async def _forget_of(self, user: UserRef) -> int:
        async with self.database.transaction("worker", user) as tx:
            return (await tx.execute(_SQL["delete_old"])).rowcount


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
