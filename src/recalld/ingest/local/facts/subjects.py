"""Whom a sentence is about, where marked words alone do not tell: the user, somebody else, or nobody that there is."""

from __future__ import annotations

import re
from collections.abc import Sequence

from recalld.ingest.local.facts.lexicon import words
from recalld.ingest.local.facts.sentences import Sentence
from recalld.layers.facts.attributes import RELATIONS

_OTHERS = re.compile(
    r"(?:(?:and|but|so|well|oh|yeah|lol)\W+)*(?:he|she|they|his|her|their|(?:my|the|our) (?P<who>\w+(?: \w+)?))\b"
)
_FIRST_PERSON = re.compile(r"\b(?:i|i'm|im|i've|ive|i'd|i'll|me|my|mine|we|we're|we've|us|our|ours)\b")
_OF_RELATIONS = (
    "partner_name",
    "child",
    "sibling",
    "parent",
    "grandchild",
    "pet",
    "friend",
    "flatmate",
    "manager",
    "relationship_status",
)
_ACQUAINTANCES = words(
    """
    colleague coworker neighbor neighbour student client customer patient coach tenant landlord landlady hairdresser mentor teacher
    therapist doctor dentist nanny babysitter teammate classmate assistant intern lodger
    """
)  # who is nobody's child, partner or friend by that
_INVENTED = re.compile(
    r"\b(?:plot|hero|heroine|narrator|protagonist|character|chapter|opening|"
    r"(?:first|last|opening|closing) (?:line|sentence|scene|paragraph))s? (?:of|in|for) (?:my|our|the|a) "
    r"(?:\w+ )?(?:novel|story|book|script|screenplay|play|game|song|film|movie|comic|sketch)"
)
_MINDED = re.compile(
    r"\b(?:kids?|children|child|boys?|girls?|bab(?:y|ies)|twins|toddlers?|dogs?|cats?|horses?) (?:that |who |whom )?(?:i|we) "
    r"(?:babysit|look after|mind|nanny|teach|coach|walk|sit|tutor|foster)"
)
_THEIRS = re.compile(r"\b(?:my|our|the) \w+ and (?:his|her|their) ")  # "my barber and his dog, Otto"
_NAMED = re.compile(
    r"[A-Z][\w'-]+(?: [A-Z][\w'-]+)+, .*\b(?:called|rang|phoned|wrote|e-?mailed|texted|says?|said|asks?|asked|wants?|wanted|told|"
    r"sent|came|is|was|has|had|will|signed|invited)\b"
)  # "Hedda Moen, engineer at Varde, called twice"


_BY_NAME = re.compile(
    r"(?:^|[,;:!?.] |\b(?:and|but|while|whereas) )(?!(?:I|My|Mine|We|Our|Work|Home|This|That|It|There|What|Who|Which|One|Diet|Age|Job)\b)"
    r"[A-Z][\w'-]+ (?:is|was|isn't|has|hasn't|can't|doesn't) (?:[\w'-]+ ){0,3}$"
)  # "Tobias is allergic to "
_OF_ONESELF = words(
    "allergy intolerance diet health_condition medication age job_title occupation employer smoking alcohol"
)
_INTRODUCED = re.compile(r"^[A-Z][\w'-]+ [A-Z][\w'-]+, ")
_PERSON = re.compile(r"^(?:he|she)\b|^(?:is|was|does|did|has|can) (?:he|she)\b")
_SOMEBODY = rf"(?:{'|'.join(sorted(RELATIONS | _ACQUAINTANCES, key=len, reverse=True))})s?"
_ASKED_OF = re.compile(rf"\b(?:does|do|did|is|are|was|has|have) your (?:[\w-]+ ){{0,2}}?{_SOMEBODY}\b[^?]*\?\W*$")
_MADE_FOR = re.compile(rf"\bfor (?:my|our) (?:[\w-]+ )?{_SOMEBODY}: ")  # "a list of pills for my dad: "
_SOMEBODYS = re.compile(rf"\b(?:my|our) (?:[\w-]+ )?{_SOMEBODY}['’]s? (?:[\w-]+ )?$")
_WHERE = re.compile(r"\b(?:in|near|(?:leaves?|left|leaving) for|(?:off|moved|moving|goes|going|went) to) $")
_MOCKED = re.compile(r"^my (?:passion|calling|life's (?:dream|work|goal))\W*$")


