"""Facts from what is done with what: "bought" and a phone, "joined" and a sport, "on … now" and a system.

Where no row of `rows/` knows the form of a sentence, this reads its clauses by parts: a word or phrase of a known class (its
value), the nearest verb before it, whose clause it is. The table `CLASSES` says which verbs make a value of that class a fact,
and `VERBS` which words belong to a verb. Without a verb ("still Ubuntu", "swimming it is", "vegetarian with zero regrets
now") signs are counted: the value begins the clause, "now", the assistant takes it up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from recalld.ingest.local.facts import lexicon
from recalld.ingest.local.facts.findings import Finding
from recalld.ingest.local.facts.kinds import kind
from recalld.ingest.local.facts.kinds.typed import category, device, vehicle
from recalld.ingest.local.facts.lexicon import words
from recalld.ingest.local.facts.mood import Mood
from recalld.ingest.local.facts.phrases import strip
from recalld.ingest.local.facts.sentences import Sentence
from recalld.layers.facts.attributes import RELATIONS

# Verbs by what they do to a value. A pattern ends where the verb ends; the verb nearest to the value counts.
VERBS: Mapping[str, str] = {
    "be": (
        r"i'?m|i am|we're|we are|'m|am|i've been|been|being|made me|call me|as an?|as your typical|like me,? an?|"
        r"remain|identify as|count as|qualif(?:y|ied) as|work(?:ed|ing)? as(?: an?)?|became|become|turned(?: into)?|"
        r"promoted to|train(?:ed|ing) as"
    ),
    "have": (
        r"have|'ve|had|own|keep|possess|with (?:two|three|one)|i've got|have got|got|all i(?:'ve| have)(?: "
        r"got)? is|live with|share (?:\w+ ){1,3}with|raising|raise|feed|down to(?: just)?"
    ),
    "acquire": (
        r"gave me|handed me|got me|got|bought|adopted|ordered|purchased|inherited|picked up|took in|rescued|leased|installed|downloaded|"
        r"received|acquired|treated (?:myself|ourselves) to|upgraded to|got myself|got ourselves|get|buying|getting"
    ),
    "use": (
        r"use|using|used|run|running|runs|work(?:ing)? (?:on|in|with)|writ(?:e|ing) (?:\w+ )?(?:in|on|with)|cod(?:e|"
        r"ing) (?:\w+ )?in|edit(?:ing)? (?:\w+ )?(?:in|with)|typ(?:e|ing) on|shoot(?:ing)? (?:on|with)|read(?:ing)? "
        r"(?:\w+ )?on|driv(?:e|ing)|rid(?:e|ing)|wear|wearing|rely on|host(?:ed)? on|record(?:ing)? (?:on|with)|keep "
        r"(?:\w+ ){1,3}in|do (?:\w+ ){1,3}in|manage (?:\w+ ){1,3}in|track (?:\w+ ){1,3}in|plan (?:\w+ ){1,3}in|we're "
        r"on|i'm on|everything(?:'s| is) (?:on|in)|commute (?:on|by|with)|get around (?:on|by)"
    ),
    "change": (
        r"switch(?:ed|ing)? (?:\w+ ){0,4}?(?:over |back )?to|mov(?:ed|ing) (?:\w+ ){0,4}?(?:over |back )?to|"
        r"chang(?:ed|ing) (?:\w+ ){0,4}?to|went(?: over| back)?(?: to| for| with)?|gone(?: over| back)?(?: to| for| "
        r"with)?|came back to|com(?:e|ing) back to|convert(?:ed)? to|migrat(?:ed|ing) (?:\w+ ){0,4}?to|upgrad(?:ed|"
        r"ing) to|back (?:to|on|with|into|at)|return(?:ed)? to|turned|swapped .{1,30} for|traded .{1,30} for|replaced "
        r".{1,30} (?:with|by)|settled on|stick(?:ing)? (?:to|with)|stuck with|go with|going with|let's (?:do|go with|"
        r"use|say)|make (?:it|that)|surrendered to|gave in to|now it'?s|it'?s|it is|from now on|all about|i'm all "
        r"about|into"
    ),
    "lose": (
        r"sold|lost|gave up|given up|giving up|gave away|quit|quitting|dropped|drop|cancel(?:l?ed)?|left|ditched|"
        r"dumped|stopped|stop|no more|done with|bye|goodbye|farewell|so long|without|got rid of|rid of|scrapped|"
        r"returned the|traded(?: in)?|swapped|replaced|retired from|off|uninstalled|deleted|unsubscribed from|not .{1,"
        r"20} any ?more|no longer|sick of|fed up with|over|axed|retired the|packed in|threw out|binned|hung up|can't "
        r".{0,15} any ?more"
    ),
    "like": (
        r"love|adore|enjoy|like|prefer|can't live without|fan of|crazy about|obsessed with|hooked on|addicted to|live "
        r"on|passionate about|keen on|fond of|really into|i'm into|nothing beats|can't beat|could eat|swear by|"
        r"favou?rite (?:\w+ ){0,2}(?:is|are)"
    ),
    "dislike": r"hate|can't stand|dislike|detest|loathe|despise|don't like|don't care for|not a fan of|can't bear|allergic to",
    "do": (
        r"do|doing|did|go|going|went|play|playing|practi[sc]e|practi[sc]ing|train(?:ing)?|compete in|spend .{1,40} "
        r"(?:on|doing|at|in)|is for|are for|dedicated to|teach|coach|race"
    ),
    "start": (
        r"start(?:ed|ing)?(?: (?:with|on|doing|playing|learning))?|joined(?: an?)?|took up|taken up|taking up|began|"
        r"begun|sign(?:ed)? up for|pick(?:ed)? up|got into|gotten into|getting into|enrolled in|tried|trying out|"
        r"discovered|fell in love with|fallen for|booked"
    ),
    "study": (
        r"learn(?:ing|ed|t)?|study|studying|speak|speaking|taking|take|lessons? in|fluent in|grew up (?:speaking|"
        r"with)|raised (?:speaking|in)|brushing up(?: on)?|weeks? \w+ of|day \w+ of|translate(?: \w+){0,3} (?:from|"
        r"into)|exam in"
    ),
    "eat": (
        r"eat|eating|have|having|drink|drinking|take|order|cook|live on|survive on|get|make me|it's|cooking|make|give "
        r"me|i'll have|coffee order:|the usual:"
    ),
    "pay": (
        r"pay(?:ing)? for|subscribe(?:d)? to|have|got|renewed|signed up (?:for|to)|use|using|watch(?:ing)? (?:\w+ "
        r")?on|listen(?:ing)? (?:\w+ )?on"
    ),
    "suffer": (
        r"have|'ve got|got|suffer(?:ing)? from|diagnosed with|live with|living with|dealing with|because of my|with "
        r"my|my|i'm|been|manage my|struggle with|since my"
    ),
    "take": r"take|taking|on|prescribed|put me on|started|switched to|i'm on",
    "fear": r"afraid of|scared of|terrified of|fear of|phobia of|fear|frightened of|petrified of",
    "my": r"my|our",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Class:
    """What makes a mention of a lexicon class a fact."""

    attribute: str
    verbs: tuple[str, ...]  # of `VERBS`
    alone: bool = False  # signs may do without a verb


CLASSES: Mapping[str, Class] = {
    "diet": Class("diet", ("be", "change", "eat", "start", "do"), alone=True),
    "relationship": Class("relationship_status", ("be",), alone=True),
    "os": Class("operating_system", ("use", "change", "acquire", "have", "be"), alone=True),
    "editor": Class("editor", ("use", "change", "acquire", "have", "like"), alone=True),
    "browser": Class("browser", ("use", "change", "acquire", "have", "like"), alone=True),
    "tool": Class("tool", ("use", "change", "acquire", "have", "like"), alone=True),
    "phone": Class("phone_model", ("have", "acquire", "use", "change", "my"), alone=True),
    "laptop": Class("laptop", ("have", "acquire", "use", "change", "my"), alone=True),
    "vehicle": Class("vehicle", ("have", "acquire", "use", "change", "my"), alone=True),
    "equipment": Class("equipment", ("have", "acquire", "use", "change"), alone=False),
    "coffee": Class("favorite_coffee", ("be", "change", "like", "eat"), alone=True),
    "drink": Class("favorite_drink", ("change", "like"), alone=True),
    "music": Class("favorite_music", ("change", "like"), alone=True),
    "genre": Class("favorite_genre", ("change", "like"), alone=True),
    "food": Class("favorite_food", ("like", "change"), alone=False),
    "unit": Class("unit_preference", ("use", "change", "like"), alone=True),
    "currency": Class("currency", ("use", "change"), alone=True),
    "language": Class("language", ("study", "my"), alone=False),
    "instrument": Class("instrument", ("do", "start", "study", "like", "my", "change", "acquire"), alone=False),
    "hobby": Class("hobby", ("do", "start", "like", "change", "be"), alone=True),
    "sport": Class("hobby", ("do", "start", "like", "change"), alone=True),
    "streaming": Class("subscription", ("pay", "acquire", "change"), alone=False),
    "condition_adjective": Class("health_condition", ("be",), alone=True),
    "condition": Class("health_condition", ("suffer",), alone=False),
    "medication": Class("medication", ("take",), alone=False),
    "fear": Class("fear", ("fear",), alone=False),
    "job": Class("job_title", ("be",), alone=True),
    "religion": Class("religion", ("be",), alone=False),
    "chronotype": Class("chronotype", ("be",), alone=True),
}

ENOUGH = 3  # signs for, less signs against, where there is no verb

_VERBS = {name: re.compile(rf"(?<![\w'])(?:{pattern})(?![\w])") for name, pattern in VERBS.items()}
_BORDER = re.compile(
    r"[,;:()!?.]+(?:\s|$)|\s-+\s|\b(?:but|because|so|although|though|while|which|who|since|and(?= (?:i|we|now|"
    r"then|also|got|bought|sold|joined|started|switched|moved|quit|dropped|took|went))|then)\b"
)
_NOW = re.compile(
    r"\b(?:now|again|still|these days|nowadays|lately|from now on|from here on|forever|always|at last|finally|"
    r"officially|for good|once more|this year|until further notice|only|it is|for me|please|myself|here)\b"
)
_FIRST = re.compile(r"\b(?:i|i'm|im|i've|ive|we|we're|we've|my|our|me|us|mine|ours|myself)\b")
_NEW_JOB = re.compile(
    r"\b(?:start(?:ed|ing|s)? (?:at|on|in|as)|new (?:job|title|contract|role|position|kitchen|badge)|promot\w+|hired|"
    r"got the job|contract|job title|signed with|trainee(?:ship)?)\b"
)
_TAKES_UP = re.compile(
    r"(?:noted|got it|understood|updated|saved|added|done|ok|okay|sure|corrected|switched|changed|great|nice|"
    r"lovely|wonderful|congrat\w*|welcome|will do|perfect|happy to|of course|right|"
    r"[\w' -]{2,25} it is|[\w' -]{2,20} (?:again|then|from now on))\b"
)
_AGAINST = re.compile(
    r"\b(?:recipes?|find|suggest|suggestions?|recommend|ideas?|show me|list|explain|translate|compare|between|"
    r"tips|best|cheap|nearest|where|what|which|how|whose|article|film|movie|song|joke|story|poem|"
    r"called|named|word|spell|plural|synonym|instead of|than|rather than|any|every|your|you|this|that|these|those|"
    r"for (?:a|the|his|her|their) (?:friend|client|colleague|guest|customer|party|neighbou?r)|"
    r"people|someone|everyone|guests?|customers?|clients?|was|were|used to|before|former|ex|after|about|like an?|as if)\b"
)
_OTHERS = re.compile(rf"\b(?:he|she|they|his|her|him|their|them|he's|she's|they're|{'|'.join(sorted(RELATIONS))})\b")
_NEGATED = re.compile(
    r"\b(?:not|never|no|don'?t|doesn'?t|isn'?t|aren'?t|haven'?t|hasn'?t|without|no longer|neither|nor|stop|"
    r"stopped|wasn'?t|weren'?t|didn'?t|won'?t|wouldn'?t|can'?t)\b"
)
_WEAK = words(
    """
    go c r pool bridge mate horn bass organ fish water milk inches feet stone cm km kg grams english american
    manager director model guide cook coach partner assistant student reading writing cooking riding running
    spinning house rock pop soul folk dub swing emo country mac linear signal ghost bear unity rhino mural ulysses
    teams sky driver major captain principal buyer judge trader conductor minor add ms real won rand yoga-mat switch
    surface pixel nothing mint golf polo focus seat smart mini leaf tea chili drones cube scott giant canyon salt ee
    three orange bell cheese bread chocolate salad soup chips needles water crowds death failure driving dogs bees
    calm patreon single orthodox host usher grip chair editor photographer-not
    """
)


@dataclass(frozen=True, slots=True)
class _Mention:
    value: str
    name: str  # of the class
    attribute: str
    start: int  # place in the sentence
    end: int


def read(sentence: Sentence, taken: set[str], echo: str) -> Iterator[Finding]:
    """What the clauses of *sentence* say; attributes in *taken* were read by a row.

    *echo* is the assistant's reply: it tends to take up what it has learnt ("Noted, ambient").
    """
    mood = Mood(sentence)
    if mood.ironic:
        return
    for start, end in _clauses(sentence.low):
        if mood.asked(start) or mood.supposed(start) or mood.asked(end - 1) or _goes_on(sentence.low, start, end):
            continue
        for mention in _mentions(sentence, start, end):
            if mention.attribute not in taken and not mood.supposed(mention.start):
                yield from _judged(sentence, mention, start, end, echo)


_SOMEBODY = re.compile(
    r"\b(?:he|she|he's|she's|(?:the|this|that|a|an|my|our|his|her) (?:[\w-]+ )?(?:patient|client|customer|guest|applicant|candidate|"
    + "|".join(sorted(RELATIONS))
    + r")) (?:is|was|has|had|wants|needs|takes|got)\b"
)


def _goes_on(low: str, start: int, end: int) -> bool:
    """True for a clause without a subject behind one about somebody else: "the patient is 45, on metformin"."""
    if _FIRST.search(low[start:end]):
        return False
    others = [match.start() for match in _SOMEBODY.finditer(low[:start])]
    own = [match.start() for match in re.finditer(r"\b(?:i|i'm|i've|we|we're|we've)\b", low[:start])]
    return bool(others) and (not own or max(own) < max(others))


def _judged(sentence: Sentence, mention: _Mention, start: int, end: int, echo: str) -> Iterator[Finding]:
    low, known = sentence.low, CLASSES[mention.name]
    before, behind = low[start : mention.start], low[mention.end : end]
    verb, place = _nearest_verb(before, known.verbs)
    finding = Finding(
        attribute=mention.attribute, value=mention.value, sentence=sentence, place=mention.start, end=mention.end,
        kind=_kind_of(mention), start=mention.start, confidence=0.6,
    )  # fmt: skip
    if _stops(mention, before, behind) or _OTHER_CLAUSE.match(sentence.text, mention.end):
        return
    if before.startswith(("my ", "our "), place) and _others_between(before[place:]):
        return
    if verb == "lose" or (verb and _NEGATED.search(before)):
        if _own(before, place):
            yield replace(finding, act="retract", replaces=mention.value)
    elif verb == "dislike":
        if _own(before, place):
            yield replace(finding, attribute="dislikes")
    elif verb and verb in known.verbs:
        if _own(before, place) and not _AGAINST.search(before[place:]):
            yield from _with_employer(finding, end)
    elif known.alone and _signs(low, mention, start, end, echo) >= ENOUGH:
        yield from _with_employer(finding, end)


# "the tuba that Piet plays", "the car he drives"
_OTHER_CLAUSE = re.compile(
    r"\s+(?:that|which)\s+(?!(?:I|i|we|We)\b)[\w'-]+\s+\w+|\s+(?:he|she|they|his|her)\s|"
    r",\s*(?:do|can|could|would|what|how|should|did|have)\s(?:do\s)?you\b"
)


def _others_between(owned: str) -> bool:
    """True when "my" owns a person and not the value: "my brother Ivo plays the tuba"."""
    return bool(_OTHERS.search(owned)) or len(owned.split()) > _OWNED_WORDS


_OWNED_WORDS = 4  # "my" and three words: "my old second-hand Honda"


def _with_employer(finding: Finding, end: int) -> Iterator[Finding]:
    """A finding; behind an occupation, also where: "sous chef at Chez Odile"."""
    yield finding
    at = re.match(r"\s+(?:at|for|with|@)\s+(?=[A-Z])", finding.sentence.text[finding.end : end])
    if finding.attribute != "job_title" or at is None:
        return
    place = finding.end + at.end()
    for reading in kind("firm")(finding.sentence.text[place:end], True):
        yield replace(
            finding, attribute="employer", value=reading.value, place=place, end=place + len(reading.value), kind="firm"
        )


def _nearest_verb(before: str, wanted: Sequence[str]) -> tuple[str, int]:
    """The verb nearest to the value and where it begins; of verbs that end at the same place, one that is *wanted*."""
    best: tuple[int, bool, str, int] = (-1, False, "", 0)
    for name in (*wanted, "lose", "dislike"):
        for match in _VERBS[name].finditer(before):
            between = before[match.end() :]
            if name == "have" and _PERFECT.match(between):
                continue
            if _reaches(between, at_once=name == "my"):
                best = max(best, (match.end(), name in wanted, name, match.start()), key=lambda found: found[:2])
    return best[2], best[3]


# "I have cleaned the camera" owns none
_PERFECT = re.compile(
    r"\s+(?:\w+ly |just |already |also )?(?!got\b)(?:\w{2,}ed|\w+ught|\w+ept|\w*sent|\w*sold|\w*lost|taken|given|written|"
    r"thrown|broken|fed|put|"
    r"lent|left|found|made|paid|hung|cut) (?:the|my|our|his|her|their|this|that|a|an)\b"
)
_GAP = 5  # words that may stand between verb and value
_TURN = re.compile(
    r"(?<!bit )(?<!lot )(?<!lots )(?<!kind )(?<!sort )\b(?:with|for|about|of|to|on|at|from|by|than|near)\b"
)


def _reaches(between: str, *, at_once: bool) -> bool:
    """True when a verb reaches a value over the words *between*: few, and none that turns to something else ("with my …").

    A possessive has no verb's reach: it counts *at once*, over one adjective at most.
    """
    return (
        len(between.split()) <= (1 if at_once else _GAP)
        and not _TURN.search(between)
        and not (at_once and _OTHERS.search(between))
    )


_OF_MINE = re.compile(r"\bof (?:mine|ours)\b")


def _own(before: str, verb_at: int) -> bool:
    """True when the verb's subject is the user: a first person nearer than anybody else, or nobody at all in front of it."""
    subject = before[:verb_at] if not _FIRST.match(before[verb_at:]) else before[: verb_at + 5]
    others = [match.start() for match in _OTHERS.finditer(subject)]
    first = [match.start() for match in _FIRST.finditer(_OF_MINE.sub(lambda mine: " " * len(mine.group()), subject))]
    if others and (not first or max(others) > max(first)):
        return False
    return bool(first) or not re.search(r"[a-z]", _FILLER.sub("", subject))


