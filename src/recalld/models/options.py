"""How models are asked: what a setting says beyond their name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from recalld.models.endpoint import Access
from recalld.models.prices import Prices, Terms

OutputMode = Literal["tool", "native", "prompted"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Batching:
    """Send requests through the provider's batch interface: about half the price, an answer within a day."""

    max_requests: int = 1_000  # per batch
    max_wait: float = 60.0  # seconds the first request of a batch waits for others
    poll: float = 30.0  # seconds before the first look at a batch; grows up to ten minutes


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatOptions(Access):
    """How a chat model is asked."""

    max_tokens: int = 4_000  # of one answer; always sent, or the SDKs would stream
    timeout: float = 30.0  # seconds for one try
    output: OutputMode = "tool"  # how the schema is enforced; "tool" works with the most servers
    batching: Batching | None = None  # Anthropic only
    flex: bool = False  # OpenAI's flex tier: half the price, slower, and refused at busy times
    prices: Prices = field(default_factory=Prices)

    @property
    def terms(self) -> Terms:
        """What the provider bills by."""
        return "batch" if self.batching else "flex" if self.flex else "standard"


@dataclass(frozen=True, kw_only=True, slots=True)
class EmbedderOptions(Access):
    """How an embedding model behind an API is asked."""

    timeout: float = 20.0  # seconds for one try
    query_seconds: float = 3.0  # for a question with all its tries: somebody is waiting for the answer
    batch_texts: int = 128  # of one request
    batch_tokens: int = 50_000  # of one request; the smallest limit among the providers is 120,000
    cached_queries: int = 1024
    prices: Prices = field(default_factory=Prices)
