"""The commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from recalld.cli import render
from recalld.cli.admin import doctor, migrate_command
from recalld.cli.demo import demo
from recalld.cli.facts import facts_app
from recalld.cli.importing import import_command
from recalld.cli.models import register as register_models
from recalld.cli.options import (
    AtOption,
    DataDirOption,
    JsonOption,
    PurposeOption,
    PurposesOption,
    Target,
    TenantOption,
    UserOption,
    ZoneOption,
    moment,
    runs,
)
from recalld.cli.plan import plan
from recalld.cli.rights import register as register_rights
from recalld.cli.service import register
from recalld.cli.vectors import vectors_app
from recalld.values import DEFAULT_PURPOSE, Message

BUDGET_SECONDS = 60.0  # of `end`: the process would wait for the ingestion before it ends anyway

app = typer.Typer(
    name="recalld",
    help="Cross-session memory for AI agents.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("demo")(demo)
app.command("migrate")(migrate_command)
app.command("doctor")(doctor)
app.command("import")(import_command)
app.add_typer(facts_app, name="facts")
app.add_typer(vectors_app, name="vectors")
app.command("plan")(plan)
register(app)
register_models(app)
register_rights(app)


@app.command()
@runs
async def append(
    session_id: Annotated[str, typer.Argument(help="The session; the first message opens it.")],
    text: Annotated[str, typer.Argument(help="What was said; '-' reads standard input.")],
    user: UserOption,
    role: Annotated[str, typer.Option(help="user, assistant, system or tool.")] = "user",
    tenant: TenantOption = "local",
    purpose: PurposeOption = DEFAULT_PURPOSE,
    timezone: ZoneOption = "UTC",
    at: AtOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Add one message to a session."""
    content = sys.stdin.read() if text == "-" else text
    target = Target(tenant=tenant, user=user, purpose=purpose, timezone=timezone, data_dir=data_dir)
    async with target.open() as memory:
        message = Message(role=role, content=content)  # pyright: ignore[reportArgumentType] -- checked at the border
        count = await memory.append(session_id, [message], at=moment(at, timezone))
    render.as_json({"session_id": session_id, "messages": count}) if json else render.console.print(
        f"{count} messages in {session_id!r}"
    )


@app.command()
@runs
async def end(
    session_id: Annotated[str, typer.Argument(help="The session to end.")],
    user: UserOption,
    wait: Annotated[bool, typer.Option(help="Ingest at once instead of leaving it to a worker.")] = True,
    tenant: TenantOption = "local",
    timezone: ZoneOption = "UTC",
    at: AtOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """End a session: it becomes an episode and facts, and its transcript goes."""
    async with Target(tenant=tenant, user=user, timezone=timezone, data_dir=data_dir).open() as memory:
        report = await memory.end_session(session_id, wait=wait, at=moment(at, timezone), budget_seconds=BUDGET_SECONDS)
    render.as_json(report) if json else render.console.print(render.report_line(report))


@app.command()
@runs
async def context(
    query: Annotated[str, typer.Argument(help="The person's new turn.")],
    user: UserOption,
    session: Annotated[str | None, typer.Option(help="The open session.")] = None,
    budget: Annotated[int, typer.Option(help="Tokens of the block, at most.")] = 800,
    tenant: TenantOption = "local",
    purposes: PurposesOption = None,
    timezone: ZoneOption = "UTC",
    at: AtOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Print the block of memory for a new turn."""
    async with Target(tenant=tenant, user=user, timezone=timezone, data_dir=data_dir).open() as memory:
        block = await memory.context(
            query, session_id=session, budget_tokens=budget, purposes=purposes or None, at=moment(at, timezone)
        )
    render.as_json(block) if json else render.console.print(render.context_panel(block))


@app.command()
@runs
async def search(
    query: Annotated[str, typer.Argument(help='For example "what did I say about pricing last Tuesday".')],
    user: UserOption,
    k: Annotated[int, typer.Option("-k", help="Episodes, at most.")] = 5,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show candidates, scores, filters and the range understood.")
    ] = False,
    topic: Annotated[list[str] | None, typer.Option(help="Only episodes with this topic; may be repeated.")] = None,
    since: Annotated[str | None, typer.Option(help="Only episodes from then on.")] = None,
    until: Annotated[str | None, typer.Option(help="Only episodes before.")] = None,
    tenant: TenantOption = "local",
    purposes: PurposesOption = None,
    timezone: ZoneOption = "UTC",
    at: AtOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Find episodes by words, meaning and time."""
    async with Target(tenant=tenant, user=user, timezone=timezone, data_dir=data_dir).open() as memory:
        found = await memory.explain(
            query,
            k=k,
            at=moment(at, timezone),
            purposes=purposes or None,
            topics=topic or (),
            since=moment(since, timezone),
            until=moment(until, timezone),
        )
    if json:
        render.as_json(found if explain else found.hits)
        return
    if explain:
        render.console.print(render.explanation_table(found))
    render.console.print(render.hits_table(found.hits) if found.hits else "No episode answers this.")


@app.command()
@runs
async def episodes(
    user: UserOption,
    since: Annotated[str | None, typer.Option(help="Only episodes from then on.")] = None,
    until: Annotated[str | None, typer.Option(help="Only episodes before.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Episodes, at most.")] = 20,
    tenant: TenantOption = "local",
    purposes: PurposesOption = None,
    timezone: ZoneOption = "UTC",
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """The episodes of a person, newest first."""
    async with Target(tenant=tenant, user=user, timezone=timezone, data_dir=data_dir).open() as memory:
        page = await memory.episodes(
            purposes=purposes or None, since=moment(since, timezone), until=moment(until, timezone), limit=limit
        )
    render.as_json(page) if json else render.console.print(render.episodes_table(page) if page else "No episodes.")


@app.command()
@runs
async def export(
    user: UserOption,
    format: Annotated[str, typer.Option(help="markdown, html or json.")] = "markdown",  # noqa: A002 -- the word of the API
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file instead of standard output.")] = None,
    tenant: TenantOption = "local",
    data_dir: DataDirOption = None,
) -> None:
    """Everything stored about a person."""
    async with Target(tenant=tenant, user=user, data_dir=data_dir).open() as memory:
        chunks = memory.export_chunks(format=format)  # pyright: ignore[reportArgumentType] -- checked there
        if output is None:
            async for chunk in chunks:
                sys.stdout.write(chunk)
            return
        with output.open("w", encoding="utf-8") as file:
            async for chunk in chunks:
                file.write(chunk)
    render.console.print(f"wrote {output.stat().st_size} bytes to {output}")
