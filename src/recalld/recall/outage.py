"""What recall goes on without: said once when it begins and once when it is over, not with every request meanwhile.

How many answers went without, `degraded` says in each of them and the metric `recalld_degraded_total` in sum.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog

log = structlog.get_logger("recalld.recall")


@dataclass(slots=True)
class Outage:
    """Whether something is away, as far as the last request could tell."""

    failed: str  # events of the log
    answered: str
    lasts: bool = False

    def begins(self, error: Exception) -> None:
        """A request found it away."""
        if not self.lasts:
            log.warning(self.failed, error=type(error).__name__)
        self.lasts = True

    def is_over(self) -> None:
        """A request was answered."""
        if self.lasts:
            log.info(self.answered)
        self.lasts = False
