"""Embedders behind an API, with the official SDK on the wire, and what is refused when one is opened."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import numpy as np
import pytest

from recalld.errors import (
    BadEmbedding,
    BadReply,
    ConfigurationError,
    InvalidInput,
    MissingExtra,
    ModelRefused,
    ModelUnavailable,
)
from recalld.ingest.summarisers import open_summariser
from recalld.layers.facts.attributes import Registries
from recalld.models.chat import openai_client
from recalld.models.embedder import Embedder
from recalld.models.embedders import close_model, normalised, open_embedder
from recalld.models.lane import LanePolicy, Lanes
from recalld.models.local import LocalEmbedder
from recalld.models.meter import metered
from recalld.models.options import EmbedderOptions
from recalld.models.spec import parse_spec
from recalld.models.transport import http_client
from recalld.testing.model_server import Answer, Embed, ModelServer
from recalld.testing.wire import Call, Failure, Output, Raw, Reply

FINE = Output(arguments={})  # the server then embeds


@asynccontextmanager
async def scripted(
    model: str = "text-embedding-3-small",
    *,
    answer: Answer = lambda call: FINE,
    embed: Embed | None = None,
    batch_texts: int = 128,
) -> AsyncGenerator[tuple[Embedder, ModelServer]]:
    async with ModelServer(answer, embed=embed) as server:
        embedder = open_embedder(
            f"openai:{server.url}/v1#{model}",
            options=EmbedderOptions(api_key="k", timeout=5, batch_texts=batch_texts),
            lanes=Lanes(LanePolicy(first_wait=0, failures_to_open=1_000)),
        )
        try:
            yield embedder, server
        finally:
            await close_model(embedder)


async def test_vectors_come_in_the_order_of_the_texts_with_length_one():
    async with scripted() as (embedder, _):
        vectors = await embedder.embed_documents(["aaa", "bbb", "ab"])
        query = await embedder.embed_query("a")

    assert vectors.shape == (3, 1536)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert (vectors @ query).round(3).tolist() == [1.0, 0.0, pytest.approx(0.707, abs=1e-3)]


async def test_the_name_says_model_and_dimensions():
    async with scripted("text-embedding-3-small@256") as (embedder, server):
        vectors = await embedder.embed_documents(["some text"])

    assert (embedder.name, embedder.dimensions) == ("openai:text-embedding-3-small@256", 256)
    assert vectors.shape == (1, 256)
    assert server.calls[0].body["dimensions"] == 256


async def test_many_texts_go_out_in_batches():
    async with scripted(batch_texts=10) as (embedder, server):
        vectors = await embedder.embed_documents([f"text {n}" for n in range(95)])
        single = await embedder.embed_documents(["text 42"])

    assert len(server.calls) == 11
    assert np.allclose(vectors[42], single[0])


async def test_no_texts_need_no_call():
    async with scripted() as (embedder, server):
        vectors = await embedder.embed_documents([])
    assert (vectors.shape, server.calls) == ((0, 1536), [])


async def test_the_same_question_is_embedded_once():
    async with scripted() as (embedder, server):
        first = await embedder.embed_query("where do I live?")
        second = await embedder.embed_query("where do I live?")
    assert first is second
    assert not first.flags.writeable
    assert len(server.calls) == 1


async def test_a_failing_provider_is_asked_again():
    replies = iter([Failure(status=429, retry_after=0), Failure(status=500), FINE])
    async with scripted(answer=lambda call: next(replies)) as (embedder, server):
        vectors = await embedder.embed_documents(["some text"])
    assert vectors.shape == (1, 1536)
    assert len(server.calls) == 3


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Failure(status=401), ModelRefused),
        (Failure(status=500), ModelUnavailable),
        (Raw(body=b"<html>"), ModelUnavailable),
        (Raw(body=b'{"data": 7}'), BadReply),
        (Raw(body=b"x" * 9_000_000), BadReply),
    ],
)
async def test_trouble_has_a_name(reply: Reply, error: type[Exception]):
    async with scripted(answer=lambda call: reply) as (embedder, _):
        with pytest.raises(error):
            await embedder.embed_documents(["some text"])


@pytest.mark.parametrize("vector", [[0.0] * 1536, [float("nan")] * 1536, [1.0] * 7])
async def test_vectors_without_direction_or_of_another_size_are_refused(vector: list[float]):
    async with scripted(embed=lambda text: vector) as (embedder, _):
        with pytest.raises(BadEmbedding):
            await embedder.embed_documents(["some text"])


async def test_a_vector_too_few_is_refused():
    def one_short(call: Call) -> Reply:
        return Raw(
            body=b'{"object":"list","data":[{"object":"embedding","index":0,"embedding":[1.0,2.0]}],"model":"m","usage":{"prompt_tokens":1,"total_tokens":1}}'
        )

    async with scripted("text-embedding-3-small@2", answer=one_short) as (embedder, _):
        with pytest.raises(BadEmbedding):
            await embedder.embed_documents(["one", "two"])


async def test_blank_texts_are_refused_before_they_cost_anything():
    async with scripted() as (embedder, server):
        with pytest.raises(InvalidInput):
            await embedder.embed_query("  ")
        with pytest.raises(InvalidInput):
            await embedder.embed_documents(["fine", ""])
    assert server.calls == []


async def test_a_text_longer_than_providers_take_is_cut():
    async with scripted() as (embedder, server):
        await embedder.embed_query("many words " * 20_000)
    assert len(server.calls[0].body["input"][0]) < 60_000


async def test_tokens_and_dollars_are_metered_failed_calls_too():
    replies = iter([Failure(status=500), FINE])
    async with scripted(answer=lambda call: next(replies)) as (embedder, _):
        with metered() as meter:
            await embedder.embed_documents(["four words of text"])

    (use,) = meter.uses
    assert (use.component, use.model, use.calls, use.failed, use.input_tokens) == (
        *("embedder", "openai:text-embedding-3-small", 2, 1, 4),
    )
    assert meter.cost_usd == pytest.approx(4 * 0.02 / 1e6)


# ---------------------------------------------------------------- opening
def test_local_is_the_default_embedder():
    assert isinstance(open_embedder("local"), LocalEmbedder)


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "gpt",
        "openai:",
        "openai-compatible:bge-m3",
        "openai-compatible:http://localhost:8000/v1",
        "openai-compatible:http://localhost:8000/v1#bge-m3",  # how many dimensions?
        "openai-compatible:http://localhost:8000/v1#bge-m3@5000",  # more than a row can hold
        "openai-compatible:http://:8000#bge-m3@4",
        "voyageai:unheard-of",
    ],
)
def test_a_wrong_spec_says_what_to_write(spec: str):
    with pytest.raises(ConfigurationError) as caught:
        open_embedder(spec)
    assert "write" in str(caught.value) or "must be" in str(caught.value) or "can be stored" in str(caught.value)


def test_a_missing_key_is_noticed_at_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY"):
        open_embedder("openai:text-embedding-3-small")


@pytest.mark.parametrize(
    ("spec", "library", "extra"),
    [
        ("openai:text-embedding-3-small", "pydantic_ai", "llm"),
        ("sentence-transformers:all-MiniLM-L6-v2", "sentence_transformers", "transformers"),
        ("fastembed:BAAI/bge-small-en-v1.5", "fastembed", "fastembed"),
    ],
)
def test_a_missing_extra_names_the_line_that_installs_it(
    spec: str, library: str, extra: str, monkeypatch: pytest.MonkeyPatch
):
    def find_spec(name: str) -> object:
        return None if name == library else object()

    monkeypatch.setattr("recalld.models.embedders.find_spec", find_spec)
    monkeypatch.setattr("recalld.models.usable.find_spec", find_spec)
    with pytest.raises(MissingExtra, match=rf"pip install 'recalld\[{extra}\]'"):
        open_embedder(spec)


@pytest.mark.parametrize("spec", ["foo:bar", "foo:bar@8", "gogle:gemini-embedding-001"])
def test_an_unknown_provider_is_refused_when_it_is_named(spec: str):
    with pytest.raises(ConfigurationError, match="no provider"):
        open_embedder(spec)
    with pytest.raises(ConfigurationError, match="no provider"):
        open_summariser(spec, Registries())


@pytest.mark.parametrize(
    "spec", ["google-vertex:gemini-2.5-flash-lite", "groq:llama-3.1-8b-instant", "openai-chat:gpt-5-nano"]
)
def test_every_provider_of_the_library_may_be_named(spec: str):
    assert open_summariser(spec, Registries()).name == spec


async def test_the_operators_key_is_never_sent_where_a_tenant_points(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "operators-secret")

    async with http_client(trusted=False, timeout=1) as http:
        spec = parse_spec("openai:https://api.example.com/v1#text-embedding-3-small")
        client = openai_client(spec, EmbedderOptions(trusted=False), http)
    assert "operators-secret" not in str(client.auth_headers)


def test_a_row_of_numbers_that_is_no_matrix_is_refused():
    with pytest.raises(BadEmbedding):
        normalised([[1.0, 2.0], [3.0]], shape=(2, 2), name="m")
