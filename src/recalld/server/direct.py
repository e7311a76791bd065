"""The two routes of every turn, called without what FastAPI does around an endpoint.

Finding the route among fifty, solving its dependencies and two stacks of contexts took 0.35 ms of the 0.95 ms of an append. Here the same
endpoint is called with the same models. Whatever is unusual about a request, a body that does not fit above all, goes through FastAPI as if
this were not here: so there is one place that says what is wrong with a request, and one that describes the routes.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, ValidationError
from starlette.routing import compile_path
from starlette.types import Scope, Send

from recalld.errors import InvalidId
from recalld.server import access
from recalld.server.bodies import AppendBody, ContextBody
from recalld.server.keys import Key
from recalld.server.keys import Scope as Right
from recalld.server.routes import recall, sessions

Headers = Mapping[bytes, bytes]
JSON = b"application/json"
REQUEST_KEY = b"idempotency-key"
MAX_ID_LENGTH = 255


@dataclass(frozen=True, slots=True)
class Route:
    """What FastAPI would find out about an endpoint for each request. `path` names it in metrics and logs."""

    path: str
    right: Right
    body: type[BaseModel]
    endpoint: Callable[..., Awaitable[BaseModel]]
    request_key: bool = False  # whether it looks at the header Idempotency-Key
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pattern", compile_path(self.path)[0])


ROUTES = (
    Route("/v1/users/{user_id}/context", "read", ContextBody, recall.context),
    Route("/v1/users/{user_id}/sessions/{session_id}/messages", "write", AppendBody, sessions.append, request_key=True),
)


@dataclass(frozen=True, slots=True)
class Call:
    """A request that one of the routes can answer."""

    route: Route
    user_id: str
    given: Mapping[str, Any]  # to the endpoint

    async def answer(self, app: FastAPI, key: Key, send: Send) -> None:
        """Call the endpoint and send what it returns. Raises what the endpoint raises."""
        reached = access.reach(app.state.memory, key, self.route.right, self.user_id, app.state.entry.guard)
        answer = await self.route.endpoint(access=reached, **self.given)
        content = answer.__pydantic_serializer__.to_json(answer)
        headers = [(b"content-length", b"%d" % len(content)), (b"content-type", JSON)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})


def find(scope: Scope, headers: Headers, body: bytes, routes: Iterable[Route] = ROUTES) -> Call | None:
    """The call that a request stands for; `None` when FastAPI is to look at it. *headers* are those of *scope* by their names."""
    if scope["method"] != "POST" or headers.get(b"content-type") != JSON or scope["query_string"]:
        return None
    if len(headers) != len(scope["headers"]):  # a header twice
        return None
    for route in routes:
        found = route.pattern.match(scope["path"])
        if found is not None:
            return _call(route, found.groupdict(), headers, body)
    return None


def _call(route: Route, ids: Mapping[str, str], headers: Headers, body: bytes) -> Call | None:
    given: dict[str, Any] = {}
    if route.request_key and REQUEST_KEY in headers:
        if not 1 <= len(headers[REQUEST_KEY]) <= MAX_ID_LENGTH:
            return None
        given["key"] = headers[REQUEST_KEY].decode("latin-1")
    try:
        given |= {name: access.decoded(value) for name, value in ids.items()}
        given["body"] = route.body.__pydantic_validator__.validate_json(body)
    except (InvalidId, ValidationError):
        return None
    return Call(route, given.pop("user_id"), given)
