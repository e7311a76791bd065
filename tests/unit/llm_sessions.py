"""Sessions and scripted models for the tests of model summarisers."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import cast

from recalld.ingest.fallback import FallbackSummariser
from recalld.ingest.summarisers import open_summariser
from recalld.ingest.transcript import TranscriptPolicy
from recalld.layers.facts.attributes import Registries
from recalld.models.lane import LanePolicy, Lanes
from recalld.models.options import ChatOptions
from recalld.testing.model_server import Answer, ModelServer
from recalld.values import EndedSession, Message, Role, Session, SessionRef, UserRef

ENDED = datetime(2026, 11, 18, 15, 30, tzinfo=UTC)  # a Wednesday
QUICK = LanePolicy(first_wait=0.0, patience=5.0, failures_to_open=1_000_000)
REGISTRIES = Registries()


def said(*turns: str | tuple[str, str], ended: datetime = ENDED, timezone: str = "Europe/Berlin") -> EndedSession:
    """A session; a bare string is the user's, a minute lies between two messages."""
    pairs = [("user", turn) if isinstance(turn, str) else turn for turn in turns]
    start = ended - timedelta(minutes=len(pairs))
    messages = tuple(
        Message(role=cast("Role", role), content=content, at=start + timedelta(minutes=place))
        for place, (role, content) in enumerate(pairs)
    )
    session = Session(
        ref=SessionRef(user=UserRef(tenant_id="acme", user_id="ada"), session_id="s1"),
        purpose="general",
        timezone=timezone,
        state="ended",
        epoch=1,
        started_at=start,
        last_message_at=ended,
        ended_at=ended,
    )
    return EndedSession(session=session, messages=messages)


@asynccontextmanager
async def scripted(
    answer: Answer,
    *,
    wire: str = "anthropic",
    policy: LanePolicy = QUICK,
    options: ChatOptions | None = None,
    transcript: TranscriptPolicy | None = None,
) -> AsyncGenerator[tuple[FallbackSummariser, ModelServer]]:
    """A summariser with the official SDK in front of a scripted model; triage is off, so that every session reaches it."""
    async with ModelServer(answer) as server:
        summariser = open_summariser(
            spec_of(server, wire),
            REGISTRIES,
            options=options or ChatOptions(api_key="k", timeout=5),
            transcript=transcript,
            lanes=Lanes(policy),
            triage=False,
        )
        assert isinstance(summariser, FallbackSummariser)
        try:
            yield summariser, server
        finally:
            await summariser.close()


def spec_of(server: ModelServer, wire: str) -> str:
    """The scripted model behind one of the three kinds of provider."""
    return {
        "anthropic": f"anthropic:{server.url}#claude-haiku-4-5",
        "openai": f"openai:{server.url}/v1#gpt-5-nano",
        "openai-compatible": f"openai-compatible:{server.url}/v1#scripted",
    }[wire]


def fact(attribute: str, value: str, message: int, quote: str, **more: object) -> dict[str, object]:
    """One fact as a model would return it."""
    return {"attribute": attribute, "value": value, "message": message, "quote": quote, **more}


def digest(*facts: dict[str, object], summary: str = "The user said something.", **more: object) -> dict[str, object]:
    """A digest as a model would return it."""
    return {"summary": summary, "topics": ["topic"], "points": ["A point"], "facts": list(facts), **more}
