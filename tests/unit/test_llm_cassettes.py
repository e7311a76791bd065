"""Recorded exchanges replayed to the official SDKs, the same tests against real keys, and recording itself.

`RECALLD_CASSETTES=write python -m pytest tests/unit/test_llm_cassettes.py -m live_llm` records `tests/cassettes` anew with real keys.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from llm_sessions import REGISTRIES, digest, fact, said

from recalld.ingest.summarisers import open_summariser
from recalld.models.embedders import close_model
from recalld.models.meter import metered
from recalld.models.options import ChatOptions
from recalld.testing.cassette import Cassette, Player, WrongCassette, recorder
from recalld.testing.model_server import Answer, ModelServer
from recalld.testing.wire import Call, Output
from recalld.values import Digest

CASSETTES = Path(__file__).parents[1] / "cassettes"
PROVIDERS = {
    "anthropic": ("ANTHROPIC_API_KEY", "https://api.anthropic.com", "anthropic:{url}#claude-haiku-4-5"),
    "openai": ("OPENAI_API_KEY", "https://api.openai.com", "openai:{url}/v1#gpt-5-nano"),
}
SESSION = said(
    "Hi, I'm Signe. I moved from Toulouse to Tartu in September and I'm a beekeeper. Which flowers should I sow?",
    ("assistant", "Welcome! Phacelia and buckwheat do well there. How many hives do you have?"),
    "twelve. And my brother in Quito says hello, he is allergic to bees, poor man. Remind me that the inspection is next Friday",
    ("assistant", "Noted: the inspection is on Friday."),
)


async def digested(answer: Answer, provider: str, key: str = "k") -> Digest:
    """The digest of the session by whoever answers at the other end."""
    async with ModelServer(answer) as server:
        spec = PROVIDERS[provider][2].format(url=server.url)
        summariser = open_summariser(spec, REGISTRIES, options=ChatOptions(api_key=key), triage=False)
        try:
            with metered() as meter:
                made = await summariser.digest(SESSION)
            assert made.by == summariser.name
            assert meter.cost_usd is not None
            assert meter.cost_usd > 0
            return made
        finally:
            await close_model(summariser)


def assert_good(made: Digest) -> None:
    """What any good model makes of the session."""
    values = {(c.attribute, c.value.casefold()) for c in made.candidates if c.act == "state"}
    assert ("home_city", "tartu") in values
    assert not any(value == "quito" and attribute == "home_city" for attribute, value in values)
    assert not any(attribute == "allergy" for attribute, _ in values)
    assert "27 november" in f"{made.summary} {made.points} {made.candidates}".casefold()
    assert all(candidate.quote for candidate in made.candidates)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_recorded_exchange_gives_the_digest(provider: str):
    player = Player(Cassette.load(CASSETTES / f"{provider}_digest.json"))
    made = await digested(player, provider)
    assert player.unexpected == []
    assert_good(made)


@pytest.mark.live_llm
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_real_model_gives_the_digest(provider: str):
    variable, upstream, _ = PROVIDERS[provider]
    key = os.environ.get(variable)
    if not key:
        pytest.skip(f"{variable} is not set")
    cassette = Cassette()
    made = await digested(recorder(upstream, cassette), provider, key)
    assert_good(made)
    if os.environ.get("RECALLD_CASSETTES") == "write":
        cassette.save(CASSETTES / f"{provider}_digest.json")


async def test_what_is_recorded_replays_and_holds_no_key(tmp_path: Path):
    def model(call: Call) -> Output:
        return Output(arguments=digest(fact("home_city", "Tartu", 0, "Toulouse to Tartu"), summary="Recorded."))

    cassette, secret = Cassette(), "a-secret-key"
    async with ModelServer(model) as upstream:
        first = await digested(recorder(upstream.url, cassette), "anthropic", secret)
    cassette.save(tmp_path / "cassette.json")
    again = await digested(Player(Cassette.load(tmp_path / "cassette.json")), "anthropic")

    assert first == again
    assert secret not in (tmp_path / "cassette.json").read_text()


def test_a_file_of_another_format_is_refused(tmp_path: Path):
    (tmp_path / "old.json").write_text('{"format": 0}')
    with pytest.raises(WrongCassette):
        Cassette.load(tmp_path / "old.json")