_FILLER = re.compile(
    r"\b(?:so|and|well|ok|okay|oh|yes|yeah|right|then|also|just|finally|recently|actually|btw|fyi|update|news|"
    r"anyway|hi|hey|hello|lol|haha|officially|in the end|today|yesterday|(?:last|this) (?:night|week|weekend|month|year|"
    r"spring|summer|autumn|fall|winter|morning|afternoon|evening|time|term|season|"
    r"mon\w*|tue\w*|wed\w*|thu\w*|fri\w*|sat\w*|sun\w*|january|february|march|april|may|june|july|august|september|october|"
    r"november|december)|"
    r"now|still|again|currently|plus|honestly|tbh|heads up|quick one|and now|had to|have to|got to|gotta|guess "
    r"what|good news|bad news|never|not|no|don't|an?|the)\b"
)


def _stops(mention: _Mention, before: str, behind: str) -> bool:
    """True for what is said of something else: "single hob", "my printer" (no printer by trade), "coffee table"."""
    if (
        mention.name == "relationship"
        and re.match(r"\s+[a-z]+", behind)
        and not re.match(r"\s+(?:and|with|now|again|since|so|mum|mom|dad|parent|for|at)\b", behind)
    ):
        return True
    if mention.name == "language" and re.search(r"\b(?:my|our)\s+$", before):
        return not re.match(
            r"\s*(?:$|is\b|isn't|has\b|sounds|needs|gets|class|lesson|homework|exam|teacher|course|skills)", behind
        )
    if mention.name == "job" and re.search(
        r"\b(?:my|our|the|a good|another|your|his|her|some|any)\s+(?:\w+\s+)?$", before
    ):
        return not re.search(r"\b(?:as|i'?m|am|the only|the new)\s+(?:the|my)?\s*(?:\w+\s+)?$", before)
    if mention.name in _OF_PERSONS and _DOING_WITH.search(before):
        return True
    return bool(
        re.match(
            r"\s+(?:table|shop|app|book|film|movie|teacher|recipe|recipes|festival|concert|store|bar|factory|"
            r"company|machine|maker|cup|mug|question|questions|joke|article)\b",
            behind,
        )
    )


