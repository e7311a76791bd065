"""`serve`, `worker`, `mcp`, `keys` and `jobs`: the service from the operator's side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from recalld.cli import render
from recalld.cli.options import DataDirOption, JsonOption, TenantOption, UserOption, YesOption, runs
from recalld.errors import InvalidInput, NotFound
from recalld.jobs.unfinished import Unfinished, unfinished
from recalld.memory import Memory
from recalld.settings import Settings

keys_app = typer.Typer(help="Make, list, rotate and revoke API keys.", no_args_is_help=True)
jobs_app = typer.Typer(help="Sessions that are not memory yet: list, retry, discard.", no_args_is_help=True)
KeyTenant = Annotated[str, typer.Option("--tenant", envvar="RECALLD_TENANT", help="The organisation the key is for.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("serve")(serve)
    app.command("worker")(worker)
    app.command("mcp")(mcp)
    app.add_typer(keys_app, name="keys")
    app.add_typer(jobs_app, name="jobs")


# ---------------------------------------------------------------- processes
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default: RECALLD_HOST or 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on. Default: RECALLD_PORT or 8300.")] = None,
    worker: Annotated[bool | None, typer.Option(help="Run a worker in this process too. Default: yes.")] = None,
    data_dir: DataDirOption = None,
) -> None:
    """Serve the HTTP API, with a worker and, without a DATABASE_URL, an embedded PostgreSQL."""
    from recalld.server import logs  # noqa: PLC0415 -- FastAPI and uvicorn only where they serve
    from recalld.server.serve import run  # noqa: PLC0415
    from recalld.server.serve import serve as serve_http  # noqa: PLC0415

    logs.configure()
    run(serve_http(Settings.read(host=host, port=port, worker=worker, data_dir=data_dir), announce))


def worker(
    concurrency: Annotated[
        int | None, typer.Option(min=1, help="Sessions at a time. Default: RECALLD_WORKER_CONCURRENCY or 4.")
    ] = None,
    data_dir: DataDirOption = None,
) -> None:
    """Turn ended sessions into memory, beside `recalld serve --no-worker`; several may run."""
    from recalld.server import logs  # noqa: PLC0415
    from recalld.server.serve import run, work  # noqa: PLC0415

    logs.configure()
    run(work(Settings.read(worker_concurrency=concurrency, data_dir=data_dir), announce))


def mcp(user: UserOption, tenant: TenantOption = "local", data_dir: DataDirOption = None) -> None:
    """Serve one person's memory as an MCP server on standard input and output."""
    from recalld.mcp.stdio import serve as serve_mcp  # noqa: PLC0415 -- an extra
    from recalld.server import logs  # noqa: PLC0415

    logs.configure()
    asyncio.run(serve_mcp(Settings.read(data_dir=data_dir), tenant_id=tenant, user_id=user))


def announce(line: str) -> None:
    """A line for whoever started it, beside the log."""
    render.errors.print(line, markup=False, highlight=False, soft_wrap=True)


@asynccontextmanager
async def opened(data_dir: Path | None) -> AsyncGenerator[Memory]:
    """Memory without a worker of its own."""
    async with Memory.open(Settings.read(worker=False, warm_up=False, data_dir=data_dir)) as memory:
        yield memory


