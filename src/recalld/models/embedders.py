"""From a setting to an embedder, and what all embedders of others have in common.

Their vectors are brought to length one and checked here; blank texts are refused, long ones cut, questions remembered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from recalld.errors import BadEmbedding, ConfigurationError, InvalidInput, MissingExtra, ModelUnavailable
from recalld.models.embedder import Embedder
from recalld.models.lane import Lanes
from recalld.models.local import LocalEmbedder
from recalld.models.options import EmbedderOptions
from recalld.models.query_cache import QueryCache
from recalld.models.spec import ModelSpec, parse_spec
from recalld.models.tokens import count_tokens, truncate_to_tokens
from recalld.models.usable import check_usable

LOCAL = "local"
LONGEST_TEXT = 4_000  # tokens; providers take 8,000 of theirs
MOST_DIMENSIONS = 4_000  # two bytes each: a row of vectors is kept in a page of 8 kB
SMALLEST_NORM = 1e-6

DIMENSIONS = {
    "openai:text-embedding-3-small": 1536,
    "openai:text-embedding-3-large": 3072,
    "openai:text-embedding-ada-002": 1536,
    "voyageai:voyage-4-large": 1024,
    "voyageai:voyage-4": 1024,
    "voyageai:voyage-4-lite": 1024,
    "voyageai:voyage-3-large": 1024,
    "voyageai:voyage-3.5": 1024,
    "voyageai:voyage-3.5-lite": 1024,
    "cohere:embed-v4.0": 1536,
    "cohere:embed-english-v3.0": 1024,
    "cohere:embed-multilingual-v3.0": 1024,
    "google:gemini-embedding-001": 3072,
    "google:gemini-embedding-2": 3072,
}
"""What models give by themselves; for others the spec says it: `provider:model@dimensions`."""

Kind = Literal["query", "document"]


class TextModel(Protocol):
    """A model that turns texts into numbers, raw: `recalld.models.api`, `.transformers`, `.fastembed`."""

    async def embed(self, texts: Sequence[str], kind: Kind) -> Sequence[Sequence[float]] | NDArray[np.float32]:
        """As many vectors as texts, in this order. Raises `ModelError`."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


def open_embedder(spec: str, *, options: EmbedderOptions | None = None, lanes: Lanes | None = None) -> Embedder:
    """The embedder that *spec* names: `local`, an API's model, `sentence-transformers:NAME-OR-FOLDER` or `fastembed:…`.

    Nothing is imported or asked yet for an API; a model in this process is loaded, which takes seconds.
    Raises `ConfigurationError`, `MissingExtra`, and `InvalidInput` for an address that a tenant may not set.
    """
    if spec.strip() == LOCAL:
        return LocalEmbedder()
    model, options = parse_spec(spec), options or EmbedderOptions()
    match model.provider:
        case "sentence-transformers":
            return _with_sentence_transformers(model, options)
        case "fastembed":
            return _with_fastembed(model, options)
        case _:
            check_usable(model, options)
            return _behind_api(model, options, lanes or Lanes())


async def close_model(model: object) -> None:
    """Release what an embedder or a summariser holds; those that hold nothing have nothing to release."""
    close = getattr(model, "close", None)
    if close is not None:
        await close()


