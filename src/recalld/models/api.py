"""Embedders behind an API, through pydantic-ai: OpenAI, every server with OpenAI's API, Voyage, Cohere, Google.

Import this module where a model is called, in a thread at the first call (see `embedders.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from openai import AsyncOpenAI
from pydantic_ai import Embedder
from pydantic_ai.embeddings import EmbeddingModel, EmbeddingResult, EmbeddingSettings, infer_embedding_model
from pydantic_ai.embeddings.openai import OpenAIEmbeddingModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

from recalld.errors import ConfigurationError
from recalld.models.chat import configuring, openai_client, translating
from recalld.models.lane import Lane
from recalld.models.meter import ModelUse, count
from recalld.models.options import EmbedderOptions
from recalld.models.prices import Tokens
from recalld.models.spec import COMPATIBLE, ModelSpec
from recalld.models.transport import http_client

Kind = Literal["query", "document"]


class EmbeddingApi:
    """One embedding model of one provider. Every call, failed ones too, is reported to the meter."""

    def __init__(self, spec: ModelSpec, *, lane: Lane, options: EmbedderOptions, shorten_to: int | None) -> None:
        """*shorten_to*: ask the model for so many dimensions instead of its own. Raises `ConfigurationError`, `InvalidInput`."""
        self._spec, self._lane, self._options = spec, lane, options
        self._http = http_client(trusted=options.trusted, timeout=options.timeout)
        settings = EmbeddingSettings(truncate=True)
        if shorten_to:
            settings["dimensions"] = shorten_to
        with configuring(spec):
            self._embedder = Embedder(self._model(), settings=settings)

    async def embed(self, texts: Sequence[str], kind: Kind) -> Sequence[Sequence[float]]:
        """The vectors of *texts*, as many and in this order. Raises `ModelUnavailable`, `ModelRefused`, `BadReply`."""
        result = await self._lane.call(lambda: self._once(texts, kind))
        return result.embeddings

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _once(self, texts: Sequence[str], kind: Kind) -> EmbeddingResult:
        tokens, answered = Tokens(), False
        try:
            with translating(self._spec):
                result = await self._embedder.embed(texts, input_type=kind)
            tokens, answered = Tokens(input=result.usage.input_tokens), True
            return result
        finally:
            count(self._use(tokens, answered=answered))

    def _use(self, tokens: Tokens, *, answered: bool) -> ModelUse:
        cost = self._options.prices.cost(self._spec, tokens) if answered else None
        return ModelUse(
            component="embedder",
            model=str(self._spec),
            failed=0 if answered else 1,
            input_tokens=tokens.input,
            cost_usd=cost or Decimal(0),
            unpriced=1 if answered and cost is None else 0,
        )

    def _model(self) -> EmbeddingModel:
        spec = self._spec
        if spec.provider == "openai":
            return OpenAIEmbeddingModel(spec.model, provider=OpenAIProvider(openai_client=self._client()))
        if spec.provider == COMPATIBLE:
            provider = OpenAICompatibleProvider(COMPATIBLE, openai_client=self._client())
            return OpenAIEmbeddingModel(spec.model, provider=provider)
        if spec.base_url or self._options.api_key or not self._options.trusted:
            raise ConfigurationError(f"{spec.provider!r} takes its address and key from its own variables")
        return infer_embedding_model(f"{spec.provider}:{spec.model}")

    def _client(self) -> AsyncOpenAI:
        return openai_client(self._spec, self._options, self._http)
