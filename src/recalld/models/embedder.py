"""The port of the embedder: texts to vectors of length one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Embedder(Protocol):
    """Turns texts into vectors of length one. Raises `ModelError`; never returns NaN or a zero vector (`BadEmbedding`)."""

    name: str  # kept with every vector; vectors of different names are never compared
    dimensions: int

    async def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed search keys, shape (len(texts), dimensions). No text may be blank."""
        ...

    async def embed_query(self, text: str) -> NDArray[np.float32]:
        """Embed one query, shape (dimensions,)."""
        ...
