"""The service in this process, over the memory of a test."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
from fastapi import FastAPI

from recalld import Memory, Settings
from recalld.server.app import connect, create_app
from recalld.server.keys import Keys, NewKey

ALL = ("read", "write", "erase", "export", "admin")


@dataclass(frozen=True, kw_only=True)
class Service:
    """An application with a client that has no key."""

    app: FastAPI
    memory: Memory
    http: httpx2.AsyncClient

    @property
    def keys(self) -> Keys:
        return self.app.state.entry.keys

    async def key(self, tenant_id: str = "acme", scopes: tuple[str, ...] = ALL, **options: Any) -> dict[str, str]:
        """The header of a new key."""
        _, text = await self.keys.create(NewKey(tenant_id=tenant_id, scopes=scopes, **options))
        return {"Authorization": f"Bearer {text}"}

    async def expired(self) -> dict[str, str]:
        """The header of a key whose time is over."""
        made, text = await self.keys.create(NewKey(tenant_id="acme", scopes=ALL))
        await self.keys.rotate("acme", made.key_id, overlap=timedelta(0))
        return {"Authorization": f"Bearer {text}"}


@asynccontextmanager
async def serving(memory: Memory, **settings: Any) -> AsyncGenerator[Service]:
    """The service over *memory*; *settings* differ from the defaults."""
    chosen = Settings(**settings)
    app = create_app(memory, chosen)
    connect(app, memory, chosen)
    transport = httpx2.ASGITransport(app, raise_app_exceptions=True)
    async with httpx2.AsyncClient(transport=transport, base_url="http://recalld.test") as http:
        yield Service(app=app, memory=memory, http=http)
