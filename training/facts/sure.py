"""Fit how sure the fact tagger is of its marks, on the scenes that were held out, and write it to its weights.

    python -m training.facts.sure

A network that was trained on hard labels is too sure of some things and not sure enough of others. A logistic regression of
whether a mark has exactly the words that a scene marks, on the signs that the tagger gives of it, makes probabilities of them
(Platt, 1999). Prints what is found at some precisions by it and by the first sign alone, each scene judged by a fit on the others.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recalld.ingest.local.facts import tagger
from recalld.ingest.local.facts.tagger.tagger import Heard, Tagger, open_tagger
from recalld.layers.facts.attributes import Attributes
from recalld.models.encoder import load_weights
from training.facts import scenes
from training.facts.snippets import Line

RIDGE = 2.0  # what holds the weights near zero
FOLDS = 10
Floats = NDArray[np.float64]


def fit(folder: Path) -> None:
    """Fit on the marks of the tagger in *folder* and write there."""
    random.seed(1)
    held = scenes.read(Path(__file__).parent / "scenes", scenes.HELD_OUT, Attributes())
    told = [message for scene in held for message in scenes.heard(scene)]
    marks = list(_marks(open_tagger(folder), told))
    signs, right = np.array([signs for signs, _ in marks]), np.array([right for _, right in marks], np.float64)
    total = sum(not span.arguable for _, said in told for span in said.spans)
    print(f"{len(told)} messages, {total} values, {len(marks)} marks, {int(right.sum())} of them right")
    print("first sign:", _found(signs[:, 0], right, total))
    print("all signs: ", _found(_judged(signs, right), right, total))
    weights = dict(load_weights(folder / "weights.npz"))
    weights["sure"] = _weights(signs, right).astype(np.float32)
    np.savez(folder / "weights.npz", **weights)


def _marks(read: Tagger, told: Sequence[tuple[Heard, Line]]) -> Iterator[tuple[tuple[float, ...], bool]]:
    """The signs of each mark, and whether it is right; what is arguable is neither, nor is what is known already."""
    for reading, (heard, said) in zip(read.read([heard for heard, _ in told]), told, strict=True):
        right = {(span.start, span.end, span.over) for span in said.spans if not span.arguable}
        arguable = [span for span in said.spans if span.arguable]
        known = {value.casefold() for _, value in heard.known}
        for mark in reading.marks:
            if mark.confirmed or any(mark.start < span.end and span.start < mark.end for span in arguable):
                continue
            if heard.message[mark.start : mark.end].casefold() not in known:
                yield mark.signs, (mark.start, mark.end, mark.over) in right


def _weights(signs: Floats, right: Floats) -> Floats:
    """Of each sign, and a constant: Newton's method on the regularised likelihood."""
    rows = np.c_[signs, np.ones(len(signs))]
    held_down = np.diag([*[RIDGE] * signs.shape[1], 0.0])
    weights = np.zeros(rows.shape[1])
    for _ in range(20):
        likely = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (likely - right) + held_down @ weights
        weights -= np.linalg.solve((rows.T * (likely * (1 - likely))) @ rows + held_down, slope)
    return weights


def _judged(signs: Floats, right: Floats) -> Floats:
    """How sure each mark is by a fit on the others' parts."""
    part, sure = np.arange(len(signs)) * FOLDS // len(signs), np.empty(len(signs))
    for fold in range(FOLDS):
        weights = _weights(signs[part != fold], right[part != fold])
        sure[part == fold] = signs[part == fold] @ weights[:-1] + weights[-1]
    return sure


def _found(sure: Floats, right: Floats, total: int) -> dict[float, float]:
    """The largest share of all values that is found at some precisions."""
    hits = right[np.argsort(-sure)].cumsum()
    precision = hits / np.arange(1, len(hits) + 1)
    return {least: round(float(hits[precision >= least].max(initial=0) / total), 3) for least in (0.7, 0.75, 0.8, 0.85)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=Path(tagger.__file__).parent, help="with the weights")
    fit(parser.parse_args().folder)
