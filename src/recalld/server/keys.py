"""API keys: shown once, stored as an id and a hash, checked on every request.

    recalld_<key id>_<secret>

The tenant comes from the key and from nowhere else.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from psycopg.rows import DictRow

from recalld.border import check_id, check_purpose
from recalld.errors import InvalidInput, NotFound
from recalld.postgres.pool import Database
from recalld.postgres.queries import beside
from recalld.values import UserRef, tenant_scope

_SQL = beside(__file__, "keys.sql")

Scope = Literal["read", "write", "erase", "export", "admin", "operator"]
SCOPES: tuple[str, ...] = get_args(Scope)
REMEMBERED_SECONDS = 0.5  # a revocation takes effect within a second, in every process
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


class Keys:
    """Makes, finds and ends API keys."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Found keys are remembered for half a second, so that the check costs no query on a busy server."""
        self._database, self._clock = database, clock
        self._remembered: dict[str, tuple[float, Key, bytes]] = {}

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
        if found is None or not hmac.compare_digest(found[1], _hash(secret)):
            return None
        return found[0] if found[0].valid_at(datetime.now(UTC)) else None

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

    def _recall(self, key_id: str) -> tuple[Key, bytes] | None:
        kept = self._remembered.get(key_id)
        return kept[1:] if kept and kept[0] > self._clock() else None

    async def _look_up(self, key_id: str) -> tuple[Key, bytes] | None:
        async with self._database.unscoped("gate") as tx:
            row = await tx.row(_SQL["find"], key_id=key_id)
        if row is None:
            return None
        if len(self._remembered) >= REMEMBERED_KEYS:
            self._remembered.clear()
        found = Key(**_fields(row)), bytes(row["secret_hash"])
        self._remembered[key_id] = (self._clock() + REMEMBERED_SECONDS, *found)
        return found


def _tenant(tenant_id: str) -> UserRef:
    return tenant_scope(check_id("tenant id", tenant_id))


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _fields(row: DictRow) -> DictRow:
    values = {field.name: row[field.name] for field in fields(Key)}
    purposes: Sequence[str] | None = values["purposes"]
    return values | {"scopes": tuple(values["scopes"]), "purposes": None if purposes is None else tuple(purposes)}
