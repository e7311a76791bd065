"""Make the files of the local embedder.

    python -m training.embedder.train MODEL_FOLDER [--wordnet FOLDER]

MODEL_FOLDER holds all-MiniLM-L6-v2 as its authors publish it (`config.json`, `model.safetensors`, `vocab.txt`). See README.md
beside this file.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from transformers import AutoTokenizer, BertModel

from recalld.models.encoder import MINILM, WordPieces, word_pieces
from training.embedder.texts import texts
from training.weights import layers, quantised, rest

TEXTS = 110_000
TOKENS = 96  # of a text
DIMENSIONS = 256
HELD_OUT, BATCH, EPOCHS, LEARNING_RATE = 4_000, 1_024, 16, 3e-3
DROPPED = 0.1  # share of a text's tokens that are left out
SHARPNESS = 20.0  # of the similarities of a batch, which the table is to order as the transformer does
_SIGNS = "’“”–—…‘€£°•₹¥½¼²"

Floats = NDArray[np.float32]


def vocabulary(file: Path) -> tuple[list[int], list[str]]:
    """Numbers and texts of the pieces that are kept: those of Latin script."""
    pieces = file.read_text(encoding="utf-8").split("\n")
    kept = [
        number for number, piece in enumerate(pieces)
        if piece and not piece.startswith("[unused") and all(ord(char) < 0x180 or char in _SIGNS for char in piece)
    ]  # fmt: skip
    return kept, [pieces[number] for number in kept]


# ---------------------------------------------------------------- what the transformer says
class Teacher:
    """all-MiniLM-L6-v2 with its own vocabulary."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.network = BertModel.from_pretrained(folder, add_pooling_layer=False).eval()

    def vectors(self, told: Sequence[str]) -> Floats:
        """The vectors of texts, of length one, shape (len(told), 384)."""
        lines = self.tokenizer(list(told), truncation=True, max_length=TOKENS)["input_ids"]
        order = sorted(range(len(told)), key=lambda place: len(lines[place]))
        found = np.empty((len(told), self.network.config.hidden_size), np.float32)
        network = self.network.bfloat16()
        for start in range(0, len(order), 256):
            batch = order[start : start + 256]
            longest = len(lines[batch[-1]])
            tokens = torch.tensor([lines[place] + [0] * (longest - len(lines[place])) for place in batch])
            found[batch] = _pooled(network, tokens, (tokens > 0).long()).numpy()
        self.network.float()
        return found

    def alone(self, pieces: Sequence[int]) -> Floats:
        """What each piece says alone, between the marks of a text."""
        start, stop = self.tokenizer.cls_token_id, self.tokenizer.sep_token_id
        tokens = torch.tensor([[start, piece, stop] for piece in pieces])
        parts = [_pooled(self.network, part, torch.ones_like(part), length_one=False) for part in tokens.split(1024)]
        return torch.cat(parts).numpy()


@torch.no_grad()
def _pooled(network: BertModel, tokens: Tensor, mask: Tensor, *, length_one: bool = True) -> Tensor:
    hidden = network(input_ids=tokens, attention_mask=mask).last_hidden_state.float()
    mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    return functional.normalize(mean, dim=1) if length_one else mean


# ---------------------------------------------------------------- the table of questions
def principal_components(vectors: Floats) -> Floats:
    """The directions in which *vectors* have most length, shape (384, 256)."""
    _, directions = np.linalg.eigh(vectors.T @ vectors / len(vectors))
    return np.ascontiguousarray(directions[:, ::-1][:, :DIMENSIONS]).astype(np.float32)


def beginning(alone: Floats, kept: Sequence[int], components: Floats) -> Floats:
    """The table before it is trained: what each piece says alone, rare pieces heavier (Tulkens and van Dongen, "Model2Vec", 2024)."""
    table = (alone - 0.7 * alone.mean(0)) @ components
    table /= np.linalg.norm(table, axis=1, keepdims=True) + 1e-6
    return (table * (np.log(2 + np.array(kept)) / np.log(30_000))[:, None]).astype(np.float32)


