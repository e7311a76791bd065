"""MCP over streamable HTTP, behind the same gate and keys as the rest of the API."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from mcp.server.transport_security import TransportSecuritySettings

from recalld.errors import InvalidInput
from recalld.mcp.tools import server
from recalld.server.access import Access, reach
from recalld.server.keys import Key, Scope

PATH = "/mcp"
# The SDK's check of the Host header guards servers that trust whoever reaches them; here every request has a key.
NO_HOST_CHECK = TransportSecuritySettings(enable_dns_rebinding_protection=False)


def mount(app: FastAPI) -> None:
    """Serve MCP under `/mcp` of *app*."""

    def allowed(ctx: Any, scope: Scope, user_id: str | None) -> Access:
        key: Key = ctx.request_context.request.state.key
        person = user_id or key.bound_user_id
        if person is None:
            raise InvalidInput("this key is for all users of the tenant; say which one with user_id")
        return reach(app.state.memory, key, scope, person, app.state.entry.guard)

    made = server(allowed)
    application = made.streamable_http_app(
        streamable_http_path="/", stateless_http=True, json_response=True, transport_security=NO_HOST_CHECK
    )
    app.mount(PATH, application)
    app.state.faces.append(made.session_manager.run)
