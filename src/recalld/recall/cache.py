"""The facts of the users read last, kept in this process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from recalld.values import Fact, UserRef

_Key = tuple[UserRef, tuple[str, ...]]
_Version = tuple[int, int]


@dataclass(slots=True)
class FactsCache:
    """What is believed about each user under some purposes, with the epoch and version it was read at.

    Whoever asks names the epoch and version that PostgreSQL has now, so what was kept of a changed or erased user is never served.
    """

    size: int = 2_000  # users and purposes, the least recently asked for go first
    hits: int = 0  # look-ups that found something
    misses: int = 0
    _kept: OrderedDict[_Key, tuple[_Version, Sequence[Fact]]] = field(
        default_factory=OrderedDict[_Key, tuple[_Version, Sequence[Fact]]]
    )

    def get(self, user: UserRef, purposes: tuple[str, ...], *, epoch: int, version: int) -> Sequence[Fact] | None:
        """The facts as of this epoch and version; `None` when they are not kept."""
        kept = self._kept.get((user, purposes))
        if kept is None or kept[0] != (epoch, version):
            self.misses += 1
            return None
        self.hits += 1
        self._kept.move_to_end((user, purposes))
        return kept[1]

    def put(self, user: UserRef, purposes: tuple[str, ...], facts: Sequence[Fact], *, epoch: int, version: int) -> None:
        """Keep *facts* as of this epoch and version."""
        self._kept[user, purposes] = ((epoch, version), facts)
        self._kept.move_to_end((user, purposes))
        while len(self._kept) > self.size:
            self._kept.popitem(last=False)

    def forget(self, user: UserRef) -> None:
        """Drop what is kept of an erased user; it would not be served, but need not be there either."""
        for key in [key for key in self._kept if key[0] == user]:
            del self._kept[key]
