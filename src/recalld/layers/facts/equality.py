"""When two values mean the same: "Berlin" and "berlin.", "3rd of February" and "Feb 3", "Vim" and "vim".

Too strict, and one value is told twice; too loose, and a contradiction goes unseen. Only differences of writing are
levelled (case, accents, punctuation, articles, ordinals, the order of day and month), never differences of meaning:
"C++" is not "C", "O+" is not "O" nor "O-", "-5" is not "5", "a.b@mail.example" is not "ab@mail.example", "30 €" is not "30 $".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

Tokens = tuple[str, ...]

_ARTICLES = frozenset(("a", "an", "the"))
_NUMBERS = {
    word: str(number)
    for number, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
    )
}
_MONTHS = {
    name[:length]: name
    for name in (
        "january", "february", "march", "april", "may", "june",
        "july", "august", "september", "october", "november", "december",
    )
    for length in (3, 4, len(name))
}  # fmt: skip
_WEEKDAYS = frozenset(("mondays", "tuesdays", "wednesdays", "thursdays", "fridays", "saturdays", "sundays"))
_DENIALS = frozenset(
    ("no", "not", "non", "never", "without", "except", "former", "formerly", "ex", "previous", "until", "since")
)

_STROKES = str.maketrans("øØłŁđĐ", "oOlLdD")  # NFKD does not take these apart
_IDENTIFIER = re.compile(r"\S*(?:@|://|_|[^\W\d]{2}\.[^\W\d]{2})\S*")
_TELEPHONE = re.compile(r"\+?[\d\s()/.\-]{6,}")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th)")
_MINUS = re.compile(
    r"(?:(?<![^\s(])(?<!\d\s)(?=.\.?\d) | (?:(?<=\b[abcdo])|(?<=\bab))(?=.(?:[\s),.]|$))) [-\u2013\u2212]", re.VERBOSE
)
"""Before a number, and behind a blood type or a mark; any other dash is punctuation."""
_KEPT_MINUS = "\u2212"  # no separator
_APOSTROPHES = re.compile(r"['’`]")
_SEPARATORS = re.compile(r"[\s!\"()*,\-./:;<=>?@\[\\\]^_{|}~¡«·»¿\u2010-\u2027\u2030-\u205e\u3000-\u303f]+")
_DETAIL = re.compile(r"^(?P<head>[^,(]*\w[^,(]*)(?:,\s*(?P<after>[^,()]+)|\s\((?P<inside>[^()]+)\))$")


@dataclass(frozen=True, slots=True)
class Key:
    """The comparable form of a value: its tokens, and those of a detail in brackets or after a comma."""

    tokens: Tokens
    detail: Tokens = ()  # "Berlin, Germany" → ("germany",)

    def same(self, other: Key) -> bool:
        """True for the same value, or for one value with and without its detail: "Berlin" and "Berlin, Germany"."""
        return self.tokens == other.tokens and (self.detail == other.detail or not (self.detail and other.detail))

    def refers_to(self, other: Key) -> bool:
        """True when one names the other by a part of it: "the Palio" and "2014 Fiat Palio"."""
        mine, theirs = {*self.tokens, *self.detail}, {*other.tokens, *other.detail}
        part = mine if mine <= theirs else theirs if theirs <= mine else set[str]()
        return any(len(token) > 2 or token.isdigit() for token in part)


def value_key(value: str) -> Key:
    """The comparable form of *value*. Two values that differ only in writing have the same one."""
    joined = value.replace(" ", "")
    if joined.isascii() and joined.isalnum() and not joined.isdigit():
        return Key(_of_words(value.casefold().split()))  # as most are: no sign to think about
    match = _DETAIL.match(value.strip())
    if match is None or _IDENTIFIER.fullmatch(value.strip()):
        return Key(_tokens(value))
    detail = _tokens(match["after"] or match["inside"])
    if not detail or set(detail) & _DENIALS or any(token.lstrip(_KEPT_MINUS).isdigit() for token in detail):
        return Key(_tokens(value))
    return Key(_tokens(match["head"]), detail)


def _tokens(value: str) -> Tokens:
    plain = _plain(value)
    if _IDENTIFIER.fullmatch(plain):
        return (plain,)
    plain = _MINUS.sub(_KEPT_MINUS, plain)
    if _TELEPHONE.fullmatch(plain) and sum(char.isdigit() for char in plain) >= 6 and not _looks_like_a_date(plain):
        return ("".join(char for char in plain if char.isdigit() or char == "+"),)
    return _of_words(_SEPARATORS.split(_THOUSANDS.sub("", plain).replace("&", " and "))) or (plain,)


def _of_words(words: Iterable[str]) -> Tokens:
    dated = _dates([_word(word) for word in words if word])
    return tuple(word for word in dated if word not in _ARTICLES) or tuple(dated)


def _plain(value: str) -> str:
    """Without case, accents of Latin letters and apostrophes; marks of other scripts carry meaning and stay."""
    plain = value.strip() if value.isascii() else _without_accents(value.strip())
    return _APOSTROPHES.sub("", plain.casefold()).strip()


def _without_accents(value: str) -> str:
    letters: list[str] = []
    for char in unicodedata.normalize("NFKD", value):
        if not (unicodedata.combining(char) and letters and letters[-1] < "\u0250"):
            letters.append(char)
    return "".join(letters).translate(_STROKES)


def _looks_like_a_date(plain: str) -> bool:
    return re.fullmatch(r"\d{1,4}([-./])\d{1,2}\1\d{1,4}", plain) is not None


def _word(word: str) -> str:
    ordinal = _ORDINAL.fullmatch(word)
    if ordinal:
        return ordinal[1].lstrip("0") or "0"
    if word.isdigit() and len(word) <= 2:
        return word.lstrip("0") or "0"
    return word[:-1] if word in _WEEKDAYS else _NUMBERS.get(word, word)


def _dates(words: list[str]) -> list[str]:
    """Day and month in one order: "3 of february", "feb 3" and "3 february" become "february 3"."""
    if not any(word.isdigit() for word in words):
        return words
    dated: list[str] = []
    rest = words
    while rest:
        step = 3 if rest[1:2] == ["of"] and len(rest) > 2 else 2
        pair = (rest[0], rest[step - 1]) if len(rest) >= step else (rest[0], "")
        month_day = _month_day(*pair) or _month_day(*reversed(pair))
        dated += month_day or rest[:1]
        rest = rest[step if month_day else 1 :]
    return dated


def _month_day(month: str, day: str) -> list[str] | None:
    named = month in _MONTHS and day.isdigit() and 1 <= int(day) <= 31
    return [_MONTHS[month], day] if named else None
