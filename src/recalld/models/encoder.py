"""A BERT encoder (Devlin et al., 2019) in numpy: token numbers in, one vector per token out.

The weights come from all-MiniLM-L6-v2 (Wang et al., "MiniLM", 2020; Apache License 2.0): the local embedder reads documents with all of
its layers, the fact tagger messages with the lower ones, trained on to mark facts. Vocabulary and word vectors, which both share, lie in
`minilm` beside this file. All weights are kept as bytes with a scale per output; layers are brought back to float32 when they are
loaded, words when they are looked up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recalld.errors import ConfigurationError
from recalld.models.tokens import replace_surrogates

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

Floats = NDArray[np.float32]
HEADS = 12
MINILM = Path(__file__).parent / "minilm"
_START, _BREAK, _UNKNOWN = "[CLS]", "[SEP]", "[UNK]"
_EPSILON = 1e-12  # as the model was trained with
_MASKED = -1e9


@dataclass(frozen=True, slots=True)
class Dense:
    """`x @ weight + bias`."""

    weight: Floats  # shape (inputs, outputs)
    bias: Floats

    def __call__(self, x: Floats) -> Floats:
        """*x* of shape (…, inputs) to shape (…, outputs), as one product: one per row of a batch takes 1.7 times as long."""
        out = x.reshape(-1, x.shape[-1]) @ self.weight
        out += self.bias
        return out.reshape(*x.shape[:-1], out.shape[-1])


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
class Inputs:
    """Rows of tokens to vectors, before the first layer."""

    words: NDArray[np.int8]  # shape (vocabulary, width)
    word_scales: Floats  # shape (vocabulary, 1)
    places: Floats  # shape (places, width); a row may have no more tokens
    segments: Floats
    norm: Norm

    def __call__(self, tokens: Sequence[Sequence[int]], second: Sequence[int]) -> tuple[Floats, Floats]:
        """Vectors of shape (rows, longest row, width), and what masks the places behind the end of shorter rows.

        *second* is where the second segment of each row begins.
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
        return self.norm(x), masked


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


# ---------------------------------------------------------------- files of weights
Weights = Mapping[str, NDArray[Any]]


def load_weights(file: Path) -> Weights:
    """All arrays of a file. Raises `ConfigurationError` when it is missing."""
    try:
        with np.load(file, allow_pickle=False) as kept:
            return dict(kept.items())
    except FileNotFoundError as error:
        raise ConfigurationError(f"the file {file.name} of the local models is missing; reinstall recalld") from error


def read_inputs(kept: Weights) -> Inputs:
    """What stands before the layers; the words are those that all share."""
    words = _words()
    return Inputs(
        words=words["words.weight"],
        word_scales=words["words.scale"].astype(np.float32)[:, None],
        places=kept["places"].astype(np.float32),
        segments=kept["segments"].astype(np.float32),
        norm=read_norm(kept, "norm"),
    )


def read_layers(kept: Weights) -> tuple[Layer, ...]:
    """All layers of a file, from the lowest up."""
    count = sum(1 for name in kept if name.endswith(".inner.weight"))
    return tuple(_layer(kept, f"layer{number}") for number in range(count))


def _layer(kept: Weights, name: str) -> Layer:
    return Layer(
        projected=read_dense(kept, f"{name}.projected"),
        attended=read_dense(kept, f"{name}.attended"),
        attended_norm=read_norm(kept, f"{name}.attended_norm"),
        inner=read_dense(kept, f"{name}.inner"),
        outer=read_dense(kept, f"{name}.outer"),
        outer_norm=read_norm(kept, f"{name}.outer_norm"),
    )


def read_dense(kept: Weights, name: str) -> Dense:
    """One linear layer."""
    weight = kept[f"{name}.weight"].astype(np.float32) * kept[f"{name}.scale"].astype(np.float32)
    return Dense(weight, kept[f"{name}.bias"].astype(np.float32))


def read_norm(kept: Weights, name: str) -> Norm:
    """One normalisation."""
    return Norm(kept[f"{name}.gain"].astype(np.float32), kept[f"{name}.bias"].astype(np.float32))


@cache
def _words() -> Weights:
    return load_weights(MINILM / "words.npz")


# ---------------------------------------------------------------- tokens
class WordPieces:
    """BERT's tokenizer for lower-case English."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        """*tokenizer* as `word_pieces` makes it."""
        self._tokenizer = tokenizer
        self.start, self.stop, self.unknown = (_number(tokenizer, token) for token in (_START, _BREAK, _UNKNOWN))

    def encode(self, text: str) -> Encoding:
        """Numbers and places of the tokens of *text*; lone surrogates are read as U+FFFD."""
        return self._tokenizer.encode(replace_surrogates(text), add_special_tokens=False)


@cache
def vocabulary() -> Mapping[str, int]:
    """The numbers of the pieces that all share."""
    lines = (MINILM / "vocabulary.txt").read_text(encoding="utf-8").split("\n")[:-1]
    return {piece: number for number, piece in enumerate(lines)}


@cache
def shared_pieces() -> WordPieces:
    """The tokenizer over the whole vocabulary."""
    return word_pieces(vocabulary())


def word_pieces(numbers: Mapping[str, int]) -> WordPieces:
    """A tokenizer over some pieces with their *numbers*."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers  # noqa: PLC0415 - only who reads with a model needs it

    tokenizer = Tokenizer(models.WordPiece(dict(numbers), unk_token=_UNKNOWN))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return WordPieces(tokenizer)


def _number(tokenizer: Tokenizer, token: str) -> int:
    number = tokenizer.token_to_id(token)
    if number is None:
        raise ConfigurationError("the vocabulary of the local models is damaged; reinstall recalld")
    return number
