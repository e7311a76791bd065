"""The tagger's network: the layers of an encoder, gates behind some of them, and heads for marks and attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recalld.models.encoder import (
    Dense,
    Floats,
    Inputs,
    Layer,
    Weights,
    read_dense,
    read_inputs,
    read_layers,
)

# Behind so many layers: log odds of the most likely token of a row, from which the further layers read it.
LEAST_PROMISE = {1: -3.5, 3: -2.0}


@dataclass(frozen=True, slots=True)
class Network:
    """Token vectors in their context, and what is read from them.

    The lower layers tell some rows that hold nothing; the further ones need not read them.
    """

    inputs: Inputs
    layers: tuple[Layer, ...]
    gates: Mapping[int, Dense]  # by the number of layers they stand behind
    tags: Dense
    attributes: Dense
    sure: Floats  # the weights of the signs that a mark is right, and a constant (`training/facts/sure.py` fits them)

    def __call__(self, tokens: Sequence[Sequence[int]], second: Sequence[int]) -> tuple[list[int], Floats, Floats]:
        """Which rows may hold marks, and scores of tags and of attributes for each of their tokens, shape (rows, longest row, …).

        *second* is where the second segment of each row begins. What lies behind the end of a shorter row means nothing.
        """
        x, masked = self.inputs(tokens, second)
        rows = np.arange(len(tokens))
        for behind, layer in enumerate(self.layers, 1):
            x = layer(x, masked)
            if (gate := self.gates.get(behind)) is not None:
                worth = _promise(gate, x, masked) > LEAST_PROMISE[behind]
                rows, x, masked = rows[worth], x[worth], masked[worth]
            if not len(rows):
                break
        kept: list[int] = rows.tolist()
        return kept, self.tags(x), self.attributes(x)


def _promise(gate: Dense, x: Floats, masked: Floats) -> Floats:
    """How much speaks for a mark in each row: the log odds of its most likely token."""
    return (gate(x)[..., 0] + masked[:, 0, 0]).max(-1)


def read_network(kept: Weights) -> Network:
    """The network from the arrays of a weights file (`training/facts/train.py` writes it)."""
    return Network(
        inputs=read_inputs(kept),
        layers=read_layers(kept),
        gates={behind: read_dense(kept, f"gate{behind}") for behind in LEAST_PROMISE},
        tags=read_dense(kept, "tags"),
        attributes=read_dense(kept, "attributes"),
        sure=kept["sure"].astype(np.float32),
    )
