"""`cost` and `reembed`: what models cost, and how to change the embedder."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from recalld.cli import render
from recalld.cli.options import DataDirOption, JsonOption, TenantOption, runs
from recalld.errors import ConfigurationError, InvalidInput
from recalld.memory import Memory
from recalld.settings import Settings

if TYPE_CHECKING:  # the modules behind the commands are imported where they run
    from recalld.cost.bill import Bill, BlockCost, CostPage
    from recalld.ingest.reembed import Progress, Reembedding
    from recalld.models.ledger import UsageRow


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("cost")(cost)
    app.command("reembed")(reembed)
    app.command("upgrade")(upgrade)


# ---------------------------------------------------------------- cost
@runs
async def cost(
    sessions: Annotated[int, typer.Option(min=1, help="Sessions of a user in a month.")] = 100,
    session_tokens: Annotated[int, typer.Option(min=50, max=1_000_000, help="Tokens of one, both sides.")] = 3_000,
    user_share: Annotated[float, typer.Option(min=0.01, max=1, help="Of these, what the user writes.")] = 0.25,
    turns: Annotated[int, typer.Option(min=1, max=1_000, help="Turns of one; each asks for a block.")] = 10,
    facts: Annotated[int, typer.Option(min=0, max=100, help="Facts said in one, a third of them new.")] = 3,
    months: Annotated[int, typer.Option(min=0, help="Months of history that are stored.")] = 12,
    triaged: Annotated[
        float, typer.Option(min=0, max=1, help="Share of sessions with nothing to remember: no model is called.")
    ] = 0.0,
    budget_tokens: Annotated[int, typer.Option(min=1, help="Tokens of a memory block.")] = 800,
    gigabyte_price: Annotated[
        str, typer.Option(help="US dollars for a gigabyte of PostgreSQL and month, all replicas.")
    ] = "0.115",
    summariser: Annotated[
        list[str] | None, typer.Option(help="Another model to compare, as in RECALLD_SUMMARISER; may be repeated.")
    ] = None,
    tenant: TenantOption = "local",
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """What memory costs per user and month, from measured counts and the price list; and what was spent this month."""
    from recalld.cost.bill import cost_page  # noqa: PLC0415
    from recalld.cost.profile import CONFIGURATIONS, Configuration, Profile  # noqa: PLC0415

    profile = Profile(
        sessions=sessions,
        session_tokens=session_tokens,
        user_share=user_share,
        turns=turns,
        facts=facts,
        months=months,
        triaged=triaged,
        budget_tokens=budget_tokens,
        gigabyte_month_usd=_price(gigabyte_price),
    )
    compared = (*CONFIGURATIONS, *(Configuration(summariser=spec) for spec in summariser or ()))
    async with Memory.open(Settings.read(worker=False, warm_up=False, data_dir=data_dir)) as memory:
        page = await cost_page(memory.parts.database, profile, configurations=compared)
        spent = await memory.usage(tenant)
    if json:
        render.as_json(_as_mapping(page) | {"usage": [_used(row) for row in spent]})
        return
    _print(page, spent, tenant)


def _price(text: str) -> Decimal:
    """Dollars as typed. Raises `InvalidInput`."""
    try:
        price = Decimal(text)
    except ArithmeticError:
        price = Decimal("NaN")
    if not price.is_finite() or price < 0:
        raise InvalidInput(f"{text!r} is no price in US dollars")
    return price


def _print(page: CostPage, spent: Sequence[UsageRow], tenant: str) -> None:
    from recalld.cost.table import render as page_tables  # noqa: PLC0415

    render.console.print(page_tables(page))
    render.console.print(_usage_table(spent, tenant) if spent else f"No model was asked this month for {tenant!r}.")


def _usage_table(rows: Sequence[UsageRow], tenant: str) -> Table:
    """What was used this month, per component and model."""
    made = render.table(
        f"Used this month, tenant {tenant}", "for", "model", "calls", "failed", "tokens in", "out", "USD"
    )
    for row in _by_model(rows):
        counts = (row.calls, row.failed, row.input_tokens, row.output_tokens)
        unknown = f" + {row.unpriced} calls of unknown price" if row.unpriced else ""
        made.add_row(row.component, Text(row.model), *(f"{n:,}" for n in counts), f"{row.cost_usd:.4f}{unknown}")
    return made


def _by_model(rows: Iterable[UsageRow]) -> list[UsageRow]:
    """The days of each component and model together."""
    found: dict[tuple[str, str], UsageRow] = {}
    for row in rows:
        key = (row.component, row.model)
        found[key] = _together(found[key], row) if key in found else row
    return list(found.values())


def _together(one: UsageRow, other: UsageRow) -> UsageRow:
    return replace(
        one,
        calls=one.calls + other.calls,
        failed=one.failed + other.failed,
        input_tokens=one.input_tokens + other.input_tokens,
        cached_tokens=one.cached_tokens + other.cached_tokens,
        output_tokens=one.output_tokens + other.output_tokens,
        cost_usd=one.cost_usd + other.cost_usd,
        unpriced=one.unpriced + other.unpriced,
    )


def _as_mapping(page: CostPage) -> dict[str, Any]:
    return {
        "profile": asdict(page.profile) | {"gigabyte_month_usd": float(page.profile.gigabyte_month_usd)},
        "configurations": [_bill(each) for each in page.bills],
        "block": asdict(page.block),
        "block_cost": [_block(each) for each in page.blocks],
    }


def _bill(bill: Bill) -> dict[str, Any]:
    return {
        "name": bill.configuration.name,
        **asdict(bill.configuration),
        "tokens": asdict(bill.tokens),
        "usd": {
            "summarising": _number(bill.summarising),
            "embedding": _number(bill.embedding),
            "text": _number(bill.text),
            "vectors": _number(bill.vectors),
            "total": _number(bill.total),
        },
        "meets_target": bill.meets_target,
    }


def _block(cost: BlockCost) -> dict[str, Any]:
    return {"model": cost.model, "usd": _number(cost.plain), "usd_cached": _number(cost.cached)}


def _used(row: UsageRow) -> dict[str, Any]:
    return asdict(row) | {"day": row.day.isoformat(), "cost_usd": float(row.cost_usd)}


def _number(amount: Decimal | None) -> float | None:
    """Six decimals, or none for a price that is not known."""
    return None if amount is None else round(float(amount), 6)


# ---------------------------------------------------------------- reembed
@runs
async def reembed(
    embedder: Annotated[str, typer.Argument(help="The new embedder, as in RECALLD_EMBEDDER.")],
    drop_others: Annotated[
        bool, typer.Option("--drop-others", help="Remove the vectors of other models, after the setting was switched.")
    ] = False,
    tenant: Annotated[str | None, typer.Option(help="Only this tenant. Default: all.")] = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Write vectors of another embedder beside those there are; interrupted, it goes on where it stopped."""
    from recalld.models.embedders import close_model, open_embedder  # noqa: PLC0415

    async with Memory.open(Settings.read(worker=False, warm_up=False, data_dir=data_dir)) as memory:
        model = open_embedder(embedder)
        try:
            moving = _moving(memory, model)
            if drop_others and memory.parts.embedder.name != model.name:
                raise ConfigurationError(
                    f"recall still uses {memory.parts.embedder.name!r}; set RECALLD_EMBEDDER={embedder} and restart, then drop the others"
                )
            with _progress() as report:
                reached = await moving.run(tenant_id=tenant, report=report)
                if drop_others:
                    dropped = await moving.drop_others(tenant_id=tenant, report=report)
                    reached = replace(dropped, episodes=reached.episodes)
        finally:
            await close_model(model)
    told = {"embedder": model.name, "users": reached.users, "episodes": reached.episodes, "removed": reached.removed}
    if json:
        render.as_json(told)
        return
    removed = f", {reached.removed} rows of others removed" if drop_others else ""
    render.console.print(
        f"{reached.episodes} episodes of {reached.users} users got vectors of {model.name}{removed}", markup=False
    )


