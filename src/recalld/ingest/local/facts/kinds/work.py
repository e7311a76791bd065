"""Firms, occupations, studies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from recalld.ingest.local.facts import lexicon
from recalld.ingest.local.facts.kinds.ordinary import EMPTY, ORDINARY, TITLES
from recalld.ingest.local.facts.kinds.reading import Reading
from recalld.ingest.local.facts.lexicon import words
from recalld.ingest.local.facts.phrases import DETERMINERS, STOP, bare, capitalised, take


def _behind_called(text: str) -> str:
    """The name in "a small brewery called Halfmoon"; *text* as it is without such a name."""
    named = re.match(r"(?:an?|the)\s+(?:[\w-]+\s+){1,4}(?:called|named)\s+(?=[A-Z])", text)
    return text[named.end() :] if named else text


def org(text: str, cased: bool) -> Iterator[Reading]:
    """A firm or institution: capitalised words, or a common noun such as "the city library"."""
    text = _behind_called(text)
    phrase = take(text, most=6, stop=(STOP | {"or"}) - {"for", "of", "the", "on", "&", "+"})
    proper = proper_name(phrase)
    if proper and text.startswith(("a ", "an ")) and lexicon.is_a(proper[0], "city", "country", "nationality"):
        return  # "a London publisher"
    if proper:
        yield Reading(" ".join(proper))
        return
    phrase = bare(take(text, most=4, stop=STOP | {"and", "or", "of"}))
    if not phrase or phrase[0].casefold() in _NO_ORG or phrase[-1].casefold() in _NO_ORG:
        return
    if phrase[-1].casefold() in _ORG_NOUNS or (
        not cased
        and len(phrase) <= 2
        and phrase[0].casefold() not in ORDINARY
        and text[:2] not in ("a ", "an")
        and not text.startswith(("the ", "my "))
    ):
        yield Reading(" ".join(phrase))


def proper_name(phrase: list[str]) -> list[str]:
    """The capitalised words at the start of *phrase* with the small words between them."""
    start = (
        1
        if phrase
        and phrase[0].casefold() in ("the", "a", "an", "my", "our")
        and len(phrase) > 1
        and phrase[0].islower()
        else 0
    )
    found: list[str] = []
    for word in phrase[start:]:
        if (
            capitalised(word)
            and not (word.casefold() in ("i", "i'm", "i've") or (found and word.casefold() in STOP and word.islower()))
        ) or (
            found and word.casefold() in ("&", "and", "of", "de", "der", "und", "the", "for", "la", "del", "et", "y")
        ):
            found.append(word)
        else:
            break
    while found and not capitalised(found[-1]):
        found.pop()
    return [] if not found or found[0].casefold() in _NO_ORG else found


_NO_ORG = words(
    """
    home night nights moment least all once work school first last present times best worst weekends weekdays noon
    lunch dawn dusk startup company place firm time desk job it that this there here monday tuesday wednesday
    thursday friday saturday sunday christmas easter january february march april may june july august september
    october november december something remote remotely minute hour day week end start money fun free living myself
    ourselves them him her you me us now project projects team everything anything people customers clients
    """
)
_ORG_NOUNS = words(
    """
    bank hospital school university college library museum restaurant cafe café bakery agency studio clinic factory
    warehouse supermarket shop bookshop bookstore store pharmacy hotel hostel bar pub gym zoo airport station
    brewery winery vineyard farm nursery kindergarten daycare theatre theater gallery council ministry court prison
    charity ngo foundation newspaper magazine publisher archive lab laboratory institute observatory call-center
    callcenter garage workshop dealership salon spa church embassy consulate post-office brewery office practice
    planetarium aquarium laundrette launderette chippy takeaway deli delicatessen creamery distillery sawmill quarry
    harbour hospice creche crèche preschool boatyard stables kennels cattery sanctuary boutique florist barbershop
    pizzeria bistro diner canteen patisserie centre center centres rink leisure-centre town-hall registry newsroom foundry
    tannery forge print-shop printworks orchard greenhouse racecourse stadium arena theatre cinema circus abattoir
    surgery depot shipyard refinery mine plant mill dairy butcher's florist's garden-centre
    """
)

_JOB_SUFFIX = re.compile(
    r"(?:ist|ologist|grapher|smith|wright|keeper|maker|monger|herd|wife|eer|ician|arian|attendant|ant|agent|"
    r"engineer|analyst|tutor|nurse|clerk|officer|manager|director|teacher|worker|driver|operator|trainer|coach|"
    r"chef|mate|apprentice|intern|trainee|lead|hand|er|or)$"
)


def job(text: str, _cased: bool) -> Iterator[Reading]:
    """An occupation, recognised by its last words or their ending."""
    phrase = _job_phrase(text)
    if phrase and _is_job(phrase):
        yield Reading(" ".join(phrase))


def known_job(text: str, _cased: bool) -> Iterator[Reading]:
    """An occupation whose last words are in the lexicon, whatever follows."""
    phrase = _job_phrase(text)
    for size in range(len(phrase), 0, -1):
        if lexicon.head(phrase[:size], "job") and not lexicon.head(phrase[:size], "not_job"):
            yield Reading(" ".join(phrase[:size]))
            return


_RANKS = words(
    """
    manager lead leader head chef director supervisor officer partner captain foreman forewoman editor principal coordinator
    consultant engineer deputy chair chairman chairwoman chairperson secretary treasurer sergeant inspector matron sister
    conductor producer buyer caretaker janitor warden steward controller steward associate president dean professor
    """
)


def rank(text: str, cased: bool) -> Iterator[Reading]:
    """A post that somebody is put into: "site manager", "head of payroll"; no verb ("made me cook")."""
    for reading in job(text, cased):
        phrase = reading.value.casefold().split()
        if phrase[-1] in _RANKS or (len(phrase) > 2 and phrase[1] == "of" and phrase[0] in _RANKS):
            yield reading


def djing(text: str, _cased: bool) -> Iterator[Reading]:
    """Music put on for others: "dj at weddings" → "DJ"."""
    if re.match(r"dj (?:at|for|on|in|every|most|some|weddings|parties)\b", text, re.IGNORECASE):
        yield Reading("DJ")


def org_noun(text: str, _cased: bool) -> Iterator[Reading]:
    """A kind of institution: "bookshop", "vet clinic"."""
    phrase = bare(take(text, most=4, stop=STOP | {"and", "or"}))
    if phrase and phrase[-1].casefold() in _ORG_NOUNS:
        yield Reading(" ".join(phrase))


def jobs(text: str, cased: bool) -> Iterator[Reading]:
    """An occupation in the plural: "nurses" → "nurse"."""
    match = re.match(r"(?P<v>[\w-]+(?: [\w-]+)?)s\b", text)
    if match:
        yield from job(match.group("v"), cased)


def occupation(text: str, cased: bool) -> Iterator[Reading]:
    """What follows "I work as": any noun phrase."""
    found = list(job(text, cased))
    phrase = _job_phrase(text)
    if found:
        yield from found
    elif phrase and len(phrase) <= 4 and phrase[0].casefold() not in ORDINARY and not phrase[0][0].isdigit():
        yield Reading(" ".join(phrase))


_NOT_ONESELF = re.compile(
    r"(?:(?:he|she|they|it|that|there|here|who|you)['’]?(?:s|re)\b|(?:he|she|it|that|this) is|you are|\S+ years? an?|(?:my "
    r")?dear|ring|call|ask|tell|see|visit|thank|pay|email)\s",
    re.IGNORECASE,
)  # "she's a vet, I …", "dear assistant", "ring the vet"


def _job_phrase(text: str) -> list[str]:
    if _NOT_ONESELF.match(text):
        return []
    phrase = bare(take(text, most=6, stop=(STOP | {"and", "or"}) - {"in", "of", "first", "off", "up"}))
    cut = next((n for n, word in enumerate(phrase) if word.casefold() in ("in", "of", "off", "up") and n), len(phrase))
    head_of = phrase[:cut]
    if (
        cut < len(phrase)
        and phrase[cut].casefold() == "of"
        and head_of
        and head_of[-1].casefold()
        in ("head", "director", "vp", "chief", "professor", "lecturer", "teacher", "student", "manager")
    ):
        return phrase[: cut + 3]
    kept = [
        word
        for word in head_of
        if word.casefold()
        not in (
            "only",
            "just",
            "still",
            "proper",
            "real",
            "actual",
            "certified",
            "humble",
            "proud",
            "simple",
            "mere",
            "fellow",
            "professional",
        )
    ]
    while kept and kept[-1].casefold() in ORDINARY:
        kept.pop()
    return kept


_NO_JOB_STARTS = words("same more fewer several many most dear two three four five six seven eight nine ten")


_NO_JOB_ENDS = tuple(words(
    """
    ever other ather ether number weather computer printer letter dinner summer winter corner paper under after order
    matter center quarter monitor mirror error favor color chapter september october november december member longer
    bigger smaller older younger newer easier harder faster cheaper closer nearer slower warmer colder quieter louder cleaner
    nicer safer shorter taller lighter darker happier busier calmer larger prayer important restaurant elephant vegetarian christian
    pregnant brilliant relevant ignorant constant tolerant intolerant resistant flight exist assist consist insist
    resist twist interior exterior superior inferior prior junior senior minor major
    """
))  # fmt: skip


def _is_job(phrase: list[str]) -> bool:
    last = phrase[-1].casefold()
    if (
        last in ORDINARY
        or lexicon.head(phrase, "not_job")
        or lexicon.is_a(last, "animal", "nationality", "religion", "weekday", "month")
    ):
        return False
    if any(word.casefold() in DETERMINERS for word in phrase[1:]) or phrase[0].casefold() in _NO_JOB_STARTS:
        return False
    if len(phrase) >= 3 and phrase[-2].casefold() == "of":
        return True
    if lexicon.head(phrase, "job") or lexicon.head(phrase, "instrument_player"):
        return True
    return bool(_JOB_SUFFIX.search(last)) and len(last) > 5 and last.isalpha() and not last.endswith(_NO_JOB_ENDS)


def subject(text: str, _cased: bool) -> Iterator[Reading]:
    """A field of study or a school subject."""
    phrase = bare(take(text, most=4, stop=STOP | {"or", "hard", "abroad", "online"}))
    while phrase and phrase[-1].casefold() == "and":
        phrase.pop()
    if phrase and phrase[0].casefold() not in ORDINARY | EMPTY | {"and"}:
        yield Reading(" ".join(phrase))


_NO_SUBJECTS = words(
    """
    people kids children toddlers refugees students adults beginners seniors pupils nuns monks teenagers teens them him her grade
    year class classes everyone nights evenings mornings weekends online
    """
)


_HOW_OFTEN = re.compile(
    r"\s(?:once|twice|(?:\d+|an?|one|two|three|four|five|six|every|all|some|most|half) (?:days?|mornings?|evenings?|times?|hours?)\b)",
    re.IGNORECASE,
)


def taught(text: str, cased: bool) -> Iterator[Reading]:
    """A subject that somebody teaches; not whom, when, how often or what to do."""
    for reading in subject(_HOW_OFTEN.split(text, maxsplit=1)[0], cased):
        said = reading.value.casefold().split()
        if not (said[0] in _NO_SUBJECTS or said[-1] in _NO_SUBJECTS or lexicon.is_a(said[0], "weekday", "month")):
            yield reading


def _software(found: list[str]) -> bool:
    """True for a program; "at Notion" may be a job, but far more often "to Notion" is none."""
    return any(
        lexicon.head(found, name) for name in ("tool", "editor", "os", "browser", "shell", "diet", "programming")
    )


def firm(text: str, _cased: bool) -> Iterator[Reading]:
    """A firm by its proper name only."""
    text = _behind_called(text)
    found = proper_name(take(text, most=5, stop=STOP - {"of", "the", "for", "&", "+"}))
    if (
        found
        and found[0].casefold().rstrip(".") not in TITLES
        and not lexicon.is_a(found[0], "weekday", "month", "city", "country", "language", "job", "nationality")
        and not re.fullmatch(r"\d+(?:st|nd|rd|th)", found[0])
        and not _software(found)
    ):
        yield Reading(" ".join(found))


_TRADES = {
    r"drive (?:an? |the )?(?:(?:number|no\.?|line) [\w-]+ |(?:city|night|tour|local|late|yellow|double-decker) )?(?P<what>tram|"
    r"bus|taxi|truck|lorry|forklift|ambulance|train|cab|van|school bus)s?": "{} driver",
    r"translate": "translator",
    r"interpret (?:for|at|in)": "interpreter",
    r"proofread": "proofreader",
    r"wait tables": "waiter",
    r"tend bar": "bartender",
    r"cut hair": "hairdresser",
    r"deliver (?:parcels|packages|mail|post|pizza|food)": "courier",
    r"fix (?P<what>bike|car|watch|piano|boat|bicycle)e?s": "{} mechanic",
    r"tutor": "tutor",
    r"coach (?:a|the|kids|juniors|under)": "coach",
    r"design (?P<what>websites|games|gardens|kitchens|interiors|furniture|buildings|logos)": "designer",
    r"write software": "software developer",
    r"write code for a living": "software developer",
    r"sell (?P<what>insurance|houses|cars|shoes|books)": "sells {}",
    r"clean (?:houses|offices)": "cleaner",
    (
        r"teach (?P<what>kindergarten|primary school|high school|yoga|piano|guitar|swimming|english|maths|math|german|"
        r"french|spanish)"
    ): "{} teacher",
    r"work (?:nights )?as (?:a|an) (?P<what>[a-z -]{3,25}?)(?= at| in| for|,|$)": "{}",
    r"paint houses": "house painter",
    r"lay (?:tiles|bricks)": "tiler",
    r"keep bees for a living": "beekeeper",
    r"(?P<what>farm) (?:sheep|cows|pigs|goats|wheat|vegetables|organic)": "farmer",
    r"run the (?:kitchen|bar)": "chef",
    r"illustrate (?:children's )?books": "illustrator",
    r"edit (?:books|manuscripts|videos|films)": "editor",
    r"nurse (?:at|in|on)": "nurse",
    r"audit (?:companies|banks)": "auditor",
    r"groom dogs": "dog groomer",
    r"walk dogs": "dog walker",
}


def job_verb(text: str, _cased: bool) -> Iterator[Reading]:
    """An occupation told by what one does: "drive a tram" → "tram driver"."""
    for pattern, value in _TRADES.items():
        match = re.match(rf"{pattern}(?![\w-])", text, re.IGNORECASE)
        if match:
            yield Reading(value.format(match.groupdict().get("what") or ""))
            return


def trade(text: str, cased: bool) -> Iterator[Reading]:
    """What somebody does somewhere, in one or two plain words: "payroll", "customer support"."""
    for reading in subject(text, cased):
        if len(reading.value.split()) <= 2 and reading.value.split()[0].casefold() not in (
            "my",
            "best",
            "the",
            "some",
            "most",
            "all",
            "a",
            "stuff",
            "things",
            "hour",
            "hours",
            "minutes",
            "days",
            "bit",
            "lot",
            "nothing",
            "everything",
        ):
            yield reading


_DOINGS = {
    "nursing": "nurse",
    "teaching": "teacher",
    "welding": "welder",
    "lecturing": "lecturer",
    "waitressing": "waitress",
    "bartending": "bartender",
    "interpreting": "interpreter",
}


def doing(text: str, _cased: bool) -> Iterator[Reading]:
    """An occupation told by what one is doing somewhere: "nursing at Ostwald Clinic" → "nurse"."""
    match = re.match(
        rf"(?P<v>{'|'.join(_DOINGS)}) (?:at|for|in|on) (?!home|bed|the|my|your|a |an |private|secret|general|july|june)",
        text,
        re.IGNORECASE,
    )
    if match and text[match.end() : match.end() + 1].isupper():
        yield Reading(_DOINGS[match.group("v").casefold()])


def worked_for(text: str, cased: bool) -> Iterator[Reading]:
    """A firm or institution, not somebody's home ("at Anna's")."""
    yield from (reading for reading in org(text, cased) if not reading.value.endswith(("'s", "’s")))


