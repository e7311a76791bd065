"""`recalld facts`: what is known, its history, its conflicts, and why."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from recalld.cli import render
from recalld.cli.options import (
    DataDirOption,
    JsonOption,
    PurposesOption,
    Target,
    TenantOption,
    UserOption,
    ZoneOption,
    moment,
    runs,
)
from recalld.errors import InvalidInput
from recalld.values import FactConflict, History, Statement

facts_app = typer.Typer(
    help="What is known about a person: the list, or history, conflicts and why.", invoke_without_command=True
)


@facts_app.callback()
@runs
async def list_facts(
    context: typer.Context,
    user: Annotated[
        str | None, typer.Option("--user", "-u", envvar="RECALLD_USER", help="The person whose memory this is.")
    ] = None,
    closed: Annotated[bool, typer.Option("--closed", help="Past values too.")] = False,
    as_of: Annotated[str | None, typer.Option(help="What was true then.")] = None,
    believed_at: Annotated[str | None, typer.Option(help="What recalld believed then.")] = None,
    tenant: TenantOption = "local",
    purposes: PurposesOption = None,
    timezone: ZoneOption = "UTC",
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """What is known about a person."""
    if context.invoked_subcommand is not None:
        return
    if user is None:
        raise InvalidInput("say whose facts: --user NAME")
    async with Target(tenant=tenant, user=user, timezone=timezone, data_dir=data_dir).open() as memory:
        known = await memory.facts(
            as_of=moment(as_of, timezone),
            believed_at=moment(believed_at, timezone),
            include_closed=closed,
            purposes=purposes or None,
        )
    render.as_json(known) if json else render.console.print(render.facts_table(known) if known else "Nothing is known.")


@facts_app.command()
@runs
async def history(
    user: UserOption,
    attribute: Annotated[str | None, typer.Argument(help="For example home_city; none: all.")] = None,
    tenant: TenantOption = "local",
    purposes: PurposesOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Every value an attribute had, with its dates, the sentences it rests on and what ended it."""
    async with Target(tenant=tenant, user=user, data_dir=data_dir).open() as memory:
        found = await memory.history(attribute, purposes=purposes or None)
    if json:
        render.as_json(found)
        return
    told = [
        timeline for timeline in found if timeline.entries
    ]  # an end of something that was never known tells nothing
    if not told:
        render.console.print("Nothing is known.")
    for timeline in told:
        render.console.print(history_table(timeline))


@facts_app.command()
@runs
async def conflicts(
    user: UserOption,
    tenant: TenantOption = "local",
    purposes: PurposesOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """What contradicted what, when, and how it was decided."""
    async with Target(tenant=tenant, user=user, data_dir=data_dir).open() as memory:
        found = await memory.conflicts(purposes=purposes or None)
    if json:
        render.as_json(found)
    else:
        render.console.print(conflicts_table(found) if found else "Nothing contradicted anything.")


@facts_app.command()
@runs
async def why(
    fact_id: Annotated[str, typer.Argument(help="The id in the list of facts.")],
    user: UserOption,
    tenant: TenantOption = "local",
    purposes: PurposesOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Which sentence of which session a fact rests on, since when, and how often it was confirmed."""
    async with Target(tenant=tenant, user=user, data_dir=data_dir).open() as memory:
        entry = await memory.why(fact_id, purposes=purposes or None)
    if json:
        render.as_json(entry)
        return
    fact = entry.fact
    render.console.print(render.facts_table([fact], fact.attribute))
    made = render.table("It rests on", "said", "session", "origin", "words")
    for statement in entry.statements:
        made.add_row(*_evidence(statement))
    render.console.print(made)
    if entry.ended_by is not None:
        ended = "Ends" if fact.status == "current" else "Ended"
        render.console.print(
            Text(f"{ended} on {render.day(fact.valid_to)} by: {entry.ended_by.quote or entry.ended_by.value}")
        )


def history_table(timeline: History) -> Table:
    """One attribute as a table."""
    made = render.table(timeline.attribute, "value", "status", "from", "to", "confirmed", "because", "ended by")
    for entry in timeline.entries:
        fact, ended = entry.fact, entry.ended_by
        because = entry.statements[0].quote or f"set through the {fact.origin}"
        cells = (
            fact.value,
            fact.status,
            render.day(fact.valid_from),
            render.day(fact.valid_to),
            f"{fact.confirmations}×",
            because,
        )
        made.add_row(*map(Text, cells), Text(ended.quote or ended.value if ended else "–"))
    return made


def conflicts_table(found: list[FactConflict]) -> Table:
    """Contradictions, one a line."""
    made = render.table("Conflicts", "when", "attribute", "was", "then", "decided", "words")
    for conflict in found:
        said = conflict.statement
        cells = (
            render.day(conflict.at),
            conflict.attribute,
            conflict.against.value,
            said.value,
            conflict.decision,
            said.quote,
        )
        made.add_row(*map(Text, cells))
    return made


def _evidence(statement: Statement) -> tuple[Text, ...]:
    return tuple(
        map(
            Text,
            (
                render.day(statement.said_at),
                statement.session_id or "API",
                statement.origin,
                statement.quote or statement.value,
            ),
        )
    )
