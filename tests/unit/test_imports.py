"""What importing recalld costs: the libraries of the models are imported where a model runs, and nowhere else."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

MODEL_LIBRARIES = (
    *("pydantic_ai", "openai", "anthropic", "genai_prices", "httpx2", "tiktoken", "wordllama", "transformers", "torch"),
    *("sentence_transformers", "fastembed", "onnxruntime", "yake", "qdrant_client", "pinecone"),
)


@pytest.mark.parametrize(
    "module",
    [
        "recalld",
        "recalld.recall.pipeline",
        "recalld.ingest.summarisers",
        "recalld.models.embedders",
        "recalld.models.ledger",
    ],
)
def test_the_read_path_imports_no_model_library(module: str):
    program = f"import {module}, sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(json.loads(done.stdout)) & set(MODEL_LIBRARIES) == set()