def trained(table: Floats, told: Sequence[str], targets: Floats, pieces: WordPieces) -> Floats:
    """The table with which the mean over a text's tokens comes nearest to the *targets*, one by one and in their order within a batch."""
    numbers = [pieces.encode(text).ids[:TOKENS] or [pieces.unknown] for text in told]
    wanted, weight = torch.tensor(targets), torch.nn.Parameter(torch.tensor(table))
    optimiser = torch.optim.Adam([weight], lr=LEARNING_RATE)
    held_out, places = range(HELD_OUT), list(range(HELD_OUT, len(told)))
    steps, step = EPOCHS * (len(places) // BATCH), 0
    for epoch in range(EPOCHS):
        random.shuffle(places)
        for start in range(0, len(places) - BATCH + 1, BATCH):
            step += 1
            optimiser.param_groups[0]["lr"] = LEARNING_RATE * max(0.03, 1 - step / steps)
            batch = places[start : start + BATCH]
            loss = _distance(_means([_some(numbers[place]) for place in batch], weight), wanted[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        with torch.no_grad():
            alike = (_means([numbers[place] for place in held_out], weight) * wanted[: len(held_out)]).sum(1).mean()
        print(f"epoch {epoch + 1} of {EPOCHS}: cosine on held-out texts {alike:.3f}", flush=True)
    return weight.detach().numpy()


def _some(numbers: list[int]) -> list[int]:
    return [number for number in numbers if random.random() > DROPPED] or numbers


def _means(lines: Sequence[Sequence[int]], table: Tensor) -> Tensor:
    starts = np.cumsum([0, *(len(line) for line in lines[:-1])])
    flat = torch.tensor([number for line in lines for number in line])
    return functional.normalize(functional.embedding_bag(flat, table, torch.tensor(starts), mode="sum"), dim=1)


def _distance(found: Tensor, wanted: Tensor) -> Tensor:
    similar, aim = found @ wanted.T, wanted @ wanted.T
    order = functional.cross_entropy(similar * SHARPNESS, torch.softmax(aim * SHARPNESS, 1))
    return (1 - (found * wanted).sum(1)).mean() + 4 * ((similar - aim) ** 2).mean() + 0.15 * order


# ---------------------------------------------------------------- all of it
def make(folder: Path, wordnet: Path, seed: int) -> None:
    """Train and write the files into the package."""
    random.seed(seed)
    torch.manual_seed(seed)
    kept, pieces = vocabulary(folder / "vocab.txt")
    teacher, told = Teacher(folder), texts(wordnet, TEXTS)
    vectors = teacher.vectors(told)
    components = principal_components(vectors)
    targets = vectors @ components
    targets /= np.linalg.norm(targets, axis=1, keepdims=True)
    table = trained(
        beginning(teacher.alone(kept), kept, components),
        told,
        targets,
        word_pieces({piece: place for place, piece in enumerate(pieces)}),
    )
    state = {name: tensor.float().numpy() for name, tensor in teacher.network.state_dict().items()}
    MINILM.mkdir(exist_ok=True)
    (MINILM / "vocabulary.txt").write_text("".join(f"{piece}\n" for piece in pieces), encoding="utf-8")
    np.savez(MINILM / "words.npz", **quantised("words", state["embeddings.word_embeddings.weight"][kept]))
    np.savez(MINILM / "questions.npz", **quantised("table", table))
    np.savez(
        MINILM / "documents.npz",
        **rest(state, ""),
        **layers(state, "", teacher.network.config.num_hidden_layers),
        components=components.astype(np.float16),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="all-MiniLM-L6-v2")
    parser.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"), help="the folder of its data files")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    make(given.folder, given.wordnet, given.seed)
