"""What a session says in the end: slips that were put right are dropped, the same said twice is said once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from recalld.ingest.local.facts.findings import OTHER, Finding
from recalld.ingest.local.facts.kinds import kind
from recalld.ingest.local.facts.kinds.forms import NUMBER
from recalld.ingest.local.facts.mood import Mood
from recalld.ingest.local.facts.sentences import Sentence
from recalld.layers.facts.attributes import RELATIONS
from recalld.values import Cardinality

_STRONG = (
    r"(?:sorry|oops|whoops|ups|correction|corrected|i meant|i mean|meant|scratch that|strike that|make that|or "
    r"rather|no wait|wait no|wait,? no|"
    r"hang on|hold on|(?:i )?misread|(?:i )?read (?:it|that) (?:backwards|wrong)|wrong way round|wishful \w+|"
    r"(?:i )?(?:got|typed|wrote|put|had) (?:it|that|them) wrong|(?:i )?mixed (?:it|that|them) up|"
    r"(?:i(?: always)? )?turn(?:ed)? (?:it|them) around|"
    r"typo(?: (?:of|from|by) (?:an?|the|my) (?:\w+ ){0,2}\w+)?|my bad|my mistake|i misspoke|should be|should read|"
    r"(?:one |a |small |little |slight |my )*(?:mistake|slip|error)(?: (?:from|on) my (?:side|part|end)| there| here| of mine)?|"
    r"(?:i )?(?:swapped|transposed|switched|reversed|jumbled|mangled) (?:it|that|them|two (?:digits|numbers|letters)|the (?:last )?"
    r"(?:digits|numbers|letters))(?: (?:again|round|around|over))?|"
    r"misspelled|misspelt|argh|gah|ugh no|damn|edit|nope)"
)
_WEAK = r"(?:no|actually|wait|rather|hmm)"
_CUE = re.compile(
    rf"(?:\b(?P<strong>{_STRONG})\b|(?<![\w])(?P<weak>{_WEAK})\b|(?P<star>(?<!\w)\*(?!\w+\*)))[\s,.:;!…-]*(?:(?:{_STRONG}|{_WEAK})\b[\s,.:;!…-]*)*"
    r"(?:(?:it'?s|its|it is|it was|that's|thats|that is|that should be|i meant|i mean|make that|make it|it should be|"
    r"should be|(?:he|she|they|[^\W\d_]+) says?(?: it'?s)?|the|on|in|at|to|a|an|with|for|by|my \w+ is|my|our|not \S+[,.]? (?:but )?)\s+)*",
    re.IGNORECASE,
)
_NEAR = 5  # messages back to look for what is put right


def settle(
    findings: Sequence[Finding], sentences: Sequence[Sentence], cardinality: Callable[[str], Cardinality]
) -> list[Finding]:
    """*findings* without slips and repetitions, in the order of the conversation."""
    kept = _without_general(_without_unnamed(_without_passing(_without_ended(_in_order(findings)))))
    kept = _without_guessed_phone(kept)
    kept = slips_put_right(kept, sentences)
    for sentence in sentences:
        kept = _taken_up(kept, sentence)
    kept = _without_guessed_phone(_retyped(_withdrawn(kept, sentences), sentences))
    kept = _once(_latest_wins(_never_so(kept, sentences), cardinality), cardinality)
    return [_in_all(finding) for finding in kept]


def slips_put_right(findings: Sequence[Finding], sentences: Sequence[Sentence]) -> list[Finding]:
    """*findings* with the values that *sentences* put right."""
    kept = list(findings)
    for sentence in sentences:
        kept = _put_right(kept, sentence)
    return kept


def together(findings: Sequence[Finding], cardinality: Callable[[str], Cardinality]) -> list[Finding]:
    """What was settled and what was added to it, in the order of the conversation and each told once."""
    return _once(_latest_wins(_in_order(findings), cardinality), cardinality)


def corrects(sentence: Sentence) -> bool:
    """True when the sentence plainly puts something right."""
    return bool(re.search(rf"\b{_STRONG}\b|^(?:no|actually)\b|^\*", sentence.low))


def _in_order(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda found: (found.sentence.seq, found.sentence.start))


def _without_ended(findings: Sequence[Finding]) -> list[Finding]:
    """*findings* without values that their own sentence says are over: "our cat Miso died" tells of no living cat."""
    over = {(f.sentence.seq, f.sentence.start, f.attribute, f.value.casefold()) for f in findings if f.act == "retract"}
    ended = [
        f
        for f in findings
        if (f.sentence.seq, f.sentence.start, f.attribute, f.value.casefold()) in over and f.act != "retract"
    ]
    return [finding for finding in findings if finding not in ended]


_WISHES = ("answer_length", "answer_format", "communication_style", "preference", "preferred_language")
_AT_AN_END = re.compile(
    r"\b(?:until|till|til)\b(?! (?:further notice|i (?:say|tell|ask|change)|told|otherwise|you hear|forever))|\bthis (?:one )?time\b|"
    r"\bjust (?:this )?once\b|\bfor (?:this|the next) (?:one|chat|session|conversation|message|question|answer|email|hour|task)\b"
)


def _without_passing(findings: Sequence[Finding]) -> list[Finding]:
    """*findings* without wishes about answers that end by themselves at no known day: "keep it brief till the stitches are out"."""
    return [
        f for f in findings
        if f.attribute not in _WISHES or f.act != "state" or f.valid_to or not _AT_AN_END.search(f.sentence.low, f.end)
    ]  # fmt: skip


def _without_unnamed(findings: Sequence[Finding]) -> list[Finding]:
    """*findings* without "a cat" where the same message gives the cat's name."""
    named = {
        (f.attribute, f.sentence.seq)
        for f in findings
        if f.attribute in _NAMED and f.kind in _NAMES and f.act == "state"
    }
    return [
        f for f in findings
        if not ((f.attribute, f.sentence.seq) in named and f.kind in _COUNTED and f.act == "state" and not _several(f.value))
    ]  # fmt: skip


