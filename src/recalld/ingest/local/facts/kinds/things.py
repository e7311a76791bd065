"""Noun phrases, titles, names of things, goals."""

from __future__ import annotations

import re
from collections.abc import Iterator

from recalld.ingest.local.facts import lexicon
from recalld.ingest.local.facts.kinds.ordinary import EMPTY, ORDINARY
from recalld.ingest.local.facts.kinds.reading import Reading
from recalld.ingest.local.facts.kinds.work import firm, proper_name
from recalld.ingest.local.facts.lexicon import words
from recalld.ingest.local.facts.phrases import STOP, bare, capitalised, items, strip, take
from recalld.layers.facts.attributes import RELATIONS


def thing(text: str, _cased: bool) -> Iterator[Reading]:
    """A noun phrase of up to five words."""
    phrase = bare(take(text, most=6, stop=STOP | {"and", "or"}))
    if is_thing(phrase):
        yield Reading(" ".join(phrase))


def things(text: str, _cased: bool) -> Iterator[Reading]:
    """A list of noun phrases."""
    for phrase in items(text, commas=False):
        if not is_thing(phrase):
            return
        yield Reading(" ".join(phrase))


def is_thing(phrase: list[str]) -> bool:
    """True for a phrase that may be a value: no pronoun, no "the second one", at most five words."""
    return (
        bool(phrase)
        and len(phrase) <= 5
        and not ({phrase[0].casefold(), phrase[-1].casefold()} & EMPTY)
        and phrase[0].casefold() not in STOP
        and any(len(word) > 1 for word in phrase)
    )


def title(text: str, _cased: bool) -> Iterator[Reading]:
    """A title or a proper name that may hold small words; in quotation marks it is taken whole."""
    quoted = re.match(r"\s*[\"“„«]([^\"“”»]{1,60})[\"”“»]", text)
    if quoted:
        yield Reading(quoted.group(1).strip(" ,."))
        return
    phrase = take(
        text,
        most=8,
        stop=words(
            "but because since so though although i i'm we and, now btw lol haha please pls anyway what which who it's"
        ),
    )
    small = next((n for n, word in enumerate(phrase) if not capitalised(word)), len(phrase))
    proper = phrase
    if small:
        last = max((n for n, word in enumerate(phrase) if capitalised(word) and _joined(phrase, n)), default=-1)
        proper = phrase[: last + 1]
    value = bare(proper) if not proper or not capitalised(proper[0]) else proper
    if value and capitalised(value[0]):
        yield Reading(" ".join(value))
    else:
        yield from thing(text, True)


def _joined(phrase: list[str], place_of: int) -> bool:
    """True when only small linking words lie between the capitalised words up to *place_of*."""
    links = words("the of a an and in on to for at from with de la der & vs")
    return all(capitalised(word) or word.casefold() in links for word in phrase[:place_of])


def proper(text: str, cased: bool) -> Iterator[Reading]:
    """A capitalised name of something; in all-lower-case writing one or two words."""
    quoted = re.match(r"\s*[\"“„«]([^\"“”»]{1,60})[\"”“»]", text)
    if quoted:
        yield Reading(quoted.group(1).strip(" ,."))
        return
    found = proper_name(take(text, most=5, stop=STOP - {"the", "of", "for"}))
    if found and not lexicon.is_a(found[0], "weekday", "month"):
        yield Reading(" ".join(found))
    elif not cased:
        phrase = take(text, most=3, stop=STOP | {"and", "or", "a", "an", "the"})
        if 0 < len(phrase) <= 2 and phrase[0].casefold() not in ORDINARY and phrase[0].casefold() not in EMPTY:
            yield Reading(" ".join(phrase))


def activity(text: str, cased: bool) -> Iterator[Reading]:
    """One pastime: an -ing form with its object, or an entry of the lexicon."""
    for reading in activities(text, cased):
        phrase = reading.value.split()
        if phrase[0].endswith("ing") or lexicon.head(phrase, "hobby"):
            yield reading
        return


def goal(text: str, _cased: bool) -> Iterator[Reading]:
    """What somebody is up to: the rest of the clause."""
    match = re.match(
        r"(?:to\s+)?([^,;:.!?()¤\"\n]{3,90}?)(?=\s*(?:[,;:.!?()¤\"\n]|\bso\b|\bbut\b|\bbecause\b|\band\b (?:i|my|"
        r"need|what|how|could|can)|\bwhat\b|\bhow\b|\bany\b|\bcan\b|\bplease\b|$))",
        text,
        re.IGNORECASE,
    )
    if match and len(match.group(1).split()) <= 12:
        kept = bare(match.group(1).split())
        if kept and kept[0].casefold() not in EMPTY:
            yield Reading(" ".join(kept))


