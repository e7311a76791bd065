"""Operations: health, readiness, metrics."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from recalld.errors import Unavailable
from recalld.server.access import OpenMemory, Operator
from recalld.server.bodies import Health, Readiness
from recalld.server.metrics import CONTENT_TYPE

router = APIRouter(tags=["operations"])
NOT_READY: dict[int | str, dict[str, Any]] = {503: {"model": Readiness, "description": "A store does not answer."}}


@router.get("/healthz")
async def healthz() -> Health:
    """The process answers."""
    return Health(status="ok")


@router.get("/readyz", response_model=Readiness, responses=NOT_READY)
async def readyz(memory: OpenMemory) -> Readiness | JSONResponse:
    """The database answers; and how old the oldest session is that waits to become memory."""
    try:
        return await readiness(memory)
    except Unavailable:
        away = Readiness(status="database-unavailable", waiting=0, failed=0, oldest_seconds=0)
        return JSONResponse(away.model_dump(), status_code=503)


@router.get(
    "/metrics", response_class=Response, responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
)
async def metrics(request: Request, operator: Operator, memory: OpenMemory) -> Response:  # noqa: ARG001 -- asked for its right
    """Metrics in Prometheus' format, for a key with the scope `operator`."""
    found, gauges = await readiness(memory), request.app.state.entry.metrics
    gauges.backlog(found.waiting, found.failed, found.oldest_seconds)
    gauges.kept((await memory.parts.upgrades.count()).sessions)
    return Response(gauges.page(), headers={"Content-Type": CONTENT_TYPE})


async def readiness(memory: OpenMemory) -> Readiness:
    """What waits."""
    backlog = await memory.backlog()
    return Readiness(
        status="ready",
        waiting=backlog["waiting"],
        failed=backlog["failed"],
        oldest_seconds=backlog["oldest_seconds"] or 0.0,
    )
