"""Embedding models of the sentence-transformers library, by name or by folder, in this process.

A name is looked for in the library's cache and downloaded when it is not there; a folder needs no network. Models that
tell questions from documents are asked accordingly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from recalld.errors import ConfigurationError
from recalld.models.spec import ModelSpec

_BATCH = 32


class SentenceTransformerModel:
    """A loaded model with a thread of its own, for torch uses all cores by itself."""

    def __init__(self, spec: ModelSpec) -> None:
        """Load the model, which takes seconds. Raises `ConfigurationError` when there is none of this name or in this folder."""
        library: Any = import_module("sentence_transformers")
        try:
            self._model = library.SentenceTransformer(spec.model, truncate_dim=spec.dimensions)
        except (OSError, ValueError, RuntimeError) as error:
            raise ConfigurationError(
                f"the model {spec.model!r} cannot be loaded ({type(error).__name__}); give the folder of a downloaded model"
            ) from error
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recalld-transformers")
        self.dimensions = int(self._model.get_embedding_dimension())

    async def embed(self, texts: Sequence[str], kind: Literal["query", "document"]) -> NDArray[np.float32]:
        """The vectors of *texts*."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._encode, list(texts), kind)

    async def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False)

    def _encode(self, texts: list[str], kind: Literal["query", "document"]) -> NDArray[np.float32]:
        encode = self._model.encode_query if kind == "query" else self._model.encode_document
        return np.asarray(encode(texts, batch_size=_BATCH, show_progress_bar=False), dtype=np.float32)
