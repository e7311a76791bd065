"""Facts: read, set, delete, and how they came about."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from recalld.server.access import Access, ErasingUser, FactId, Reader, Writer
from recalld.server.bodies import (
    ChangesBody,
    ConflictBody,
    Conflicts,
    FactBody,
    Facts,
    Histories,
    HistoryBody,
    HistoryEntryBody,
    Moment,
    SetFactBody,
)

router = APIRouter(prefix="/v1/users/{user_id}", tags=["facts"])
AskedNow = Annotated[Moment | None, Query(description="Stands for now.")]
AskedPurposes = Annotated[list[str] | None, Query(alias="purpose", max_length=50, description="May be repeated.")]


@router.get("/facts")
async def facts(
    access: Reader,
    as_of: Annotated[Moment | None, Query(description="As it was true then.")] = None,
    believed_at: Annotated[Moment | None, Query(description="As recalld believed it then.")] = None,
    include_closed: bool = False,
    at: AskedNow = None,
    purposes: AskedPurposes = None,
) -> Facts:
    """What is known about the person."""
    found = await access.user().facts(
        as_of=as_of,
        believed_at=believed_at,
        include_closed=include_closed,
        at=at,
        purposes=access.reading(purposes),
    )
    return Facts(items=[FactBody.model_validate(fact) for fact in found])


@router.put("/facts")
async def set_fact(access: Writer, body: SetFactBody) -> FactBody:
    """State a fact; it is merged like any other statement."""
    memory = access.user(body.purpose)
    fact = await memory.set_fact(
        body.attribute, body.value, valid_from=body.valid_from, valid_to=body.valid_to, at=body.at
    )
    return FactBody.model_validate(fact)


@router.get("/facts/{fact_id}")
async def why(access: Reader, fact_id: FactId, purposes: AskedPurposes = None, at: AskedNow = None) -> HistoryEntryBody:
    """One fact with the sentences it rests on, and what ended it."""
    found = await access.user().why(fact_id, purposes=access.reading(purposes), at=at)
    return HistoryEntryBody.model_validate(found)


@router.delete("/facts/{fact_id}")
async def delete_fact(access: ErasingUser, fact_id: FactId, at: AskedNow = None) -> ChangesBody:
    """Forget one fact with the statements it rests on."""
    await _check_fact(access, fact_id)
    return ChangesBody.model_validate(await access.user().delete_fact(fact_id, at=at))


@router.post("/facts/{fact_id}/decide")
async def decide(access: Writer, fact_id: FactId, purposes: AskedPurposes = None, at: AskedNow = None) -> FactBody:
    """Decide a conflict otherwise: this value holds, and the one that took its place was never true."""
    fact = await access.user().decide(fact_id, purposes=access.reading(purposes), at=at)
    return FactBody.model_validate(fact)


@router.get("/history")
async def history(
    access: Reader,
    attribute: Annotated[str | None, Query(min_length=1, max_length=255)] = None,
    purposes: AskedPurposes = None,
    at: AskedNow = None,
) -> Histories:
    """Each attribute as a timeline."""
    found = await access.user().history(attribute, purposes=access.reading(purposes), at=at)
    return Histories(items=[HistoryBody.model_validate(one) for one in found])


@router.get("/conflicts")
async def conflicts(access: Reader, purposes: AskedPurposes = None, at: AskedNow = None) -> Conflicts:
    """What contradicted what, and how it was decided."""
    found = await access.user().conflicts(purposes=access.reading(purposes), at=at)
    return Conflicts(items=[ConflictBody.model_validate(one) for one in found])


async def _check_fact(access: Access, fact_id: str) -> None:
    """For a key of some purposes: `NotFound` on a fact of another one."""
    if access.key.purposes is not None:
        await access.user().why(fact_id, purposes=access.key.purposes)
