"""The MCP server: six tools and two resources, each one call on the library under the caller's rights.

Over HTTP the key of the request decides, as on every other route; on standard input and output the person was named when it was started.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from recalld.border import check_id, check_text
from recalld.errors import InvalidInput, MissingExtra, RecalldError
from recalld.memory import UserMemory
from recalld.server.access import Access
from recalld.server.bodies import ChangesBody, EpisodeBody, FactBody, HitBody, ReportBody, report_body
from recalld.server.keys import Scope
from recalld.server.problems import Refused
from recalld.values import Message

try:
    from mcp.server import MCPServer
    from mcp.server.mcpserver import Context
    from mcp.server.mcpserver.exceptions import ToolError
except ImportError as error:
    raise MissingExtra("the MCP server", "mcp") from error

Reach = Callable[[Any, Scope, str | None], Access]  # the request's context, what is to be done, the person named
INSTRUCTIONS = (
    "Memory of earlier conversations with a user. Call memory_context with the user's new message before you answer, memory_append with "
    "what was said, and memory_end_session when the conversation is over."
)
User = Annotated[str | None, Field(description="The person; none: the one this connection is for.")]
Purpose = Annotated[str | None, Field(description="Why it is remembered; none: the default.")]
Zone = Annotated[str, Field(description="The person's time zone, an IANA name.")]


class Said(BaseModel):
    """One utterance."""

    role: Literal["user", "assistant", "system", "tool"]
    content: str


class Found(BaseModel):
    """Episodes that answer, best first."""

    hits: list[HitBody]


class Known(BaseModel):
    """Facts about the person."""

    facts: list[FactBody]


class Forgot(BaseModel):
    """What was forgotten, or would be."""

    deleted: bool
    facts: list[FactBody] = []
    episodes: list[EpisodeBody] = []
    changes: ChangesBody | None = None


class Count(BaseModel):
    """Messages of the session so far."""

    message_count: int


def server(reach: Reach) -> MCPServer[Any]:
    """The MCP server over *reach*, which says what a request may do."""
    made = MCPServer[Any]("recalld", instructions=INSTRUCTIONS, log_level="ERROR")
    _add_reading(made, reach)
    _add_writing(made, reach)
    _add_resources(made, reach)
    return made


def _add_reading(made: MCPServer[Any], reach: Reach) -> None:
    @made.tool()
    async def memory_context(
        query: str,
        ctx: Context[Any, Any],
        session_id: str | None = None,
        budget_tokens: int = 800,
        timezone: Zone = "UTC",
        user_id: User = None,
    ) -> str:
        """The block of memory for the user's new message: facts, earlier conversations that matter, and the open session."""
        with told():
            access = reach(ctx, "read", user_id)
            access.check_money()
            await access.check_session(session_id)
            found = await access.user(timezone=timezone).context(
                query, session_id=session_id, budget_tokens=budget_tokens, purposes=access.reading(None)
            )
            return found.text

    @made.tool()
    async def memory_search(
        query: str, ctx: Context[Any, Any], k: int = 5, timezone: Zone = "UTC", user_id: User = None
    ) -> Found:
        """Earlier conversations that answer a question such as "what did I say about pricing last Tuesday"."""
        with told():
            access = reach(ctx, "read", user_id)
            access.check_money()
            hits = await access.user(timezone=timezone).search(query, k=k, purposes=access.reading(None))
            return Found(hits=[HitBody.model_validate(hit) for hit in hits])

    @made.tool()
    async def memory_facts(ctx: Context[Any, Any], include_closed: bool = False, user_id: User = None) -> Known:
        """What is known about the user: current facts, and with include_closed also past ones."""
        with told():
            access = reach(ctx, "read", user_id)
            found = await access.user().facts(include_closed=include_closed, purposes=access.reading(None))
            return Known(facts=[FactBody.model_validate(fact) for fact in found])


