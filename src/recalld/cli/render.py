"""Values as tables or as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from recalld.values import Episode, EpisodeHit, ErasureReceipt, Fact, IngestReport, MemoryContext, SearchResult

console = Console()
errors = Console(stderr=True)


def as_json(value: Any) -> None:
    """Print *value* (dataclasses and lists of them included) as JSON."""
    console.print_json(json.dumps(plain(value), ensure_ascii=False))


def plain(value: Any) -> Any:
    """*value* as JSON knows it: dataclasses as mappings, times in ISO 8601."""
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def table(title: str, *columns: str) -> Table:
    """An empty table in the house style."""
    made = Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def facts_table(facts: Sequence[Fact], title: str = "Facts") -> Table:
    """Facts, one a line."""
    made = table(title, "fact", "status", "since", "until", "purpose", "confirmed", "id")
    for fact in facts:
        style = "" if fact.status == "current" else "dim"
        cells = (
            fact.text,
            fact.status,
            day(fact.valid_from),
            day(fact.valid_to),
            fact.purpose,
            f"{fact.confirmations}×",
            fact.fact_id,
        )
        made.add_row(*map(Text, cells), style=style)
    return made


def episodes_table(episodes: Sequence[Episode], title: str = "Episodes") -> Table:
    """Episodes, one a line."""
    made = table(title, "ended", "topics", "summary", "purpose", "id")
    for episode in episodes:
        cells = (day(episode.ended_at), ", ".join(episode.topics), episode.summary, episode.purpose, episode.episode_id)
        made.add_row(*map(Text, cells))
    return made


def hits_table(hits: Sequence[EpisodeHit], title: str = "Episodes that answer") -> Table:
    """Hits with their score and reasons."""
    made = table(title, "score", "ended", "summary", "why")
    for hit in hits:
        made.add_row(
            f"{hit.score:.2f}", day(hit.episode.ended_at), Text(hit.episode.summary), Text("; ".join(hit.reasons))
        )
    return made


def explanation_table(found: SearchResult) -> Table:
    """How a query was understood and what was weighed."""
    made = table("How it was found", "step", "value")
    if found.time_range:
        made.add_row("time range", f"{found.time_range.start.isoformat()} … {found.time_range.end.isoformat()}")
        made.add_row("subject left", Text(found.time_range.rest or "(none)"))
    for name, value in found.explanation.items():
        made.add_row(
            name, Text(value if isinstance(value, str) else json.dumps(plain(value), ensure_ascii=False, indent=1))
        )
    return made


def context_panel(context: MemoryContext) -> Panel:
    """The block as it goes in front of the system prompt."""
    return Panel(
        Text(context.text or "(nothing is known)"),
        title="memory context",
        subtitle=f"{context.tokens} tokens",
        title_align="left",
    )


def report_line(report: IngestReport) -> str:
    """One line on an ingestion."""
    spent = sum(report.timings.values())
    counts = f"{report.added} facts added, {report.confirmed} confirmed, {report.closed} closed"
    return (
        f"{report.status}: {counts}; {spent * 1000:.0f} ms, digested by {report.digest_by}"
        if report.status == "ingested"
        else report.status
    )


def receipt_table(receipt: ErasureReceipt) -> Table:
    """An erasure, layer by layer, and what holds it up."""
    made = table(f"Erasure {receipt.erasure_id}: {receipt.status}", "layer", "before", "deleted", "after", "held up by")
    for name, layer in receipt.layers.items():
        after = "?" if layer.after < 0 else str(layer.after)  # a store that did not answer
        made.add_row(name, str(layer.before), str(layer.deleted), after, layer.error or "–")
    return made


def day(value: datetime | None) -> str:
    """A date, or a dash."""
    return value.date().isoformat() if value else "–"
