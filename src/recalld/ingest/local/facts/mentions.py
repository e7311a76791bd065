"""Typed mentions: a word that tells by itself what it is, said of the user without any of the forms in `rows/`.

"Vegetarian with zero regrets now", "swimming it is", "still Ubuntu", "week one of Hungarian classes" have no common form, but
common signs: a fragment that begins with the value, "now", "again", a first person, a verb of having or changing. Signs
are counted for and against; the balance decides. Rows come first: where they found a value of the attribute in the sentence,
mentions add nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from recalld.ingest.local.facts import lexicon
from recalld.ingest.local.facts.findings import Finding
from recalld.ingest.local.facts.kinds.typed import category
from recalld.ingest.local.facts.lexicon import words
from recalld.ingest.local.facts.mood import Mood
from recalld.ingest.local.facts.phrases import strip
from recalld.ingest.local.facts.sentences import Sentence
from recalld.layers.facts.attributes import RELATIONS

ENOUGH = 2  # signs for, less signs against

# From a class of the lexicon to the attribute that a mention of it speaks of.
_CLASSES: Mapping[str, str] = {
    "diet": "diet",
    "relationship": "relationship_status",
    "os": "operating_system",
    "editor": "editor",
    "browser": "browser",
    "tool": "tool",
    "coffee": "favorite_coffee",
    "drink": "favorite_drink",
    "music": "favorite_music",
    "unit": "unit_preference",
    "currency": "currency",
    "language": "language",
    "instrument": "instrument",
    "hobby": "hobby",
    "sport": "hobby",
    "condition_adjective": "health_condition",
    "job": "job_title",
    "chronotype": "chronotype",
}
_NOW = re.compile(
    r"\b(?:now|again|still|are for|is for|go with|stick to|stick with|it'll be|these days|nowadays|lately|from now on|from here on|forever|always|at last|finally|officially|since|for good|once more|this year|until further notice|only|these years)\b"
)
_FIRST = re.compile(r"\b(?:i|i'm|im|i've|ive|we|we're|we've|my|our|me|us|mine|ours|myself)\b")
_STATE = re.compile(
    r"\b(?:am|use|using|used|have|got|gotten|drink|drinking|eat|eating|play|playing|do|doing|speak|write|writing|run|running|own|wear|take|taking|took|study|studying|learn|learning|cook|switched|switching|"
    r"moved|went|gone|going|back|returned|converted|turned|became|started|starting|joined|joining|stick|sticking|stuck|chose|picked|prefer|live|living|work|working|teach|days?|weeks?|months?|years?|classes|lessons|class|lesson|course|practice|club|user|household)\b"
)
_ACTED = re.compile(r"(?:so |and |also |just |finally |well |ok |then )*(?:joined|got|started|switched|moved|bought|finished|took|went|picked up|signed up|gave in|converted|became|returned|reinstalled|installed)\b")
_TAKES_UP = re.compile(
    r"(?:noted|got it|understood|updated|saved|added|done|ok|okay|sure|corrected|switched|changed|great|nice|lovely|wonderful|congrat\w*|welcome|will do|perfect|happy to|of course|right|"
    r"[\w' -]{2,25} it is|[\w' -]{2,20} (?:again|then|from now on))\b"
)
_IT_IS = re.compile(r"\bit is\b|^it's\b|^its\b")
_AGAINST = re.compile(
    r"\b(?:recipe|recipes|find|suggest|suggestions?|recommend|ideas?|give me|show me|list|explain|translate|compare|between|tips|best|cheap|nearest|where|what|which|how|who|whose|article|film|movie|song|"
    r"joke|story|poem|called|named|word|spell|plural|synonym|without|never|not|hate|hated|hates|instead of|than|rather than|any|every|your|you|this|that|these|those|if|for (?:a|the|his|her|their) "
    r"(?:friend|client|colleague|guest|customer|party|neighbou?r)|people|someone|everyone|guests?|customers?|clients?|stop|quit|dropped|gave up|no|isn't|wasn't|was|were|used to|before|former|ex)\b"
)
_OTHERS = re.compile(rf"\b(?:he|she|they|his|her|him|their|them|{'|'.join(sorted(RELATIONS))})\b(?!'?s? and i\b)")
_WEAK = words("go c r pool bridge mate horn bass organ fish water milk inches feet stone cm km kg grams english american manager director model guide cook coach partner assistant student reading writing cooking riding running spinning house rock pop soul folk dub swing emo country mac linear signal ghost bear unity rhino mural ulysses teams sky driver major captain principal buyer judge trader conductor minor")


@dataclass(frozen=True, slots=True)
class _Mention:
    value: str
    attribute: str
    start: int  # place in the sentence
    end: int


def mentioned(sentence: Sentence, taken: set[str], echo: str) -> Iterator[Finding]:
    """The typed mentions in *sentence* that are the user's; attributes in *taken* were read by a row.

    *echo* is the assistant's reply: it tends to take up what it has learnt ("Noted, ambient").
    """
    mood = Mood(sentence)
    if mood.ironic:
        return
    for start, end in _clauses(sentence.low):
        if mood.asked(start) or mood.supposed(start) or mood.reported(end):
            continue
        for mention in _mentions(sentence, start, end):
            if mention.attribute not in taken and _signs(sentence.low, mention, start, end, echo) >= ENOUGH:
                yield Finding(
                    attribute=mention.attribute, value=mention.value, sentence=sentence, place=mention.start,
                    end=mention.end, kind=_kind_of(mention), start=mention.start, confidence=0.6,
                )  # fmt: skip


def _clauses(low: str) -> Iterator[tuple[int, int]]:
    start = 0
    for border in [*re.finditer(r"[,;:()!?.]+(?:\s|$)|\s-+\s|\b(?:but|because|so|although|though|while)\b", low), None]:
        end = border.start() if border else len(low)
        if low[start:end].strip():
            yield start, end
        start = border.end() if border else end


def _mentions(sentence: Sentence, start: int, end: int) -> Iterator[_Mention]:
    tokens = [(match.start(), strip(match.group())) for match in re.finditer(r"\S+", sentence.text[start:end])]
    place = 0
    while place < len(tokens):
        found = _longest([word for _, word in tokens[place : place + lexicon.LONGEST_ENTRY]])
        if found is None:
            place += 1
            continue
        size, name = found
        begin = start + tokens[place][0]
        value = " ".join(word for _, word in tokens[place : place + size])
        yield _Mention(value, category(value) if name == "tool" else _CLASSES[name], begin, begin + len(value))
        place += size


def _longest(following: list[str]) -> tuple[int, str] | None:
    for size in range(len(following), 0, -1):
        phrase = " ".join(following[:size])
        if size == 1 and phrase.casefold() in _WEAK:
            return None
        for name in _CLASSES:
            if phrase.casefold() in lexicon.classes()[name]:
                return size, name
    return None


def _signs(low: str, mention: _Mention, start: int, end: int, echo: str) -> int:
    clause = low[start:end]
    before, behind = low[start : mention.start], low[mention.end : end]
    first = not re.search(r"[a-z]", re.sub(r"\b(?:so|and|well|ok|okay|oh|yes|yeah|right|then|an?|the|still|back to|back on|all|only|just|officially|finally|full-time)\b", "", before))
    acted = bool(_ACTED.match(clause.strip()))
    echoed = bool(_TAKES_UP.match(echo)) and mention.value.casefold() in echo
    signs = int(first) + acted + echoed + bool(_NOW.search(clause)) + bool(_FIRST.search(clause)) + bool(_STATE.search(clause)) + bool(_IT_IS.search(clause))
    if mention.attribute == "relationship_status" and re.match(r"\s+[a-z]+", behind) and not re.match(r"\s+(?:and|with|now|again|since|so|mum|mom|dad|parent|for|at)\b", behind):
        return 0
    if mention.attribute == "job_title" and re.search(r"\b(?:my|our|the|a good|another)\s+(?:\w+\s+)?$", before):
        return 0
    against = 2 * len(_AGAINST.findall(before)) + len(_AGAINST.findall(behind)) + 3 * bool(_OTHERS.search(clause))
    return signs - against


def _kind_of(mention: _Mention) -> str:
    return next((name for name, attribute in _CLASSES.items() if attribute == mention.attribute), "tool")
