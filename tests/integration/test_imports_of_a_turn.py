"""What the first turn imports."""

from __future__ import annotations

from recalld.postgres.embedded import DatabaseUrls
from tests.unit.test_imports import MODEL_LIBRARIES, modules_after

TURN = """
import asyncio
from recalld import Memory

async def main():
    async with Memory.open(database_url={url!r}, worker=False, warm_up=False) as memory:
        await memory.user("acme", "ada").context("where do I live?")

asyncio.run(main())
"""


def test_a_turn_with_the_local_models_imports_the_local_embedder_only(migrated_urls: DatabaseUrls):
    assert modules_after(TURN.format(url=migrated_urls.service)) & MODEL_LIBRARIES == {"wordllama"}
