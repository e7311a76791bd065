"""Export: everything stored about a person, in a stable order, readable (Markdown) or machine-readable (JSON)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from recalld.errors import InvalidInput
from recalld.layers.episodes.store import EpisodeStore
from recalld.layers.facts.store import FactStore
from recalld.layers.working.journal import Journal
from recalld.postgres.pool import Database
from recalld.values import Episode, Fact, Message, Session, Statement, UserRef

SCHEMA = "recalld-export-1"
PAGE = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Dump:
    """All rows about one person."""

    user: UserRef
    facts: Sequence[Fact]
    statements: Sequence[Statement]
    episodes: Sequence[Episode]
    sessions: Sequence[tuple[Session, Mapping[str, Any], Sequence[Message]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Exporter:
    """Reads a person's memory whole, under every purpose: the worker's role has no purpose policy."""

    database: Database
    journal: Journal
    facts: FactStore
    episodes: EpisodeStore

    async def export(self, user: UserRef, *, format: Literal["markdown", "html", "json"]) -> str:  # noqa: A002 -- the word of the API
        """The document. Raises `InvalidInput` for another format."""
        renderers = {"markdown": markdown, "json": as_json}
        if format not in renderers:
            raise InvalidInput(f"format {format!r} is not known; one of {', '.join(sorted(renderers))}")
        return renderers[format](await self.dump(user))

    async def dump(self, user: UserRef) -> Dump:
        """Everything stored about *user*; an unknown one has nothing."""
        async with self.database.transaction("worker", user) as tx:
            epoch = await self.journal.epoch(tx)
            sessions = await self.journal.list(tx, limit=1_000_000)
            kept = [await self.journal.read(tx, session.ref.session_id) for session in sessions]
            return Dump(
                user=user,
                facts=await self.facts.versions(tx, epoch),
                statements=await self.facts.statements(tx, epoch),
                episodes=sorted(
                    await self.episodes.page(tx, epoch, limit=1_000_000), key=lambda e: (e.ended_at, e.episode_id)
                ),
                sessions=sorted(
                    ((session, state, messages) for messages, state, session in filter(None, kept)),
                    key=lambda item: (item[0].started_at, item[0].ref.session_id),
                ),
            )


def as_json(dump: Dump) -> str:
    """The dump as JSON with sorted keys; times in ISO 8601."""
    body = {
        "schema": SCHEMA,
        "tenant_id": dump.user.tenant_id,
        "user_id": dump.user.user_id,
        "facts": [_plain(fact, without=("weight",)) for fact in dump.facts],
        "statements": [_plain(statement) for statement in dump.statements],
        "episodes": [_plain(episode, without=("user",)) for episode in dump.episodes],
        "sessions": [
            {
                **_plain(session, without=("ref", "epoch")),
                "session_id": session.ref.session_id,
                "working": dict(state),
                "messages": list(map(_plain, messages)),
            }
            for session, state, messages in dump.sessions
        ],
    }
    return json.dumps(body, ensure_ascii=False, indent=2, sort_keys=True, default=_time)


def markdown(dump: Dump) -> str:
    """The dump as a document that a person can read."""
    believed = [fact for fact in dump.facts if fact.retired_at is None]
    current = [fact for fact in believed if fact.status == "current"]
    past = [fact for fact in believed if fact.status != "current"]
    lines = [
        f"# What recalld remembers about {_inline(dump.user.user_id)}",
        "",
        _counts(dump, len(current), len(past)),
        *_section("Facts that hold", map(_fact_line, current)),
        *_section("Facts of the past", map(_fact_line, past)),
        *_section("Episodes", (line for episode in dump.episodes for line in _episode_lines(episode))),
        *_section("Sessions", (line for item in dump.sessions for line in _session_lines(*item))),
    ]
    return "\n".join(lines) + "\n"


def _counts(dump: Dump, current: int, past: int) -> str:
    kept = f"{current} current facts, {past} past ones, {len(dump.episodes)} episodes, {len(dump.sessions)} sessions on record"
    return f"Kept for {_inline(dump.user.tenant_id)}: {kept}."


def _section(title: str, lines: Iterable[str]) -> list[str]:
    return ["", f"## {title}", "", *(list(lines) or ["Nothing."])]


def _fact_line(fact: Fact) -> str:
    until = f" to {_day(fact.valid_to)}" if fact.valid_to else ""
    source = f', said: "{_inline(fact.quote)}"' if fact.quote else ""
    return (
        f"- **{_inline(fact.text)}** ({fact.status}), {_day(fact.valid_from)}{until}; purpose {fact.purpose}, {fact.origin}, "
        f"confidence {fact.confidence:.2f}, confirmed {fact.confirmations} times, last {_day(fact.confirmed_at)}{source}"
    )


def _episode_lines(episode: Episode) -> list[str]:
    about = f" ({', '.join(map(_inline, episode.topics))})" if episode.topics else ""
    points = [f"  - {_inline(point)}" for point in episode.points]
    return [f"- **{_day(episode.ended_at)}**{about}, purpose {episode.purpose}: {_inline(episode.summary)}", *points]


def _session_lines(session: Session, state: Mapping[str, Any], messages: Sequence[Message]) -> list[str]:
    head = f"- **{_inline(session.ref.session_id)}** ({session.state}), from {_day(session.started_at)}, purpose {session.purpose}"
    working = [f"  - state: `{_inline(json.dumps(state, ensure_ascii=False, sort_keys=True))}`"] if state else []
    return [head, *working, *(f"  - {message.role}: {_inline(message.content)}" for message in messages)]


def _plain(value: Any, *, without: tuple[str, ...] = ()) -> dict[str, Any]:
    return {name: item for name, item in asdict(value).items() if name not in without}


def _inline(text: str) -> str:
    return " ".join(text.split())


def _day(moment: datetime | None) -> str:
    return moment.date().isoformat() if moment else "open"


def _time(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"no JSON form for {type(value).__name__}")
