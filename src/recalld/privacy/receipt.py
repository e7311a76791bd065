"""Receipts: what was erased, without anything personal, signed with Ed25519 and chained by hashes.

Each receipt of a tenant carries the hash of the one before, so none can be taken out or put in unseen. The person appears as an HMAC
under a key of the installation: whoever has the key and the name can find the receipt, nobody else can find the name.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from psycopg.types.json import Jsonb

from recalld.errors import Conflict, InvalidInput
from recalld.postgres.pool import Database, Transaction
from recalld.postgres.queries import beside
from recalld.values import ErasureReceipt, LayerErasure, UserRef, tenant_scope

_SQL = beside(__file__, "receipt.sql")
_TRIES = 1000  # writers of one tenant's chain that may be faster


@dataclass(frozen=True, kw_only=True, slots=True)
class Secrets:
    """The installation's keys."""

    pseudonyms: bytes
    signing: bytes  # seed of the Ed25519 key

    def subject(self, user: UserRef) -> str:
        """The pseudonym of a person."""
        return self._pseudonym("user", user.tenant_id, user.user_id)

    def tenant_subject(self, tenant_id: str) -> str:
        """The pseudonym of a whole tenant, in the receipt of its erasure."""
        return self._pseudonym("tenant", tenant_id)

    def _pseudonym(self, *parts: str) -> str:
        return hmac.new(self.pseudonyms, "\x1f".join(("pseudonym", *parts)).encode(), hashlib.sha256).hexdigest()

    @property
    def public_key(self) -> str:
        """The key that receipts are checked with, in hex."""
        return self._signer().public_key().public_bytes_raw().hex()

    def sign(self, receipt: ErasureReceipt) -> ErasureReceipt:
        """The receipt with its signature and the key it is checked with."""
        keyed = replace(receipt, key=self.public_key)
        return replace(keyed, signature=self._signer().sign(canonical(keyed).encode()).hex())

    def _signer(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.signing)


async def secrets(tx: Transaction) -> Secrets:
    """The keys, read by the eraser, the worker or the app."""
    found = {row["name"]: bytes(row["value"]) for row in await tx.rows(_SQL["secrets"])}
    return Secrets(pseudonyms=found["fence_key"], signing=found["receipt_key"])


# ---------------------------------------------------------------- the chain
class Receipts:
    """The chain of receipts of each tenant."""

    def __init__(self, database: Database) -> None:
        """Receipts are written in the eraser's transaction and read in one of the auditor."""
        self._database = database

    async def append(self, tx: Transaction, receipt: ErasureReceipt, keys: Secrets) -> ErasureReceipt:
        """Sign *receipt* as the next one of the tenant's chain, in the caller's transaction as the eraser."""
        for _ in range(_TRIES):
            last = await tx.row(_SQL["last"])
            signed = keys.sign(replace(receipt, previous=last["hash"] if last else ""))
            if await self.insert(tx, signed, seq=last["seq"] + 1 if last else 1):
                return signed
        raise Conflict("too many erasures of this tenant at the same time; it will be tried again")

    async def insert(self, tx: Transaction, signed: ErasureReceipt, *, seq: int) -> bool:
        """Put a signed receipt into its place; false when the place is taken."""
        cursor = await tx.execute(
            _SQL["insert"],
            seq=seq,
            erasure_id=signed.erasure_id,
            hash=hash_of(signed),
            receipt=Jsonb(as_mapping(signed)),
        )
        return cursor.rowcount == 1

    async def restore(self, tx: Transaction, signed: ErasureReceipt) -> None:
        """Put a receipt that was signed before behind the chain, as it is."""
        last = await tx.row(_SQL["last"])
        await self.insert(tx, signed, seq=last["seq"] + 1 if last else 1)

    async def latest(self, tenant_id: str, erasure_id: str) -> ErasureReceipt | None:
        """The newest receipt of one erasure."""
        async with self._database.transaction("auditor", tenant_scope(tenant_id)) as tx:
            row = await tx.row(_SQL["of_erasure"], erasure_id=erasure_id)
        return from_mapping(row["receipt"]) if row else None

    async def all(self, tenant_id: str) -> list[ErasureReceipt]:
        """The tenant's chain, oldest first."""
        async with self._database.transaction("auditor", tenant_scope(tenant_id)) as tx:
            return [from_mapping(row["receipt"]) for row in await tx.rows(_SQL["all"])]


# ---------------------------------------------------------------- form and proof
def as_mapping(receipt: ErasureReceipt) -> dict[str, Any]:
    """The receipt as JSON knows it."""
    return json.loads(json.dumps(asdict(receipt), default=datetime.isoformat))


def from_mapping(body: Mapping[str, Any]) -> ErasureReceipt:
    """A receipt from its JSON form. Raises `InvalidInput`."""
    known = {field.name for field in fields(ErasureReceipt)}
    if not {"erasure_id", "signature", "layers"} <= set(body) <= known:
        raise InvalidInput("this is not a receipt of recalld")
    values: dict[str, Any] = dict(body)
    for name in ("requested_at", "verified_at", "swept_at"):
        values[name] = _moment(body.get(name))
    values["layers"] = {name: LayerErasure(**layer) for name, layer in body["layers"].items()}
    values["residuals"] = tuple(body.get("residuals", ()))
    return ErasureReceipt(**values)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def canonical(receipt: ErasureReceipt) -> str:
    """The receipt as the JSON text that is signed: sorted keys, without the signature itself."""
    body = {name: value for name, value in as_mapping(receipt).items() if name != "signature"}
    return json.dumps(body, sort_keys=True, separators=(",", ":"))


def hash_of(receipt: ErasureReceipt) -> str:
    """What the next receipt of the chain carries as `previous`."""
    return hashlib.sha256(f"{canonical(receipt)}{receipt.signature}".encode()).hexdigest()


def signed_by(receipt: ErasureReceipt, public_key: str) -> bool:
    """True when the receipt stands as the holder of that key signed it."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(receipt.signature), canonical(receipt).encode())
    except (InvalidSignature, ValueError):
        return False
    return receipt.key == public_key


def faults(receipts: Iterable[ErasureReceipt], public_key: str) -> list[str]:
    """What is wrong with a chain, or a run of one, oldest first: bad signatures and broken links. Nothing: it stands."""
    found: list[str] = []
    previous: str | None = None
    for place, receipt in enumerate(receipts, start=1):
        if not signed_by(receipt, public_key):
            found.append(f"receipt {place} ({receipt.erasure_id}) is not as it was signed by this key")
        if (
            not receipt.verified
        ):  # a line of the ledger about an erasure that began; the chain is of those that were verified
            continue
        if previous is not None and receipt.previous != previous:
            found.append(f"receipt {place} ({receipt.erasure_id}) does not follow the one before it")
        previous = hash_of(receipt)
    return found
