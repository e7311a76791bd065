"""The tagger's network: the layers of an encoder, a gate behind the first of them, and heads for marks and attributes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recalld.models.encoder import Dense, Floats, Inputs, Layer, Weights, read_dense, read_inputs, read_layers


@dataclass(frozen=True, slots=True)
class Network:
    """Token vectors in their context, and what is read from them.

    The first layer tells some rows that hold nothing; the further ones, five sixths of the work, need not read them.
    """

    inputs: Inputs
    layers: tuple[Layer, ...]
    gate: Dense  # reads the first layer
    tags: Dense
    attributes: Dense

    def begin(self, tokens: Sequence[Sequence[int]], second: Sequence[int]) -> tuple[Floats, Floats]:
        """The first layer: vectors of shape (rows, longest row, width), and what masks the places behind the end of shorter rows.

        *second* is where the second segment of each row begins.
        """
        x, masked = self.inputs(tokens, second)
        return self.layers[0](x, masked), masked

    def promise(self, first: Floats, masked: Floats) -> Floats:
        """How much the first layer speaks for a mark in each row: the log odds of its most likely token."""
        return (self.gate(first)[..., 0] + masked[:, 0, 0]).max(-1)

    def finish(self, first: Floats, masked: Floats) -> tuple[Floats, Floats]:
        """Scores of tags and of attributes for every token; what lies behind the end of a shorter row means nothing."""
        x = first
        for layer in self.layers[1:]:
            x = layer(x, masked)
        return self.tags(x), self.attributes(x)


def read_network(kept: Weights) -> Network:
    """The network from the arrays of a weights file (`training/facts/train.py` writes it)."""
    return Network(
        inputs=read_inputs(kept),
        layers=read_layers(kept),
        gate=read_dense(kept, "gate"),
        tags=read_dense(kept, "tags"),
        attributes=read_dense(kept, "attributes"),
    )
