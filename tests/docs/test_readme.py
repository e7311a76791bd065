"""What the documentation shows, runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def code_blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)


def pages_with_python() -> list[Path]:
    return sorted(path for path in (ROOT / "README.md", *ROOT.glob("docs/**/*.md")) if code_blocks(path, "python"))


@pytest.mark.parametrize("page", pages_with_python(), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_python_of_a_page_runs(page: Path, open_tmp_path: Path) -> None:
    for block in code_blocks(page, "python"):
        done = subprocess.run(
            [sys.executable, "-c", block],
            env={"RECALLD_DATA_DIR": str(open_tmp_path / "data"), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def test_the_readme_has_the_command_that_ci_runs() -> None:
    assert "<!-- test command -->\n```sh\n" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_link_to_a_file_leads_somewhere() -> None:
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *ROOT.glob("docs/**/*.md")):
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}, which is not there"