def said_of_another(sentence: Sentence, place: int, attribute: str) -> bool:
    """True when a person by name is what the words at *place* are said of, or somebody whose they are, or for whom a list is made.

    "Tobias is allergic to sesame", "my dad's warfarin", "a list of pills for my dad: metformin". Nor is a place a person: "our grandson
    leaves for Uppsala".
    """
    before = sentence.low[:place]
    if attribute in _OF_ONESELF and (_BY_NAME.search(sentence.text[:place]) or _SOMEBODYS.search(before)):
        return True
    if attribute in _OF_RELATIONS and _WHERE.search(before):
        return True
    made = _MADE_FOR.search(before)
    return made is not None and _FIRST_PERSON.search(sentence.low, made.end()) is None


def asked_of_another(message: str) -> bool:
    """True when the assistant's *message* ends in a question about somebody close to the user: "where does your brother live?"."""
    return _ASKED_OF.search(message.casefold()) is not None


def taken_up_as_another(sentence: Sentence, following: Sentence) -> bool:
    """True when *following* speaks of whom *sentence* names as somebody else, or mocks what it says.

    "Hedda Moen, curator at Tate. Is she any good?"; "Yes, ironing. My passion."
    """
    if in_first_person(sentence):
        return False
    another = _INTRODUCED.match(sentence.text) and _PERSON.search(following.low)
    return bool(another or _MOCKED.match(following.low))


_PUT = re.compile(
    r"\b(?:move|save|copy|copie|drag|upload|export|paste|put|drop)(?:d|ed|ged|ped|s|ing)? (?:the|this|that|it|a|an|those|these|all)\b"
    r"(?: \w+){0,3}? (?:to|into|in|on|onto) "
)


def put_somewhere(sentence: Sentence, place: int) -> bool:
    """True when *place* tells where the user has put something: "I moved the file to Documents"."""
    return any(match.end() == place for match in _PUT.finditer(sentence.low))


_ASSISTANT_DID = re.compile(
    r"^(?:(?:and|but|so|hey|no|wait|ah|oh),? )*you (?:(?:just|again|always|still|now|keep|kept) )*"
    r"(?:slipp|lapp?s|drift|us|wr|g[ai]v|sen[dt]|answer|repl|put|made|mak|forg[oe]t|switch|default|mix|convert|went|go|fell|said|say|suggest|"
    r"quot|spell)\w*\b"
    r"|.*\b(?:stop|quit|don'?t|do not|never) (?:call|greet|address|nam|titl|sign)\w* me (?:as |by )?$"
)


def done_by_the_assistant(before: str) -> bool:
    """True when the words *before* a place, of its clause, say what the assistant did or is to leave off.

    "You slipped into Celsius again", "stop calling me Prof".
    """
    return _ASSISTANT_DID.match(f"{before} ") is not None


def invented(sentences: Sequence[Sentence]) -> bool:
    """True when a message is about a story that its writer makes up."""
    return any(_INVENTED.search(sentence.low) for sentence in sentences)


def in_first_person(sentence: Sentence) -> bool:
    """True when the user occurs in it."""
    return _FIRST_PERSON.search(sentence.low) is not None


def about_others(sentence: Sentence, attribute: str) -> bool:
    """True when somebody else is the subject and the user does not occur: "my sister is allergic to nuts"."""
    if _NAMED.match(sentence.text):
        return True
    if attribute in _OF_RELATIONS and (_MINDED.search(sentence.low) or _THEIRS.search(sentence.low)):
        return True
    subject = _OTHERS.match(sentence.low)
    if subject is None or _FIRST_PERSON.search(sentence.low, subject.end()):
        return False
    who = subject.group("who")
    if who is None:
        return True
    related = RELATIONS if attribute not in _OF_RELATIONS else _ACQUAINTANCES
    return not related.isdisjoint(who.split())
