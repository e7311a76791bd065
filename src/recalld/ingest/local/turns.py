"""What was said, made ready for reading: turns of cleaned sentences with their speakers.

The bounds keep the work of one session small whatever its length. Of more than 1,000 messages the first and last 100
are read and 800 spread evenly between them; of a long message its beginning, so that at most 60,000 characters
(about 15,000 tokens) are read in all. Every message stays in the journal until the session is ingested, and facts are
extracted by their own reader: these bounds are those of the summary.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from recalld.ingest.local.worth import Sentence, read_sentence
from recalld.models.tokens import count_tokens, truncate_to_tokens
from recalld.values import Message

_MESSAGES = 1000  # read of one session
_ENDS = 100  # of them at either end: what it was about, and how it came out
_CHARACTERS = 60_000  # read of one session; 40 messages of 150 characters are 6,000
_NAME = 40  # characters of a speaker's name
_NAMES = 8  # speakers whose names are recognised in the text

_PIECE = 24  # tokens of a clause that stands for itself; a point has 30 with its label

_LABELS = {"user": "User", "assistant": "Assistant", "system": "System", "tool": "Tool"}
_HEARD = ("user", "assistant")  # instructions and tool output are not what was said

_ABBREVIATED = "".join(
    rf"(?<!\b{short}\.)" for short in ("Dr", "Mr", "Mrs", "Ms", "Prof", "St", "Nr", "vs", "e.g", "i.e")
)
_SENTENCE_END = re.compile(rf"(?<=[.!?…]){_ABBREVIATED}[\"'”’)\]]*\s+|(?<=[。！？])|\s*\n+\s*")
_CLAUSE = re.compile(r"(?<=[,;:–—])\s+|\s+(?=(?:and|but|so|because|which|where|while|although|or)\s)|\s*-+\s+")
_STEP = re.compile(r"\S.{0,160}(?=\s|$)|\S{1,60}")
_BLANKS = re.compile(r"\s+")
_QUOTED_LINE = re.compile(r"^[ \t]*>.*$", re.MULTILINE)  # an e-mail that is answered: material, said by somebody else
_OPENERS = (
    "hey|hi|hello|wow|whoa|yeah|yep|yup|yes|no|nope|nah|oh|ah|aww?|haha|lol|ok|okay|well|so|and|but|btw|by the way|"
    "thanks|thanks a lot|thank you|cool|nice|great|awesome|amazing|sure|absolutely|definitely|totally|exactly|of course|"
    "you know|i mean|honestly|man|dude|for sure|also|anyway|congrats|congratulations|right|true|same here|sounds good"
)
_ASSENT = re.compile(
    r"(?:yes|yeah|yep|yup|no|nope|nah|sure|of course|absolutely|definitely|exactly|totally|right|true)\b", re.IGNORECASE
)
_NOBODY = r"(?!)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One message as it is read."""

    speaker: str  # the name, or the role in words
    named: bool  # a person among persons: the message carries a name
    by_user: bool
    seq: int  # the message's place in the session
    sentences: tuple[Sentence, ...]
    asked: Sentence | None = None  # the question of another speaker that this turn answers
    closing: bool = False  # among the last turns, where people say good-bye


def read_turns(messages: Sequence[Message]) -> list[Turn]:
    """The turns of a session within the bounds, oldest first.

    They are what users and assistants said; of a session without either, whatever there is.
    """
    heard = [(seq, message) for seq, message in enumerate(messages) if message.role in _HEARD]
    read = _sample(heard or list(enumerate(messages)))
    names = _Names(message.name for _, message in read)
    share = _CHARACTERS // max(len(read), 1)
    turns: list[Turn] = []
    for place, (seq, message) in enumerate(read):
        asked = _question(turns[-1], speaker_of(message)) if turns else None
        turns.append(
            Turn(
                speaker=speaker_of(message),
                named=bool(message.name),
                by_user=message.role == "user",
                seq=seq,
                sentences=tuple(_sentences(message.content[:share], names, answers=asked is not None)),
                asked=asked,
                closing=len(read) > 8 and place >= len(read) - 3,
            )
        )
    return turns


