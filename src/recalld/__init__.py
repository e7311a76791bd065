"""recalld: cross-session memory for AI agents, from a laptop to ten million users."""

from importlib.metadata import version

from recalld.errors import RecalldError
from recalld.memory import Memory, UserMemory
from recalld.settings import Settings
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

__version__ = version("recalld")

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