def hand_work(text: str, _cased: bool) -> Iterator[Reading]:
    """Work with one's hands on something: "pack medical gloves" → "packs medical gloves"."""
    match = re.match(
        r"(?P<verb>pack|assemble|sort|inspect|solder|weld|label|sew|stack|load) (?P<what>.+)", text, re.IGNORECASE
    )
    phrase = take(match.group("what"), most=3, stop=STOP | {"and", "or"}) if match else []
    if match and phrase and phrase[0].casefold() not in DETERMINERS | ORDINARY | EMPTY:
        yield Reading(f"{match.group('verb').lower()}s {' '.join(phrase)}")


def cook_house(text: str, _cased: bool) -> Iterator[Reading]:
    """Where somebody cooks for a living: "at a canteen" → "cook"."""
    if re.match(
        r"(?:at|in|for) (?:an? |the )?(?:(?:[\w-]+ ){0,2}(?:canteen|restaurant|bistro|diner|cafeteria|care home|nursery|mess hall|hotel)"
        r"|nursing home|(?:hospital|school|hotel|restaurant|prison|works|army|ship's) kitchen)\b",
        text,
        re.IGNORECASE,
    ):
        yield Reading("cook")


_STUDIES = words(
    """
    medicine law engineering nursing architecture physics chemistry biology mathematics maths history philosophy economics psychology
    pharmacy dentistry veterinary sociology linguistics geography geology journalism theology informatics accounting midwifery
    literature politics anthropology archaeology statistics
    """
)


def study_field(text: str, _cased: bool) -> Iterator[Reading]:
    """A subject that is studied at a university."""
    match = re.match(
        r"(?:(?:computer|political|social|data|environmental|sports) science|[a-z]+(?: engineering)?)\b",
        text,
        re.IGNORECASE,
    )
    if match and (
        match.group().split()[0].casefold() in _STUDIES
        or match.group().casefold().endswith(("science", " engineering"))
    ):
        yield Reading(match.group())
