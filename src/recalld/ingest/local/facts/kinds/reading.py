"""What a kind returns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple


class Reading(NamedTuple):
    """A value read at a slot."""

    value: str
    attribute: str | None = None  # None: the slot's
    note: str = ""  # what a reader should see beside the value: "dog" for a pet's name


Kind = Callable[[str, bool], Iterator[Reading]]
"""From the text at the slot, and whether the writer uses capital letters, to readings; none means: not such a value."""