_NAMED = ("pet", "child")
_NAMES = ("names", "petnamed", "firstname")
_COUNTED = ("animals", "animal", "children", "counted")


def _without_general(findings: Sequence[Finding]) -> list[Finding]:
    """*findings* without what the same words say more exactly: a "preference" that is a way to answer, a "deadline" with a name."""
    styles = {
        (f.sentence.seq, f.sentence.start, f.place) for f in findings if f.attribute in _STYLES and f.act == "state"
    }
    fuller = {
        (f.sentence.seq, f.sentence.start, f.value, f.attribute.rpartition("_")[2])
        for f in findings
        if "_" in f.attribute
    }
    new = [f for f in findings if f.act == "state"]
    firms = {(f.sentence.seq, f.sentence.start, f.value) for f in new if f.attribute == "employer"}
    clubs = {(f.sentence.seq, f.sentence.start, f.value) for f in new if f.attribute == "club"}
    schools = {(f.sentence.seq, f.sentence.start, f.value) for f in findings if f.attribute == "school"}
    return [
        f for f in findings
        if not (f.attribute == "employer" and (f.sentence.seq, f.sentence.start, f.value) in schools)
        and not (f.attribute == _not_joined(f) and (f.sentence.seq, f.sentence.start, f.value) in firms & clubs)
        and not (f.attribute == "preference" and (f.sentence.seq, f.sentence.start, f.place) in styles)
        and (f.sentence.seq, f.sentence.start, f.value, f.attribute) not in fuller
    ]  # fmt: skip


_OF_A_CLUB = re.compile(
    r"\b(?:clubs?|choir|band|orchestra|ensemble|league|training|rehearsals?|match(?:es)?|coach|sports?|running|rowing|swimming|cycling|"
    r"football|rugby|tennis|volleyball|handball|basketball|hockey|chess|runners|striders|harriers|rovers|wanderers|athletics?|fc|sc|rc)\b"
)


def _not_joined(finding: Finding) -> str:
    """Which of the two it is not, when somebody joined what may be a firm or a club."""
    return "employer" if _OF_A_CLUB.search(finding.sentence.low) else "club"


_STYLES = ("answer_length", "answer_format", "communication_style")


_COUNT = re.compile(rf"{NUMBER}\b", re.IGNORECASE)


def _several(value: str) -> bool:
    return bool(re.match(r"\d|two|three|four|five|six", value.casefold()))


_IN_ALL = re.compile(
    r"\b(?:i|we)(?:'ve| (?:(?:now|still|only|just|currently) )*(?:have|own))(?: (?:now|got|only|just|still|currently|both))* "
    r"(?:(?:an?|one|two|three|four|five|six|\d+) [\w-]+(?:,|,? and|,? &) )*$"
)
_NUMBERED = re.compile(rf"{NUMBER} (?P<what>[\w -]+)", re.IGNORECASE)


