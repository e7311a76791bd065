"""API keys: shown once, stored as an id and a hash, checked on every request.

    recalld_<key id>_<secret>

The tenant comes from the key and from nowhere else.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import math
import re
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from psycopg.rows import DictRow

from recalld.border import check_id, check_purpose
from recalld.errors import InvalidInput, NotFound, RecalldError
from recalld.postgres.pool import NOBODY, Database
from recalld.postgres.queries import beside
from recalld.values import UserRef, tenant_scope

_SQL = beside(__file__, "keys.sql")

Scope = Literal["read", "write", "erase", "export", "admin", "operator"]
SCOPES: tuple[str, ...] = get_args(Scope)
REMEMBERED_SECONDS = 0.9  # a revocation takes effect within a second, in every process
REFRESH_SECONDS = 0.4  # what is older is looked up again beside the request, so that a busy key is never waited for
REMEMBERED_KEYS = 10_000
_FORM = re.compile(r"recalld_([0-9a-z]{12})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """An API key without its secret."""

    tenant_id: str
    key_id: str
    label: str
    scopes: tuple[str, ...]
    bound_user_id: str | None  # the only user it may be used for; None: all of the tenant
    purposes: tuple[str, ...] | None  # the purposes it may read and write; None: all
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def valid_at(self, moment: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or moment < self.expires_at)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewKey:
    """What a key is made with."""

    tenant_id: str
    scopes: tuple[str, ...]
    label: str = ""
    bound_user_id: str | None = None
    purposes: tuple[str, ...] | None = None
    expires_in: timedelta | None = None

    def checked(self) -> NewKey:
        """Itself, or `InvalidInput`."""
        check_id("tenant id", self.tenant_id)
        if self.bound_user_id is not None:
            check_id("user id", self.bound_user_id)
        unknown = sorted(set(self.scopes) - set(SCOPES))
        if unknown or not self.scopes:
            raise InvalidInput(
                f"unknown scopes {', '.join(unknown) or '(none given)'}; use some of {', '.join(SCOPES)}"
            )
        for purpose in self.purposes or ():
            check_purpose(purpose)
        if self.expires_in is not None and self.expires_in <= timedelta(0):
            raise InvalidInput("a key must expire in the future")
        return self


@dataclass(frozen=True, slots=True)
class Remembered:
    """A key as it was looked up."""

    at: float
    key: Key
    secret_hash: bytes


class Keys:
    """Makes, finds and ends API keys."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Found keys are remembered for less than a second, so that the check costs no query on a busy server."""
        self._database, self._clock = database, clock
        self._remembered: dict[str, Remembered] = {}
        self._ageing: set[str] = set()  # keys in use that are to be looked up again
        self._refreshing: asyncio.Task[None] | None = None

    async def create(self, new: NewKey) -> tuple[Key, str]:
        """A key and its text, which is never shown again. Raises `InvalidInput`."""
        new.checked()
        key_id = "".join(secrets.choice("0123456789abcdefghijklmnopqrstuvwxyz") for _ in range(12))
        secret = secrets.token_urlsafe(32)
        expires_at = datetime.now(UTC) + new.expires_in if new.expires_in else None
        values = {
            "key_id": key_id,
            "secret_hash": _hash(secret),
            "label": new.label,
            "scopes": list(new.scopes),
            "bound_user_id": new.bound_user_id,
            "purposes": None if new.purposes is None else list(new.purposes),
            "expires_at": expires_at,
        }
        async with self._database.transaction("app", _tenant(new.tenant_id)) as tx:
            row = await tx.row(_SQL["insert"], **values)
        made = row["created_at"] if row else datetime.now(UTC)
        key = Key(**_fields(values | {"tenant_id": new.tenant_id, "created_at": made, "revoked_at": None}))
        return key, f"recalld_{key_id}_{secret}"

    async def find(self, text: str) -> Key | None:
        """The valid key of this text; `None` for anything else, without saying why."""
        match = _FORM.fullmatch(text)
        if match is None:
            return None
        key_id, secret = match.groups()
        found = self._recall(key_id) or await self._look_up(key_id)
        if found is None or not hmac.compare_digest(found.secret_hash, _hash(secret)):
            return None
        return found.key if found.key.valid_at(datetime.now(UTC)) else None

    async def list(self, tenant_id: str) -> list[Key]:
        """A tenant's keys, newest first."""
        async with self._database.transaction("app", _tenant(tenant_id)) as tx:
            return [Key(**_fields(row)) for row in await tx.rows(_SQL["list"])]

    async def tenants(self) -> list[tuple[str, int]]:
        """The tenants that have keys, with how many of them are valid: for the operator."""
        async with self._database.unscoped("gate") as tx:
            return [(row["tenant_id"], row["valid"]) for row in await tx.rows(_SQL["tenants"])]

    async def revoke(self, tenant_id: str, key_id: str) -> None:
        """End a key now. Ending it twice is fine. Raises `NotFound`."""
        async with self._database.transaction("app", _tenant(tenant_id)) as tx:
            if await tx.row(_SQL["revoke"], key_id=key_id, revoked_at=datetime.now(UTC)) is None:
                raise NotFound(f"there is no key {key_id!r}")
        self._remembered.pop(key_id, None)

    async def rotate(self, tenant_id: str, key_id: str, *, overlap: timedelta) -> tuple[Key, str]:
        """A new key with the rights of an old one, which goes on for *overlap*. Raises `NotFound`."""
        async with self._database.transaction("app", _tenant(tenant_id)) as tx:
            row = await tx.row(_SQL["limit_life"], key_id=key_id, expires_at=datetime.now(UTC) + overlap)
        if row is None:
            raise NotFound(f"there is no valid key {key_id!r}")
        self._remembered.pop(key_id, None)
        purposes = None if row["purposes"] is None else tuple(row["purposes"])
        scopes = tuple(row["scopes"])
        return await self.create(
            NewKey(
                tenant_id=tenant_id,
                scopes=scopes,
                label=row["label"],
                bound_user_id=row["bound_user_id"],
                purposes=purposes,
            )
        )

    def _recall(self, key_id: str) -> Remembered | None:
        kept = self._remembered.get(key_id)
        age = self._clock() - kept.at if kept else math.inf
        if age >= REMEMBERED_SECONDS:
            return None
        if age >= REFRESH_SECONDS:
            self._ageing.add(key_id)
            if self._refreshing is None or self._refreshing.done():
                self._refreshing = asyncio.create_task(self._refresh(), name="recalld-keys")
        return kept

    async def _refresh(self) -> None:
        """Look up at once all keys in use that age. When the database is away, the next request that needs one says so."""
        ageing, self._ageing = sorted(self._ageing), set()
        with suppress(RecalldError):
            await self._read(ageing)

    async def _look_up(self, key_id: str) -> Remembered | None:
        await self._read([key_id])
        return self._remembered.get(key_id)

    async def _read(self, key_ids: Sequence[str]) -> None:
        """Remember these keys as they are now; what there is not any more is forgotten."""
        at = self._clock()
        async with self._database.pipelined("gate", NOBODY) as tx:
            rows = await tx.rows(_SQL["find"], key_ids=list(key_ids))
        for key_id in key_ids:
            self._remembered.pop(key_id, None)
        if len(self._remembered) >= REMEMBERED_KEYS:
            self._remembered.clear()
        for row in rows:
            self._remembered[row["key_id"]] = Remembered(at, Key(**_fields(row)), bytes(row["secret_hash"]))


def _tenant(tenant_id: str) -> UserRef:
    return tenant_scope(check_id("tenant id", tenant_id))


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _fields(row: DictRow) -> DictRow:
    values = {field.name: row[field.name] for field in fields(Key)}
    purposes: Sequence[str] | None = values["purposes"]
    return values | {"scopes": tuple(values["scopes"]), "purposes": None if purposes is None else tuple(purposes)}
