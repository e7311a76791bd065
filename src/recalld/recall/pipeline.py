"""The read flow: from a query to the block of memory for one turn.

Read this page first. Understand the query (its time, its topic), embed it, then one read transaction: the user's row with the catalogue of
episodes, their nearest vectors, the texts of the best. Ranking and rendering are functions from values to values. Nothing is written,
and no model is called but the embedder.

What was read of a user is kept for the turns to come, the vectors from the second on: of somebody who asks once only those that are near
are worth the way. Then a turn is one round trip, in which the user's row says whether what is kept is still so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recalld.errors import ModelError, VectorIndexUnavailable
from recalld.layers.episodes.store import EpisodeStore, Kept, Overview
from recalld.layers.facts.attributes import Registries
from recalld.layers.facts.decay import weighted
from recalld.layers.facts.merge import visible
from recalld.layers.facts.store import FactStore
from recalld.layers.vectors.base import ReadableIndex, UserVectors, VectorHit, VectorIndex, VectorQuery
from recalld.layers.working.base import WorkingMemory
from recalld.layers.working.journal import Journal
from recalld.models.embedder import Embedder
from recalld.models.ledger import Ledger
from recalld.models.meter import ModelUse, metered
from recalld.postgres.pool import Database, Pending, Transaction
from recalld.postgres.queries import beside
from recalld.postgres.replica import Replica
from recalld.recall import alike
from recalld.recall.block import Block, Material, fence_token, render
from recalld.recall.cache import UserCache
from recalld.recall.nearness import Nearness, similarities
from recalld.recall.open_session import OpenSession, OpenSessions, Standing
from recalld.recall.outage import Outage
from recalld.recall.search import Question, Ranking, instant, nothing_said, rank, understand
from recalld.stages import Stages
from recalld.tracing import span
from recalld.values import (
    Episode,
    EpisodeHit,
    Fact,
    MemoryContext,
    Message,
    SearchQuery,
    SearchResult,
    SessionRef,
    TimeRange,
    UserRef,
)

_SQL = beside(__file__, "recall.sql")
CANDIDATES = 200  # episodes asked of the vector index
KEPT_FACTS = 2_000  # users and purposes whose facts are kept in this process
KEPT_BYTES = 96_000_000  # of catalogues and texts: 500 users with 20 episodes, or 5 with 5,000
KEPT_VECTOR_BYTES = 128_000_000  # 900 users with 20 episodes of seven vectors, or 3 with 5,000
FEW_EPISODES = 50  # of so many all texts are read with the vectors: 2 ms once, 0.4 ms less in each turn

Vector = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A question with what is needed to answer it."""

    user: UserRef
    question: Question
    vector: Vector | None  # of the topic; none without a topic, or when vectors cannot help
    session: SessionRef | None = None  # the open session; only the block needs it
    with_facts: bool = False  # the block needs them, and no explanation
    degraded: tuple[str, ...] = ()
    uses: tuple[ModelUse, ...] = ()  # what embedding it took


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What the stores answered."""

    epoch: int = 0
    hits: tuple[EpisodeHit, ...] = ()
    eligible: int = 0  # episodes that might have answered
    explanation: Mapping[str, Any] = field(default_factory=dict[str, Any])
    facts: Sequence[Fact] = ()
    messages: Sequence[Message] = ()
    state: Mapping[str, Any] = field(default_factory=dict[str, Any])
    degraded: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptFacts:
    """Facts read before, with the user's epoch and version of facts then."""

    version: tuple[int, int]
    facts: Sequence[Fact]


