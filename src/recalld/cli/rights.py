"""The rights on the command line: erasures, receipts, purposes, consents, holds, retention, audit, and the record of processing."""

from __future__ import annotations

import asyncio
import json as json_format
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from recalld.cli import render
from recalld.cli.options import (
    DataDirOption,
    JsonOption,
    PurposesOption,
    Target,
    TenantOption,
    UserOption,
    YesOption,
    runs,
)
from recalld.errors import ConfigurationError, InvalidInput
from recalld.memory import Memory
from recalld.postgres.data_dir import default_data_dir
from recalld.postgres.embedded import EmbeddedPostgres
from recalld.postgres.maintenance import scrub
from recalld.privacy.deep import scrub_working_memory
from recalld.privacy.purposes import Purpose
from recalld.privacy.receipt import faults, from_mapping, secrets
from recalld.privacy.tenants import Progress
from recalld.settings import Settings
from recalld.values import ErasureReceipt, tenant_scope

FileArgument = Annotated[Path, typer.Argument(help="A file; '-' reads standard input.")]


def register(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    app.command("erase")(erase)
    app.command("erase-tenant")(erase_tenant)
    app.command("forget")(forget)
    app.command("restore-user")(restore_user)
    app.command("retention")(retention)
    app.command("record")(record_of_processing)
    for name, group in (
        ("receipts", receipts_app),
        ("erasures", erasures_app),
        ("purposes", purposes_app),
        ("consents", consents_app),
        ("hold", hold_app),
        ("audit", audit_app),
    ):
        app.add_typer(group, name=name)


@asynccontextmanager
async def opened(data_dir: Path | None) -> AsyncGenerator[Memory]:
    """The installation, without a worker of this process's own."""
    async with Memory.open(Settings.read(worker=False, data_dir=data_dir)) as memory:
        yield memory


# ---------------------------------------------------------------- erasure
@runs
async def erase(
    user: UserOption,
    deep: Annotated[
        bool, typer.Option("--deep", help="Also rewrite tables and cut the log, so that nothing is left on the disk.")
    ] = False,
    tenant: TenantOption = "local",
    yes: YesOption = False,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Erase a person from all layers, and print the receipt."""
    _confirm(f"Erase everything about user {user!r} of tenant {tenant!r}? This cannot be undone", yes=yes)
    async with Target(tenant=tenant, user=user, data_dir=data_dir).open() as memory:
        receipt = await memory.erase()
        unreached = await _scrub(memory.parts.working, data_dir) if deep else []
    render.as_json(receipt) if json else render.console.print(render.receipt_table(receipt))
    if deep:
        _tell_deep(unreached)
    if not receipt.verified:
        raise typer.Exit(1)


@runs
async def erase_tenant(
    tenant: Annotated[str, typer.Argument(help="The organisation, with everybody and everything.")],
    yes: YesOption = False,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Erase a whole tenant: its people, its keys, what it declared."""
    _confirm(f"Erase tenant {tenant!r} with everybody in it? This cannot be undone", yes=yes)
    async with opened(data_dir) as memory:
        receipt = await memory.erase_tenant(tenant, report=_tell_progress)
    render.as_json(receipt) if json else render.console.print(render.receipt_table(receipt))
    if not receipt.verified:
        raise typer.Exit(1)


def _tell_progress(progress: Progress) -> None:
    render.errors.print(f"{progress.people - progress.left} of {progress.people} people", highlight=False)


async def _scrub(working: object, data_dir: Path | None) -> list[str]:
    """What is left on the disks goes; what cannot be reached is returned."""
    settings = Settings.read(data_dir=data_dir)
    if settings.migrator_url is not None:
        refused = await scrub(settings.migrator_url.get_secret_value())
    elif settings.database_url is not None:
        raise ConfigurationError("a deep erasure rewrites tables: set RECALLD_MIGRATOR_URL to the login that may")
    else:
        server = EmbeddedPostgres(settings.data_dir or default_data_dir())
        urls = await asyncio.to_thread(server.start)
        try:
            refused = await scrub(urls.migrator)
        finally:
            await asyncio.to_thread(server.stop)
    return refused + await scrub_working_memory(working)


def _tell_deep(unreached: list[str]) -> None:
    for line in unreached:
        render.errors.print(f"not done: {line}", markup=False)
    render.errors.print(
        "Out of reach: backups, replicas, snapshots of the disk, and blocks that the file system has freed."
    )


def _confirm(question: str, *, yes: bool) -> None:
    if not yes and not typer.confirm(question):
        raise InvalidInput("not confirmed; nothing was done")


@runs
async def forget(
    query: Annotated[str, typer.Argument(help="What to forget, as in a search.")],
    user: UserOption,
    delete: Annotated[
        bool, typer.Option("--delete/--dry-run", help="Delete what is found; or only show it, which is the default.")
    ] = False,
    tenant: TenantOption = "local",
    purposes: PurposesOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Delete the episodes and facts that a search finds; first only show them."""
    async with Target(tenant=tenant, user=user, data_dir=data_dir).open() as memory:
        found = await memory.forget(query, dry_run=not delete, purposes=purposes or None)
    if json:
        render.as_json(found)
        return
    render.console.print(render.facts_table(found.facts))
    render.console.print(render.episodes_table(found.episodes))
    render.console.print("deleted" if found.deleted else "nothing was deleted; repeat with --delete")


@runs
async def restore_user(
    file: FileArgument, user: UserOption, tenant: TenantOption = "local", data_dir: DataDirOption = None
) -> None:
    """Bring a JSON export back, as a person about whom nothing is known yet."""
    async with Target(tenant=tenant, user=user, data_dir=data_dir).open() as memory:
        done = await memory.import_export(_read(file))
    render.console.print(f"{done.facts} versions of facts, {done.episodes} episodes, {done.sessions} sessions")


# ---------------------------------------------------------------- receipts and the ledger
receipts_app = typer.Typer(help="Receipts of erasures.", no_args_is_help=True)
erasures_app = typer.Typer(help="The ledger of erasures, to be kept outside of backups.", no_args_is_help=True)


@receipts_app.command("list")
@runs
async def list_receipts(tenant: TenantOption = "local", data_dir: DataDirOption = None) -> None:
    """A tenant's chain of receipts as JSON, oldest first."""
    async with opened(data_dir) as memory:
        render.as_json(await memory.receipts(tenant))


@receipts_app.command("key")
@runs
async def key(data_dir: DataDirOption = None) -> None:
    """The public key that this installation's receipts are checked with; publish it."""
    render.console.print(await _public_key(data_dir), markup=False, highlight=False)


@receipts_app.command("verify")
@runs
async def verify(
    file: FileArgument,
    public_key: Annotated[
        str | None, typer.Option(help="The installation's key in hex; none: asked of the installation here.")
    ] = None,
    data_dir: DataDirOption = None,
) -> None:
    """Check a receipt, or a chain of them: signatures, and that none was taken out."""
    chains = _receipts(_read(file))
    trusted = public_key or await _public_key(data_dir)
    wrong = [line for chain in chains.values() for line in faults(chain, trusted)]
    for line in wrong:
        render.errors.print(line, markup=False, soft_wrap=True)
    count = sum(map(len, chains.values()))
    if wrong or not count:
        raise typer.Exit(1)
    render.console.print(f"{count} receipts stand as they were signed")


async def _public_key(data_dir: Path | None) -> str:
    async with opened(data_dir) as memory, memory.parts.database.transaction("eraser", tenant_scope("-")) as tx:
        return (await secrets(tx)).public_key


def _receipts(text: str) -> dict[str, list[ErasureReceipt]]:
    """One receipt, a list of them, or the lines of a ledger, which has a chain for each tenant."""
    try:
        body: Any = json_format.loads(text)
    except ValueError:
        try:
            body = [json_format.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError:
            raise InvalidInput("this is no receipt: it is not JSON") from None
    found = cast("list[Any]", body if isinstance(body, list) else [body])
    if not all(isinstance(one, dict) for one in found):
        raise InvalidInput("this is no receipt of recalld")
    chains: dict[str, list[ErasureReceipt]] = {}
    for one in found:
        chains.setdefault(str(one.get("tenant_id", "")), []).append(from_mapping(one.get("receipt", one)))
    return chains


@erasures_app.command("show")
@runs
async def show_erasure(
    erasure_id: Annotated[str, typer.Argument(help="The id of the erasure.")],
    tenant: TenantOption = "local",
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """How far an erasure is."""
    async with opened(data_dir) as memory:
        receipt = await memory.erasure(tenant, erasure_id)
    render.as_json(receipt) if json else render.console.print(render.receipt_table(receipt))


@erasures_app.command("export")
@runs
async def export_erasures(tenant: TenantOption = "local", data_dir: DataDirOption = None) -> None:
    """Print the ledger, a line per erasure; keep it where no backup of the database goes."""
    async with opened(data_dir) as memory:
        sys.stdout.writelines(f"{line}\n" for line in await memory.export_erasures(tenant))


@erasures_app.command("apply")
@runs
async def apply_erasures(file: FileArgument, data_dir: DataDirOption = None) -> None:
    """After a restore, before serving: erase again whom the ledger names."""
    async with opened(data_dir) as memory:
        done = await memory.apply_erasures(_read(file).splitlines())
    render.console.print(
        f"{done.receipts} receipts read, {done.restored} of them were missing, {done.erased} people erased again"
    )


# ---------------------------------------------------------------- purposes and consents
purposes_app = typer.Typer(help="Why a tenant remembers.", no_args_is_help=True)
consents_app = typer.Typer(help="What a person agreed to.", no_args_is_help=True)


@purposes_app.command("list")
@runs
async def list_purposes(
    tenant: TenantOption = "local", data_dir: DataDirOption = None, json: JsonOption = False
) -> None:
    """What a tenant has declared."""
    async with opened(data_dir) as memory:
        declared = await memory.purposes(tenant)
    if json:
        render.as_json(declared)
        return
    made = render.table("Purposes", "purpose", "description", "legal basis", "applies to", "facts", "episodes", "state")
    for one in declared:
        kept = [f"{days} days" if days else "until erased" for days in (one.facts_days, one.episodes_days)]
        who, state = "everybody" if one.is_default else "who consented", "withdrawn" if one.withdrawn_at else "active"
        made.add_row(one.purpose, one.description, one.legal_basis, who, *kept, state)
    render.console.print(made if declared else "None was declared; any may be used.")


@purposes_app.command("declare")
@runs
async def declare(
    purpose: Annotated[str, typer.Argument(help="Its name: support.")],
    description: Annotated[str, typer.Option(help="What it is for, in words a person understands.")],
    legal_basis: Annotated[str, typer.Option(help="contract, consent, legitimate interest …")],
    default: Annotated[bool, typer.Option(help="Holds for everybody; else only for those who consented.")] = True,
    facts_days: Annotated[int | None, typer.Option(help="Facts go so long after they were last confirmed.")] = None,
    episodes_days: Annotated[int | None, typer.Option(help="Episodes go so long after their session.")] = None,
    tenant: TenantOption = "local",
    data_dir: DataDirOption = None,
) -> None:
    """Declare a purpose, or change it. From the first one on, only declared purposes may be written."""
    wanted = Purpose(
        purpose=purpose,
        description=description,
        legal_basis=legal_basis,
        is_default=default,
        facts_days=facts_days,
        episodes_days=episodes_days,
    )
    async with opened(data_dir) as memory:
        await memory.declare_purpose(tenant, wanted)
    render.console.print(f"declared {purpose!r}")


@purposes_app.command("withdraw")
@runs
async def withdraw(
    purpose: Annotated[str, typer.Argument(help="Its name.")],
    tenant: TenantOption = "local",
    data_dir: DataDirOption = None,
) -> None:
    """Write nothing more for a purpose."""
    async with opened(data_dir) as memory:
        await memory.withdraw_purpose(tenant, purpose)
    render.console.print(f"withdrawn {purpose!r}")


@purposes_app.command("change")
@runs
async def change(
    purpose: Annotated[str, typer.Argument(help="What it was remembered for.")],
    to: Annotated[str, typer.Argument(help="What it is remembered for from now on.")],
    user: UserOption,
    tenant: TenantOption = "local",
    yes: YesOption = False,
    data_dir: DataDirOption = None,
) -> None:
    """Remember for another purpose what was remembered about a person for one; the audit tells."""
    _confirm(f"Remember for {to!r} what was remembered about {user!r} for {purpose!r}?", yes=yes)
    async with opened(data_dir) as memory:
        done = await memory.user(tenant, user).change_purpose(purpose, to=to)
    render.console.print(f"moved {done.facts} facts, {done.episodes} episodes, {done.sessions} sessions")


@consents_app.command("list")
@runs
async def list_consents(user: UserOption, tenant: TenantOption = "local", data_dir: DataDirOption = None) -> None:
    """What a person decided, as JSON."""
    async with opened(data_dir) as memory:
        render.as_json(await memory.user(tenant, user).consents())


@consents_app.command("give")
@runs
async def give(
    purpose: Annotated[str, typer.Argument(help="The purpose.")],
    user: UserOption,
    tenant: TenantOption = "local",
    data_dir: DataDirOption = None,
) -> None:
    """Note that a person agrees."""
    async with opened(data_dir) as memory:
        await memory.user(tenant, user).give_consent(purpose)
    render.console.print(f"noted for {purpose!r}")


@consents_app.command("withdraw")
@runs
async def withdraw_consent(
    purpose: Annotated[str, typer.Argument(help="The purpose.")],
    user: UserOption,
    tenant: TenantOption = "local",
    yes: YesOption = False,
    data_dir: DataDirOption = None,
) -> None:
    """A person withdraws consent: what was remembered for the purpose is erased."""
    _confirm(f"Erase what is remembered about {user!r} for {purpose!r}?", yes=yes)
    async with opened(data_dir) as memory:
        gone = await memory.user(tenant, user).withdraw_consent(purpose)
    render.console.print(f"erased {gone.facts} facts, {gone.episodes} episodes, {gone.sessions} sessions")


# ---------------------------------------------------------------- holds, retention, audit, record
hold_app = typer.Typer(help="Legal holds: restrict instead of deleting.", no_args_is_help=True)
audit_app = typer.Typer(help="Who did what with whose memory.", no_args_is_help=True)


@hold_app.command("place")
@runs
async def place_hold(
    reason: Annotated[str, typer.Argument(help="Why; it is shown in the person's export.")],
    user: UserOption,
    tenant: TenantOption = "local",
    data_dir: DataDirOption = None,
) -> None:
    """Keep and restrict everything about a person."""
    async with opened(data_dir) as memory:
        await memory.user(tenant, user).hold(reason)
    render.console.print("held: nothing is read, changed or deleted until 'recalld hold release'")


@hold_app.command("release")
@runs
async def release_hold(user: UserOption, tenant: TenantOption = "local", data_dir: DataDirOption = None) -> None:
    """End a hold."""
    async with opened(data_dir) as memory:
        erasing = await memory.user(tenant, user).release()
    render.console.print("released; the erasure that waited is carried out by a worker" if erasing else "released")


@runs
async def retention(
    delete: Annotated[
        bool, typer.Option("--delete/--dry-run", help="Delete now; or only count, which is the default.")
    ] = False,
    inactive_days: Annotated[
        int | None, typer.Option(help="Set, for the tenant: erase people about whom nothing was written for so long.")
    ] = None,
    keep_journal_days: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Set, for the tenant: keep transcripts that the model could not digest for so long; 0: not at all.",
        ),
    ] = None,
    tenant: TenantOption = "local",
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """What has been kept as long as its purpose allows; a worker deletes it daily."""
    async with opened(data_dir) as memory:
        if inactive_days is not None:
            await memory.set_inactivity(tenant, inactive_days)
        if keep_journal_days is not None:
            await memory.keep_journals(tenant, keep_journal_days or None)
        report = await memory.retention(dry_run=not delete)
    if json:
        render.as_json(report)
        return
    what = "deleted" if delete else "to be deleted"
    render.console.print(
        f"{what}: {report.facts} facts, {report.episodes} episodes, {report.inactive} inactive people; "
        f"{report.people} people looked at, {report.held} under a hold"
    )


@audit_app.command("show")
@runs
async def show_audit(
    after: Annotated[int, typer.Option(help="From the event after this number on.")] = 0,
    limit: Annotated[int, typer.Option(help="Events, at most.")] = 1000,
    tenant: TenantOption = "local",
    data_dir: DataDirOption = None,
) -> None:
    """The events, as JSON."""
    async with opened(data_dir) as memory:
        render.as_json(await memory.audit(tenant, after=after, limit=limit))


@audit_app.command("verify")
@runs
async def verify_audit(
    tenant: TenantOption = "local", data_dir: DataDirOption = None, json: JsonOption = False
) -> None:
    """Whether the audit stands as it was written. Keep the last hash elsewhere: it shows if the end was cut off."""
    async with opened(data_dir) as memory:
        verdict = await memory.verify_audit(tenant)
    if json:
        render.as_json(verdict)
    else:
        for line in verdict.faults:
            render.errors.print(line, markup=False, soft_wrap=True)
        told = f"{verdict.events} events, last hash {verdict.last_hash or '(none)'}"
        render.console.print(told, highlight=False, soft_wrap=True)
    if verdict.faults:
        raise typer.Exit(1)


@runs
async def record_of_processing(tenant: TenantOption = "local", data_dir: DataDirOption = None) -> None:
    """The record of processing (Article 30 GDPR), as Markdown, from the live configuration."""
    async with opened(data_dir) as memory:
        sys.stdout.write(await memory.record_of_processing(tenant))


def _read(file: Path) -> str:
    if str(file) == "-":
        return sys.stdin.read()
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"cannot read {str(file)!r}: {type(error).__name__}") from None
