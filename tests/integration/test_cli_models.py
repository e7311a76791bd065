"""`recalld cost`, `recalld reembed` and `recalld upgrade`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from recalld import MemorySync, Message
from recalld.cli.app import app
from recalld.errors import ConfigurationError, InvalidInput
from recalld.postgres.embedded import DatabaseUrls
from recalld.sync import BackgroundLoop
from recalld.testing.model_server import ModelServer
from recalld.testing.wire import Call, Failure, Output, Reply

NOON = datetime(2026, 4, 18, 12, tzinfo=UTC)


@pytest.fixture
def database_url(migrated_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch) -> str:
    """The database that commands find in their environment."""
    monkeypatch.setenv("DATABASE_URL", migrated_urls.service)
    return migrated_urls.service


@pytest.fixture
def embedder() -> Iterator[str]:
    """An embedder behind the loopback server."""
    loop, server = BackgroundLoop(), ModelServer(lambda call: Output(arguments={}))
    loop.run(server.__aenter__())
    yield f"openai-compatible:{server.url}/v1#letters@1536"
    loop.run(server.__aexit__(None, None, None))
    loop.close()


def remember(database_url: str, count: int, embedder: str = "local") -> None:
    with MemorySync.open(database_url=database_url, worker=False, embedder=embedder) as memory:
        for number in range(count):
            memory.user("acme", f"user-{number}").add_episode(summary=f"Number {number} grows beans.", ended_at=NOON)


def found(database_url: str, embedder: str) -> list[str]:
    """The users whose episode is found by its vector."""
    with MemorySync.open(database_url=database_url, worker=False, embedder=embedder) as memory:
        users = [memory.user("acme", f"user-{number}") for number in range(3)]
        return [
            user.memory.ref.user_id
            for user in users
            if any("meaning" in reason for hit in user.search("Number grows beans") for reason in hit.reasons)
        ]


def run(*arguments: str) -> str:
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_cost_page_shows_models_side_by_side_and_what_meets_the_target(database_url: str):
    told = json.loads(run("cost", "--json"))
    within = [each for each in told["configurations"] if each["meets_target"]]
    assert any(each["summariser"] == "local" for each in within)
    assert any(each["summariser"] != "local" for each in within)
    assert told["profile"]["sessions"] == 100
    assert told["usage"] == []


def test_the_cost_page_follows_the_profile(database_url: str):
    usual, twice = (
        json.loads(run("cost", "--json", "--sessions", count))["configurations"][-1]["usd"]["summarising"]
        for count in ("100", "200")
    )
    assert twice == pytest.approx(2 * usual, rel=1e-4)


def test_a_model_of_ones_own_is_compared_too(database_url: str):
    told = json.loads(run("cost", "--json", "--summariser", "openai:gpt-5-mini"))
    assert told["configurations"][-1]["name"] == "gpt-5-mini"
    assert told["configurations"][-1]["usd"]["total"] > 0.01


@pytest.mark.parametrize("price", ["free", "-1", "NaN"])
def test_a_price_that_is_none_is_refused(database_url: str, price: str):
    with pytest.raises(InvalidInput, match="no price"):
        run("cost", "--gigabyte-price", price)


def test_the_cost_page_tells_what_was_used_this_month(database_url: str, embedder: str):
    remember(database_url, 2, embedder)
    told = json.loads(run("cost", "--json", "--tenant", "acme"))
    assert [(row["component"], row["calls"]) for row in told["usage"]] == [("embedder", 2)]
    assert "+ 2 calls of" in run("cost", "--tenant", "acme")


def test_users_move_to_another_embedder_and_the_old_vectors_go(
    database_url: str, embedder: str, monkeypatch: pytest.MonkeyPatch
):
    remember(database_url, 3)
    assert found(database_url, embedder) == []
    assert json.loads(run("reembed", embedder, "--json"))["episodes"] == 3
    assert json.loads(run("reembed", embedder, "--json"))["episodes"] == 0
    assert found(database_url, embedder) == found(database_url, "local") == ["user-0", "user-1", "user-2"]

    monkeypatch.setenv("RECALLD_EMBEDDER", embedder)
    assert json.loads(run("reembed", embedder, "--drop-others", "--json"))["removed"] == 3
    assert found(database_url, "local") == []
    assert found(database_url, embedder) == ["user-0", "user-1", "user-2"]


def test_the_vectors_that_recall_uses_are_not_dropped(database_url: str, embedder: str):
    remember(database_url, 1)
    with pytest.raises(ConfigurationError, match="recall still uses 'local:minilm-256'"):
        run("reembed", embedder, "--drop-others")
    assert found(database_url, "local") == ["user-0"]


def test_only_one_tenant_moves(database_url: str, embedder: str):
    remember(database_url, 1)
    assert json.loads(run("reembed", embedder, "--tenant", "other", "--json"))["users"] == 0


# ---------------------------------------------------------------- upgrade
def test_upgrade_lets_the_model_digest_what_it_could_not(database_url: str, monkeypatch: pytest.MonkeyPatch):
    away = True

    def answer(call: Call) -> Reply:
        return Failure(status=401) if away else Output(arguments={"summary": "The user lives in Porto."})

    loop, server = BackgroundLoop(), ModelServer(answer)
    loop.run(server.__aenter__())
    monkeypatch.setenv("ANTHROPIC_API_KEY", "any")
    monkeypatch.setenv("RECALLD_SUMMARISER", f"anthropic:{server.url}#claude-haiku-4-5")
    try:
        run("retention", "--tenant", "acme", "--keep-journal-days", "3")
        with MemorySync.open(database_url=database_url, worker=False) as memory:
            ada = memory.user("acme", "ada")
            ada.append("s1", [Message(role="user", content="I live in Porto.")], at=NOON)
            ada.end_session("s1", wait=True, at=NOON, budget_seconds=60)
        assert "journals kept: 1, the oldest since" in " ".join(run("upgrade", "--dry-run").split())
        away = False
        assert json.loads(run("upgrade", "--json"))["upgraded"] == 1
        assert run("upgrade", "--dry-run").strip() == "journals kept: 0"
        run("retention", "--tenant", "acme", "--keep-journal-days", "0")
    finally:
        loop.run(server.__aexit__(None, None, None))
        loop.close()


def test_upgrade_needs_a_model(database_url: str):
    with pytest.raises(ConfigurationError, match="RECALLD_SUMMARISER"):
        CliRunner().invoke(app, ["upgrade"], catch_exceptions=False)
