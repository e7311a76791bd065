"""Vectors of single words, for comparing texts word by word: WordLlama's, whose weights are inside its wheel.

We load through `WordLlama.load` and use the table alone; the tokenizer that leads into it is that of `recalld.models.tokens`.
"""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from recalld.errors import ConfigurationError

_loading = Lock()


def piece_vectors() -> NDArray[np.float32]:
    """The vector of every piece of the vocabulary, shape (32000, 256), not of length one. Loads the table at the first call (0.5 s)."""
    with _loading:  # one copy of 33 MB per process
        return _load()


@cache
def _load() -> NDArray[np.float32]:
    wordllama = _import_wordllama()
    try:
        return wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True).embedding
    except FileNotFoundError as error:
        raise ConfigurationError(
            "the word vectors are missing; reinstall them: pip install --force-reinstall wordllama"
        ) from error


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
