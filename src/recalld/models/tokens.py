"""Counts tokens with a real tokenizer that is already installed.

The tokenizer is Llama 2's byte-pair encoding (32,000 pieces), in the file that wordllama ships for its own use; no
model is loaded and nothing is downloaded. Providers count with vocabularies of their own. Theirs are larger (100,000
to 260,000 pieces), so the same English prose takes fewer tokens there, and text outside the Latin alphabet, which
Llama 2 spells byte by byte, takes far fewer: a budget kept here is as a rule kept there as well. It is an estimate of
their count, exact only as ours.

Measured on two cores: loading 50 ms once, 8 µs for a question, 1 ms for 4,000 characters. All functions may be called
from any thread.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from recalld.errors import ConfigurationError

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

_LONGEST_PIECE = 16  # characters of the longest piece in the vocabulary: n tokens never cover more than 16 n characters
_FIRST_MERGE = 258  # the ids before are marks and bytes
_SHORT = 2_000  # characters; of longer texts most words are new
_MOST_WORDS = 100_000  # 15 MB
_UNPLAIN = re.compile("  |[<▁]|^ | $")  # what may fall into other pieces when its words are taken one by one
_loading = Lock()
_pieces: dict[int, tuple[int, ...]] = {}  # of words, by their hash, without who said them


def count_tokens(text: str) -> int:
    """How many tokens *text* takes, without begin and end marks; the empty text takes none."""
    return len(_encode(text).ids) if text else 0


def pieces_of_each(words: Sequence[str]) -> list[tuple[int, ...]]:
    """The pieces of each of *words* by their places in the vocabulary. Those of most words are known already.

    No piece reaches over a space, so a word among others falls into the pieces that it has alone.
    """
    found = [_pieces.get(hash(word)) for word in words]
    unknown = [place for place, pieces in enumerate(found) if pieces is None]
    if unknown:
        for place, pieces in zip(unknown, _spelt([words[place] for place in unknown]), strict=True):
            found[place] = pieces
    return [pieces or () for pieces in found]


def count_each(words: Sequence[str]) -> list[int]:
    """How many tokens each of *words* takes."""
    return [len(pieces) for pieces in pieces_of_each(words)]


def truncate_to_tokens(text: str, n: int) -> str:
    """The beginning of *text* that *n* tokens cover, cut between two tokens and never inside a character.

    The whole text comes back when it fits. `count_tokens` of the result never exceeds *n*.
    """
    if n <= 0:
        return ""
    head = text[: n * _LONGEST_PIECE]
    while len((encoding := _encode(head)).ids) > n:  # again, since a shorter text can fall into other pieces
        head = head[: encoding.offsets[n][0]]
    return head


def word_rank(word: str) -> int | None:
    """The place of a lower-case *word* among the pieces of the vocabulary, frequent ones first ("the" 20, "house" 3,441).

    `None` when it is spelt in several pieces, as rare words are. The order is that of the byte-pair merges.
    """
    piece = _tokenizer().token_to_id("▁" + word)
    return None if piece is None else max(piece - _FIRST_MERGE, 1)


def token_ids(text: str) -> list[int]:
    """The pieces of *text* by their places in the vocabulary."""
    if not text or len(text) > _SHORT or _UNPLAIN.search(text):
        return _encode(text).ids if text else []
    return [piece for pieces in pieces_of_each(text.split(" ")) for piece in pieces]


def vocabulary() -> list[str]:
    """All pieces by their place; one that begins a word starts with "▁"."""
    tokenizer = _tokenizer()
    return [tokenizer.id_to_token(place) or "" for place in range(tokenizer.get_vocab_size())]


def replace_surrogates(text: str) -> str:
    """*text* with lone surrogates, which no UTF-8 encoder accepts, replaced by U+FFFD one for one."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in text)
    return text


def _spelt(words: Sequence[str]) -> list[tuple[int, ...]]:
    """The pieces of each word, in one go: for ten words that takes as long as for two of them alone."""
    encoded = _encode(" ".join(words))
    begins = [place for place, piece in enumerate(encoded.tokens) if piece.startswith("▁")]
    if len(begins) == len(words) and not any(not word or _UNPLAIN.search(word) for word in words):
        spelt = [tuple(encoded.ids[begin:end]) for begin, end in pairwise((*begins, len(encoded.ids)))]
    else:  # something that is no word
        spelt = [tuple(_encode(word).ids) if word else () for word in words]
    if len(_pieces) + len(spelt) > _MOST_WORDS:
        _pieces.clear()
    _pieces.update(zip(map(hash, words), spelt, strict=True))
    return spelt


def _encode(text: str) -> Encoding:
    return _tokenizer().encode(replace_surrogates(text), add_special_tokens=False)


def _tokenizer() -> Tokenizer:
    with _loading:
        return _load()


@cache
def _load() -> Tokenizer:
    from tokenizers import Tokenizer  # noqa: PLC0415 - 20 ms that programs which count nothing do not pay

    return Tokenizer.from_file(str(_vocabulary_file()))


def _vocabulary_file() -> Path:
    """The file inside the installed wordllama package, found without importing it."""
    package = find_spec("wordllama")
    for folder in (package.submodule_search_locations if package else None) or ():
        file = Path(folder) / "tokenizers" / "l2_supercat_tokenizer_config.json"
        if file.is_file():
            return file
    raise ConfigurationError(
        "the tokenizer file of wordllama is missing; reinstall it: pip install --force-reinstall wordllama"
    )
