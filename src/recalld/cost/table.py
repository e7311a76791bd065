"""The bill as tables for a terminal."""

from __future__ import annotations

from decimal import Decimal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from recalld.cost.bill import TARGET_USD, Bill, BlockCost, CostPage

_MARK = {True: Text("yes", style="green"), False: Text("no", style="red"), None: Text("?")}


def render(page: CostPage) -> RenderableType:
    """The whole page."""
    return Group(_bills(page), _blocks(page), _notes(page))


def _bills(page: CostPage) -> Table:
    profile = page.profile
    table = _table(
        f"US dollars per user and month, {profile.sessions} sessions of {profile.session_tokens:,} tokens",
        "configuration",
        *("tokens\nin", "tokens\nout", "digest", "embed", "text\nstored", "vectors\nstored", "total"),
    )
    table.add_column(f"≤ {TARGET_USD}", justify="center")
    for each in page.bills:
        table.add_row(each.configuration.name, *_figures(each), _MARK[each.meets_target])
    return table


def _table(title: str, first: str, *figures: str) -> Table:
    """Names fold where the terminal is narrow: cut off, one model looks like the next."""
    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False)
    table.add_column(first, overflow="fold")
    for name in figures:
        table.add_column(name, justify="right")
    return table


def _figures(bill: Bill) -> tuple[str, ...]:
    asks = bill.configuration.summariser != "local"
    read = f"{bill.tokens.fixed + bill.tokens.transcript:,}" if asks else "–"
    written = f"{bill.tokens.reply:,}" if asks else "–"
    return read, written, *map(dollars, (bill.summarising, bill.embedding, bill.text, bill.vectors, bill.total))


def _blocks(page: CostPage) -> Table:
    title = f"What the memory block adds to the application's own model: {page.block.all} tokens per turn"
    table = _table(title, "model", "per month", "with prompt caching")
    for each in page.blocks:
        table.add_row(*_block(each))
    return table


def _block(cost: BlockCost) -> tuple[str, str, str]:
    return cost.model, dollars(cost.plain), dollars(cost.cached)


def _notes(page: CostPage) -> Text:
    profile = page.profile
    return Text(
        f"Assumed: the user writes {profile.user_share:.0%} of a conversation, {profile.turns} turns per session, "
        f"{profile.facts} facts per session, {profile.months} months of history stored at {profile.gigabyte_month_usd} USD per GB "
        f"and month, {profile.triaged:.0%} of sessions without a model call. Measured: everything else; {page.block.stable} of the "
        f"{page.block.all} tokens of a block stay the same from turn to turn.",
        style="dim",
    )


def dollars(amount: Decimal | None) -> str:
    """Four decimals, or "?" for a price that is not known."""
    return "?" if amount is None else f"{amount:.4f}"