def _in_all(finding: Finding) -> Finding:
    """*finding* in the place of the number there was, when its sentence counts them all: "we now have three dogs"."""
    counted = _NUMBERED.fullmatch(finding.value) if finding.kind in _COUNTED and finding.act == "state" else None
    having = _IN_ALL.search(finding.sentence.low, 0, finding.place)
    if not (counted and having) or finding.replaces or counted.group("what").casefold() in having.group():
        return finding
    return replace(finding, replaces=counted.group("what"))


def _put_right(findings: list[Finding], sentence: Sentence) -> list[Finding]:
    """*findings* with the value in front of a cue ("sorry,", "I mean", "no wait") replaced by the one behind it."""
    for cue in _CUE.finditer(sentence.low):
        rest = sentence.text[cue.end() :]
        weak = cue.group("weak") is not None
        if not rest.strip() or (weak and (sentence.question or not _stands_apart(sentence.low, cue))):
            continue
        for finding in reversed(_before(findings, sentence, cue.start())):
            better = _same_kind(finding, rest)
            if better is not None:
                right = replace(
                    finding, value=better, sentence=sentence, place=cue.end(), end=cue.end() + len(better), act="state"
                )
                right = replace(right, replaces=None)
                return [
                    right if found is finding else found
                    for found in findings
                    if found.key != right.key or found is finding
                ]
    return findings


_TAKEN_UP = re.compile(r"\b(?:the|my|that) (?P<head>\w+)(?: is|'s|: | should be)(?: actually| really| in fact)? +")


def _taken_up(findings: Sequence[Finding], sentence: Sentence) -> list[Finding]:
    """*findings* with a value said anew under the last word of its attribute: "shoe size 43 … oh, the size is 44"."""
    for match in _TAKEN_UP.finditer(sentence.low):
        for finding in reversed(_before(findings, sentence, match.start())):
            if finding.act != "state" or not finding.attribute.endswith(f"_{match.group('head')}"):
                continue
            better = _same_kind(finding, sentence.text[match.end() :])
            if better is not None:
                right = replace(
                    finding, value=better, sentence=sentence, place=match.end(), end=match.end() + len(better)
                )
                return [right if found is finding else found for found in findings]
    return list(findings)


_A_RELATION = f"(?:{'|'.join(sorted(RELATIONS, key=len, reverse=True))})"
_ANOTHERS = re.compile(
    rf"(?:^|[,.;:!?…-]\s*)(?:(?:{_STRONG}|{_WEAK}|ah|oh|um+|uh|er|haha|lol|and|well)\b[\s,.:;!…-]*)+(?:no\b[\s,]*)?"
    rf"(?:that|it|this|those|they|these)(?:'s|s| is| was| are| were|'re)? (?:actually )?"
    rf"(?:(?:my|our) (?:[\w-]+ )?{_A_RELATION}(?:'s|s'?)?(?: \w+)?|his|hers|theirs|"
    rf"not (?:mine|me)|somebody else(?:'s)?|someone else(?:'s)?)(?=\s*(?:[,.;:!?()…-]|$|and\b|not (?:mine|me)\b))"
)
"""A value was somebody else's: "no wait, that's my brother's", "sorry, it was her address, not mine"."""


def _withdrawn(findings: Sequence[Finding], sentences: Sequence[Sentence]) -> list[Finding]:
    """*findings* without the value right in front of the words that say that it is somebody else's."""
    kept = list(findings)
    before: Sentence | None = None
    for sentence in sentences:
        match = _ANOTHERS.search(sentence.low)
        if match:
            near = [
                f for f in kept
                if f.act == "state" and f.attribute != "relationship_status"
                and ((f.sentence is sentence and f.place < match.start()) or (f.sentence is before and not match.start()))
            ]  # fmt: skip
            kept = [finding for finding in kept if not near or finding is not near[-1]]
        before = sentence
    return kept


_RETYPED = re.compile(
    rf"\b(?!sorry (?:for|about|to)\b)(?:{_STRONG}|wrong|wrongly|digits?|letters?)\b|"
    r"^(?:(?:ah|oh|ugh|eh|um+|hm+|ay)[\s,]+)*(?:no|wait|actually)\b|\*"
)
_WRITTEN_OUT = re.compile(r"(?<![\w.,/:-])(?=[\w/-]*\d{3})[\w/-]{4,}(?![\w/:-])")


