"""Facts that take two to say: a short answer to the assistant's question, a "yes" to the assistant's statement.

What the assistant says is never a fact by itself. Confirmed, its sentence is turned into the first person and read by the
same rows; the quote is the assistant's sentence, for that is where the value stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from recalld.ingest.local.facts import profile
from recalld.ingest.local.facts.findings import Finding, Reader
from recalld.ingest.local.facts.kinds import kind
from recalld.ingest.local.facts.pattern import Pattern
from recalld.ingest.local.facts.sentences import Sentence, lower, split
from recalld.layers.facts.attributes import RELATIONS


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the assistant and what a short answer to it gives."""

    pattern: Pattern
    attribute: str
    kind: str


def _ask(pattern: str, slot: str) -> Question:
    attribute, _, kind_name = slot.partition(":")
    return Question(Pattern(pattern), attribute, kind_name)


QUESTIONS = (
    _ask("where .. you|u .. live|living|based|located|staying|reside|call_home", "home_city:place"),
    _ask("which|what city|town|place|part_of_the_world .. you|live", "home_city:place"),
    _ask("where .. you from", "home_city:place"),
    _ask("what|which country .. you", "home_country:place"),
    _ask("what's|what_is|whats|which_is|may_i_have|can_i_have|could_i_have|tell_me your .. full? name", "name:name"),
    _ask("who am_i|do_i|'s .. talking|speaking|pleasure|chatting", "name:name"),
    _ask("what|how should|shall|may|can|do i|we call|address you", "name:name"),
    _ask("what|which name should|shall|goes|do|can|is|stands|belongs", "name:name"),
    _ask("who|whom should|shall|do|can i|we put|write|list|name|enter", "name:fullname"),
    _ask(
        "name on|for the|your booking|reservation|account|card|order|ticket|invoice|form|badge|certificate", "name:name"
    ),
    _ask("under what|which name", "name:name"),
    _ask("how_old are|r you", "age:age"),
    _ask("what's|what_is your age", "age:age"),
    _ask("when is|'s your birthday", "birthday:date"),
    _ask("what's|what_is your birthday|date_of_birth|birth_date", "birthday:date"),
    _ask("what .. you do for_a_living|for_work|professionally|for_a_job|in_life", "job_title:occupation"),
    _ask("what's|what_is your job|profession|occupation|role|line_of_work|position|job_title", "job_title:occupation"),
    _ask("what do_you_do", "job_title:occupation"),
    _ask("where|who|which_company .. you work|working|employed", "employer:org"),
    _ask("which|what company|employer|firm", "employer:org"),
    _ask("what|which|any|have .. allergies|allergic|allergy", "allergy:allergens"),
    _ask("allergies|allergic|allergy", "allergy:allergen+"),
    _ask("pets|pet|animals .. have|you|own|at_home", "pet:animals"),
    _ask("any|have|got|own .. pets|pet|animals", "pet:animals"),
    _ask("dietary|diet|eat", "diet:diet"),
    _ask("languages|language .. you .. speak", "language:language+"),
    _ask("which|what language .. reply|answer|use|prefer|write|respond", "preferred_language:language!"),
    _ask("operating_system|os|platform .. you|on", "operating_system:os"),
    _ask("which|what editor|ide", "editor:editor"),
    _ask("which|what browser", "browser:browser"),
    _ask("which|what programming|coding? language", "programming_language:programming+"),
    _ask("which|what car|vehicle .. you", ":vehicle"),
    _ask("what .. you drive", ":vehicle"),
    _ask("which|what plan|tier|subscription .. you", "plan:plan"),
    _ask("which|what timezone|time_zone", "timezone:zone"),
    _ask("what's|what_is your timezone|time_zone", "timezone:zone"),
    _ask("how_many kids|children .. you", "child:children"),
    _ask("have|any kids|children", "child:children"),
    _ask("your wife's|husband's|partner's name", "partner_name:name"),
    _ask("what's|what_is|is_the|how_much .. budget", "budget:budget"),
    _ask("how_much .. spend|pay", "budget:budget"),
    _ask("shoe size", "shoe_size:shoesize"),
    _ask("what|which size", "clothing_size:size"),
    _ask("how_tall are you", "height:length"),
    _ask("blood_type|blood_group", "blood_type:blood"),
    _ask("what|which instrument|instruments .. you", "instrument:instrument+"),
    _ask("hobbies|hobby|free_time|spare_time|for_fun", "hobby:activities"),
    _ask("what|which time|slot .. suit|suits|work|works|prefer|best|you|later", "preferred_meeting_time:clocktime"),
    _ask("when .. would|is|works|suits|do .. prefer|best|suit|meet", "preferred_meeting_time:clocktime"),
    _ask("later slot|time|start", "preferred_meeting_time:clocktime"),
    _ask("when .. deadline|due", "deadline:datetime"),
    _ask("when .. exam|test", "exam_date:date"),
    _ask("your pronouns", "pronouns:pronouns"),
    _ask("e-mail|email .. address|at|reach|send", "email:email"),
    _ask("phone|number|reach .. number|you|at", "phone_number:phone"),
    _ask("what|which gym", "gym:firm"),
    _ask("which|what bank", "bank:proper"),
    _ask("what|which units", "unit_preference:unit!"),
    _ask("metric .. imperial", "unit_preference:unit!"),
    _ask("what|which are? .. you .. studying|study|major", "education:subject"),
    _ask("what are_you .. learning", "learning_language:language!"),
    _ask("favourite|favorite cuisine", "favorite_cuisine:cuisine"),
    _ask("your favourite|favorite colour|color", "favorite_color:colour"),
    _ask("how_would|what|which .. you .. coffee", "favorite_coffee:coffee"),
    _ask("how .. you .. take .. coffee", "favorite_coffee:coffeestyle"),
    _ask("which|what team|department", "team:thing"),
    _ask("what's|what_is your goal|aim|target", "goal:goal"),
    _ask("occupation|profession|job_title|job|your_job $", "job_title:occupation"),
    _ask("employer|workplace|place_of_work|company_name $", "employer:org"),
    _ask("city|town|place_of_residence|city_of_residence|residence $", "home_city:place"),
    _ask("date_of_birth|birthdate|birthday $", "birthday:date"),
    _ask("passport_number|passport_no|passport $", "passport_number:docnumber"),
    _ask("nationality|citizenship $", "nationality:nationality!"),
)
_FAVOURITE = re.compile(
    r"\bwhat(?:'s|s| is| are) your (?:all-time |absolute )?favou?rite (?P<noun>[\w -]{3,25}?)\s*(?:\?|$|these|right|of|at|for|to)"
)

