"""MCP on standard input and output: memory of one person for a desktop agent, without a service."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from recalld.mcp.tools import server
from recalld.memory import Memory
from recalld.privacy.audit import Caller, caller
from recalld.server.access import Access, reach
from recalld.server.keys import Key, Scope
from recalld.settings import Settings


async def serve(settings: Settings, *, tenant_id: str, user_id: str) -> None:
    """Answer on standard output until standard input ends."""
    key = Key(
        tenant_id=tenant_id,
        key_id="stdio",
        label="",
        scopes=("read", "write", "erase"),
        bound_user_id=user_id,
        purposes=None,
        created_at=datetime.now(UTC),
        expires_at=None,
        revoked_at=None,
    )
    caller.set(Caller(actor="mcp"))
    async with Memory.open(settings) as memory:

        def allowed(_: Any, scope: Scope, named: str | None) -> Access:
            return reach(memory, key, scope, named or user_id)

        await server(allowed).run_stdio_async()