def _retyped(findings: Sequence[Finding], sentences: Sequence[Sentence]) -> list[Finding]:
    """*findings* with a number written anew under its own attribute: "my number is 70418 … a slip: it's 70481".

    The new one looks like the old one, and its message says that something was wrong.
    """
    kept = list(findings)
    wrong = {sentence.seq for sentence in sentences if _RETYPED.search(sentence.low)}
    for sentence in sentences:
        for match in _WRITTEN_OUT.finditer(sentence.text) if sentence.seq in wrong else ():
            old = [f for f in kept if f.sentence.seq <= sentence.seq and _much_alike(f, sentence, match)]
            named = [f for f in kept if f.value == match.group() and f.attribute != "phone_number"]
            if old and not named:
                right = replace(
                    old[-1], value=match.group(), sentence=sentence, place=match.start(), end=match.end(), replaces=None
                )
                kept = [right if finding is old[-1] else finding for finding in kept]
                kept = [f for f in kept if f is right or f.value != right.value]
    return kept


_OF_A_RELATION = re.compile(
    rf"(?<![\w.,])(?P<old>[\w.,-]*\d[\w.,-]*) (?:is|was) (?:what |the one )?(?:my|our) (?:[\w-]+ )?"
    rf"{_A_RELATION}(?:['’]s\b| (?:wears?|takes?|has|uses?|needs?|drives?|rides?|got)\b)"
)
_DENIES = re.compile(
    r"^\W*(?:(?:but|well|except|only|and) )*"
    r"(?:i (?:(?:do|did|have|ca|was)n['’]?t|do not|never did|am not)|i['’]m not|"
    r"(?:that['’]s |it['’]s |which is )?(?:not true|untrue|nonsense))(?=\s*[,.!;…]|\s*$)"
    r"(?!\s*,\s*(?:however|though|unfortunately|sadly|usually|as a rule|in fact|actually)\b)"
)


def taken_back(findings: Sequence[Finding], sentences: Sequence[Sentence]) -> list[Finding]:
    """*findings* without a number that is said to be somebody else's, and what the sentence right behind denies.

    "Size 43. Oh wait, 43 is what my flatmate wears", "the form says that I speak Danish. I don't".
    """
    kept = list(findings)
    for before, sentence in zip((None, *sentences), sentences, strict=False):
        others = {match.group("old") for match in _OF_A_RELATION.finditer(sentence.low)}
        denied = before if before is not None and before.seq == sentence.seq and _DENIES.match(sentence.low) else None
        if others or denied:
            kept = [
                f for f in kept
                if f.act != "state" or not ((f.value.casefold() in others and f.sentence.seq <= sentence.seq) or f.sentence is denied)
            ]  # fmt: skip
    return kept


def digits_put_right(findings: Sequence[Finding], sentences: Sequence[Sentence]) -> list[Finding]:
    """*findings* of no kind whose digits are put right later: "gate 14 at Moss Lane … argh, no: gate 41 at Moss Lane".

    The words around them are the same and the message says that something was wrong; a number of few digits alone stands right behind that.
    """
    kept = list(findings)
    wrong = {sentence.seq for sentence in sentences if _RETYPED.search(sentence.low)}
    for sentence in sentences:
        if sentence.seq not in wrong:
            continue
        for old in reversed(
            [found for found in kept if _has_digits(found) and found.sentence.seq >= sentence.seq - _NEAR]
        ):
            match = _with_other_digits(old, sentence)
            if match is None:
                continue
            named = any(f.value.casefold() == match.group() and f.attribute != old.attribute for f in kept)
            if named and old.attribute == OTHER:  # the right one is there, and has a name
                kept.remove(old)
                break
            if not named:
                start, end = match.span()
                right = replace(
                    old, value=sentence.text[start:end], sentence=sentence, place=start, end=end, start=start
                )
                kept = [right if found is old else found for found in kept if found is old or found.key != right.key]
                break
    return kept


def _has_digits(finding: Finding) -> bool:
    return not finding.kind and finding.act == "state" and any(char.isdigit() for char in finding.value)


def _with_other_digits(finding: Finding, sentence: Sentence) -> re.Match[str] | None:
    """Where *sentence*, behind *finding*, says its value with some other digits, or the same ones turned around."""
    value = finding.value.casefold()
    same = (sentence.seq, sentence.start) == (finding.sentence.seq, finding.sentence.start)
    if (sentence.seq, sentence.start) < (finding.sentence.seq, finding.sentence.start):
        return None
    digits = "".join(r"\d" if char.isdigit() else re.escape(char) for char in value)
    shape = re.compile(rf"(?<![\w.,]){digits}(?!\w|[.,]\d)")
    cues = {cue.end() for cue in _CUE.finditer(sentence.low) if cue.group("strong")}
    for match in shape.finditer(sentence.low, finding.end if same else 0):
        told = match.start() in cues or not (value.isdigit() and len(value) <= 3)
        if told and _digits_alike(value, match.group()):
            return match
    return None


