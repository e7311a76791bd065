"""A real `recalld serve`, in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

SOURCES = Path(__file__).parents[1] / "src"


@dataclass(slots=True)
class LiveServer:
    """A server over a database that is there already."""

    database_url: str
    log: Path
    port: int
    settings: dict[str, str] = field(default_factory=dict[str, str])
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        own = {"DATABASE_URL": self.database_url, "PYTHONPATH": str(SOURCES), "RECALLD_PORT": str(self.port)}
        return {**os.environ, **own, **self.settings}

    def start(self) -> None:
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "recalld", "serve"]
            self.process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        for _ in range(600):
            with suppress(httpx2.TransportError):
                if httpx2.get(f"{self.url}/healthz").status_code == 200:
                    return
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)
        raise RuntimeError("the server did not start")

    def kill(self) -> None:
        """As a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """As an operator would; the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def run(self, *arguments: str) -> str:
        """What a command of recalld prints."""
        command = [sys.executable, "-m", "recalld", *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True).stdout.strip()


@contextmanager
def live_server(database_url: str, folder: Path, **settings: str) -> Generator[LiveServer]:
    """A running server; it is stopped in the end if it still runs."""
    server = LiveServer(database_url, folder / "serve.log", free_port(), settings)
    server.start()
    try:
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
