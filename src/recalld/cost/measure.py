"""Counts of what recalld really sends and stores for the reference conversation.

Tokens are those of recalld's own tokenizer, which needs more of them for English than the providers' do: the bill is rather lower.
Bytes are those PostgreSQL reports for rows that were written through the stores; the transaction is rolled back.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

import numpy as np
import psycopg

from recalld.cost import reference
from recalld.cost.profile import Configuration, Profile
from recalld.ingest.llm import instructions, prompt_of
from recalld.ingest.reply import DigestReply
from recalld.ingest.transcript import TranscriptPolicy, transcript_parts
from recalld.layers.episodes.store import EpisodeStore
from recalld.layers.facts.store import FactStore
from recalld.layers.vectors.base import EpisodeVectors, Vectors
from recalld.layers.vectors.pgvector import PgVectorIndex
from recalld.layers.working.journal import Journal
from recalld.models.local import LocalEmbedder
from recalld.models.tokens import count_tokens
from recalld.postgres.pool import Database, Transaction
from recalld.postgres.queries import beside
from recalld.recall.block import Material, fence_token, render
from recalld.values import Episode, EpisodeHit, Known

_SQL = beside(__file__, "measure.sql")
_SAMPLE = 40  # sessions written
_ID_BYTES = 24  # an id of 20 characters in an index entry, with its length and alignment
_TABLE_FILL = Decimal("0.9")  # of a table's page; what updates and deletes leave behind
_INDEX_FILL = Decimal("0.7")  # of a B-tree's page that grew by inserts
_EPISODES_IN_BLOCK = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionTokens:
    """What one session takes at a model."""

    fixed: int  # instructions and schema: the same in every call
    transcript: int
    reply: int
    keys: int  # summary and points, embedded when the session ends
    queries: int  # questions embedded while it runs


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionBytes:
    """What one session takes in PostgreSQL, rows and index entries."""

    text: Decimal  # episode, facts, statements
    vectors: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockTokens:
    """What a memory block takes."""

    all: int
    stable: int  # of these, the head that is the same in every turn of a day


def session_tokens(profile: Profile, configuration: Configuration) -> SessionTokens:
    """The tokens of one session."""
    policy = TranscriptPolicy(assistant_tokens=configuration.assistant_tokens)
    session = reference.session(profile)
    known = [Known(fact.attribute, fact.value) for fact in reference.facts()]
    parts = [prompt_of(session, part, known) for part in transcript_parts(session, policy)]
    schema = json.dumps(_as_sent(DigestReply.model_json_schema()))
    reply = reference.REPLY.model_dump_json(exclude_defaults=True)
    return SessionTokens(
        fixed=(count_tokens(instructions()) + count_tokens(schema)) * len(parts),
        transcript=sum(map(count_tokens, parts)),
        reply=count_tokens(reply) * len(parts),
        keys=sum(map(count_tokens, reference.episode(0).search_keys)),
        queries=count_tokens(reference.QUESTION) * profile.turns,
    )


def _as_sent(schema: Any) -> Any:
    """The schema without the titles that the providers' adapters leave out."""
    if isinstance(schema, dict):
        items = cast("dict[str, Any]", schema).items()
        return {name: _as_sent(value) for name, value in items if not (name == "title" and isinstance(value, str))}
    return [_as_sent(value) for value in cast("list[Any]", schema)] if isinstance(schema, list) else schema


def block_tokens(profile: Profile) -> BlockTokens:
    """The tokens of a full memory block within the profile's budget."""
    hits = [
        EpisodeHit(episode=reference.episode(number), score=0.5, reasons=()) for number in range(_EPISODES_IN_BLOCK)
    ]
    token = fence_token(b"reference", reference.USER, 0)
    now, budget = reference.episode(_EPISODES_IN_BLOCK).ended_at, profile.budget_tokens
    full = render(
        Material(facts=reference.facts(), hits=hits), token=token, budget_tokens=budget, now=now, timezone="UTC"
    )
    head = render(Material(facts=full.facts), token=token, budget_tokens=budget, now=now, timezone="UTC")
    return BlockTokens(all=full.tokens, stable=head.tokens)


async def session_bytes(database: Database, profile: Profile, dimensions: int) -> SessionBytes:
    """The bytes of one session in this database. Nothing stays behind. Raises `DatabaseUnavailable`."""
    taken: dict[str, Decimal] = {}
    async with database.transaction("worker", reference.USER) as tx:
        await _write_sample(tx, profile, dimensions)
        rows, counts = await tx.rows(_SQL["row_bytes"]), await tx.rows(_SQL["row_counts"])
        entries = {row["name"]: row["bytes"] for row in await tx.rows(_SQL["index_entries"], id_bytes=_ID_BYTES)}
        for name, in_rows in rows[0].items():
            taken[name] = in_rows / _TABLE_FILL + counts[0][name] * entries[name] / _INDEX_FILL
        raise psycopg.Rollback
    vectors = taken.pop("vectors")
    return SessionBytes(text=sum(taken.values(), Decimal(0)) / _SAMPLE, vectors=vectors / _SAMPLE)


async def _write_sample(tx: Transaction, profile: Profile, dimensions: int) -> None:
    """Sessions as the pipeline writes them."""
    epoch = await Journal().fence(tx)
    for number in range(_SAMPLE):
        episode = reference.episode(number)
        await EpisodeStore().insert(tx, episode, epoch=epoch, language="english", indexed=True)
        await PgVectorIndex().upsert(tx, [_vectors_of(episode, epoch, dimensions)])
        await FactStore().add(tx, epoch, list(reference.statements(number, profile.facts)), at=episode.ended_at)


def _vectors_of(episode: Episode, epoch: int, dimensions: int) -> EpisodeVectors:
    ones: Vectors = np.ones((len(episode.search_keys), dimensions), dtype=np.float32)
    return EpisodeVectors(
        user=episode.user,
        episode_id=episode.episode_id,
        epoch=epoch,
        purpose=episode.purpose,
        ended_at=episode.ended_at,
        model=LocalEmbedder.name,
        vectors=ones / np.linalg.norm(ones, axis=1, keepdims=True),
    )
