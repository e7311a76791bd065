"""Import of an export: a person who was exported as JSON comes back equal, here or in another installation.

Ids, times, past versions and open sessions are those of the document; vectors are made again. What the audit and the tenant's purposes
say is the document's to tell and not a part of the person: it stays there.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, cast

from psycopg.types.json import Jsonb

from recalld.border import check_id, check_purpose, check_time
from recalld.errors import Conflict, InvalidInput
from recalld.layers.vectors.base import Vectors
from recalld.layers.working.journal import Journal
from recalld.models.embedder import Embedder
from recalld.postgres.pool import Database, Transaction
from recalld.postgres.queries import beside
from recalld.privacy.audit import Audit
from recalld.privacy.export_forms import SCHEMA
from recalld.privacy.purposes import Gate
from recalld.values import Episode, UserRef

_SQL = beside(__file__, "restore.sql")
LISTS = ("consents", "facts", "statements", "episodes", "sessions", "usage")
BATCH = 100  # episodes embedded at a time
_EPISODE = tuple(field.name for field in fields(Episode) if field.name != "user")


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """How much came back."""

    facts: int
    episodes: int
    sessions: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Restorer:
    """Brings exports back."""

    database: Database
    journal: Journal
    embedder: Embedder
    add: Callable[[Episode, Vectors], Awaitable[None]]  # writes an episode with its vectors
    gate: Gate
    audit: Audit

    async def restore(self, user: UserRef, document: str) -> Restored:
        """Import a JSON export as *user*, about whom nothing may be known yet.

        Raises `InvalidInput`, `Conflict` for a user who has memories, `PurposeRefused`.
        """
        body = _checked(document)
        async with self.database.transaction("worker", user) as tx:
            epoch = (await self.journal.lock_user(tx)).epoch
            if await tx.row(_SQL["known"]) is not None:
                raise Conflict(
                    "something is known about this person already; an export comes back to an empty one only"
                )
            await tx.execute(_SQL["consents"], epoch=epoch, rows=Jsonb(body["consents"]))  # a purpose may need one
            for purpose in sorted(_purposes(body)):
                await self.gate.admit(tx, purpose)
            await self._write(tx, epoch, body)
            await self.journal.touch_user(tx, facts=True, episodes=False)
            total = sum(len(body[name]) for name in LISTS)
            await self.audit.write(tx, "export.restored", user=user, purposes=sorted(_purposes(body)), count=total)
        await self._write_episodes(user, body["episodes"])
        return Restored(facts=len(body["facts"]), episodes=len(body["episodes"]), sessions=len(body["sessions"]))

    async def _write(self, tx: Transaction, epoch: int, body: Mapping[str, Any]) -> None:
        for name in ("facts", "statements", "sessions", "usage"):
            await tx.execute(_SQL[name], epoch=epoch, rows=Jsonb(body[name]))
        messages = [
            {**message, "session_id": session["session_id"]}
            for session in body["sessions"]
            if session.get("state") != "ingested" or session.get("kept_at")  # no other transcript outlives its session
            for message in session["messages"]
        ]
        await tx.execute(_SQL["messages"], epoch=epoch, rows=Jsonb(messages))

    async def _write_episodes(self, user: UserRef, rows: Sequence[Mapping[str, Any]]) -> None:
        for start in range(0, len(rows), BATCH):
            episodes = [_episode(user, row) for row in rows[start : start + BATCH]]
            keys = [key for episode in episodes for key in episode.search_keys]
            vectors = await self.embedder.embed_documents(keys)
            place = 0
            for episode in episodes:
                count = len(episode.search_keys)
                await self.add(episode, vectors[place : place + count])
                place += count


def _checked(document: str) -> dict[str, Any]:
    """The document, when it is one of ours. Raises `InvalidInput`."""
    try:
        read = json.loads(document)
    except ValueError:
        raise InvalidInput("this is no JSON") from None
    body = cast("dict[str, Any]", read) if isinstance(read, dict) else {}
    if body.get("schema") != SCHEMA:
        raise InvalidInput(f"this is no export of recalld; its schema should be {SCHEMA!r}")
    if not all(isinstance(body.get(name), list) for name in LISTS):
        raise InvalidInput(f"the export lacks one of {', '.join(LISTS)}")
    for purpose in _purposes(body):
        check_purpose(purpose)
    for session in body["sessions"]:
        check_id("session id", session.get("session_id"))
    return body


def _purposes(body: Mapping[str, Any]) -> set[str]:
    """What it was remembered for."""
    written = ("facts", "statements", "episodes", "sessions")
    return {str(row.get("purpose")) for name in written for row in body[name]}


def _episode(user: UserRef, row: Mapping[str, Any]) -> Episode:
    values = {name: row.get(name) for name in _EPISODE}
    try:
        for name in ("started_at", "ended_at"):
            values[name] = check_time(name, datetime.fromisoformat(str(row[name])))
        for name in ("topics", "points"):
            values[name] = tuple(row[name])
    except (KeyError, TypeError, ValueError):
        raise InvalidInput("an episode of the export lacks its times, topics or points") from None
    check_id("episode id", values["episode_id"])
    return Episode(user=user, **cast("dict[str, Any]", values))
