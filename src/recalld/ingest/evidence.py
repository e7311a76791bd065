"""What a model claims about the user, checked against what was said.

A claim becomes a candidate only if the words it quotes occur in a message that may speak for the user: one of the user's own, or one
of the assistant's that the user answered and the model marks as confirmed. Words that are only quoted or pasted there, or that follow
an order to the assistant, are nobody's own and vouch for nothing. A wrong message number is mended when the words are found
elsewhere; ids, owners and other fields a model may invent are not even read. The checks are deterministic, so no wording inside
a transcript gets around them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from recalld.border import clean_text
from recalld.ingest.local.facts.material import own_words
from recalld.ingest.local.facts.sentences import MASK
from recalld.ingest.reply import FactReply
from recalld.ingest.speakers import speakers
from recalld.layers.facts.attributes import Attributes, plain_name
from recalld.values import Candidate, Cardinality, EndedSession, Message, Origin

MOST_CANDIDATES = 40  # of one session
_LONGEST_VALUE = 200  # characters; a longer text is a story, not a value
_LONGEST_QUOTE = 500
_CONFIDENCE = {"stated": 1.0, "confirmed": 0.9, "inferred": 0.7}

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_MASKED = re.compile(f"{MASK}+")
_ELLIPSIS = re.compile(r"\.{3,}|…|\[\.\.\.\]")
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?(?:[T ].*)?")
_SECRET_NAMES = re.compile(
    r"(?:^|_)(?:password|passwort|passphrase|pin|cvv|cvc|api_key|secret|token|ssn|iban|card_number)s?(?:_|$)"
)
_ORDERS = re.compile(
    r"(?:ignore|disregard|override|bypass)\s+(?:\w+\s+){0,3}(?:instructions?|rules?|prompts?|guidelines?)|system prompt|developer mode|"
    r"jailbreak|\b(?:every|other) users?\b|</?\w[\w-]*>",
    re.IGNORECASE,
)


def candidates_of(facts: Sequence[FactReply], session: EndedSession, attributes: Attributes) -> tuple[Candidate, ...]:
    """The claims that hold, each once, in the order in which they were made."""
    words = [words_of(message.content) for message in session.messages]
    speech = _Speech(session)
    found: dict[tuple[str, str, str, int | None], Candidate] = {}
    for fact in facts:
        seq = find_quote(fact.quote, fact.message, speech, words, confirmed=fact.origin == "confirmed")
        candidate = None if seq is None else _candidate(fact, seq, session, words, attributes)
        if candidate is not None:
            key = (candidate.attribute, candidate.value.casefold(), candidate.act, candidate.message_seq)
            found.setdefault(key, candidate)
    return tuple(found.values())[:MOST_CANDIDATES]


# ---------------------------------------------------------------- quotes
def words_of(text: str) -> tuple[str, ...]:
    """The words of *text* for comparison: without case, punctuation and typographic variants."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return tuple(_WORD.findall(plain))


class _Speech:
    """The messages of a session by who may vouch with them, and the words of each that are its speaker's own."""

    def __init__(self, session: EndedSession) -> None:
        self._messages = session.messages
        self._users = speakers(session)
        self._own: dict[int, Sequence[tuple[str, ...]]] = {}

    def may_vouch(self, seq: int, *, confirmed: bool) -> bool:
        """The user's messages; an assistant's too where the user answered and is said to have agreed."""
        if self._users(self._messages[seq]):
            return True
        answered = any(map(self._users, self._messages[seq + 1 : seq + 2]))
        return confirmed and self._messages[seq].role == "assistant" and answered

    def own(self, seq: int) -> Sequence[tuple[str, ...]]:
        """The words of a message, parted where material stands between them."""
        if seq not in self._own:
            visible = own_words(self._messages[seq].content)
            self._own[seq] = [words_of(part) for part in _MASKED.split(visible)]
        return self._own[seq]


def find_quote(
    quote: str, claimed: int | None, speech: _Speech, words: Sequence[tuple[str, ...]], *, confirmed: bool
) -> int | None:
    """The place of the message that *quote* is from, the *claimed* one if it is; `None` when no message may vouch for it."""
    pieces = [piece for piece in map(words_of, _ELLIPSIS.split(quote[:_LONGEST_QUOTE])) if piece]
    if not pieces:
        return None
    order = [claimed] if claimed is not None and 0 <= claimed < len(words) else []
    for seq in (*order, *(seq for seq in range(len(words)) if seq != claimed)):
        said = speech.may_vouch(seq, confirmed=confirmed) and _says(words[seq], pieces)
        if said and _owns(speech.own(seq), pieces, confirmed=confirmed):
            return seq
    return None