_OF_PERSONS = words("job diet relationship religion chronotype")
# "I'm meeting a welder": somebody else is one
_DOING_WITH = re.compile(
    r"\b(?:i'?m|am|we're|are|been) (?!being|becoming|working|training)\w+ing (?:(?:with|for|at|to|by) "
    r")?(?:an?|the|some|this|another) (?:[\w-]+ )?$"
)


def _clauses(low: str) -> Iterator[tuple[int, int]]:
    start = 0
    for border in [*_BORDER.finditer(low), None]:
        end = border.start() if border else len(low)
        if low[start:end].strip():
            yield start, end
        start = border.end() if border else end


def _mentions(sentence: Sentence, start: int, end: int) -> Iterator[_Mention]:
    tokens = [(match.start(), strip(match.group())) for match in re.finditer(r"\S+", sentence.text[start:end])]
    place = 0
    while place < len(tokens):
        begin = start + tokens[place][0]
        made = _made(sentence.text[begin:end])
        if made is not None:
            yield _Mention(made[0], made[1], made[2], begin, begin + len(made[0]))
            place += len(made[0].split())
            continue
        found = _longest([word for _, word in tokens[place : place + lexicon.LONGEST_ENTRY]])
        if found is None:
            place += 1
            continue
        size, name = found
        first = _with_modifiers(tokens, place, name)
        value = " ".join(word for _, word in tokens[first : place + size])
        yield _Mention(
            value,
            name,
            category(value) if name == "tool" else CLASSES[name].attribute,
            start + tokens[first][0],
            begin + len(" ".join(w for _, w in tokens[place : place + size])),
        )
        place += size


