"""What was used is written once, per user and per tenant, and ceilings end the spending."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal

import psycopg
import pytest

from recalld import Memory
from recalld.errors import DatabaseUnavailable, InvalidInput
from recalld.layers.working.journal import Journal
from recalld.models.ledger import Ceilings, Ledger, Limits, UsageStore, month_of, same_for_all
from recalld.models.meter import ModelUse
from recalld.postgres.embedded import DatabaseUrls
from recalld.postgres.pool import Database
from recalld.testing.model_server import ModelServer
from recalld.testing.wire import Output
from recalld.values import UserRef

ADA = UserRef(tenant_id="acme", user_id="ada")
BOB = UserRef(tenant_id="acme", user_id="bob")
EVE = UserRef(tenant_id="other", user_id="ada")
NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
TODAY = NOON.date()
TOMORROW = date(2026, 11, 19)
USE = ModelUse(
    component="summariser",
    model="openai:m",
    calls=2,
    failed=1,
    input_tokens=900,
    output_tokens=80,
    cost_usd=Decimal("0.002"),
)


@pytest.fixture
async def ledger(database: Database) -> Ledger:
    """A ledger at noon, and users who exist."""
    for user in (ADA, BOB, EVE):
        async with database.transaction("worker", user) as tx:
            await Journal().fence(tx)
    return Ledger(database, clock=lambda: NOON)


async def used(
    database: Database, user: UserRef, since: date = TODAY, until: date = TOMORROW
) -> list[tuple[str, int, int]]:
    async with database.transaction("app", user, ["general"]) as tx:
        return [
            (row.model, row.calls, row.input_tokens) for row in await UsageStore().of_user(tx, since=since, until=until)
        ]


async def used_by_tenant(database: Database, user: UserRef) -> list[tuple[str, int, int]]:
    async with database.transaction("app", user, ["general"]) as tx:
        rows = await UsageStore().of_tenant(tx, since=TODAY, until=TOMORROW)
    return [(row.model, row.calls, row.input_tokens) for row in rows]


async def test_uses_of_a_day_add_up_per_user_and_per_tenant(database: Database, ledger: Ledger):
    await ledger.record(ADA, [USE])
    await ledger.record(ADA, [USE])
    await ledger.record(BOB, [USE])
    await ledger.record(EVE, [USE])

    assert await used(database, ADA) == [("openai:m", 4, 1_800)]
    assert await used_by_tenant(database, ADA) == [("openai:m", 6, 2_700)]
    assert await used_by_tenant(database, EVE) == [("openai:m", 2, 900)]


async def test_every_figure_of_a_use_is_kept(database: Database, ledger: Ledger):
    await ledger.record(ADA, [USE, ModelUse(component="embedder", model="x:y", unpriced=1, cached_tokens=7)])

    async with database.transaction("app", ADA, ["general"]) as tx:
        embedder, summariser = await UsageStore().of_user(tx, since=TODAY, until=TOMORROW)
    assert (embedder.component, embedder.cached_tokens, embedder.unpriced, embedder.cost_usd) == ("embedder", 7, 1, 0)
    assert (summariser.failed, summariser.output_tokens, summariser.cost_usd) == (1, 80, Decimal("0.002"))


async def test_other_days_are_not_counted(database: Database, ledger: Ledger):
    await ledger.record(ADA, [USE])
    assert await used(database, ADA, since=TOMORROW, until=date(2026, 12, 1)) == []


async def test_many_writers_of_one_tenant_lose_nothing(database: Database, ledger: Ledger):
    other = ModelUse(component="embedder", model="openai:e", input_tokens=10)
    await asyncio.gather(
        *(ledger.record(user, uses) for user in (ADA, BOB) for uses in ([USE, other], [other, USE]) for _ in range(10))
    )
    assert await used_by_tenant(database, ADA) == [("openai:e", 40, 400), ("openai:m", 80, 36_000)]


async def test_work_for_a_user_erased_meanwhile_counts_for_the_tenant_only(database: Database, ledger: Ledger):
    await ledger.record(ADA, [USE], epoch=1)
    assert await used(database, ADA) == []
    assert await used_by_tenant(database, ADA) == [("openai:m", 2, 900)]


async def test_erasing_removes_the_users_rows_and_keeps_the_tenants_sums(
    database: Database, ledger: Ledger, memory: Memory
):
    await ledger.record(ADA, [USE])
    await memory.user(ADA.tenant_id, ADA.user_id).erase()
    assert await used(database, ADA) == []
    assert await used_by_tenant(database, BOB) == [("openai:m", 2, 900)]


async def test_one_user_cannot_see_what_another_used(database: Database, ledger: Ledger):
    await ledger.record(ADA, [USE])
    assert await used(database, BOB) == []
    assert await used_by_tenant(database, EVE) == []


async def test_nothing_used_costs_no_transaction(migrated_urls):
    never_opened = Ledger(Database(migrated_urls.service))
    await never_opened.record(ADA, [])


async def test_what_cannot_be_written_is_written_later(
    database: Database, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
):
    def away(*_: object) -> None:
        raise DatabaseUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(database, "transaction", away)
        await ledger.record(ADA, [USE])
        ledger.note(ADA, [USE])
    await ledger.flush()
    assert await used(database, ADA) == [("openai:m", 4, 1_800)]


# ---------------------------------------------------------------- ceilings
def ceilings(database: Database, **limits: str) -> Ceilings:
    amounts = {name: Decimal(amount) for name, amount in limits.items()}
    return Ceilings(database, same_for_all(Limits(**amounts)), clock=lambda: NOON)


async def test_without_a_ceiling_anything_is_permitted(migrated_urls):
    assert await ceilings(Database(migrated_urls.service)).permits(ADA)


async def test_a_users_ceiling_stops_that_user_only(database: Database, ledger: Ledger):
    await ledger.record(ADA, [USE])
    limited = ceilings(database, user_usd="0.002")
    assert not await limited.permits(ADA)
    assert await limited.permits(BOB)


async def test_a_tenants_ceiling_stops_all_its_users_and_no_other_tenant(database: Database, ledger: Ledger):
    await ledger.record(ADA, [USE])
    limited = ceilings(database, tenant_usd="0.002")
    assert not await limited.permits(BOB)
    assert await limited.permits(EVE)


async def test_a_ceiling_is_that_of_the_month(database: Database, ledger: Ledger):
    await ledger.record(ADA, [USE])
    next_month = Ceilings(
        database, same_for_all(Limits(user_usd=Decimal("0.001"))), clock=lambda: datetime(2026, 12, 1, tzinfo=UTC)
    )
    assert await next_month.permits(ADA)
    assert not await ceilings(database, user_usd="0.001").permits(ADA)


@pytest.mark.parametrize(
    ("day", "since", "until"),
    [
        (date(2026, 11, 18), date(2026, 11, 1), date(2026, 12, 1)),
        (date(2026, 12, 31), date(2026, 12, 1), date(2027, 1, 1)),
        (date(2028, 2, 29), date(2028, 2, 1), date(2028, 3, 1)),
    ],
)
def test_a_month_is_half_open(day: date, since: date, until: date):
    assert month_of(day) == (since, until)


async def test_questions_are_counted_without_a_write_on_the_read_path(migrated_urls: DatabaseUrls):
    reply = Output(arguments={})  # the server then embeds
    async with ModelServer(lambda call: reply) as server:
        spec = f"openai-compatible:{server.url}/v1#letters@1536"
        async with Memory.open(database_url=migrated_urls.service, worker=False, embedder=spec) as memory:
            ada = memory.user("acme", "ada")
            await ada.add_episode(summary="The user grows beans.", ended_at=NOON)
            (imported,) = await ada.usage()
            await ada.context("what do I grow?")
            await ada.search("what do I grow?")  # a question asked again is not embedded again
            (asked,) = await ada.usage()
            (of_tenant,) = await memory.usage("acme")
    assert (imported.calls, asked.calls, of_tenant.calls) == (1, 2, 2)
    assert (asked.component, asked.model) == ("embedder", "openai-compatible:letters")


async def test_a_question_of_an_unknown_user_counts_for_the_tenant_only(migrated_urls: DatabaseUrls):
    reply = Output(arguments={})
    async with ModelServer(lambda call: reply) as server:
        spec = f"openai-compatible:{server.url}/v1#letters@1536"
        async with Memory.open(database_url=migrated_urls.service, worker=False, embedder=spec) as memory:
            await memory.user("acme", "nobody").search("what do I grow?")
            assert await memory.user("acme", "nobody").usage() == []
            assert [row.calls for row in await memory.usage("acme")] == [1]


async def test_a_cancelled_flush_loses_nothing(database: Database, ledger: Ledger, admin: psycopg.Connection):
    ledger.note(ADA, [USE])
    with admin.transaction():
        admin.execute("lock table recalld.usage in access exclusive mode")
        flushing = asyncio.create_task(ledger.flush())
        while not admin.execute("select 1 from pg_locks where not granted").fetchall():
            await asyncio.sleep(0.01)
        flushing.cancel()
        await asyncio.gather(flushing, return_exceptions=True)
    await ledger.flush()
    assert await used(database, ADA) == [("openai:m", 2, 900)]


async def test_days_in_the_wrong_order_are_refused(memory: Memory):
    with pytest.raises(InvalidInput, match="after until"):
        await memory.usage("acme", since=TOMORROW, until=TODAY)