def _owns(parts: Sequence[tuple[str, ...]], pieces: Sequence[tuple[str, ...]], *, confirmed: bool) -> bool:
    """True when one part of a message says the pieces. One word proves nothing unless it is an answer by itself."""
    if sum(map(len, pieces)) < 2 and not confirmed and list(parts) != [pieces[0]]:
        return False
    return any(_says(part, pieces) for part in parts)


def _says(message: tuple[str, ...], pieces: Sequence[tuple[str, ...]]) -> bool:
    """True when the pieces occur in the message, in this order."""
    place: int | None = 0
    for piece in pieces:
        place = _after(message, piece, place)
        if place is None:
            return False
    return True


def _after(message: tuple[str, ...], piece: tuple[str, ...], start: int) -> int | None:
    """The place behind the first occurrence of *piece* from *start* on."""
    for place in range(start, len(message) - len(piece) + 1):
        if message[place : place + len(piece)] == piece:
            return place + len(piece)
    return None


# ---------------------------------------------------------------- claims
def _candidate(
    fact: FactReply, seq: int, session: EndedSession, words: Sequence[tuple[str, ...]], attributes: Attributes
) -> Candidate | None:
    attribute, value = plain_name(fact.attribute[:100]), _line(fact.value)
    if not value or len(value) > _LONGEST_VALUE or _must_not_be_kept(attribute, value):
        return None
    said_at = session.messages[seq].at or session.ended_at
    zone = ZoneInfo(session.session.timezone)
    since, until = parse_day(fact.since, zone), parse_day(fact.until, zone)
    over = until is not None and until <= said_at
    origin = _origin(fact.origin, value, words[max(seq - 1, 0) : seq + 1])
    return Candidate(
        attribute=attribute,
        value=value,
        act="retract" if over and fact.act == "state" else fact.act,
        said_at=said_at,
        valid_from=since if since and not (until and since >= until) else None,
        valid_to=None if over else until,
        cardinality=_cardinality(fact.many, attribute, attributes),
        replaces=_line(fact.replaces)[:_LONGEST_VALUE] or None,
        origin=origin,
        confidence=_CONFIDENCE[origin],
        quote=_line(fact.quote)[:_LONGEST_QUOTE],
        message_seq=seq,
    )


def _line(text: str) -> str:
    """*text* on one line, without what PostgreSQL cannot store."""
    return " ".join(clean_text(text).split())


def _must_not_be_kept(attribute: str, value: str) -> bool:
    """Secrets, and orders to the assistant or to the memory that pose as facts."""
    return bool(_SECRET_NAMES.search(attribute) or _ORDERS.search(value) or _is_card_number(value))


def _is_card_number(value: str) -> bool:
    """True for 13 to 19 digits whose last one is the right check digit, by Luhn's rule."""
    digits = [int(character) for character in re.sub(r"[ -]", "", value) if character.isascii() and character.isdigit()]
    if not 13 <= len(digits) <= 19 or not re.fullmatch(r"[\d -]+", value):
        return False
    doubled = [digit if place % 2 == 0 else sum(divmod(2 * digit, 10)) for place, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _origin(claimed: Origin, value: str, context: Iterable[tuple[str, ...]]) -> Origin:
    """A value none of whose words was said there was concluded, whatever the model calls it."""
    said = {word[:4] for words in context for word in words}
    return claimed if any(word[:4] in said for word in words_of(value)) else "inferred"


def _cardinality(many: bool | None, attribute: str, attributes: Attributes) -> Cardinality | None:
    """The model's opinion counts for names outside the registry only."""
    if many is None or attributes.family(attribute) is not None:
        return None
    return "many" if many else "single"


def parse_day(text: str, zone: ZoneInfo) -> datetime | None:
    """The beginning of the day, month or year that *text* names in ISO form; `None` for anything else."""
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return None
    try:
        return datetime(int(match[1]), int(match[2] or 1), int(match[3] or 1), tzinfo=zone)
    except ValueError:
        return None


# ---------------------------------------------------------------- texts
def one_script(text: str, messages: Sequence[Message]) -> bool:
    """False when *text* is mostly in letters that the messages hardly use: an answer in the wrong language."""
    written = _scripts(text)
    said = {script for message in messages for script in _scripts(message.content[:2_000])}
    return not written or bool(written & said) or not said


def _scripts(text: str) -> set[str]:
    """The scripts ("LATIN", "CJK") that make up a fifth of the letters or more."""
    names = [name for name in map(_script, text) if name]
    return {name for name in set(names) if names.count(name) * 5 >= len(names)}


def _script(character: str) -> str:
    return unicodedata.name(character, "").partition(" ")[0] if character.isalpha() else ""


def tidy(texts: Iterable[str], *, most: int, longest: int) -> Iterator[str]:
    """The first *most* different texts, each on one line and cut at *longest* characters."""
    seen: set[str] = set()
    for text in map(_line, texts):
        if text and text.casefold() not in seen and len(seen) < most:
            seen.add(text.casefold())
            yield text[:longest].rstrip()
