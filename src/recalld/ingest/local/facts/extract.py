"""Facts from a session without a key and a network.

The pipeline: the user's own words of each message → sentences → rows of patterns that are asserted of the user → values →
what a session says in the end → what the tagger marked beside it → candidates. Every candidate carries the sentence that supports it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from recalld.ingest.digest import names
from recalld.ingest.local.facts import antecedents, dialogue, frames, profile, renewed, times
from recalld.ingest.local.facts.findings import Finding, Reader, index, instead, put_right
from recalld.ingest.local.facts.material import own_words
from recalld.ingest.local.facts.row import Row
from recalld.ingest.local.facts.rows import ROWS
from recalld.ingest.local.facts.sentences import MASK, Sentence, lower, split
from recalld.ingest.local.facts.settle import digits_put_right, settle, taken_back, together
from recalld.ingest.local.facts.subjects import asked_of_another, invented
from recalld.ingest.local.facts.tagger.marks import added, ended, named_after, supported
from recalld.ingest.local.facts.tagger.nearest import nearest
from recalld.ingest.local.facts.tagger.tagger import Heard, Reading, Tagger, load_tagger
from recalld.ingest.speakers import speakers
from recalld.layers.facts.attributes import Attributes
from recalld.values import Candidate, EndedSession, Known

MOST_MARKED = 20_000  # characters of the user's that the tagger reads of a session, about a second of CPU
OWN_SHARE = 0.7  # of a message's characters that must be the user's own words for it to end what is known
LONGEST_MESSAGE = 6_000  # characters read of one message; who writes more is pasting


def extract(
    session: EndedSession,
    attributes: Attributes,
    known: Sequence[Known] = (),
    *,
    tagger: Callable[[], Tagger] | None = load_tagger,
) -> tuple[Candidate, ...]:
    """The fact candidates of *session*, in the order of the conversation.

    Only what the session's user says about themselves, or confirms of what the assistant says about them. The quote of each
    candidate occurs verbatim in the message it cites.

    *known* is what the user's facts say before it: "moved to Thursdays" is of the attribute that has days, and "they robbed the bike" ends
    what is known of a bike. Without a *tagger* the grammar reads alone.
    """
    turns = list(_turns(session))
    known_attributes = names(known)
    values = sorted({(fact.attribute, fact.value) for fact in known if fact.value})
    readings = list(_read(session, turns, values, tagger)) if tagger else [((), Reading()) for _ in turns]
    own = [sentence for turn in turns for sentence in turn.sentences]
    findings = [finding for turn in turns for finding in _by_grammar(session, turn, attributes)]
    findings += _across_sentences(own, attributes)
    findings = list(
        supported(findings, {turn.seq: reading for turn, (_, reading) in zip(turns, readings, strict=True)})
    )
    kept = settle(findings, own, attributes.cardinality)
    kept += renewed.renewed(own, known_attributes, kept)
    taken, dropped, story = [*findings, *kept], _values(findings) - _values(kept), False
    many = {name for name, _ in values if attributes.cardinality(name) == "many"}
    for turn, (shown, reading) in zip(turns, readings, strict=True):
        before = _confirmed_sentences(session, turn)
        said_at = session.messages[turn.seq].at or session.ended_at
        story = story or invented(turn.sentences)
        beside = added(
            reading.marks, sentences=turn.sentences, before=before, known=known_attributes, taken=taken, dropped=dropped,
            story=story or asked_of_another(_content(session, turn.before)),
        )  # fmt: skip
        beside = named_after(list(beside), shown, reading)
        kept += (
            times.dated_in(instead(finding), turn.sentences, said_at, session.session.timezone) for finding in beside
        )
        given = {attributes.canonical(finding.attribute) for finding in kept if _stated_in(finding, turn.seq)}
        kept += ended(shown, reading, turn.sentences, kept, given, many=many)
    kept = together(digits_put_right(taken_back(kept, own), own), attributes.cardinality)
    return tuple(_candidate(finding, session, attributes) for finding in kept)


@dataclass(frozen=True, slots=True)
class _Turn:
    """A message of the user and the assistant's message right before it, by their places in the session."""

    seq: int
    before: int | None
    sentences: Sequence[Sentence]


def _turns(session: EndedSession) -> Iterator[_Turn]:
    speaks = speakers(session)
    for seq, before in dialogue.turns([message.role for message in session.messages]):
        if speaks(session.messages[seq]):
            yield _Turn(seq, before, _sentences(session.messages[seq].content, seq))


def _read(
    session: EndedSession, turns: Sequence[_Turn], known: Sequence[tuple[str, str]], tagger: Callable[[], Tagger]
) -> Iterator[tuple[Sequence[tuple[str, str]], Reading]]:
    """What the tagger was shown of what is *known* before each turn, and what it read.

    Of a very long session it reads the end: what was said last holds.
    """
    left, first = MOST_MARKED, len(turns)
    while first and left > 0:
        first -= 1
        left -= len(_content(session, turns[first].seq))
    heard = [_heard(session, turn, known) for turn in turns[first:]]
    yield from (((), Reading()) for _ in range(first))
    yield from zip((one.known for one in heard), tagger().read(heard), strict=True)


