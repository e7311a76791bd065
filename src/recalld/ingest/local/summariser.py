"""The summariser that needs no key and no network: everything it says was said in the session."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from recalld.ingest.local.points import choose_points, render_points
from recalld.ingest.local.summary import choose_sentences, render_summary
from recalld.ingest.local.topics import choose_topics
from recalld.ingest.local.turns import Turn, read_turns
from recalld.layers.facts.attributes import Registries
from recalld.values import Candidate, Digest, EndedSession, Known

_worker = ThreadPoolExecutor(
    max_workers=1, thread_name_prefix="recalld-digest"
)  # pure Python: more would only take turns


class LocalSummariser:
    """`Summariser` that extracts: summary, topics and points are the session's own words, facts are found by grammar and tagger.

    The same session gives the same digest. Work runs in a thread of its own; sessions of any length take bounded time
    (see `recalld.ingest.local.turns`).
    """

    name = "local"

    def __init__(self, registries: Registries, *, language: str | None = None) -> None:
        """*registries* name the fact candidates; *language* (ISO 639-1) is that of topics, None: seen per session."""
        self._registries = registries
        self._language = language

    async def digest(self, session: EndedSession, known: Sequence[Known] = ()) -> Digest:
        """Digest *session*; *known* tells of what a value without a name is ("moved to Thursdays"), and what the session ends."""
        return await asyncio.get_running_loop().run_in_executor(_worker, self._digest, session, tuple(known))

    def _digest(self, session: EndedSession, known: Sequence[Known]) -> Digest:
        from recalld.ingest.local.facts import extract  # noqa: PLC0415 -- tables of patterns: 0.2 s that reading does not need

        candidates = extract(session, self._registries.of(session.session.ref.user.tenant_id), known)
        return digest_turns(read_turns(session.messages), candidates, language=self._language)


def digest_turns(turns: Sequence[Turn], candidates: Sequence[Candidate] = (), *, language: str | None = None) -> Digest:
    """The digest of what was read."""
    points = choose_points(turns)
    sentences = choose_sentences(turns, points)
    said = (statement.text for statement in (*points, *sentences))
    return Digest(
        summary=render_summary(sentences),
        topics=choose_topics(said, {turn.speaker for turn in turns}, language),
        points=render_points(points),
        candidates=tuple(candidates),
        by=LocalSummariser.name,
    )
