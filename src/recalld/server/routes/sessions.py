"""The write flow: messages, state, end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query

from recalld.errors import Conflict, NotFound
from recalld.layers.working.requests import Request, keep_answer, known_answer
from recalld.memory import UserMemory
from recalld.server.access import ErasingUser, Place, Reader, SessionId, Writer
from recalld.server.bodies import (
    AppendBody,
    Appended,
    BlankedBody,
    ChangesBody,
    EndBody,
    EpisodeBody,
    OpenSessionBody,
    Replayed,
    ReportBody,
    Sessions,
    StateBody,
    open_session_body,
    report_body,
    session_body,
)
from recalld.server.routes.facts import AskedNow
from recalld.values import Message, SessionState

router = APIRouter(prefix="/v1/users/{user_id}/sessions", tags=["sessions"])
RequestKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="Within a day, the same request under the same key is done once and answers the same.",
        examples=["8f14e45f-ceea-467f-a0e6-2d7c5b3b9a11"],
    ),
]


class Running:
    """The requests under keys that run in this process: a second one meanwhile is a conflict."""

    def __init__(self) -> None:
        self._keys: set[tuple[str, str, str]] = set()

    @asynccontextmanager
    async def alone(self, memory: UserMemory, key: str | None) -> AsyncGenerator[None]:
        """Raises `Conflict` when a request under *key* is running."""
        if key is None:
            yield
            return
        name = (memory.ref.tenant_id, memory.ref.user_id, key)
        if name in self._keys:
            raise Conflict("the first request with this Idempotency-Key is still running; try again")
        self._keys.add(name)
        try:
            yield
        finally:
            self._keys.discard(name)


running = Running()


@router.get("")
async def list_sessions(
    access: Reader, state: SessionState | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> Sessions:
    """Sessions, newest first."""
    found = await access.user().sessions(state=state, limit=limit)
    allowed = access.key.purposes
    return Sessions(items=[session_body(one) for one in found if allowed is None or one.purpose in allowed])


@router.get("/{session_id}")
async def get_session(access: Reader, session_id: SessionId) -> OpenSessionBody:
    """The state of a session, with its messages and working state while it is open."""
    session, memory = await access.session(session_id), access.user()
    messages, working = await asyncio.gather(memory.messages(session_id), memory.state(session_id))
    return open_session_body(session, messages, working)


@router.post("/{session_id}/messages")
async def append(access: Writer, session_id: SessionId, body: AppendBody, key: RequestKey = None) -> Appended:
    """Add messages to a session, which the first call opens."""
    access.check_money()
    await access.check_opening(session_id)
    memory = access.user(body.purpose, body.timezone)
    said = [Message(role=one.role, content=one.content, at=one.at, name=one.name) for one in body.messages]
    options: dict[str, Any] = {"at": body.at, "first_seq": body.first_seq, "no_memory": body.no_memory}
    async with running.alone(memory, key):
        count = await memory.append(session_id, said, **options, request_key=key)
    return Appended(session_id=session_id, message_count=count)


@router.delete("/{session_id}/messages/{seq}")
async def delete_message(access: ErasingUser, session_id: SessionId, seq: Place) -> BlankedBody:
    """Blank one message of an open session; an ended one is deleted as a whole."""
    await access.check_session(session_id)
    await access.user().delete_message(session_id, seq)
    return BlankedBody(session_id=session_id, seq=seq)


@router.put("/{session_id}/state")
async def set_state(access: Writer, session_id: SessionId, body: StateBody) -> StateBody:
    """Replace the working state of an open session."""
    await access.check_session(session_id)
    await access.user().set_state(session_id, body.state)
    return body


@router.post("/{session_id}/end")
async def end(
    access: Writer, session_id: SessionId, body: EndBody | None = None, wait: bool = False, key: RequestKey = None
) -> ReportBody:
    """End a session, so that it becomes memory; with `wait`, at once."""
    await access.check_session(session_id)
    memory, at = access.user(), body.at if body else None
    if key is None:
        return report_body(await memory.end_session(session_id, wait=wait, at=at))
    async with running.alone(memory, key):
        return await _end_once(memory, session_id, Request.of(key, "end", session_id, wait, at), wait=wait, at=at)


async def _end_once(memory: UserMemory, session_id: str, request: Request, *, wait: bool, at: Any) -> ReportBody:
    """Ending twice does nothing, so only the answer has to be kept; of the episode its id, for it is content."""
    async with memory.parts.database.transaction("worker", memory.ref) as tx:
        answer = await known_answer(tx, request)
    if answer is not None:
        return await _again(memory, answer)
    report = report_body(await memory.end_session(session_id, wait=wait, at=at))
    kept = report.model_dump(mode="json", exclude={"episode"})
    kept["episode"] = report.episode and report.episode.episode_id
    async with memory.parts.database.transaction("worker", memory.ref) as tx:
        epoch = await memory.parts.journal.fence(tx)
        await keep_answer(tx, request, epoch, kept, repeatable=True)
    return report


async def _again(memory: UserMemory, answer: Any) -> ReportBody:
    episode = answer["episode"] and await _episode(memory, answer["episode"], answer["session_id"])
    return ReportBody.model_validate({**answer, "episode": episode})


async def _episode(memory: UserMemory, episode_id: str, session_id: str) -> EpisodeBody | None:
    """The episode as it is now; none if it was deleted meanwhile."""
    try:
        purpose = (await memory.session(session_id)).purpose
        return EpisodeBody.model_validate(await memory.episode(episode_id, purposes=[purpose]))
    except NotFound:
        return None


@router.post("/{session_id}/replay")
async def replay(access: Writer, session_id: SessionId) -> Replayed:
    """Give a failed session all its attempts again."""
    await access.check_session(session_id)
    return Replayed(replayed=await access.user().replay_session(session_id))


@router.delete("/{session_id}")
async def delete_session(access: ErasingUser, session_id: SessionId, at: AskedNow = None) -> ChangesBody:
    """Forget a session, open or ended, with its episode and the facts that follow from it."""
    await access.check_session(session_id)
    return ChangesBody.model_validate(await access.user().delete_session(session_id, at=at))
