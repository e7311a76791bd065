"""Whom the bill is for, and the ways to run recalld that are compared. These are the only figures that are not measured."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from recalld.ingest.transcript import TranscriptPolicy
from recalld.models.prices import Terms

LOCAL = "local"
WHOLE = 1_000_000  # tokens of an assistant message: all of it


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """A user and a month."""

    sessions: int = 100
    session_tokens: int = 3_000  # of one conversation, both sides
    user_share: float = 0.25  # of these, what the user writes
    turns: int = 10  # per session; each asks for a memory block
    facts: int = 3  # said per session, a third of them new
    months: int = 12  # of history that are stored
    triaged: float = 0.0  # share of sessions with nothing to remember, which cost no model call
    budget_tokens: int = 800  # of a memory block
    gigabyte_month_usd: Decimal = Decimal("0.115")  # SSD of a managed PostgreSQL (gp3, us-east-1), one copy


@dataclass(frozen=True, kw_only=True, slots=True)
class Configuration:
    """One way to run recalld."""

    summariser: str = LOCAL  # or a spec
    embedder: str = LOCAL
    dimensions: int = 256  # of the embedder
    terms: Terms = "standard"
    assistant_tokens: int = (
        TranscriptPolicy().assistant_tokens
    )  # of each of the assistant's messages that a model reads
    cached: bool = False  # the provider serves the instructions from its prompt cache, which takes 1,024 tokens or more

    @property
    def name(self) -> str:
        """What tells it from the others."""
        if self.summariser == self.embedder == LOCAL:
            return "no model at all"
        notes = [
            _model(self.summariser),
            self.terms if self.terms != "standard" else "",
            "cached" if self.cached else "",
            _transcript(self.assistant_tokens),
            f"embedder {_model(self.embedder)}" if self.embedder != LOCAL else "",
        ]
        return ", ".join(note for note in notes if note)


def _transcript(assistant_tokens: int) -> str:
    if assistant_tokens == TranscriptPolicy().assistant_tokens:
        return ""
    return "whole transcript" if assistant_tokens >= WHOLE else f"answers cut at {assistant_tokens} tokens"


def _model(spec: str) -> str:
    """The model's own name: without provider, address and maker."""
    return spec.rpartition("#")[2].rpartition(":")[2].rpartition("/")[2]


_NOVITA = "openai-compatible:https://api.novita.ai/v3/openai#"
_OPENROUTER = "openai-compatible:https://openrouter.ai/api/v1#"
CONFIGURATIONS = (
    Configuration(),
    Configuration(embedder="openai:text-embedding-3-small", dimensions=1536),
    Configuration(summariser=f"{_NOVITA}meta-llama/llama-3.1-8b-instruct"),
    Configuration(summariser=f"{_NOVITA}meta-llama/llama-3.1-8b-instruct", assistant_tokens=60),
    Configuration(summariser=f"{_OPENROUTER}inclusionai/ling-3.0-flash", cached=True),
    Configuration(summariser="openai:gpt-5-nano", terms="flex", cached=True, assistant_tokens=60),
    Configuration(summariser="openai:gpt-5-nano"),
    Configuration(summariser="anthropic:claude-haiku-5-5", terms="batch"),
    Configuration(summariser="anthropic:claude-haiku-5-5"),
    Configuration(summariser="anthropic:claude-haiku-4-5", terms="batch"),
    Configuration(summariser="anthropic:claude-haiku-4-5"),
    Configuration(summariser="anthropic:claude-haiku-4-5", assistant_tokens=WHOLE),
)
CHAT_MODELS = (
    *("openai:gpt-5-nano", "anthropic:claude-haiku-5-5", "anthropic:claude-haiku-4-5", "anthropic:claude-sonnet-4-6"),
)
"""Models of an application, for what the memory block adds to its own bill."""
