"""The embedder that needs no key and no network: WordLlama, whose weights are inside its wheel.

A text's vector is the mean of its tokens' vectors, 256 numbers brought to length one. It is a bag of English words, a
good booster beside full text and weak alone: "love hiking" and "hate hiking" are 0.65 alike.

We load through `WordLlama.load` but pool the vectors ourselves. The library's `embed` pads every text of a batch to
the longest (64 texts of which one has 60,000 tokens take 4 GB), answers NaN for an empty text, and is slower (2.6 ms
for 64 short texts, ours 1.9 ms). The vectors are the same to 1e-7.

Measured on two cores: 0.03 ms for a question computed where it is asked, 0.15 ms when handed to a thread and back. So
short questions are embedded on the event loop once the model is loaded; loading (0.5 s), documents and long questions
go to one thread of their own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recalld.errors import BadEmbedding, ConfigurationError, InvalidInput
from recalld.models.query_cache import QueryCache
from recalld.models.tokens import token_ids

if TYPE_CHECKING:
    from wordllama import WordLlamaInference  # pyright: ignore[reportMissingTypeStubs]

_DIMENSIONS = 256
_LONGEST = 32_000  # characters of a text that count, about 8,000 tokens; a mean over more says nothing any more
_DIRECT = 2_000  # characters of a question that is embedded on the event loop: at most half a millisecond
_HAND_OFF = 256  # documents per trip to the thread (about 10 ms), so that two callers take turns
_SMALLEST_NORM = 1e-6

_worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recalld-embedder")
_loading = Lock()
_model: _Model | None = None


class LocalEmbedder:
    """`Embedder` over WordLlama. All instances share one model, which is loaded at the first use.

    A text longer than 32,000 characters is embedded by its beginning; lone surrogates are read as U+FFFD. The vectors
    of the last
    *cached_queries* questions are kept under a hash of the question, never with its words.
    """

    name = "local:wordllama-256"
    dimensions = _DIMENSIONS

    def __init__(self, *, cached_queries: int = 1024) -> None:
        self._queries = QueryCache(cached_queries)

    async def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed search keys, shape (len(texts), 256). Raises `InvalidInput` for a blank text, `BadEmbedding`."""
        for text in texts:
            _refuse_blank(text)
        vectors = np.empty((len(texts), _DIMENSIONS), dtype=np.float32)
        for start in range(0, len(texts), _HAND_OFF):
            batch = texts[start : start + _HAND_OFF]
            vectors[start : start + len(batch)] = await _in_worker(batch)
        return vectors

    async def embed_query(self, text: str) -> NDArray[np.float32]:
        """Embed one question, shape (256,), read-only. Raises `InvalidInput` for a blank text, `BadEmbedding`."""
        _refuse_blank(text)
        if (known := self._queries.get(text)) is not None:
            return known
        direct = _model is not None and len(text) <= _DIRECT
        vectors = _embed([text]) if direct else await _in_worker([text])
        return self._queries.put(text, vectors[0])


async def _in_worker(texts: Sequence[str]) -> NDArray[np.float32]:
    return await asyncio.get_running_loop().run_in_executor(_worker, _embed, texts)


def _refuse_blank(text: str) -> None:
    if not text.strip():
        raise InvalidInput("a blank text cannot be embedded; leave it out")


# ---------------------------------------------------------------- vectors
def _embed(texts: Sequence[str]) -> NDArray[np.float32]:
    """The mean of each text's token vectors, brought to length one."""
    model = _loaded()
    tokens = [model.tokens(text) for text in texts]
    starts = np.cumsum([0, *(len(ids) for ids in tokens[:-1])])
    sums = np.add.reduceat(model.vectors[np.concatenate(tokens)], starts, axis=0)
    return _normalised(sums)


def _normalised(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not (np.isfinite(norms).all() and (norms > _SMALLEST_NORM).all()):
        raise BadEmbedding(f"{LocalEmbedder.name} made a vector without direction (zero or not a number)")
    return vectors / norms


# ---------------------------------------------------------------- the model
def piece_vectors() -> NDArray[np.float32]:
    """The vector of every piece of the vocabulary, shape (32000, 256), not of length one. Loads the model at the first call (0.5 s)."""
    return _loaded().vectors


class _Model:
    """WordLlama's table of token vectors; the tokenizer that leads into it is that of `recalld.models.tokens`."""

    def __init__(self, loaded: WordLlamaInference) -> None:
        self.vectors: NDArray[np.float32] = loaded.embedding  # shape (32000, 256)

    def tokens(self, text: str) -> NDArray[np.int32]:
        return np.asarray(token_ids(text[:_LONGEST]), dtype=np.int32)


def _loaded() -> _Model:
    global _model  # noqa: PLW0603 - one copy of 33 MB per process, whatever the number of embedders
    with _loading:
        if _model is None:
            _model = _load()
        return _model


def _load() -> _Model:
    wordllama = _import_wordllama()
    try:
        loaded = wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)
    except FileNotFoundError as error:
        raise ConfigurationError(
            "the weights of the local embedder are missing; reinstall it: pip install --force-reinstall wordllama"
        ) from error
    return _Model(loaded)


def _import_wordllama():
    """Import wordllama without its side effect.

    It calls `logging.basicConfig`, which does nothing where the root logger has a handler already.
    """
    guard = logging.NullHandler()
    logging.getLogger().addHandler(guard)
    try:
        import wordllama  # noqa: PLC0415 # pyright: ignore[reportMissingTypeStubs] - up to 1.7 s
    finally:
        logging.getLogger().removeHandler(guard)
    return wordllama