class Recall:
    """The read pipeline with its stores and models. Reads run as the role `app`: the purposes asked for filter every row."""

    def __init__(
        self,
        *,
        database: Database,
        journal: Journal,
        episodes: EpisodeStore,
        facts: FactStore,
        vectors: VectorIndex,
        working: WorkingMemory,
        embedder: Embedder,
        registries: Registries,
        ledger: Ledger,
        replica: Replica | None = None,
    ) -> None:
        self._database = database
        self._replica = replica
        self._sessions = OpenSessions(journal=journal, working=working)
        self._episodes = episodes
        self._facts = facts
        self._vectors = vectors
        self._readable = vectors if vectors.transactional and isinstance(vectors, ReadableIndex) else None
        self._embedder, self._ledger = embedder, ledger
        self._registries = registries
        self._kept_facts: UserCache[KeptFacts] = UserCache(KEPT_FACTS)
        self._kept_catalogues: UserCache[Kept] = UserCache(KEPT_BYTES, lambda kept: kept.size)
        self._kept_vectors: UserCache[Nearness] = UserCache(KEPT_VECTOR_BYTES, lambda kept: kept.size)
        self.observers: list[Callable[[MemoryContext | SearchResult], None]] = []
        self._vectors_outage = Outage("vectors.failed", "vectors.answered")
        self._embedder_outage = Outage("embedder.failed", "embedder.answered")
        self._fence_key: bytes | None = None
        self._loaded = False
        self._hits = self._misses = self._dropped = 0

    async def search(self, user: UserRef, query: SearchQuery) -> SearchResult:
        """The episodes that answer *query*, best first; none for an unknown user. Raises `DatabaseUnavailable`."""
        with span("search") as traced:
            asked = await self._ask(user, query)
            found = await self._find(asked)
            traced.note(episodes=len(found.hits))
        self._ledger.note(user, asked.uses, epoch=found.epoch)
        result = SearchResult(
            hits=found.hits,
            time_range=asked.question.time_range,
            explanation=found.explanation,
            degraded=found.degraded,
        )
        for observe in self.observers:
            observe(result)
        return result

    async def context(
        self, user: UserRef, query: SearchQuery, *, session_id: str | None, budget_tokens: int
    ) -> MemoryContext:
        """The block of memory for one turn, within *budget_tokens*; an empty one for an unknown user. Raises `DatabaseUnavailable`."""
        stages = Stages("context")
        with span("context") as traced:
            found = await self._context(user, query, session_id, budget_tokens, stages)
            traced.note(tokens=found.tokens, facts=len(found.facts), episodes=len(found.episodes))
        for observe in self.observers:
            observe(found)
        return found

    async def _context(
        self, user: UserRef, query: SearchQuery, session_id: str | None, budget_tokens: int, stages: Stages
    ) -> MemoryContext:
        with stages.stage("embed"):
            session = None if session_id is None else SessionRef(user=user, session_id=session_id)
            asked = await self._ask(user, query, session=session, with_facts=True)
        with stages.stage("read"):
            found = await self._find(asked)
            self._ledger.note(user, asked.uses, epoch=found.epoch)
        with stages.stage("render"):
            block = self._render(asked, found, budget_tokens) if found.epoch else Block()
        return _context(block, asked, found, stages.seconds)

    def forget(self, user: UserRef) -> None:
        """Drop what this process keeps of an erased user; it would not be served, but need not be there either."""
        self._kept_facts.forget(user)
        self._kept_catalogues.forget(user)
        self._kept_vectors.forget(user)

    def counts(self) -> dict[str, int]:
        """What happened in this process: `cache_hits` and `cache_misses` of facts, `dropped_hits` of the vector index, the replica's."""
        counted = {"cache_hits": self._hits, "cache_misses": self._misses, "dropped_hits": self._dropped}
        return counted | (self._replica.counts() if self._replica else {})

    # ------------------------------------------------------------ steps
    async def _ask(
        self, user: UserRef, query: SearchQuery, *, session: SessionRef | None = None, with_facts: bool = False
    ) -> Asked:
        """Understand and embed. An embedder that fails leaves the search by words."""
        question = understand(query)
        if question.topic and not self._loaded:
            await asyncio.to_thread(alike.load)  # half a second, once
            self._loaded = True
        vector: Vector | None = None
        degraded: tuple[str, ...] = ()
        with metered() as meter:
            try:
                if question.topic:
                    vector = await self._embedder.embed_query(question.topic)
                    self._embedder_outage.is_over()
            except ModelError as error:
                self._embedder_outage.begins(error)
                degraded = ("vectors",)
        return Asked(
            user=user,
            question=question,
            vector=vector,
            session=session,
            with_facts=with_facts,
            degraded=degraded,
            uses=meter.uses,
        )

    async def _find(self, asked: Asked) -> Found:
        """Read all stores. A vector index that fails leaves the search by words."""
        try:
            found = await (self._find_in_one(asked) if self._vectors.transactional else self._find_in_two(asked))
        except VectorIndexUnavailable as error:
            self._vectors_outage.begins(error)
            return await self._find_in_one(replace(asked, vector=None, degraded=("vectors",)))
        if asked.vector is not None:
            self._vectors_outage.is_over()
        return found

    async def _find_in_one(self, asked: Asked) -> Found:
        """Everything in one transaction and two round trips: what to rank by, then texts and facts with the commit."""
        if self._replica is not None:
            found = await self._find_on(self._replica, asked)
        else:
            found = await self._find_again(asked)
        if found is not None:
            return found
        async with self._reading(asked) as tx:
            overview, standing = await self._ask_overview(tx, asked), await self._ask_standing(tx, asked)
            nearest = await self._nearest(tx, asked, epoch=None)
            view = await overview.read()
            if view is None:
                return Found(degraded=asked.degraded)
            ranking = self._rank(asked, view, nearest)
            texts, facts = await self._ask_texts(tx, view, ranking), await self._ask_facts(tx, asked, view)
            session = await self._open_session(tx, asked, standing)
        rest = _Rest(facts=await self._known(asked, view, facts), session=session)
        return _found(asked, view, ranking, self._keep_texts(asked, view, await texts.read()), rest)

    async def _find_on(self, replica: Replica, asked: Asked) -> Found | None:
        """The same from a replica, but for the open session, whose messages change no version; `None` when it is behind or away."""
        answered = False

        async def seek(tx: Transaction) -> Found:
            nonlocal answered
            answered = True
            overview = await self._ask_overview(tx, asked)
            nearest = await self._nearest(tx, asked, epoch=None)
            view = await overview.read()
            if view is None:
                return Found(degraded=asked.degraded)
            ranking = self._rank(asked, view, nearest)
            texts, facts = await self._ask_texts(tx, view, ranking), await self._ask_facts(tx, asked, view)
            rest = _Rest(facts=await self._known(asked, view, facts))
            return _found(asked, view, ranking, await texts.read(), rest)

        async def converse(tx: Transaction) -> OpenSession:
            return await self._open_session(tx, asked, await self._ask_standing(tx, asked))

        read = await replica.read(asked.user, asked.question.query.purposes, seek, converse)
        if read is None:
            if answered:  # it was behind: what it told of somebody who may be erased is not kept here
                self.forget(asked.user)
            return None
        found, session = read
        return replace(
            found, messages=session.messages, state=session.state, degraded=found.degraded + session.degraded
        )

    async def _find_in_two(self, asked: Asked) -> Found:
        """The same around an index elsewhere: no connection is held while it is asked."""
        async with self._reading(asked) as tx:
            overview, standing = await self._ask_overview(tx, asked), await self._ask_standing(tx, asked)
            view = await overview.read()
            if view is None:
                return Found(degraded=asked.degraded)
            facts, session = await self._ask_facts(tx, asked, view), await self._open_session(tx, asked, standing)
        nearest = await self._nearest(None, asked, epoch=view.epoch)
        ranking = self._rank(asked, view, nearest)
        async with self._reading(asked) as tx:
            texts = await self._ask_texts(tx, view, ranking)
        rest = _Rest(facts=await self._known(asked, view, facts), session=session)
        return _found(asked, view, ranking, await texts.read(), rest)

    async def _find_again(self, asked: Asked) -> Found | None:
        """From what is kept, in one round trip; `None` when nothing is, or when it is not current any more."""
        kept = self._kept(asked)
        if kept is None or self._readable is None:
            return None
        async with self._reading(asked) as tx:
            overview, standing = await self._ask_overview(tx, asked), await self._ask_standing(tx, asked)
            near = self._near_at_hand(asked, kept)
            vectors = await self._ask_vectors(tx, self._readable, asked, kept) if near is None else None
            texts = await self._ask_all_texts(tx, kept)
        view = await overview.read()
        if view is None:
            return Found(degraded=asked.degraded)
        if view.catalogue is not kept.catalogue:
            return None
        if vectors is not None:
            near = Nearness.of(kept.catalogue, await vectors.read())
            self._kept_vectors.put(asked.user, asked.question.query.purposes, near)
        if texts is not None:
            self._keep_texts(asked, view, await texts.read())
        ranking = rank(
            asked.question,
            view,
            _kept_similarity(asked, view, near),
            model=self._embedder.name,
            explain=not asked.with_facts,
        )
        return await self._with_rest(asked, view, ranking, standing)

    async def _with_rest(
        self, asked: Asked, view: Overview, ranking: Ranking, standing: Pending[Standing | None] | None
    ) -> Found:
        """Texts, facts and the open session as they are kept; what is not kept takes another transaction."""
        purposes, facts = asked.question.query.purposes, self._facts_at_hand(asked, view)
        row = None if standing is None else await standing.read()
        session = OpenSession() if asked.session is None else await self._sessions.at_hand(asked.session, row, purposes)
        texts = self._texts_at_hand(asked, view, ranking)
        if texts is not None and facts is not None and session is not None:
            return _found(asked, view, ranking, texts, _Rest(facts=facts, session=session))
        async with self._reading(asked) as tx:
            asked_texts, asked_facts = await self._ask_texts(tx, view, ranking), await self._ask_facts(tx, asked, view)
            if session is None and asked.session is not None:
                session = await self._sessions.read(tx, asked.session, row, purposes)
        texts = self._keep_texts(asked, view, await asked_texts.read())
        rest = _Rest(facts=await self._known(asked, view, asked_facts), session=session or OpenSession())
        return _found(asked, view, ranking, texts, rest)

    def _reading(self, asked: Asked):
        return self._database.pipelined("app", asked.user, asked.question.query.purposes)

    async def _ask_overview(self, tx: Transaction, asked: Asked) -> Pending[Overview | None]:
        """What to rank by; the catalogue is kept between turns, unless topics are asked for, and read again when it has changed."""
        query = asked.question.query
        return await self._episodes.ask_overview(
            tx,
            purposes=query.purposes,
            topics=query.topics,
            query_words=asked.question.topic_words,
            kept=self._kept(asked),
        )

    def _kept(self, asked: Asked) -> Kept | None:
        query = asked.question.query
        return None if query.topics else self._kept_catalogues.get(asked.user, query.purposes)

    def _keep(self, asked: Asked, view: Overview) -> None:
        query, kept = asked.question.query, self._kept(asked)
        if not query.topics and (kept is None or view.catalogue is not kept.catalogue):
            now = Kept(epoch=view.epoch, version=view.episodes_version, catalogue=view.catalogue)
            self._kept_catalogues.put(asked.user, query.purposes, now)

    def _keep_texts(self, asked: Asked, view: Overview, texts: list[Episode]) -> list[Episode]:
        """*texts*, which belong to the catalogue that is kept."""
        kept = self._kept(asked)
        if kept is not None and kept.catalogue is view.catalogue:
            self._kept_catalogues.put(asked.user, asked.question.query.purposes, kept.also(texts))
        return texts

    def _texts_at_hand(self, asked: Asked, view: Overview, ranking: Ranking) -> list[Episode] | None:
        """The texts of the best; `None` when they have to be read."""
        kept = self._kept(asked)
        if kept is None or kept.catalogue is not view.catalogue:
            return None
        if any(one.episode_id not in kept.texts for one in ranking.best):
            return None
        return [kept.texts[one.episode_id] for one in ranking.best]

    async def _ask_all_texts(self, tx: Transaction, kept: Kept) -> Pending[list[Episode]] | None:
        """The texts that are not kept yet, where the episodes are few."""
        if len(kept.catalogue) > FEW_EPISODES:
            return None
        missing = [episode_id for episode_id in kept.catalogue.ids if episode_id not in kept.texts]
        return await self._episodes.ask(tx, missing, kept.epoch) if missing else None

    def _near_at_hand(self, asked: Asked, kept: Kept) -> Nearness | None:
        near = self._kept_vectors.get(asked.user, asked.question.query.purposes)
        return near if near is not None and near.catalogue is kept.catalogue else None

    async def _ask_vectors(
        self, tx: Transaction, index: ReadableIndex, asked: Asked, kept: Kept
    ) -> Pending[UserVectors] | None:
        """All vectors, for this turn and those to come."""
        if asked.vector is None:
            return None
        return await index.ask_all(tx, self._vector_query(asked, asked.vector, epoch=kept.epoch))

    async def _nearest(self, tx: Transaction | None, asked: Asked, *, epoch: int | None) -> list[VectorHit]:
        """The episodes nearest to the topic. In a range the index is asked from its beginning on; the catalogue knows its end."""
        if asked.vector is None:
            return []
        return await self._vectors.search(tx, self._vector_query(asked, asked.vector, epoch=epoch))

    def _vector_query(self, asked: Asked, vector: Vector, *, epoch: int | None) -> VectorQuery:
        query, time_range = asked.question.query, asked.question.time_range
        return VectorQuery(
            user=asked.user,
            epoch=epoch,
            purposes=query.purposes,
            model=self._embedder.name,
            vector=vector,
            k=CANDIDATES,
            since=time_range.start if time_range else None,
        )

    def _rank(self, asked: Asked, view: Overview, nearest: Sequence[VectorHit]) -> Ranking:
        """The ranking; hits that are none of the episodes the role may read are counted, there should be none."""
        self._keep(asked, view)
        self._dropped += sum(hit.episode_id not in view.catalogue.places for hit in nearest)
        similarity = similarities(view.catalogue, nearest)
        return rank(asked.question, view, similarity, model=self._embedder.name, explain=not asked.with_facts)

    async def _ask_texts(self, tx: Transaction, view: Overview, ranking: Ranking) -> Pending[list[Episode]]:
        """The texts, always from PostgreSQL under row-level security: an id that an index made up yields nothing."""
        return await self._episodes.ask(tx, [one.episode_id for one in ranking.best], view.epoch)

    def _facts_at_hand(self, asked: Asked, view: Overview) -> Sequence[Fact] | None:
        """Facts, for the block alone; `None` when they have to be read."""
        if not asked.with_facts:
            return ()
        kept = self._kept_facts.get(asked.user, asked.question.query.purposes)
        if self._fence_key is None or kept is None or kept.version != (view.epoch, view.facts_version):
            return None
        self._hits += 1
        return kept.facts

    async def _ask_facts(self, tx: Transaction, asked: Asked, view: Overview) -> Sequence[Fact] | Pending[list[Fact]]:
        """The same; they are asked for unless this version of them is kept."""
        if (facts := self._facts_at_hand(asked, view)) is not None:
            return facts
        if self._fence_key is None:
            row = await tx.row(_SQL["fence_key"])
            self._fence_key = bytes(row["value"]) if row else None
        self._misses += 1
        return await self._facts.ask_bundle(tx, view.epoch)

    async def _known(self, asked: Asked, view: Overview, facts: Sequence[Fact] | Pending[list[Fact]]) -> Sequence[Fact]:
        if not isinstance(facts, Pending):
            return facts
        today = _beginning_of_day(
            asked.question.query.now
        )  # most turns to come are of this day, and need not weigh them again
        read = weighted(await facts.read(), at=today, attributes=self._registries.of(asked.user.tenant_id))
        kept = KeptFacts(version=(view.epoch, view.facts_version), facts=read)
        self._kept_facts.put(asked.user, asked.question.query.purposes, kept)
        return read

    async def _ask_standing(self, tx: Transaction, asked: Asked) -> Pending[Standing | None] | None:
        return None if asked.session is None else await self._sessions.ask(tx, asked.session)

    async def _open_session(
        self, tx: Transaction, asked: Asked, standing: Pending[Standing | None] | None
    ) -> OpenSession:
        if asked.session is None or standing is None:
            return OpenSession()
        return await self._sessions.read(tx, asked.session, await standing.read(), asked.question.query.purposes)

    def _render(self, asked: Asked, found: Found, budget_tokens: int) -> Block:
        question, query = asked.question, asked.question.query
        current = visible(found.facts, as_of=query.now)
        material = Material(
            facts=weighted(
                current, at=_beginning_of_day(query.now), attributes=self._registries.of(asked.user.tenant_id)
            ),
            query_words=frozenset(question.topic_words),
            hits=found.hits,
            notice=_notice(question, found),
            state=found.state,
            messages=found.messages,
        )
        token = fence_token(self._fence_key or b"", asked.user, found.epoch)
        return render(material, token=token, budget_tokens=budget_tokens, now=query.now, timezone=query.timezone)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rest:
    facts: Sequence[Fact] = ()
    session: OpenSession = field(default_factory=OpenSession)


