"""With a model that answers perfectly, summariser, evidence check and merge lose nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from evals import facts, scorer
from evals.perfect_model import Line, PerfectModel
from recalld.ingest.evidence import words_of
from recalld.ingest.summarisers import open_summariser
from recalld.layers.facts.attributes import Registries
from recalld.models.embedders import close_model
from recalld.models.options import ChatOptions
from recalld.testing.model_server import ModelServer
from recalld.values import Candidate, EndedSession

GOLD = Path(__file__).parents[3] / "shared" / "eval" / "dev" / "facts.jsonl"
pytestmark = pytest.mark.skipif(not GOLD.exists(), reason="the evaluation sets are not beside this repository")
REGISTRIES = Registries()
Digested = Callable[[EndedSession], Awaitable[Sequence[Candidate]]]


@pytest.fixture
async def digested() -> AsyncGenerator[Digested]:
    """From a session to its candidates, through the official SDK and the perfect model."""
    async with ModelServer(PerfectModel(GOLD)) as server:
        spec = f"openai-compatible:{server.url}/v1#perfect"
        summariser = open_summariser(spec, REGISTRIES, options=ChatOptions(api_key="k"), triage=False)

        async def candidates(session: EndedSession) -> tuple[Candidate, ...]:
            made = await summariser.digest(session)
            assert made.by == summariser.name
            return made.candidates

        yield candidates
        await close_model(summariser)


async def test_every_claim_of_a_perfect_model_becomes_a_candidate_with_its_quote(digested: Digested):
    claimed = kept = 0
    for line in facts.read_lines(GOLD):
        for session, reply in zip(facts.sessions(line), Line(line).replies, strict=True):
            candidates = await digested(session)
            claimed += len(reply["facts"])
            kept += len(candidates)
            for candidate in candidates:
                assert candidate.message_seq is not None
                spoken = " ".join(words_of(session.messages[candidate.message_seq].content))
                assert " ".join(words_of(candidate.quote)) in spoken
    assert (claimed > 150, kept) == (True, claimed)


async def test_with_a_perfect_model_the_facts_are_right(tmp_path: Path):
    predictions = [prediction async for prediction in facts.run(GOLD, summariser="perfect")]
    out = tmp_path / "predictions.jsonl"
    scorer.write_predictions(predictions, out)
    figures = scorer.score("facts", GOLD, out, scorer.find_scorer(GOLD))["all"]
    assert figures["f1"] >= 0.97
    assert figures["absent_violations"] == 0
