"""The bill: measured counts times prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from recalld.cost.measure import BlockTokens, SessionBytes, SessionTokens, block_tokens, session_bytes, session_tokens
from recalld.cost.profile import CHAT_MODELS, CONFIGURATIONS, LOCAL, Configuration, Profile
from recalld.models.prices import Prices, Tokens
from recalld.models.spec import parse_spec
from recalld.postgres.pool import Database

TARGET_USD = Decimal("0.01")  # per user and month
_GIGABYTE = Decimal(2**30)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bill:
    """One configuration's cost per user and month, in US dollars; `None` where a price is not known."""

    configuration: Configuration
    tokens: SessionTokens
    summarising: Decimal | None
    embedding: Decimal | None
    text: Decimal  # stored episodes, facts and statements
    vectors: Decimal  # stored vectors

    @property
    def total(self) -> Decimal | None:
        """All of it."""
        if self.summarising is None or self.embedding is None:
            return None
        return self.summarising + self.embedding + self.text + self.vectors

    @property
    def meets_target(self) -> bool | None:
        """Whether it is one cent or less."""
        return None if self.total is None else self.total <= TARGET_USD


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockCost:
    """What memory adds to the bill of the application's own model, in US dollars per user and month."""

    model: str
    plain: Decimal | None  # every block at the full price
    cached: Decimal | None  # its stable head from the provider's prompt cache, but for the first turn of a session


@dataclass(frozen=True, kw_only=True, slots=True)
class CostPage:
    """All that `recalld cost` shows."""

    profile: Profile
    bills: tuple[Bill, ...]
    block: BlockTokens
    blocks: tuple[BlockCost, ...]


async def cost_page(
    database: Database,
    profile: Profile | None = None,
    *,
    configurations: Sequence[Configuration] = CONFIGURATIONS,
    chat_models: Sequence[str] = CHAT_MODELS,
    prices: Prices | None = None,
) -> CostPage:
    """The page for *profile* (default: 100 sessions of 3,000 tokens a month). Nothing is left in the database.

    Raises `DatabaseUnavailable`, `ConfigurationError` for a spec that names no model, `MissingExtra` without the price list.
    """
    profile, prices = profile or Profile(), prices or Prices()
    dimensions = sorted({configuration.dimensions for configuration in configurations})
    sizes = {each: await session_bytes(database, profile, each) for each in dimensions}
    block = block_tokens(profile)
    return CostPage(
        profile=profile,
        bills=tuple(bill(profile, each, sizes[each.dimensions], prices) for each in configurations),
        block=block,
        blocks=tuple(block_cost(profile, block, model, prices) for model in chat_models),
    )


def bill(profile: Profile, configuration: Configuration, size: SessionBytes, prices: Prices) -> Bill:
    """The bill of one configuration, with the row sizes that were measured for it."""
    tokens = session_tokens(profile, configuration)
    stored = profile.sessions * profile.months * profile.gigabyte_month_usd / _GIGABYTE
    return Bill(
        configuration=configuration,
        tokens=tokens,
        summarising=_summarising(profile, configuration, tokens, prices),
        embedding=_embedding(profile, configuration, tokens, prices),
        text=size.text * stored,
        vectors=size.vectors * stored,
    )


def block_cost(profile: Profile, block: BlockTokens, model: str, prices: Prices) -> BlockCost:
    """What the block of every turn costs at the application's *model*."""
    spec = parse_spec(model)
    full = prices.cost(spec, Tokens(input=block.all))
    first = prices.cost(spec, Tokens(input=block.all, cache_writes=block.stable))
    later = prices.cost(spec, Tokens(input=block.all, cached=block.stable))
    if full is None or first is None or later is None:
        return BlockCost(model=str(spec), plain=None, cached=None)
    return BlockCost(
        model=str(spec),
        plain=full * profile.turns * profile.sessions,
        cached=(first + later * (profile.turns - 1)) * profile.sessions,
    )


def _summarising(
    profile: Profile, configuration: Configuration, tokens: SessionTokens, prices: Prices
) -> Decimal | None:
    if configuration.summariser == LOCAL:
        return Decimal(0)
    cached = tokens.fixed if configuration.cached else 0
    used = Tokens(input=tokens.fixed + tokens.transcript, cached=cached, output=tokens.reply)
    each = prices.cost(parse_spec(configuration.summariser), used, terms=configuration.terms)
    return None if each is None else each * profile.sessions * Decimal(str(1 - profile.triaged))


def _embedding(profile: Profile, configuration: Configuration, tokens: SessionTokens, prices: Prices) -> Decimal | None:
    if configuration.embedder == LOCAL:
        return Decimal(0)
    each = prices.cost(parse_spec(configuration.embedder), Tokens(input=tokens.keys + tokens.queries))
    return None if each is None else each * profile.sessions