def _moving(memory: Memory, model: Any) -> Reembedding:
    from recalld.ingest.reembed import Reembedding  # noqa: PLC0415
    from recalld.layers.vectors.pgvector import PgVectorIndex  # noqa: PLC0415

    parts = memory.parts
    if not isinstance(parts.vectors, PgVectorIndex):
        raise ConfigurationError("reembed moves vectors in PostgreSQL only; set RECALLD_VECTORS=pgvector")
    return Reembedding(
        database=parts.database,
        embedder=model,
        index=parts.vectors,
        episodes=parts.episodes,
        journal=parts.journal,
        ledger=parts.ledger,
    )


@contextmanager
def _progress() -> Generator[Callable[[Progress], None]]:
    """A bar over users on a terminal's standard error."""
    from rich import progress  # noqa: PLC0415

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeElapsedColumn(),
    )
    with progress.Progress(*columns, console=render.errors, transient=True) as bar:
        task = bar.add_task("users", total=None)

        def report(reached: Progress) -> None:
            done = f"{reached.episodes} episodes" if not reached.removed else f"{reached.removed} rows removed"
            bar.update(task, description=done, completed=reached.users, total=max(reached.of_users, reached.users))

        yield report


# ---------------------------------------------------------------- upgrade
@runs
async def upgrade(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count the journals that are kept for it.")] = False,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Let the model digest again now what the local summariser did in its place; a worker does so by itself."""
    async with Memory.open(Settings.read(worker=False, warm_up=False, data_dir=data_dir)) as memory:
        if not dry_run and memory.parts.upgrades.model is None:
            raise ConfigurationError("there is no model to digest with; set RECALLD_SUMMARISER")
        done = await memory.upgrade(dry_run=dry_run)
        kept = await memory.parts.upgrades.count()
    if json:
        render.as_json(asdict(done) | {"oldest": kept.oldest and kept.oldest.isoformat()})
        return
    since = f", the oldest since {kept.oldest:%Y-%m-%d %H:%M} UTC" if kept.oldest else ""
    told = f"{done.upgraded} upgraded, {done.postponed} to be tried again, {done.left} stay as they are; "
    render.console.print(f"{'' if dry_run else told}journals kept: {kept.sessions}{since}", highlight=False)
