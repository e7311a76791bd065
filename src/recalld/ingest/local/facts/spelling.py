"""Slips of the pen: common misspellings of the words that rows look for, and long words of the lexicon with a letter wrong.

Only the copy that is read is put right; the quote keeps what was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import cache

from recalld.ingest.local.facts.lexicon import classes

_SLIPS = """
    liv>live lvie>live mvoed>moved lst>last lsat>last qestion>question ur>your duaghter>daughter calld>called
    callled>called nmae>name brthday>birthday hasband>husband wfie>wife tabel>table freinds>friends
    favourtie>favourite alergic>allergic allergc>allergic alergy>allergy allergie>allergy adress>address
    addres>address birtday>birthday brithday>birthday favorit>favorite favourit>favourite favrite>favourite
    favroite>favourite favoruite>favourite moveed>moved movd>moved wroking>working wrok>work woking>working
    livng>living liveing>living curently>currently currenly>currently actualy>actually acutally>actually
    definately>definitely definitly>definitely recieved>received calender>calendar husbend>husband
    huband>husband daugther>daughter dauhgter>daughter daugher>daughter brohter>brother freind>friend
    girlfreind>girlfriend boyfreind>boyfriend colleage>colleague collegue>colleague emplyer>employer
    langauge>language lanugage>language vegeterian>vegetarian vegitarian>vegetarian vegatarian>vegetarian
    veggitarian>vegetarian nubmer>number numbr>number phnoe>phone emial>email emai>email appartment>apartment
    apartement>apartment appartement>apartment swithced>switched swtiched>switched swiched>switched
    switchd>switched teh>the jsut>just anymroe>anymore anymor>anymore becuase>because becasue>because
    prefered>preferred perfer>prefer prefre>prefer maried>married marrried>married engagd>engaged
    divorsed>divorced pregant>pregnant pregnent>pregnant diabetis>diabetes astma>asthma ashtma>asthma
    intolerent>intolerant intollerant>intolerant lactos>lactose deadlien>deadline dealine>deadline
    promotted>promoted promtoed>promoted techer>teacher teahcer>teacher enginer>engineer enginneer>engineer
    developper>developer develper>developer acountant>accountant nurce>nurse studing>studying studiyng>studying
    univeristy>university univercity>university timezon>timezone insted>instead
"""
_SWAPPED = """
    moved living working retired married engaged divorced switched changed started joined changed bought adopted allergic
    vegetarian again already birthday deadline favourite favorite apartment daughter husband brother sister friend teacher
    student engineer manager company employer address language anymore currently actually finally instead months weeks years
    because prefer really always never going training learning cooking running reading playing studying recipes recipe perfect
    kettle kitchen pregnant diabetic expecting Monday Tuesday Wednesday Thursday Friday Saturday Sunday
"""


def _with_two_swapped(word: str) -> Iterator[tuple[str, str]]:
    """*word* with each two neighbouring letters behind the first the wrong way round."""
    for place in range(1, len(word) - 1):
        slip = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
        if slip != word:
            yield slip, word


_COMMON: dict[str, str] = {
    **dict(slip for word in _SWAPPED.lower().split() for slip in _with_two_swapped(word)),
    **dict(re.findall(r"(\w+)>(\w+)", _SLIPS)),
}
_WORD = re.compile(r"[a-zA-Z]{3,}")
_TEXTING = re.compile(r"\b(moved|back|went|going|switched|used) 2 ", re.IGNORECASE)
_LONG = 8
_CLOSE = 0.86  # ratio of equal letters; "fahrenhiet"/"fahrenheit" 0.90, "spirited"/"separated" 0.71
_CLASSES = (
    "diet",
    "unit",
    "language",
    "nationality",
    "condition",
    "condition_adjective",
    "allergen",
    "job",
    "hobby",
    "relationship",
    "instrument",
    "tool",
    "editor",
)


def put_right(text: str) -> str:
    """*text* with such slips corrected; capitals at the start of a word stay."""
    return _WORD.sub(lambda match: _right(match.group()), _TEXTING.sub(r"\1 to ", text))


def _right(word: str) -> str:
    key = word.lower()
    right = _COMMON.get(key) or (_entry(key) if len(key) >= _LONG else None)
    if right is None:
        return word
    return right.capitalize() if word[0].isupper() else right


@cache
def _entries() -> tuple[frozenset[str], dict[str, tuple[str, ...]]]:
    """All single words of the lexicon, and the long ones of `_CLASSES` by their skeleton."""
    known = frozenset(part for entries in classes().values() for entry in entries for part in entry.split())
    skeletons: dict[str, tuple[str, ...]] = {}
    for word in {word for name in _CLASSES for entry in classes()[name] for word in entry.split()}:
        if len(word) >= _LONG and word.isalpha():
            skeletons[_skeleton(word)] = (*skeletons.get(_skeleton(word), ()), word)
    return known, skeletons


def _entry(word: str) -> str | None:
    known, skeletons = _entries()
    if word in known or word.removesuffix("s") in known:
        return None
    close = [
        entry for entry in skeletons.get(_skeleton(word), ()) if SequenceMatcher(None, word, entry).ratio() >= _CLOSE
    ]
    return close[0] if close else None


def _skeleton(word: str) -> str:
    """First letter and consonants of *word*, each run once: what most slips leave alone."""
    return re.sub(r"(.)\1+", r"\1", word[0] + re.sub(r"[aeiouy]", "", word[1:]))
