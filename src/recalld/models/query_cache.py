"""The vectors of the questions asked last, so that the same question is not embedded, and paid for, twice."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray


class QueryCache:
    """The most recently used vectors, under a hash of the question, never with its words. Used on the event loop only."""

    def __init__(self, size: int = 1024) -> None:
        self._size = size
        self._vectors: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()

    def get(self, question: str) -> NDArray[np.float32] | None:
        """The vector of *question*, if it is still there."""
        key = _key(question)
        vector = self._vectors.get(key)
        if vector is not None:
            self._vectors.move_to_end(key)
        return vector

    def put(self, question: str, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Keep *vector*, which becomes read-only because every caller gets the same array; return it."""
        vector.setflags(write=False)
        self._vectors[_key(question)] = vector
        if len(self._vectors) > self._size:
            self._vectors.popitem(last=False)
        return vector


def _key(question: str) -> bytes:
    return hashlib.blake2b(question.encode("utf-8", "surrogatepass"), digest_size=16).digest()
