"""Administration: keys of one's own tenant, what models took, and, for the operator, tenants."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from recalld.models.ledger import UsageRow
from recalld.server.access import Admin, KeyId, OpenMemory, Operator
from recalld.server.bodies import (
    Day,
    KeyBody,
    KeyList,
    NewKeyBody,
    NewTenantBody,
    RotateBody,
    ShownKey,
    TenantBody,
    Tenants,
    Usage,
    UsageBody,
)
from recalld.server.keys import Key, Keys, NewKey
from recalld.server.problems import FORBIDDEN, Refused

router = APIRouter(prefix="/v1", tags=["administration"])


def _keys(request: Request) -> Keys:
    return request.app.state.entry.keys


OpenKeys = Annotated[Keys, Depends(_keys)]


@router.get("/keys")
async def list_keys(admin: Admin, keys: OpenKeys) -> KeyList:
    """The tenant's keys, newest first; never a secret."""
    return KeyList(items=[KeyBody.model_validate(key) for key in await keys.list(admin.tenant_id)])


@router.post("/keys", status_code=201)
async def create_key(admin: Admin, keys: OpenKeys, body: NewKeyBody) -> ShownKey:
    """A new key of the same tenant; its text is shown this once."""
    if "operator" in body.scopes:
        raise Refused(FORBIDDEN, "a key for the operator is made with 'recalld keys create'")
    new = NewKey(
        tenant_id=admin.tenant_id,
        scopes=tuple(body.scopes),
        label=body.label,
        bound_user_id=body.user_id,
        purposes=None if body.purposes is None else tuple(body.purposes),
        expires_in=None if body.expires_in_days is None else timedelta(days=body.expires_in_days),
    )
    return shown(*await keys.create(new))


@router.delete("/keys/{key_id}")
async def revoke_key(admin: Admin, keys: OpenKeys, key_id: KeyId) -> KeyList:
    """End a key now; the keys that are left."""
    await keys.revoke(admin.tenant_id, key_id)
    return await list_keys(admin, keys)


@router.post("/keys/{key_id}/rotate", status_code=201)
async def rotate_key(admin: Admin, keys: OpenKeys, key_id: KeyId, body: RotateBody) -> ShownKey:
    """A new key with the same rights; the old one goes on for a while."""
    return shown(*await keys.rotate(admin.tenant_id, key_id, overlap=timedelta(seconds=body.overlap_seconds)))


@router.get("/usage")
async def usage(
    admin: Admin,
    memory: OpenMemory,
    since: Annotated[Day | None, Query(description="First day, UTC; default: the first of this month.")] = None,
    until: Annotated[
        Day | None, Query(description="The day after the last one; default: the first of next month.")
    ] = None,
    user_id: Annotated[str | None, Query(min_length=1, max_length=255, description="Only this person's.")] = None,
) -> Usage:
    """What models took, per day, component and model."""
    if user_id is None:
        rows = await memory.usage(admin.tenant_id, since=since, until=until)
    else:
        rows = await memory.user(admin.tenant_id, user_id).usage(since=since, until=until)
    return Usage(items=[_usage(row) for row in rows])


@router.get("/tenants")
async def tenants(operator: Operator, keys: OpenKeys) -> Tenants:  # noqa: ARG001 -- asked for its right
    """The tenants that have keys."""
    return Tenants(items=[TenantBody(tenant_id=name, keys=count) for name, count in await keys.tenants()])


@router.post("/tenants", status_code=201)
async def create_tenant(operator: Operator, keys: OpenKeys, body: NewTenantBody) -> ShownKey:  # noqa: ARG001 -- asked for its right
    """A tenant begins with its first key, whose text is shown this once."""
    return shown(*await keys.create(NewKey(tenant_id=body.tenant_id, scopes=tuple(body.scopes), label=body.label)))


def shown(key: Key, text: str) -> ShownKey:
    """A new key with its text."""
    return ShownKey(**asdict(key), key=text)


def _usage(row: UsageRow) -> UsageBody:
    return UsageBody.model_validate({**asdict(row), "day": row.day.isoformat(), "cost_usd": float(row.cost_usd)})
