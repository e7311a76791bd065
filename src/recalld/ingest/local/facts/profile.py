"""Facts in lists without verbs: "quick profile: Ana, 31, from Braga, nurse", "I'm a cook in Lille, vegetarian, two kids".

Each item is read as if the sentence had begun "I'm …", "I have …" or "my …", by the same rows as everything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from recalld.ingest.local.facts import lexicon
from recalld.ingest.local.facts.findings import Finding, Reader
from recalld.ingest.local.facts.kinds import kind
from recalld.ingest.local.facts.kinds.ordinary import TITLES
from recalld.ingest.local.facts.lexicon import words
from recalld.ingest.local.facts.mood import Mood
from recalld.ingest.local.facts.phrases import capitalised
from recalld.ingest.local.facts.sentences import Sentence, lower

LONGEST_ITEM = 8  # words

_HEADED = re.compile(
    r"\b(?:profile|about me|about myself|bio|background|intro|introduction|introduce myself|my details|details|"
    r"facts about me|context|in a nutshell|my stats|stats|"
    r"headline|for (?:the|my) (?:record|form|badge|profile|file|application|site|page)|the basics|basics|key "
    r"facts|who i am|info|my info|cv|bits about me|form|questionnaire|sign-?up|application|about the author|"
    r"author note|programme note)\b[^:.]{0,60}(?::|\s-)\s*"
)
_ABOUT_ME = re.compile(
    r"\b(?:my (?:whole )?(?:bio|profile|details|life|cv|intro)|about me|that's me|me in (?:a nutshell|short|three "
    r"words)|for the (?:bio|profile|badge|intro))\b"
)
_NAMED_LIST = re.compile(r":\s*(?=[A-Z][\w'-]+(?: [A-Z][\w'-]+)?,\s[^,]{2,40},\s)")
# before the colon: whose names they are is open ("seating plan: …"), or they are to be printed ("poster text: …")
_OF_MANY = re.compile(
    r"\b(?:posters?|flyers?|invitations?|captions?|ads?|adverts?|listings?|labels?|headlines?|programmes?|playlists?|titles?|names?|plan|"
    r"list|guests?|players?|team|line-?up|cast|authors?|attendees|participants|members|speakers|winners|invitees|teams|groups?|order|"
    r"table|chart|rota|schedule|present|characters?|candidates?|patients?|customers?|clients?|contacts?|witness(?:es)?|minutes)\b[^:]*:\s*$"
)
_I_AM = re.compile(
    r"^(?:[\w' ]{0,40}[,:!.-]\s*)?(?:so |well |also )?(?:i'm|im|i am|we're|we are|my name is|my name's|name's)\s|"
    r"^[\w' ]{0,40}?\b[\w-]+(?:'s| is) (?:the|my) name(?=,)"
)
# "I'm walking to work again, new boots with thick soles and a reflector" tells what happens, not what one is
_BUSY = re.compile(
    r"(?:(?:now|just|currently|still|only|also|already|not|really|always) )*(?!(?:living|working|studying|training|teaching|freelancing|"
    r"nursing|running|raising|expecting|getting) )[a-z]{2,}ing (?=[a-z])"
)
# behind a second clause "and" joins what that one says: "we're at sea so dinner is two tins and a prayer"
_GOES_ON_TO_SAY = re.compile(
    r"\b(?:so|because|but|where|while|since|and) (?:[\w']+ ){1,3}(?:is|was|are|were|has|have|had)\b"
)
_CLAUSE = words(
    """
    i i'm im i've we we're you he she it they there what how who which where when why can could would should do does
    did is are am was were will please any but so because if or then thanks let's tell give help write need want
    looking my your and this that these those not no just maybe the speaks plays works lives has loves likes wants
    says thinks plays runs makes does gets goes reserve book add send write show find make put get keep use call
    remind check fix draft plan called calls came comes said wrote writes asked asks rang rings sent sends told died
    phoned emailed texted wanted left won lost sort compare
    """
)
_SAYING = words("i you is are what how can has was lives works needs wants loves")  # an item that has one is a clause
_SEPARATOR = re.compile(
    r"\s*(?:[,;•|]|\s-\s|\s/\s|\.\s(?=[a-z\d]))\s*(?:and\s+|also\s+|plus\s+)?|\s+and\s+(?=(?:a|an|two|three|four|"
    r"\d+|allergic|married|single|vegan|vegetarian)\b)"
)
_TOLD = {
    **{
        f"{verb}s": verb
        for verb in words(
            """
            live work sing play speak drive love like hate collect volunteer ride prefer eat drink run write enjoy own
            knit paint bake climb keep
            """
        )
    },
    "teaches": "teach",
    "studies": "study",
}
_INSTITUTION = re.compile(
    r"^(?:the )?[A-Z][\w'.& -]*\b(?:University|Institute|Hospital|Museum|College|School|Academy|GmbH|Inc|Ltd|AG|Corp|"
    r"Ministry|Council|Library|Clinic|Labs?|Studios?)\b|^(?:University|Ministry|Institute) of [A-Z]"
)
_FAVOURITE = re.compile(r"(?P<what>favou?rite [a-z]+)\s+(?!is\b)(?=[A-Z\d\"'])")
_BLOOD = re.compile(r"(?:AB|A|B|O|0)\s?(?:\+|-|pos(?:itive)?|neg(?:ative)?)", re.IGNORECASE)
_NO_NAME = re.compile(r"['’]s\b|\b(?:the|my|an?|is|in|of|from|to|for|with|and|at|on)\b", re.IGNORECASE)
_KEY_VALUE = re.compile(r"^[\w' -]{3,30}\s*[:=]\s*\S")


def listed(sentence: Sentence, reader: Reader) -> Iterator[Finding]:
    """What the items of a list of facts say."""
    mood = Mood(sentence)
    start = _list_start(sentence, reader.window)
    if start is None or mood.ironic:
        return
    headed = start == 0 or sentence.low[:start].rstrip().endswith((":", "-"))
    told: list[Finding] = []
    for number, (place, item) in enumerate(_items(sentence, start)):
        if mood.asked(place) or mood.supposed(place) or not _is_item(item):
            if headed:
                continue
            break
        named = headed and number == 0 and item[:1].isupper()
        found = _first_that_says(_sentences(sentence, item, named=named), reader, place)
        told += [finding for finding in found if finding.attribute != "name" or named]
    if not headed or _HEADED.search(sentence.low) or _of_one(told):
        yield from told


def _of_one(told: Sequence[Finding]) -> bool:
    """True when what a list tells may be one person's: a name and something else, no two homes ("sort these: Oslo, Turku, Bergen")."""
    told = [finding for finding in told if finding.act == "state"]
    homes = [finding for finding in told if finding.attribute in ("home_city", "name")]
    return (
        len({finding.attribute for finding in homes}) == len(homes) and len({finding.attribute for finding in told}) > 1
    )


