"""Sessions that need no model are recognised, and none that holds anything of the user is taken for one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from llm_sessions import REGISTRIES, said

from recalld.ingest.fallback import TRIAGE, FallbackSummariser
from recalld.ingest.llm import LlmSummariser
from recalld.ingest.local.summariser import LocalSummariser
from recalld.ingest.triage import nothing_to_remember
from recalld.values import Message

DEV_SET = Path(__file__).parents[3] / "shared" / "eval" / "dev" / "facts.jsonl"


@pytest.mark.parametrize(
    "turns",
    [
        ("hi!",),
        ("Hello there, how are you?", ("assistant", "Fine. What can I do?")),
        ("what's the boiling point of ethanol",),
        ("How do I write a haiku?", ("assistant", "Five, seven, five."), "thanks, that's all"),
        (
            "translate 'good night' into Finnish please",
            ("assistant", "Hyvää yötä."),
            "great, thx!",
            ("assistant", "Bye!"),
        ),
        ("can you explain the offside rule?", ("assistant", "…"), "ok. and what is a throw-in?"),
        (("assistant", "Anybody there?"),),
        (),
    ],
)
def test_greetings_and_plain_questions_need_no_model(turns: tuple[str, ...]):
    assert nothing_to_remember(said(*turns).messages)


@pytest.mark.parametrize(
    "turns",
    [
        ("what's a good wine? I only drink white",),
        ("moved to Tartu, what do people eat there?",),
        ("how do I tell my boss that I quit?",),
        ("is it cold in winter", ("assistant", "Yes. Are you moving there?"), "yes"),
        ("translate this for the kids please: good night",),
        ("what can a vegan eat in Spain?",),
        ("call me Signe",),
        ("remember that the answer is blue",),
        ("was macht man mit Quitten?",),
        ("explain the offside rule again",),
        ("name's Signe, explain the offside rule",),
        ("will try on Sunday",),
        ("what is this: " + "long text " * 50,),
        ("thanks", ("assistant", "So the red one it is?"), "perfect"),
    ],
)
def test_anything_that_may_say_something_of_the_user_goes_to_the_model(turns: tuple[str, ...]):
    assert not nothing_to_remember(said(*turns).messages)


@pytest.mark.skipif(not DEV_SET.exists(), reason="the evaluation sets are not beside this repository")
def test_no_session_of_the_dev_set_that_states_an_expected_fact_is_passed_over():
    with DEV_SET.open(encoding="utf-8") as lines:
        sets = [json.loads(line) for line in lines]
    lost = [
        line["id"]
        for line in sets
        for session in line["sessions"]
        if nothing_to_remember([Message(**message) for message in session["messages"]])
        and (line["expect_current"] or line["expect_closed"])
    ]
    assert lost == []


async def test_a_session_with_nothing_to_remember_costs_no_call_and_is_marked():
    def never() -> object:
        raise AssertionError("the model was asked")

    local = LocalSummariser(REGISTRIES)
    summariser = FallbackSummariser(LlmSummariser("anthropic:any", never, REGISTRIES), local)  # type: ignore[arg-type]
    made = await summariser.digest(said("what's the capital of Estonia?", ("assistant", "Tallinn."), "thx"))
    assert (made.by, made.candidates) == (TRIAGE, ())
