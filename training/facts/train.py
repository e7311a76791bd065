"""Train the fact tagger on the snippets and scenes and write its weights for recalld.

    python -m training.facts.train MODEL_FOLDER

MODEL_FOLDER holds all-MiniLM-L6-v2 as its authors publish it (`config.json`, `model.safetensors`, `vocab.txt`). See README.md
beside this file.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from transformers import BertModel

from recalld.ingest.local.facts import tagger
from recalld.ingest.local.facts.tagger.network import LEAST_PROMISE
from recalld.ingest.local.facts.tagger.tagger import SIGNS
from recalld.layers.facts.attributes import Attributes
from recalld.models.encoder import WordPieces, load_weights, vocabulary, word_pieces
from training.facts import scenes, snippets
from training.facts.scenes import Scene
from training.facts.snippets import Line, Row
from training.weights import dense, layers, rest, restored, restored_dense

LAYERS = 6  # after one epoch the best F1 on held-out snippets was 0.527, with three layers 0.472
EPOCHS = 10
BATCH = 32
LEARNING_RATE, HEAD_LEARNING_RATE = 2.5e-4, 1e-3
WARMING = 100  # steps until the rates are reached
SMOOTHING = 0.05  # of the labels: whoever writes snippets is not always right
AVERAGED = 0.999  # what the mean of the weights keeps of itself at each step; the mean is what is written
SNIPPETS = 0.15  # share of the snippets that an epoch shows beside all scenes, a new choice each time
KNOWN = 0.75  # share of the messages of snippets without a line of what is known to which such a line is added
JOINED = 0.3  # share of short messages with nothing in front that are shown as one with the next such message
LEAST = 6  # snippets with an attribute that gets a class of its own
EXCHANGED = 0.35  # share of values that are exchanged for others of the same attribute
UNKNOWN = 0.06  # share of tokens that are hidden
PIECES = 15_000  # of the vocabulary, its most frequent, are read whole; with rarer ones the tagger has too little to learn from


def frequent(file: Path) -> dict[str, int]:
    """The pieces of the shared vocabulary that are frequent, or short continuations, with their numbers in the model's own."""
    known = vocabulary()
    pieces = enumerate(file.read_text(encoding="utf-8").split("\n"))
    return {
        piece: number
        for number, piece in pieces
        if piece in known and (number < PIECES or (piece.startswith("##") and len(piece) <= 5))
    }