def _digits_alike(old: str, new: str) -> bool:
    changed = sum(one != other for one, other in zip(old, new, strict=True))
    digits = sum(char.isdigit() for char in old)
    return 0 < changed <= max(1, digits - 1) or (changed > 0 and sorted(old) == sorted(new))


def _without_guessed_phone(findings: Sequence[Finding]) -> list[Finding]:
    """*findings* without a phone number that is another number by name: "my ticket number is 70418"."""
    named = {f.value for f in findings if f.attribute.endswith("_number") and f.attribute != "phone_number"}
    return [f for f in findings if f.attribute != "phone_number" or f.value not in named]


_NEVER = re.compile(
    r"\bi(?:'ve| have)?(?: was)? never (?:actually |really |even |once )?(?:been |was )?"
    r"(?:(?P<home>lived in)|(?P<firm>worked (?:at|for))|(?P<job>(?:worked as )?an?)) "
    r"(?P<old>[^,.;:!?()]{2,40}?)(?=[,.;:!?()]|\s(?:and|but|though)\b|\s*$)"
)
_NEVER_WAS = {"home": ("home_city", "place"), "firm": ("employer", "org"), "job": ("job_title", "knownjob")}


def _never_so(findings: Sequence[Finding], sentences: Sequence[Sentence]) -> list[Finding]:
    """*findings* with what a sentence says was never so: "I never lived in Bonn, I live in Ulm" puts the home right."""
    kept = list(findings)
    for sentence in sentences:
        wrong = _never(sentence)
        if wrong is None:
            continue
        right = [
            f for f in kept
            if f.sentence.seq == sentence.seq and f.attribute == wrong.attribute and f.act == "state" and f.value != wrong.replaces
        ][:1]  # fmt: skip
        kept = [replace(f, act="correct", replaces=wrong.replaces) if f in right else f for f in kept]
        kept += [] if right else [wrong]
    return _in_order(kept)


def _never(sentence: Sentence) -> Finding | None:
    """The correction without a right value in "I never lived in Bonn"."""
    match = _NEVER.search(sentence.low)
    if match is None or sentence.question or Mood(sentence).reported(match.start()):
        return None
    attribute, kind_name = next(slot for group, slot in _NEVER_WAS.items() if match.group(group))
    start, end = match.span("old")
    text = sentence.text[start:end]
    reading = next(iter(kind(kind_name)(text, True)), None)
    if reading is None or reading.value != text:
        return None
    return Finding(
        attribute=reading.attribute or attribute, value="", sentence=sentence, place=start, end=end, kind=kind_name,
        act="correct", replaces=reading.value,
    )  # fmt: skip


def _much_alike(finding: Finding, sentence: Sentence, match: re.Match[str]) -> bool:
    """True when the number at *match* is the one of *finding* with a few digits changed or turned around."""
    old, new = finding.value, match.group()
    if finding.act != "state" or old == new or (finding.sentence is sentence and finding.place >= match.start()):
        return False
    if re.sub(r"\d", "0", old) != re.sub(r"\d", "0", new):
        return False
    changed = sum(one != other for one, other in zip(old, new, strict=True))
    return changed <= 2 or sorted(old) == sorted(new)


_HESITATION = re.compile(r"(?:\b(?:ah|oh|um+|uh|er|erm|eh|hm+|well|wait|oops|damn|ugh|haha|lol)[\s,.!…]*)+$")


def _stands_apart(low: str, cue: re.Match[str]) -> bool:
    """True for a "no" or "actually" set off by punctuation: "…, no, Lund", not "and no sugar"."""
    in_front = _HESITATION.sub("", low[: cue.start()]).rstrip()
    behind = low[cue.end("weak") :]
    return (not in_front or in_front[-1] in ",.;:!?…-(") and bool(
        re.match(r"\s*[,.!…-]|\s+(?:it'?s|that'?s|wait|sorry)\b", behind)
    )


