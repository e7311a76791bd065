from __future__ import annotations

import asyncio
import subprocess
import sys

import numpy as np
import pytest

from recalld.errors import BadEmbedding, InvalidInput
from recalld.models import local
from recalld.models.embedder import Embedder
from recalld.models.local import LocalEmbedder


@pytest.fixture
def embedder() -> LocalEmbedder:
    return LocalEmbedder()


async def test_it_implements_the_port(embedder: LocalEmbedder):
    port: Embedder = embedder
    assert (port.name, port.dimensions) == ("local:minilm-256", 256)


async def test_documents_become_vectors_of_length_one(embedder: LocalEmbedder):
    vectors = await embedder.embed_documents(["The invoice is paid.", "A", "日本語 🙂"])
    assert vectors.shape == (3, 256)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


async def test_a_question_is_nearest_to_the_document_that_answers_it(embedder: LocalEmbedder):
    told = [
        "She has moved to Berlin and is looking for a flat.",
        "The invoice of the plumber is too high.",
        "He is allergic to peanuts, so no satay.",
        "They talked about training for the marathon in spring.",
    ]
    documents = await embedder.embed_documents(told)
    asked = ["where do I live", "how much did the repair cost", "what must I not eat", "my running plans"]
    nearest = [int((documents @ await embedder.embed_query(question)).argmax()) for question in asked]
    assert nearest == [0, 1, 2, 3]


async def test_the_vector_of_a_document_does_not_depend_on_its_company(embedder: LocalEmbedder):
    told = [
        "A walk by the sea.",
        "Yes.",
        "The meeting was moved to Friday afternoon because of the strike at the station.",
    ]
    together = await embedder.embed_documents(told)
    alone = np.concatenate([await embedder.embed_documents([text]) for text in told])
    assert np.allclose(together, alone, atol=1e-4)


async def test_no_documents_make_no_vectors(embedder: LocalEmbedder):
    assert (await embedder.embed_documents([])).shape == (0, 256)


async def test_more_documents_than_one_batch_keep_their_order(embedder: LocalEmbedder):
    texts = [f"Order {n} arrived." for n in range(60)]
    vectors = await embedder.embed_documents(texts)
    assert np.allclose(vectors[59], (await embedder.embed_documents(texts[59:]))[0], atol=1e-4)


@pytest.mark.parametrize("blank", ["", " ", "\n\t", "\u3000"])
async def test_a_blank_text_is_refused(embedder: LocalEmbedder, blank: str):
    with pytest.raises(InvalidInput, match="blank"):
        await embedder.embed_query(blank)
    with pytest.raises(InvalidInput, match="blank"):
        await embedder.embed_documents(["fine", blank])


@pytest.mark.parametrize("vector", [np.zeros(256), np.full(256, np.nan), np.full(256, np.inf)])
def test_a_vector_without_direction_is_refused(vector: np.ndarray):
    with pytest.raises(BadEmbedding):
        local._normalised(vector.astype(np.float32).reshape(1, 256))


async def test_a_lone_surrogate_is_read_as_the_replacement_character(embedder: LocalEmbedder):
    assert np.array_equal(await embedder.embed_query("ab\ud800c"), await embedder.embed_query("ab\ufffdc"))


async def test_a_huge_text_is_embedded_by_its_beginning(embedder: LocalEmbedder):
    text = "word " * 60_000
    long, beginning = await embedder.embed_documents([text, text[: 254 * 5]])
    assert np.allclose(long, beginning, atol=1e-4)
    assert np.array_equal(await embedder.embed_query(text), await embedder.embed_query(text[:4_000]))


@pytest.mark.parametrize("odd", ["\x00\x01", "🦊🦊", "日本語", "\ud800", "a" * 5_000])
async def test_anything_that_is_not_blank_has_a_vector(embedder: LocalEmbedder, odd: str):
    for vector in (await embedder.embed_query(odd), (await embedder.embed_documents([odd]))[0]):
        assert np.isclose(np.linalg.norm(vector), 1.0, atol=1e-5)


async def test_a_repeated_query_is_answered_from_the_cache(embedder: LocalEmbedder):
    first = await embedder.embed_query("Where is my parcel?")
    assert await embedder.embed_query("Where is my parcel?") is first


async def test_a_cached_vector_cannot_be_changed_by_a_caller(embedder: LocalEmbedder):
    vector = await embedder.embed_query("Where is my parcel?")
    with pytest.raises(ValueError, match="read-only"):
        vector[0] = 1.0


async def test_the_cache_forgets_the_query_used_longest_ago():
    embedder = LocalEmbedder(cached_queries=2)
    first = await embedder.embed_query("one")
    second = await embedder.embed_query("two")
    await embedder.embed_query("one")
    await embedder.embed_query("three")
    assert await embedder.embed_query("one") is first
    assert await embedder.embed_query("two") is not second


async def test_concurrent_first_uses_share_one_model(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(local, "_loaded", None)
    await asyncio.gather(*(LocalEmbedder().embed_query(f"question {n}") for n in range(8)))
    model = local._loaded
    await LocalEmbedder().embed_documents(["another"])
    assert model is not None
    assert local._loaded is model


def test_importing_it_brings_no_tokenizer_and_embedding_no_word_vectors():
    code = """
import asyncio, sys
from recalld.models.local import LocalEmbedder
assert "wordllama" not in sys.modules and "tokenizers" not in sys.modules
asyncio.run(LocalEmbedder().embed_query("hello"))
assert "wordllama" not in sys.modules
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
