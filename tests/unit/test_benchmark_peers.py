"""What the benchmark beside other stores counts."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import closing

import pytest

from benchmarks.peer_stores import Embedding
from benchmarks.peers import Peer, share
from evals.locomo import Question
from recalld.models.local import LocalEmbedder

ASKED = Question(user_id="ada", text="when?", category=1, relevant=frozenset({"s1", "s6"}))


def test_several_memories_of_a_session_count_as_one() -> None:
    assert share(ASKED, ["s2", "s2", "s2", "s3", "s3", "s4", "s1"]) == 0.5


def test_a_sixth_session_does_not_count() -> None:
    assert share(ASKED, ["s1", "s2", "s3", "s4", "s5", "s6"]) == 0.5


def test_the_peers_get_the_vectors_of_our_embedder() -> None:
    texts = ["The invoice was paid.", "A walk by the sea."]
    kept = asyncio.run(LocalEmbedder().embed_documents(texts))
    asked = asyncio.run(LocalEmbedder().embed_query(texts[0]))
    with closing(Embedding()) as embedding:
        assert embedding.vectors(texts) == kept.tolist()
        with embedding.questions():
            assert embedding.vectors(texts[:1]) == [asked.tolist()]


def test_a_peer_that_ends_is_told_of() -> None:
    with (
        subprocess.Popen(
            [sys.executable, "-c", "raise SystemExit(3)"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process,
        pytest.raises(RuntimeError, match="ended with 3"),
    ):
        Peer(process)
