"""What the tagger marked, beside what the grammar read.

Where both read the same words the grammar's reading stands: it brings a value into its usual form and knows what a statement
ends. What the tagger gives less than three chances in ten is left out even so: most such readings are wrong.
What it ends of what is known of the user counts too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from recalld.ingest.local.facts.findings import OTHER, Finding
from recalld.ingest.local.facts.lexicon import words
from recalld.ingest.local.facts.mood import Mood
from recalld.ingest.local.facts.sentences import MASK, Sentence
from recalld.ingest.local.facts.subjects import (
    about_others,
    done_by_the_assistant,
    in_first_person,
    invented,
    put_somewhere,
    said_of_another,
    taken_up_as_another,
)
from recalld.ingest.local.facts.tagger.tagger import Mark, Reading
from recalld.layers.facts.timeline import FIRM_FROM

SURE = (
    0.65  # probability from which marked words count: 0.6 finds three values of a hundred more, 2 points less precise
)
SURE_OVER = 0.4  # the same for what is over: what is closed too early is told again sooner than what is never closed
SURE_ENDED = 0.25  # the same for a known value that the message ends
SURE_ENDED_OF_MANY = 0.6  # the same where several hold at a time: the message may tell another that nobody heard
SURE_ENDED_BESIDE = 0.8  # the same where the message tells another of them: a second allergy ends none
SURE_NAME = 0.8  # for the user's own name: people name others all the time
SURE_DAY = 0.8  # for a day without what is due on it
SURE_NUMBER = 0.8  # for a bare number
LEAST_SUPPORT = 0.3  # probability from which words that the grammar reads as a value count
_SURE = {"name": SURE_NAME, "deadline": SURE_DAY}
_STAYS = ("current_location", "temporary_location")
_HOMES = ("address", "neighborhood", "city")  # and what begins with "home_"
_ALIKE = {  # the same words under two of them are one thing, kept twice
    name: names
    for names in (("role", "job_title"), ("hobby", "sport"), ("health_condition", "injury"))
    for name in names
}
_PERSONS = words("doctor dentist therapist vet manager supervisor child pet sibling friend flatmate hairdresser")
_GENITIVE = "'s"  # "back on Dr Okafor's list"
_PLANS = ("planned_move", "travel_plan", "goal")

_ENDING = re.compile(
    r"(?P<not>\b(?:(?:didn|haven|hasn|don|won|wouldn|couldn|isn|aren|ain)['’]?t|not|never|almost|nearly|without) (?:[\w']+ ){0,2}?)?"
    r"\b(?:quit|quitting|left|leave|leaving|sold|sell|selling|(?:give|gave|given|giving)(?: \w+)? up|move|moved|moving|lose|lost|losing|"
    r"cancel\w*|stop(?:ped|ping)?|drop(?:ped|ping)?|retire[ds]?|retiring|split|(?:break|broke|broken|breaking) up|swap\w*|switch\w*)\b"
)
_SWITCHED = re.compile(
    r"\b(?:switch|swap|replac|convert|migrat)(?:e|ed|es|ped|ing|ping|s)?\b|\b(?:ported|(?:changed|upgraded|moved) (?:\w+ )?(?:over )?to)\b|"
    r"\bchanged (?:my )?(?:course|major|subject|degree|field)s?\b|\bchange of (?:plans?|heart)\b|\binstead\b"
)
_FAREWELL = r"\b(?:good-?bye|bye(?:[ -]bye)?|farewell(?: to)?|so long|adieu|adios|r\.?i\.?p\.?),? (?:my |the |dear )*{value}(?!\w)"
_NO_MORE = r"\b(?:no longer (?:\w+ ){{0,2}}?{value}|not (?:\w+ ){{0,2}}?{value} (?:any ?more|any longer))(?!\w)"
_PREFERRED = re.compile(r"\bnew (?:\w+ )?(?:favou?rite|love|number one|best)\b")
_TO_COME = re.compile(
    r"\b(?:emigrat|mov|relocat)(?:e|ing) [^.;]*\b(?:next|soon|coming)\b"
)  # "we emigrate next spring, Oslo"
_HOLDS = (
    r"(?:still (?:on |at |in |with |the |my |our )*|kept |keep(?:ing)? |besides |next to |beside |alongside |as well as |in addition to |"
    r"on top of )"
)
_ASKED = re.compile(r"^(?:\w+\W+)?(?:do|did|am|was|have|had) (?:i|we)\b")  # "wait, do I live in Minsk?"
_YET_TO_BE = re.compile(r"\b(?:getting|to get|to be|will be)\s+$")  # "we're getting married in June"
_ECHO = re.compile(r"\W*(?:(?:an?|the|my|what|which) )*")
_FIELD = re.compile(r"(?:^|[\n,;])\s*[A-Za-z][\w ]{1,24}:\s*$")  # "name: Ada, city: "
_AND_ANOTHER = re.compile(r" & [A-Z][\w'-]*")  # "Adler & Sons"
_LED_IN = re.compile(r"(?:an?|the|my|our|some|in|at|on|of|to|from)\s+", re.IGNORECASE)
_DENIED = re.compile(r",? (?:no|nope|nah|wrong)\b(?! longer)[\s!.,]*$")


def supported(findings: Sequence[Finding], readings: Mapping[int, Reading]) -> Iterator[Finding]:
    """Those of the grammar's *findings* that the tagger, which has read the messages in *readings*, does not hold for most unlikely.

    It says nothing of values that no word of the message is, of fields of a form, of what is put right or taken back,
    and of the assistant's words.
    """
    for finding in findings:
        reading = readings.get(finding.sentence.seq, Reading())
        quote = finding.sentence.quote[finding.place : finding.end]
        changes = finding.act != "state" or finding.replaces is not None
        filled_in = _FIELD.search(finding.sentence.text[: finding.place]) is not None
        if not reading.tokens or changes or filled_in or finding.value.casefold() != quote.casefold().strip():
            yield finding
            continue
        start = finding.sentence.start + finding.place
        if reading.support(start, start + len(quote)) >= LEAST_SUPPORT:
            yield finding


def added(
    marks: Sequence[Mark],
    *,
    sentences: Sequence[Sentence],
    before: Sequence[Sentence],
    known: Collection[str],
    taken: Sequence[Finding],
    dropped: Collection[str],
    story: bool,
) -> Iterator[Finding]:
    """What is marked in a message and not among *taken*.

    *before* are the sentences of the assistant's message in front of it. What is over is told of the attributes close by too, as
    far as they are *known* of this user: it may have been kept under one of them. Values that were *dropped*, as slips that the
    session puts right, stay so; they are in lower case. In talk about a *story* that the user makes up, or about somebody whom the
    assistant asked about, only what they say in the first person counts.
    """
    for mark in () if invented(sentences) else marks:
        finding = _finding(mark, before if mark.confirmed else sentences)
        if finding is None or finding.value.casefold() in dropped:
            continue
        if story and not in_first_person(finding.sentence):
            continue
        if any(
            said is finding.sentence and taken_up_as_another(said, following) for said, following in pairwise(sentences)
        ):
            continue
        if not any(_same_words(finding, other) for other in taken):
            yield finding
            if mark.over:
                yield from (replace(finding, attribute=name) for name in mark.related if name in known)


def named_after(findings: Sequence[Finding], known: Sequence[tuple[str, str]], reading: Reading) -> Iterator[Finding]:
    """*findings* of one message; the only one for which there is no name takes that of the only *known* value that the message ends.

    "I'm at 85 an hour" is an hourly rate where one of 65 is known and over.
    """
    stated = {finding.attribute for finding in findings if finding.act == "state"}
    over = {known[place][0] for place, sure in reading.over.items() if sure >= SURE_ENDED} - stated
    nameless = [finding for finding in findings if finding.attribute == OTHER and finding.act == "state"]
    for finding in findings:
        only = finding in nameless and len(nameless) == len(over) == 1
        yield replace(finding, attribute=next(iter(over))) if only else finding


def ended(
    known: Sequence[tuple[str, str]],
    reading: Reading,
    sentences: Sequence[Sentence],
    told: Sequence[Finding],
    given: Collection[str] = (),
    *,
    many: Collection[str] = (),
) -> Iterator[Finding]:
    """What of *known* a message ends. *sentences* are its own; what is *told* of the same value says it better.

    So does a new value of an attribute that has one at a time; *given* are the attributes of which the message states a value, *many*
    those of which several hold at a time. What ends as a role ends as a job title. Who is away for a while still has a home.
    """
    stated = {(finding.attribute, finding.value.casefold()) for finding in told}
    here = {sentence.seq for sentence in sentences}
    away = any(finding.sentence.seq in here and (finding.attribute in _STAYS or finding.valid_to) for finding in told)
    switched = any(_SWITCHED.search(sentence.low) for sentence in sentences)
    surest: dict[tuple[Sequence[str], str], float] = {}
    for place, sure in reading.over.items():
        thing = _thing(*known[place])
        dismissed = 1.0 if any(_dismissed(sentence, *known[place]) for sentence in sentences) else 0.0
        surest[thing] = max(sure, dismissed, surest.get(thing, 0.0))
    for attribute, value in (known[place] for place in reading.over):
        sure = surest[_thing(attribute, value)]
        if sure < _least(
            several=attribute in many, beside=attribute in given and attribute != OTHER, switched=switched
        ):
            continue
        if (attribute in given and attribute not in many) or (attribute, value.casefold()) in stated:
            continue
        if away and (attribute.startswith("home_") or attribute in _HOMES):
            continue
        sentence = _evidence(sentences, value)
        if sentence is not None:
            yield Finding(
                attribute=attribute, value=value, sentence=sentence, place=0, end=len(sentence.text), act="retract", replaces=value,
                confidence=_confidence(sure),
            )  # fmt: skip


def _dismissed(sentence: Sentence, attribute: str, value: str) -> bool:
    """True when *sentence* bids *value* farewell or says that it is no more: "goodbye Trello", "not a vegetarian any more"."""
    if value.casefold() not in sentence.low:
        return False
    said = re.escape(value.casefold())
    for form in (_FAREWELL, _NO_MORE):
        found = re.search(form.format(value=said), sentence.low)
        if found and not (about_others(sentence, attribute) or Mood(sentence).reported(found.start())):
            return True
    return (
        _PREFERRED.search(sentence.low) is not None and re.search(rf"\bsorry,? {said}(?!\w)", sentence.low) is not None
    )


def _least(*, several: bool, beside: bool, switched: bool) -> float:
    """How probable it must be that a known value is over; two things without a name need not be of a kind, so none is *beside* one."""
    if not several or (beside and switched):
        return SURE_ENDED
    return SURE_ENDED_BESIDE if beside else SURE_ENDED_OF_MANY


def _thing(attribute: str, value: str) -> tuple[Sequence[str], str]:
    return _ALIKE.get(attribute, (attribute,)), value.casefold()


def _confidence(sure: float) -> float:
    """Of a candidate: what counts is firm, and never as sure as what the grammar reads."""
    return max(FIRM_FROM, round(0.9 * sure, 2))


def _evidence(sentences: Sequence[Sentence], value: str) -> Sentence | None:
    """The sentence that names most of *value*, of several the longest; none if that is where nothing is said to have ended."""
    words = set(re.findall(r"\w+", value.casefold()))
    plain = [sentence for sentence in sentences if not Mood(sentence).ironic]
    best = max(
        plain, key=lambda said: (len(words.intersection(re.findall(r"\w+", said.low))), len(said.low)), default=None
    )
    if best is None:
        return None
    return None if words.intersection(re.findall(r"\w+", best.low)) and _goes_on(best, value) else best


def _goes_on(sentence: Sentence, value: str) -> bool:
    """True when a sentence says that *value* holds, or speaks of an end only to ask, suppose, plan or deny it.

    "Besides the pottery", "should I quit?", "I haven't sold it yet".
    """
    begins = re.escape(value.casefold().split()[0])
    if re.search(rf"\b{_HOLDS}(?:the |my |our )?{begins}\b", sentence.low):
        return True
    mood = Mood(sentence)
    ends = list(_ENDING.finditer(sentence.low))
    return bool(ends) and all(end["not"] or mood.asked(end.start()) or mood.supposed(end.start()) for end in ends)


def _finding(mark: Mark, sentences: Sequence[Sentence]) -> Finding | None:
    if mark.confidence < (SURE_OVER if mark.over else _SURE.get(mark.attribute, SURE)):
        return None
    for sentence in sentences:
        place, end = mark.start - sentence.start, mark.end - sentence.start
        if 0 <= place < end <= len(sentence.quote):
            place, end = _whole_words(sentence.quote, place, end)
            if _named_person(mark.attribute) and sentence.low[:end].endswith(_GENITIVE):
                end -= len(_GENITIVE)
            value = sentence.quote[place:end]
            if (
                not _says_something(value, mark)
                or MASK in sentence.text[place:end]
                or (not mark.over and _said_back(sentence, place, end))
                or not _of_the_user(sentence, place, mark.attribute)
                or (mark.over and _goes_on(sentence, value))
            ):
                return None
            return Finding(
                attribute=_attribute(mark, sentence), value=value, sentence=sentence, place=place, end=end, start=place,
                act="retract" if mark.over else "state", replaces=value if mark.over else None,
                origin="confirmed" if mark.confirmed else "stated", confidence=_confidence(mark.confidence),
            )  # fmt: skip
    return None


def _said_back(sentence: Sentence, place: int, end: int) -> bool:
    """True when the words from *place* to *end* only take up what the assistant said, to deny it: "retired no!!", "what toddler?"."""
    echoed = sentence.question and _ECHO.fullmatch(sentence.low, 0, place) and not re.search(r"\w", sentence.low[end:])
    return bool(echoed or _DENIED.match(sentence.low, end))


def _named_person(attribute: str) -> bool:
    return attribute in _PERSONS or attribute.endswith("name")


def _attribute(mark: Mark, sentence: Sentence) -> str:
    """A home that is still to come is a plan."""
    return "planned_move" if mark.attribute == "home_city" and _TO_COME.search(sentence.low) else mark.attribute


def _of_the_user(sentence: Sentence, place: int, attribute: str) -> bool:
    mood = Mood(sentence)
    if (
        mood.ironic
        or (sentence.question and _ASKED.match(sentence.low))
        or mood.pretended(place)
        or mood.continues_another(place)
        or (attribute in _PLANS and mood.supposed(place, planned=True))
        or (attribute == "age" and mood.supposed(place))  # "until I'm 70"
        or (attribute == "relationship_status" and _YET_TO_BE.search(sentence.low[:place]))
    ):
        return False
    of_another = about_others(sentence, attribute) or said_of_another(sentence, place, attribute)
    return not (of_another or put_somewhere(sentence, place) or done_by_the_assistant(mood.prefix(place)))


def _says_something(value: str, mark: Mark) -> bool:
    """False for mere signs, and for a bare number of which it is not quite sure what it counts."""
    digits = sum(char.isdigit() for char in value)
    counts = digits > 0 and mark.attribute != OTHER and mark.confidence >= SURE_NUMBER
    return counts or digits > 4 or any(char.isalpha() for char in value)


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """The place of the words that *start* and *end* cut, without an article in front and punctuation around."""
    while start and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum():
        end += 1
    if text[start:end][:1].isupper() and (firm := _AND_ANOTHER.match(text, end)):
        end = firm.end()
    lead = _LED_IN.match(text, start, end)
    if lead and not (start and lead.group() == "A "):  # "my blood type is A positive"
        start = lead.end()
    inside = text[start:end]
    return start + len(inside) - len(inside.lstrip(" .,;:!?'\"-")), start + len(inside.rstrip(" .,;:!?'\"-"))


def _same_words(added: Finding, finding: Finding) -> bool:
    """True when both read the same place or value in one sentence; a day belongs to what else its sentence says."""
    if (added.sentence.seq, added.sentence.start) != (finding.sentence.seq, finding.sentence.start):
        return False
    if added.attribute == "deadline":
        return True
    ours, theirs = added.value.casefold(), finding.value.casefold()
    if ours in theirs or theirs in ours:
        return True
    as_said = finding.sentence.quote[finding.place : finding.end].casefold().strip() == theirs
    overlaps = added.place < finding.end and finding.place < added.end
    return overlaps and (as_said or added.attribute == finding.attribute)  # else the value is made of some of the words
