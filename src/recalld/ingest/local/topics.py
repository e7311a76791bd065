"""Topics: up to five key phrases of what is kept of a session.

The phrases are YAKE's (Campos et al. 2020, "YAKE! Keyword extraction from single documents using multiple local
features"), taken from the summary and points rather than from the whole session: there it ranks interjections and names
first, and takes 30 ms instead of 10.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Protocol, cast

from recalld.ingest.local.worth import read_sentence, root

MAX_TOPICS = 5
_CANDIDATES = 40
_LONGEST_PHRASE = 2  # words
_TEXT = 3_000  # characters read, the points first
_LEAST_WEIGHT = 0.4  # of every word: "make" has 0.32, "group" 0.47
_NOT_THINGS = ("ed", "ly")
_LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "fi", "ru")  # YAKE's larger lists of stop words
_PUNCTUATION = ".,;:!?…()[]“”\"'’"
_BAD_ENDS = re.compile(r"^[\W_]+|[\W_]+$")
_PERIOD = re.compile(r"(?:(?:day|week|weekend|month|year|hour|minute|night|evening|morning|afternoon)s?|time)")
_BREAK = re.compile(r"[.!?,;:]\s")
_MARKER = re.compile(r"\[\w+:|[“”\"\]]")  # "[photo: …]"


def choose_topics(texts: Iterable[str], speakers: Iterable[str] = (), language: str | None = None) -> tuple[str, ...]:
    """The key phrases of *texts*, lower case, the best first; none repeats another or holds a word of *speakers*.

    *language* (ISO 639-1) chooses the stop words; None: it is seen from the texts.
    """
    material = "\n".join(text[:1].upper() + text[1:] for text in texts)  # YAKE finds sentences by their capitals
    phrases = _key_phrases(_MARKER.sub(" ", material)[:_TEXT], language)
    names = {word for speaker in speakers for word in speaker.casefold().split()}
    cleaned = (_BAD_ENDS.sub("", phrase.lower()) for phrase in phrases)
    return tuple(_distinct([phrase for phrase in cleaned if _tells(phrase, names)]))


def _tells(phrase: str, names: Collection[str]) -> bool:
    """Whether it names a thing: telling words within one sentence, no name, no time, no lone adverb or participle."""
    words = phrase.split()
    if (
        _BREAK.search(phrase)
        or all(map(_PERIOD.fullmatch, words))
        or (len(words) == 1 and words[0].endswith(_NOT_THINGS))
    ):
        return False
    sentence = read_sentence(phrase)
    weights = [sentence.terms.get(root(word), 0.0) for word in words if word not in names]
    return len(weights) == len(words) and "time" not in sentence.signs and min(weights) >= _LEAST_WEIGHT


def _distinct(phrases: Sequence[str]) -> list[str]:
    """The first `MAX_TOPICS` phrases without a common stem; a longer phrase takes the place of a word it contains."""
    chosen: list[str] = []
    for phrase in phrases:
        stems = _stems(phrase)
        contained = [index for index, other in enumerate(chosen) if _stems(other) < stems]
        if len(contained) == 1 and not any(_stems(other) & stems for other in chosen if other != chosen[contained[0]]):
            chosen[contained[0]] = phrase
        elif len(chosen) < MAX_TOPICS and not any(_stems(other) & stems for other in chosen):
            chosen.append(phrase)
    return chosen


def _stems(phrase: str) -> frozenset[str]:
    return frozenset(root(word) for word in phrase.split())


# ---------------------------------------------------------------- YAKE
class _Extractor(Protocol):
    def extract_keywords(self, text: str) -> list[tuple[str, float]]: ...

    def clear_caches(self) -> None: ...


def _key_phrases(text: str, language: str | None) -> list[str]:
    """YAKE's phrases, best first. Its caches hold words of the text, so they are emptied at once."""
    if not text.strip():
        return []
    extractor = _extractor(language or language_of(text))
    try:
        return [phrase for phrase, _ in extractor.extract_keywords(text)]
    finally:
        extractor.clear_caches()


def language_of(text: str) -> str:
    """The language of *text* (ISO 639-1) among those of `_LANGUAGES`: the one whose stop words it has most of."""
    words = {word.strip(_PUNCTUATION) for word in text.lower().split()}
    return max(_LANGUAGES, key=lambda language: len(words & _stop_words(language)))  # of equals the first: English


def _extractor(language: str) -> _Extractor:
    import yake  # noqa: PLC0415 # pyright: ignore[reportMissingTypeStubs] - 0.3 s, networkx among it

    logging.getLogger("yake.core.yake").disabled = True  # when it fails it logs the beginning of the text
    extractor = yake.KeywordExtractor(
        lan=language, n=_LONGEST_PHRASE, dedup_lim=1.0, top=_CANDIDATES, stopwords=_stop_words(language)
    )
    return cast("_Extractor", extractor)


@cache
def _stop_words(language: str) -> set[str]:
    import yake  # noqa: PLC0415 # pyright: ignore[reportMissingTypeStubs]

    return yake.KeywordExtractor(lan=language).stopword_set
