"""A BERT encoder (Devlin et al., 2019) of a few layers in numpy: token numbers in, one vector per token out.

The weights come from all-MiniLM-L6-v2 (Wang et al., "MiniLM", 2020; Apache License 2.0), cut to its lower layers and trained on
to mark facts. They are kept as bytes with a scale per output: 11 MB on disk. Layers are brought back to float32 when they are
loaded, rows of the vocabulary when they are looked up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
HEADS = 12
_EPSILON = 1e-12  # as the model was trained with
_MASKED = -1e9


@dataclass(frozen=True, slots=True)
class Dense:
    """`x @ weight + bias`."""

    weight: Floats  # shape (inputs, outputs)
    bias: Floats

    def __call__(self, x: Floats) -> Floats:
        """*x* of shape (…, inputs) to shape (…, outputs)."""
        out = x @ self.weight
        out += self.bias
        return out


@dataclass(frozen=True, slots=True)
class Norm:
    """Layer normalisation over the last axis."""

    gain: Floats
    bias: Floats

    def __call__(self, x: Floats) -> Floats:
        """*x* itself, normalised in place."""
        x -= x.mean(-1, keepdims=True)
        x /= np.sqrt(np.einsum("...i,...i->...", x, x)[..., None] / x.shape[-1] + _EPSILON)
        x *= self.gain
        x += self.bias
        return x


@dataclass(frozen=True, slots=True)
class Layer:
    """Self-attention, then a feed-forward network, each added to its input and normalised."""

    projected: Dense  # queries, keys and values, side by side
    attended: Dense
    attended_norm: Norm
    inner: Dense
    outer: Dense
    outer_norm: Norm

    def __call__(self, x: Floats, masked: Floats) -> Floats:
        """*x* of shape (rows, tokens, width) in the context of its rows; *masked* is added to the weights of attention."""
        x = self.attended_norm(x + self.attended(self._attend(x, masked)))
        return self.outer_norm(x + self.outer(_gelu(self.inner(x))))

    def _attend(self, x: Floats, masked: Floats) -> Floats:
        rows, length, width = x.shape
        parts = self.projected(x).reshape(rows, length, 3, HEADS, width // HEADS).transpose(2, 0, 3, 1, 4)
        weights = parts[0] @ parts[1].swapaxes(-1, -2)
        weights *= np.float32((width // HEADS) ** -0.5)
        weights += masked
        weights -= weights.max(-1, keepdims=True)
        np.exp(weights, out=weights)
        weights /= weights.sum(-1, keepdims=True)
        return (weights @ parts[2]).transpose(0, 2, 1, 3).reshape(rows, length, width)


@dataclass(frozen=True, slots=True)
class Encoder:
    """Token vectors in their context, and the two layers that read marks and attributes from them."""

    words: NDArray[np.int8]  # shape (vocabulary, width)
    word_scales: Floats  # shape (vocabulary, 1)
    places: Floats
    segments: Floats
    norm: Norm
    layers: tuple[Layer, ...]
    tags: Dense
    attributes: Dense

    def __call__(self, tokens: Sequence[Sequence[int]], second: Sequence[int]) -> tuple[Floats, Floats]:
        """Scores of tags and of attributes for every token, each of shape (rows, longest row, classes).

        *second* is where the second segment of each row begins. What lies behind the end of a shorter row means nothing.
        """
        longest = max(map(len, tokens))
        ids = np.zeros((len(tokens), longest), np.intp)
        masked = np.full((len(tokens), 1, 1, longest), _MASKED, np.float32)
        for row, line in enumerate(tokens):
            ids[row, : len(line)] = line
            masked[row, ..., : len(line)] = 0.0
        segment = (np.arange(longest) >= np.asarray(second)[:, None]).astype(np.intp)
        x = self.words[ids] * self.word_scales[ids]
        x += self.places[:longest]
        x += self.segments[segment]
        x = self.norm(x)
        for layer in self.layers:
            x = layer(x, masked)
        return self.tags(x), self.attributes(x)


def _gelu(x: Floats) -> Floats:
    """Hendrycks and Gimpel (2016), by their tanh; the error function itself is not in numpy."""
    inner = x * x
    inner *= np.float32(0.044715)
    inner += 1.0
    inner *= x
    inner *= np.float32(0.7978845608)
    np.tanh(inner, out=inner)
    inner += 1.0
    inner *= x
    inner *= 0.5
    return inner


# ---------------------------------------------------------------- the file of weights
def read_encoder(kept: Mapping[str, NDArray[Any]]) -> Encoder:
    """The encoder from the arrays of a weights file (`training/facts/export.py` writes it)."""
    layers = sum(1 for name in kept if name.endswith(".inner.weight"))
    return Encoder(
        words=kept["words.weight"],
        word_scales=kept["words.scale"].astype(np.float32)[:, None],
        places=kept["places"].astype(np.float32),
        segments=kept["segments"].astype(np.float32),
        norm=_norm(kept, "norm"),
        layers=tuple(_layer(kept, f"layer{number}") for number in range(layers)),
        tags=_dense(kept, "tags"),
        attributes=_dense(kept, "attributes"),
    )


def _layer(kept: Mapping[str, NDArray[Any]], name: str) -> Layer:
    return Layer(
        projected=_dense(kept, f"{name}.projected"),
        attended=_dense(kept, f"{name}.attended"),
        attended_norm=_norm(kept, f"{name}.attended_norm"),
        inner=_dense(kept, f"{name}.inner"),
        outer=_dense(kept, f"{name}.outer"),
        outer_norm=_norm(kept, f"{name}.outer_norm"),
    )


def _dense(kept: Mapping[str, NDArray[Any]], name: str) -> Dense:
    weight = kept[f"{name}.weight"].astype(np.float32) * kept[f"{name}.scale"].astype(np.float32)
    return Dense(weight, kept[f"{name}.bias"].astype(np.float32))


def _norm(kept: Mapping[str, NDArray[Any]], name: str) -> Norm:
    return Norm(kept[f"{name}.gain"].astype(np.float32), kept[f"{name}.bias"].astype(np.float32))


def load_weights(file: Path) -> dict[str, NDArray[Any]]:
    """All arrays of a weights file."""
    with np.load(file, allow_pickle=False) as kept:
        return dict(kept.items())
