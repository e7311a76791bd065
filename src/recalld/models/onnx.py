"""Embedding models of the fastembed library, which runs them with ONNX and without torch, by name or by folder.

A name is one of fastembed's list and is downloaded when it is not in its cache. A folder holds `model.onnx` (or
`onnx/model.onnx`), `config.json` and the tokenizer's files; how tokens become one vector is read from
`1_Pooling/config.json` and is their mean where that is missing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from recalld.errors import ConfigurationError
from recalld.models.spec import ModelSpec


class FastembedModel:
    """A loaded model with a thread of its own, for the ONNX runtime uses all cores by itself."""

    def __init__(self, spec: ModelSpec) -> None:
        """Load the model, which takes seconds. Raises `ConfigurationError` when there is none of this name or in this folder."""
        try:
            self._model = _load(spec.model)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise ConfigurationError(
                f"the model {spec.model!r} cannot be loaded ({type(error).__name__}); give a name of fastembed's list or a folder"
            ) from error
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recalld-fastembed")
        self.dimensions = int(self._model.embedding_size)

    async def embed(self, texts: Sequence[str], kind: Literal["query", "document"]) -> NDArray[np.float32]:
        """The vectors of *texts*."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._embed, list(texts), kind)

    async def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False)

    def _embed(self, texts: list[str], kind: Literal["query", "document"]) -> NDArray[np.float32]:
        vectors = self._model.query_embed(texts) if kind == "query" else self._model.passage_embed(texts)
        return np.asarray(list(vectors), dtype=np.float32)


def _load(model: str) -> Any:
    """A `fastembed.TextEmbedding`."""
    library: Any = import_module("fastembed")
    folder = Path(model).expanduser()
    if not folder.is_dir():
        return library.TextEmbedding(model_name=model)
    name = f"folder:{folder.resolve()}"
    if name.lower() not in {known["model"].lower() for known in library.TextEmbedding.list_supported_models()}:
        _register(library.TextEmbedding, name, folder)
    return library.TextEmbedding(model_name=name, specific_model_path=str(folder))


def _register(embedding: Any, name: str, folder: Path) -> None:
    descriptions: Any = import_module("fastembed.common.model_description")
    embedding.add_custom_model(
        model=name,
        pooling=descriptions.PoolingType.CLS if _takes_first_token(folder) else descriptions.PoolingType.MEAN,
        normalization=True,
        sources=descriptions.ModelSource(url="file://"),  # never fetched: the folder is given
        dim=int(_read(folder / "config.json")["hidden_size"]),
        model_file=_model_file(folder),
    )


def _model_file(folder: Path) -> str:
    for file in ("model.onnx", "onnx/model.onnx"):
        if (folder / file).is_file():
            return file
    raise FileNotFoundError(folder / "model.onnx")


def _takes_first_token(folder: Path) -> bool:
    file = folder / "1_Pooling" / "config.json"
    return file.is_file() and bool(_read(file).get("pooling_mode_cls_token"))


def _read(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text(encoding="utf-8"))
