"""The library is free of the service: FastAPI and its kin are imported where they serve."""

from __future__ import annotations

import json
import subprocess
import sys

SERVICE = {"fastapi", "starlette", "uvicorn", "prometheus_client", "mcp", "httpx2", "uvloop"}


def test_the_library_imports_nothing_of_the_service():
    program = "import recalld, sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(json.loads(done.stdout)) & SERVICE == set()


def test_the_command_line_starts_without_the_service():
    program = "import recalld.cli.app, sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(json.loads(done.stdout)) & SERVICE == set()
