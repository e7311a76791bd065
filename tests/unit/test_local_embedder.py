from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from pathlib import Path

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
    assert (port.name, port.dimensions) == ("local:wordllama-256", 256)


async def test_documents_become_vectors_of_length_one(embedder: LocalEmbedder):
    vectors = await embedder.embed_documents(["The invoice is paid.", "A", "日本語 🙂"])
    assert vectors.shape == (3, 256)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


async def test_vectors_equal_those_of_the_library(embedder: LocalEmbedder):
    texts = ["The invoice is paid.", "We moved the meeting to Friday afternoon because of the strike."]
    wordllama = local._import_wordllama()
    library = wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)
    assert np.allclose(await embedder.embed_documents(texts), library.embed(texts, norm=True), atol=1e-6)


async def test_a_query_has_the_vector_of_the_same_document(embedder: LocalEmbedder):
    text = "Where is my parcel?"
    assert np.allclose(await embedder.embed_query(text), (await embedder.embed_documents([text]))[0], atol=1e-6)


async def test_no_documents_make_no_vectors(embedder: LocalEmbedder):
    assert (await embedder.embed_documents([])).shape == (0, 256)


async def test_more_documents_than_one_batch_keep_their_order(embedder: LocalEmbedder):
    texts = [f"Order {n} arrived." for n in range(600)]
    vectors = await embedder.embed_documents(texts)
    assert np.allclose(vectors[599], await embedder.embed_query(texts[599]), atol=1e-6)


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
    assert np.allclose((await embedder.embed_documents([text, text[:32_000]]))[0], await embedder.embed_query(text))


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
    monkeypatch.setattr(local, "_model", None)
    await asyncio.gather(*(LocalEmbedder().embed_query(f"question {n}") for n in range(8)))
    model = local._model
    await LocalEmbedder().embed_documents(["another"])
    assert model is not None
    assert local._model is model


def test_importing_and_loading_leaves_the_root_logger_alone():
    code = """
import asyncio, logging, sys
from recalld.models.local import LocalEmbedder
assert "wordllama" not in sys.modules and "tokenizers" not in sys.modules
asyncio.run(LocalEmbedder().embed_query("hello"))
root = logging.getLogger()
assert (root.handlers, root.level) == ([], logging.WARNING), (root.handlers, root.level)
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_the_root_logger_keeps_the_handlers_it_has():
    before = list(logging.getLogger().handlers)
    local._import_wordllama()
    assert logging.getLogger().handlers == before
