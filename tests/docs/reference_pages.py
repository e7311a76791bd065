"""The pages of the reference that follow from the code: `python tests/docs/reference_pages.py` writes them anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from recalld import Settings
from recalld.cli.app import app as command_line

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
ALSO = {"database_url": " or `DATABASE_URL`", "redis_url": " or `REDIS_URL`"}
SETTINGS = """# Settings

Every setting is a keyword of `Memory.open` and of `Settings`, and a variable of the environment. A keyword wins over a variable, a variable
over the default. The environment is read once, when a process starts.

| setting | variable | default | meaning |
|---|---|---|---|
"""
COMMANDS = """# Command line

`recalld` works on the embedded PostgreSQL in `--data-dir`, or on the server that `DATABASE_URL` names. Settings come from the environment
([settings](settings.md)). Exit codes: 0 done, 1 failed, 2 wrong input or configuration, 3 not found, 130 interrupted.
"""


def settings_page() -> str:
    """Every setting with its variable and default."""
    rows = [
        f"| `{name}` | `RECALLD_{name.upper()}`{ALSO.get(name, '')} | {_default(field.default)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    return SETTINGS + "\n".join(rows) + "\n"


def command_page() -> str:
    """Every command with its arguments and options."""
    sections = [_section(name, command) for name, command in commands(typer.main.get_command(command_line))]
    return COMMANDS + "".join(sections)


def commands(command: Any, name: str = "recalld") -> Iterator[tuple[str, Any]]:
    """Every command by its full name."""
    nested = getattr(command, "commands", None)
    if nested is None:
        yield name, command
        return
    for word, inner in nested.items():
        yield from commands(inner, f"{name} {word}")


def _section(name: str, command: Any) -> str:
    parameters = [parameter for parameter in command.params if parameter.name != "help"]
    rows = "".join(f"| {_shown(parameter)} | {_cell(getattr(parameter, 'help', None))} |\n" for parameter in parameters)
    table = f"\n| option | meaning |\n|---|---|\n{rows}" if rows else ""
    return f"\n## {name}\n\n{' '.join((command.help or '').split())}\n{table}"


def _shown(parameter: Any) -> str:
    if parameter.param_type_name != "option":
        return f"`{parameter.name.upper()}`"
    names = ", ".join(f"`{option}`" for option in (*parameter.opts, *parameter.secondary_opts))
    return f"{names} (`{parameter.envvar}`)" if parameter.envvar else names


def _cell(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "/")


def _default(value: object) -> str:
    return "–" if value is None else f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    (REFERENCE / "settings.md").write_text(settings_page(), encoding="utf-8")
    (REFERENCE / "cli.md").write_text(command_page(), encoding="utf-8")
