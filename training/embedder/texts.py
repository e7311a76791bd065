"""The texts on which the table of questions is trained: the snippets of `training/facts`, WordNet, and questions made of both.

WordNet (Princeton University; Debian's package `wordnet-base`) gives definitions, examples and names of things; it is used for training
only and no text of it is kept.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from training.facts import snippets

TALK = Path(__file__).parents[1] / "facts" / "talk"
FRAMES = (
    "what did I say about {}", "what did we decide about {}", "which {} did I choose", "when did I mention {}", "do you remember {}",
    "how was the {}", "what is my {}", "what's my {} again", "where did I put the {}", "who told me about {}",
    "have I ever talked about {}", "remind me of the {}", "what happened with the {}", "what was the problem with {}",
    "how much was the {}", "any news on the {}", "did I ever finish {}", "why did I stop {}", "what am I doing about {}",
    "tell me about my {}", "my {}", "that {} thing", "{}", "{}?", "did we discuss {}", "what were my thoughts on {}",
    "which {} do I like", "am I still {}", "what do I need for {}", "has the {} arrived", "who is {}", "what did the {} say",
    "where is the {}", "how do I feel about {}", "the plan for {}",
)  # fmt: skip
QUESTIONS, CLAUSES, DEFINITIONS, EXAMPLES, NAMES = 70_000, 25_000, 30_000, 32_000, 25_000
_WORD = re.compile(r"[A-Za-z][a-z'-]+")
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")
_QUOTED = re.compile(r'"([^"]{6,200})"')


def texts(wordnet: Path, count: int) -> list[str]:
    """So many different texts in random order; *wordnet* is the folder of its `data.*` files."""
    lines = [line.text[:300] for snippet in snippets.read(TALK) for line in snippet if len(line.text) >= 8]
    clauses = [clause for line in lines for clause in _SENTENCE_END.split(line) if 12 <= len(clause) <= 160]
    definitions, examples, names = _wordnet(wordnet)
    pools = ((clauses, CLAUSES), (definitions, DEFINITIONS), (examples, EXAMPLES), (names, NAMES))
    chosen = [text for pool, most in pools for text in random.sample(pool, min(most, len(pool)))]
    made = list(dict.fromkeys([*lines, *chosen, *_questions(lines, names)]))
    random.shuffle(made)
    return made[:count]


def _questions(lines: Sequence[str], names: Sequence[str]) -> Iterator[str]:
    for _ in range(QUESTIONS):
        about = _fragment(random.choice(lines)) if random.random() < 0.55 else random.choice(names)
        if random.random() < 0.2:
            about += f" and {_fragment(random.choice(lines))}"
        yield random.choice(FRAMES).format(about)


def _fragment(line: str) -> str:
    """One to four neighbouring words."""
    words, size = _WORD.findall(line), random.choice((1, 2, 2, 3, 4))
    start = random.randrange(max(1, len(words) - size))
    return " ".join(words[start : start + size]).lower() or line.lower()


def _wordnet(folder: Path) -> tuple[list[str], list[str], list[str]]:
    """Definitions, examples and names."""
    definitions: list[str] = []
    examples: list[str] = []
    names: dict[str, None] = {}
    for file in sorted(folder.glob("data.*")):
        for line in file.read_text(encoding="latin-1").splitlines():
            if not line.startswith("  "):
                head, _, gloss = line.partition(" | ")
                fields = head.split()
                names |= dict.fromkeys(name.replace("_", " ") for name in fields[4 : 4 + 2 * int(fields[3], 16) : 2])
                examples += _QUOTED.findall(gloss)
                definitions.append(_QUOTED.sub("", gloss).split(";")[0].strip()[:200])
    return definitions, examples, list(names)