class RemoteEmbedder:
    """`Embedder` over a `TextModel` that is made at the first text, in a thread: its libraries take seconds to import."""

    def __init__(self, name: str, dimensions: int, connect: Callable[[], TextModel], options: EmbedderOptions) -> None:
        self.name = name
        self.dimensions = dimensions
        self._connect, self._options = connect, options
        self._model: TextModel | None = None
        self._connecting = asyncio.Lock()
        self._queries = QueryCache(options.cached_queries)

    async def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed search keys, shape (len(texts), dimensions). Raises `ModelError`, `InvalidInput` for a blank text."""
        model, cut = await self._connected(), [_prepared(text) for text in texts]
        parts = await asyncio.gather(*(self._embed(model, batch, "document") for batch in self._batches(cut)))
        return np.concatenate(parts) if parts else np.empty((0, self.dimensions), dtype=np.float32)

    async def embed_query(self, text: str) -> NDArray[np.float32]:
        """Embed one question, shape (dimensions,), read-only. Raises `ModelError`, `InvalidInput` for a blank text."""
        question = _prepared(text)
        if (known := self._queries.get(question)) is not None:
            return known
        model = await self._connected()
        try:
            async with asyncio.timeout(self._options.query_seconds):
                vectors = await self._embed(model, [question], "query")
        except TimeoutError as error:
            raise ModelUnavailable(
                f"{self.name} took longer than {self._options.query_seconds:g} s for a question"
            ) from error
        return self._queries.put(question, vectors[0])

    async def close(self) -> None:
        """Release connections."""
        if self._model is not None:
            await self._model.close()

    async def _connected(self) -> TextModel:
        async with self._connecting:
            if self._model is None:
                self._model = await asyncio.to_thread(self._connect)
            return self._model

    async def _embed(self, model: TextModel, texts: Sequence[str], kind: Kind) -> NDArray[np.float32]:
        return normalised(await model.embed(texts, kind), shape=(len(texts), self.dimensions), name=self.name)

    def _batches(self, texts: Sequence[str]) -> Iterator[Sequence[str]]:
        start, tokens = 0, 0
        for end, text in enumerate(texts):
            size = count_tokens(text)
            if end > start and (end - start == self._options.batch_texts or tokens + size > self._options.batch_tokens):
                yield texts[start:end]
                start, tokens = end, 0
            tokens += size
        if start < len(texts):
            yield texts[start:]


def normalised(
    vectors: Sequence[Sequence[float]] | NDArray[np.float32], *, shape: tuple[int, int], name: str
) -> NDArray[np.float32]:
    """The vectors as an array of *shape* with rows of length one. Raises `BadEmbedding` for anything else."""
    try:
        array = np.array(vectors, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise BadEmbedding(f"{name} answered something that is no list of vectors") from error
    if array.shape != shape:
        raise BadEmbedding(
            f"{name} answered vectors of shape {array.shape} where {shape} was expected; say its dimensions as {name}@N"
        )
    norms = np.linalg.norm(array, axis=1, keepdims=True)
    if not (np.isfinite(norms).all() and (norms > SMALLEST_NORM).all()):
        raise BadEmbedding(f"{name} made a vector without direction (zero or not a number)")
    return array / norms


def _prepared(text: str) -> str:
    if not text.strip():
        raise InvalidInput("a blank text cannot be embedded; leave it out")
    return truncate_to_tokens(text, LONGEST_TEXT)


# ---------------------------------------------------------------- from the spec
def _behind_api(spec: ModelSpec, options: EmbedderOptions, lanes: Lanes) -> Embedder:
    own = DIMENSIONS.get(str(spec))
    dimensions = spec.dimensions or own
    if dimensions is None:
        raise ConfigurationError(
            f"how many dimensions {str(spec)!r} has is not known; write them behind its name: '…@1024'"
        )
    shorten_to = spec.dimensions if own and spec.dimensions != own else None
    connect = partial(_connect_api, spec, options, lanes, shorten_to)
    return RemoteEmbedder(f"{spec}@{dimensions}", _checked(dimensions, spec), connect, options)


def _connect_api(spec: ModelSpec, options: EmbedderOptions, lanes: Lanes, shorten_to: int | None) -> TextModel:
    from recalld.models.api import EmbeddingApi  # noqa: PLC0415 - seconds, and never on the read path of local models

    return EmbeddingApi(spec, lane=lanes.of(spec), options=options, shorten_to=shorten_to)


def _with_sentence_transformers(spec: ModelSpec, options: EmbedderOptions) -> Embedder:
    _need("sentence_transformers", "transformers", spec)
    from recalld.models.transformers import SentenceTransformerModel  # noqa: PLC0415 - imports torch

    model = SentenceTransformerModel(spec)
    return RemoteEmbedder(f"{spec}@{model.dimensions}", _checked(model.dimensions, spec), lambda: model, options)


def _with_fastembed(spec: ModelSpec, options: EmbedderOptions) -> Embedder:
    _need("fastembed", "fastembed", spec)
    from recalld.models.onnx import FastembedModel  # noqa: PLC0415 - imports the ONNX runtime

    model = FastembedModel(spec)
    return RemoteEmbedder(f"{spec}@{model.dimensions}", _checked(model.dimensions, spec), lambda: model, options)


def _need(library: str, extra: str, spec: ModelSpec) -> None:
    if find_spec(library) is None:
        raise MissingExtra(f"the embedder {str(spec)!r}", extra)


def _checked(dimensions: int, spec: ModelSpec) -> int:
    if dimensions > MOST_DIMENSIONS:
        raise ConfigurationError(f"{str(spec)!r} has {dimensions} dimensions, at most {MOST_DIMENSIONS} can be stored")
    return dimensions
