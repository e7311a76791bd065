"""Episodes: page, read, import, delete."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from fastapi import APIRouter, Query

from recalld.errors import InvalidInput
from recalld.server.access import EpisodeId, ErasingUser, Reader, Writer
from recalld.server.bodies import AddEpisodeBody, ChangesBody, EpisodeBody, Episodes, Moment
from recalld.server.routes.facts import AskedNow, AskedPurposes

router = APIRouter(prefix="/v1/users/{user_id}/episodes", tags=["episodes"])


@router.get("")
async def episodes(
    access: Reader,
    since: Moment | None = None,
    until: Moment | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    cursor: Annotated[str | None, Query(description="`next` of the page before.", max_length=2048)] = None,
    purposes: AskedPurposes = None,
) -> Episodes:
    """Episodes, newest first, a page at a time."""
    chosen = access.reading(purposes)
    found = await access.user().episodes(
        purposes=chosen, since=since, until=until, limit=limit + 1, before=_opened(cursor)
    )
    page = [EpisodeBody.model_validate(one) for one in found[:limit]]
    return Episodes(items=page, next=_cursor(page[-1].episode_id) if len(found) > limit else None)


@router.get("/{episode_id}")
async def episode(access: Reader, episode_id: EpisodeId, purposes: AskedPurposes = None) -> EpisodeBody:
    """One episode."""
    return EpisodeBody.model_validate(await access.user().episode(episode_id, purposes=access.reading(purposes)))


@router.put("/{episode_id}")
async def add_episode(access: Writer, episode_id: EpisodeId, body: AddEpisodeBody) -> EpisodeBody:
    """Import a ready digest. Given the same id again, the call changes nothing."""
    access.check_money()
    memory = access.user(body.purpose, body.timezone)
    added = await memory.add_episode(
        summary=body.summary,
        ended_at=body.ended_at,
        topics=body.topics,
        points=body.points,
        started_at=body.started_at,
        episode_id=episode_id,
    )
    return EpisodeBody.model_validate(added)


@router.delete("/{episode_id}")
async def delete_episode(access: ErasingUser, episode_id: EpisodeId, at: AskedNow = None) -> ChangesBody:
    """Forget an episode, its vectors and the facts that follow from it."""
    if access.key.purposes is not None:
        await access.user().episode(episode_id, purposes=access.key.purposes)
    return ChangesBody.model_validate(await access.user().delete_episode(episode_id, at=at))


def _cursor(episode_id: str) -> str:
    return base64.urlsafe_b64encode(episode_id.encode()).decode()


def _opened(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    try:
        return base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise InvalidInput("this cursor is none of ours; begin again without one") from None
