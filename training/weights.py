"""Weights of a trained network as the arrays that `recalld.models.encoder` reads: bytes with a scale per output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recalld.models.encoder import read_dense

PLACES = 256  # positions that are kept: more than a row ever has
Arrays = dict[str, NDArray[Any]]
State = Mapping[str, NDArray[Any]]


def quantised(name: str, rows: NDArray[Any]) -> Arrays:
    """A table as bytes with a scale per row."""
    scales = np.maximum(np.abs(rows).max(1), 1e-12) / 127
    return {
        f"{name}.weight": np.round(rows / scales[:, None]).astype(np.int8),
        f"{name}.scale": scales.astype(np.float16),
    }


def rest(state: State, prefix: str) -> Arrays:
    """What stands beside the words before the first layer. *prefix* is that of the encoder's names."""
    embeddings = f"{prefix}embeddings."
    return {
        "places": state[f"{embeddings}position_embeddings.weight"][:PLACES].astype(np.float16),
        "segments": state[f"{embeddings}token_type_embeddings.weight"].astype(np.float16),
        **norm("norm", state, f"{embeddings}LayerNorm"),
    }


def layers(state: State, prefix: str, count: int) -> Arrays:
    """So many layers, from the lowest up."""
    kept: Arrays = {}
    for number in range(count):
        kept |= _layer(f"layer{number}.", state, f"{prefix}encoder.layer.{number}.")
    return kept


def _layer(name: str, state: State, theirs: str) -> Arrays:
    attention = f"{theirs}attention."
    return {
        **dense(f"{name}projected", state, *(f"{attention}self.{part}" for part in ("query", "key", "value"))),
        **dense(f"{name}attended", state, f"{attention}output.dense"),
        **norm(f"{name}attended_norm", state, f"{attention}output.LayerNorm"),
        **dense(f"{name}inner", state, f"{theirs}intermediate.dense"),
        **dense(f"{name}outer", state, f"{theirs}output.dense"),
        **norm(f"{name}outer_norm", state, f"{theirs}output.LayerNorm"),
    }


def dense(name: str, state: State, *theirs: str) -> Arrays:
    """A linear layer, or several side by side."""
    weight = np.concatenate([state[f"{part}.weight"].T for part in theirs], 1)
    scale = np.maximum(np.abs(weight).max(0), 1e-12) / 127
    bias = np.concatenate([state[f"{part}.bias"] for part in theirs])
    return {
        f"{name}.weight": np.round(weight / scale).astype(np.int8),
        f"{name}.scale": scale.astype(np.float16),
        f"{name}.bias": bias.astype(np.float16),
    }


def norm(name: str, state: State, theirs: str) -> Arrays:
    """A normalisation."""
    return {
        f"{name}.{ours}": state[f"{theirs}.{part}"].astype(np.float16)
        for ours, part in (("gain", "weight"), ("bias", "bias"))
    }


# ---------------------------------------------------------------- and back
def restored(kept: Mapping[str, NDArray[Any]], prefix: str) -> Arrays:
    """The state of an encoder from the arrays of `rest` and `layers`, for training to go on; the words are not among them."""
    embeddings = f"{prefix}embeddings."
    state: Arrays = {
        f"{embeddings}position_embeddings.weight": kept["places"],
        f"{embeddings}token_type_embeddings.weight": kept["segments"],
        **_restored_norm(kept, "norm", f"{embeddings}LayerNorm"),
    }
    for number in range(sum(name.endswith(".inner.weight") for name in kept)):
        state |= _restored_layer(kept, f"layer{number}.", f"{prefix}encoder.layer.{number}.")
    return state


def _restored_layer(kept: Mapping[str, NDArray[Any]], name: str, theirs: str) -> Arrays:
    attention = f"{theirs}attention."
    return {
        **restored_dense(kept, f"{name}projected", *(f"{attention}self.{part}" for part in ("query", "key", "value"))),
        **restored_dense(kept, f"{name}attended", f"{attention}output.dense"),
        **_restored_norm(kept, f"{name}attended_norm", f"{attention}output.LayerNorm"),
        **restored_dense(kept, f"{name}inner", f"{theirs}intermediate.dense"),
        **restored_dense(kept, f"{name}outer", f"{theirs}output.dense"),
        **_restored_norm(kept, f"{name}outer_norm", f"{theirs}output.LayerNorm"),
    }


def restored_dense(kept: Mapping[str, NDArray[Any]], name: str, *theirs: str) -> Arrays:
    """What `dense` made of a linear layer, or of several side by side."""
    dense = read_dense(kept, name)
    weights, biases = np.split(dense.weight.T, len(theirs)), np.split(dense.bias, len(theirs))
    return {f"{part}.weight": weight for part, weight in zip(theirs, weights, strict=True)} | {
        f"{part}.bias": bias for part, bias in zip(theirs, biases, strict=True)
    }


def _restored_norm(kept: Mapping[str, NDArray[Any]], name: str, theirs: str) -> Arrays:
    return {f"{theirs}.weight": kept[f"{name}.gain"], f"{theirs}.bias": kept[f"{name}.bias"]}
