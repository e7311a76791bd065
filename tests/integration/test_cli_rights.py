"""The rights on the command line, over an embedded server."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.test_cli import CommandLine

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cli() -> Iterator[CommandLine]:
    """A folder that the server's account can come to."""
    folder = Path(tempfile.mkdtemp(prefix="recalld-tests-"))
    folder.chmod(0o711)
    yield CommandLine(folder)
    shutil.rmtree(folder, ignore_errors=True)


def remember(cli: CommandLine, user: str, session: str = "s1") -> None:
    cli.run("append", session, "My parcel to Leipzig is late.", "--user", user)
    cli.run("end", session, "--user", user)


def test_purposes_and_consents(cli: CommandLine) -> None:
    assert "any may be used" in cli.run("purposes", "list", "--tenant", "shop")
    cli.run(
        *("purposes", "declare", "sales", "--tenant", "shop", "--description", "To sell", "--legal-basis", "consent"),
        *("--no-default", "--episodes-days", "30"),
    )
    assert cli.json("purposes", "list", "--tenant", "shop")[0]["episodes_days"] == 30
    write = ("append", "s1", "Ten, please.", "--user", "ada", "--tenant", "shop", "--purpose", "sales")
    assert "needs this person's consent" in cli.run(*write, expect=1)
    cli.run("consents", "give", "sales", "--user", "ada", "--tenant", "shop")
    cli.run(*write)
    cli.run("purposes", "declare", "care", "--tenant", "shop", "--description", "To help", "--legal-basis", "contract")
    moved = cli.run("purposes", "change", "sales", "care", "--user", "ada", "--tenant", "shop", "--yes")
    assert "moved 0 facts, 0 episodes, 1 sessions" in moved
    cli.run("purposes", "change", "care", "sales", "--user", "ada", "--tenant", "shop", "--yes")
    assert "1 sessions" in cli.run("consents", "withdraw", "sales", "--user", "ada", "--tenant", "shop", "--yes")
    assert "| sales | To sell | consent | who consented |" in cli.run("record", "--tenant", "shop")
    assert "0 facts" in cli.run("retention", "--tenant", "shop")


def test_a_deep_erasure_its_receipt_and_the_ledger(cli: CommandLine) -> None:
    remember(cli, "ada")
    export = cli.run("export", "--user", "ada", "--format", "json")
    (cli.folder / "ada.json").write_text(export)
    receipt = cli.run("erase", "--user", "ada", "--deep", "--yes", "--json")
    (cli.folder / "receipt.json").write_text(receipt)
    assert "stand as they were signed" in cli.run("receipts", "verify", str(cli.folder / "receipt.json"))
    forged = receipt.replace('"before": 1', '"before": 2')
    (cli.folder / "forged.json").write_text(forged)
    assert forged != receipt
    assert "is not as it was signed" in cli.run("receipts", "verify", str(cli.folder / "forged.json"), expect=1)
    erasure_id = json.loads(receipt)["erasure_id"]
    assert json.loads(cli.run("erasures", "show", erasure_id, "--json"))["status"] == "verified"
    (cli.folder / "ledger").write_text(cli.run("erasures", "export"))
    assert "0 people erased again" in cli.run("erasures", "apply", str(cli.folder / "ledger"))
    assert "1 episodes" in cli.run("restore-user", str(cli.folder / "ada.json"), "--user", "bob")


def test_holds_the_audit_and_deletion_by_search(cli: CommandLine) -> None:
    remember(cli, "eve", "s9")
    assert "repeat with --delete" in cli.run("forget", "parcel to Leipzig", "--user", "eve")
    cli.run("hold", "place", "court order 7", "--user", "eve")
    assert "legal hold" in cli.run("append", "s10", "hello", "--user", "eve", expect=1)
    assert "released" in cli.run("hold", "release", "--user", "eve")
    assert "deleted" in cli.run("forget", "parcel to Leipzig", "--user", "eve", "--delete")
    assert "No episode answers this" in cli.run("search", "parcel", "--user", "eve")
    assert cli.json("audit", "verify")["faults"] == []
    actions = {event["action"] for event in json.loads(cli.run("audit", "show"))}
    assert {"hold.placed", "hold.released", "episode.deleted"} <= actions
