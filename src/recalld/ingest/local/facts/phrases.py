"""Cutting a value out of the words that follow a pattern: where a phrase ends, what does not belong to it, lists."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from recalld.ingest.local.facts.lexicon import words
from recalld.ingest.local.facts.sentences import MASK

STOP = words(
    """
    got gets get getting bought went goes said says made makes makes took takes
    but so because cause cuz since although though while whereas if unless when whenever where which who whom that
    as than then at in on to from by with without for during after before until till about into over under through
    per via near around against between behind beside off up down out now currently lately recently already again
    too also anymore any still just btw tbh imo lol haha hahaha lmao pls please plz thanks thx today yesterday
    tomorrow tonight this last next every always usually sometimes often instead anyway actually yet ago these those
    there here rn atm honestly really first later soon once twice i i'm im i've ive i'd i'll we we're we've he she
    they it it's its you your my our his her their me us them is are was were has have had having do does did can
    could will would should may might need needs want wants what what's how why who's right ok okay yes no not never
    only even ever either neither both though fyi obviously especially mostly mainly roughly exactly permanently
    professionally full-time part-time anyways while whilst due help thank cheers sorry lol. & + / - – — nowadays n
    """
)
LINKS = words("and & + plus n und y")
DETERMINERS = words("a an the my our some any one this that another")
MEASURES = words("bit lot lots couple pair bunch kind sort type one group load loads tons plenty")
TRAILING = words(
    """
    now currently too also again lol haha btw please pls thanks already still myself ourselves though anymore ever
    always of the a an and or really definitely properly these those today yesterday well both all
    """
)
_BEFORE_DATE = re.compile(
    r"(?<=\w)\s+(?=(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?\s\d{1,2}(?:st|nd|rd|th)?\b)",
    re.IGNORECASE,
)
_PARTICLES = words("up out down off")  # "tidying up"
_TOKEN = re.compile(r"\S+")
_EDGES = "\"'“”„‘’()[]{}*_,;:.!?…<>«»~`"


def take(text: str, *, stop: frozenset[str] = STOP, most: int = 6, keep: frozenset[str] = frozenset()) -> list[str]:
    """The words at the start of *text* up to a stop word, punctuation or *most* words; *keep* are no stop words here."""
    found: list[str] = []
    text = _BEFORE_DATE.split(text, maxsplit=1)[0]
    for match in _TOKEN.finditer(text):
        token = match.group()
        word = strip(token)
        if not (any(char.isalnum() for char in word) or token in ("&", "+")) or (found and token[0] in "([{"):
            break
        particle = word.casefold() in _PARTICLES and bool(found) and found[-1].casefold().endswith("ing")
        if (_stops(word.casefold(), stop, keep, first=not _content(found)) and not particle) or len(found) == most:
            break
        found.append(word)
        if token[-1] in ",;:!?)…" or (token[-1] == "." and not _abbreviated(token)) or MASK in token:
            break
    return [word for word in found if word]


def _stops(word: str, stop: frozenset[str], keep: frozenset[str], *, first: bool) -> bool:
    return word in stop and word not in keep and not (first and word in DETERMINERS)


def _content(found: Sequence[str]) -> bool:
    return any(word.casefold() not in DETERMINERS for word in found)


def strip(token: str) -> str:
    """*token* without the punctuation around it; dots and pluses inside a word stay."""
    return token.replace(MASK, "").strip(_EDGES) or ""


def bare(phrase: Sequence[str]) -> list[str]:
    """*phrase* without determiners in front and adverbs behind."""
    kept = list(phrase)
    while kept and (measure := _leading_measure(kept)):
        kept = kept[measure:]
    while kept and kept[-1].casefold() in TRAILING:
        kept.pop()
    return kept


def up_to_determiner(phrase: Sequence[str]) -> list[str]:
    """*phrase* up to the next thing: "returned the watch", "second alarm a rooster" end before the article."""
    inner = next((n for n, word in enumerate(phrase) if n and word.casefold() in _ARTICLES), len(phrase))
    return list(phrase[:inner])


_ARTICLES = words("a an the my our your his her their this that these those")


def _leading_measure(phrase: Sequence[str]) -> int:
    """How many words at the start only measure what follows: "a", "my own", "a bit of a"."""
    if phrase[0].casefold() in DETERMINERS:
        return 1
    measure = len(phrase) > 2 and phrase[1].casefold() == "of" and phrase[0].casefold() in MEASURES
    return 2 if measure else 0


def items(text: str, *, most: int = 5, commas: bool = True) -> Iterator[list[str]]:
    """The members of a list: "cashews, pistachios and a kiwi" → three phrases; a phrase that begins like a clause ends it.

    Without *commas* only "and" joins, unless an "and" follows later in the same list.
    """
    segments = re.split(
        r"\s*(?:,\s*(?:and|or|&|plus)?\s+|\s(?:and|&|\+|plus|n|as well as)\s|\s/\s)\s*(?:also\s+|then\s+)?", text
    )
    joins = re.findall(r"\s*(?:,\s*(?:and|or|&|plus)?\s+|\s(?:and|&|\+|plus|n|as well as)\s|\s/\s)", text)
    if not commas:
        joined = next((n for n, join in enumerate(joins, 1) if re.search(r"and|&|\+|plus|\sn\s|/", join)), 0)
        segments = segments[: joined + 1] if joined else segments[:1]
    for number, segment in enumerate(segments):
        phrase = take(segment, most=most)
        kept = up_to_determiner(bare(phrase))
        if not kept or (number and (kept != bare(phrase) or _has_object(segment, phrase))):
            return
        yield kept
        if not _whole(segment, phrase):
            return


def capitalised(word: str) -> bool:
    """True for a word that begins with a capital letter or a digit."""
    return word[:1].isupper() or (word[:1].isdigit() and any(char.isalpha() for char in word))


def _whole(segment: str, phrase: Sequence[str]) -> bool:
    """True when nothing but the phrase was in *segment*, so that the list may go on."""
    return len(_TOKEN.findall(segment.strip())) <= len(phrase) and not segment.rstrip().endswith(
        (".", "!", "?", ";", ")")
    )


def _has_object(segment: str, phrase: Sequence[str]) -> bool:
    """True for a verb with its object: "add that", "put it down", "works for the post"."""
    tokens = _TOKEN.findall(segment)
    if phrase[0] in _VERBS and len(tokens) > 1:
        return True
    following = tokens[len(phrase) : len(phrase) + 1]
    return len(phrase) == 1 and phrase[0].islower() and bool(following) and strip(following[0]).casefold() in _OBJECTS


_VERBS = words(
    """
    works lives hates loves likes needs wants plays speaks drives teaches studies goes comes eats drinks sleeps brings
    takes runs keeps sings swims sells brings thinks says knows uses hopes still work live hate love need want
    """
)  # after "and" and with something behind them they begin a clause of their own
_OBJECTS = words("it that this them those these me us him her the my our")


def _abbreviated(token: str) -> bool:
    return bool(re.fullmatch(r"(?:[A-Za-z]\.)+|(?:St|Dr|Mr|Mrs|Ms|Prof|Mt|Jr|Sr)\.", token))
