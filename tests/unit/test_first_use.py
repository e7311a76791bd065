"""What is slow the first time is done ahead."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recalld.first_use import prepare
from recalld.layers.facts.attributes import Registries
from tests.unit.test_imports import MODEL_LIBRARIES, modules_after

AHEAD = """
import asyncio
from recalld.first_use import prepare
from recalld.layers.facts.attributes import Registries
from recalld.models.local import LocalEmbedder

asyncio.run(prepare(LocalEmbedder(), Registries()))
"""


class Costly:
    """An embedder that costs money."""

    name, dimensions = "openai:costly", 4

    def __init__(self) -> None:
        self.asked = 0

    async def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += len(texts)
        return np.ones((len(texts), self.dimensions), dtype=np.float32)

    async def embed_query(self, text: str) -> NDArray[np.float32]:
        self.asked += 1
        return np.ones(self.dimensions, dtype=np.float32)


def test_everything_local_is_loaded_and_no_library_of_a_provider():
    loaded = modules_after(AHEAD)
    assert loaded & MODEL_LIBRARIES == {"wordllama", "yake"}
    assert "recalld.ingest.local.facts" in loaded


async def test_a_model_behind_an_api_is_not_asked():
    embedder = Costly()
    await prepare(embedder, Registries())
    assert embedder.asked == 0