class TaggerNetwork(nn.Module):
    """The layers of the encoder with a head for tags, one for attributes, and gates behind some of the layers."""

    def __init__(self, folder: Path, kept: Sequence[int], attributes: int) -> None:
        super().__init__()
        self.bert = BertModel.from_pretrained(folder, add_pooling_layer=False)
        words = self.bert.embeddings.word_embeddings.weight.data[list(kept)].clone()
        self.bert.embeddings.word_embeddings = nn.Embedding.from_pretrained(words, freeze=True, padding_idx=0)
        self.bert.encoder.layer = self.bert.encoder.layer[:LAYERS]
        self.gates = nn.ModuleList(nn.Linear(self.bert.config.hidden_size, 1) for _ in LEAST_PROMISE)
        self.tags = nn.Linear(self.bert.config.hidden_size, 5)
        self.attributes = nn.Linear(self.bert.config.hidden_size, attributes)
        self.dropout = nn.Dropout(0.1)

    def forward(self, tokens: Tensor, mask: Tensor, segments: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Scores of tags, of attributes and, by each gate, of being marked at all for every token; gates teach the layers nothing."""
        read = self.bert(input_ids=tokens, attention_mask=mask, token_type_ids=segments, output_hidden_states=True)
        hidden = self.dropout(read.last_hidden_state)
        placed = zip(self.gates, LEAST_PROMISE, strict=True)
        promised = torch.stack([gate(read.hidden_states[behind].detach())[..., 0] for gate, behind in placed])
        return self.tags(hidden), self.attributes(hidden), promised


def batches(rows: Sequence[Row]) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor, Tensor]]:
    """Tokens, tags, attributes, mask and segments of rows of about the same length, in random order."""
    ordered = sorted(rows, key=lambda row: len(row.tokens) + random.random() * 6)
    groups = [ordered[start : start + BATCH] for start in range(0, len(ordered), BATCH)]
    random.shuffle(groups)
    for group in groups:
        longest = max(len(row.tokens) for row in group)
        yield (
            torch.tensor([row.tokens + [0] * (longest - len(row.tokens)) for row in group]),
            torch.tensor([row.tags + [-100] * (longest - len(row.tags)) for row in group]),
            torch.tensor([row.attributes + [snippets.NO_ATTRIBUTE] * (longest - len(row.tags)) for row in group]),
            torch.tensor([[1] * len(row.tokens) + [0] * (longest - len(row.tokens)) for row in group]),
            torch.tensor([[0] * row.second + [1] * (longest - row.second) for row in group]),
        )


def loss_of(network: TaggerNetwork, batch: tuple[Tensor, ...], hidden: int) -> Tensor:
    """Cross entropy of tags and, inside values, of attributes."""
    tokens, tags, attributes, mask, segments = batch
    tokens = tokens.masked_fill((torch.rand(tokens.shape) < UNKNOWN) & (tokens > hidden * 100), hidden)
    of_tags, of_attributes, of_gates = network(tokens, mask, segments)
    of_tags = of_tags.view(-1, 5)
    loss = 3 * functional.cross_entropy(of_tags, tags.view(-1), ignore_index=-100, label_smoothing=SMOOTHING)
    known = tags >= 0
    for of_gate in of_gates:
        loss = loss + functional.binary_cross_entropy_with_logits(of_gate[known], (tags[known] > 0).float())
    inside = attributes >= 0
    if inside.any():
        loss = loss + 0.5 * functional.cross_entropy(
            of_attributes[inside], attributes[inside], label_smoothing=SMOOTHING
        )
    return loss


def joined(rows: Sequence[Row]) -> list[Row]:
    """*rows* with some that have nothing in front made one with another such: a message of two."""
    shown: list[Row] = []
    waiting: Row | None = None
    for row in rows:
        if row.second > 2 or len(row.tokens) > 60 or random.random() > JOINED:
            shown.append(row)
        elif waiting is None:
            waiting = row
        else:
            ends = ((getattr(waiting, part)[:-1], getattr(row, part)[2:]) for part in ("tokens", "tags", "attributes"))
            shown.append(Row(*(first + then for first, then in ends), second=2))
            waiting = None
    return [*shown, waiting] if waiting else shown


class Shown:
    """The rows of an epoch."""

    def __init__(
        self, told: Sequence[Sequence[Line]], played: Sequence[Scene], registry: Attributes, pieces: WordPieces
    ) -> None:
        """*told* are the snippets, *played* the scenes."""
        self._plain = [snippet for snippet in told if snippet[0].role != "K"]
        self._with_known = [snippet for snippet in told if snippet[0].role == "K"]
        self._played = played
        self._pieces = pieces
        self._single = lambda name: registry.cardinality(name) == "single"
        self._values = snippets.values(self._plain)
        self.names = ["other", *sorted(name for name, found in self._values.items() if len(found) >= LEAST)]
        self._numbers = {name: number for number, name in enumerate(self.names)}
        self._exchangeable = {
            name: self._values[name] for name in self.names if name in self._values and name in registry
        }
        self._facts = [(name, value) for name, values in self._values.items() for value in values]

    def rows(self) -> list[Row]:
        """Another choice each time, in random order."""
        plain, with_known = (random.sample(of, int(SNIPPETS * len(of))) for of in (self._plain, self._with_known))
        in_any_order = [snippets.in_any_order(snippet) for snippet in with_known]
        rows = [*self._of(self._exchanged(plain), self._known), *self._of(self._exchanged(in_any_order))]
        random.shuffle(rows)
        rows = joined(rows)
        for scene in self._played:
            rows += scenes.rows(scene, self._pieces, self._number, self._facts)
        random.shuffle(rows)
        return rows

    def _number(self, attribute: str) -> int:
        return self._numbers.get(attribute, 0)

    def _exchanged(self, told: Sequence[Sequence[Line]]) -> list[list[Line]]:
        return [snippets.with_other_values(snippet, self._exchangeable, EXCHANGED) for snippet in told]

    def _of(self, told: Sequence[Sequence[Line]], known: Callable[[Line], Line] | None = None) -> Iterator[Row]:
        for snippet in told:
            yield from snippets.rows(snippet, self._pieces, self._number, known)

    def _known(self, said: Line) -> Line:
        if random.random() > KNOWN:
            return snippets.known_line([])
        return snippets.with_known(said, self._values, self._single, self._facts)


def train(folder: Path, files: str, seed: int, begun_in: Path | None) -> None:
    """Train and write the weights into the package; *begun_in* is the folder of weights to go on with."""
    random.seed(seed)
    torch.manual_seed(seed)
    registry = Attributes()
    here = Path(__file__).parent
    learnt_from, _ = snippets.parted(here / "talk", files)
    played = scenes.read(here / "scenes", scenes.FILES, registry)
    told = [[snippets.canonical(line, registry) for line in snippet] for snippet in learnt_from]
    kept = frequent(folder / "vocab.txt")
    pieces = word_pieces({piece: place for place, piece in enumerate(kept)})
    shown = Shown(told, played, registry, pieces)
    network = TaggerNetwork(folder, list(kept.values()), len(shown.names))
    if begun_in is not None:
        go_on(network, shown.names, begun_in)
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(AVERAGED))
    heads = [parameter for head in (network.gates, network.tags, network.attributes) for parameter in head.parameters()]
    body = [parameter for parameter in network.bert.parameters() if parameter.requires_grad]
    rates = (LEARNING_RATE, HEAD_LEARNING_RATE)
    optimiser = torch.optim.AdamW([{"params": body}, {"params": heads}], weight_decay=0.01)
    step, begun = 0, time.monotonic()
    for epoch in range(EPOCHS):
        network.train()
        losses = Counter()
        rows = shown.rows()
        for place, batch in enumerate(batches(rows)):
            step += 1
            done = (epoch + place * BATCH / len(rows)) / EPOCHS
            for group, rate in zip(optimiser.param_groups, rates, strict=True):
                group["lr"] = rate * min(step / WARMING, 1.0) * max(0.01, 1 - done)
            loss = loss_of(network, batch, pieces.unknown)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_([*body, *heads], 1.0)
            optimiser.step()
            average.update_parameters(network)
            losses.update(sum=loss.item(), batches=1)
        print(
            f"epoch {epoch + 1} of {EPOCHS}: loss {losses['sum'] / losses['batches']:.3f}, {time.monotonic() - begun:.0f} s",
            flush=True,
        )
    write(average.module, list(kept), shown.names, Path(tagger.__file__).parent)


def go_on(network: TaggerNetwork, attributes: Sequence[str], folder: Path) -> None:
    """Begin with the weights in *folder* instead of the model's own: what `write` wrote there, for the same vocabulary."""
    kept = load_weights(folder / "weights.npz")
    state = restored(kept, "bert.") | restored_dense(kept, "tags", "tags")
    for number, behind in enumerate(LEAST_PROMISE):
        state |= restored_dense(kept, f"gate{behind}", f"gates.{number}")
    known = (folder / "attributes.txt").read_text(encoding="utf-8").split()
    both = [name for name in attributes if name in known]
    ours, theirs = [attributes.index(name) for name in both], [known.index(name) for name in both]
    with torch.no_grad():
        for name, tensor in restored_dense(kept, "attributes", "attributes").items():
            network.get_parameter(name)[ours] = torch.from_numpy(tensor[theirs])
        for name, array in state.items():
            network.get_parameter(name)[: len(array)] = torch.from_numpy(array.astype(np.float32))


def write(network: TaggerNetwork, pieces: Sequence[str], attributes: Sequence[str], folder: Path) -> None:
    """What `recalld.ingest.local.facts.tagger` loads; the words are those that all share."""
    state = {name: tensor.float().numpy() for name, tensor in network.state_dict().items()}
    heads = dense("tags", state, "tags") | dense("attributes", state, "attributes")
    for number, behind in enumerate(LEAST_PROMISE):
        heads |= dense(f"gate{behind}", state, f"gates.{number}")
    sure = np.array([1.0, *[0.0] * SIGNS], np.float32)  # until `sure.py` has fitted it: the first sign alone
    np.savez(folder / "weights.npz", **rest(state, "bert."), **layers(state, "bert.", LAYERS), **heads, sure=sure)
    (folder / "vocabulary.txt").write_text("".join(f"{piece}\n" for piece in pieces), encoding="utf-8")
    (folder / "attributes.txt").write_text("".join(f"{name}\n" for name in attributes), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="all-MiniLM-L6-v2")
    parser.add_argument("--files", default="*.txt", help="those of talk/ to train on, beside all scenes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--go-on", type=Path, help="a folder with the weights to begin with, such as that of the package"
    )
    given = parser.parse_args()
    train(given.folder, given.files, given.seed, given.go_on)
