"""The arithmetic of `recalld plan`."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from recalld.cli.app import app
from recalld.cli.plan import plan_for


def test_everything_grows_with_the_users() -> None:
    small, large = plan_for(1_000, 100, 12), plan_for(10_000_000, 100, 12)
    assert large.bytes_per_user == small.bytes_per_user
    assert large.database_bytes == 10_000 * small.database_bytes
    assert small.nodes == 1
    assert large.nodes > 1


def test_sessions_at_the_peak_are_three_times_the_average() -> None:
    assert plan_for(864_000, 30, 1).sessions_per_second == 30.0


def test_the_command_prints_the_plan() -> None:
    done = CliRunner().invoke(app, ["plan", "--users", "1000", "--json"], catch_exceptions=False)
    assert json.loads(done.stdout)["nodes"] == 1
