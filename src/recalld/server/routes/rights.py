"""The rights: export and erasure."""

from __future__ import annotations

from dataclasses import asdict
from typing import Literal

from fastapi import APIRouter, Response

from recalld.server.access import ErasingUser, Exporter
from recalld.server.bodies import LayerBody, ReceiptBody
from recalld.values import ErasureReceipt

router = APIRouter(prefix="/v1/users/{user_id}", tags=["rights"])
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
    document = await access.every_purpose().export(format=format)
    return Response(document, media_type=MEDIA_TYPES[format])


@router.delete(
    "", responses={202: {"model": ReceiptBody, "description": "A layer did not answer; it goes on by itself."}}
)
async def erase(access: ErasingUser, response: Response) -> ReceiptBody:
    """Erase the person from all layers, and prove it."""
    receipt = await access.every_purpose().erase()
    response.status_code = 200 if receipt.verified else 202
    return receipt_body(receipt)


def receipt_body(receipt: ErasureReceipt) -> ReceiptBody:
    """A receipt as it travels."""
    plain = {name: getattr(receipt, name) for name in ReceiptBody.model_fields if name != "layers"}
    layers = {name: LayerBody(**asdict(layer)) for name, layer in receipt.layers.items()}
    return ReceiptBody(**plain, layers=layers)
