"""A recalld of its own for one evaluation: embedded PostgreSQL in a folder that is removed afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from recalld import Memory
from recalld.settings import Settings


@asynccontextmanager
async def fresh_memory(*, summariser: str = "local", embedder: str = "local") -> AsyncGenerator[Memory]:
    """An empty memory, with the local models unless others are named; whatever database the environment names is left alone."""
    with tempfile.TemporaryDirectory(prefix="recalld-evals-") as folder:
        settings = Settings(  # pyright: ignore[reportCallIssue] - the rest has defaults, in a form it does not read
            data_dir=Path(folder),
            database_url=None,
            redis_url=None,
            vectors="pgvector",
            summariser=summariser,
            embedder=embedder,
            warm_up=False,
            worker=False,  # sessions are ended and ingested here, one after another
        )
        async with Memory.open(settings) as memory:
            yield memory
