"""What a request may reach: the tenant of its key, the user of its path, the purposes of both."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import unquote_to_bytes

from fastapi import Depends, Path, Request
from pydantic import BeforeValidator

from recalld.border import check_purpose, check_user
from recalld.errors import InvalidId, NotFound, PurposeRefused
from recalld.memory import Memory, UserMemory
from recalld.server.keys import Key, Scope
from recalld.server.limits import Guard
from recalld.server.problems import FORBIDDEN, Refused
from recalld.values import DEFAULT_PURPOSE, Session

ID_SCHEMA = {"minLength": 1, "maxLength": 255}


def decoded(value: str) -> str:
    """A part of the path as an id: percent-encoded UTF-8, so that an id may hold a slash. Raises `InvalidId`."""
    try:
        return unquote_to_bytes(value).decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidId("an id in the path must be percent-encoded UTF-8") from None


def _id(description: str):
    return Path(description=description, json_schema_extra=dict(ID_SCHEMA))


Decoded = BeforeValidator(decoded)
UserId = Annotated[str, Decoded, _id("The person.")]
SessionId = Annotated[str, Decoded, _id("The session.")]
FactId = Annotated[str, Decoded, _id("The fact.")]
EpisodeId = Annotated[str, Decoded, _id("The episode.")]
ErasureId = Annotated[str, Decoded, _id("The erasure.")]
PurposeName = Annotated[str, Decoded, _id("The purpose.")]
TenantId = Annotated[str, Decoded, _id("The tenant.")]
KeyId = Annotated[str, Decoded, _id("The key's id.")]
Place = Annotated[int, Path(ge=0, le=2**31 - 1, description="The message's place, from 0.")]


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """One person's memory under one key."""

    memory: Memory
    key: Key
    user_id: str
    guard: Guard | None = None  # none for a face that serves one person

    def user(self, purpose: str | None = None, timezone: str = "UTC") -> UserMemory:
        """The person's memory for writing under *purpose*. Raises `PurposeRefused`."""
        chosen = self._purpose(purpose)
        return self.memory.user(self.key.tenant_id, self.user_id, purpose=chosen, timezone=timezone)

    def reading(self, asked: Sequence[str] | None) -> tuple[str, ...]:
        """The purposes of a read: asked for and allowed. Raises `PurposeRefused` when none are both."""
        allowed = self.key.purposes
        wanted = (
            tuple(check_purpose(purpose) for purpose in asked) if asked is not None else allowed or (DEFAULT_PURPOSE,)
        )
        both = wanted if allowed is None else tuple(purpose for purpose in wanted if purpose in allowed)
        if not both:
            raise PurposeRefused("this key may not read memories of these purposes")
        return both

    def every_purpose(self) -> UserMemory:
        """The person's memory as a whole. Raises `PurposeRefused` for a key that may only use some purposes."""
        if self.key.purposes is not None:
            raise PurposeRefused("this key is limited to some purposes, and this concerns all of them")
        return self.user()

    async def session(self, session_id: str) -> Session:
        """A session that the key's purposes reach. Raises `NotFound`."""
        session = await self.user().session(session_id)
        if self.key.purposes is not None and session.purpose not in self.key.purposes:
            raise NotFound(f"there is no session {session_id!r}")
        return session

    async def check_session(self, session_id: str | None) -> None:
        """Nothing for a key of all purposes; for others, `NotFound` on a session of another purpose."""
        if self.key.purposes is not None and session_id is not None:
            await self.session(session_id)

    async def check_opening(self, session_id: str) -> None:
        """As `check_session`, for a session that may not be there yet. Raises `Refused` when the tenant may open no more."""
        limited = self.guard is not None and self.guard.sessions.limited
        if self.key.purposes is None and not limited:
            return
        try:
            await self.session(session_id)
        except NotFound:
            await self._check_new(session_id)

    async def _check_new(self, session_id: str) -> None:
        """`NotFound` for a session that is there, under another purpose."""
        if self.key.purposes is not None and await self._exists(session_id):
            raise NotFound(f"there is no session {session_id!r}")
        if self.guard is not None and self.guard.sessions.limited:
            await self.guard.sessions.check(self.key.tenant_id)

    async def _exists(self, session_id: str) -> bool:
        try:
            await self.user().session(session_id)
        except NotFound:
            return False
        return True

    def check_money(self) -> None:
        """Raises `Refused` for a tenant that has spent on models what it may in an hour."""
        if self.guard is not None:
            self.guard.money.check(self.key.tenant_id)

    def _purpose(self, asked: str | None) -> str:
        allowed = self.key.purposes
        if asked is None:
            return DEFAULT_PURPOSE if allowed is None or DEFAULT_PURPOSE in allowed else allowed[0]
        if allowed is not None and asked not in allowed:
            raise PurposeRefused("this key may not write memories of this purpose")
        return asked


def memory_of(request: Request) -> Memory:
    """The open installation."""
    return request.app.state.memory


def caller(request: Request) -> Key:
    """The key a request came with; the gate has checked it."""
    return request.state.key


def allowed(key: Key, scope: Scope) -> Key:
    """*key*, if it has *scope*. Raises `Refused`."""
    if scope not in key.scopes:
        raise Refused(FORBIDDEN, f"this needs a key with the scope {scope!r}")
    return key


def reach(memory: Memory, key: Key, scope: Scope, user_id: str, guard: Guard | None = None) -> Access:
    """One person's memory under *key*. Raises `Refused` without the scope, `NotFound` for another user than the key is bound to."""
    allowed(key, scope)
    check_user(key.tenant_id, user_id)
    if key.bound_user_id not in (None, user_id):
        raise NotFound("there is no such user")
    return Access(memory=memory, key=key, user_id=user_id, guard=guard)


def needs(scope: Scope) -> Callable[[Request, UserId], Awaitable[Access]]:
    """The dependency of a route about one person."""

    async def access(request: Request, user_id: UserId) -> Access:
        return reach(memory_of(request), caller(request), scope, user_id, request.app.state.entry.guard)

    return access


def needs_key(scope: Scope) -> Callable[[Request], Awaitable[Key]]:
    """The dependency of a route about a tenant: a key that is not bound to one user or to purposes."""

    async def key(request: Request) -> Key:
        key = allowed(caller(request), scope)
        if key.bound_user_id is not None or key.purposes is not None:
            raise Refused(FORBIDDEN, "this needs a key that is not bound to a user or to purposes")
        return key

    return key


Reader = Annotated[Access, Depends(needs("read"))]
Writer = Annotated[Access, Depends(needs("write"))]
ErasingUser = Annotated[Access, Depends(needs("erase"))]
Exporter = Annotated[Access, Depends(needs("export"))]
AdminOfUser = Annotated[Access, Depends(needs("admin"))]
Erasing = Annotated[Key, Depends(needs_key("erase"))]
Admin = Annotated[Key, Depends(needs_key("admin"))]
Operator = Annotated[Key, Depends(needs_key("operator"))]
OpenMemory = Annotated[Memory, Depends(memory_of)]
