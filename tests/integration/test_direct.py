"""The two routes of every turn answer the same whether FastAPI is in between or not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from recalld import Memory
from recalld.server import direct
from recalld.server.app import create_app, routes
from recalld.settings import Settings
from tests.service import Service, serving

WHEN = "2026-11-03T12:00:00Z"
CONTEXT, APPEND = "/v1/users/ada/context", "/v1/users/ada/sessions/s1/messages"
HELLO = {"messages": [{"role": "user", "content": "My order is A-17.", "at": WHEN}], "first_seq": 0}
REQUESTS: dict[str, tuple[str, Any, dict[str, str]]] = {
    "a context": (CONTEXT, {"query": "my order", "session_id": "s1", "at": WHEN}, {}),
    "of a person whose id has a slash": ("/v1/users/a%2Fda/context", {"query": "", "at": WHEN}, {}),
    "an append that says its place": (APPEND, HELLO, {}),
    "an append under a key": (APPEND, HELLO, {"Idempotency-Key": "k1"}),
    "a key that is too long": (APPEND, HELLO, {"Idempotency-Key": "k" * 256}),
    "a field that is not there": (CONTEXT, {"query": "x", "querry": "y"}, {}),
    "a wrong purpose": (CONTEXT, {"query": "x", "purposes": ["\0"]}, {}),
    "a place too far": (APPEND, HELLO | {"first_seq": 7}, {}),
    "an id that is no text": ("/v1/users/%FF/context", {"query": "x"}, {}),
    "an id that is too long": (f"/v1/users/{'u' * 256}/context", {"query": "x"}, {}),
    "no object": (CONTEXT, "x", {}),
}


@pytest.fixture
async def service(memory: Memory) -> AsyncIterator[Service]:
    async with serving(memory) as service:
        yield service


async def ask(service: Service, path: str, body: Any, headers: dict[str, str]) -> tuple[Any, ...]:
    """Status, media type, names of headers and body, without what differs from request to request."""
    answer = await service.http.post(path, json=body, headers=headers)
    content = {name: value for name, value in answer.json().items() if name not in ("timings", "request_id")}
    return answer.status_code, answer.headers["content-type"], sorted(answer.headers), content


@pytest.mark.parametrize("name", REQUESTS)
async def test_an_answer_is_the_same_with_fastapi_in_between(service: Service, name: str):
    path, body, headers = REQUESTS[name]
    key = await service.key()
    await service.http.post(APPEND, json=HELLO, headers=key)
    found = await ask(service, path, body, key | headers)
    assert found == await ask(service, f"{path}?through=fastapi", body, key | headers)


async def test_a_key_without_the_right_is_refused_the_same(service: Service):
    key = await service.key(scopes=("export",))
    found = await ask(service, CONTEXT, {"query": "x"}, key)
    assert found[0] == 403
    assert found == await ask(service, f"{CONTEXT}?through=fastapi", {"query": "x"}, key)


def test_what_is_called_directly_is_in_the_table_of_routes():
    table = routes(create_app(settings=Settings.read()))
    assert {("POST", route.path) for route in direct.ROUTES} <= set(table)


def test_what_is_unusual_goes_through_fastapi():
    headers = {b"content-type": b"application/json"}
    scope = {"method": "POST", "path": CONTEXT, "query_string": b"", "headers": list(headers.items())}
    body = b'{"query": "x"}'
    assert direct.find(scope, headers, body) is not None
    assert direct.find(scope | {"query_string": b"a=b"}, headers, body) is None
    assert direct.find(scope | {"method": "PUT"}, headers, body) is None
    assert direct.find(scope | {"path": "/v1/users/ada/search"}, headers, body) is None
    assert direct.find(scope | {"headers": [*scope["headers"], *scope["headers"]]}, headers, body) is None
    assert direct.find(scope, {b"content-type": b"text/plain"}, body) is None
    assert direct.find(scope, headers, b'{"query": 1}') is None