# ---------------------------------------------------------------- keys
@keys_app.command("create")
@runs
async def create_key(
    tenant: KeyTenant,
    scopes: Annotated[str, typer.Option(help="Of read, write, erase, export, admin, operator.")] = "read,write",
    label: Annotated[str, typer.Option(help="What it is for.")] = "",
    user: Annotated[str | None, typer.Option(help="The only person it may be used for.")] = None,
    purpose: Annotated[list[str] | None, typer.Option(help="Only this purpose; may be repeated.")] = None,
    expires_days: Annotated[float | None, typer.Option(min=0, help="Days until it ends. Default: never.")] = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Make a key and show it, this once."""
    from recalld.server.keys import Keys, NewKey  # noqa: PLC0415

    new = NewKey(
        tenant_id=tenant,
        scopes=tuple(scope.strip() for scope in scopes.split(",") if scope.strip()),
        label=label,
        bound_user_id=user,
        purposes=tuple(purpose) if purpose else None,
        expires_in=None if expires_days is None else timedelta(days=expires_days),
    )
    async with opened(data_dir) as memory:
        key, text = await Keys(memory.parts.database).create(new)
    show(asdict(key) | {"key": text}, text, as_json=json)


@keys_app.command("list")
@runs
async def list_keys(tenant: KeyTenant, data_dir: DataDirOption = None, json: JsonOption = False) -> None:
    """A tenant's keys, newest first; never their secrets."""
    from recalld.server.keys import Keys  # noqa: PLC0415

    async with opened(data_dir) as memory:
        found = await Keys(memory.parts.database).list(tenant)
    if json:
        render.as_json(found)
        return
    made = render.table("Keys", "id", "label", "scopes", "user", "purposes", "made", "ends", "revoked")
    for key in found:
        cells = (
            key.key_id,
            key.label,
            ",".join(key.scopes),
            key.bound_user_id or "all",
            ",".join(key.purposes or ("all",)),
        )
        dates = (render.day(key.created_at), render.day(key.expires_at), render.day(key.revoked_at))
        made.add_row(*map(Text, cells + dates))
    render.console.print(made if found else "No keys.")


@keys_app.command("revoke")
@runs
async def revoke_key(
    key_id: Annotated[str, typer.Argument(help="As `keys list` shows it.")],
    tenant: KeyTenant,
    data_dir: DataDirOption = None,
) -> None:
    """End a key: every process refuses it within a second."""
    from recalld.server.keys import Keys  # noqa: PLC0415

    async with opened(data_dir) as memory:
        await Keys(memory.parts.database).revoke(tenant, key_id)
    render.console.print(f"revoked {key_id}", markup=False, highlight=False)


@keys_app.command("rotate")
@runs
async def rotate_key(
    key_id: Annotated[str, typer.Argument(help="As `keys list` shows it.")],
    tenant: KeyTenant,
    overlap_hours: Annotated[float, typer.Option(min=0, help="How long the old key goes on.")] = 24,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Make a key with the same rights and show it, this once; the old one goes on for a while."""
    from recalld.server.keys import Keys  # noqa: PLC0415

    async with opened(data_dir) as memory:
        key, text = await Keys(memory.parts.database).rotate(tenant, key_id, overlap=timedelta(hours=overlap_hours))
    show(asdict(key) | {"key": text}, text, as_json=json)


def show(values: Mapping[str, object], text: str, *, as_json: bool) -> None:
    """A new key: alone on standard output, so that a script can take it."""
    if as_json:
        render.as_json(values)
        return
    typer.echo(text)
    render.errors.print("[yellow]Keep this key: it is shown once.[/]")


# ---------------------------------------------------------------- jobs
@jobs_app.command("list")
@runs
async def list_jobs(
    failed: Annotated[bool, typer.Option("--failed", help="Only those that were given up.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Sessions, at most.")] = 100,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Ended sessions that are not memory yet, the oldest first."""
    async with opened(data_dir) as memory:
        found = await unfinished(memory.parts.database, state="failed" if failed else None, limit=limit)
    if json:
        render.as_json(found)
        return
    made = render.table("Not memory yet", "state", "age", "attempts", "error", "tenant", "user", "session")
    for one in found:
        cells = (
            one.state,
            f"{one.seconds:.0f} s",
            str(one.attempts),
            one.error or "–",
            one.tenant_id,
            one.user_id,
            one.session_id,
        )
        made.add_row(*map(Text, cells))
    render.console.print(made if found else "Nothing waits.")


@jobs_app.command("retry")
@runs
async def retry_jobs(
    session_id: Annotated[str | None, typer.Argument(help="The session; without one, all that were given up.")] = None,
    user: Annotated[
        str | None, typer.Option("--user", "-u", envvar="RECALLD_USER", help="Whose session it is.")
    ] = None,
    tenant: TenantOption = "local",
    data_dir: DataDirOption = None,
) -> None:
    """Give sessions that were given up all their attempts again."""
    async with opened(data_dir) as memory:
        chosen = await _chosen(memory, tenant, user, session_id)
        done = [await memory.user(one.tenant_id, one.user_id).replay_session(one.session_id) for one in chosen]
    render.console.print(f"{sum(done)} sessions wait again")


@jobs_app.command("discard")
@runs
async def discard_job(
    session_id: Annotated[str, typer.Argument(help="The session.")],
    user: UserOption,
    tenant: TenantOption = "local",
    yes: YesOption = False,
    data_dir: DataDirOption = None,
) -> None:
    """Forget a session that was given up, with its messages."""
    async with opened(data_dir) as memory:
        await _chosen(memory, tenant, user, session_id)
        if not yes and not typer.confirm(
            f"Forget session {session_id!r} and what was said in it? This cannot be undone"
        ):
            raise InvalidInput("not confirmed; nothing was forgotten")
        await memory.user(tenant, user).delete_session(session_id)
    render.console.print(f"forgot {session_id!r}", markup=False)


async def _chosen(memory: Memory, tenant: str, user: str | None, session_id: str | None) -> list[Unfinished]:
    """The failed sessions that a command is about. Raises `NotFound`."""
    failed = await unfinished(memory.parts.database, state="failed", limit=10_000)
    if session_id is None:
        return failed
    wanted = (tenant, user, session_id)
    found = [one for one in failed if (one.tenant_id, one.user_id, one.session_id) == wanted]
    if not found:
        raise NotFound(f"no session {session_id!r} of this user was given up; see 'recalld jobs list'")
    return found