def rest(text: str, _cased: bool) -> Iterator[Reading]:
    """Everything to the end of the clause."""
    match = re.match(r"[^,;!?()¤\"\n]{1,60}", text)
    kept = bare([strip(word) for word in match.group().split()]) if match else []
    if kept and len(kept) <= 7:
        yield Reading(" ".join(kept))


def activities(text: str, _cased: bool) -> Iterator[Reading]:
    """Pastimes: nouns or -ing forms with their objects; what is eaten, drunk or heard goes to its own attribute."""
    for phrase in items(text, most=4, commas=False):
        long_walks = phrase[0] == "long" and len(phrase) == 2
        if not is_thing(phrase) or (phrase[0].casefold() in ORDINARY and not long_walks):
            return
        yield Reading(" ".join(phrase), _taste(phrase))


_TASTES = {
    "food": "favorite_food",
    "coffee": "favorite_coffee",
    "drink": "favorite_drink",
    "music": "favorite_music",
    "genre": "favorite_genre",
}


def _taste(phrase: list[str]) -> str | None:
    """The attribute of a phrase that is something to eat, drink, hear or read, and no pastime."""
    if lexicon.head(phrase, "hobby") or lexicon.head(phrase, "sport"):
        return None
    return next((attribute for name, attribute in _TASTES.items() if lexicon.head(phrase, name)), None)


def handle(text: str, _cased: bool) -> Iterator[Reading]:
    """A user name; not an ordinary word."""
    match = re.match(
        r"(?:name\s+is\s+|is\s+|:\s*)?(?:https?://)?(?:www\.)?(?:github\.com/|instagram\.com/|twitter\.com/|"
        r"x\.com/)?(?P<v>@?[\w][\w.-]{2,38}[\w])",
        text,
    )
    if match and match.group("v").casefold() not in ORDINARY and match.group("v").casefold() not in EMPTY:
        value = match.group("v")
        if value.islower() and value.isalpha() and lexicon.is_a(value, "job", "animal", "tool"):
            return
        yield Reading(value)


_MADE = words(
    """
    kites candles soap cheese furniture jewellery jewelry pottery wine beer cider mead quilts lampshades baskets dolls
    puppets jam knives guitars violins masks toys clocks boats birdhouses ceramics bowls rugs cards books paper
    leather chocolates pasta sourdough kimchi perfume terrariums dioramas drones robots synths pedals keyboards
    fountains sculptures stained-glass mosaics beads ukuleles bows arrows
    """
)


def crafted(text: str, _cased: bool) -> Iterator[Reading]:
    """A craft told by what is made: "making candles"; not "making plans"."""
    match = re.match(
        r"(?P<v>(?:making|building|brewing|carving|weaving|binding|restoring|forging) (?P<what>[\w-]+))\b",
        text,
        re.IGNORECASE,
    )
    if match and match.group("what").casefold() in _MADE:
        yield Reading(match.group("v"))


def pills(text: str, _cased: bool) -> Iterator[Reading]:
    """A list of medicines, each with its dose or time behind it: "ramipril 5 in the morning, metformin 850 with dinner"."""
    for part in re.split(r"\s*(?:[,;]|\band\b|\+|&)\s*", text)[:8]:
        phrase = part.split()
        size = lexicon.leading(phrase[:3], "medication") if phrase else 0
        if size:
            yield Reading(" ".join(phrase[:size]))


def username(text: str, cased: bool) -> Iterator[Reading]:
    """A user name that cannot be taken for a word: with a digit, an underscore or a capital inside."""
    for reading in handle(text, cased):
        if re.search(r"[\d_.@-]|[a-z][A-Z]", reading.value) and re.search(r"[^\W\d_]{2}", reading.value):
            yield reading


_SITES = words(
    """
    github gitlab instagram insta twitter discord telegram mastodon bluesky tiktok reddit steam twitch youtube lichess chess.com strava
    goodreads letterboxd duolingo spotify soundcloud bandcamp pinterest tumblr flickr deviantart etsy ebay vinted stackoverflow kaggle
    codeforces leetcode hackernews ravelry geocaching untappd wikipedia openstreetmap snapchat threads xbox psn signal skype komoot
    """
)


def site(text: str, _cased: bool) -> Iterator[Reading]:
    """A site that people have an account at."""
    match = re.match(r"[\w.]+", text)
    if match and match.group().casefold().strip(".") in _SITES:
        yield Reading(match.group().casefold().strip(".").removesuffix(".com"))


