"""The application: routes behind the gate, over one open installation."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

from fastapi import APIRouter, FastAPI

from recalld.memory import Memory
from recalld.server import problems
from recalld.server.gate import OPEN, Entry, Gate
from recalld.server.keys import Keys
from recalld.server.limits import Guard, Limits
from recalld.server.metrics import Metrics
from recalld.server.routes import admin, episodes, facts, operations, recall, rights, sessions
from recalld.settings import Settings

ROUTERS = (
    sessions.router,
    recall.router,
    facts.router,
    episodes.router,
    rights.router,
    rights.tenant_router,
    admin.router,
    operations.router,
)
PROBLEMS = {
    401: "No valid key.",
    403: "The key does not allow it.",
    404: "No such thing for this user and key.",
    409: "The state does not allow it, or another writer was faster.",
    413: "Too large.",
    415: "Compressed, or not JSON.",
    422: "Something in the request cannot be used.",
    429: "Too many requests; see Retry-After.",
    500: "A fault of recalld.",
    503: "A store or model does not answer; try again.",
}


def create_app(
    memory: Memory | None = None, settings: Settings | None = None, *, routers: Sequence[APIRouter] = ROUTERS
) -> FastAPI:
    """The ASGI application over *memory*, or over one that its lifespan opens from *settings* (default: the environment)."""
    chosen = settings or (memory.parts.settings if memory else Settings.read())

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            opened = memory or await stack.enter_async_context(Memory.open(chosen))
            connect(app, opened, chosen)
            for run in app.state.faces:
                await stack.enter_async_context(run())
            yield

    app = FastAPI(
        title="recalld",
        summary="Memory for AI agents that lasts across sessions.",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # its spans name paths, which have ids in them
    )
    app.add_middleware(Gate)
    problems.install(app)
    for router in routers:
        app.include_router(router)
    faces: list[Callable[[], AbstractAsyncContextManager[Any]]] = []
    app.state.faces = faces
    if routers is ROUTERS and importlib.util.find_spec("mcp") is not None:
        from recalld.mcp.http import mount  # noqa: PLC0415 -- an extra

        mount(app)
    app.state.methods = partial(methods, app)
    app.openapi = lambda: described(app)  # type: ignore[method-assign]
    return app


def connect(app: FastAPI, memory: Memory, settings: Settings) -> None:
    """Give the routes what they work on."""
    metrics = Metrics()
    metrics.watch(memory.parts)
    app.state.memory = memory
    app.state.entry = Entry(
        keys=Keys(memory.parts.database),
        guard=guarding(memory, settings),
        metrics=metrics,
        max_body=settings.max_body_bytes,
    )


def guarding(memory: Memory, settings: Settings) -> Guard:
    """The limits over *memory*, whose ledger tells what models took."""
    guard = Guard(limits_of(settings), open_sessions=memory.open_sessions)
    memory.parts.ledger.observers.append(
        lambda user, uses: guard.money.spend(user.tenant_id, float(sum(use.cost_usd for use in uses)))
    )
    return guard


def limits_of(settings: Settings) -> Limits:
    """The limits that *settings* name; a tenant never holds all database connections."""
    return Limits(
        key_requests=settings.key_requests_per_second,
        tenant_requests=settings.tenant_requests_per_second,
        tenant_bytes=settings.tenant_bytes_per_second,
        tenant_open_sessions=settings.tenant_open_sessions,
        tenant_usd=settings.tenant_usd_per_hour,
        tenant_concurrency=max(1, settings.max_connections * 3 // 4),
    )


def described(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document: with the key, and with the problems that each route may answer."""
    if app.openapi_schema is None:
        document = FastAPI.openapi(app)
        components = document.setdefault("components", {})
        components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "description": "An API key."}}
        components["schemas"]["Problem"] = problems.Problem.model_json_schema()
        for path, operations_ in document["paths"].items():
            for operation in operations_.values():
                _describe(operation, is_open=path in OPEN)
        app.openapi_schema = document
    return app.openapi_schema


def _describe(operation: dict[str, Any], *, is_open: bool) -> None:
    content = {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, description in PROBLEMS.items():
        if is_open and str(status) in operation["responses"]:
            continue
        operation["responses"][str(status)] = {"description": description, "content": content}
    for parameter in operation.get("parameters", ()):
        parameter["schema"] = _without_null(parameter["schema"])
    operation["security"] = [] if is_open else [{"key": []}]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is there or not; it cannot be null."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    others = {name: value for name, value in schema.items() if name != "anyOf"}
    return {**others, **kinds[0]} if len(kinds) == 1 else schema


def methods(app: FastAPI, path: str) -> list[str]:
    """The methods that there are for *path*."""
    known = ((method, re.sub(r"\\\{[^}]*\}", "[^/]+", re.escape(template))) for method, template in routes(app))
    return [method for method, pattern in known if re.fullmatch(pattern, path)]


def routes(app: FastAPI) -> list[tuple[str, str]]:
    """Method and path of every route of the API."""
    return sorted(
        (method.upper(), path) for path, operations_ in app.openapi()["paths"].items() for method in operations_
    )
