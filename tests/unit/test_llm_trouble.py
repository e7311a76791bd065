"""Model trouble never loses a session, and no claim gets past the check of its quote."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence

import pytest
from llm_sessions import digest, fact, said, scripted

from recalld.ingest.evidence import words_of
from recalld.models.lane import LanePolicy
from recalld.models.meter import metered
from recalld.models.options import ChatOptions
from recalld.testing.wire import Call, Failure, Hang, Output, Raw, Refusal, Reply, Text
from recalld.values import Candidate, EndedSession

TALK = ("I moved to Tartu and work as a beekeeper", ("assistant", "Noted. Do you have a cat?"), "no, two parrots")
TRUE = fact("home_city", "Tartu", 0, "moved to Tartu")


def garbage(rng: random.Random) -> Reply:
    """One reply of the kinds that models and proxies give on bad days."""
    cut_off = '{"summary": "The user moved to Tartu", "facts": [{"attribute": "home_ci'
    kinds: list[Reply] = [
        Text(text="Sure! Here is the digest you asked for:"),
        Refusal(),
        Output(arguments=cut_off, cut=True),
        Output(arguments={"summary": ""}),
        Output(arguments={"nothing": "of what was asked"}),
        Output(arguments=digest(TRUE, summary="Пользователь переехал в другой город и держит попугаев")),
        Output(arguments=digest(summary="x" * 200_000, points=["y" * 50_000] * 50)),
        Output(
            arguments=digest(
                fact("employer", "Initech", 0, "I work at Initech"), fact("pet", "parrots", 99, "two parrots")
            )
        ),
        Output(arguments=digest(*[fact(f"a{n}", "v", rng.randrange(-5, 9), "words nobody said") for n in range(200)])),
        Output(
            arguments=digest(
                {**TRUE, "user_id": "bob", "tenant_id": "other", "epoch": 99}, user_id="bob", purpose="sales"
            )
        ),
        Output(arguments=digest({"attribute": None, "value": ["a"]}, {"value": 1}, fact("x", "", 0, ""))),  # type: ignore[arg-type]
        Output(arguments={"summary": "ok", "facts": "none", "topics": {"a": 1}, "points": 7}),
        Output(arguments=digest(TRUE, summary="\ud800 \x00 broken")),
        Raw(body=b""),
        Raw(body=b"<html>502 Bad Gateway</html>", content_type="text/html"),
        Raw(body=b'{"id": "msg_1", "type": "message", "content": [{"type": "te'),
        Raw(body=b'{"choices": [], "content": []}'),
        Raw(body=b"null"),
        Raw(body=rng.randbytes(500)),
        Raw(body=b'{"id": "x", "con', cut=True),
        Failure(status=500),
        Failure(status=529),
        Failure(status=400),
        Failure(status=413),
    ]
    return rng.choice(kinds)


@pytest.mark.slow
@pytest.mark.parametrize("wire", ["anthropic", "openai-compatible"])
async def test_of_500_garbage_replies_none_crashes_loses_a_session_or_brings_a_fact_without_a_valid_quote(wire: str):
    rng = random.Random(7)
    options = ChatOptions(api_key="k", timeout=10)
    policy = LanePolicy(first_wait=0.0, attempts=2, failures_to_open=1_000_000)
    session, by = said(*TALK), Counter[str]()
    async with scripted(lambda call: garbage(rng), wire=wire, options=options, policy=policy) as (summariser, _):
        for _ in range(500):
            made = await summariser.digest(session)
            by[made.by] += 1
            assert made.summary
            assert len(made.summary) < 4_000
            assert_quoted(made.candidates, session)

    assert by["local"] > 200
    assert by[summariser.name] > 50


def assert_quoted(candidates: Sequence[Candidate], session: EndedSession) -> None:
    for candidate in candidates:
        if candidate.quote and candidate.message_seq is not None:
            said_words = " ".join(words_of(session.messages[candidate.message_seq].content))
            assert " ".join(words_of(candidate.quote)) in said_words


@pytest.mark.parametrize("wire", ["anthropic", "openai"])
async def test_an_answer_of_ten_megabytes_is_not_read_and_not_asked_for_again(wire: str):
    huge = Raw(body=b'{"content": "' + b"x" * 10_000_000 + b'"}')
    async with scripted(lambda call: huge, wire=wire) as (summariser, server):
        made = await summariser.digest(said(*TALK))

    assert made.by == "local"
    assert len(server.calls) == 1


async def test_a_model_that_never_answers_is_given_up():
    options = ChatOptions(api_key="k", timeout=0.05)
    async with scripted(lambda call: Hang(), options=options, policy=LanePolicy(first_wait=0, attempts=2)) as (
        summariser,
        _,
    ):
        with metered() as meter:
            made = await summariser.digest(said(*TALK))

    assert made.by == "local"
    assert (meter.uses[0].calls, meter.uses[0].failed) == (2, 2)


async def test_what_failed_calls_cost_is_counted():
    async with scripted(lambda call: Text(text="no tool for you")) as (summariser, _):
        with metered() as meter:
            made = await summariser.digest(said(*TALK))

    (use,) = meter.uses
    assert made.by == "local"
    assert (use.calls, use.failed, use.input_tokens) == (2, 2, 2_000)
    assert use.cost_usd > 0


async def test_an_answer_outside_the_schema_is_asked_for_once_more_with_what_is_wrong():
    def answer(call: Call) -> Reply:
        return Output(arguments=digest(TRUE)) if call.again else Output(arguments={"wrong": 1})

    async with scripted(answer) as (summariser, server):
        made = await summariser.digest(said(*TALK))

    assert made.by == summariser.name
    assert len(server.calls) == 2


async def test_an_overloaded_provider_is_asked_again():
    replies = iter([Failure(status=529), Failure(status=503), Output(arguments=digest(TRUE))])
    async with scripted(lambda call: next(replies)) as (summariser, server):
        made = await summariser.digest(said(*TALK))

    assert made.by == summariser.name
    assert len(server.calls) == 3


@pytest.mark.parametrize(("status", "kind"), [(401, ""), (403, ""), (404, ""), (400, ""), (402, "billing_error")])
async def test_a_refused_key_model_or_account_is_not_tried_again(status: int, kind: str):
    async with scripted(lambda call: Failure(status=status, kind=kind)) as (summariser, server):
        made = await summariser.digest(said(*TALK))

    assert made.by == "local"
    assert len(server.calls) == 1


async def test_with_a_provider_that_fails_30_percent_all_of_500_sessions_are_digested_within_the_cap():
    rng = random.Random(11)

    async def answer(call: Call) -> Reply:
        await asyncio.sleep(0)
        failing = rng.random() < 0.3
        return Failure(status=rng.choice([429, 500, 529]), retry_after=0) if failing else Output(arguments=digest(TRUE))

    policy = LanePolicy(first_wait=0, in_flight=6, attempts=4, patience=60)
    async with scripted(answer, policy=policy) as (summariser, server):
        made = await asyncio.gather(*(summariser.digest(said(*TALK)) for _ in range(500)))

    assert len(made) == 500
    assert server.most_in_flight <= 6
    assert Counter(each.by for each in made)[summariser.name] > 450


async def test_cancelling_a_digest_frees_its_place():
    hang = True

    def answer(call: Call) -> Reply:
        return Hang() if hang else Output(arguments=digest(TRUE))

    async with scripted(answer, policy=LanePolicy(in_flight=1)) as (summariser, _):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(summariser.digest(said(*TALK)), 0.1)
        hang = False
        made = await summariser.digest(said(*TALK))

    assert made.by == summariser.name


async def test_errors_and_logs_never_carry_what_was_said(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
):
    secret = "zebra-unicorn-77"
    echo = Raw(body=f'{{"error": {{"message": "bad: {secret}"}}}}'.encode(), status=400)
    async with scripted(lambda call: echo) as (summariser, _):
        made = await summariser.digest(said(f"I say {secret} and live in Tartu"))

    out = capsys.readouterr()
    assert made.by == "local"
    assert secret not in caplog.text + out.out + out.err
