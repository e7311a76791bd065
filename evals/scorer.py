"""Finds and calls the scorer that belongs to an evaluation file, so that our figures are its figures."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any


class NoScorer(Exception):
    """The scorer was not found or failed; the message says what to do."""


def find_scorer(gold: Path, given: Path | None = None) -> Path:
    """The scorer *given*, or `score.py` beside the folder of *gold* or in it. Raises `NoScorer`."""
    folder = gold.resolve().parent
    for candidate in [given] if given else [folder.parent / "score.py", folder / "score.py"]:
        if candidate.is_file():
            return candidate
    where = given or folder.parent / "score.py"
    raise NoScorer(f"there is no scorer at {where}; give its path with --scorer")


def score(kind: str, gold: Path, predictions: Path, scorer: Path, *, show: bool = False) -> dict[str, Any]:
    """What *scorer* prints for *predictions*; with *show* it lists misses on stderr. Raises `NoScorer`."""
    command = [sys.executable, str(scorer), kind, str(gold), str(predictions), *(["--show"] if show else [])]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=None if show else subprocess.PIPE, check=False)
    if done.returncode:
        raise NoScorer(f"{scorer} failed with code {done.returncode}: {(done.stderr or b'').decode().strip()}")
    return json.loads(done.stdout)


def write_predictions(predictions: Iterable[dict[str, Any]], path: Path) -> None:
    """JSON Lines, as the scorer reads them."""
    lines = (json.dumps(prediction, ensure_ascii=False) for prediction in predictions)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