_MODIFIERS = {
    "job": words(
        "senior junior lead head chief assistant deputy associate trainee freelance retired semi-retired logistics "
        "data software marketing sales customer product project primary secondary maths math chemistry physics "
        "english history music guitar piano yoga line sous pastry tax night school bus tram truck taxi train boat "
        "ship furniture dog wedding portrait landscape"
    ),
    "coffee": words("oat soy almond double triple single iced decaf large small vanilla caramel coconut"),
}


def _with_modifiers(tokens: Sequence[tuple[int, str]], place: int, name: str) -> int:
    """Where the phrase begins whose last word is at *place*: "senior data analyst", "oat flat white"."""
    while place and _modifies(tokens[place - 1][1].casefold(), name):
        place -= 1
    return place


def _modifies(word: str, name: str) -> bool:
    return word in _MODIFIERS.get(name, _NO_WORDS) or (name == "job" and word in lexicon.classes()["job"])


_NO_WORDS: frozenset[str] = frozenset()


def _made(text: str) -> tuple[str, str, str] | None:
    """A vehicle or device by make and model at the start of *text*: value, class, attribute."""
    if not text[:1].isupper() and not text[:1].isdigit() and text[:6].casefold() != "iphone":
        return None
    for reading in (*vehicle(text, True), *device(text, True)):
        if text.startswith(reading.value) and reading.value.split()[0].casefold() not in _WEAK:
            name = {"laptop": "laptop", "phone_model": "phone", "equipment": "equipment"}.get(
                reading.attribute or "", "vehicle"
            )
            return reading.value, name, reading.attribute or ""
    return None


