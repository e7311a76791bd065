"""`vectors`: does the vector index hold what PostgreSQL holds?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from recalld.cli import render
from recalld.cli.options import DataDirOption, JsonOption, runs
from recalld.memory import Memory
from recalld.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from recalld.layers.vectors.reconcile import Comparison, Reconciler, Report

vectors_app = typer.Typer(help="The vector index beside PostgreSQL: compare, repair, build anew.", no_args_is_help=True)

AllTenantsOption = Annotated[str | None, typer.Option("--tenant", help="Only users of this organisation.")]


@vectors_app.command()
@runs
async def verify(tenant: AllTenantsOption = None, data_dir: DataDirOption = None, json: JsonOption = False) -> None:
    """Compare all episodes with the index; ends with 1 when they differ."""
    found = await _over_users(data_dir, lambda index, report: index.verify(tenant_id=tenant, report=report))
    _tell(found, json=json, done="")
    if not found.equal:
        raise typer.Exit(1)


@vectors_app.command()
@runs
async def repair(tenant: AllTenantsOption = None, data_dir: DataDirOption = None, json: JsonOption = False) -> None:
    """Write what the index lacks, and remove what has no episode any more."""
    found = await _over_users(data_dir, lambda index, report: index.repair(tenant_id=tenant, report=report))
    _tell(found, json=json, done=" (repaired)")


@vectors_app.command()
@runs
async def rebuild(tenant: AllTenantsOption = None, data_dir: DataDirOption = None, json: JsonOption = False) -> None:
    """Write the vectors of all episodes: for a new index, or after a change of embedder."""
    found = await _over_users(data_dir, lambda index, report: index.rebuild(tenant_id=tenant, report=report))
    _tell(found, json=json, done=" (written)")


async def _over_users(data_dir: Path | None, step: Callable[[Reconciler, Report], Awaitable[Comparison]]) -> Comparison:
    async with Memory.open(Settings.read(worker=False, data_dir=data_dir)) as memory:
        with _progress() as report:
            return await step(memory.parts.reconciler, report)


def _tell(found: Comparison, *, json: bool, done: str) -> None:
    if json:
        render.as_json({**asdict(found), "equal": found.equal})
        return
    state = "equal" if found.equal else "different"
    render.console.print(
        f"{found.users} users, {found.episodes} episodes: {state}; {found.missing} missing, "
        f"{found.waiting} waiting, {found.orphans} without an episode{done}",
        markup=False,
    )


@contextmanager
def _progress() -> Generator[Report]:
    """A count of users on a terminal's standard error."""
    with render.errors.status("comparing") as status:
        yield lambda reached: status.update(f"{reached.users} users, {reached.episodes} episodes")
