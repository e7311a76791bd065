"""Names of people, lists of children."""

from __future__ import annotations

import re
from collections.abc import Iterator

from recalld.ingest.local.facts import lexicon
from recalld.ingest.local.facts.kinds.forms import NUMBER
from recalld.ingest.local.facts.kinds.ordinary import ORDINARY, TITLES
from recalld.ingest.local.facts.kinds.reading import Reading
from recalld.ingest.local.facts.lexicon import words
from recalld.ingest.local.facts.phrases import LINKS, STOP, capitalised, take
from recalld.layers.facts.attributes import RELATIONS

_PARTICLES = words("de van von der da al bin el la du ten den")


def name(text: str, cased: bool) -> Iterator[Reading]:
    """A person's full or first name."""
    phrase = take(text, most=4, stop=STOP | {"and", "or", "from"})
    found: list[str] = []
    for word in phrase:
        if (
            re.fullmatch(r"[^\W\d_](?:[\w'’.-]*[\w.])?", word)
            and not word.casefold().endswith(("'s", "’s"))
            and (capitalised(word) or (found and word.casefold() in _PARTICLES))
        ):
            found.append(word)
        else:
            break
    if not found and not cased and phrase and plausible_name(phrase[0]) and not phrase[0].endswith(("ed", "ing", "ly")):
        found = phrase[:2] if len(phrase) == 2 and plausible_name(phrase[1]) else phrase[:1]
    if found and plausible_name(found[0]):
        yield Reading(" ".join(found))


def plausible_name(word: str) -> bool:
    """True for a word that may be a person's name: it is no ordinary word and names nothing else."""
    key = word.casefold()
    if not re.fullmatch(r"[^\W\d_][^\d_\s]*", word) or key in ORDINARY or key in RELATIONS or key in STOP | LINKS:
        return False
    if key.rstrip(".") in TITLES or re.fullmatch(NUMBER, key):
        return False
    return not lexicon.is_a(
        key,
        "nationality",
        "language",
        "job",
        "diet",
        "weekday",
        "religion",
        "country",
        "animal",
        "relationship",
        "hobby",
        "tool",
        "os",
        "condition_adjective",
    )


def full_name(text: str, cased: bool) -> Iterator[Reading]:
    """A first and a last name, both capitalised."""
    for reading in name(text, cased):
        said = reading.value.split()
        if len(said) < 2 or lexicon.is_a(said[-1], "job"):  # "Category Manager" is a title
            continue
        if all(word[0].isupper() for word in said if word not in _PARTICLES):
            yield reading


def person(text: str, cased: bool) -> Iterator[Reading]:
    """A name, with a title if there is one ("Dr. Weiss")."""
    titled = re.match(r"(?:Dr|Prof|Mr|Mrs|Ms)\.?\s+(?=[A-Z])", text)
    for reading in name(text[titled.end() :] if titled else text, cased):
        yield Reading((titled.group() if titled else "") + reading.value)


def call_name(text: str, cased: bool) -> Iterator[Reading]:
    """What somebody goes by where they speak up: "Marek here", "anna here"; two words want their capitals."""
    for reading in name(text, cased):
        if capitalised(reading.value) or text.strip().casefold() == reading.value.casefold().split()[0]:
            yield reading


def titled(text: str, cased: bool) -> Iterator[Reading]:
    """A name with its title: "Dr Weiss"."""
    yield from (reading for reading in person(text, cased) if reading.value[:2] in ("Dr", "Pr", "Mr", "Ms"))


def firstname(text: str, _cased: bool) -> Iterator[Reading]:
    """A capitalised name right at the slot."""
    match = re.match(r"([^\W\d_][^\W\d_'’-]*(?:-[^\W\d_]+)?)(?:['’]s\b)?", text)
    if match and capitalised(match.group(1)) and not match.group(1).isupper() and plausible_name(match.group(1)):
        yield Reading(match.group(1))


_PASTS = words(
    "sold fed lost bought got gave left took found kept saw met told heard lent put let made meet see feed walk pet sell wash brush buy is"
)


def pets_own(text: str, cased: bool) -> Iterator[Reading]:
    """A name in front of "the dog"; no verb: "boarded the cat", "sold the goat"."""
    for reading in firstname(text, cased):
        word = reading.value.casefold()
        if word not in _PASTS and not (word.endswith("ed") and len(word) > 5):
            yield reading


