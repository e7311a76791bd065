"""The stages of a flow: measured always, traced when traces are on."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from recalld.tracing import span


@dataclass(slots=True)
class Stages:
    """Seconds spent per stage of a *flow*."""

    flow: str  # ingest, context
    seconds: dict[str, float] = field(default_factory=dict[str, float])

    @contextmanager
    def stage(self, name: str) -> Generator[None]:
        """Measure one stage, without the time of stages inside it."""
        begun, others = time.perf_counter(), sum(self.seconds.values())
        try:
            with span(f"{self.flow}.{name}"):
                yield
        finally:
            inside = sum(self.seconds.values()) - others
            self.seconds[name] = time.perf_counter() - begun - inside