def _before(findings: Sequence[Finding], sentence: Sentence, place: int) -> list[Finding]:
    return [
        found
        for found in findings
        if found.kind and found.act != "retract" and sentence.seq - _NEAR <= found.sentence.seq <= sentence.seq
        and (found.sentence.seq, found.sentence.start + found.place) < (sentence.seq, sentence.start + place)
    ]  # fmt: skip


def _same_kind(finding: Finding, rest: str) -> str | None:
    """The value at the start of *rest*, when it is of the same kind as the finding's and stands alone."""
    counted = _COUNT.match(finding.value)
    count = _COUNT.match(rest) if counted and finding.kind in _COUNTED else None
    if counted and count and _alone(rest, count.group()):
        return count.group() + finding.value[counted.end() :]  # "three cats. edit: two"
    reading = next(iter(kind(finding.kind)(rest, True)), None)
    if reading is None or reading.value.casefold() == finding.value.casefold():
        return None
    if (reading.attribute or finding.attribute) != finding.attribute or not _alone(rest, reading.value):
        return None
    same_shape = (
        bool(re.search(r"\d", reading.value)) == bool(re.search(r"\d", finding.value))
        and reading.value[:1].isupper() == finding.value[:1].isupper()
    )
    return _with_month(reading.value, finding) if same_shape else None


def _with_month(day: str, finding: Finding) -> str:
    """A day that is put right keeps its month: "the 3rd of May, sorry, the 4th" is the 4th of May."""
    if finding.kind not in ("date", "datetime") or not re.fullmatch(r"(?:the )?\d{1,2}(?:st|nd|rd|th)", day):
        return day
    named = re.search(r"[a-z]{3}", re.sub(r"\b(?:the|of)\b", "", finding.value, flags=re.IGNORECASE), re.IGNORECASE)
    return re.sub(r"\d{1,2}(?:st|nd|rd|th)?\b", day.removeprefix("the "), finding.value, count=1) if named else day


def _alone(rest: str, value: str) -> bool:
    after = rest[rest.find(value.rsplit(maxsplit=1)[-1]) + len(value.rsplit(maxsplit=1)[-1]) :]
    return bool(
        re.match(r"\s*(?:$|[.,!?;:)…(-]|\b(?:one|ones|i|not|sorry|lol|haha|of course|please|instead|and|now)\b)", after)
    )


_WRITTEN = (
    "phone_number",
    "email",
    "address",
    "postal_code",
    "username",
    "github_handle",
    "website",
    "birthday",
    "exam_date",
    "deadline",
    "membership_number",
)


def _mistyped(finding: Finding, other: Finding) -> bool:
    """True when *other* is *finding* with a few characters changed: a number or address written wrong the first time."""
    return finding.attribute in _WRITTEN and SequenceMatcher(None, finding.value, other.value).ratio() > 0.8


def _latest_wins(findings: Sequence[Finding], cardinality: Callable[[str], Cardinality]) -> Iterator[Finding]:
    """Drop earlier values of a single-valued attribute that a later sentence puts right ("no, I live in Lund")."""
    for number, finding in enumerate(findings):
        later = [
            other for other in findings[number + 1 :]
            if other.attribute == finding.attribute and other.act != "retract" and other.value.casefold() != finding.value.casefold()
            and (other.sentence is not finding.sentence) and (corrects(other.sentence) or _mistyped(finding, other))
        ]  # fmt: skip
        if not (later and finding.act == "state" and cardinality(finding.attribute) == "single"):
            yield finding


def _once(findings: Iterable[Finding], cardinality: Callable[[str], Cardinality]) -> list[Finding]:
    """*findings* with what is said again told once, in the words of the last time: those date it.

    What was said otherwise in between is no repetition: "Bonn … Ulm … back in Bonn" stays three.
    """
    kept: list[Finding] = []
    for finding in findings:
        alike = [place for place, other in enumerate(kept) if other.attribute == finding.attribute]
        again = [place for place in alike if kept[place].key == finding.key]
        since = [kept[place] for place in alike if again and place > again[-1]]
        beside = cardinality(finding.attribute) == "many" and all(other.act == "state" for other in since)
        if again and (not since or beside):
            kept[again[-1]] = _once_more(kept[again[-1]], finding)
        else:
            kept.append(finding)
    return kept


def _once_more(first: Finding, again: Finding) -> Finding:
    """*first* with the sentence of *again*, unless that only confirms what the user had said themselves."""
    if again.origin != first.origin:
        return first if first.origin == "stated" else again
    return replace(first, sentence=again.sentence, place=again.place, end=again.end, start=again.start)