_LEADING = re.compile(
    r"^(?:(?:oh|well|um+|uh+|hm+|ha(?:ha)*|lol|sure|it's|its|it is|i'm|im|i am|we're|that would be|that'd be|just|"
    r"probably|mostly|currently|yes|yep|yeah|yup|ok|okay|easy|good question|"
    r"in|at|on|a|an|the|my|for|near|still|i have|i've got|i use|i drive|i speak|i take|i'd say|definitely|ideally|"
    r"please|no|nope|nah|only|some|around|about|sorry|i meant|i mean)[,:!.]*\s+)+",
    re.IGNORECASE,
)  # fmt: skip
_YES = re.compile(
    r"^(?:(?:ha(?:ha)*|lol|oh|ah|well|um|ooh|wow)[,!.\s]+)*(?:yes|yep|yeah|yea|yup|ya|correct|exactly|right|"
    r"that's right|thats right|that's correct|that is right|true|indeed|spot on|absolutely|"
    r"i am|i do|i have|you got it|precisely|bingo|confirmed|of course|aye|affirmative|100%|totally|still true|"
    r"still the case|guilty|you're right|sure am|sure do|always|definitely|good memory|well "
    r"remembered)\b(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_NO = re.compile(
    r"^(?:(?:ha(?:ha)*|lol|oh|ah|well|um)[,!.\s]+)*(?:no|nope|nah|not any ?more|not anymore|wrong|incorrect|not "
    r"really|no longer)\b[,.:!\s-]*(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_MEANT = re.compile(
    r"^(?:(?:ha(?:ha)*|lol|oh|ah|well|um|sorry|oops|whoops|wait|actually)[,!.\s]+)*(?P<rest>i mean(?:t)?\b.*)",
    re.IGNORECASE | re.DOTALL,
)
_SLIP = re.compile(r"\bi meant?\b")
_NOT_THAT = re.compile(r",? (?:and )?not \w")
_BUT = re.compile(r"\b(?:but|except|not|no|isn't|wasn't|don't|wrong|actually|though|although)\b", re.IGNORECASE)
_OFFER = re.compile(
    r"\b(?:shall|should|may|can|could|would|do you (?:want|need|prefer|mind)|want me|would you like|like me|need help|is it ok)\b"
)
_CLAIM = re.compile(
    r"^(?:(?:from|according to|based on|going by|judging by|per) [^,.]{2,50}, )?(?:.{0,40}?\b(?:looks like|look like|sounds like|"
    r"(?:looks?|sounds?|seems?) as (?:though|if)|seems? (?:like|that|to me)|appears? that|assum(?:e|ing)|"
    r"take it|gather|believe|think|guess|noted?:?|understand|see that|remember(?: that)?|recall|mentioned|"
    r"said|told me|check|confirm|as far as i know|correctly|notes say|records say|right in thinking|understood)[,"
    r":]?\s+(?:that\s+|earlier\s+)?)?"
    r"(?=(?:so\s+|then\s+|and\s+|still\s+)?(?:you|your|are you|do you|have you|is your|did you|were you)\b)"
)
_DOWN_AS = re.compile(r".{0,40}\b(?:have|had|got|noted|listed|put) you (?:down )?as\s+")
_TAIL = re.compile(
    r"(?:[,;.]?\s*(?:right|correct|is that (?:right|correct|still right|true)|isn't it|aren't you|don't you|"
    r"haven't you|yes|no|still (?:true|right|correct)|as before|or not|am i right|did i get that right|"
    r"true))?\s*[?.!]*$"
)
_PERSONS = (
    (r"\bare you\b", "i am"),
    (r"\bdo you\b", "i"),
    (r"\bhave you\b", "i have"),
    (r"\bdid you\b", "i"),
    (r"\bis your\b", "my"),
    (r"\byou are\b", "i am"),
    (r"\byou're\b", "i'm"),
    (r"\byou've\b", "i've"),
    (r"\byou have\b", "i have"),
    (r"\byou'd\b", "i'd"),
    (r"\byour\b", "my"),
    (r"\byours\b", "mine"),
    (r"\byourself\b", "myself"),
    (r"\byou\b", "i"),
)