def _found(asked: Asked, view: Overview, ranking: Ranking, texts: Sequence[Episode], rest: _Rest) -> Found:
    text_of = {episode.episode_id: episode for episode in texts}
    hits = tuple(
        EpisodeHit(episode=text_of[one.episode_id], score=one.score, reasons=one.reasons)
        for one in ranking.best
        if one.episode_id in text_of
    )
    return Found(
        epoch=view.epoch,
        hits=hits,
        eligible=ranking.eligible,
        explanation=ranking.explanation,
        facts=rest.facts,
        messages=rest.session.messages,
        state=rest.session.state,
        degraded=asked.degraded + rest.session.degraded,
    )


def _kept_similarity(asked: Asked, view: Overview, near: Nearness | None) -> NDArray[np.float64]:
    if asked.vector is None or near is None:
        return np.full(len(view.catalogue), np.nan)
    time_range = asked.question.time_range
    return near.similarities(asked.vector, since=instant(time_range.start) if time_range else None, k=CANDIDATES)


def _notice(question: Question, found: Found) -> str:
    """What to say when no episode of the period asked for is among the hits."""
    time_range = question.time_range
    if time_range is None or any(_took_place(hit.episode, time_range) for hit in found.hits):
        return ""
    return nothing_said(time_range, question.query.timezone, about=" about this" if found.eligible else "")


def _took_place(episode: Episode, time_range: TimeRange) -> bool:
    return episode.started_at < time_range.end and episode.ended_at >= time_range.start


def _beginning_of_day(now: datetime) -> datetime:
    """Weights that change by the minute would let facts flicker at the edge of the budget."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _context(block: Block, asked: Asked, found: Found, seconds: Mapping[str, float]) -> MemoryContext:
    return MemoryContext(
        text=block.text,
        tokens=block.tokens,
        facts=block.facts,
        episodes=block.hits,
        messages=block.messages,
        state=block.state,
        time_range=asked.question.time_range,
        degraded=found.degraded,
        timings=seconds,
    )
