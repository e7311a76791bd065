"""Embedding models in this process. They need their library and the folder of a downloaded model:

RECALLD_TEST_TRANSFORMERS=/models/minilm RECALLD_TEST_FASTEMBED=/models/minilm-onnx python -m pytest tests/unit/test_embedders_in_process.py
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from recalld.errors import ConfigurationError
from recalld.models.embedders import close_model, open_embedder

LIBRARIES = {"sentence-transformers": "sentence_transformers", "fastembed": "fastembed"}
FOLDERS = {"sentence-transformers": "RECALLD_TEST_TRANSFORMERS", "fastembed": "RECALLD_TEST_FASTEMBED"}


def needs(provider: str) -> None:
    if find_spec(LIBRARIES[provider]) is None:
        pytest.skip(f"{LIBRARIES[provider]} is not installed")


def folder(provider: str) -> str:
    needs(provider)
    return os.environ.get(FOLDERS[provider]) or pytest.skip(f"{FOLDERS[provider]} names no folder of a model")


@pytest.mark.parametrize("provider", LIBRARIES)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_a_folder_of_a_model_embeds_by_meaning(provider: str):
    embedder = open_embedder(f"{provider}:{folder(provider)}")
    texts = ["My dog is called Rex", "The invoice is not paid yet", "We hiked in the mountains"]
    vectors = await embedder.embed_documents(texts)
    question = await embedder.embed_query("What is my pet's name?")
    await close_model(embedder)

    assert embedder.name.endswith(f"@{embedder.dimensions}")
    assert vectors.shape == (3, embedder.dimensions)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert int(np.argmax(vectors @ question)) == 0


@pytest.mark.parametrize("provider", LIBRARIES)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_folder_without_a_model_is_refused(provider: str, tmp_path: Path):
    needs(provider)
    with pytest.raises(ConfigurationError, match="cannot be loaded"):
        open_embedder(f"{provider}:{tmp_path}")
