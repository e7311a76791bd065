"""Sessions with nothing to remember, recognised without a model: greetings, and questions and orders that say nothing of the user.

Built to be wrong in one direction only. Every clause of every message of the user has to be of a harmless kind, in English; one word
in the first person, one relative, one sign of a lasting state ("still", "again", "instead") and the session goes to the model. So
does anything in another language, and everything long.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from recalld.layers.facts.attributes import RELATIONS
from recalld.values import Message

_LONGEST = 300  # characters of a message; a longer one carries material
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_CLAUSE_END = re.compile(r"(?<=[.!?;:])\s+|\n+|\s+[-–—]\s+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FIRST_PERSON = _words("i i'm i've i'd i'll im ive my mine me myself we we're we've we'd we'll our ours us ourselves")
_LASTING = _words(
    """
    again still anymore always never usually already finally instead since until now today remember forget prefer
    favorite favourite love like hate allergic vegan vegetarian called named moved new old former actually sorry not no
    home house flat job work boss birthday family children wives husband dog cat pet
    """
)
_POLITE = re.compile(
    r"(?:(?:good (?:morning|afternoon|evening|night|day)|thank you|got it|i see|makes sense|sounds good|see (?:you|ya)|"
    r"that(?:['’]s| is) (?:it|all|great|perfect)|how are you(?: doing)?|what['’]s up|so much|a lot|very much|hi|hey|hello|hiya|yo|"
    r"morning|evening|thanks?|thx|ty|cheers|ok|okay|k|cool|great|perfect|nice|awesome|lovely|super|brilliant|good|fine|right|wow|"
    r"bye|goodbye|later|done|lol|haha|ha|please|pls|there|all|everyone)(?:[\s,.!?;:]+|$))+",
    re.IGNORECASE,
)
_SERVICE = re.compile(
    r"\b(?:(?:can|could|will|would) you (?:please )?(?:help|tell|give|show|explain to|send) me|(?:give|tell|show|send) me|let me know|"
    r"how (?:do|would|can|should) i|may i ask|can i ask|i (?:want|would like|'d like|need) to know|i have a (?:quick )?question)\b",
    re.IGNORECASE,
)
_LEAD = r"(?:(?:and|so|ok|okay|also|quick one|quick question|one more|then|or|please|pls|now)[,:]?\s+)*"
_QUESTION = re.compile(
    _LEAD
    + r"(?:(?:what|how|why|when|where|which|who|whose)\b|(?:is|are|was|were|does|do|did|can|could|should|would|will|has|have)\s+"
    r"(?:you|it|that|this|there|they|the|an?|any|these|those|people|one|some)\b)",
    re.IGNORECASE,
)
_ORDER = re.compile(
    _LEAD + r"(?:(?:can|could|would) you\s+(?:please\s+)?)?"
    r"(?:explain|define|translate|convert|calculate|compute|spell|summari[sz]e|list|compare|count|sort|number|rewrite|rephrase|"
    r"shorten|format|give|tell|show|write|find|solve|describe|continue|repeat|reverse|round)\s",
    re.IGNORECASE,
)


def nothing_to_remember(messages: Sequence[Message]) -> bool:
    """True when no message of the user can hold anything about the user. A session without such messages holds nothing either."""
    return all(
        _is_empty(message.content, messages[:place]) for place, message in enumerate(messages) if message.role == "user"
    )


def _is_empty(text: str, before: Sequence[Message]) -> bool:
    if len(text) > _LONGEST or not text.isascii():
        return False
    return all(_is_harmless(clause, before) for clause in _CLAUSE_END.split(text.strip()) if _WORD.search(clause))


def _is_harmless(clause: str, before: Sequence[Message]) -> bool:
    if _POLITE.fullmatch(clause.strip()):  # nothing but greetings, thanks and assent
        return not _was_asked(before)
    rest = _SERVICE.sub(" ", clause)
    words = {word.casefold().replace("’", "'") for word in _WORD.findall(rest)}
    relatives = RELATIONS & (words | {word.removesuffix("s") for word in words})
    if relatives or words & (_FIRST_PERSON | _LASTING):
        return False
    start = clause.strip()
    return bool(_SERVICE.match(start) or _QUESTION.match(start) or _ORDER.match(start))


def _was_asked(before: Sequence[Message]) -> bool:
    """True after a question of the assistant: "ok" may agree to something about the user."""
    last = next((message for message in reversed(before) if message.role != "tool"), None)
    return last is not None and last.role == "assistant" and "?" in last.content
