"""`recalld import`: sessions from a file, ours or LoCoMo's; repeating or resuming writes nothing twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from recalld.cli import render
from recalld.cli.options import DataDirOption, JsonOption, PurposeOption, TenantOption, ZoneOption, runs
from recalld.errors import InvalidInput, SessionEnded
from recalld.importers import ImportedSession, read_sessions
from recalld.memory import Memory, UserMemory
from recalld.settings import Settings
from recalld.values import DEFAULT_PURPOSE

Outcome = Literal["ingested", "queued", "failed", "nothing", "dropped", "already there"]
BATCH = 500  # messages appended in one transaction


@runs
async def import_command(
    file: Annotated[Path, typer.Argument(help="JSON, JSON Lines or LoCoMo; see docs/reference/import-format.md.")],
    user: Annotated[
        str | None, typer.Option("--user", "-u", help="Whose sessions these are, where the file does not say.")
    ] = None,
    tenant: TenantOption = "local",
    purpose: PurposeOption = DEFAULT_PURPOSE,
    timezone: ZoneOption = "UTC",
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Import sessions from a file. The whole file is checked before anything is written."""
    sessions = list(read_sessions(file, timezone=timezone))
    unclaimed = sum(1 for session in sessions if session.user_id is None)
    if unclaimed and user is None:
        raise InvalidInput(f"{unclaimed} sessions in {file.name!r} name no user; say whose they are with --user")
    outcomes: Counter[Outcome] = Counter()
    async with Memory.open(Settings.read(worker=False, data_dir=data_dir)) as memory:
        with _progress() as progress:
            bar = progress.add_task(file.name, total=len(sessions))
            for session in sessions:
                owner = memory.user(
                    tenant,
                    session.user_id or user or "",
                    purpose=session.purpose or purpose,
                    timezone=session.timezone or timezone,
                )
                outcomes[await import_session(owner, session)] += 1
                progress.advance(bar)
    if json:
        render.as_json({"sessions": len(sessions), **outcomes})
    else:
        render.console.print(
            f"{len(sessions)} sessions: {', '.join(f'{count} {name}' for name, count in outcomes.items()) or 'none'}"
        )
    if outcomes["failed"]:
        raise typer.Exit(1)


async def import_session(owner: UserMemory, session: ImportedSession) -> Outcome:
    """One session: its messages the whole way, or its ready digest. What an earlier run wrote is not written again."""
    if not session.messages and session.digest is not None:
        await owner.add_episode(
            episode_id=session.session_id,
            summary=session.digest.summary,
            topics=session.digest.topics,
            points=session.digest.points,
            started_at=session.started_at,
            ended_at=session.ended_at,
        )
        return "ingested"
    try:
        for first in range(0, len(session.messages), BATCH):
            await owner.append(
                session.session_id, session.messages[first : first + BATCH], at=session.ended_at, first_seq=first
            )
    except SessionEnded:
        return "already there"
    known = await owner.session(session.session_id)
    if known.state == "ingested":
        return "already there"
    return (await owner.end_session(session.session_id, wait=True, at=session.ended_at)).status


def _progress() -> Progress:
    """On standard error, so that standard output holds the result alone."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=render.errors)
