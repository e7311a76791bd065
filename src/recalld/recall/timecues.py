"""Does a time in a query say when something was *said*, or does it belong to the subject?

"What did I say last week about the concert next month": *last week* says when, *next month* is part of the concert. Nothing here
knows particular sentences; the cues are grammatical: the preposition in front, the noun behind, the tense of the verb that
governs the words, quotation marks and capitals of titles, the question asked. In doubt a time belongs to the subject: a
range is a hard filter and hides everything else, a missed range only ranks by age.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, takewhile

from recalld.recall.timegrammar import Reading
from recalld.recall.timewords import Word
from recalld.recall.wordclasses import (
    ABOUT,
    CONVERSATION,
    DETERMINER,
    EVENTS,
    FUNCTION,
    HELPERS,
    ORDER,
    POSSESSIVE,
    PRESENT,
    QUESTION,
    RECALL,
    RECAP,
    SAID,
    SAYING,
    SENT,
    SUBJECT,
    TEMPORAL,
    TITLED,
    WHOLE,
    is_past,
    word_set,
)


@dataclass(frozen=True)
class Mention:
    """A time expression in its query."""

    words: Sequence[Word]  # of the whole query
    first: int  # index of its first word
    last: int  # index after its last word
    reading: Reading

    def text(self, at: int) -> str:
        """The word at a place, empty outside the query."""
        return self.words[at].text if 0 <= at < len(self.words) else ""

    @cached_property
    def texts(self) -> list[str]:
        """All words in front of it."""
        return [word.text for word in self.words[: self.first]]

    @property
    def before(self) -> str:
        """The word in front."""
        return self.text(self.first - 1)

    @property
    def after(self) -> str:
        """The word behind."""
        return self.text(self.last)

    @cached_property
    def preposition(self) -> str:
        """The preposition that leads to it, also inside it ("since"); else empty."""
        words = (_SAME_AS.get(word, word) for word in (self.before, self.text(self.first)))
        return next((word for word in words if word in TEMPORAL), "")

    @property
    def is_name(self) -> bool:
        """A weekday, date, month …: a word that could as well qualify a noun."""
        return self.reading.name or self.reading.force == "name"

    @property
    def is_at_saying(self) -> bool:
        """Stands directly at a verb of conversation: "as mentioned on 3 May"."""
        return self.text(self.first - 1 - (self.before in TEMPORAL)) in SAYING

    @property
    def is_measure(self) -> bool:
        """Ends in "ago": "about two weeks ago" is a measure, not a subject."""
        return self.text(self.last - 1) in ("ago", "back")


_SAME_AS = {"prior": "before", "round": "around", "sometime": "around"}


def belongs_to_subject(mention: Mention, text: str, query: str) -> bool:
    """True unless the mention says when something was said or happened; *text* is the query in grammar words."""
    return _is_quoted(mention, query) or any(cue(mention) for cue in _CUES) or _is_not_past(mention, text)


# ---------------------------------------------------------------- the question as a whole
_ASKS_WHEN = re.compile(
    r"(?:^|[,.?!;:] |(?:^| )(?:and|so|ok|okay|hey|hi|please|know|remember|recall|remind me|tell me|check|see|sure) )"
    r"(?:exactly |roughly )?"
    r"(?:(?:since )?when(?: exactly| roughly)? "
    r"(?:did|was|were|is|are|do|does|have|has|had|will|can|should|am|'s|the last time|i last)"
    r"|how long (?:ago|since)"
    r"|(?:on |in |at |of )?(?:what|which) (?:day|date|weekday|month|year|week)(?: of the (?:week|month|year))? "
    r"(?:did|was|were|have|had|is|are|do|does|has)"
    r"|what (?:was|is|'s) the (?:day|date) (?:when|that|i|we|of))(?= |$)"
    r"|(?:know|remember|recall|remind me|tell me) (?:exactly )?when (?:i|we|you|my|the|it|he|she|they)(?= |$)"
)


def asks_when(text: str) -> bool:
    """A question that asks for a time instead of giving one."""
    return _ASKS_WHEN.search(text) is not None


_OPENERS = TEMPORAL | word_set("so and but well ok okay hi hey yes no also")


def _is_statement(mention: Mention) -> bool:
    """The speaker tells something ("I went to the dentist yesterday") instead of asking for what was said.

    With the time in front ("last week I had a question") the sentence sets the scene for a question.
    """
    rest = [*mention.texts, *(word.text for word in mention.words[mention.last :])]
    spoken = [text for text in rest if text[0].isalnum() or text[0] == "'"]
    spoken = spoken[len(list(takewhile(_OPENERS.__contains__, spoken))) :]
    if not spoken or "?" in rest or all(text in TEMPORAL or not text[0].isalnum() for text in mention.texts):
        return False
    if (QUESTION | SAYING | RECALL | CONVERSATION | {"you", "about"}) & set(spoken):
        return False
    return spoken[0] in SUBJECT | {"let"} or (spoken[0] in DETERMINER | {"there"} and _is_sentence(spoken))


def _is_sentence(spoken: Sequence[str]) -> bool:
    """A whole sentence ("the meeting was long"), not a phrase ("the restaurant I went to")."""
    return not SUBJECT & set(spoken) and any(is_past(word) or word in PRESENT for word in spoken)


# ---------------------------------------------------------------- the verb that governs it
_FORMULA = re.compile(
    r"(?:(?:hey|hi|hello|ok|okay|so|and|well|please|sorry|,) )*"
    r"(?:(?:can|could|would|will) (?:you|we|i)(?= )|(?:do you(?= (?:remember|recall|know|happen)))"
    r"|i (?:want|need|would like|'d like) to (?:know|remember|find|see)"
    r"|i (?:do )?n't (?:remember|recall|know)"
    r"|(?:is|are|was|were) there)?"
)


def _is_not_past(mention: Mention, text: str) -> bool:
    """The verb says that no past is meant: "what do I have on Friday", "what should I cook tonight"."""
    if mention.reading.force == "past":
        return False
    tense = _governing_tense(mention, text)
    if tense:
        return tense == "present" and not (
            mention.before == "from" and mention.is_name
        )  # "what is the recipe from Sunday"
    if mention.after == "to":
        return True  # "remind me on Friday to …"
    spoken = {word.text for word in mention.words}
    if mention.reading.force == "open" and not _is_order(mention, _begin(text)):
        provenance = mention.before == "from" or (
            mention.after and mention.words[mention.last].is_mark and not mention.texts
        )
        return not provenance and not (RECALL | CONVERSATION | SAYING) & spoken
    return _is_order(mention, _begin(text))


def _is_order(mention: Mention, begin: int) -> bool:
    """Something is to be done: "schedule a call", "remind me to call"; "book ideas" is none."""
    verb, behind = mention.text(begin), mention.text(begin + 1)
    return (verb in ORDER and behind in DETERMINER | {"me", "us"}) or (
        verb == "remind" and mention.text(begin + 2) == "to"
    )


def _begin(text: str) -> int:
    """How many words the opening formula has: "can you", "I would like to know"."""
    formula = _FORMULA.match(text)
    return len(formula[0].split()) if formula else 0


def _governing_tense(mention: Mention, text: str) -> str:
    """The tense of the nearest verb in front of the mention, else behind it; an opening formula has none."""
    begin = _begin(text)
    places = [*range(mention.first - 1, begin - 1, -1), *range(max(mention.last, begin), len(mention.words))]
    return next((tense for at in places if (tense := _tense(mention, at))), "")


def _tense(mention: Mention, at: int) -> str:
    """The word "past" or "present", or nothing for what is no verb."""
    word = mention.text(at)
    if "-" in (mention.text(at - 1), mention.text(at + 1)):
        return ""  # a to-do list
    if is_past(word):
        passive = mention.text(at - 1) in _BE or (mention.text(at - 1) in SUBJECT and mention.text(at - 2) in _BE)
        return "present" if passive else "past"
    if word == "'s":
        return "present" if mention.text(at - 1) in _BEFORE_IS else ""
    if word in ("have", "has", "do", "need", "want") or (word in ("like", "love") and mention.text(at - 1) in SUBJECT):
        helper = next((text for back in range(1, 6) if (text := mention.text(at - back)) in HELPERS), "")
        return "past" if helper == "did" else "present"
    return "present" if word in PRESENT or _is_timetable(mention, at) else ""


def _is_timetable(mention: Mention, at: int) -> bool:
    """Like "the flight leaves Friday"; the leaves one talks about are none."""
    scheduled = mention.text(at) in ("leaves", "departs", "arrives") and mention.reading.kind == "weekday"
    return scheduled and mention.text(at - 1) not in FUNCTION and ABOUT.isdisjoint(mention.texts[:at])


_BE = word_set("am is are 'm 're")
_BEFORE_IS = word_set("what that who where it there he she how")


# ---------------------------------------------------------------- titles and names
_QUOTED = re.compile(r"[\"“”«„][^\"“”«»„]{2,200}[\"“”»]|(?<!\w)['‘][^'‘’]{2,200}['’](?!\w)")
_USUALLY_SMALL = TEMPORAL | word_set(
    "yesterday today tonight last this past week month night morning afternoon evening weekend ago few couple"
)


def _is_quoted(mention: Mention, query: str) -> bool:
    """In quotation marks, unless they are around the whole query."""
    start, end = mention.words[mention.first].start, mention.words[mention.last - 1].end
    quotes = (m for m in _QUOTED.finditer(query) if m.end() - m.start() < len(query.strip()) - 4)
    return any(m.start() < start and end <= m.end() for m in quotes)


def _is_titled(mention: Mention) -> bool:
    """Written with the capitals of a title or name: "the song Yesterday", "The Day After", "Ruby Tuesday"."""
    if _is_headline(mention.words):
        return False  # there capitals mean nothing
    inside = [mention.words[at] for at in range(mention.first, mention.last) if not _begins_sentence(mention, at)]
    small = _USUALLY_SMALL - {"night"} if mention.reading.kind == "holiday" else _USUALLY_SMALL
    if any(word.capital and word.text in small for word in inside):
        return True
    if not any(word.capital for word in inside):
        return False
    return _is_apposition(mention) or (
        not mention.preposition and (_beside_title_noun(mention) or _beside_name(mention))
    )


def _is_headline(spoken: Sequence[Word]) -> bool:
    return 4 * sum(word.raw[:1].islower() for word in spoken) < sum(word.raw[:1].isalpha() for word in spoken)


def _begins_sentence(mention: Mention, at: int) -> bool:
    return at == 0 or mention.words[at - 1].is_mark


def _is_apposition(mention: Mention) -> bool:
    """What it is stands behind: "Wednesday, the series"."""
    return (
        mention.after == ","
        and mention.text(mention.last + 1) in ("the", "a")
        and mention.text(mention.last + 2) in TITLED
    )


def _beside_title_noun(mention: Mention) -> bool:
    near = [mention.text(at) for at in (mention.first - 2, mention.first - 1, mention.last, mention.last + 1)]
    return mention.reading.name and mention.last - mention.first <= 2 and not TITLED.isdisjoint(near)


def _beside_name(mention: Mention) -> bool:
    """A capitalised neighbour makes both a name."""
    left = _is_proper(mention, mention.first - 1) and not _begins_sentence(mention, mention.first - 1)
    return mention.reading.name and (left or _is_proper(mention, mention.last))


def _is_proper(mention: Mention, at: int) -> bool:
    return 0 <= at < len(mention.words) and mention.words[at].capital and mention.words[at].raw != "I"


# ---------------------------------------------------------------- the noun behind
_PLURAL_PARTS = word_set("mornings afternoons evenings nights weekends")


def _qualifies_noun(mention: Mention) -> bool:
    """Like "last week's budget", "the Friday deadline", "Christmas presents"; a conversation may be qualified: "Friday's chat"."""
    if mention.after == "of" or mention.after in _PLURAL_PARTS:
        return True  # "the last week of school"; what the grammar knows it has read as one
    if mention.after in ("'s", "'"):
        return _owns(mention, mention.last + 1)
    if mention.words[mention.last - 1].raw.lower() in ("yesterdays", "todays"):
        return _owns(mention, mention.last)
    if mention.after == "-" or not mention.is_name or not _is_noun_behind(mention):
        return False
    return not CONVERSATION & set(_noun_phrase(mention, mention.last))


def _owns(mention: Mention, at: int) -> bool:
    """Something but a conversation is owned: "yesterday's paper"; "during yesterday's lesson" says when."""
    owned = set(_noun_phrase(mention, at))
    when = mention.before in ("during", "at") or (mention.before in ("in", "from") and EVENTS & owned)
    return not (CONVERSATION | SAID) & owned and not when


def _noun_phrase(mention: Mention, at: int) -> list[str]:
    """The words up to the next mark or function word, at most four."""
    behind = takewhile(lambda word: word.text not in FUNCTION and not word.is_mark, mention.words[at : at + 4])
    return [word.text for word in behind]


def _is_noun_behind(mention: Mention) -> bool:
    after = mention.after
    if not after or not mention.words[mention.last].raw.isalpha() or after in FUNCTION or is_past(after):
        return False
    if mention.text(mention.first) == "the" or mention.before in DETERMINER or not mention.preposition:
        return True
    return (
        mention.reading.kind in ("holiday", "season", "quarter", "monthday", "year")
        and not mention.words[mention.last].capital
    )


# ---------------------------------------------------------------- the preposition in front
_NOT_WHEN = word_set("for than vs versus like with without into by due per as towards toward against compared")
_NEVER_BEFORE_NAME = (
    _NOT_WHEN
    | DETERMINER
    | ABOUT
    | word_set(
        "to and or of re next coming upcoming most one other usually always normally often typically generally until"
    )
)
_PREPOSITIONS_OF = {
    "weekday": word_set("on over from since before after until around between starting back"),
    "monthday": word_set("on from since before after until around between starting back"),
    "holiday": TEMPORAL - {"in", "within", "throughout", "across"},
}
_NO_YEAR = re.compile(r"\d{1,2}[./]\d{1,2}\.?")
_ABBREVIATED = word_set("sat sun mon wed fri mar may second")
_AFTER_ADVERB = SUBJECT | ABOUT | word_set("re on with in did do have what which who where how again please 's my the")


def _is_misplaced(mention: Mention) -> bool:
    """A name needs a preposition of time or the place of an adverb; "last week" needs no preposition, but not any other."""
    if _is_the_month(mention) or _is_stranded(mention):
        return _is_the_month(mention)
    if mention.before == "like" and mention.is_measure:
        return False  # "like two weeks ago": about that long
    if not mention.is_name:
        return mention.before in _NOT_WHEN | POSSESSIVE or _is_of_subject(mention)
    if mention.reading.force == "past" or mention.before in RECAP:
        return False  # "since March", "recap March"
    if mention.before in ("of", "from"):
        return _is_of_subject(mention)
    return _is_misplaced_after_preposition(mention) if mention.preposition else not _is_adverb(mention)


def _is_stranded(mention: Mention) -> bool:
    """The preposition belongs to the verb: "which recipe did I ask *for* last week", "what was it *like* last winter"."""
    duration = mention.reading.kind == "range" and mention.text(mention.first + 1) in ("last", "past")
    if mention.before == "for" and (mention.is_measure or duration):
        return True  # "for the last two weeks"
    if mention.before not in _STRANDED or QUESTION.isdisjoint(mention.texts):
        return False
    if mention.is_name and mention.before not in ("to", "with", "about"):
        return False  # "what did I want for Christmas"
    subject, verb = mention.text(mention.first - 3), mention.text(mention.first - 2)
    return (subject in SUBJECT and verb not in _OBJECTS) or (
        mention.before == "like" and mention.reading.force == "past"
    )


_STRANDED = word_set("for with to about like of at into on in")
_OBJECTS = word_set(
    "say said you me mention mentioned think thought know decide decided feel felt remember anything something"
)


def _is_of_subject(mention: Mention) -> bool:
    """Like "the class of 2019", "the email from April"; not "notes from March", "all of last week"."""
    if mention.before not in ("of", "from"):
        return False
    head = mention.text(mention.first - 2)
    if not head or head in CONVERSATION | RECALL | SAYING | FUNCTION:
        return mention.before == "of" and head not in CONVERSATION | RECALL | WHOLE
    person = mention.reading.kind == "month" and mention.reading.name and mention.text(mention.first) in _PERSONS
    return (person and head in SENT) or _is_said_about(mention)


_PERSONS = word_set("april may june august")


def _is_said_about(mention: Mention) -> bool:
    """The mention stands in what "did I say about …" is about."""
    about = max((at for at, text in enumerate(mention.texts) if text in ABOUT), default=0)
    return bool(SAYING & set(mention.texts[:about])) and not RECALL & set(mention.texts[:about])


def _is_misplaced_after_preposition(mention: Mention) -> bool:
    return mention.preposition not in _PREPOSITIONS_OF.get(mention.reading.kind, TEMPORAL)


def _is_the_month(mention: Mention) -> bool:
    """Like "in the March": a month has no article, a march has."""
    return mention.reading.kind == "month" and bool(mention.reading.name) and mention.text(mention.first) == "the"


def _is_adverb(mention: Mention) -> bool:
    """A name without a preposition where an adverb of time stands: at an end of the clause, in its usual spelling."""
    word, after = mention.words[mention.first].raw.lower(), mention.after
    if mention.before in _NEVER_BEFORE_NAME or (
        mention.reading.name and mention.reading.kind not in ("weekday", "holiday", "part")
    ):
        return mention.reading.kind == "weekend" and after in CONVERSATION
    if _NO_YEAR.fullmatch(word) or (word in _ABBREVIATED and mention.last - mention.first == 1):
        return False  # 3/4 of a cup; "we sat"
    if (
        not after
        or mention.words[mention.last].is_mark
        or not mention.before
        or mention.words[mention.first - 1].is_mark
    ):
        return True
    return after in _AFTER_ADVERB or is_past(after) or after in CONVERSATION


def _is_of_another_calendar(mention: Mention) -> bool:
    """Chinese New Year, Orthodox Easter: days that the calendar here does not know."""
    return mention.reading.kind == "holiday" and mention.before in _OTHER_CALENDARS


_OTHER_CALENDARS = word_set("lunar chinese jewish islamic persian orthodox greek korean vietnamese thai tamil coptic")


# ---------------------------------------------------------------- the clause it stands in
def _is_topic(mention: Mention) -> bool:
    """What was said is about the time: "what did I say about last week"; not "what did we talk about last week"."""
    if mention.before not in ABOUT or mention.is_measure:
        return False
    texts = mention.texts[:-1]
    asked = any(a == "what" and b in ("did", "have", "had", "do", "would") for a, b in pairwise(texts))
    return (asked or texts[-1:] in (["anything"], ["something"])) and texts[-1] in _OBJECTS


def _is_in_relative_clause(mention: Mention) -> bool:
    """The time says when something else was done: "what did I say about the car *I bought last year*"."""
    about = max((at for at, text in enumerate(mention.texts) if text in ABOUT), default=0)
    if not about or not SAYING & set(mention.texts[:about]):
        return False
    for at in range(about + 1, mention.first - 1):
        if mention.text(at) in SUBJECT and mention.text(at - 1) not in ("when", "while", "as"):
            verbs = set(mention.texts[at + 1 :]) - FUNCTION
            return bool(verbs) and not SAYING & verbs
    return False


_CUES: tuple[Callable[[Mention], bool], ...] = (
    _is_titled,
    _qualifies_noun,
    _is_of_another_calendar,
    _is_misplaced,
    _is_topic,
    _is_in_relative_clause,
    _is_statement,
)
