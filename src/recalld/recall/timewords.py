"""The words of a query in one spelling, with their places in the text.

People write "tues", "2 wks ago", "yday", "twenty-first"; the grammar reads "tuesday", "2 weeks ago", "yesterday", "21st".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from recalld.recall.calendar import MONTHS, WEEKDAYS


@dataclass(frozen=True, slots=True)
class Word:
    """One word, number or mark of a query."""

    text: str  # in the spelling of the grammar, lower case
    raw: str  # as it was written
    start: int  # place in the query
    end: int

    @property
    def capital(self) -> bool:
        """Written with a capital letter."""
        return self.raw[:1].isupper()

    @property
    def is_mark(self) -> bool:
        """A punctuation mark."""
        return not self.raw[:1].isalnum() and not self.raw.startswith("'")


# dates and clock times stay whole; an apostrophe begins a word of its own: "week" "'s"
_WORD = re.compile(
    r"\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:T\d\d:?\d\d\S*)?(?!\d)"
    r"|\d{4}-\d\d(?!\d)"
    r"|\d{1,2}/\d{1,2}(?:/\d{4}|/\d\d)?(?![\d/])"
    r"|\d{1,2}\.\d{1,2}\.(?:\d{4}|\d\d(?!\d))?"
    r"|\d{1,2}:\d\d(?!\d)|\d+(?:\.\d+)+|\d{1,3}(?:,\d{3})+(?!\d)"
    r"|\d+(?:st|nd|rd|th)\b|\d+"
    r"|[ap]\.m\.?(?!\w)|'\d\d\b|o'clock\b|y'day\b|'[^\W\d_]+|[^\W\d_]+|[^\w\s]",
    re.IGNORECASE,
)

_ABBREVIATED = {
    **{short: day for day in WEEKDAYS for short in (day[:3],)},
    "tues": "tuesday", "weds": "wednesday", "thur": "thursday", "thurs": "thursday",
    **{month[:3]: month for month in MONTHS if month != "may"},
    "sept": "september", "fall": "autumn",
    "wk": "week", "wks": "weeks", "mth": "month", "mths": "months", "qtr": "quarter", "yr": "year", "yrs": "years",
    "hr": "hour", "hrs": "hours", "min": "minute", "mins": "minutes", "wknd": "weekend", "nite": "night", "tonite": "tonight",
    "yday": "yesterday", "y'day": "yesterday", "ystd": "yesterday", "2day": "today", "arvo": "afternoon", "midday": "noon",
    "xmas": "christmas", "nye": "new year's eve", "prev": "previous", "preceding": "previous",
    "beginning": "early", "start": "early", "middle": "mid", "end": "late",
    "b4": "before", "til": "until", "till": "until", "'til": "until", "thru": "through", "btwn": "between", "abt": "about",
    "a.m.": "am", "a.m": "am", "p.m.": "pm", "p.m": "pm", "ytd": "year to date", "mtd": "month to date", "u": "you", "ur": "your",
    "–": "-", "—": "-", "&": "and", "labour": "labor", "saint": "st",
}  # fmt: skip

_NUMBERS = {word: str(number) for number, word in enumerate(
    ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
     "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"], start=2
)} | {"thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "ninety": "90"}  # fmt: skip
_ORDINALS = {
    "first": "1st", "second": "2nd", "third": "3rd", "fourth": "4th", "fifth": "5th", "sixth": "6th", "seventh": "7th", "eighth": "8th",
    "ninth": "9th", "tenth": "10th", "eleventh": "11th", "twelfth": "12th", "thirteenth": "13th", "fourteenth": "14th", "fifteenth": "15th",
    "sixteenth": "16th", "seventeenth": "17th", "eighteenth": "18th", "nineteenth": "19th", "twentieth": "20th", "thirtieth": "30th",
}  # fmt: skip

# long enough that a word one slip away is a slip: short names ("sunday") have neighbours that are words ("sundae")
_OFTEN_MISSPELT = (
    "yesterday", "tuesday", "wednesday", "thursday", "saturday", "january", "february", "september", "october", "november",
    "december", "afternoon", "weekend", "christmas", "halloween", "thanksgiving",
)  # fmt: skip
_MISSPELT = {
    "wensday": "wednesday", "wednsday": "wednesday", "wensdy": "wednesday", "wendsday": "wednesday", "wendesday": "wednesday",
    "firday": "friday", "frday": "friday", "munday": "monday",
    "tomorow": "tomorrow", "tommorow": "tomorrow", "tommorrow": "tomorrow", "febuary": "february", "satday": "saturday",
    "lastweek": "last week", "lastnight": "last night",
}  # fmt: skip


def _one_letter_less(word: str) -> list[str]:
    return [word[:n] + word[n + 1 :] for n in range(len(word))]


# symmetric deletion (Garbe, SymSpell): two words one insertion, deletion, change or swap apart share a form with a letter less
_NEAR = {form: word for word in _OFTEN_MISSPELT for form in (word, *_one_letter_less(word))}
_KNOWN = frozenset({*(word + "s" for word in _OFTEN_MISSPELT), "weekday", "weekdays"})

SPELLING = {**_ABBREVIATED, **_NUMBERS, **_ORDINALS, **_MISSPELT}


def _spelling(raw: str) -> str:
    word = raw.lower()
    known = SPELLING.get(word)
    if known is not None or len(word) < 6 or word in _KNOWN or not word.isalpha():
        return known or word
    return _NEAR.get(word) or next((_NEAR[form] for form in _one_letter_less(word) if form in _NEAR), word)


def words_of(query: str) -> list[Word]:
    """The words of *query* in order; "twenty first" becomes one word, "21st"."""
    text = query.replace("’", "'").replace("‘", "'").replace("`", "'")
    words = [Word(_spelling(m.group()), m.group(), m.start(), m.end()) for m in _WORD.finditer(text)]
    return _joined_numbers(
        [word for at, word in enumerate(words) if not (word.raw == "." and _ends_abbreviation(words, at))]
    )


def _ends_abbreviation(words: list[Word], at: int) -> bool:
    """The point of "Nov. 10" and "Tues. morning"."""
    return (
        0 < at < len(words) - 1 and words[at - 1].raw.lower() in _ABBREVIATED and words[at - 1].end == words[at].start
    )


def _joined_numbers(words: list[Word]) -> list[Word]:
    """Tens and units in one: twenty-one, thirty first."""
    joined: list[Word] = []
    for word in words:
        hyphen = bool(joined) and joined[-1].text == "-"
        tens = joined[-2] if hyphen and len(joined) > 1 else joined[-1] if joined else None
        if tens and _makes_number(tens, word):
            del joined[-2 if hyphen else -1 :]
            joined.append(
                Word(tens.text[0] + word.text.replace("one", "1"), f"{tens.raw} {word.raw}", tens.start, word.end)
            )
        else:
            joined.append(word)
    return joined


def _makes_number(tens: Word, ones: Word) -> bool:
    written = tens.raw.isalpha() and ones.raw.isalpha() and tens.text in ("20", "30", "40", "50")
    return written and re.fullmatch(r"one|[1-9](?:st|nd|rd|th)?", ones.text) is not None