def answered(question: str, answer: Sentence, reader: Reader) -> Iterator[Finding]:
    """What *answer* gives as a short answer to the last question in the assistant's message *question*."""
    asked = _last_question(question)
    text = _bare_answer(answer)
    if not asked or not text or _OF_ANOTHER.search(asked) or _TELLS_OF_ANOTHER.match(answer.low):
        return
    for candidate in QUESTIONS:
        if candidate.pattern.regex.search(asked):
            found = list(_readings(candidate.attribute, candidate.kind, text, answer, reader))
            if found:
                yield from found
                return
    favourite = _FAVOURITE.search(asked)
    if favourite:
        yield from _readings(f"favorite_{favourite.group('noun')}", "favoured", text, answer, reader)


_PERSON = "|".join(sorted(RELATIONS - {"boss", "manager"}, key=len, reverse=True))
_OF_ANOTHER = re.compile(
    rf"\b(?:{_PERSON})s?'s?\s+(?!names?\b)|"  # "where is your sister's flat?"
    rf"\b(?:your|the|her|his|their) (?!(?:wife|husband|partner)\b)(?:[\w-]+ )?(?:{_PERSON}|dog|cat|puppy|kitten|horse|bird|pet)'s names?\b|"
    rf"\b(?:is|are|was|does|do|did|has|have|can|will) (?:he|she|they|his|her|their|(?:your|the) (?:[\w-]+ )?(?:{_PERSON}))\b|"
    r"\bhow old (?:is|are|was) (?!you\b)|\b(?:his|her|their) (?:age|name|birthday|size|job)\b"
)
_TELLS_OF_ANOTHER = re.compile(
    rf"^(?:\W|(?:oh|well|no|nope|nah|haha|lol|actually|just|not me|it'?s|its|that'?s|that is|it is|they're|he's|she's|for)\b)*"
    rf"(?:(?:my|our|the) (?:[\w'-]+ )?(?:{_PERSON})(?:'s|s)?\b|"
    r"(?:the|an?|some) (?:[\w'-]+ )?(?:character|detective|hero|heroine|guy|man|woman|girl|boy|person|people|lady|bloke)s?\b|"
    r"(?:he|she|they|his|her|their)\b)"
)
"""An answer that says somebody else is meant: "it's my brother", "the woman in the film", "she does"."""


