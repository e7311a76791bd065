"""The summariser that asks a model: one call per session, an answer in a schema, every claim checked against the messages.

Nothing here imports a model library; the chat model is made at the first call, in a thread, because its import takes seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib import resources
from itertools import zip_longest
from typing import Protocol
from zoneinfo import ZoneInfo

from recalld.errors import BadReply
from recalld.ingest.digest import names
from recalld.ingest.evidence import candidates_of, one_script, tidy
from recalld.ingest.reply import DigestReply
from recalld.ingest.transcript import TranscriptPolicy, transcript_parts, written_date
from recalld.layers.facts.attributes import Registries
from recalld.models.tokens import count_tokens, truncate_to_tokens
from recalld.values import Digest, EndedSession, Known

PROMPT = "digest_v1"
SUMMARY_TOKENS = 200
MOST_TOPICS, LONGEST_TOPIC = 5, 60
MOST_POINTS, LONGEST_POINT = 12, 300
MOST_KNOWN = 60  # attribute names a model is told
USUAL = TranscriptPolicy()


class Chat(Protocol):
    """A chat model that answers with digests (see `recalld.models.chat`)."""

    async def ask(self, prompt: str) -> DigestReply:
        """The answer to *prompt*. Raises `ModelError`."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


class LlmSummariser:
    """`Summariser` over a chat model. Raises `ModelError` when the model fails; see `recalld.ingest.fallback` for what then."""

    def __init__(
        self,
        name: str,
        connect: Callable[[], Chat],
        registries: Registries,
        policy: TranscriptPolicy = USUAL,
    ) -> None:
        """*connect* makes the chat model; it is called once, in a thread, when the first session comes."""
        self.name = name
        self._connect = connect
        self._registries = registries
        self._policy = policy
        self._chat: Chat | None = None
        self._connecting = asyncio.Lock()

    async def digest(self, session: EndedSession, known: Sequence[Known] = ()) -> Digest:
        """Digest *session* with one call, a long one with a call per part. Raises `ModelError`, `ConfigurationError`."""
        parts = await asyncio.to_thread(transcript_parts, session, self._policy)
        if not parts:
            return Digest(summary="", by=self.name)
        if len(parts) > self._policy.max_parts:
            raise BadReply(f"the session has {len(parts)} parts, {self.name} is given {self._policy.max_parts} at most")
        chat = await self._connected()
        replies = [await chat.ask(prompt_of(session, part, known)) for part in parts]
        return self._checked(merge_replies(replies), session)

    async def close(self) -> None:
        """Release connections."""
        if self._chat is not None:
            await self._chat.close()

    async def _connected(self) -> Chat:
        async with self._connecting:
            if self._chat is None:
                self._chat = await asyncio.to_thread(self._connect)
            return self._chat

    def _checked(self, reply: DigestReply, session: EndedSession) -> Digest:
        summary = " ".join(tidy([reply.summary], most=1, longest=20 * SUMMARY_TOKENS))
        if not summary:
            raise BadReply(f"{self.name} gave a digest without a summary")
        if not one_script(summary, session.messages):
            raise BadReply(f"{self.name} answered in another language than the session's")
        return Digest(
            summary=cut_sentences(summary, SUMMARY_TOKENS),
            topics=tuple(topic.lower() for topic in tidy(reply.topics, most=MOST_TOPICS, longest=LONGEST_TOPIC)),
            points=tuple(tidy(reply.points, most=MOST_POINTS, longest=LONGEST_POINT)),
            candidates=candidates_of(reply.facts, session, self._registries.of(session.session.ref.user.tenant_id)),
            by=self.name,
        )


# ---------------------------------------------------------------- what the model is told
@cache
def instructions(prompt: str = PROMPT) -> str:
    """The instructions, the same for every session, so that a provider's prompt cache serves them."""
    return resources.files("recalld.ingest").joinpath("prompts", f"{prompt}.txt").read_text(encoding="utf-8").strip()


def prompt_of(session: EndedSession, transcript: str, known: Sequence[Known]) -> str:
    """What a model is told of one session, or of one part of it."""
    zone = session.session.timezone
    ended = session.ended_at.astimezone(ZoneInfo(zone))
    used = ", ".join(names(known)[:MOST_KNOWN]) or "none yet"
    return (
        f"Conversation of {written_date(ended)}, ended at {ended:%H:%M} ({zone}). Attributes in use: {used}\n"
        f"{transcript}\n"
        "Record the digest of the transcript between the tags."
    )


# ---------------------------------------------------------------- long sessions
def merge_replies(replies: Sequence[DigestReply]) -> DigestReply:
    """The digests of a session's parts as one: summaries share the budget, topics and points take turns, facts add up."""
    if len(replies) == 1:
        return replies[0]
    share = SUMMARY_TOKENS // len(replies)
    return DigestReply.model_construct(
        summary=" ".join(cut_sentences(reply.summary.strip(), share) for reply in replies if reply.summary.strip()),
        topics=list(_in_turn(reply.topics for reply in replies)),
        points=list(_in_turn(reply.points for reply in replies)),
        facts=[fact for reply in replies for fact in reply.facts],
    )


def _in_turn(lists: Iterable[Sequence[str]]) -> Iterable[str]:
    """The first of each, then the second of each, and so on."""
    return (text for turn in zip_longest(*lists) for text in turn if text)


def cut_sentences(text: str, tokens: int) -> str:
    """*text* up to the last sentence that fits in *tokens*; a first sentence that does not fit is cut."""
    if count_tokens(text) <= tokens:
        return text
    head = truncate_to_tokens(text, tokens)
    end = max(head.rfind(mark) for mark in (". ", "! ", "? ", "。", "！", "？"))
    return head[: end + 1].rstrip() if end > 0 else head.rstrip()
