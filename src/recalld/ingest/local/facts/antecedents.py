"""Names given to what was mentioned before: "we got a puppy. his name is Biff", "mine's called Rolo"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise

from recalld.ingest.local.facts import lexicon
from recalld.ingest.local.facts.findings import Finding, Reader
from recalld.ingest.local.facts.kinds import kind
from recalld.ingest.local.facts.mood import Mood
from recalld.ingest.local.facts.sentences import Sentence

_NAMED = re.compile(
    r"\b(?:(?:his|her|its|their|the (?:dog|cat|puppy|kitten|baby|little one|new one)(?:'s)?|the new (?:dog|cat|"
    r"puppy|kitten)(?:'s)?) names? (?:is|are|was|will be)|(?:his|her|its) name's|he's called|she's called|it's "
    r"called|they're called|"
    r"(?:he|she|it|they) (?:is|are) (?:called|named)|(?:mine|ours)(?:'s| is| are) (?:called|named)?|called (?:him|"
    r"her|it|them)|named (?:him|her|it|them)|(?:we're|we are|i'm|i am) calling (?:him|her|it)|answers "
    r"to)\s+(?:now\s+)?(?=\S)"
)
_PERSONS = {
    "child": r"son|daughter|baby|kid|child|toddler|newborn|little one|little boy|little girl|twins|boys|girls",
    "partner_name": r"wife|husband|partner|girlfriend|boyfriend|fianc[eé]e?",
    "manager": r"boss|manager|supervisor",
    "project": r"project|app|podcast|newsletter|blog|band|startup|game|channel|website",
    "business": r"bakery|café|cafe|shop|restaurant|company|studio|salon|agency|business",
}
_NOUNS = re.compile("|".join(f"(?P<{name}>\\b(?:{nouns})\\b)" for name, nouns in _PERSONS.items()))
_WORD = re.compile(r"[\w'-]+")
_OTHERS = re.compile(
    r"\b(?:neighbou?r|friend|sister|brother|colleague|boss|mum|mom|dad|aunt|uncle|cousin|flatmate|roommate|client|character)\b"
)


def named(sentences: Sequence[Sentence], reader: Reader) -> Iterator[Finding]:
    """The names in *sentences* (the user's own, of the session so far) of pets, children and the like mentioned before."""
    heard = ""
    for sentence in sentences:
        for match in _NAMED.finditer(sentence.low):
            attribute = _antecedent(f"{heard} {sentence.low[: match.start()]}")
            if attribute and not Mood(sentence).asked(match.start()) and not Mood(sentence).supposed(match.start()):
                yield from _read(attribute, sentence, match.end(), reader)
        heard = f"{heard} {sentence.low}"[-600:]


_NEW_THING = {
    "gym": ("gym", "firm"),
    "bank": ("bank", "proper"),
    "job": ("employer", "firm"),
    "employer": ("employer", "firm"),
    "company": ("employer", "firm"),
    "laptop": ("laptop", "hardware"),
    "machine": ("laptop", "hardware"),
    "computer": ("laptop", "hardware"),
    "phone": ("phone_model", "hardware"),
    "car": ("vehicle", "carname"),
    "bike": ("bicycle", "proper"),
    "project": ("project", "title"),
    "app": ("project", "title"),
    "band": ("project", "title"),
    "podcast": ("project", "title"),
    "newsletter": ("project", "title"),
    "blog": ("project", "title"),
    "boss": ("manager", "person"),
    "manager": ("manager", "person"),
    "supervisor": ("manager", "person"),
    "city": ("home_city", "place"),
    "town": ("home_city", "place"),
    "dog": ("pet", "names"),
    "cat": ("pet", "names"),
    "puppy": ("pet", "names"),
    "kitten": ("pet", "names"),
    "provider": ("mobile_provider", "proper"),
    "camera": ("equipment", "gear"),
    "favourite": ("likes", "title"),
    "baby": ("child", "names"),
    "name": ("name", "fullname"),
}
_INTRODUCED = re.compile(
    rf"\b(?:(?:i|we)(?:'ve)?\s+(?:\w+\s+)?(?:joined|got|bought|found|changed|switched|adopted|started|have|"
    rf"launched|hired)\s+(?:a|an|my|our)?\s*(?:new\s+)?|(?:a|my|our)?\s*new\s+)(?P<noun>{'|'.join(_NEW_THING)})s?"
    r"(?:\s+(?:at last|now|today|finally|again|too|yesterday|this week))?\s*(?:[!.:,]+|\s-)\s*$"
)


def introduced(sentences: Sequence[Sentence], reader: Reader) -> Iterator[Finding]:
    """The names that follow what was just introduced: "I joined a gym!! IronWorks, the one by the river"."""
    for sentence, following in pairwise(sentences):
        if sentence.seq == following.seq and (match := _INTRODUCED.search(sentence.low)) and not following.question:
            attribute, kind_name = _NEW_THING[match.group("noun")]
            yield from _values(attribute, kind_name, following, 0, reader)


_PLAYED = re.compile(
    r"\b(?:i|we) (?:still |also |usually |often |only |mostly )?play(?: it)? (?=every|each|most|twice|once|daily|regularly|since|"
    r"on (?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|on weekends\b|at (?:weddings|parties|church|funerals|festivals|the \w+ every)\b|"
    r"with (?:the|some|a couple of|a few|other|my) (?:old |other )?(?:men|women|guys|lads|band|group|orchestra|quartet|people|neighbours|"
    r"others|pensioners|regulars|boys|girls|mates|friends)\b)"
)
_INSTRUMENT = ("instrument", "instrument", r"\b(?:my|the|an?) ")
_GAME = ("hobby", "sport", r"\b")


def played(sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """What is played, where that was said just before: "my bouzouki goes flat in the cold. I play at weddings"."""
    heard = ""
    for sentence in sentences:
        match = _PLAYED.search(sentence.low)
        mood = Mood(sentence)
        if match and not (mood.asked(match.start()) or mood.supposed(match.start()) or mood.ironic):
            yield from _last_played(f"{heard} {sentence.low[: match.start()]}", sentence, match)
        heard = f"{heard} {sentence.low}"[-300:]


def _last_played(heard: str, sentence: Sentence, match: re.Match[str]) -> Iterator[Finding]:
    for attribute, class_name, before in (_INSTRUMENT, _GAME):
        entries = "|".join(sorted(map(re.escape, _playable(class_name)), key=len, reverse=True))
        last = max(re.finditer(rf"{before}(?P<what>{entries})\b", heard), key=lambda found: found.start(), default=None)
        if last is not None:
            if not _OTHERS.search(heard, max(last.start() - 25, 0)):
                yield Finding(
                    attribute=attribute, value=last.group("what"), sentence=sentence, place=match.start(), end=match.end(),
                    start=match.start(), confidence=0.7,
                )  # fmt: skip
            return


@cache
def _playable(class_name: str) -> frozenset[str]:
    games = frozenset(
        ("backgammon", "chess", "bridge", "poker", "mahjong", "dominoes", "scrabble", "cribbage", "darts", "skat")
    )
    return games | lexicon.classes()["sport"] if class_name == "sport" else lexicon.classes()[class_name]


_GOT_MINE = re.compile(
    r"\b(?:got|bought|ordered|picked up|received|collected) mine\b|\bmine (?:arrived|came|is here)\b"
)


def got_too(sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """What somebody got, where the same message named it: "which charger fits a Framework 16? Got mine on Tuesday"."""
    for sentence, following in pairwise(sentences):
        match = _GOT_MINE.search(following.low) if sentence.seq == following.seq else None
        if match is None or Mood(following).asked(match.start()) or Mood(following).supposed(match.start()):
            continue
        for word in reversed(list(re.finditer(r"\b[A-Z][\w-]*", sentence.text))):
            made = [
                *kind("device")(sentence.text[word.start() :], True),
                *kind("vehicle")(sentence.text[word.start() :], True),
            ]
            if made and made[0].attribute:
                yield Finding(
                    attribute=made[0].attribute, value=made[0].value, sentence=following, place=match.start(), end=match.end(),
                    kind="device", start=match.start(), confidence=0.75,
                )  # fmt: skip
                break


_FORM_FIELD = re.compile(r"^(?:my |your )?(?P<noun>[a-z][a-z' -]{2,24})\?$")


def filled_in(sentences: Sequence[Sentence], reader: Reader) -> Iterator[Finding]:
    """The answers of a form that somebody fills in aloud: "diet? vegan. blood type? 0 negative."."""
    for sentence, following in pairwise(sentences):
        field = _FORM_FIELD.match(sentence.low.rpartition(": ")[2]) if sentence.seq == following.seq else None
        if (
            field is None
            or len(field.group("noun").split()) > 3
            or following.question
            or len(following.text.split()) > 4
        ):
            continue
        attribute = reader.attributes.canonical(field.group("noun"))
        if attribute in reader.attributes and following.low.strip(".! ") not in (
            "none",
            "no",
            "nope",
            "n/a",
            "yes",
            "-",
        ):
            yield from _values(attribute, "plain", following, 0, reader)


def _antecedent(heard: str) -> str:
    """The attribute whose value the last thing mentioned is; empty when it is somebody else's."""
    last = max(_NOUNS.finditer(heard), key=lambda match: match.start(), default=None)
    attribute, place = (last.lastgroup or "", last.start()) if last else ("", -1)
    for match in _WORD.finditer(heard, max(place, 0)):
        if lexicon.is_a(match.group(), "animal") and match.group() not in (
            "fish",
            "pig",
            "chicken",
            "turkey",
            "lab",
            "mouse",
        ):
            attribute, place = "pet", match.start()
    return "" if place < 0 or _OTHERS.search(heard, max(place - 25, 0)) else attribute


def _read(attribute: str, sentence: Sentence, place: int, reader: Reader) -> Iterator[Finding]:
    kind_name = (
        "names" if attribute in ("pet", "child") else "title" if attribute in ("project", "business") else "person"
    )
    yield from _values(attribute, kind_name, sentence, place, reader)


def _values(attribute: str, kind_name: str, sentence: Sentence, place: int, reader: Reader) -> Iterator[Finding]:
    for reading in kind(kind_name)(sentence.text[place:], reader.cased):
        start = sentence.text.find(reading.value, place)
        yield Finding(
            attribute=reading.attribute or attribute, value=reading.value, sentence=sentence, place=start, end=start + len(reading.value),
            kind=kind_name, confidence=0.8,
        )  # fmt: skip
