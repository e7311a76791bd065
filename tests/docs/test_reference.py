"""The reference is complete: every route, command, option, setting, metric and error is on its page."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
import typer

from recalld import Settings, errors
from recalld.cli.app import app as command_line
from recalld.server.app import create_app, routes
from recalld.server.metrics import Metrics
from recalld.server.problems import KINDS, OTHERS
from tests.docs.reference_pages import command_page, commands, settings_page

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def page(name: str) -> str:
    return (REFERENCE / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "written"), [("settings", settings_page()), ("cli", command_page())])
def test_a_page_that_follows_from_the_code_is_up_to_date(name: str, written: str):
    assert page(name) == written, "run: python tests/docs/reference_pages.py"


def test_every_setting_says_what_it_means():
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_every_route_is_on_its_page():
    text = page("http")
    assert [
        f"{method} {path}"
        for method, path in routes(create_app(settings=Settings.read()))
        if f"`{method} {path}`" not in text
    ] == []


def test_every_command_and_option_says_what_it_does():
    for name, command in commands(typer.main.get_command(command_line)):
        assert command.help, name
        for parameter in command.params:
            assert parameter.name == "help" or parameter.help, (name, parameter.name)


def test_every_metric_is_on_its_page():
    names = {
        sample.name.removesuffix("_created") for family in Metrics().registry.collect() for sample in family.samples
    } | {f"{family.name}_total" if family.type == "counter" else family.name for family in Metrics().registry.collect()}
    text = page("metrics")
    plain = {name for name in names if not name.endswith(("_bucket", "_count", "_sum"))}
    shown = {name for name in plain if f"`{name}`" in text or f"`{name}_total`" in text}
    assert plain - shown == set()


@pytest.mark.parametrize("name", [name for name, value in vars(errors).items() if inspect.isclass(value)])
def test_every_error_is_on_its_page(name: str):
    if issubclass(getattr(errors, name), errors.RecalldError):
        assert f"`{name}`" in page("errors")


def test_every_problem_type_is_on_its_page():
    text = page("errors")
    kinds = [kind for _, kind in KINDS] + list(OTHERS)
    assert [kind.name for kind in kinds if f"`/problems/{kind.name}`" not in text] == []
