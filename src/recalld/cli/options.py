"""The options that commands share, and how they open memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

import typer

from recalld.errors import InvalidTime
from recalld.memory import Memory, UserMemory
from recalld.privacy.audit import Caller, caller
from recalld.settings import Settings
from recalld.values import DEFAULT_PURPOSE

P = ParamSpec("P")
T = TypeVar("T")

TenantOption = Annotated[str, typer.Option("--tenant", envvar="RECALLD_TENANT", help="The organisation.")]
UserOption = Annotated[
    str, typer.Option("--user", "-u", envvar="RECALLD_USER", help="The person whose memory this is.")
]
PurposeOption = Annotated[str, typer.Option("--purpose", "-p", envvar="RECALLD_PURPOSE", help="Why it is remembered.")]
PurposesOption = Annotated[
    list[str] | None,
    typer.Option("--purpose", "-p", help="Only memories of this purpose; may be repeated. Default: general."),
]
ZoneOption = Annotated[
    str, typer.Option("--timezone", envvar="RECALLD_TIMEZONE", help="The person's time zone, an IANA name.")
]
DataDirOption = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", help="Folder of the embedded PostgreSQL. Default: RECALLD_DATA_DIR or the user's data folder."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
AtOption = Annotated[str | None, typer.Option("--at", help="Stands for now: 2026-11-03 or 2026-11-03T12:00+01:00.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Whose memory a command works on."""

    tenant: str
    user: str
    purpose: str = DEFAULT_PURPOSE
    timezone: str = "UTC"
    data_dir: Path | None = None

    @asynccontextmanager
    async def open(self, **settings: Any) -> AsyncGenerator[UserMemory]:
        """The person's memory; commands run no worker of their own unless they say so."""
        async with Memory.open(
            Settings.read(**({"worker": False, "warm_up": False, "data_dir": self.data_dir} | settings))
        ) as memory:
            yield memory.user(self.tenant, self.user, purpose=self.purpose, timezone=self.timezone)


def runs(command: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Let typer call an asynchronous command; what it does is audited as done on the command line."""

    async def audited(*args: P.args, **kwargs: P.kwargs) -> T:
        caller.set(Caller(actor="cli"))
        return await command(*args, **kwargs)

    @wraps(command)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        return asyncio.run(audited(*args, **kwargs))

    return call


def moment(text: str | None, timezone: str = "UTC") -> datetime | None:
    """A time as typed: ISO 8601; without an offset it is meant in *timezone*. Raises `InvalidTime`."""
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidTime(f"{text!r} is no time; write 2026-11-03 or 2026-11-03T12:00+01:00") from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)