def _heard(session: EndedSession, turn: _Turn, known: Sequence[tuple[str, str]]) -> Heard:
    """A message that is in good part material of others ends nothing."""
    message = _content(session, turn.seq)
    own = sum(len(sentence.text) - sentence.text.count(MASK) for sentence in turn.sentences)
    shown = nearest(known, message) if known and own > OWN_SHARE * len(message) else ()
    return Heard(message=message, before=_content(session, turn.before), known=shown)


def _content(session: EndedSession, seq: int | None) -> str:
    return session.messages[seq].content[:LONGEST_MESSAGE] if seq is not None else ""


def _confirmed_sentences(session: EndedSession, turn: _Turn) -> list[Sentence]:
    """What the assistant said in front of a message that says yes to it."""
    if turn.before is None or not turn.sentences or not dialogue.says_yes(turn.sentences[0]):
        return []
    return _sentences(_content(session, turn.before), turn.before)


def _stated_in(finding: Finding, seq: int) -> bool:
    return finding.act == "state" and finding.sentence.seq == seq


def _values(findings: Sequence[Finding]) -> set[str]:
    return {finding.value.casefold() for finding in findings}


def _across_sentences(own: Sequence[Sentence], attributes: Attributes) -> Iterator[Finding]:
    reader = Reader(_rows(), "", True, attributes)
    yield from map(instead, antecedents.named(own, reader))
    yield from antecedents.introduced(own, reader)
    yield from antecedents.filled_in(own, reader)
    yield from antecedents.played(own)
    yield from antecedents.got_too(own)


@cache
def _rows() -> dict[str, Sequence[tuple[int, Row]]]:
    return dict(index(ROWS))


def _sentences(content: str, seq: int) -> list[Sentence]:
    content = content[:LONGEST_MESSAGE]
    return list(split(own_words(content), content, seq))


def _by_grammar(session: EndedSession, turn: _Turn, attributes: Attributes) -> Iterator[Finding]:
    sentences, seq = turn.sentences, turn.seq
    if not sentences:
        return
    cased = any(char.isupper() for sentence in sentences for char in sentence.text)
    reader = Reader(_rows(), _window(session, seq, sentences), cased, attributes)
    following = session.messages[seq + 1] if seq + 1 < len(session.messages) else None
    echo = lower(following.content[:400]) if following and following.role == "assistant" else ""
    found = [put_right(instead(finding)) for sentence in sentences for finding in _in_sentence(sentence, reader, echo)]
    said_at = session.messages[seq].at or session.ended_at
    yield from (times.dated_in(finding, sentences, said_at, session.session.timezone) for finding in found)
    if turn.before is not None:
        yield from _in_reply(
            _content(session, turn.before),
            turn.before,
            sentences,
            reader,
            answered=any(finding.sentence is sentences[0] for finding in found),
        )


def _in_sentence(sentence: Sentence, reader: Reader, echo: str) -> Iterator[Finding]:
    found = [*reader.findings(sentence), *profile.listed(sentence, reader), *profile.enumerated(sentence, reader)]
    yield from found
    yield from frames.read(sentence, _taken(found), echo)


def _taken(found: Sequence[Finding]) -> set[str]:
    """The attributes that are spoken for; a language to answer in is no language somebody tells to speak."""
    taken = {finding.attribute for finding in found}
    return taken | {"language"} if any(name.endswith("_language") for name in taken) else taken


def _in_reply(
    claim: str, before: int, replies: Sequence[Sentence], reader: Reader, *, answered: bool
) -> Iterator[Finding]:
    """What the first of *replies* says by answering, confirming or denying what the assistant said before it."""
    reply = replies[0]
    yield from dialogue.half_confirmed(claim, before, replies, reader)
    confirmed = list(dialogue.confirmed(claim, before, reply, reader))
    yield from confirmed
    yield from dialogue.denied(claim, before, reply, reader)
    if not (answered or confirmed):
        yield from dialogue.answered(claim, reply, reader)


def _window(session: EndedSession, seq: int, sentences: Sequence[Sentence]) -> str:
    """The user's words with the messages around them: what the talk is about."""
    around = [session.messages[n] for n in (seq - 2, seq - 1, seq + 1) if 0 <= n < len(session.messages)]
    heard = [lower(message.content[:LONGEST_MESSAGE]) for message in around]
    return " ".join([*(sentence.low for sentence in sentences), *heard])


def _candidate(finding: Finding, session: EndedSession, attributes: Attributes) -> Candidate:
    seq = finding.sentence.seq
    said_at = session.messages[seq].at or session.ended_at
    attribute = attributes.canonical(finding.attribute)
    return Candidate(
        attribute=attribute,
        value=finding.value,
        act=finding.act,
        text=f"{attributes.render(attribute, finding.value)} ({finding.note})" if finding.note else "",
        said_at=said_at,
        valid_from=finding.valid_from,
        valid_to=finding.valid_to,
        replaces=finding.replaces,
        origin=finding.origin,
        confidence=finding.confidence,
        quote=finding.sentence.quote,
        message_seq=seq,
    )
