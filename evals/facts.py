"""Facts kept of finished sessions (`facts.jsonl`), in the format of the scorer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from recalld.ingest.local.facts import extract
from recalld.layers.facts.attributes import Attributes
from recalld.layers.facts.merge import by_attribute, statements_of, timeline, visible
from recalld.values import EndedSession, Fact, Message, Session, SessionRef, Statement, UserRef

ATTRIBUTES = Attributes()


def run(path: Path) -> list[dict[str, Any]]:
    """One prediction per line, by the local extractor and the merge, without a database."""
    return [without_store(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def without_store(line: dict[str, Any]) -> dict[str, Any]:
    """The prediction for one line: its sessions in order through extractor and merge, its facts as of `as_of`."""
    statements = [statement for session in sessions(line) for statement in _statements(session)]
    facts = facts_of(statements, datetime.fromisoformat(line["as_of"]))
    current = [fact for fact in facts if fact.status == "current"]
    return {"id": line["id"], "current": _values(current), "closed": _values([f for f in facts if f not in current])}


def sessions(line: dict[str, Any]) -> Iterator[EndedSession]:
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


def facts_of(statements: Sequence[Statement], as_of: datetime) -> list[Fact]:
    """What follows from *statements* at *as_of*, closed values too."""
    derived = [fact for group in by_attribute(statements).values() for fact in timeline(group)]
    return visible(derived, as_of=as_of, include_closed=True)


def _statements(session: EndedSession) -> Sequence[Statement]:
    candidates = extract(session, ATTRIBUTES)
    return statements_of(candidates, session=session, episode_id=None, attributes=ATTRIBUTES)


def _values(facts: Sequence[Fact]) -> list[dict[str, str]]:
    return [{"attribute": fact.attribute, "value": fact.value} for fact in facts]
