"""The read flow."""

from __future__ import annotations

from fastapi import APIRouter

from recalld.server.access import Reader
from recalld.server.bodies import ContextAnswer, ContextBody, QueryBody, SearchAnswer

router = APIRouter(prefix="/v1/users/{user_id}", tags=["recall"])


@router.post("/context")
async def context(access: Reader, body: ContextBody) -> ContextAnswer:
    """The block of memory to put in front of the system prompt. Writes nothing."""
    access.check_money()
    await access.check_session(body.session_id)
    found = await access.user(timezone=body.timezone).context(
        body.query,
        session_id=body.session_id,
        budget_tokens=body.budget_tokens,
        k=body.k,
        at=body.at,
        purposes=access.reading(body.purposes),
        topics=body.topics,
        since=body.since,
        until=body.until,
    )
    return ContextAnswer.model_validate(found)


@router.post("/search")
async def search(access: Reader, body: QueryBody) -> SearchAnswer:
    """The episodes that answer a query, best first."""
    access.check_money()
    found = await access.user(timezone=body.timezone).explain(
        body.query,
        k=body.k,
        at=body.at,
        purposes=access.reading(body.purposes),
        topics=body.topics,
        since=body.since,
        until=body.until,
    )
    return SearchAnswer.model_validate(found)
