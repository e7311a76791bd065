"""Counting what model calls take, and pricing it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from recalld.models.meter import ModelUse, count, metered
from recalld.models.prices import Price, Prices, Tokens
from recalld.models.spec import parse_spec

USE = ModelUse(component="summariser", model="a:b", input_tokens=10, cost_usd=Decimal("0.1"))
AT = datetime(2026, 11, 18, tzinfo=UTC)


def test_calls_of_one_model_add_up():
    with metered() as meter:
        count(USE)
        count(USE)
    (use,) = meter.uses
    assert (use.calls, use.input_tokens, use.cost_usd) == (2, 20, Decimal("0.2"))


def test_models_and_components_are_kept_apart():
    with metered() as meter:
        count(USE)
        count(ModelUse(component="embedder", model="a:b"))
        count(ModelUse(component="summariser", model="a:c"))
    assert len(meter.uses) == 3


def test_an_enclosing_meter_counts_too():
    with metered() as outer, metered() as inner:
        count(USE)
    assert outer.uses == inner.uses == (USE,)


async def test_calls_of_tasks_started_inside_are_counted():
    async def call() -> None:
        count(USE)

    with metered() as meter:
        await asyncio.gather(call(), call())
    assert meter.uses[0].calls == 2


def test_without_a_meter_nothing_happens():
    count(USE)
    with metered() as meter:
        pass
    assert (meter.uses, meter.cost_usd) == ((), 0.0)


def test_the_cost_is_unknown_as_soon_as_one_price_is():
    with metered() as meter:
        count(USE)
        count(ModelUse(component="embedder", model="x:y", unpriced=1))
    assert meter.cost_usd is None


@pytest.mark.parametrize(
    ("spec", "tokens", "dollars"),
    [
        ("anthropic:claude-haiku-4-5", Tokens(input=1_000_000), "1"),
        ("anthropic:claude-haiku-4-5", Tokens(output=1_000_000), "5"),
        ("anthropic:claude-haiku-4-5", Tokens(input=1_000_000, cached=1_000_000), "0.1"),
        ("openai:gpt-5-nano", Tokens(input=1_000_000, output=1_000_000), "0.45"),
        ("openai:text-embedding-3-small", Tokens(input=1_000_000), "0.02"),
    ],
)
def test_listed_models_have_their_price(spec: str, tokens: Tokens, dollars: str):
    assert Prices().cost(parse_spec(spec), tokens, at=AT) == Decimal(dollars)


def test_batches_cost_half():
    spec = parse_spec("anthropic:claude-haiku-4-5")
    assert Prices().cost(spec, Tokens(input=1_000_000), at=AT, terms="batch") == Decimal("0.5")


def test_the_flex_tier_costs_half():
    spec = parse_spec("openai:gpt-5-nano")
    assert Prices().cost(spec, Tokens(input=1_000_000), at=AT, terms="flex") == Decimal("0.025")


@pytest.mark.parametrize(
    "spec", ["openai:unheard-of", "nobody:gpt-5-nano", "openai-compatible:http://localhost:8000/v1#qwen3"]
)
def test_a_model_that_is_not_listed_has_no_price(spec: str):
    assert Prices().cost(parse_spec(spec), Tokens(input=1)) is None


def test_a_compatible_server_is_priced_by_its_address():
    spec = parse_spec("openai-compatible:https://openrouter.ai/api/v1#openai/gpt-oss-20b")
    assert Prices().cost(spec, Tokens(input=1_000_000)) is not None


def test_the_operator_can_name_a_price():
    prices = Prices({"openai-compatible:qwen3": Price(input=Decimal(2), output=Decimal(4), cached=Decimal(1))})
    spec = parse_spec("openai-compatible:http://localhost:8000/v1#qwen3")
    assert prices.cost(spec, Tokens(input=1_000_000, cached=500_000, output=1_000_000)) == Decimal("5.5")
