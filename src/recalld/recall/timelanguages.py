"""Time expressions of other languages, put into the words of the English grammar, so that one set of conventions holds.

Six languages have a table (`languages/*.toml`): their words, and phrases whose order differs ("vor zwei Wochen" is
"2 weeks ago"). For further languages, and for what a table does not know, the span that a cue finds is read by dateparser (the
`languages` extra), imported only then; without the extra such spans say nothing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any, cast

from recalld.recall import calendar
from recalld.recall.calendar import HOLIDAYS, MONTHS, SEASONS, WEEKDAYS, Span, Unit
from recalld.recall.timecues import Mention
from recalld.recall.timegrammar import Moment
from recalld.recall.timewords import Word
from recalld.recall.wordclasses import FUNCTION, TEMPORAL, word_set

CODES = ("de", "fr", "es", "it", "pt", "nl")
_UNITS = word_set("day days week weeks weekend month months quarter year years hour hours minutes")


@dataclass(frozen=True, eq=False)
class Language:
    """What one language calls the things of the grammar."""

    code: str
    words: Mapping[str, str]  # word → grammar word
    frame: frozenset[str]  # words of questions; they tell the language, and are no subject
    past: re.Pattern[str]  # verbs of the past
    cue: re.Pattern[str]  # what shows that a query holds a time; also the span that is left to dateparser
    phrases: tuple[tuple[str, str], ...]  # pattern → grammar words

    @cached_property
    def readers(self) -> list[tuple[re.Pattern[str], str]]:
        """The phrases, compiled: N is a count, U a unit, X a unit or name, D a weekday, M a month."""
        classes = {
            "N": rf"(?P<n>\d{{1,3}}|{self._called(lambda word: word.isdigit() or word in ('a', 'a few'))})",
            "U": f"(?P<u>{self._called(_UNITS.__contains__)})",
            "X": f"(?P<x>{self._called(lambda word: word in _UNITS or _is_name(word))})",
            "D": f"(?P<d>{self._called(WEEKDAYS.__contains__)})",
            "M": f"(?P<m>{self._called(MONTHS.__contains__)})",
        }
        patterns = [
            (re.sub(r"\b[NUXDM]\b", lambda m: classes[m[0]], pattern), english) for pattern, english in self.phrases
        ]
        return [(re.compile(rf"(?<!\w)(?:{pattern})(?!\w)"), english) for pattern, english in patterns]

    def _called(self, wanted: Callable[[str], bool]) -> str:
        words = [re.escape(word) for word, english in self.words.items() if wanted(english)]
        return "|".join(sorted(words, key=len, reverse=True))


def _is_name(word: str) -> bool:
    return word in WEEKDAYS or word in MONTHS or word in SEASONS or word in HOLIDAYS


# ---------------------------------------------------------------- tables
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(
        resources.files("recalld.recall").joinpath("languages", f"{name}.toml").read_text(encoding="utf-8")
    )


@lru_cache(maxsize=1)
def languages() -> tuple[Language, ...]:
    """The languages with a table."""
    return tuple(_language(code, _table(code)) for code in CODES)


def _language(code: str, table: Mapping[str, Any]) -> Language:
    words: dict[str, str] = {word: english for english, called in table["words"].items() for word in called.split()}
    for called, english in (("weekdays", WEEKDAYS), ("months", MONTHS), ("numbers", tuple(map(str, range(2, 13))))):
        for names, name in zip(table[called].split(), english, strict=True):
            words |= dict.fromkeys(names.split("/"), name)
    return Language(
        code=code,
        words=words,
        frame=frozenset(table["frame"].split()),
        past=re.compile(rf"(?<!\w)(?:{table['past']})(?!\w)"),
        cue=_cue(table["cue"]),
        phrases=tuple((pattern, english) for pattern, english in table["phrases"]),
    )


def _cue(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{words.replace(chr(10), '')})(?!\w)")


@lru_cache(maxsize=1)
def _further() -> dict[str, re.Pattern[str]]:
    """Cues of the languages without a table; Chinese, Japanese and Korean know no blanks between words."""
    return {
        code: re.compile(cue) if code in ("ja", "zh", "ko") else _cue(cue) for code, cue in _table("further").items()
    }


# ---------------------------------------------------------------- which language
def speaks_english(query: str) -> bool:
    """More question words of English than of any language with a table: no other language needs a look."""
    words = _spoken(query)
    english = len(words & FUNCTION)
    return english > 0 and all(len(words & language.frame) < english for language in languages())


def language_of(query: str) -> Language | None:
    """The language that has most of the question words in *query*, if it also has a time cue there."""
    text, words = _lower(query), _spoken(query)
    known = {language: len(words & language.frame) for language in languages()}
    most = max(known.values())
    found = [language for language, count in known.items() if count == most and language.cue.search(text)]
    return found[0] if len(found) == 1 else None  # of several it may be any


def _spoken(query: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W\d_]+", _lower(query)))


def _lower(query: str) -> str:
    """Lower case of the same length."""
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in query.replace("’", "'"))


# ---------------------------------------------------------------- into grammar words
_PIECE = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{4}|\d+|[^\W\d_]+|[^\w\s]")


def english_words(query: str, language: Language) -> list[Word]:
    """The words of *query*, those of time in grammar words; all words of a phrase share its place in the query."""
    text = _lower(query)
    words: list[Word] = []
    at = 0
    for start, end, english in [*sorted(_phrases(text, language)), (len(text), len(text), "")]:
        for m in _PIECE.finditer(text, at, start):
            word = language.words.get(m.group(), m.group())
            words += [Word(part, query[m.start() : m.end()], m.start(), m.end()) for part in word.split()]
        words += [Word(part, query[start:end], start, end) for part in english.split()]
        at = end
    return words


def _phrases(text: str, language: Language) -> Iterator[tuple[int, int, str]]:
    """Phrases of the table in the text; earlier rows first, none inside another."""
    free = bytearray(b"\1" * len(text))
    for pattern, english in language.readers:
        for m in pattern.finditer(text):
            if all(free[m.start() : m.end()]):
                free[m.start() : m.end()] = bytes(m.end() - m.start())
                groups = {name: language.words.get(value or "", value or "") for name, value in m.groupdict().items()}
                yield m.start(), m.end(), english.format(**groups)


def says_when(mention: Mention, language: Language, query: str) -> bool:
    """The mention says when something was said: a past, or with a verb of the past a name behind its preposition."""
    if mention.before in ("every", "next", "for") or mention.text(0) in ("when", "'"):
        return False
    if mention.reading.force == "past":
        return True
    if not language.past.search(_lower(query)):
        return False
    named = mention.reading.name and not mention.preposition and mention.before not in TEMPORAL
    return not named or mention.reading.kind in ("weekday", "part")


# ---------------------------------------------------------------- dateparser
def library_span(query: str, language: Language | None, moment: Moment) -> tuple[Span, int, int] | None:
    """What dateparser makes of the span at a cue, with the places in *query* where the span begins and ends."""
    text = _lower(query)
    for code, cue in {language.code: language.cue}.items() if language else _further().items():
        m = cue.search(text)
        span = m and _read_by_library(m.group(), code, moment)
        if m and span:
            return span, m.start(), m.end()
    return None


def _read_by_library(words: str, code: str, moment: Moment) -> Span | None:
    """The calendar unit around the date that dateparser gives, as large as the period it names."""
    parser = _parser()
    settings = {"RELATIVE_BASE": moment.now, "PREFER_DATES_FROM": "past", "PREFER_DAY_OF_MONTH": "first"}
    data = parser and parser(languages=[code], settings=settings).get_date_data(words)
    if not data or not data.date_obj or data.period not in ("day", "week", "month", "year"):
        return None
    day = cast("datetime", data.date_obj).date()
    span = calendar.unit_of(cast("Unit", data.period), day)
    return span if span.start < moment.now else None


@lru_cache(maxsize=1)
def _parser() -> Callable[..., Any] | None:
    try:
        from dateparser.date import DateDataParser  # noqa: PLC0415 - an extra; the first phrase of a language takes 30 to 90 ms
    except ImportError:
        return None
    return DateDataParser
