"""Schemathesis with all checks over the OpenAPI document of a live server: no 5xx, no answer that the document does not name.

`RECALLD_FULL=1` generates at least 20,000 cases.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.live import live_server

FULL = os.environ.get("RECALLD_FULL") == "1"
EXAMPLES, LEAST = ("650", 20_000) if FULL else ("3", 500)
LIMIT_SECONDS = 3600 if FULL else 300  # it takes half a minute; nothing may hang
CONFIGURATION = Path(__file__).with_name("schemathesis.toml")


@pytest.mark.slow
def test_nothing_breaks_the_contract(migrated_urls: Any, tmp_path: Path) -> None:
    with live_server(migrated_urls.service, tmp_path) as server:
        key = server.run("keys", "create", "--tenant", "acme", "--scopes", "read,write,erase,export,admin,operator")
        program = Path(sys.executable).with_name("schemathesis")
        command = [str(program), "--config-file", str(CONFIGURATION), "run", f"{server.url}/openapi.json"]
        options = ["--checks", "all", "--max-examples", EXAMPLES, "--continue-on-failure", "--no-color", "--seed", "1"]
        header = ["--header", f"Authorization: Bearer {key}"]
        done = subprocess.run(
            command + options + header, cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
        )
        log = server.log.read_text()
        assert server.stop() == 0
    found = re.search(r"(\d+) generated", done.stdout)
    assert found is not None, done.stdout + done.stderr
    assert done.returncode == 0, done.stdout[done.stdout.find("= FAILURES =") :][:8000]
    assert int(found[1]) >= LEAST
    assert '"status": 500' not in log
    print(f"schemathesis: {found[1]} cases")
