"""Working memory: the contract over every adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import cast

import pytest
from redis import Redis

from recalld.errors import WorkingMemoryUnavailable
from recalld.layers.working.in_process import InProcessWorkingMemory
from recalld.layers.working.redis import RedisWorkingMemory, open_redis
from recalld.testing.working_memory import ADA, WorkingMemoryContract, said, session


class TestInProcess(WorkingMemoryContract):
    @pytest.fixture
    def working(self) -> InProcessWorkingMemory:
        return InProcessWorkingMemory()

    async def test_the_sessions_idle_longest_go_first(self) -> None:
        working = InProcessWorkingMemory(max_sessions=2)
        for name in ("s1", "s2", "s3"):
            await working.append(session(name), 1, 0, said(name))
        assert await working.read(session("s1"), 1) is None
        assert await working.read(session("s3"), 1) == (said("s3"), {})


class TestRedis(WorkingMemoryContract):
    @pytest.fixture
    async def working(self, redis_url: str) -> AsyncIterator[RedisWorkingMemory]:
        with Redis.from_url(redis_url) as client:
            client.flushall()
        working = open_redis(redis_url)
        yield working
        await working.close()

    async def test_an_absent_server_is_said_so(self) -> None:
        working = open_redis("unix:///nonexistent/redis.sock")
        with pytest.raises(WorkingMemoryUnavailable, match="did not answer"):
            await working.read(session(), 1)
        await working.close()

    async def test_key_names_hold_no_session_id(self, working: RedisWorkingMemory, redis_url: str) -> None:
        await working.append(session("a-telling-name"), 1, 0, said("one"))
        with Redis.from_url(redis_url, decode_responses=True) as client:
            keys = [str(key) for key in client.scan_iter()]
        assert keys
        assert not any("telling" in key for key in keys)
        assert all("{acme:ada}" in key for key in keys)

    async def test_everything_expires(self, working: RedisWorkingMemory, redis_url: str) -> None:
        await working.append(session(), 1, 0, said("one"))
        await working.set_state(session(), 1, {"a": 1})
        await working.fill(session("s2"), 1, said("one"), {})
        with Redis.from_url(redis_url) as client:
            times = [cast("int", client.ttl(key)) for key in client.scan_iter()]
        assert times
        assert all(0 < left <= 172_800 for left in times)
        assert await working.count(ADA) == 2