_GREETED = 24  # characters: what may stand before an introduction is a greeting
_INTRODUCTION = re.compile(
    r"^(?:(?:hi|hello|hey|dear all|good (?:morning|afternoon|evening|day)|it's|this is|name's|me:|from:)[,!.:]?\s+)*"
    r"(?P<name>[A-Z][\w'’.-]+(?: (?:van|von|de|der|da|del|al|bin|la|le|di)){0,2}(?: [A-Z][\w'’.-]+){1,2}), (?:an? )?"
    r"(?P<what>(?:[\w'’/-]+ ){0,4}?[\w'’/-]+) (?:at|with|for|@) (?P<org>(?:the )?[A-Z][^,;:!?]{1,50}?)[.!]?$",
    re.IGNORECASE,
)


_OF_HIM = re.compile(r"\b(?:he|she|him|her|his|who(?:'s| is) (?:this|that|she|he))\b")


def introduction(sentence: Sentence, reader: Reader) -> Iterator[Finding]:
    """Who writes, where a message begins with it and nothing else is said: "Mira Falk, bookkeeper at Holm & Co."."""
    match = _INTRODUCTION.match(sentence.text) if sentence.start < _GREETED and not sentence.question else None
    if (
        match is None
        or not match.group("name")[0].isupper()
        or not match.group("org").removeprefix("the ")[0].isupper()
    ):
        return
    if _OF_HIM.search(reader.window):
        return
    place = match.start("name")
    work = list(reader.findings(_as_if(sentence, f"I'm a {sentence.text[match.start('what') : match.end('org')]}")))
    for reading in kind("fullname")(match.group("name"), True) if work else ():
        if reading.value == match.group("name"):
            yield Finding(
                attribute="name",
                value=reading.value,
                sentence=sentence,
                place=place,
                end=match.end("name"),
                kind="fullname",
            )
            yield from (replace(f, sentence=sentence, place=match.start("what"), end=match.end("org")) for f in work)


_AGE_FIRST = re.compile(
    r"^(?P<age>[2-9]\d)(?: years old| yrs old| years young)?,? and (?:i\b|i'm|i've|still|back|never|finally|only|just|"
    r"learning|counting|proud|"
    r"retired|feeling|starting|single|loving|in love|not)\b(?! (?:waiting|loading|no reply))"
)
_COUNTED = re.compile(
    r"\b(?:he|she|his|her|people|minutes?|degrees|percent|euros?|pounds?|dollars?|pages?|miles|km|days|weeks|guests)\b"
)


def age_first(sentence: Sentence) -> Iterator[Finding]:
    """The age that somebody begins with: "71 and still on the bike"."""
    match = _AGE_FIRST.match(sentence.low)
    if match and not sentence.question and not _COUNTED.search(sentence.low):
        yield Finding(
            attribute="age",
            value=match.group("age"),
            sentence=sentence,
            place=0,
            end=match.end("age"),
            kind="age",
            confidence=0.7,
        )


