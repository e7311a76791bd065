"""Write a trained network as the files that `recalld.ingest.local.facts.tagger` loads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PLACES = 192  # positions that are kept: more than a row ever has
Arrays = dict[str, NDArray[Any]]


def write(
    state: Mapping[str, Any], layers: int, pieces: Sequence[str], attributes: Sequence[str], folder: Path
) -> None:
    """Weights as bytes with scales, vocabulary and attributes as lines of text."""
    given = {name: tensor.float().numpy() for name, tensor in state.items()}
    np.savez(folder / "weights.npz", **_arrays(given, layers))
    (folder / "vocabulary.txt").write_text("".join(f"{piece}\n" for piece in pieces), encoding="utf-8")
    (folder / "attributes.txt").write_text("".join(f"{name}\n" for name in attributes), encoding="utf-8")


def _arrays(given: Arrays, layers: int) -> Arrays:
    embeddings = "bert.embeddings."
    words = given[f"{embeddings}word_embeddings.weight"]
    scales = np.maximum(np.abs(words).max(1), 1e-12) / 127
    kept: Arrays = {
        "words.weight": np.round(words / scales[:, None]).astype(np.int8),
        "words.scale": scales.astype(np.float16),
        "places": given[f"{embeddings}position_embeddings.weight"][:PLACES].astype(np.float16),
        "segments": given[f"{embeddings}token_type_embeddings.weight"].astype(np.float16),
        **_norm("norm", given, f"{embeddings}LayerNorm"),
        **_dense("tags", given, "tags"),
        **_dense("attributes", given, "attributes"),
    }
    for number in range(layers):
        kept |= _layer(f"layer{number}.", given, f"bert.encoder.layer.{number}.")
    return kept


def _layer(name: str, given: Arrays, theirs: str) -> Arrays:
    attention = f"{theirs}attention."
    return {
        **_dense(f"{name}projected", given, *(f"{attention}self.{part}" for part in ("query", "key", "value"))),
        **_dense(f"{name}attended", given, f"{attention}output.dense"),
        **_norm(f"{name}attended_norm", given, f"{attention}output.LayerNorm"),
        **_dense(f"{name}inner", given, f"{theirs}intermediate.dense"),
        **_dense(f"{name}outer", given, f"{theirs}output.dense"),
        **_norm(f"{name}outer_norm", given, f"{theirs}output.LayerNorm"),
    }


def _dense(name: str, given: Arrays, *theirs: str) -> Arrays:
    weight = np.concatenate([given[f"{part}.weight"].T for part in theirs], 1)
    scale = np.maximum(np.abs(weight).max(0), 1e-12) / 127
    bias = np.concatenate([given[f"{part}.bias"] for part in theirs])
    return {
        f"{name}.weight": np.round(weight / scale).astype(np.int8),
        f"{name}.scale": scale.astype(np.float16),
        f"{name}.bias": bias.astype(np.float16),
    }


def _norm(name: str, given: Arrays, theirs: str) -> Arrays:
    return {
        f"{name}.{ours}": given[f"{theirs}.{part}"].astype(np.float16)
        for ours, part in (("gain", "weight"), ("bias", "bias"))
    }
