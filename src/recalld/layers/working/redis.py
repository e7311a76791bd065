"""Working memory in Redis or Valkey, shared by all processes: `recalld[redis]`, commands of Redis 6.2 upward.

All keys of a user carry the hash tag `{tenant:user}`, so that they lie on one node of a Redis Cluster and one script may touch them.
It is a cache: it can be flushed or lost at any moment, the journal fills it again.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Awaitable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, cast
from urllib.parse import quote

from recalld.errors import MissingExtra, WorkingMemoryUnavailable
from recalld.values import Message, SessionRef, UserRef

try:
    from redis.asyncio import Redis
    from redis.commands.core import AsyncScript
    from redis.exceptions import RedisError, ResponseError
except ImportError:
    raise MissingExtra("working memory in Redis", "redis") from None

TIME_TO_LIVE = timedelta(days=2)  # longer than any idle time; what outlives it is filled again from the journal
REST_SECONDS = 1.0  # after a failure, before it is asked again
TIMEOUT_SECONDS = 0.5  # a slow cache is worse than none: the journal answers in a few milliseconds

# The copy is complete or it is not there: an append that does not join on drops it.
_APPEND = """
if redis.call('LLEN', KEYS[1]) == tonumber(ARGV[1]) then
    for first = 4, #ARGV, 1000 do
        redis.call('RPUSH', KEYS[1], unpack(ARGV, first, math.min(first + 999, #ARGV)))
    end
    redis.call('EXPIRE', KEYS[1], ARGV[2])
else
    redis.call('DEL', KEYS[1])
end
redis.call('SADD', KEYS[2], ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[2])
"""
_FILL = """
redis.call('DEL', KEYS[1])
for first = 4, #ARGV, 1000 do
    redis.call('RPUSH', KEYS[1], unpack(ARGV, first, math.min(first + 999, #ARGV)))
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
redis.call('SET', KEYS[3], ARGV[3], 'EX', ARGV[1])
redis.call('SADD', KEYS[2], ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[1])
"""
_SET_STATE = """
redis.call('SET', KEYS[1], ARGV[3], 'EX', ARGV[1])
redis.call('SADD', KEYS[2], ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[1])
"""


class RedisWorkingMemory:
    """`WorkingMemory` in Redis: per session a list of messages and a string for the state, per user a set of its sessions."""

    def __init__(self, client: Redis) -> None:
        """*client* decodes replies to text; see `open_redis`."""
        self._redis = client
        self._append: AsyncScript = client.register_script(_APPEND)
        self._fill: AsyncScript = client.register_script(_FILL)
        self._set_state: AsyncScript = client.register_script(_SET_STATE)
        self._away_until = 0.0

    async def append(self, session: SessionRef, epoch: int, first_seq: int, messages: Sequence[Message]) -> None:
        """See the port."""
        name = _name(session, epoch)
        values = [first_seq, _seconds(), name, *map(_dump, messages)]
        with self._reached():
            await self._append(keys=[_messages(session.user, name), _sessions(session.user)], args=values)

    async def set_state(self, session: SessionRef, epoch: int, state: Mapping[str, Any]) -> None:
        """See the port."""
        name = _name(session, epoch)
        keys = [_state(session.user, name), _sessions(session.user)]
        with self._reached():
            await self._set_state(keys=keys, args=[_seconds(), name, json.dumps(dict(state), ensure_ascii=False)])

    async def read(self, session: SessionRef, epoch: int) -> tuple[list[Message], dict[str, Any]] | None:
        """See the port."""
        name = _name(session, epoch)
        with self._reached():
            async with self._redis.pipeline(transaction=True) as both:
                both.lrange(_messages(session.user, name), 0, -1)
                both.get(_state(session.user, name))
                kept, state = await both.execute()
        return ([_load(text) for text in kept], json.loads(state) if state else {}) if kept else None

    async def fill(
        self, session: SessionRef, epoch: int, messages: Sequence[Message], state: Mapping[str, Any]
    ) -> None:
        """See the port."""
        name = _name(session, epoch)
        keys = [_messages(session.user, name), _sessions(session.user), _state(session.user, name)]
        values = [_seconds(), name, json.dumps(dict(state), ensure_ascii=False), *map(_dump, messages)]
        with self._reached():
            await self._fill(keys=keys, args=values)

    async def drop(self, session: SessionRef, epoch: int) -> None:
        """See the port."""
        name = _name(session, epoch)
        with self._reached():
            async with self._redis.pipeline(transaction=True) as both:
                both.delete(_messages(session.user, name), _state(session.user, name))
                both.srem(_sessions(session.user), name)
                await both.execute()

    async def erase(self, user: UserRef, below: int | None = None) -> int:
        """See the port."""
        with self._reached():
            names = await self._names(user, below)
            if names:
                async with self._redis.pipeline(transaction=True) as both:
                    both.delete(*(key for name in names for key in (_messages(user, name), _state(user, name))))
                    both.srem(_sessions(user), *names)
                    await both.execute()
        return len(names)

    async def count(self, user: UserRef, below: int | None = None) -> int:
        """See the port."""
        with self._reached():
            return len(await self._names(user, below))

    async def scrub(self) -> None:
        """Rewrite the append-only file and empty the slow log, which hold deleted words; where the server allows it."""
        with self._reached():
            for command in ("SLOWLOG RESET", "BGREWRITEAOF"):
                with suppress(ResponseError):  # forbidden to this login, or a rewrite is under way
                    await cast("Awaitable[object]", self._redis.execute_command(*command.split()))  # pyright: ignore[reportUnknownMemberType]

    async def _names(self, user: UserRef, below: int | None) -> list[str]:
        """The sessions of a user: those in the set, and those whose keys a scan of the tag finds all the same."""
        listed = await cast("Awaitable[set[str]]", self._redis.smembers(_sessions(user)))
        pattern = _glob(_tag(user)) + ":*:*"
        keys = cast("AsyncIterator[str]", self._redis.scan_iter(match=pattern, count=1000))  # pyright: ignore[reportUnknownMemberType]
        found = {key.rsplit(":", 2)[1] async for key in keys}
        return sorted(name for name in listed | found if below is None or int(name.partition("-")[0]) < below)

    async def close(self) -> None:
        """Release connections."""
        await self._redis.aclose()

    @contextmanager
    def _reached(self) -> Generator[None]:
        """The driver's errors as ours, without their text, which may hold a command's arguments.

        A server that failed is left alone for a moment, then one call tries it again: its time-out is not added to every turn.
        """
        now = time.monotonic()
        if now < self._away_until:
            raise WorkingMemoryUnavailable("Redis did not answer a moment ago")
        if self._away_until:
            self._away_until = now + REST_SECONDS
        try:
            yield
            self._away_until = 0.0
        except (RedisError, OSError, TimeoutError) as error:
            self._away_until = time.monotonic() + REST_SECONDS
            raise WorkingMemoryUnavailable(f"Redis did not answer ({type(error).__name__})") from error


def open_redis(url: str) -> RedisWorkingMemory:
    """Working memory at a Redis address. Connects at the first use."""
    client = Redis.from_url(  # pyright: ignore[reportUnknownMemberType]
        url, decode_responses=True, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
    )
    return RedisWorkingMemory(client)


# ---------------------------------------------------------------- keys and values
def _tag(user: UserRef) -> str:
    """The beginning of every key of a user; ids are quoted, so that none can end its own part."""
    return f"recalld:{{{quote(user.tenant_id, safe='')}:{quote(user.user_id, safe='')}}}"


def _name(session: SessionRef, epoch: int) -> str:
    """A session within its user: nothing of the tenant's own naming, and the epoch, so that nothing is read across an erasure."""
    return f"{epoch}-{sha256(session.session_id.encode()).hexdigest()[:32]}"


def _sessions(user: UserRef) -> str:
    return f"{_tag(user)}:sessions"


def _messages(user: UserRef, name: str) -> str:
    return f"{_tag(user)}:{name}:messages"


def _state(user: UserRef, name: str) -> str:
    return f"{_tag(user)}:{name}:state"


def _glob(text: str) -> str:
    """*text* without a meaning for SCAN's patterns; quoting has left no other special character than these."""
    return "".join(f"\\{character}" if character in "*?[]\\" else character for character in text)


def _seconds() -> int:
    return int(TIME_TO_LIVE.total_seconds())


def _dump(message: Message) -> str:
    return json.dumps({**asdict(message), "at": message.at and message.at.isoformat()}, ensure_ascii=False)


def _load(text: str) -> Message:
    kept: dict[str, Any] = json.loads(text)
    at = datetime.fromisoformat(kept["at"]) if kept["at"] else None
    return Message(role=kept["role"], content=kept["content"], at=at, name=kept["name"])
