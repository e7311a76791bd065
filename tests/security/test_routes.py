"""Every route of the API against every kind of caller that must not get in. The table is the application's own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from recalld import Memory, Settings
from recalld.server.app import create_app, routes
from recalld.server.gate import OPEN
from recalld.server.keys import SCOPES
from tests.service import Service, serving

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
CANARY = "canary-7731"
ROUTES = routes(create_app(settings=Settings.read()))
GUARDED = [(method, path) for method, path in ROUTES if path not in OPEN]
PERSONAL = [(method, path) for method, path in GUARDED if "{user_id}" in path]
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/v1/keys"): {"scopes": ["read"]},
    ("POST", "/v1/keys/{key_id}/rotate"): {},
    ("PUT", "/v1/purposes/{purpose}"): {"description": "Orders.", "legal_basis": "contract"},
    ("POST", "/v1/tenants"): {"tenant_id": "globex"},
    ("POST", "/v1/users/{user_id}/context"): {"query": CANARY, "session_id": "open"},
    ("POST", "/v1/users/{user_id}/search"): {"query": CANARY},
    ("POST", "/v1/users/{user_id}/sessions/{session_id}/messages"): {
        "messages": [{"role": "user", "content": "hello"}]
    },
    ("PUT", "/v1/users/{user_id}/sessions/{session_id}/state"): {"state": {}},
    ("PUT", "/v1/users/{user_id}/facts"): {"attribute": "seat", "value": "window"},
    ("PUT", "/v1/users/{user_id}/episodes/{episode_id}"): {"summary": "x", "ended_at": NOON.isoformat()},
    ("POST", "/v1/users/{user_id}/forget"): {"query": CANARY, "dry_run": False},
    ("PUT", "/v1/users/{user_id}/hold"): {"reason": "Case 12."},
    ("POST", "/v1/users/{user_id}/import"): {"schema": "recalld-export-1"}
    | {name: [] for name in ("consents", "facts", "statements", "episodes", "sessions", "usage")},
    ("POST", "/v1/users/{user_id}/purposes/{purpose}/change"): {"to": "sales"},
}


@pytest.fixture
async def service(memory: Memory) -> AsyncIterator[Service]:
    async with serving(memory) as service:
        yield service


@pytest.fixture
async def victim(service: Service) -> dict[str, str]:
    """The ids of what Ada of acme has, which attackers are supposed to know."""
    from recalld import Message

    ada = service.memory.user("acme", "ada")
    await ada.append("open", [Message(role="user", content=f"{CANARY} is my order")], at=NOON)
    fact = await ada.set_fact("plan", CANARY, at=NOON)
    episode = await ada.add_episode(summary=f"{CANARY} was ordered.", ended_at=NOON, episode_id="e1")
    key = (await service.keys.list("acme") or [None])[0]
    return {
        "tenant_id": "acme",
        "user_id": "ada",
        "session_id": "open",
        "fact_id": fact.fact_id,
        "episode_id": episode.episode_id,
        "key_id": key.key_id if key else "000000000000",
        "erasure_id": "e",
        "seq": "0",
        "purpose": "general",
    }


async def ask(
    service: Service, method: str, path: str, ids: dict[str, str], headers: dict[str, str]
) -> httpx2.Response:
    return await service.http.request(method, path.format(**ids), json=BODIES.get((method, path)), headers=headers)


async def state(service: Service) -> tuple[Any, ...]:
    """Everything Ada of acme has, but for the record of who looked and what the tenant declared, and the keys of acme."""
    kept = json.loads(await service.memory.user("acme", "ada").export(format="json"))
    del kept["audit"], kept["purposes"]
    return (json.dumps(kept, sort_keys=True), [key.revoked_at for key in await service.keys.list("acme")])


def test_the_table_of_routes_is_the_whole_api() -> None:
    assert len(GUARDED) >= 30
    assert set(BODIES) <= set(ROUTES)


async def test_every_route_refuses_who_has_no_valid_key(service: Service, victim: dict[str, str]):
    made, revoked = await service.key(), await service.key()
    await service.keys.revoke("acme", revoked["Authorization"].split("_")[1])
    wrong = made["Authorization"][:-1] + ("A" if made["Authorization"][-1] != "A" else "B")
    bad = ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic YTpi"}, {"Authorization": wrong}, revoked)
    before = await state(service)
    for headers in (*bad, await service.expired()):
        for method, path in GUARDED:
            answer = await ask(service, method, path, victim, headers)
            assert (method, path, answer.status_code) == (method, path, 401)
            assert answer.headers["www-authenticate"] == "Bearer"
            assert CANARY not in answer.text
    assert (await state(service))[0] == before[0]


async def test_every_route_refuses_a_key_of_every_other_scope(service: Service, victim: dict[str, str]):
    named = ("tenant_id", "user_id", "session_id", "fact_id", "episode_id", "purpose")
    nobody = victim | dict.fromkeys(named, "none")
    keys = {scope: await service.key("acme" if scope != "operator" else "ops", (scope,)) for scope in SCOPES}
    before = await state(service)
    for method, path in sorted(
        GUARDED, key=lambda route: "purposes" in route[1]
    ):  # a declared purpose forbids all others
        outcomes = {
            scope: (await ask(service, method, path, nobody, headers)).status_code for scope, headers in keys.items()
        }
        refused = [scope for scope, status in outcomes.items() if status == 403]
        assert len(refused) == (0 if path == "/openapi.json" else len(SCOPES) - 1), (method, path, outcomes)
    assert (await state(service))[0] == before[0]


async def test_a_key_bound_to_one_user_knows_no_other(service: Service, victim: dict[str, str]):
    before, eve = await state(service), await service.key(bound_user_id="eve")
    for method, path in PERSONAL:
        answer = await ask(service, method, path, victim, eve)
        assert (method, path, answer.status_code) == (method, path, 404)
        assert CANARY not in answer.text
    assert (await state(service))[0] == before[0]


async def test_a_key_of_another_tenant_reaches_nothing(service: Service, victim: dict[str, str]):
    before, globex = await state(service), await service.key("globex")
    for method, path in PERSONAL:
        answer = await ask(service, method, path, victim, globex)
        assert answer.status_code < 500, (method, path)
        assert CANARY not in answer.text, (method, path)
        if any(name in path for name in ("{fact_id}", "{episode_id}")) and method in ("GET", "DELETE"):
            own = path.endswith("{episode_id}")  # it put an episode of the same id into its own memory
            assert answer.status_code == 404 or own, (method, path)
        assert (await state(service))[0] == before[0], (method, path)


async def test_a_key_of_another_purpose_reaches_nothing(service: Service, victim: dict[str, str]):
    sales = await service.key(purposes=("sales",))
    for method, path in PERSONAL:
        before = await state(service)
        answer = await ask(service, method, path, victim, sales)
        assert answer.status_code < 500, (method, path)
        assert CANARY not in answer.text, (method, path)
        after = await state(service)
        if method != "PUT":  # what it writes is its own, under its own purpose
            assert after[0] == before[0], (method, path)
        assert after[0].count(CANARY) == before[0].count(CANARY), (method, path)


async def test_routes_of_administration_refuse_a_bound_key(service: Service, victim: dict[str, str]):
    bound = await service.key(scopes=SCOPES, bound_user_id="ada")
    for method, path in set(GUARDED) - set(PERSONAL) - {("GET", "/openapi.json")}:
        assert (await ask(service, method, path, victim, bound)).status_code == 403, (method, path)


async def test_a_tenant_in_a_header_or_body_changes_nothing(service: Service, victim: dict[str, str]):
    globex = await service.key("globex") | {"X-Tenant": "acme", "X-Tenant-Id": "acme", "Tenant-Id": "acme"}
    found = await service.http.get("/v1/users/ada/facts?tenant=acme&tenant_id=acme", headers=globex)
    assert (found.status_code, found.json()["items"]) == (200, [])
    body = await service.http.post("/v1/users/ada/search", json={"query": "x", "tenant_id": "acme"}, headers=globex)
    assert body.status_code == 422


async def test_an_admin_cannot_end_another_tenants_key(service: Service, victim: dict[str, str]):
    acme = await service.key()
    key_id = acme["Authorization"].split("_")[1]
    globex = await service.key("globex")
    assert (await service.http.delete(f"/v1/keys/{key_id}", headers=globex)).status_code == 404
    assert (await service.http.post(f"/v1/keys/{key_id}/rotate", json={}, headers=globex)).status_code == 404
    assert (await service.http.get("/v1/users/ada/facts", headers=acme)).status_code == 200


async def test_an_admin_erases_no_other_tenant(service: Service, victim: dict[str, str]):
    before, globex = await state(service), await service.key("globex")
    assert (await service.http.delete("/v1/tenants/acme", headers=globex)).status_code == 404
    assert await state(service) == before


async def test_a_key_stands_in_the_database_as_a_hash_only(service: Service, admin: Any):
    header = await service.key()
    secret = header["Authorization"].split("_", 2)[2]
    rows = admin.execute("select k::text from recalld.api_keys k").fetchall()
    assert len(rows) == 1
    assert secret not in str(rows)


async def test_a_revocation_elsewhere_takes_effect_when_the_key_is_looked_up_again(memory: Memory):
    """Two processes of one installation: what one has remembered of a key ends after half a second."""
    from recalld.server.keys import REMEMBERED_SECONDS, Keys, NewKey

    now = [0.0]
    here, there = Keys(memory.parts.database, clock=lambda: now[0]), Keys(memory.parts.database)
    key, text = await here.create(NewKey(tenant_id="acme", scopes=("read",)))
    assert await here.find(text) is not None
    await there.revoke("acme", key.key_id)
    now[0] += REMEMBERED_SECONDS
    assert await here.find(text) is None
    assert REMEMBERED_SECONDS < 1
