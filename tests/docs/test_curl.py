"""The README's shell lines for the service, run as they are printed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live import SOURCES, free_port

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.slow
def test_the_curl_lines_of_the_readme_work(open_tmp_path: Path):
    """Only the port is another one, so that a service of the machine is left alone."""
    if shutil.which("curl") is None or Path(sys.executable).with_name("recalld").exists() is False:
        pytest.skip("needs curl and an installed recalld")
    block = re.search(r"<!-- serve -->\n```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    port = str(free_port())
    script = f"trap 'kill %1; wait' EXIT\n{block[1].replace('8300', port)}"
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(SOURCES),
        "RECALLD_DATA_DIR": str(open_tmp_path / "data"),
        "RECALLD_PORT": port,
    }
    done = subprocess.run(
        ["bash", "-c", script], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    answers, decoder, text = [], json.JSONDecoder(), done.stdout.strip()
    while text.startswith("{"):
        answer, end = decoder.raw_decode(text)
        answers.append(answer)
        text = text[end:].lstrip()
    assert len(answers) == 4, (done.stdout, done.stderr[-2000:])
    health, appended, ended, context = answers
    assert health == {"status": "ok"}
    assert appended == {"session_id": "s1", "message_count": 1}
    assert ended["status"] == "ingested"
    assert "A-17" in context["text"]
