"""The threads of numpy's BLAS."""

from __future__ import annotations

import subprocess
import sys

COUNT = """
import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits
from recalld.models.threads import one_thread

def threads():
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}
"""


def run(code: str) -> None:
    subprocess.run([sys.executable, "-c", COUNT + code], check=True, timeout=120)


def test_there_is_one_from_the_first_call_on() -> None:
    run("one_thread()\nassert threads() == {1}")


def test_what_an_application_sets_afterwards_stays() -> None:
    run(
        "one_thread()\nthreadpool_limits(3, user_api='blas')\nbefore = threads()\none_thread()\nassert threads() == before"
    )


def test_embedding_and_tagging_keep_to_it() -> None:
    run(
        "import asyncio\n"
        "from recalld.models.local import LocalEmbedder\n"
        "from recalld.ingest.local.facts.tagger.tagger import Heard, load_tagger\n"
        "load_tagger().read([Heard(message='I live in Oslo')])\n"
        "assert threads() == {1}\n"
        "asyncio.run(LocalEmbedder().embed_documents(['I live in Oslo']))\n"
        "assert threads() == {1}"
    )


def test_a_process_can_be_forked_while_texts_are_embedded() -> None:
    run(
        "import subprocess, threading\n"
        "from recalld.models import local\n"
        "local._documents(['load'])\n"
        "stop = threading.Event()\n"
        "def embed():\n"
        "    while not stop.is_set():\n"
        "        local._documents(['The lamp arrived broken and she wants a new one. ' * 10] * 8)\n"
        "thread = threading.Thread(target=embed)\n"
        "thread.start()\n"
        "for _ in range(150):\n"
        "    subprocess.run(['/bin/true'], preexec_fn=lambda: None, check=True)\n"  # which makes it a fork
        "stop.set()\n"
        "thread.join()"
    )
