"""Applying the rows to a sentence: which match, whether they are meant, what their slots hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from operator import itemgetter

from recalld.ingest.local.facts import lexicon
from recalld.ingest.local.facts.kinds import classes_needed, kind
from recalld.ingest.local.facts.mood import Mood
from recalld.ingest.local.facts.pattern import Slot, first_person
from recalld.ingest.local.facts.row import Row
from recalld.ingest.local.facts.sentences import Sentence
from recalld.ingest.local.facts.subjects import done_by_the_assistant
from recalld.layers.facts.attributes import RELATIONS, Attributes
from recalld.values import Act, Origin

_NEGATOR = re.compile(
    r"(?:(?<=\bis)|(?<=\bare)|(?<=\bhave)|(?<=\bhas))n'?t(?!\w)"
    r"|\b(?:do not|don'?t|does not|doesn'?t|never|no longer|(?<=have )no|(?<=got )no|(?<=having )no|not(?! only| "
    r"just| sure| yet| to mention| a fan))(?!\w)"
)
_ADVERB = re.compile(
    r"\b(?:currently|actually|also|really|recently|finally|officially|mostly|mainly|usually|personally|presently|basically|primarily|"
    r"normally|generally|lately|temporarily|permanently|happily|proudly|strictly|definitely|honestly|absolutely|truly|totally|completely|"
    r"fully|quite|pretty(?= (?:much|into|keen|serious))|a bit(?! of)|a little(?= (?:allergic|deaf|into))|kind of|"
    r"sort of|kinda|sorta|technically|originally(?! from)|almost|exclusively|"
    r"regularly|often|sometimes|myself|ourselves|severely|mildly|deathly|terribly|badly|newly|properly|secretly|successfully|legally|"
    r"seriously|literally|obviously|clearly|simply|eventually|ultimately|luckily|thankfully|sadly|unfortunately|apparently|officially|"
    r"occasionally|frequently|mum|practically|essentially|effectively|formally|quietly|suddenly|gradually|slowly|rarely)\b(?! [?.!]*$)"
    r"|\b(?:these days|nowadays|at the mo(?:ment)?|right now|for now|at present|this year|of late)(?= (?:is|are|has)\b|'s\b|\s*=)"
)
MOST_MATCHES = 12  # of one row in one sentence
MOST_WORDS = 60  # at which a pattern that is a slot alone looks for its value
_WORD_END = re.compile(r"\s+")
LONGEST_VALUE = 160  # characters in which a slot looks for its value

_INSTEAD = re.compile(
    r"\s*,?\s*(?:and |but )?(?P<how>not|instead of|rather than|no longer|and no longer)\s+(?:the |a |an |in |at |"
    r"on |with |my |our )?(?P<old>[^\s,.;:!?][^,.;:!?]{0,40})"
)


_LED_IN = re.compile(r"^(?:.*\b(?:so|and|but|then|now|the|my|our|whole|entire)\s+)(?=\S)", re.IGNORECASE)
_ITS_LEAD = re.compile(r"^(?:(?:the|my|our|whole|entire)\s+)+", re.IGNORECASE)
_BEHIND_NAME = re.compile(
    r"\s*(?:[,;:.!?()…]|\s-\s|\b(?:and|but|so|because|since|of|in|for|right|these|by|at|to|when|if|with|that|which|as|ever)\b)",
    re.IGNORECASE,
)
_UNDER = re.compile(
    r"\b(?:with|without|of|like|than)\s+(?:an? |the )?$"
)  # "coffee with oat milk from now on" is no oat milk


_THAT_ONE = re.compile(r"\b(?:the|this|that|these|those|my|another)\s+$")  # "redo the table please" asks for no tables


OTHER = "other"  # the attribute of words for which no name is known


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A value that a row found in a sentence; becomes a candidate."""

    attribute: str
    value: str
    sentence: Sentence
    place: int  # where the value begins in the sentence
    end: int  # where it ends
    kind: str = ""  # the kind it was read with; "" for a constant
    act: Act = "state"
    replaces: str | None = None
    origin: Origin = "stated"
    confidence: float = 0.9
    note: str = ""  # what a reader should see beside the value
    start: int = 0  # where the pattern began in the sentence
    valid_from: datetime | None = None
    valid_to: datetime | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two findings the same."""
        return (self.attribute, self.value.casefold(), self.act)


@dataclass(frozen=True, slots=True)
class Reader:
    """Everything that is the same for all sentences of a message."""

    rows: Mapping[str, Sequence[tuple[int, Row]]]  # from a trigger word to numbered rows
    window: str  # the message and what the assistant said around it, in lower case: where `needs` is looked for
    cased: bool  # the writer uses capital letters
    attributes: Attributes
    topics: dict[str, bool] = field(default_factory=dict[str, bool])  # which of the rows' needs the window meets

    def findings(self, sentence: Sentence) -> Iterator[Finding]:
        """What the rows find in *sentence*, in the order of the tables."""
        mood = Mood(sentence)
        low, negators = _blanked(sentence.low)
        kept: list[Finding] = []
        for row in self._candidates(low):
            if mood.ironic and not row.presupposes:
                continue
            for found in self._matches(row, low, mood, negators):
                kept += [finding for finding in found if not _covered(finding, kept, any_attribute=row.known)]
        yield from kept

    def _matches(
        self, row: Row, low: str, mood: Mood, negators: Sequence[tuple[int, int]]
    ) -> Iterator[Sequence[Finding]]:
        """What each match of *row* says. A slot in front reaches back to where it can: where that says nothing, it may begin later."""
        place, left = 0, MOST_MATCHES if row.pattern.triggers else MOST_WORDS
        while left and (match := row.pattern.regex.search(low, place)):
            found = list(self._read(row, match, mood, negators))
            yield found
            later = (
                _WORD_END.search(low, match.start(), match.end()) if row.pattern.opens_with_slot and not found else None
            )
            place, left = (later.end() if later else max(match.end(), place + 1)), left - 1

    def _candidates(self, low: str) -> Iterable[Row]:
        """The rows that may match: their words and the classes of their slots occur in the sentence."""
        present = {word.replace("'", "") for word in re.findall(r"[\w']+", low)} | set(re.findall(r"\w+", low)) | {""}
        classes = lexicon.classes_in(low)
        numbered = {number: row for word in present for number, row in self.rows.get(word, ())}
        return [row for _, row in sorted(numbered.items(), key=itemgetter(0)) if self._possible(row, present, classes)]

    def _possible(self, row: Row, present: set[str], classes: frozenset[str]) -> bool:
        for demand in row.pattern.demands:
            if demand.isdisjoint(present):
                return False
        for needed in _classes_of(row):
            if needed.isdisjoint(classes):
                return False
        if row.needs and not self._talked_of(row.needs):
            return False
        return not (row.unless and self._talked_of(row.unless))

    def _talked_of(self, topic: str) -> bool:
        """True when the regular expression *topic* occurs in the window; asked once per message."""
        if topic not in self.topics:
            self.topics[topic] = re.search(topic, self.window) is not None
        return self.topics[topic]

    def _read(
        self, row: Row, match: re.Match[str], mood: Mood, negators: Sequence[tuple[int, int]]
    ) -> Iterator[Finding]:
        if not _meant(row, match, mood):
            return
        if _led_astray(row, match, mood.sentence.low):
            return
        sentence, low = mood.sentence, mood.sentence.low
        values = [slot for slot in row.pattern.slots if not slot.names] or row.pattern.slots
        first_slot = min(
            (match.start(slot.group) for slot in values if match.start(slot.group) >= 0), default=match.end()
        )
        start = mood.clause_start(match.start())
        last = (
            match.end() if row.pattern.opens_with_slot else first_slot
        )  # "Rex isn't my dog" is negated behind the value
        negated = any(start <= begin and end <= last and "," not in low[first_slot:begin] for begin, end in negators)
        if row.negative:
            if not negated:
                return
            negated = False
        named = self._named(row, match, sentence)
        if named is None:
            return
        given_up = [f for s in row.pattern.slots if s.given_up for f in self._slot(row, s, match, sentence, named)]
        wanted = [slot for slot in row.pattern.slots if not slot.given_up and not slot.names]
        read = [list(self._slot(row, slot, match, sentence, named)) for slot in wanted]
        if not all(read):
            return
        found = [finding for findings in read for finding in findings if finding.value]
        yield from _constants(row, match, sentence, negated=negated)
        if negated:
            yield from _negated(row, found)
            return
        yield from _paired(row, found, given_up)

    def _named(self, row: Row, match: re.Match[str], sentence: Sentence) -> str | None:
        """The attribute that a slot of the row names; "" when none does, `None` when it names nothing usable."""
        for slot in row.pattern.slots:
            if slot.names:
                start, end = match.span(slot.group)
                text = _led_to(sentence.text[start:end], opens=start == match.start(), closes=end >= match.end())
                reading = next(iter(kind(slot.kind)(text, self.cased)), None)
                if reading is None:
                    return None
                name = self.attributes.canonical(slot.attribute.replace("*", reading.value))
                return name if not row.known or name in self.attributes else None
        return ""

    def _slot(self, row: Row, slot: Slot, match: re.Match[str], sentence: Sentence, named: str) -> Iterator[Finding]:
        start, end = match.span(slot.group)
        if start < 0:
            return
        text = sentence.text[start : min(end, start + LONGEST_VALUE)]
        closed = end < len(sentence.text)
        readings = list(kind(slot.kind)(text, self.cased))
        if closed and readings and readings[-1].value and not _fills(text, readings[-1].value):
            return
        for reading in readings:
            offset = max(text.casefold().find(reading.value.split()[0].casefold()), 0) if reading.value else 0
            if _of_somebody(text[:offset].casefold() + reading.value.casefold()):
                return
            if not reading.value:  # a check, such as `species`
                yield Finding(attribute="", value="", sentence=sentence, place=start, end=end)
                continue
            place = start + offset
            yield Finding(
                attribute=reading.attribute or slot.attribute or named,
                value=row.value.format(reading.value),
                sentence=sentence,
                place=place,
                end=_value_end(sentence.text, place, reading.value),
                kind=slot.kind,
                confidence=row.confidence,
                note=reading.note,
                start=match.start(),
            )


@cache
def _classes_of(row: Row) -> tuple[frozenset[str], ...]:
    """For each slot that needs some, the classes of which the sentence must hold one."""
    return tuple(needed for slot in row.pattern.slots if (needed := classes_needed(slot.kind)))


def index(rows: Iterable[Row]) -> Mapping[str, Sequence[tuple[int, Row]]]:
    """The rows by trigger word; rows without one are under the empty word."""
    table: dict[str, list[tuple[int, Row]]] = {}
    for number, row in enumerate(rows):
        for word in row.pattern.triggers or ("",):
            table.setdefault(word, []).append((number, row))
    return table


def instead(finding: Finding) -> Finding:
    """*finding* with the value it takes the place of, when the sentence goes on "…, not Bonn" or "… instead of Bonn"."""
    match = _INSTEAD.match(finding.sentence.text, finding.end)
    if match is None or finding.act != "state" or not finding.kind or finding.replaces:
        return finding
    old = next(iter(kind(finding.kind)(match.group("old"), True)), None)
    if old is None or old.value.casefold() == finding.value.casefold():
        return finding
    act: Act = "correct" if match.group("how") == "not" else "state"
    return replace(finding, act=act, replaces=old.value)


_MISSAID = re.compile(
    r"\bi (?:said|told you|wrote|typed|put|mentioned|gave you)(?: that)?(?: (?:it was|it's|i was|i'm|i live|i lived|i work|my \w+ is))?"
    r"(?: (?:in|at|as|on|for))?(?: (?:a|an|the))? (?P<old>[^,.;:!?]{2,40}?)"
    r"(?=[,.;:!?]|\s(?:but|when|and|by|earlier|before|last|instead|-)\b)(?P<rest>.*)"
)
_WRONGLY = re.compile(r"\b(?:sorry|meant|mean|wrong|mistake\w*|actually|correct\w*|oops|typo|slip|misspoke|should)\b")


def put_right(finding: Finding) -> Finding:
    """*finding* as a correction, when its sentence takes back an earlier one: "I said Bonn, sorry, I meant Cologne"."""
    said = _MISSAID.search(finding.sentence.low)
    if said is None or finding.act != "state" or not finding.kind or not _WRONGLY.search(said.group("rest")):
        return finding
    start, end = said.span("old")
    old = next(iter(kind(finding.kind)(finding.sentence.text[start:end], True)), None)
    if old is None or start <= finding.place < end or old.value.casefold() == finding.value.casefold():
        return finding
    return replace(finding, act="correct", replaces=old.value)


def _covered(finding: Finding, kept: Sequence[Finding], *, any_attribute: bool) -> bool:
    """True when an earlier row read the same words for the same attribute: "dog Rex" leaves nothing for "dog"."""
    return any(
        (any_attribute or (other.attribute, other.act) == (finding.attribute, finding.act)) and other.kind and finding.kind
        and other.start <= finding.place < other.end
        for other in kept
    )  # fmt: skip


def _fills(text: str, value: str) -> bool:
    """True when nothing but an adverb follows *value* in a slot that is closed by further words."""
    place = text.casefold().rfind(value.rsplit(maxsplit=1)[-1].casefold())
    behind = re.findall(r"\w+", text[place + len(value.rsplit(maxsplit=1)[-1]) :]) if place >= 0 else []
    return all(
        word
        in ("th", "st", "nd", "rd", "now", "too", "also", "again", "s", "really", "actually", "finally", "both", "just")
        for word in behind
    )


def _led_astray(row: Row, match: re.Match[str], low: str) -> bool:
    """True when the words in front of the first value make another thing of it: "coffee with oat milk", "redo the table"."""
    if row.pattern.opens_with_slot and _UNDER.search(low, max(match.start() - 12, 0), match.start()):
        return True
    slots = row.pattern.slots
    return bool(slots and slots[0].kind == "style" and _THAT_ONE.search(low, 0, max(match.start(slots[0].group), 0)))


def _led_to(text: str, *, opens: bool, closes: bool) -> str:
    """The words of *text* that name an attribute: what opens a pattern reaches back too far, what closes it too far on."""
    named = (_LED_IN if opens else _ITS_LEAD).sub("", text)
    return _BEHIND_NAME.split(named, maxsplit=1)[0] if closes else named


def _meant(row: Row, match: re.Match[str], mood: Mood) -> bool:
    """True when the match is asserted of the user."""
    start = match.start()
    if row.pattern.anchored and mood.words_before(start):
        return False
    words = (
        match.group()[: max(match.start(s.group) - start for s in row.pattern.slots)]
        if row.pattern.slots
        else match.group()
    )
    if (not row.asked and mood.asked(start)) or (row.pattern.of_mine and mood.placed_in(start)):
        return False
    places = [start, *(match.start(slot.group) for slot in row.pattern.slots)]
    if any(done_by_the_assistant(mood.prefix(place)) for place in places if place >= 0):
        return False
    if not row.any_mood and any(mood.supposed(place, planned=row.planned) for place in places if place >= 0):
        return False
    return not _of_somebody(words) and _of_the_user(row, match, words, mood)


def _of_the_user(row: Row, match: re.Match[str], words: str, mood: Mood) -> bool:
    """True when the match is about the user and in their own words."""
    start = match.start()
    if first_person(words):
        return not mood.reported(start)
    if row.addressed:
        named = match.group().startswith(("the ", "this ", "that "))  # a subject of its own
        others = mood.reported(start) or mood.of_named(start)
        return not (others or (not named and mood.continues_another(start)))
    return mood.own_subject(start)


_HOLDER = re.compile(r"\b(?:my|our) (?:\w+ )?(?P<who>\w+) (?:has|had|got|adopted|keeps|owns|bought|raises)\b")


def _of_somebody(words: str) -> bool:
    """True when the words of a match name somebody else's thing ("my neighbour's dog"); "my husband's name" is one's own."""
    if any(match.group("who") in RELATIONS for match in _HOLDER.finditer(words)):
        return True
    return any(
        match.group("who") in RELATIONS and match.group("what") not in ("name", "called", "named")
        for match in re.finditer(r"(?P<who>\w+)'s?\s+(?P<what>\w+)", words)
    )


def _constants(row: Row, match: re.Match[str], sentence: Sentence, *, negated: bool) -> Iterator[Finding]:
    given = row.gives_not if negated else row.gives
    for attribute, value in given.items():
        yield Finding(
            attribute=attribute,
            value=value,
            sentence=sentence,
            place=match.start(),
            end=match.end(),
            confidence=row.confidence,
        )
    over = {name: value for name, value in row.gives.items() if name not in given} if negated else row.ends
    if negated and row.negated == "ignore":
        over = {}  # "don't tell my wife"
    for attribute, value in over.items():
        if attribute in given and value:
            continue  # the new value takes its place; "smoker" would also name "non-smoker"
        yield Finding(
            attribute=attribute, value=value, sentence=sentence, place=match.start(), end=match.end(),
            act="retract", replaces=value or None, confidence=row.confidence,
        )  # fmt: skip


def _negated(row: Row, found: Sequence[Finding]) -> Iterator[Finding]:
    if row.retract or row.negated == "ignore":
        return
    for finding in found:
        if row.negated == "retract":
            yield from (_over(replace(finding, attribute=name)) for name in row.among or (finding.attribute,))
        else:
            yield replace(finding, attribute=row.negated)


def _paired(row: Row, found: Sequence[Finding], given_up: Sequence[Finding]) -> Iterator[Finding]:
    if row.retract:
        for finding in found:
            yield from (_over(replace(finding, attribute=name)) for name in row.among or (finding.attribute,))
        return
    if row.renames:
        yield from (replace(finding, act="correct") for finding in found)
        return
    old = given_up[0].value if given_up else None
    if not found:
        yield from map(_over, given_up)
    if found and given_up and not row.pattern.slots[0].attribute and found[0].attribute != given_up[0].attribute:
        yield from map(_over, given_up)
    for number, finding in enumerate(found):
        same = old is not None and number == 0 and finding.attribute == given_up[0].attribute
        yield replace(finding, replaces=old) if same else finding


def _over(finding: Finding) -> Finding:
    return replace(finding, act="retract", replaces=finding.value or None)


def _blanked(low: str) -> tuple[str, list[tuple[int, int]]]:
    """*low* without negators and adverbs, blanked out at equal length, and the places of the negators.

    So rows match affirmative and negative clauses alike, and need not say where "actually" may stand.
    """
    spans = [match.span() for match in _NEGATOR.finditer(low)]
    for start, end in (*spans, *(match.span() for match in _ADVERB.finditer(low))):
        low = low[:start] + " " * (end - start) + low[end:]
    return low, spans


def _value_end(text: str, place: int, value: str) -> int:
    last = value.rsplit(maxsplit=1)[-1]
    found = text.find(last, place)
    return found + len(last) if found >= 0 else place + len(value)
