"""The command line as a person uses it: real processes, an embedded server, wrong inputs too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SESSIONS = {
    "timezone": "Europe/Berlin",
    "sessions": [
        {
            "session_id": "s1",
            "ended_at": "2026-04-01T12:00:00+02:00",
            "messages": [{"role": "user", "content": "I live in Leipzig. My invoice INV-77 is wrong."}],
        },
        {
            "session_id": "s2",
            "ended_at": "2026-10-06T12:00:00+02:00",
            "messages": [{"role": "user", "content": "Actually, I moved to Berlin. Let's talk about the pricing."}],
        },
    ],
}


class CommandLine:
    """Runs `recalld` over one data directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *arguments: str, expect: int = 0, typed: str = "") -> str:
        environment = {name: value for name, value in os.environ.items() if not name.endswith(("_URL", "_DIR"))}
        done = subprocess.run(
            [sys.executable, "-m", "recalld", *arguments],
            env={**environment, "RECALLD_DATA_DIR": str(self.folder / "data"), "COLUMNS": "200", "NO_COLOR": "1"},
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == expect, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout if expect == 0 else done.stderr

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json"))


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="recalld-tests-"))
    folder.chmod(0o711)
    yield CommandLine(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def imported(cli: CommandLine) -> CommandLine:
    file = cli.folder / "sessions.json"
    file.write_text(json.dumps(SESSIONS))
    assert cli.json("import", str(file), "--user", "ada") == {"sessions": 2, "ingested": 2}
    assert cli.json("import", str(file), "--user", "ada") == {"sessions": 2, "already there": 2}
    return cli


def test_facts_and_their_history(imported: CommandLine) -> None:
    assert [fact["value"] for fact in imported.json("facts", "--user", "ada") if fact["attribute"] == "home_city"] == [
        "Berlin"
    ]
    told = imported.run("facts", "history", "home_city", "--user", "ada")
    assert "Leipzig" in told
    assert "moved to Berlin" in told
    assert imported.json("facts", "conflicts", "--user", "ada")[0]["decision"] == "superseded"
    (berlin,) = [fact for fact in imported.json("facts", "--user", "ada") if fact["attribute"] == "home_city"]
    assert "s2" in imported.run("facts", "why", berlin["fact_id"], "--user", "ada")


def test_search_by_time_and_word(imported: CommandLine) -> None:
    told = imported.json(
        "search",
        "what did I say about pricing last Tuesday",
        "--user",
        "ada",
        "--at",
        "2026-10-08T09:00",
        "--timezone",
        "Europe/Berlin",
    )
    assert [hit["episode"]["session_id"] for hit in told] == ["s2"]
    assert imported.json("search", "INV-77", "--user", "ada")[0]["episode"]["session_id"] == "s1"
    assert "No episode" in imported.run("search", "pricing last Tuesday", "--user", "ada", "--at", "2026-09-10")
    assert "last Tuesday" not in imported.run("search", "INV-77", "--user", "ada", "--explain")


def test_a_session_by_hand(cli: CommandLine) -> None:
    assert cli.json("append", "s9", "I have a cat named Momo.", "--user", "bob") == {"session_id": "s9", "messages": 1}
    assert cli.json("end", "s9", "--user", "bob")["status"] == "ingested"
    assert "Momo" in cli.run("context", "what is my cat called?", "--user", "bob")
    assert len(cli.json("episodes", "--user", "bob")) == 1


def test_export_and_erasure(cli: CommandLine) -> None:
    cli.run("append", "s1", "I live in Porto.", "--user", "eve")
    cli.run("end", "s1", "--user", "eve")
    assert "Porto" in cli.run("export", "--user", "eve")
    target = cli.folder / "eve.json"
    cli.run("export", "--user", "eve", "--format", "json", "--output", str(target))
    assert json.loads(target.read_text())["user_id"] == "eve"
    assert "nothing was done" in cli.run("erase", "--user", "eve", typed="n\n", expect=2)
    assert cli.json("erase", "--user", "eve", "--yes")["status"] == "verified"
    assert "Porto" not in cli.run("export", "--user", "eve")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("append", "s1", "", "--user", "x"), 2, "non-empty"),
        (("append", "s1", "hi", "--user", ""), 2, "user id"),
        (("append", "s1", "hi", "--user", "x", "--role", "robot"), 2, "unknown role"),
        (("append", "s1", "hi", "--user", "x", "--at", "soon"), 2, "is no time"),
        (("append", "s1", "hi", "--user", "x", "--timezone", "Mars/Base"), 2, "unknown time zone"),
        (("end", "nosuch", "--user", "x"), 3, "no session"),
        (("facts",), 2, "--user"),
        (("facts", "why", "nosuch", "--user", "x"), 3, "no fact"),
        (("search", "hi", "--user", "x", "-k", "0"), 2, "between 1 and 100"),
        (("import", "/nonexistent.json", "--user", "x"), 2, "cannot be read"),
        (("export", "--user", "x", "--format", "pdf"), 2, "not known"),
    ],
)
def test_a_wrong_input_is_one_clear_line(cli: CommandLine, arguments: tuple[str, ...], code: int, says: str) -> None:
    assert says in cli.run(*arguments, expect=code)


def test_doctor_and_migrate_have_nothing_to_do(imported: CommandLine) -> None:
    assert {finding["level"] for finding in imported.json("doctor")} <= {"ok", "warning"}
    assert imported.json("migrate") == {"applied": []}


def test_the_demo_shows_the_whole_way(cli: CommandLine) -> None:
    told = cli.run("demo")
    for expected in (
        "Berlin",
        "As of 1 August: Leipzig",
        "annual plan",
        "no episode answers",
        "verified",
        "What is known now: nothing",
    ):
        assert expected in told, expected


def test_the_demo_chats(cli: CommandLine) -> None:
    told = cli.run("demo", "--chat", typed="I live in Porto.\n/end\nwhere do I live?\n\n")
    assert told.count("Porto") >= 2
