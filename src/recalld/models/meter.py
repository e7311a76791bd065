"""What model calls take, as they happen.

    with metered() as meter:
        digest = await summariser.digest(session)
        vectors = await embedder.embed_documents(texts)
    meter.uses, meter.cost_usd

Every call to a provider reports to the meters of the context it runs in, tasks started there included, whether it succeeds, fails or
is cancelled. So the ports need no parameter for it, local models report nothing, and what was spent is known even when the work
around it was lost.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

Component = Literal["summariser", "embedder"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelUse:
    """What calls to one model took."""

    component: Component  # what they were for
    model: str  # provider:model
    calls: int = 1  # requests that reached, or tried to reach, the provider
    failed: int = 0  # those without a usable answer; what they cost is in the figures all the same
    input_tokens: int = 0  # as the provider counts, cached ones included
    cached_tokens: int = 0  # input that the provider read from its cache
    output_tokens: int = 0
    cost_usd: Decimal = Decimal(0)  # of the calls whose price is known
    unpriced: int = 0  # calls whose price is not known: their tokens are counted, their cost is not

    def __add__(self, other: ModelUse) -> ModelUse:
        """Both together; component and model are those of the left one."""
        return replace(
            self,
            calls=self.calls + other.calls,
            failed=self.failed + other.failed,
            input_tokens=self.input_tokens + other.input_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost_usd=self.cost_usd + other.cost_usd,
            unpriced=self.unpriced + other.unpriced,
        )


class Meter:
    """What was used while it was open, per component and model."""

    def __init__(self) -> None:
        self._uses: dict[tuple[Component, str], ModelUse] = {}

    def add(self, use: ModelUse) -> None:
        """Count *use*."""
        key = (use.component, use.model)
        self._uses[key] = self._uses[key] + use if key in self._uses else use

    @property
    def uses(self) -> tuple[ModelUse, ...]:
        """One entry per component and model, in the order of their first call."""
        return tuple(self._uses.values())

    @property
    def cost_usd(self) -> float | None:
        """What the calls cost together; `None` when the price of one of them is not known."""
        if any(use.unpriced for use in self._uses.values()):
            return None
        return float(sum((use.cost_usd for use in self._uses.values()), Decimal(0)))


_meters: ContextVar[tuple[Meter, ...]] = ContextVar("recalld_meters", default=())


@contextmanager
def metered() -> Generator[Meter]:
    """A meter for everything called inside; an enclosing one counts too."""
    meter = Meter()
    token = _meters.set((*_meters.get(), meter))
    try:
        yield meter
    finally:
        _meters.reset(token)


def count(use: ModelUse) -> None:
    """Report *use* to the meters of this context; without one it is counted nowhere."""
    for meter in _meters.get():
        meter.add(use)
