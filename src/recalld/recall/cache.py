"""What this process keeps of the users read last."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from recalld.values import UserRef

T = TypeVar("T")
Key = tuple[UserRef, tuple[str, ...]]


class UserCache(Generic[T]):
    """A value per user and purposes; the least recently used go first.

    Values carry the epoch and version they were read at. Whoever uses one compares them with what PostgreSQL has now, so what was kept of
    a changed or erased user is never served.
    """

    def __init__(self, limit: int, weigh: Callable[[T], int] = lambda _: 1) -> None:
        """Keep values of a total weight of *limit*."""
        self._limit = limit
        self._weigh = weigh
        self._weight = 0
        self._kept: OrderedDict[Key, T] = OrderedDict()

    def get(self, user: UserRef, purposes: tuple[str, ...]) -> T | None:
        """What is kept, of whatever version."""
        value = self._kept.get((user, purposes))
        if value is not None:
            self._kept.move_to_end((user, purposes))
        return value

    def put(self, user: UserRef, purposes: tuple[str, ...], value: T) -> None:
        """Keep *value*, unless it alone is too heavy."""
        self._drop((user, purposes))
        weight = self._weigh(value)
        if weight > self._limit:
            return
        self._kept[user, purposes] = value
        self._weight += weight
        while self._weight > self._limit:
            self._drop(next(iter(self._kept)))

    def forget(self, user: UserRef) -> None:
        """Drop what is kept of an erased user; it would not be served, but need not be there either."""
        for key in [key for key in self._kept if key[0] == user]:
            self._drop(key)

    def _drop(self, key: Key) -> None:
        value = self._kept.pop(key, None)
        if value is not None:
            self._weight -= self._weigh(value)
