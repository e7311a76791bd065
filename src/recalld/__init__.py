"""recalld: cross-session memory for AI agents, from a laptop to ten million users."""

from typing import TYPE_CHECKING

from recalld.errors import RecalldError
from recalld.memory import Memory, UserMemory
from recalld.sync import MemorySync, UserMemorySync
from recalld.values import (
    Episode,
    EpisodeHit,
    ErasureReceipt,
    Fact,
    IngestReport,
    MemoryContext,
    Message,
    Session,
    TimeRange,
)

if TYPE_CHECKING:
    from recalld.settings import Settings

    __version__: str

__all__ = [
    "Episode",
    "EpisodeHit",
    "ErasureReceipt",
    "Fact",
    "IngestReport",
    "Memory",
    "MemoryContext",
    "MemorySync",
    "Message",
    "RecalldError",
    "Session",
    "Settings",
    "TimeRange",
    "UserMemory",
    "UserMemorySync",
    "__version__",
]


def __getattr__(name: str) -> object:
    """What takes long to import and few ask for: pydantic behind `Settings`, the package's metadata behind `__version__`."""
    if name == "Settings":
        from recalld.settings import Settings  # noqa: PLC0415

        return Settings
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415

        return version("recalld")
    raise AttributeError(f"module 'recalld' has no attribute {name!r}")
