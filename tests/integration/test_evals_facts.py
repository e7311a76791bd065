"""The evaluation of facts: through the store and without it, with the local summariser and with a scripted one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evals import facts

LINES = [
    {
        "id": "one",
        "as_of": "2026-06-01T12:00:00+00:00",
        "sessions": [
            {
                "ended_at": "2026-02-03T10:00:00+00:00",
                "messages": [
                    {"role": "user", "content": "I live in Tartu and I'm vegetarian."},
                    {"role": "assistant", "content": "Noted."},
                ],
            },
            {
                "ended_at": "2026-04-03T10:00:00+00:00",
                "messages": [{"role": "user", "content": "I moved to Narva last week."}],
            },
        ],
        "expect_current": [{"attribute": "home_city", "value": "Narva"}, {"attribute": "diet", "value": "vegetarian"}],
        "expect_closed": [{"attribute": "home_city", "value": "Tartu"}],
    },
    {
        "id": "two",
        "as_of": "2026-03-01T12:00:00+00:00",
        "sessions": [
            {
                "ended_at": "2026-02-03T10:00:00+00:00",
                "messages": [{"role": "user", "content": "What is the capital of Estonia?"}],
            }
        ],
        "expect_current": [],
        "expect_closed": [],
    },
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An evaluation file of our own."""
    path = tmp_path / "facts.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in LINES), encoding="utf-8")
    return path


async def through_the_store(file: Path, summariser: str) -> list[dict[str, Any]]:
    return [ordered(line) async for line in facts.run(file, summariser=summariser)]


def ordered(prediction: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": prediction["id"],
        **{name: sorted((f["attribute"], f["value"]) for f in prediction[name]) for name in ("current", "closed")},
    }


async def test_the_store_changes_nothing_about_what_the_local_summariser_finds(file: Path):
    found = await through_the_store(file, "local")
    assert found == [ordered(line) for line in facts.run_without_store(file)]
    assert [bool(line["current"]) for line in found] == [True, False]


async def test_a_model_that_knows_the_answers_gives_them(file: Path):
    assert await through_the_store(file, "perfect") == [
        {
            "id": "one",
            "current": [("diet", "vegetarian"), ("home_city", "Narva")],
            "closed": [("home_city", "Tartu")],
        },
        {"id": "two", "current": [], "closed": []},
    ]