def _add_writing(made: MCPServer[Any], reach: Reach) -> None:
    @made.tool()
    async def memory_append(
        session_id: str,
        messages: list[Said],
        ctx: Context[Any, Any],
        purpose: Purpose = None,
        timezone: Zone = "UTC",
        user_id: User = None,
    ) -> Count:
        """Add what was said to a session; the first call opens it."""
        with told():
            access = reach(ctx, "write", user_id)
            access.check_money()
            await access.check_opening(session_id)
            said = [Message(role=one.role, content=one.content) for one in messages]
            return Count(message_count=await access.user(purpose, timezone).append(session_id, said))

    @made.tool()
    async def memory_end_session(session_id: str, ctx: Context[Any, Any], user_id: User = None) -> ReportBody:
        """End a session: what is worth keeping becomes memory, the transcript goes."""
        with told():
            access = reach(ctx, "write", user_id)
            await access.check_session(session_id)
            return report_body(await access.user().end_session(session_id, wait=True))

    @made.tool()
    async def memory_forget(
        ctx: Context[Any, Any],
        fact_id: str | None = None,
        episode_id: str | None = None,
        session_id: str | None = None,
        query: str | None = None,
        dry_run: bool = True,
        user_id: User = None,
    ) -> Forgot:
        """Forget one fact, one episode or one session, or what a query finds, with everything that followed from it.

        A query only shows what it would delete; say it again with dry_run false to delete that.
        """
        with told():
            access = reach(ctx, "erase", user_id)
            if query is not None and fact_id is episode_id is session_id is None:
                return await _forget_found(access, query, dry_run=dry_run)
            changes = await _forget_one(access, fact_id, episode_id, session_id, query)
            return Forgot(deleted=True, changes=ChangesBody.model_validate(changes))


async def _forget_found(access: Access, query: str, *, dry_run: bool) -> Forgot:
    found = await access.user().forget(check_text("a query", query), dry_run=dry_run, purposes=access.reading(None))
    return Forgot.model_validate(found, from_attributes=True)


async def _forget_one(
    access: Access, fact_id: str | None, episode_id: str | None, session_id: str | None, query: str | None
) -> Any:
    given = [name for name in (fact_id, episode_id, session_id, query) if name is not None]
    if len(given) != 1:
        raise InvalidInput("name one thing to forget: a fact_id, an episode_id, a session_id or a query")
    memory: UserMemory = access.user()
    if fact_id is not None:
        if access.key.purposes is not None:
            await memory.why(fact_id, purposes=access.key.purposes)
        return await memory.delete_fact(fact_id)
    if episode_id is not None:
        if access.key.purposes is not None:
            await memory.episode(episode_id, purposes=access.key.purposes)
        return await memory.delete_episode(episode_id)
    await access.check_session(given[0])
    return await memory.delete_session(given[0])


def _add_resources(made: MCPServer[Any], reach: Reach) -> None:
    @made.resource("recalld://users/{user_id}/facts", mime_type="application/json")
    async def facts(user_id: str, ctx: Context[Any, Any]) -> str:
        """The current facts about a person."""
        with told():
            access = reach(ctx, "read", check_id("user id", user_id))
            found = await access.user().facts(purposes=access.reading(None))
            return Known(facts=[FactBody.model_validate(fact) for fact in found]).model_dump_json()

    @made.resource("recalld://users/{user_id}/episodes", mime_type="application/json")
    async def episodes(user_id: str, ctx: Context[Any, Any]) -> str:
        """The newest episodes of a person."""
        with told():
            access = reach(ctx, "read", check_id("user id", user_id))
            found = await access.user().episodes(purposes=access.reading(None))
            return _Episodes(episodes=[EpisodeBody.model_validate(one) for one in found]).model_dump_json()

    del facts, episodes  # registered


class _Episodes(BaseModel):
    episodes: list[EpisodeBody]


@contextmanager
def told() -> Generator[None]:
    """Our errors and refusals as the answer of a tool: what happened and what to do, without content."""
    try:
        yield
    except (RecalldError, Refused) as error:
        raise ToolError(f"{type(error).__name__}: {error}") from None