def greeted(text: str, cased: bool) -> Iterator[Reading]:
    """A name after "I'm" at the start of a message: nothing else may follow but a boundary."""
    for reading in name(text, cased):
        after = text[text.find(reading.value) + len(reading.value) :]
        if capitalised(reading.value) and re.match(
            r"\s*(?:$|[,.!;:(-]|and i\b|from\b|here\b|by the way\b|btw\b)", after, re.IGNORECASE
        ):
            yield reading


def signature(text: str, _cased: bool) -> Iterator[Reading]:
    """What a letter is to be signed with: a name, and a firm after the comma."""
    parts = [part.strip() for part in re.split(r",|\n", text, maxsplit=1)]
    for reading in name(parts[0], True):
        yield Reading(reading.value, "name")
        if len(parts) > 1 and (firm := take(parts[1], most=4)) and all(map(capitalised, firm)):
            yield Reading(" ".join(firm), "employer")


_CHILD = re.compile(
    rf"(?:(?:{NUMBER}|a|an|one|another|small|young|little|teenage|grown-up|grown|adult|wonderful|lovely|beautiful|"
    rf"baby|older|younger|twin)\s+)*(?:kids?|children|child|sons?|daughters?|boys?|girls?|bab(?:y|ies)|toddlers?|"
    rf"teenagers?|twins|newborn|stepsons?|stepdaughters?|stepkids)\b(?!['’])",
    re.IGNORECASE,
)


def children(text: str, _cased: bool) -> Iterator[Reading]:
    """A list of children: "a son and two daughters"."""
    while match := _CHILD.match(text):
        if (count := re.match(r"\d+", match.group())) and int(count.group()) > 12:
            return  # a class, not a family
        if re.match(
            r"\s+(?:on the way|due\b|coming\b|in (?:the|my|our|each|every) (?:\w+ )?(?:class|group|care|team|choir|ward|course|"
            r"room)|under \w+|"
            r"with (?:adhd|autism|special needs)|to teach|over\b)",
            text[match.end() :],
            re.IGNORECASE,
        ):
            return  # not born yet, or not one's own
        yield Reading(re.sub(r"^(?:an?|one|another)\s+", "", match.group(), flags=re.IGNORECASE))
        joined = re.match(r"\s*(?:,|and|&)\s+", text[match.end() :])
        if not joined:
            return
        text = text[match.end() + joined.end() :]


def names(text: str, cased: bool) -> Iterator[Reading]:
    """A list of first names: "Leo and Maya"."""
    text = re.sub(r"\s*\(\s*(?:\d{1,2}|aged? \d{1,2}|\d{1,2} (?:years|months|yrs?|y/?o)[^)]{0,6})\s*\)", "", text)
    text = re.sub(r"(?<=[^\W\d_]),? (?:is |aged? )?\d{1,2}(?=\s*(?:,|;|\band\b|&|$|[.!?)]))", "", text)
    for part in re.split(r"\s*(?:,\s*(?:and\s+)?|\s+(?:and|&)\s+)", text)[:6]:
        segment = re.sub(r"^(?:little|baby|big|our|my)\s+", "", part)
        found = list(name(segment, cased))
        if not found or not capitalised(found[0].value):
            return
        yield found[0]
        if len(take(segment, most=4)) > len(found[0].value.split()):
            return


def counted_children(text: str, cased: bool) -> Iterator[Reading]:
    """A number of children: "two kids", "three boys"."""
    if re.match(rf"{NUMBER}\s", text, re.IGNORECASE):
        yield from children(text, cased)


def grandchildren(text: str, _cased: bool) -> Iterator[Reading]:
    """A number of grandchildren."""
    match = re.match(
        rf"(?P<v>(?:an? |one )?(?:{NUMBER} )?(?:grandchild(?:ren)?|grandkids?|grandsons?|granddaughters?))\b",
        text,
        re.IGNORECASE,
    )
    if match:
        yield Reading(re.sub(r"^(?:an?|one) ", "", match.group("v")))


def counted_people(text: str, _cased: bool) -> Iterator[Reading]:
    """How many children a parent has: "mother of two", "dad to three girls", "mother of twins"."""
    match = re.match(
        rf"(?P<v>(?:{NUMBER})(?:\s+(?:kids|children|boys|girls|sons|daughters))?|twins|triplets)\b", text, re.IGNORECASE
    )
    if match:
        yield Reading(match.group("v"))


def multiples(text: str, _cased: bool) -> Iterator[Reading]:
    """Twins and triplets."""
    match = re.match(r"(?P<v>(?:\w+ )?(?:twins|triplets))\b", text)
    if match:
        yield Reading(match.group("v"))