def speaker_of(message: Message) -> str:
    """How the speaker is called in a summary."""
    return _BLANKS.sub(" ", message.name or "").strip()[:_NAME] or _LABELS[message.role]


def _sample(messages: list[tuple[int, Message]]) -> list[tuple[int, Message]]:
    """All messages, or of a very long session both ends and an even choice of the middle."""
    if len(messages) <= _MESSAGES:
        return messages
    middle = messages[_ENDS:-_ENDS]
    wanted = _MESSAGES - 2 * _ENDS
    return messages[:_ENDS] + [middle[i * len(middle) // wanted] for i in range(wanted)] + messages[-_ENDS:]


def _question(turn: Turn, speaker: str) -> Sentence | None:
    """The question at the end of *turn*, when somebody else asked it."""
    if turn.speaker == speaker or not turn.sentences:
        return None
    return turn.sentences[-1] if turn.sentences[-1].is_question else None


def _sentences(content: str, names: _Names, *, answers: bool) -> Iterable[Sentence]:
    """The sentences of a message, long ones clause by clause; *answers* leaves a bare "yes" in place."""
    for part in _SENTENCE_END.split(_QUOTED_LINE.sub("", content)):
        plain = _BLANKS.sub(" ", part or "").strip()
        text = names.without_address(plain) or (plain if answers and _ASSENT.match(plain) else "")
        for place, piece in enumerate(_pieces(text)):
            yield read_sentence(piece, names.words, continues=place > 0)


def _pieces(text: str) -> Iterator[str]:
    """*text* itself when it is short, else its parts joined up to `_PIECE` tokens."""
    if count_tokens(text) <= _PIECE:
        yield from [text] if text else []
        return
    joined = ""
    for part in _parts(text):
        if joined and count_tokens(f"{joined} {part}") > _PIECE:
            yield joined
            joined = ""
        joined = f"{joined} {part}".strip()
    yield joined


def _parts(text: str) -> Iterator[str]:
    """The clauses of *text*; one that is too long is cut between words, in steps that keep the work linear."""
    for clause in _CLAUSE.split(text):
        for step in _STEP.findall(clause):
            rest = step.strip()
            while rest:
                head = cut_at_word(rest, _PIECE)
                yield head
                rest = rest[len(head) :].strip()


def cut_at_word(text: str, tokens: int) -> str:
    """The beginning of *text* within *tokens*, cut between two words where that leaves at least half of it."""
    head = truncate_to_tokens(text, tokens)
    space = head.rfind(" ")
    return head if len(head) == len(text) or space < len(head) // 2 else head[:space]


class _Names:
    """The speakers' names: they open and close what people say to each other and tell nothing there."""

    def __init__(self, names: Iterable[str | None]) -> None:
        known = sorted({_BLANKS.sub(" ", name).strip()[:_NAME] for name in names if name and name.strip()})[:_NAMES]
        anyone = "|".join(re.escape(name) for name in known) or _NOBODY
        self.words = frozenset(word for name in known for word in name.casefold().split())
        self._opening = re.compile(
            rf"(?:(?:{_OPENERS})(?:\s+(?:there|all|{anyone}))?\s*[,!.…:–-]+\s*|(?:{anyone})\s*[,!.]\s*)+", re.IGNORECASE
        )
        self._closing = re.compile(rf"\s*,\s*(?:{anyone})(?=[.!?]*$)", re.IGNORECASE)

    def without_address(self, text: str) -> str:
        """*text* without interjections and forms of address at its ends, which tell nothing."""
        opening = self._opening.match(text)
        rest = self._closing.sub("", text[opening.end() :] if opening else text).strip()
        return rest[:1].upper() + rest[1:] if opening else rest
