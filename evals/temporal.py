"""Time ranges read from queries (`temporal.jsonl`), in the format of the scorer."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from recalld.recall.subject import subject
from recalld.recall.timerange import parse_time_range


def run(path: Path) -> list[dict[str, Any]]:
    """One prediction per line: `{"id", "range": {"start", "end"} | None, "topic"}`."""
    return [prediction(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def prediction(line: dict[str, Any]) -> dict[str, Any]:
    """The range and subject of one query."""
    found = parse_time_range(line["query"], now=datetime.fromisoformat(line["now"]), timezone=line["timezone"])
    if found is None:
        return {"id": line["id"], "range": None, "topic": subject(line["query"])}
    return {
        "id": line["id"],
        "range": {"start": found.start.isoformat(), "end": found.end.isoformat()},
        "topic": found.rest,
    }
