"""Facts kept of finished sessions (`facts.jsonl`), in the format of the scorer.

Each line is a user: its sessions are written, ended and ingested through the public API, then its facts are asked for. `without_store`
does the same with the local extractor alone, in a fraction of the time.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from evals.perfect_model import PerfectModel
from evals.store import fresh_memory
from recalld import UserMemory
from recalld.ingest.digest import names
from recalld.ingest.local.facts import extract
from recalld.ingest.local.facts.tagger.tagger import Tagger, load_tagger
from recalld.layers.facts.attributes import Attributes
from recalld.layers.facts.merge import by_attribute, statements_of, timeline, visible
from recalld.testing.model_server import ModelServer
from recalld.values import EndedSession, Fact, Known, Message, Session, SessionRef, Statement, UserRef

ATTRIBUTES = Attributes()
PERFECT = "perfect"
PATIENCE = 600.0  # seconds one ingestion may take before the answer is 'queued'

Json = dict[str, Any]


def run(path: Path, *, summariser: str = "local", embedder: str = "local") -> AsyncIterator[Json]:
    """One prediction per line: `{"id", "current", "closed"}`; *summariser* `perfect` is the scripted model that knows the answers."""
    return predictions(path, summariser, embedder)


def run_without_store(path: Path) -> list[Json]:
    """The same by the local extractor and the merge, without a database."""
    return [without_store(line) for line in read_lines(path)]


def read_lines(path: Path) -> list[Json]:
    """The lines of the evaluation file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


async def predictions(path: Path, summariser: str, embedder: str) -> AsyncIterator[Json]:
    """What is known of each user at the end."""
    async with named(summariser, path) as spec, fresh_memory(summariser=spec, embedder=embedder) as memory:
        for line in read_lines(path):
            user = memory.user("evals", line["id"])
            for session in sessions(line):
                await remember(user, session)
            yield prediction(line, await user.facts(as_of=datetime.fromisoformat(line["as_of"]), include_closed=True))


@asynccontextmanager
async def named(summariser: str, path: Path) -> AsyncGenerator[str]:
    """The spec of *summariser*; the perfect one is served as long as it is needed."""
    if summariser != PERFECT:
        yield summariser
        return
    async with ModelServer(PerfectModel(path)) as server:
        yield f"openai-compatible:{server.url}/v1#{PERFECT}"


async def remember(user: UserMemory, session: EndedSession) -> None:
    """Write, end and ingest one session."""
    session_id = session.session.ref.session_id
    await user.append(session_id, session.messages, at=session.ended_at)
    report = await user.end_session(session_id, wait=True, at=session.ended_at, budget_seconds=PATIENCE)
    if report.status not in ("ingested", "nothing"):
        raise RuntimeError(f"{session_id} of {user.ref.user_id} is {report.status}: {report.error}")


def without_store(line: Json) -> Json:
    """The prediction for one line: its sessions in order through extractor and merge, its facts as of `as_of`."""
    return prediction(line, facts_of(learned(sessions(line)), datetime.fromisoformat(line["as_of"])))


def prediction(line: Json, facts: Sequence[Fact]) -> Json:
    """What the scorer compares."""
    current = [fact for fact in facts if fact.status == "current"]
    return {"id": line["id"], "current": _values(current), "closed": _values([f for f in facts if f not in current])}


def sessions(line: Json) -> Iterator[EndedSession]:
    """The sessions of a line, each finished; all its messages at the time it ended."""
    for number, session in enumerate(line["sessions"]):
        ended_at = datetime.fromisoformat(session["ended_at"])
        ref = SessionRef(user=UserRef(tenant_id="evals", user_id=line["id"]), session_id=f"s{number}")
        row = Session(
            ref=ref, purpose="general", timezone="UTC", state="ended", epoch=0,
            started_at=ended_at, last_message_at=ended_at, ended_at=ended_at,
        )  # fmt: skip
        messages = (Message(role=m["role"], content=m["content"], at=ended_at) for m in session["messages"])
        yield EndedSession(session=row, messages=tuple(messages))


def learned(told: Iterable[EndedSession], *, tagger: Callable[[], Tagger] | None = load_tagger) -> list[Statement]:
    """What the sessions of one user say, read in order by the local extractor, each with what is known before it."""
    statements: list[Statement] = []
    for session in told:
        known = [
            Known(fact.attribute, fact.value if fact.status == "current" else None)
            for fact in facts_of(statements, session.ended_at)
        ]
        statements += statements_of(
            extract(session, ATTRIBUTES, known, tagger=tagger),
            session=session,
            episode_id=None,
            attributes=ATTRIBUTES,
            known_attributes=names(known),
        )
    return statements


def facts_of(statements: Sequence[Statement], as_of: datetime) -> list[Fact]:
    """What follows from *statements* at *as_of*, closed values too."""
    derived = [fact for group in by_attribute(statements).values() for fact in timeline(group)]
    return visible(derived, as_of=as_of, include_closed=True)


def _values(facts: Sequence[Fact]) -> list[dict[str, str]]:
    return [{"attribute": fact.attribute, "value": fact.value} for fact in facts]
