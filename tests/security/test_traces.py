"""What traces tell: the stages of both flows, and nothing that was said or about whom."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from recalld import Memory, tracing
from tests.service import Service, serving

CANARY, PERSON = "canary-5512", "person-5512"
TRACE = "0af7651916cd43dd8448eb211c80319c"
SESSION = f"/v1/users/{PERSON}/sessions/{PERSON}-s1"
SAID = {"messages": [{"role": "user", "content": f"My order is {CANARY}. I live in {CANARY}."}]}


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """The spans that were exported, those of libraries too: the provider is that of the process, as where `recalld serve` exports."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr("opentelemetry.trace._TRACER_PROVIDER", provider)
    tracing.begin(provider)
    yield exporter
    tracing.end()
    provider.shutdown()


@pytest.fixture
async def service(memory: Memory) -> AsyncIterator[Service]:
    async with serving(memory) as service:
        yield service


async def talk(service: Service, headers: dict[str, str]) -> None:
    """Both flows, what goes wrong in them, and a job."""
    http = service.http
    assert (await http.post(f"{SESSION}/messages", json=SAID, headers=headers)).status_code == 200
    assert (await http.post(f"{SESSION}/end", headers=headers)).status_code == 200
    await service.memory.parts.queue.run(service.memory.parts.worker.ingest, concurrency=1, wait=False)
    body = {"query": f"what about {CANARY}?", "session_id": CANARY}
    assert CANARY in (await http.post(f"/v1/users/{PERSON}/context", json=body, headers=headers)).text
    await http.post(f"/v1/users/{PERSON}/search", json={"query": CANARY}, headers=headers)
    await http.get(f"/v1/users/{PERSON}/sessions/{CANARY}", headers=headers)
    await http.put(f"/v1/users/{PERSON}/facts", json={"attribute": "order", "value": CANARY}, headers=headers)


def under(spans: tuple[ReadableSpan, ...], name: str) -> set[str]:
    """The names of the children of a span."""
    parents = {span.context.span_id for span in spans if span.name == name and span.context}
    return {span.name for span in spans if span.parent is not None and span.parent.span_id in parents}


async def test_no_span_holds_what_was_said_or_about_whom(service: Service, exported: InMemorySpanExporter):
    headers = await service.key()
    await talk(service, headers)
    written = "".join(span.to_json() for span in exported.get_finished_spans())
    assert len(written) > 5000
    assert CANARY not in written
    assert PERSON not in written
    assert headers["Authorization"].split("_", 2)[2] not in written


async def test_both_flows_show_their_stages(service: Service, exported: InMemorySpanExporter):
    await talk(service, await service.key())
    spans = exported.get_finished_spans()
    stages = {f"recalld.ingest.{stage}" for stage in ("load", "digest", "embed", "write")}
    assert under(spans, "recalld.ingest") == stages
    assert under(spans, "recalld.context") == {f"recalld.context.{stage}" for stage in ("embed", "read", "render")}
    assert under(spans, "POST /v1/users/{user_id}/context") == {"recalld.context"}


async def test_a_trace_goes_on_from_the_request_to_the_job(service: Service, exported: InMemorySpanExporter):
    headers = await service.key() | {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    await talk(service, headers)
    names = {
        span.name for span in exported.get_finished_spans() if span.context and f"{span.context.trace_id:032x}" == TRACE
    }
    assert names >= {"POST /v1/users/{user_id}/sessions/{session_id}/end", "recalld.job", "recalld.ingest.digest"}


async def test_a_traceparent_that_is_none_is_ignored(service: Service, exported: InMemorySpanExporter):
    headers = await service.key()
    for wrong in ("", "x" * 5000, "00-0-0-0", "ff-" + "0" * 32 + "-" + "0" * 16 + "-01"):
        answer = await service.http.get(f"/v1/users/{PERSON}/facts", headers=headers | {"traceparent": wrong})
        assert answer.status_code == 200


async def test_without_traces_jobs_carry_ids_alone(service: Service, admin: Any):
    headers = await service.key()
    await service.http.post(f"{SESSION}/messages", json=SAID, headers=headers)
    await service.http.post(f"{SESSION}/end", headers=headers | {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
    [(keys,)] = admin.execute("select array(select jsonb_object_keys(args)) from recalld_jobs.procrastinate_jobs")
    assert set(keys) == {"tenant_id", "user_id", "session_id", "epoch"}


def test_a_process_without_traces_never_imports_their_library():
    code = "import sys, recalld.server.serve, recalld.wiring; sys.exit(any(m.startswith('opentelemetry.sdk') for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
