"""What importing recalld costs: the libraries of the models are imported where a model runs, and nowhere else."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

MODEL_LIBRARIES = {
    *("pydantic_ai", "openai", "anthropic", "genai_prices", "httpx2", "tiktoken", "wordllama", "transformers", "torch"),
    *("sentence_transformers", "fastembed", "onnxruntime", "yake", "qdrant_client", "pinecone"),
}
HEAVY = {
    *("numpy", "procrastinate", "fastapi", "mcp", "uvicorn", "psycopg", "pydantic", "structlog", "rich", "typer"),
    *("cryptography", "yake", "importlib.metadata"),
}


def modules_after(program: str) -> set[str]:
    """What a fresh interpreter has imported once *program* is through."""
    ending = "\nimport sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program + ending], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


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
    assert modules_after(f"import {module}") & MODEL_LIBRARIES == set()


def test_importing_recalld_imports_nothing_that_only_an_open_installation_needs():
    assert modules_after("from recalld import Memory, MemorySync") & (MODEL_LIBRARIES | HEAVY) == set()
