"""The command line: every command is parse → one call on `Memory` → render."""

from __future__ import annotations

import sys

from recalld.errors import ConfigurationError, InvalidInput, NotFound, RecalldError

__all__ = ["main"]

EXIT_CODES: tuple[tuple[type[RecalldError], int], ...] = ((InvalidInput, 2), (ConfigurationError, 2), (NotFound, 3))


def main() -> None:
    """Run a command; an error of ours is one line on standard error and an exit code, never a traceback."""
    from recalld.cli.app import app  # noqa: PLC0415 -- so that an error while importing a command is rendered as well
    from recalld.cli.render import errors  # noqa: PLC0415

    try:
        app()
    except RecalldError as error:
        errors.print(f"[red]error:[/] {type(error).__name__}: ", end="", highlight=False)
        errors.print(str(error), markup=False, highlight=False)
        sys.exit(next((code for kind, code in EXIT_CODES if isinstance(error, kind)), 1))
    except KeyboardInterrupt:
        sys.exit(130)
