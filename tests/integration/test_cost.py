"""The cost model: measured counts, known prices, and nothing left behind."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import psycopg
import pytest
from rich.console import Console

from recalld.cost import measure, reference
from recalld.cost.bill import CostPage, cost_page
from recalld.cost.profile import WHOLE, Configuration, Profile
from recalld.cost.table import render
from recalld.models.prices import Price, Prices
from recalld.models.tokens import count_tokens
from recalld.postgres.pool import Database


@pytest.fixture
async def page(database: Database) -> CostPage:
    """The page for the default profile."""
    return await cost_page(database)


def test_the_reference_conversation_is_as_long_as_the_profile_says():
    for profile in (Profile(), Profile(session_tokens=8_000, user_share=0.6, turns=24)):
        messages = reference.session(profile).messages
        sizes = {
            role: sum(count_tokens(m.content) for m in messages if m.role == role) for role in ("user", "assistant")
        }
        assert sum(sizes.values()) == pytest.approx(profile.session_tokens, rel=0.03)
        assert sizes["user"] / sum(sizes.values()) == pytest.approx(profile.user_share, abs=0.03)


async def test_a_configuration_without_and_one_with_a_model_meet_the_target(page: CostPage):
    within = [bill.configuration for bill in page.bills if bill.meets_target]
    assert any(configuration.summariser == "local" for configuration in within)
    assert any(configuration.summariser != "local" for configuration in within)


async def test_the_honest_figure_for_haiku_stands_beside_it(page: CostPage):
    haiku = [bill for bill in page.bills if "claude-haiku-4-5" in bill.configuration.summariser]
    assert haiku
    assert all(bill.total is not None and bill.total > Decimal("0.1") for bill in haiku)


async def test_measuring_leaves_nothing_in_the_database(page: CostPage, admin: psycopg.Connection):
    for table in ("users", "episodes", "vectors", "facts", "statements"):
        assert admin.execute(f"select count(*) from recalld.{table}").fetchone() == (0,)  # type: ignore[arg-type]


async def test_row_sizes_are_those_of_rows_that_stay(page: CostPage, database: Database, admin: psycopg.Connection):
    """A month's sessions written for good take what was predicted, tables and indexes together."""
    rounds = 25
    for number in range(rounds):
        user = replace(reference.USER, user_id=f"reference-user-{number:04d}")
        async with database.transaction("worker", user) as tx:
            await measure._write_sample(tx, page.profile, 256)
    admin.execute("vacuum analyze")
    names = "'recalld.episodes', 'recalld.facts', 'recalld.statements', 'recalld.vectors'"
    (taken,) = admin.execute(
        f"select sum(pg_total_relation_size(t::regclass)) from unnest(array[{names}]) t"
    ).fetchone()  # type: ignore[misc]
    size = await measure.session_bytes(database, page.profile, 256)
    assert float(size.text + size.vectors) == pytest.approx(float(taken) / (rounds * 40), rel=0.25)


async def test_more_dimensions_take_more_room(page: CostPage):
    by_dimensions = {bill.configuration.dimensions: bill.vectors for bill in page.bills}
    assert 4 < by_dimensions[1536] / by_dimensions[256] < 8


async def test_a_condensed_transcript_costs_less_than_a_whole_one(page: CostPage):
    haiku = {
        bill.configuration.assistant_tokens: bill.tokens
        for bill in page.bills
        if "haiku-4-5" in bill.configuration.summariser
    }
    assert haiku[120].transcript < haiku[WHOLE].transcript < 3_600


async def test_prompt_caching_makes_memory_blocks_cheaper(page: CostPage):
    haiku = next(block for block in page.blocks if "haiku-5-5" in block.model)
    assert haiku.plain is not None
    assert haiku.cached is not None
    assert 0 < haiku.cached < haiku.plain
    assert 0 < page.block.stable < page.block.all <= page.profile.budget_tokens


async def test_a_model_without_a_price_has_no_total_unless_one_is_named(database: Database):
    unknown = [Configuration(summariser="openai-compatible:http://localhost:8000/v1#qwen3")]
    named = Prices({"openai-compatible:qwen3": Price(input=Decimal("0.02"), output=Decimal("0.02"))})
    without = (await cost_page(database, configurations=unknown)).bills[0]
    assert (without.total, without.meets_target) == (None, None)
    assert (await cost_page(database, configurations=unknown, prices=named)).bills[0].meets_target


async def test_the_page_prints(page: CostPage):
    console = Console(record=True, width=200, file=None)
    with console.capture() as capture:
        console.print(render(page))
    text = capture.get()
    assert "claude-haiku-4-5, whole transcript" in text
    assert "no model at all" in text
    assert "Assumed: the user writes 25%" in text


async def test_a_narrow_terminal_folds_the_page_and_cuts_nothing_off(page: CostPage):
    console = Console(width=80, file=None)
    with console.capture() as capture:
        console.print(render(page))
    text = capture.get()
    assert "…" not in text
    assert "≤ 0.01" in text
    assert "claude-haiku-4-5" in text
    assert max(map(len, text.splitlines())) <= 80
