"""`migrate` and `doctor`: the database from the operator's side."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from secrets import token_urlsafe
from typing import Annotated
from urllib.parse import quote

import psycopg
import typer
from psycopg.conninfo import conninfo_to_dict

from recalld.cli import render
from recalld.cli.options import DataDirOption, JsonOption, runs
from recalld.errors import ConfigurationError, DatabaseUnavailable, RecalldError
from recalld.postgres.bootstrap import MIGRATOR_LOGIN, SERVICE_LOGIN, bootstrap
from recalld.postgres.data_dir import default_data_dir
from recalld.postgres.distribute import distribute
from recalld.postgres.doctor import examine
from recalld.postgres.embedded import EmbeddedPostgres
from recalld.postgres.lint import lint
from recalld.postgres.migrate import migrate
from recalld.postgres.pool import Database
from recalld.settings import Settings


@runs
async def migrate_command(
    admin_url: Annotated[
        str | None,
        typer.Option(
            help="An administrator's address of the database: creates roles and logins, and prints the addresses to use from then on."
        ),
    ] = None,
    citus: Annotated[
        bool, typer.Option("--citus", help="Then distribute the tables over the nodes of Citus; needs --admin-url.")
    ] = False,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Bring the schema to this version. Repeating changes nothing."""
    if citus and admin_url is None:
        raise ConfigurationError("--citus needs --admin-url, a superuser's address of the coordinator")
    settings = Settings.read(data_dir=data_dir)
    addresses: dict[str, str] = {}
    if admin_url is not None:
        addresses = await asyncio.to_thread(prepare, admin_url)
        migrator = addresses["RECALLD_MIGRATOR_URL"]
    elif settings.migrator_url is not None:
        migrator = settings.migrator_url.get_secret_value()
    elif settings.database_url is not None:
        raise ConfigurationError(
            "set RECALLD_MIGRATOR_URL, or give --admin-url the first time: the serving login must not own the schema"
        )
    else:
        migrator = None
    steps = await (migrate(migrator) if migrator else migrate_embedded(settings))
    if citus and admin_url is not None:
        steps += [f"distributed {table}" for table in await distribute(admin_url)]
    if json:
        render.as_json({"applied": steps, **addresses})
        return
    for name, address in addresses.items():
        render.console.print(f"{name}={address}", markup=False, highlight=False, soft_wrap=True)
    if addresses:
        render.errors.print("[yellow]Keep these addresses: they are shown once.[/]")
    render.console.print(f"applied: {', '.join(steps)}" if steps else "the schema is up to date")


def prepare(admin_url: str) -> dict[str, str]:
    """Create roles and the two logins with new passwords; return their addresses by the variable they belong in."""
    place = conninfo_to_dict(admin_url)
    database = str(place.get("dbname") or "recalld")
    service, migrator = token_urlsafe(24), token_urlsafe(24)
    try:
        connection = psycopg.connect(admin_url)
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable("the administrator's address does not answer, or refuses the password") from error
    with connection:
        bootstrap(connection, database=database, service_password=service, migrator_password=migrator)
    where = {"host": str(place.get("host") or "localhost"), "port": str(place.get("port") or "5432")}
    return {
        "DATABASE_URL": _address(SERVICE_LOGIN, service, database, where),
        "RECALLD_MIGRATOR_URL": _address(MIGRATOR_LOGIN, migrator, database, where),
    }


def _address(login: str, password: str, database: str, where: dict[str, str]) -> str:
    """A libpq URI; a socket directory as host goes into the query part."""
    if where["host"].startswith("/"):
        return f"postgresql://{login}:{password}@/{quote(database)}?host={quote(where['host'], safe='')}&port={where['port']}"
    return f"postgresql://{login}:{password}@{where['host']}:{where['port']}/{quote(database)}"


async def migrate_embedded(settings: Settings) -> list[str]:
    """The same for the embedded server, which is started for it."""
    server = EmbeddedPostgres(settings.data_dir or default_data_dir())
    urls = await asyncio.to_thread(server.start)
    try:
        return await migrate(urls.migrator)
    finally:
        await asyncio.to_thread(server.stop)


@runs
async def doctor(data_dir: DataDirOption = None, json: JsonOption = False) -> None:
    """Say what is found: the embedded server or the external database, roles, policies, and what to do."""
    settings = Settings.read(data_dir=data_dir)
    if settings.database_url is not None:
        findings = await examine_external(settings.database_url.get_secret_value())
    else:
        found = await asyncio.to_thread(examine, settings.data_dir or default_data_dir())
        findings = [asdict(finding) for finding in found]
    if json:
        render.as_json(findings)
    else:
        _print_findings(findings)
    if any(finding["level"] == "problem" for finding in findings):
        raise typer.Exit(1)


async def examine_external(url: str) -> list[dict[str, str]]:
    """Whether the database answers and isolates."""
    database = Database(url, max_connections=2)
    try:
        await database.open()
        async with database.catalog() as connection:
            faults = await lint(connection)
    except RecalldError as error:
        return [{"level": "problem", "subject": "database", "message": str(error), "remedy": ""}]
    finally:
        await database.close()
    answers = {"level": "ok", "subject": "database", "message": "answers, and isolates tenants and users", "remedy": ""}
    problems = [
        {"level": "problem", "subject": fault.where, "message": fault.what, "remedy": fault.mend} for fault in faults
    ]
    return problems or [answers]


def _print_findings(findings: list[dict[str, str]]) -> None:
    marks = {"ok": "[green]ok[/]", "warning": "[yellow]warning[/]", "problem": "[red]problem[/]"}
    made = render.table("What was found", "", "subject", "finding", "what to do")
    for finding in findings:
        made.add_row(marks[finding["level"]], finding["subject"], finding["message"], finding["remedy"])
    render.console.print(made)