def says_yes(reply: Sentence) -> bool:
    """True when *reply* confirms what the assistant said, without a "but"."""
    yes = _YES.match(reply.low)
    return yes is not None and not _BUT.search(yes.group("rest")[:60])


def confirmed(claim: str, seq: int, reply: Sentence, reader: Reader) -> Iterator[Finding]:
    """What the user says yes to: the statements about the user in the assistant's message *claim*."""
    if not says_yes(reply):
        return
    for finding in _claims(claim, seq, reader):
        yield replace(finding, origin="confirmed", confidence=0.85)


_HALF = re.compile(
    r"(?:^|(?<=[,;.!])\s*)(?P<what>[\w' -]{2,30}?),?\s+(?P<how>yes|yep|yeah|right|correct|no|nope|wrong)\b(?=[!.,;\s]|$)",
    re.IGNORECASE,
)


def half_confirmed(claim: str, seq: int, replies: Sequence[Sentence], reader: Reader) -> Iterator[Finding]:
    """What the user grants of a statement, and what they put right: "vegetarian yes, five no! Four."."""
    reply = replies[0]
    halves = list(_HALF.finditer(reply.low))
    claims = list(_claims(claim, seq, reader)) if halves else []
    for half in halves:
        about = [f for f in claims if half.group("what").strip() in f.value.casefold()]
        if half.group("how").casefold()[0] not in "nw":
            yield from (replace(finding, origin="confirmed", confidence=0.85) for finding in about)
        elif about and about[0].kind:
            rest = reply.text[half.end() :].lstrip(" ,;.!")
            answer = reply if rest or len(replies) == 1 else replies[1]
            yield from _readings(about[0].attribute, about[0].kind, rest or answer.text, answer, reader)


def denied(claim: str, seq: int, reply: Sentence, reader: Reader) -> Iterator[Finding]:
    """What the user says no to: "still at Acme?" – "no" ends it, "you live in Bonn?" – "no, Cologne" takes its place.

    "No, I meant Cologne" puts it right: what the assistant had understood was never so.
    """
    no = _NO.match(reply.low) or _MEANT.match(reply.low)
    if not no:
        return
    slip = _SLIP.search(reply.low) is not None
    claims = list(_claims(claim, seq, reader))
    named = [finding for finding in claims if finding.value.casefold() in reply.low]
    for finding in named if named or (slip and _NOT_THAT.search(reply.low)) else claims:
        if re.search(r"\bstill\b", finding.sentence.low) and finding.kind and not slip:
            yield replace(_at(finding, reply), act="retract", replaces=finding.value)
        offset = no.start("rest")
        text = _LEADING.sub("", reply.text[offset:], count=1)
        text = re.split(r"\s(?:who|that|which|but|though)\s|[,;]", text, maxsplit=1)[0]
        if finding.kind and text and len(text.split()) <= 4:
            right = _readings(finding.attribute, finding.kind, text, reply, reader)
            yield from (_in_place_of(finding, other, slip=slip) for other in right)
            return


def _in_place_of(claimed: Finding, right: Finding, *, slip: bool) -> Finding:
    """*right* with the value that it takes the place of, when it is one of the same attribute."""
    if (right.attribute, right.value.casefold()) == (claimed.attribute, claimed.value.casefold()):
        return right
    if right.attribute != claimed.attribute:
        return right
    return replace(right, act="correct" if slip else "state", replaces=claimed.value)


