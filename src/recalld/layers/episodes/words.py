"""Texts as words for the search by stems; PostgreSQL's dictionaries stem them and drop the stop words.

Its own parser reads "PL-20417" as a word and a negative number and "HD/3381" as a file path, so that "20417" would find neither. Words are
therefore split here, at everything that is neither a letter nor a digit, and these things are added or changed:

- codes ("PL-20417", "0.4.118") joined to one word ("pl20417"), which is rarer than its pieces;
- words with accents also without them ("Quiñones", "quinones");
- irregular forms, which no stemmer joins, become their base form ("bought", "buy");
- Chinese, Japanese and Korean runs as overlapping pairs of characters, since nothing separates their words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

MAX_WORDS = 25_000  # of one text, and
MAX_CHARACTERS = 200_000  # together: PostgreSQL's tsvector ends at 1 MB (120,000 distinct words did not fit)
_MAX_LENGTH = 100  # of one word; PostgreSQL ignores those above 2 kB
_WORD = re.compile(r"[^\W_]+")
_CODE = re.compile(r"[^\W_]+(?:[-/.:#+_][^\W_]+)+")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]{2,}")


def _base_forms() -> dict[str, str]:
    lines = Path(__file__).with_name("irregular.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if not line.startswith("#")]
    return {form: base for base, *forms in rows for form in forms}


_BASE_FORM = _base_forms()


def words(text: str) -> list[str]:
    """The words of *text* in order, lower case; of a huge one those at its beginning."""
    plain = _plain(text)
    found = [*(_BASE_FORM.get(word, word) for word in _split(plain)), *_codes(plain)][:MAX_WORDS]
    return found if sum(map(len, found)) <= MAX_CHARACTERS else found[: MAX_CHARACTERS // _MAX_LENGTH]


def base_form(word: str) -> str:
    """The base form of an irregular form, else the word itself."""
    return _BASE_FORM.get(word, word)


def plain_words(text: str) -> list[str]:
    """The words of *text* as they are written, lower case, without the additions."""
    return _WORD.findall(_plain(text))


def _plain(text: str) -> str:
    return _THOUSANDS.sub("", unicodedata.normalize("NFKC", text[:MAX_CHARACTERS])).lower()


def _split(text: str) -> Iterator[str]:
    for match in _WORD.finditer(text):
        word = match.group()[:_MAX_LENGTH]
        if _UNSPACED.search(word):
            yield from _pairs(word)
            continue
        yield word
        if (bare := _without_accents(word)) != word:
            yield bare


def _pairs(run: str) -> Iterator[str]:
    yield from (run[place : place + 2] for place in range(len(run) - 1))


def _codes(text: str) -> Iterator[str]:
    """Joined forms of what is written with a digit and punctuation inside."""
    for match in _CODE.finditer(text):
        joined = "".join(_WORD.findall(match.group()))[:_MAX_LENGTH]
        if any(character.isdigit() for character in joined):
            yield joined


def _without_accents(word: str) -> str:
    if word.isascii():
        return word
    return "".join(
        character for character in unicodedata.normalize("NFKD", word) if not unicodedata.combining(character)
    )
