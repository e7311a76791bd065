"""Sessions digested through Anthropic's Message Batches, behind the same port: half the price, no hurry."""

from __future__ import annotations

import asyncio

import pytest
from llm_sessions import digest, fact, said, scripted

from recalld.errors import ConfigurationError
from recalld.ingest.reply import DigestReply
from recalld.models.chat import ChatModel
from recalld.models.lane import Lane, LanePolicy
from recalld.models.meter import metered
from recalld.models.options import Batching, ChatOptions
from recalld.models.spec import parse_spec
from recalld.testing.wire import Call, Failure, Output, Reply, Text

BATCHED = ChatOptions(api_key="k", batching=Batching(max_requests=5, max_wait=5, poll=0.01))
REPLY = Output(arguments=digest(fact("home_city", "Tartu", 0, "moved to Tartu")), input_tokens=2_000, output_tokens=300)


async def test_sessions_share_batches_and_get_each_its_own_digest():
    def answer(call: Call) -> Reply:
        number = next(n for n in range(10) if f"number {n}" in call.prompt)
        return Output(arguments=digest(summary=f"Session {number}."))

    async with scripted(answer, options=BATCHED) as (summariser, server):
        made = await asyncio.gather(*(summariser.digest(said(f"this is number {n}, I moved")) for n in range(10)))

    assert [each.summary for each in made] == [f"Session {n}." for n in range(10)]
    assert [call.path for call in server.calls].count("/v1/messages/batches") == 2
    assert not any(call.path.endswith("/messages") for call in server.calls)


async def test_a_batch_costs_half():
    async with scripted(lambda call: REPLY, options=BATCHED) as (summariser, _):
        with metered() as meter:
            await asyncio.gather(*(summariser.digest(said("I moved to Tartu")) for _ in range(5)))

    (use,) = meter.uses
    assert (use.calls, use.input_tokens) == (5, 10_000)
    assert meter.cost_usd == 5 * 0.0035 / 2


async def test_a_session_waiting_for_its_batch_does_not_hold_up_others():
    async with scripted(lambda call: REPLY, options=BATCHED, policy=LanePolicy(in_flight=1)) as (summariser, _):
        made = await asyncio.gather(*(summariser.digest(said("I moved to Tartu")) for _ in range(5)))

    assert {each.by for each in made} == {summariser.name}


async def test_a_request_that_fails_inside_a_batch_falls_back_alone():
    def answer(call: Call) -> Reply:
        return Failure(status=400) if "bad one" in call.prompt else REPLY

    async with scripted(answer, options=BATCHED) as (summariser, _):
        good = [summariser.digest(said("I moved to Tartu")) for _ in range(4)]
        *made, bad = await asyncio.gather(*good, summariser.digest(said("I moved, the bad one")))

    assert {each.by for each in made} == {summariser.name}
    assert bad.by == "local"


async def test_the_flex_tier_is_asked_for_and_costs_half():
    options = ChatOptions(api_key="k", flex=True)
    async with scripted(lambda call: REPLY, wire="openai", options=options) as (summariser, server):
        with metered() as meter:
            await summariser.digest(said("I moved to Tartu"))

    assert server.calls[0].body["service_tier"] == "flex"
    assert meter.cost_usd == pytest.approx((2_000 * 0.05 + 300 * 0.4) / 1e6 / 2)


async def test_batches_where_there_are_none_are_refused():
    with pytest.raises(ConfigurationError, match="no batch interface"):
        ChatModel(
            parse_spec("openai:gpt-5-nano"), instructions="", reply=DigestReply, lane=Lane("openai"), options=BATCHED
        )


async def test_garbage_in_a_batch_is_asked_for_once_more_and_then_left():
    options = ChatOptions(api_key="k", batching=Batching(max_requests=1, max_wait=1, poll=0.01))
    async with scripted(lambda call: Text(text="no"), options=options) as (summariser, _):
        with metered() as meter:
            made = await summariser.digest(said("I moved to Tartu"))

    assert made.by == "local"
    assert (meter.uses[0].calls, meter.uses[0].failed) == (2, 2)