def _claims(claim: str, seq: int, reader: Reader) -> Iterator[Finding]:
    said = list(split(claim, claim, seq))
    found = [
        finding
        for sentence in said
        if (turned := _first_person(sentence) or _bare_guess(sentence))
        for finding in reader.findings(turned)
    ]
    yield from found
    if not found and said and said[-1].question:
        yield from profile.enumerated(replace(said[-1], text=said[-1].text.rstrip("? ")), reader)


def _first_person(sentence: Sentence) -> Sentence | None:
    """The assistant's statement about the user in the user's own words; `None` for an offer or a question of another kind."""
    low = sentence.low
    if _DOWN_AS.match(low):
        text = "i'm " + _DOWN_AS.sub("", sentence.text, count=1)
    elif (head := _CLAIM.match(low)) and not (_OFFER.search(low, head.end(), end := _claim_end(low, head.end()))):
        text = sentence.text[head.end() : end]
    else:
        return None
    text = _TAIL.sub("", text)
    for pattern, replacement in _PERSONS:
        text = re.sub(pattern, replacement, text, flags=re.IGNORECASE)
    return replace(sentence, text=text, low=lower(text))


_OFFER_BEGINS = re.compile(
    r"\s*(?:;|,|\s-)\s*(?:so |and )?(?=(?:shall|should|may|can|could|want me|would you|do you want)\b)"
)


def _claim_end(low: str, start: int) -> int:
    """Where a claim ends and an offer begins: "you quote in euros; shall I …"."""
    offer = _OFFER_BEGINS.search(low, start)
    return offer.start() if offer else len(low)


_GUESS = re.compile(
    r"^(?:so|ah|oh|then|right|ok|okay)\b[,:]?\s+(?=(?:an?|some(?:one|body))\s)(?P<rest>.{4,80})\?$", re.IGNORECASE
)
_WHO = re.compile(r"\bwho (?:mostly |mainly |only |usually |always )?(?P<verb>[a-z]+?)s\b")


def _bare_guess(sentence: Sentence) -> Sentence | None:
    """A guess without "you" ("So, a vegetarian family of five?") in the user's words."""
    guess = _GUESS.match(sentence.text)
    if guess is None or _OFFER.search(sentence.low):
        return None
    text = _WHO.sub(lambda who: f"and i {who.group('verb')}", f"i'm {guess.group('rest')}")
    return replace(sentence, text=text, low=lower(text))


def _last_question(text: str) -> str:
    questions = re.findall(r"[^.!?\n]*\?", lower(text))
    return questions[-1].strip() if questions else ""


def _bare_answer(answer: Sentence) -> str:
    """The words of a short answer without "it's", "in", "just a"; empty for a question or a long message."""
    text = answer.text.partition(",")[0] if answer.question and "," in answer.text else answer.text
    if text.endswith("?") or len(text.split()) > 14 or _EVASIVE.match(text):
        return ""
    return _LEADING.sub("", text, count=1)


_EVASIVE = re.compile(
    r"(?:no (?:idea|clue|thanks|thank you|comment|need|worries|problem)|none of|not (?:telling|sure|really|"
    r"saying)|i don'?t know|dunno|guess|secret)\b",
    re.IGNORECASE,
)


def _readings(attribute: str, kind_name: str, text: str, answer: Sentence, reader: Reader) -> Iterator[Finding]:
    for reading in kind(kind_name)(text, reader.cased):
        place = answer.text.find(reading.value.split()[0])
        yield Finding(
            attribute=reading.attribute or attribute, value=reading.value, sentence=answer, place=max(place, 0),
            end=max(place, 0) + len(reading.value), kind=kind_name, confidence=0.85,
        )  # fmt: skip


def _at(finding: Finding, sentence: Sentence) -> Finding:
    return replace(finding, sentence=sentence, place=0, end=len(sentence.text))


def turns(roles: Sequence[str]) -> Iterator[tuple[int, int | None]]:
    """Every user message with the assistant's message right before it, if there is one."""
    for seq, role in enumerate(roles):
        if role == "user":
            yield seq, seq - 1 if seq and roles[seq - 1] == "assistant" else None
