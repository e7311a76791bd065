"""Sentences of a chat message: lower case, no full stops, emoji and abbreviations are all usual there.

Masking keeps the length of a message, so that each sentence's quote is cut out of it verbatim.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from recalld.ingest.local.facts.spelling import put_right

MASK = "¤"  # stands for every character that is not the user's own statement; occurs in no value
LONGEST = 320  # characters; a longer "sentence" is no chat sentence and is cut

_ENDS = re.compile(
    rf"""
    (?<!\b[a-zA-Z])(?<!\b(?:dr|mr|ms|st|vs|ca|nr|jr|sr|no))(?<!\b(?:mrs|inc|ltd|str))(?<!\bprof)\.(?=["')\]]*(?:[\s{MASK}]|$))
    | \.{{2,}} | … | [!?]+ | \n
    | \s(?=[\U0001F300-\U0001FAFF\u2600-\u27BF])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_STRAIGHT = str.maketrans(
    {"’": "'", "‘": "'", "`": "'", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-", "\t": " ", "\xa0": " "}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sentence:
    """One sentence of the user's own words."""

    text: str  # what is read: with material masked and slips of the pen put right
    low: str  # `text` in lower case with straight quotes and dashes, of the same length
    quote: str  # verbatim from the message
    start: int  # place in the message
    seq: int  # place of the message in the session

    @property
    def question(self) -> bool:
        """True when it ends with a question mark."""
        return self.text.endswith("?")


def split(visible: str, original: str, seq: int) -> Iterator[Sentence]:
    """The sentences of a message; *visible* is *original* with material masked."""
    start = 0
    for end in (*(match.end() for match in _ENDS.finditer(visible)), len(visible)):
        for begin in range(start, end, LONGEST):
            sentence = _trimmed(visible, original, seq, begin, min(end, begin + LONGEST))
            if sentence is not None:
                yield sentence
        start = end


def lower(text: str) -> str:
    """*text* in lower case with straight quotes and dashes, of the same length."""
    straight = text.translate(_STRAIGHT)
    low = straight.lower()
    if len(low) == len(text):
        return low
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in straight)


def _trimmed(visible: str, original: str, seq: int, start: int, end: int) -> Sentence | None:
    text = visible[start:end]
    if not text.strip(f" {MASK}\n\t.!?,;:"):
        return None
    start += len(text) - len(text.lstrip())
    text = text.strip()
    quote = original[start : start + len(text)]
    text = put_right(text)
    return Sentence(text=text, low=lower(text), quote=quote, start=start, seq=seq)