def enumerated(sentence: Sentence, reader: Reader) -> Iterator[Finding]:
    """What a sentence without a verb says that is a list of facts: "61, retired vet, Wuppertal, three grandchildren"."""
    yield from introduction(sentence, reader)
    yield from age_first(sentence)
    if sentence.question or sentence.low.count(",") < 2 or _list_start(sentence, reader.window) is not None:
        return
    items = list(_items(sentence, 0))
    if len(items) < 3 or not all(_is_item(item) for _, item in items) or Mood(sentence).ironic:
        return
    read = [
        list(_first_that_says(_sentences(sentence, item, named=n == 0 and item[:1].isupper()), reader, place))
        for n, (place, item) in enumerate(items)
    ]
    read = [[f for f in found if f.attribute != "name" or n == 0] for n, found in enumerate(read)]
    if sum(map(bool, read)) >= max(2, len(read) - 2) and _of_one([f for found in read for f in found]):
        yield from (finding for findings in read for finding in findings)


def _list_start(sentence: Sentence, window: str) -> int | None:
    """Where the items begin: behind the heading, or behind the first item of "I'm …"."""
    headed = _HEADED.search(sentence.low) or _NAMED_LIST.search(sentence.text)
    if headed and not _OF_MANY.search(sentence.low[: headed.end()]):
        return headed.end()
    if (
        _ABOUT_ME.search(window)
        and sentence.low.count(",") > 1
        and not set(re.findall(r"[\w']+", sentence.low)) & _CLAUSE
    ):
        return 0
    i_am = _I_AM.match(sentence.low)
    if i_am is None or _BUSY.match(sentence.low, i_am.end()):
        return None
    first = _SEPARATOR.search(sentence.low, i_am.end())
    if first is None or _GOES_ON_TO_SAY.search(sentence.low, i_am.end(), first.start()):
        return None
    return first.end()


def _items(sentence: Sentence, start: int) -> Iterator[tuple[int, str]]:
    for separator in [*_SEPARATOR.finditer(sentence.text, start), None]:
        end = separator.start() if separator else len(sentence.text)
        yield start, sentence.text[start:end].strip()
        start = separator.end() if separator else end


def _is_item(item: str) -> bool:
    said = re.findall(r"[\w'.]+", lower(item))
    titled = said and said[0].strip(".") in TITLES  # "Ms Null" is no condition, and somebody else
    return 0 < len(said) <= LONGEST_ITEM and not titled and said[0] not in _CLAUSE and not _SAYING & set(said[1:])


def _sentences(sentence: Sentence, item: str, *, named: bool) -> Iterator[Sentence]:
    if _KEY_VALUE.match(item):
        yield _as_if(sentence, f"my {item}")
        return
    if named and not _NO_NAME.search(item) and all(map(_of_a_name, item.split())):
        yield _as_if(sentence, f"my name is {item}")
    verb, _, rest = item.partition(" ")
    if rest and verb.casefold() in _TOLD.values():
        yield _as_if(sentence, f"I {item}")
        return
    if rest and verb.casefold() in _TOLD:  # "lives in Whitby" of oneself, as on the back of a book
        yield _as_if(sentence, f"I {_TOLD[verb.casefold()]} {rest}")
        return
    if lexicon.is_a(item, "city", "country"):
        yield _as_if(sentence, f"I live in {item}")
        return
    if favoured := _FAVOURITE.match(item):
        yield _as_if(sentence, f"my {favoured.group('what')} is {item[favoured.end() :]}")
        return
    if _BLOOD.fullmatch(item):
        yield _as_if(sentence, f"my blood type is {item}")
        return
    if _INSTITUTION.search(item):
        yield _as_if(sentence, f"I work at {item}")
    with_it = re.sub(r"^with\s+", "", item, flags=re.IGNORECASE)
    if with_it == item:
        yield _as_if(sentence, f"I'm {item}")
        yield _as_if(sentence, f"I'm a {item}")
    yield _as_if(sentence, f"I have {with_it}")


def _of_a_name(word: str) -> bool:
    return capitalised(word) or word.casefold() in _PARTICLES


_PARTICLES = words("de van von der da al bin el la du ten den here")


def _as_if(sentence: Sentence, text: str) -> Sentence:
    return replace(sentence, text=text, low=lower(text))


def _first_that_says(candidates: Iterator[Sentence], reader: Reader, place: int) -> Iterator[Finding]:
    for candidate in candidates:
        found = [finding for finding in reader.findings(candidate) if _ends_there(finding, candidate.low)]
        if found:
            yield from (replace(finding, place=place + finding.place, end=place + finding.end) for finding in found)
            return


_GOES_ON = re.compile(
    r"\W*(?:$|(?:from|in|at|of|on|with|and|or|by|for|as|since|to|who|called|named|old|years?|yrs?|months?|yo|y/o|now|here|too|again|still|"
    r"based|living|working|currently|near|tall|plus|but|because|so|both|these|this|most|every|twice|once|only|always|never|also|sometimes|"
    r"is|are)\b|[^\w\s])"
)


def _ends_there(finding: Finding, low: str) -> bool:
    """True when a value is not the beginning of something longer: "22 million people" is no age."""
    return not finding.kind or bool(_GOES_ON.match(low, finding.end))