def noun(text: str, _cased: bool) -> Iterator[Reading]:
    """The name of an attribute: one to three plain words."""
    phrase = [strip(word) for word in text.split()]
    if (
        1 <= len(phrase) <= 3
        and all(re.fullmatch(r"[^\W\d_][\w-]*", word) for word in phrase)
        and not {word.casefold() for word in phrase} & (STOP | EMPTY | RELATIONS)
    ):
        yield Reading(" ".join(phrase))


_BEARERS = words(
    """
    pet dog cat puppy kitten horse car vehicle bike bicycle motorbike motorcycle boat company employer firm school
    university college gym bank laptop computer phone mobile team boss manager doctor gp dentist vet therapist child son
    daughter kid camera club
    """
)


def bearer(text: str, cased: bool) -> Iterator[Reading]:
    """What bears a name and is of some age, colour and size besides: a being, a thing, a firm."""
    yield from (reading for reading in noun(text, cased) if _is_bearer(reading.value))


def datum(text: str, cased: bool) -> Iterator[Reading]:
    """The name of an attribute that is nothing but its value: "postcode", "budget"."""
    yield from (reading for reading in noun(text, cased) if not _is_bearer(reading.value))


def _is_bearer(value: str) -> bool:
    last = value.rsplit(maxsplit=1)[-1].casefold()
    return last in _BEARERS or last.removesuffix("s") in _BEARERS


def own_name(text: str, cased: bool) -> Iterator[Reading]:
    """The name that a bearer goes by: a proper name, or a make in any writing."""
    named = list(firm(text, cased))
    made = (reading for reading in plain(text, cased) if lexicon.is_a(reading.value, "car", "motorcycle", "laptop"))
    yield from named or made


_MEASURED = words(
    "day days time number size colour color level model brand provider format currency channel style type slot "
    "limit shift rate quota rank grade code-word theme"
)


def measured(text: str, cased: bool) -> Iterator[Reading]:
    """The name of an attribute whose values are short and plain: "book club day", "t-shirt colour"."""
    for reading in noun(text, cased):
        if reading.value.split()[-1].casefold() in _MEASURED and len(reading.value.split()) > 1:
            yield reading


_EXTENT = re.compile(
    r"\d[\d.,]*[ -]?[^\W\d_]+[ -](?:old|young|away|long|late|early|high|tall|wide|deep|ahead|behind|apart|ago)\b"
)
"""How old, far or long something is: "10 years old", "3 km away"."""


def plain(text: str, _cased: bool) -> Iterator[Reading]:
    """A short value after "is": a name, a number, a noun; no judgement ("slow", "killing me")."""
    if _EXTENT.match(text):
        return
    number = re.match(
        r"[$€£]?\d[\w.,:%/-]*(?:\s(?:am|pm|euros?|dollars?|pounds?|hours?|minutes?|people|days?))?(?=[\s,.;:!?)]|$)",
        text,
    )
    if number:
        yield Reading(number.group().rstrip(".,;:"))
        return
    phrase = take(text, most=5, stop=(STOP | {"and", "or"}) - {"no"})
    lowered = [word.casefold() for word in phrase]
    if (
        not phrase
        or set(lowered) & (ORDINARY | EMPTY) - {"a", "an", "the"}
        or lowered[0].endswith(("ing", "ed"))
        or (lowered[0] in ("a", "an", "the") and not any(map(capitalised, phrase[1:])))
    ):
        return
    kept = bare(phrase)
    if kept and (len(kept) <= 3 or all(map(capitalised, kept))):
        yield Reading(" ".join(kept))


def favoured(text: str, cased: bool) -> Iterator[Reading]:
    """What somebody calls their favourite: a title, or a noun phrase that is no judgement."""
    if re.match(
        r"(?:the one|when|that|how|to|your|my|what|not|so|too|probably|hard|still|always when)\b", text, re.IGNORECASE
    ):
        return
    for reading in title(text, cased):
        if reading.value.casefold() not in ORDINARY | EMPTY:
            yield reading


def home_kind(text: str, cased: bool) -> Iterator[Reading]:
    """A kind of dwelling: "tower block", "shared flat"; no place."""
    for reading in thing(text, cased):
        if len(reading.value.split()) <= 3 and lexicon.head(reading.value.split(), "dwelling"):
            yield reading


_POSSESSIONS = words(
    "breakfast lunch dinner coffee drink editor browser bank gym doctor dentist car bike phone laptop employer "
    "team boss manager project goal hobby job dog cat diet major language favourite"
)


def possession(text: str, cased: bool) -> Iterator[Reading]:
    """The name of something one has one of: "breakfast", "bank"."""
    for reading in noun(text, cased):
        if reading.value.split()[-1].casefold() in _POSSESSIONS:
            yield Reading(
                f"favorite {reading.value}"
                if reading.value in ("breakfast", "lunch", "dinner", "coffee", "drink")
                else reading.value
            )
