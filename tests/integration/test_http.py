"""The HTTP face: the two flows, inspection, the rights, and how errors look."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from recalld import Memory, Message
from recalld.models.meter import ModelUse
from recalld.postgres.embedded import DatabaseUrls
from tests.service import Service, serving

NOON = "2026-11-03T12:00:00+00:00"
USER = "/v1/users/ada"


@pytest.fixture
async def service(memory: Memory) -> AsyncIterator[Service]:
    async with serving(memory) as service:
        yield service


@pytest.fixture
async def acme(service: Service) -> dict[str, str]:
    return await service.key()


def said(*contents: str) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": content, "at": NOON} for content in contents], "at": NOON}


async def remember(service: Service, acme: dict[str, str], *contents: str, session: str = "s1") -> dict[str, object]:
    sent = await service.http.post(f"{USER}/sessions/{session}/messages", json=said(*contents), headers=acme)
    assert sent.status_code == 200, sent.text
    ended = await service.http.post(f"{USER}/sessions/{session}/end?wait=true", json={"at": NOON}, headers=acme)
    assert ended.status_code == 200, ended.text
    return ended.json()


async def test_what_was_said_in_one_session_is_in_the_context_of_the_next(service: Service, acme: dict[str, str]):
    report = await remember(service, acme, "My order A-17 arrived broken.")
    assert report["status"] == "ingested"
    answer = await service.http.post(
        f"{USER}/context", json={"query": "what about my order A-17?", "session_id": "s2", "at": NOON}, headers=acme
    )
    assert answer.status_code == 200
    assert "A-17" in answer.json()["text"]


async def test_an_open_session_shows_its_messages_and_state_and_an_ended_one_does_not(
    service: Service, acme: dict[str, str]
):
    await service.http.post(f"{USER}/sessions/s1/messages", json=said("hello there"), headers=acme)
    put = await service.http.put(f"{USER}/sessions/s1/state", json={"state": {"task": "refund"}}, headers=acme)
    shown = (await service.http.get(f"{USER}/sessions/s1", headers=acme)).json()
    assert put.json() == {"state": {"task": "refund"}}
    assert [message["content"] for message in shown["messages"]] == ["hello there"]
    assert (shown["state"], shown["working"]) == ("open", {"task": "refund"})
    await service.http.post(f"{USER}/sessions/s1/end?wait=true", headers=acme)
    gone = (await service.http.get(f"{USER}/sessions/s1", headers=acme)).json()
    assert (gone["state"], gone["messages"], gone["working"]) == ("ingested", [], {})


async def test_a_fact_is_set_explained_contradicted_and_decided_otherwise(service: Service, acme: dict[str, str]):
    first = (
        await service.http.put(
            f"{USER}/facts", json={"attribute": "plan", "value": "monthly", "at": NOON}, headers=acme
        )
    ).json()
    later = {"attribute": "plan", "value": "annual", "at": "2026-11-09T12:00:00Z"}
    second = (await service.http.put(f"{USER}/facts", json=later, headers=acme)).json()
    current = (await service.http.get(f"{USER}/facts", headers=acme)).json()["items"]
    assert [fact["value"] for fact in current] == ["annual"]
    why = (await service.http.get(f"{USER}/facts/{first['fact_id']}", headers=acme)).json()
    assert why["fact"]["superseded_by"] == second["fact_id"]
    decided = await service.http.post(f"{USER}/facts/{first['fact_id']}/decide", headers=acme)
    assert decided.json()["value"] == "monthly"
    conflicts = (await service.http.get(f"{USER}/conflicts", headers=acme)).json()["items"]
    assert {conflict["decision"] for conflict in conflicts} == {"corrected"}
    history = (await service.http.get(f"{USER}/history?attribute=plan", headers=acme)).json()["items"]
    assert len(history) == 1


async def test_a_key_of_one_purpose_explains_and_deletes_what_it_lists(service: Service, acme: dict[str, str]):
    for purpose, value, day in (("support", "monthly", 3), ("sales", "annual", 6), ("support", "monthly", 9)):
        body = {"attribute": "plan", "value": value, "purpose": purpose, "at": f"2026-11-{day:02}T12:00:00Z"}
        await service.http.put(f"{USER}/facts", json=body, headers=acme)
    bound = await service.key(purposes=("support",))
    (listed,) = (await service.http.get(f"{USER}/facts", headers=bound)).json()["items"]
    why = (await service.http.get(f"{USER}/facts/{listed['fact_id']}", headers=bound)).json()
    assert [statement["value"] for statement in why["statements"]] == ["monthly"]
    (other,) = (await service.http.get(f"{USER}/history?purpose=sales", headers=acme)).json()["items"]
    sales = other["entries"][0]["fact"]["fact_id"]
    assert (await service.http.post(f"{USER}/facts/{sales}/decide", headers=bound)).status_code == 404
    assert (await service.http.delete(f"{USER}/facts/{sales}", headers=bound)).status_code == 404
    assert (await service.http.delete(f"{USER}/facts/{listed['fact_id']}", headers=bound)).status_code == 200


async def test_facts_are_read_as_of_a_day(service: Service, acme: dict[str, str]):
    for value, day in (("monthly", "2026-11-03T12:00:00Z"), ("annual", "2026-11-09T12:00:00Z")):
        await service.http.put(f"{USER}/facts", json={"attribute": "plan", "value": value, "at": day}, headers=acme)
    then = await service.http.get(f"{USER}/facts", params={"as_of": "2026-11-05T00:00:00Z"}, headers=acme)
    assert [fact["value"] for fact in then.json()["items"]] == ["monthly"]


async def test_episodes_come_page_by_page_without_gap_or_repetition(service: Service, acme: dict[str, str]):
    for number in range(7):
        body = {"summary": f"Talk {number}.", "ended_at": f"2026-10-0{number + 1}T12:00:00Z"}
        assert (await service.http.put(f"{USER}/episodes/e{number}", json=body, headers=acme)).status_code == 200
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await service.http.get(f"{USER}/episodes", params=params, headers=acme)).json()
        seen += [episode["episode_id"] for episode in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [f"e{number}" for number in reversed(range(7))]


async def test_a_cursor_of_somebody_elses_making_is_refused(service: Service, acme: dict[str, str]):
    answer = await service.http.get(f"{USER}/episodes", params={"cursor": "%%%"}, headers=acme)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-input")


async def test_an_erased_user_has_nothing_left(service: Service, acme: dict[str, str]):
    await remember(service, acme, "My order A-17 arrived broken.")
    receipt = await service.http.delete(USER, headers=acme)
    assert (receipt.status_code, receipt.json()["status"]) == (200, "verified")
    assert (await service.http.get(f"{USER}/episodes", headers=acme)).json()["items"] == []
    assert (await service.http.get(f"{USER}/sessions/s1", headers=acme)).status_code == 404


@pytest.mark.parametrize(("kind", "media"), [("json", "application/json"), ("markdown", "text/markdown")])
async def test_an_export_has_the_media_type_of_its_format(
    service: Service, acme: dict[str, str], kind: str, media: str
):
    await remember(service, acme, "My order A-17 arrived broken.")
    document = await service.http.get(f"{USER}/export", params={"format": kind}, headers=acme)
    assert document.headers["content-type"].split(";")[0] == media
    assert "A-17" in document.text


# ---------------------------------------------------------------- repeated requests
async def test_an_append_under_the_same_key_is_done_once_and_answers_the_same(service: Service, acme: dict[str, str]):
    again = acme | {"Idempotency-Key": "k1"}
    first, second = [
        await service.http.post(f"{USER}/sessions/s1/messages", json=said("one", "two"), headers=again)
        for _ in range(2)
    ]
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json() == {"session_id": "s1", "message_count": 2}
    assert len((await service.http.get(f"{USER}/sessions/s1", headers=acme)).json()["messages"]) == 2


async def test_a_key_for_another_body_is_refused(service: Service, acme: dict[str, str]):
    again = acme | {"Idempotency-Key": "k1"}
    await service.http.post(f"{USER}/sessions/s1/messages", json=said("one"), headers=again)
    other = await service.http.post(f"{USER}/sessions/s1/messages", json=said("two"), headers=again)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/request-key-reused")


async def test_the_same_request_at_once_is_done_once(service: Service, acme: dict[str, str]):
    again = acme | {"Idempotency-Key": "k1"}
    answers = await asyncio.gather(
        *(service.http.post(f"{USER}/sessions/s1/messages", json=said("one"), headers=again) for _ in range(8))
    )
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert any(answer.status_code == 200 for answer in answers)
    assert (await service.http.get(f"{USER}/sessions/s1", headers=acme)).json()["message_count"] == 1


async def test_an_end_under_the_same_key_answers_the_same(service: Service, acme: dict[str, str]):
    await service.http.post(f"{USER}/sessions/s1/messages", json=said("My order A-17 arrived broken."), headers=acme)
    again = acme | {"Idempotency-Key": "k2"}
    first, second = [await service.http.post(f"{USER}/sessions/s1/end?wait=true", headers=again) for _ in range(2)]
    assert first.json()["status"] == "ingested"
    assert first.json() == second.json()


async def test_a_kept_answer_holds_nothing_that_was_said(service: Service, acme: dict[str, str], admin):
    again = acme | {"Idempotency-Key": "k2"}
    await service.http.post(f"{USER}/sessions/s1/messages", json=said("canary-5521 arrived broken."), headers=again)
    await service.http.post(f"{USER}/sessions/s1/end?wait=true", headers=acme | {"Idempotency-Key": "k3"})
    kept = admin.execute("select answer::text from recalld.requests").fetchall()
    assert len(kept) == 2
    assert "canary" not in str(kept)


# ---------------------------------------------------------------- limits
async def test_a_body_over_the_limit_is_refused_before_it_is_read(memory: Memory):
    async with serving(memory, max_body_bytes=2048) as service:
        acme = await service.key()
        announced = await service.http.post(f"{USER}/search", content=b"x" * 4096, headers=acme)

        async def endless() -> AsyncIterator[bytes]:
            while True:
                yield b" " * 1024

        streamed = await service.http.post(f"{USER}/search", content=endless(), headers=acme)
    assert [(answer.status_code, answer.json()["type"]) for answer in (announced, streamed)] == [
        (413, "/problems/too-large")
    ] * 2


async def test_a_compressed_body_is_refused_unopened(service: Service, acme: dict[str, str]):
    bomb = gzip.compress(b"0" * 10_000_000)
    answer = await service.http.post(
        f"{USER}/search", content=bomb, headers=acme | {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    )
    assert answer.status_code == 415


async def test_a_body_nested_too_deep_is_refused(service: Service, acme: dict[str, str]):
    deep = b'{"state":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001
    answer = await service.http.put(
        f"{USER}/sessions/s1/state", content=deep, headers=acme | {"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-input")


async def test_many_brackets_in_a_text_are_not_depth(service: Service, acme: dict[str, str]):
    sent = await service.http.post(f"{USER}/sessions/s1/messages", json=said('[{"' * 5000), headers=acme)
    assert sent.status_code == 200


async def test_who_asks_too_often_is_told_when_to_come_back(memory: Memory):
    async with serving(memory, key_requests_per_second=1) as service:
        acme, other = await service.key(), await service.key()
        answers = [await service.http.get(f"{USER}/facts", headers=acme) for _ in range(15)]
        assert (await service.http.get(f"{USER}/facts", headers=other)).status_code == 200
    assert [answer.status_code for answer in answers[:10]] == [200] * 10
    assert (answers[-1].status_code, answers[-1].headers["retry-after"]) == (429, "1")


async def test_a_tenant_opens_so_many_sessions_and_more_when_some_have_ended(memory: Memory):
    async with serving(memory, tenant_open_sessions=2) as service:
        acme, globex = await service.key(), await service.key("globex")

        async def say(session: str, headers: dict[str, str] = acme) -> int:
            path = f"{USER}/sessions/{session}/messages"
            return (await service.http.post(path, json=said("hello"), headers=headers)).status_code

        assert [await say("s1"), await say("s2"), await say("s3")] == [200, 200, 429]
        assert [await say("s1"), await say("s3", globex)] == [200, 200]
        refused = await service.http.post("/v1/users/eve/sessions/s/messages", json=said("hello"), headers=acme)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        await service.http.post(f"{USER}/sessions/s1/end?wait=true", headers=acme)
        service.app.state.entry.guard.sessions._known.clear()  # a second later
        assert [await say("s3"), await say("s4")] == [200, 429]


async def test_who_spent_the_hours_money_is_refused_what_calls_models_and_keeps_the_rights(memory: Memory):
    async with serving(memory, tenant_usd_per_hour=1) as service:
        acme, globex = await service.key(), await service.key("globex")
        use = ModelUse(component="embedder", model="openai:m", cost_usd=Decimal(2))
        memory.parts.ledger.note(memory.user("acme", "ada").ref, [use])
        body = {"query": "order"}
        for path in (f"{USER}/context", f"{USER}/search"):
            refused = await service.http.post(path, json=body, headers=acme)
            assert (refused.status_code, int(refused.headers["retry-after"]) > 3000) == (429, True)
            assert (await service.http.post(path, json=body, headers=globex)).status_code == 200
        assert (await service.http.get(f"{USER}/facts", headers=acme)).status_code == 200
        assert (await service.http.delete(USER, headers=acme)).status_code == 200


# ---------------------------------------------------------------- how answers look
async def test_an_unknown_field_is_an_error_that_names_it(service: Service, acme: dict[str, str]):
    answer = await service.http.post(f"{USER}/search", json={"query": "x", "sice": NOON}, headers=acme)
    assert answer.status_code == 422
    assert "sice" in answer.json()["detail"]


async def test_a_problem_has_a_type_and_the_request_id(service: Service, acme: dict[str, str]):
    answer = await service.http.get(f"{USER}/sessions/none", headers=acme | {"X-Request-Id": "r-77"})
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == "r-77"
    assert answer.json() == {
        "type": "/problems/not-found",
        "title": "Not found",
        "status": 404,
        "detail": "there is no session 'none'",
        "request_id": "r-77",
    }


@pytest.mark.parametrize("user", ["a/b", "ä ö", "100%", "a%2Fb", "🙂", "..%2f", "x?y#z"])
async def test_any_id_works_in_a_path_when_it_is_percent_encoded(service: Service, acme: dict[str, str], user: str):
    from urllib.parse import quote

    path = f"/v1/users/{quote(user, safe='')}/facts"
    await service.http.put(path, json={"attribute": "plan", "value": "annual"}, headers=acme)
    stored = await service.memory.user("acme", user).facts()
    assert [fact.value for fact in stored] == ["annual"]


async def test_what_is_no_json_is_refused(service: Service, acme: dict[str, str]):
    for content in (b"{", b"\xff\xfe", b'{"query": "\\ud800"}', b"[]", b"null", b""):
        answer = await service.http.post(
            f"{USER}/search", content=content, headers=acme | {"Content-Type": "application/json"}
        )
        assert answer.status_code == 422, content


async def test_the_document_of_the_api_needs_a_key_and_names_every_problem(service: Service, acme: dict[str, str]):
    document = json.loads((await service.http.get("/openapi.json", headers=acme)).text)
    answers = document["paths"]["/v1/users/{user_id}/context"]["post"]["responses"]
    assert set(answers) >= {"200", "401", "403", "404", "409", "413", "422", "429", "503"}
    assert "application/problem+json" in answers["422"]["content"]


# ---------------------------------------------------------------- operations
async def test_health_is_open_and_metrics_are_the_operators(service: Service, acme: dict[str, str]):
    assert (await service.http.get("/healthz")).json() == {"status": "ok"}
    ready = (await service.http.get("/readyz")).json()
    assert (ready["status"], ready["waiting"]) == ("ready", 0)
    assert (await service.http.get("/metrics", headers=acme)).status_code == 403
    await remember(service, acme, "My order A-17 arrived broken.")
    await service.http.post(f"{USER}/context", json={"query": "order"}, headers=acme)
    page = (await service.http.get("/metrics", headers=await service.key(scopes=("operator",)))).text
    assert 'recalld_ingests_total{outcome="ingested"} 1.0' in page
    assert 'recalld_requests_total{method="POST",route="/v1/users/{user_id}/context",status="200"} 1.0' in page
    assert 'recalld_context_stage_seconds_count{stage="read"} 1.0' in page


async def test_what_models_take_is_counted_by_component_and_model_and_by_nobodys_name(service: Service):
    ada = service.memory.user("acme", "ada")
    await ada.append("s1", [Message(role="user", content="hello")])
    use = ModelUse(
        component="embedder",
        model="openai:m",
        calls=3,
        failed=1,
        input_tokens=40,
        output_tokens=2,
        cost_usd=Decimal("0.5"),
    )
    service.memory.parts.ledger.note(ada.ref, [use])
    page = (await service.http.get("/metrics", headers=await service.key(scopes=("operator",)))).text
    for name, value in (("calls", 3), ("failures", 1), ("input_tokens", 40), ("output_tokens", 2), ("dollars", 0.5)):
        assert f'recalld_model_{name}_total{{component="embedder",model="openai:m"}} {float(value)}' in page
    assert "ada" not in page
    assert "acme" not in page


async def test_a_key_is_made_rotated_listed_and_revoked(service: Service, acme: dict[str, str]):
    made = (await service.http.post("/v1/keys", json={"scopes": ["read"], "label": "bot"}, headers=acme)).json()
    bot = {"Authorization": f"Bearer {made['key']}"}
    assert (await service.http.get(f"{USER}/facts", headers=bot)).status_code == 200
    rotated = await service.http.post(f"/v1/keys/{made['key_id']}/rotate", json={"overlap_seconds": 60}, headers=acme)
    fresh = {"Authorization": f"Bearer {rotated.json()['key']}"}
    both = [(await service.http.get(f"{USER}/facts", headers=one)).status_code for one in (bot, fresh)]
    assert both == [200, 200]
    await service.http.delete(f"/v1/keys/{made['key_id']}", headers=acme)
    assert (await service.http.get(f"{USER}/facts", headers=bot)).status_code == 401
    listed = (await service.http.get("/v1/keys", headers=acme)).json()["items"]
    assert {key["label"] for key in listed} == {"", "bot"}
    assert made["key"][-20:] not in json.dumps(listed)  # a secret may have an underscore near its end


async def test_an_operator_begins_a_tenant_and_an_admin_does_not(service: Service, acme: dict[str, str]):
    operator = await service.key("ops", ("operator",))
    assert (await service.http.post("/v1/tenants", json={"tenant_id": "globex"}, headers=acme)).status_code == 403
    made = await service.http.post("/v1/tenants", json={"tenant_id": "globex"}, headers=operator)
    assert made.status_code == 201
    names = {
        tenant["tenant_id"] for tenant in (await service.http.get("/v1/tenants", headers=operator)).json()["items"]
    }
    assert names == {"acme", "globex", "ops"}
    lifted = await service.http.post("/v1/keys", json={"scopes": ["operator"]}, headers=acme)
    assert lifted.status_code == 403


# ---------------------------------------------------------------- erasures
async def test_an_admin_erases_the_own_tenant_and_its_keys_with_it(service: Service, acme: dict[str, str]):
    await remember(service, acme, "My order A-17 arrived broken.")
    answer = await service.http.delete("/v1/tenants/acme", headers=acme)
    assert (answer.status_code, answer.json()["status"]) == (200, "verified")
    assert answer.json()["layers"]["people"]["deleted"] == 1
    assert await service.keys.list("acme") == []
    assert await service.memory.user("acme", "ada").episodes() == []


async def test_an_erasure_that_takes_longer_than_its_budget_is_answered_with_202(migrated_urls: DatabaseUrls):
    opening = Memory.open(database_url=migrated_urls.service, worker=False, erase_budget_seconds=1e-9)
    async with opening as memory, serving(memory) as service:
        acme = await service.key()
        await remember(service, acme, "My order A-17 arrived broken.")
        answer = await service.http.delete(USER, headers=acme)
        assert (answer.status_code, answer.json()["status"]) == (202, "partial")
        await memory.parts.settle()
        proof = await service.http.get(f"/v1/erasures/{answer.json()['erasure_id']}", headers=acme)
        assert proof.json()["status"] == "verified"
