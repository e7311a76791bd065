"""The rights: export and erasure."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import asdict
from typing import Any, Literal

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from recalld.errors import NotFound
from recalld.privacy.purposes import Purpose
from recalld.server.access import (
    Admin,
    AdminOfUser,
    Erasing,
    ErasingUser,
    ErasureId,
    Exporter,
    OpenMemory,
    PurposeName,
    Reader,
    TenantId,
    Writer,
)
from recalld.server.bodies import (
    ChangePurposeBody,
    ConsentBody,
    Consents,
    DeclareBody,
    ForgetBody,
    ForgottenBody,
    HoldBody,
    HoldReasonBody,
    LayerBody,
    PurposeBody,
    PurposeList,
    ReceiptBody,
    ReleasedBody,
    RestoredBody,
    WithdrawalBody,
)
from recalld.server.document import ExportDocument
from recalld.values import ErasureReceipt

router = APIRouter(prefix="/v1/users/{user_id}", tags=["rights"])
tenant_router = APIRouter(prefix="/v1", tags=["rights"])
MEDIA_TYPES = {
    "markdown": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
}
DOCUMENTS = {
    media.split(";")[0]: {"schema": {} if "json" in media else {"type": "string"}} for media in MEDIA_TYPES.values()
}


@router.get("/export", response_class=Response, responses={200: {"content": DOCUMENTS, "description": "The document."}})
async def export(access: Exporter, format: Literal["markdown", "html", "json"] = "json") -> Response:  # noqa: A002 -- the word of the API
    """Everything stored about the person."""
    chunks = access.every_purpose().export_chunks(format=format)
    first = await anext(chunks)  # what there is to refuse is refused before the status is sent
    return StreamingResponse(_after(first, chunks), media_type=MEDIA_TYPES[format])


async def _after(first: str, rest: AsyncGenerator[str]) -> AsyncGenerator[str]:
    yield first
    async for chunk in rest:
        yield chunk


@router.post("/import")
async def import_export(access: Writer, document: ExportDocument) -> RestoredBody:
    """Bring a JSON export back, as this person, about whom nothing may be known yet."""
    text = document.model_dump_json(by_alias=True)
    return RestoredBody.model_validate(await access.every_purpose().import_export(text))


@router.post("/forget")
async def forget(access: ErasingUser, body: ForgetBody) -> ForgottenBody:
    """Delete what a search finds, episodes and facts, with all that follows from them; a dry run only shows it."""
    purposes = access.reading(body.purposes)
    found = await access.user().forget(body.query, dry_run=body.dry_run, k=body.k, at=body.at, purposes=purposes)
    return ForgottenBody.model_validate(found)


@router.put("/hold")
async def hold(access: AdminOfUser, body: HoldReasonBody) -> HoldBody:
    """Place a legal hold: what there is is neither deleted nor read nor changed."""
    return HoldBody.model_validate(await access.every_purpose().hold(body.reason))


@router.delete("/hold")
async def release(access: AdminOfUser) -> ReleasedBody:
    """End the hold; an erasure that waited for it is carried out."""
    return ReleasedBody(erasing=await access.every_purpose().release())


@router.post("/purposes/{purpose}/change")
async def change_purpose(access: AdminOfUser, purpose: PurposeName, body: ChangePurposeBody) -> WithdrawalBody:
    """Remember for another purpose what was remembered for this one."""
    return WithdrawalBody.model_validate(await access.every_purpose().change_purpose(purpose, to=body.to))


GOES_ON: dict[int | str, dict[str, Any]] = {
    202: {"model": ReceiptBody, "description": "A layer did not answer, or it takes longer; it goes on by itself."}
}


@router.delete("", responses=GOES_ON)
async def erase(access: ErasingUser, response: Response) -> ReceiptBody:
    """Erase the person from all layers, and prove it."""
    budget = access.memory.parts.settings.erase_budget_seconds
    receipt = await access.every_purpose().erase(budget_seconds=budget)
    response.status_code = 200 if receipt.verified else 202
    return receipt_body(receipt)


@router.get("/consents")
async def consents(access: Reader) -> Consents:
    """What the person decided about purposes."""
    found = await access.user().consents()
    return Consents(items=[ConsentBody.model_validate(one) for one in found])


@router.put("/consents/{purpose}")
async def give_consent(access: Writer, purpose: PurposeName) -> ConsentBody:
    """The person agrees to a purpose."""
    return ConsentBody.model_validate(await access.user(purpose).give_consent(purpose))


@router.delete("/consents/{purpose}")
async def withdraw_consent(access: ErasingUser, purpose: PurposeName) -> WithdrawalBody:
    """The person withdraws consent: everything remembered for the purpose goes, and nothing more is written for it."""
    return WithdrawalBody.model_validate(await access.user(purpose).withdraw_consent(purpose))


@tenant_router.get("/erasures/{erasure_id}")
async def erasure(key: Erasing, memory: OpenMemory, erasure_id: ErasureId) -> ReceiptBody:
    """How far an erasure is: its newest receipt."""
    return receipt_body(await memory.erasure(key.tenant_id, erasure_id))


@tenant_router.delete("/tenants/{tenant_id}", responses=GOES_ON)
async def erase_tenant(admin: Admin, memory: OpenMemory, tenant_id: TenantId, response: Response) -> ReceiptBody:
    """Erase the key's own tenant, which the path must name: its keys first, this one too, then everybody, then what it declared."""
    if tenant_id != admin.tenant_id:
        raise NotFound(f"there is no tenant {tenant_id!r}")
    receipt = await memory.erase_tenant(tenant_id, budget_seconds=memory.parts.settings.erase_budget_seconds)
    response.status_code = 200 if receipt.verified else 202
    return receipt_body(receipt)


@tenant_router.get("/purposes")
async def purposes(admin: Admin, memory: OpenMemory) -> PurposeList:
    """What the tenant has declared; withdrawn purposes too."""
    found = await memory.purposes(admin.tenant_id)
    return PurposeList(items=[PurposeBody.model_validate(one) for one in found])


@tenant_router.put("/purposes/{purpose}")
async def declare_purpose(admin: Admin, memory: OpenMemory, purpose: PurposeName, body: DeclareBody) -> PurposeBody:
    """Declare a purpose, or change it; from the first one on, only declared purposes may be written."""
    declared = Purpose(purpose=purpose, **body.model_dump())
    return PurposeBody.model_validate(await memory.declare_purpose(admin.tenant_id, declared))


@tenant_router.delete("/purposes/{purpose}")
async def withdraw_purpose(admin: Admin, memory: OpenMemory, purpose: PurposeName) -> PurposeList:
    """Write nothing more for a purpose; the purposes that are declared."""
    await memory.withdraw_purpose(admin.tenant_id, purpose)
    return await purposes(admin, memory)


def receipt_body(receipt: ErasureReceipt) -> ReceiptBody:
    """A receipt as it travels."""
    plain = {name: getattr(receipt, name) for name in ReceiptBody.model_fields if name != "layers"}
    layers = {name: LayerBody(**asdict(layer)) for name, layer in receipt.layers.items()}
    return ReceiptBody(**plain, layers=layers)
