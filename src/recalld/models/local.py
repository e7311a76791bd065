"""The embedder that needs no key and no network: all-MiniLM-L6-v2 for documents, a table of token vectors for questions.

A document is read once, at the end of a session, and may cost milliseconds; a question is asked in every turn and may not. So documents go
through all six layers of the transformer (Wang et al., "MiniLM", 2020; Reimers and Gurevych, "Sentence-BERT", 2019), brought to 256
dimensions by principal components, and a question's vector is the mean of its tokens' vectors, which were trained to point where the
transformer would (`training/embedder` in the repository). The weights come with recalld, as bytes: 11 MB for the layers, 4 MB for the
questions, 5 MB for the words, which the fact tagger shares.

Measured on two cores: 0.03 ms for a question computed where it is asked, 0.15 ms when handed to a thread and back. So questions are
embedded on the event loop once the model is loaded, and wait for no document; loading (0.2 s) and documents (0.3 ms a token) go to one
thread of their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from recalld.errors import BadEmbedding, InvalidInput
from recalld.models.encoder import (
    MINILM,
    Floats,
    Inputs,
    Layer,
    WordPieces,
    load_weights,
    read_inputs,
    read_layers,
    shared_pieces,
)
from recalld.models.query_cache import QueryCache
from recalld.models.threads import one_thread

_DIMENSIONS = 256
_LONGEST = 4_000  # characters of a text that are looked at: of a question, a millisecond at most on the event loop
_TOKENS = 254  # of a document that count, as the model was trained: a longer one is embedded by its beginning
_TOGETHER = (
    16  # documents of a batch, of about the same length, and of a trip to the thread, so that two callers take turns
)
_STRETCH = 1.5  # how much longer than the shortest the longest document of a group may be
_SMALLEST_NORM = 1e-6
_SHORT_TEXTS = 4_096  # whose vectors are kept: 4 MB

_worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recalld-embedder")
_loading = Lock()
_loaded: _Model | None = None

T = TypeVar("T")


class LocalEmbedder:
    """`Embedder` over the weights that come with recalld. All instances share one model, which is loaded at the first use.

    A document longer than 254 tokens, or 4,000 characters, is embedded by its beginning; lone surrogates are read as U+FFFD. The vectors
    of the last *cached_queries* questions are kept under a hash of the question, never with its words.
    """

    name = "local:minilm-256"
    dimensions = _DIMENSIONS

    def __init__(self, *, cached_queries: int = 1024) -> None:
        self._queries = QueryCache(cached_queries)

    async def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed search keys, shape (len(texts), 256). Raises `InvalidInput` for a blank text, `BadEmbedding`."""
        for text in texts:
            _refuse_blank(text)
        vectors = np.empty((len(texts), _DIMENSIONS), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        for start in range(0, len(order), _TOGETHER):
            batch = order[start : start + _TOGETHER]
            vectors[batch] = await _in_worker(_documents, [texts[place] for place in batch])
        return vectors

    async def embed_query(self, text: str) -> NDArray[np.float32]:
        """Embed one question, shape (256,), read-only. Raises `InvalidInput` for a blank text, `BadEmbedding`."""
        _refuse_blank(text)
        if (known := self._queries.get(text)) is not None:
            return known
        vector = await _in_worker(_question, text) if _loaded is None else _question(text)
        return self._queries.put(text, vector)


async def _in_worker(work: Callable[[T], Floats], given: T) -> Floats:
    return await asyncio.get_running_loop().run_in_executor(_worker, work, given)


def _refuse_blank(text: str) -> None:
    if not text.strip():
        raise InvalidInput("a blank text cannot be embedded; leave it out")


def likeness(one: str, other: str) -> float:
    """How alike in meaning two short texts are: the cosine of their document vectors, from -1 to 1. Some milliseconds for a new text."""
    return float(_short_document(one) @ _short_document(other))


@lru_cache(maxsize=_SHORT_TEXTS)
def _short_document(text: str) -> Floats:
    return _documents([text])[0]


# ---------------------------------------------------------------- vectors
def _documents(texts: Sequence[str]) -> Floats:
    """The mean of each text's token vectors after the last layer, in fewer dimensions and of length one."""
    model = _model()
    lines = [[model.pieces.start, *model.numbers(text)[:_TOKENS], model.pieces.stop] for text in texts]
    means = np.empty((len(texts), model.components.shape[0]), np.float32)
    for places in _of_like_length(lines):
        means[places] = _means(model, [lines[place] for place in places])
    return _normalised(means @ model.components)


def _of_like_length(lines: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """The places of *lines* in groups: a summary beside its points would make all as long as itself."""
    group: list[int] = []
    for place in sorted(range(len(lines)), key=lambda place: len(lines[place])):
        if group and len(lines[place]) > _STRETCH * len(lines[group[0]]):
            yield group
            group = []
        group.append(place)
    if group:
        yield group


def _means(model: _Model, lines: Sequence[Sequence[int]]) -> Floats:
    x, masked = model.inputs(lines, [len(line) for line in lines])
    for layer in model.layers:
        x = layer(x, masked)
    told = (masked[:, 0, 0] == 0)[..., None]
    return (x * told).sum(1) / told.sum(1)


def _question(text: str) -> Floats:
    """The mean of the vectors that the tokens of a question have in the table, of length one."""
    model = _model()
    numbers = model.numbers(text) or [model.pieces.unknown]
    return _normalised((model.table[numbers] * model.table_scales[numbers]).sum(0, keepdims=True))[0]


def _normalised(vectors: Floats) -> NDArray[np.float32]:
    norms = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    if not (np.isfinite(norms).all() and (norms > _SMALLEST_NORM).all()):
        raise BadEmbedding(f"{LocalEmbedder.name} made a vector without direction (zero or not a number)")
    return vectors / norms


# ---------------------------------------------------------------- the model
@dataclass(frozen=True, slots=True)
class _Model:
    """Both sides of the embedder."""

    pieces: WordPieces
    inputs: Inputs
    layers: tuple[Layer, ...]
    components: Floats  # shape (width, 256)
    table: NDArray[np.int8]  # shape (vocabulary, 256)
    table_scales: Floats  # shape (vocabulary, 1)

    def numbers(self, text: str) -> list[int]:
        """The tokens of *text*, or of its beginning."""
        return self.pieces.encode(text[:_LONGEST]).ids


def _model() -> _Model:
    global _loaded  # noqa: PLW0603 - one copy per process, 60 MB, whatever the number of embedders
    if _loaded is None:
        with _loading:
            _loaded = _loaded or _load()
    return _loaded


def _load() -> _Model:
    one_thread()
    documents, questions = load_weights(MINILM / "documents.npz"), load_weights(MINILM / "questions.npz")
    return _Model(
        pieces=shared_pieces(),
        inputs=read_inputs(documents),
        layers=read_layers(documents),
        components=documents["components"].astype(np.float32),
        table=questions["table.weight"],
        table_scales=questions["table.scale"].astype(np.float32)[:, None],
    )
