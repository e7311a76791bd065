"""What tokens cost, in US dollars, from the price list of the `genai-prices` package (bundled data, no network).

A model that is not on the list has no price: `None`, never a guess. An operator can name the price of such a model, a self-hosted
one for instance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from recalld.errors import MissingExtra
from recalld.models.spec import COMPATIBLE, ModelSpec

Terms = Literal["standard", "batch", "flex"]  # flex: OpenAI's cheaper tier that may keep one waiting

_MILLION = Decimal(1_000_000)
_CONTEXTS: Mapping[Terms, Mapping[str, str] | None] = {
    "standard": None,
    "batch": {"processing": "batch"},
    "flex": {"service_tier": "flex"},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Tokens:
    """The tokens of one or more calls."""

    input: int = 0  # cached ones included
    cached: int = 0  # read from the provider's prompt cache
    cache_writes: int = 0  # written to it, where the provider bills that
    output: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """A price per million tokens that the operator names, in US dollars."""

    input: Decimal
    output: Decimal = Decimal(0)
    cached: Decimal | None = None  # None: like other input

    def of(self, tokens: Tokens) -> Decimal:
        """What *tokens* cost."""
        cached = self.input if self.cached is None else self.cached
        fresh = tokens.input - tokens.cached
        return (fresh * self.input + tokens.cached * cached + tokens.output * self.output) / _MILLION


class Prices:
    """The price list, with the operator's own prices (by spec, such as `openai-compatible:qwen3`) in front."""

    def __init__(self, own: Mapping[str, Price] | None = None) -> None:
        self._own = dict(own or {})

    def cost(
        self, spec: ModelSpec, tokens: Tokens, *, at: datetime | None = None, terms: Terms = "standard"
    ) -> Decimal | None:
        """What *tokens* cost at *spec* on these *terms*; `None` for a model without a known price.

        Raises `MissingExtra` where the price list is not installed.
        """
        if str(spec) in self._own:
            return self._own[str(spec)].of(tokens)
        return _listed(spec, tokens, at, terms)


def _listed(spec: ModelSpec, tokens: Tokens, at: datetime | None, terms: Terms) -> Decimal | None:
    try:
        from genai_prices import Usage, calc_price  # noqa: PLC0415 - 0.2 s; comes with the extra
    except ImportError as error:
        raise MissingExtra("the price list", "llm") from error
    usage = Usage(
        input_tokens=tokens.input,
        cache_read_tokens=tokens.cached or None,
        cache_write_tokens=tokens.cache_writes or None,
        output_tokens=tokens.output or None,
    )
    context = _CONTEXTS[terms]
    try:
        if spec.provider == COMPATIBLE:
            price = calc_price(
                usage, spec.model, provider_api_url=spec.base_url, genai_request_timestamp=at, price_context=context
            )
        else:
            price = calc_price(
                usage, spec.model, provider_id=spec.provider, genai_request_timestamp=at, price_context=context
            )
    except (LookupError, ValueError):
        return None
    return price.total_price
