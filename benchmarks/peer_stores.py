"""The stores of other projects, for `python -m benchmarks peers`, which runs this in an environment where they are installed.

    python -m benchmarks.peer_stores langgraph|mem0 CONNINFO FOLDER

Each is set up as its documentation says, with its own default index, and with the embedder of recalld. Requests come as lines of JSON and
are answered so; the time of a search is taken around the call of the library, as it is for recalld.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from typing import Any, Protocol

from recalld.models.local import LocalEmbedder

Unit = tuple[str, str]  # the session that it is from, its text


class Store(Protocol):
    """What is asked of each."""

    packages: tuple[str, ...]

    def add(self, user: str, units: Sequence[Unit]) -> None:
        """Remember."""
        ...

    def search(self, user: str, query: str, limit: int) -> list[str]:
        """The sessions of the best *limit* units, best first."""
        ...


class Embedding:
    """The local embedder of recalld, for callers that do not run an event loop and do not say whether a text is kept or asked."""

    def __init__(self) -> None:
        self.asking = False  # texts are questions now
        self._embedder = LocalEmbedder(cached_queries=1)
        self._runner = asyncio.Runner()

    def vectors(self, texts: Sequence[str]) -> list[list[float]]:
        """The vectors of texts to be kept, or of questions."""
        if self.asking:
            return [self._runner.run(self._embedder.embed_query(text)).tolist() for text in texts]
        return self._runner.run(self._embedder.embed_documents(texts)).tolist()

    @contextmanager
    def questions(self) -> Iterator[None]:
        """Take what is embedded inside for questions."""
        self.asking = True
        try:
            yield
        finally:
            self.asking = False

    def close(self) -> None:
        """End the loop that it runs on."""
        self._runner.close()


class LangGraph:
    """`PostgresStore` with its default index (HNSW, cosine) over one field."""

    packages: tuple[str, ...] = ("langgraph", "langgraph-checkpoint-postgres")

    def __init__(self, address: str, folder: str) -> None:  # noqa: ARG002 -- it keeps nothing in files
        postgres = import_module("langgraph.store.postgres")
        self._embedding = Embedding()
        index = {"dims": LocalEmbedder.dimensions, "embed": self._embedding.vectors, "fields": ["text"]}
        self._opened = postgres.PostgresStore.from_conn_string(address, index=index)
        self._store = self._opened.__enter__()
        self._store.setup()
        self._keys = 0

    def add(self, user: str, units: Sequence[Unit]) -> None:
        """One item per unit, in the user's namespace."""
        for session, text in units:
            self._keys += 1
            self._store.put(("memories", user), str(self._keys), {"text": text, "session": session})

    def search(self, user: str, query: str, limit: int) -> list[str]:
        """Semantic search within the namespace."""
        with self._embedding.questions():
            return [item.value["session"] for item in self._store.search(("memories", user), query=query, limit=limit)]


class Mem0:
    """`Memory` over pgvector with its default index (HNSW); memories are added as they are (`infer=False`), so no model is called."""

    packages: tuple[str, ...] = ("mem0ai",)

    def __init__(self, address: str, folder: str) -> None:
        os.environ |= {"MEM0_TELEMETRY": "False", "MEM0_DIR": folder, "OPENAI_API_KEY": "never used"}
        dimensions = LocalEmbedder.dimensions
        place = {"connection_string": address, "collection_name": "memories", "embedding_model_dims": dimensions}
        config = {
            "vector_store": {"provider": "pgvector", "config": place},
            "history_db_path": f"{folder}/history.db",
        }
        self._memory = import_module("mem0").Memory.from_config(config)
        self._embedding = Embedding()
        self._memory.embedding_model = mem0_embedding(self._embedding)

    def add(self, user: str, units: Sequence[Unit]) -> None:
        """One memory per unit."""
        for session, text in units:
            self._memory.add(text, user_id=user, infer=False, metadata={"session": session})

    def search(self, user: str, query: str, limit: int) -> list[str]:
        """Its search, with the threshold that it has by itself."""
        with self._embedding.questions():
            found = self._memory.search(query, filters={"user_id": user}, top_k=limit)
        return [hit["metadata"]["session"] for hit in found["results"]]


def mem0_embedding(embedding: Embedding) -> Any:
    """Our embedder as one of mem0's."""
    base = import_module("mem0.embeddings.base").EmbeddingBase

    def embed(_self: object, text: str, memory_action: str | None = None) -> list[float]:  # noqa: ARG001 -- mem0's words
        return embedding.vectors([text])[0]

    def embed_batch(_self: object, texts: list[str], memory_action: str | None = None) -> list[list[float]]:  # noqa: ARG001
        return embedding.vectors(texts)

    return type("LocalEmbedding", (base,), {"embed": embed, "embed_batch": embed_batch})()


STORES: dict[str, type[LangGraph | Mem0]] = {"langgraph": LangGraph, "mem0": Mem0}


def answer(store: Store, request: dict[str, Any]) -> dict[str, Any]:
    """One request."""
    if request["do"] == "add":
        store.add(request["user"], [(session, text) for session, text in request["units"]])
        return {}
    begun = time.perf_counter()
    found = store.search(request["user"], request["query"], request["limit"])
    return {"milliseconds": (time.perf_counter() - begun) * 1000, "sessions": found}


def main(name: str, address: str, folder: str) -> None:
    """Answer until there are no more requests; what the libraries print goes to the error stream."""
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    store = STORES[name](address, folder)
    print(json.dumps({package: version(package) for package in store.packages}), file=replies, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(store, json.loads(line))), file=replies, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