def _longest(following: list[str]) -> tuple[int, str] | None:
    """How many of the words *following* are an entry of a class, and of which."""
    entries, first_words = _entries()
    if following[0].casefold() not in first_words:
        return None
    for size in range(len(following), 0, -1):
        phrase = " ".join(following[:size]).casefold()
        if phrase in entries:
            return None if size == 1 and phrase in _WEAK else (size, entries[phrase])
    return None


@cache
def _entries() -> tuple[Mapping[str, str], frozenset[str]]:
    """From every entry to its class (the first in `CLASSES` wins), and the words that entries begin with."""
    known = lexicon.classes()
    entries = {entry: name for name in reversed(list(CLASSES)) if name in known for entry in known[name]}
    return entries, frozenset(entry.split()[0] for entry in entries)


def _signs(low: str, mention: _Mention, start: int, end: int, echo: str) -> int:
    clause, before, behind = low[start:end], low[start : mention.start], low[mention.end : end]
    first = not re.search(r"[a-z]", _FILLER.sub("", before))
    echoed = bool(_TAKES_UP.match(echo)) and mention.value.casefold() in echo
    told = mention.name == "job" and bool(_NEW_JOB.search(low))
    signs = int(first) + echoed + told + bool(_NOW.search(clause)) + bool(_FIRST.search(clause))
    against = (
        2 * len(_AGAINST.findall(before))
        + len(_AGAINST.findall(behind))
        + 3 * bool(_OTHERS.search(clause))
        + 3 * bool(_NEGATED.search(before))
    )
    return signs - against


def _kind_of(mention: _Mention) -> str:
    return {"vehicle": "vehicle", "laptop": "device", "phone": "device", "equipment": "gear"}.get(
        mention.name, mention.name
    )
