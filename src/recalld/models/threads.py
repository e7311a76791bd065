"""The threads of numpy's BLAS. They are for large products: with small ones, threads that wait for work took 10 ms of CPU a query."""

from __future__ import annotations

from functools import cache
from threading import Lock
from types import TracebackType
from typing import Any

from threadpoolctl import ThreadpoolController  # pyright: ignore[reportMissingTypeStubs]


def one_thread() -> OneThread:
    """A context in which products are computed where they are asked for; any number of threads may be in it at once."""
    return _one_thread()


class OneThread:
    """Sets the BLAS libraries of this process to one thread while anybody wants it.

    `threadpoolctl`'s own context puts back what it found: of two that overlap in two threads, the later one leaves one thread for good.
    """

    def __init__(self, libraries: list[Any]) -> None:
        """*libraries* as `threadpoolctl` finds them, with the numbers of threads they have now."""
        self._usual = [(library, int(library.num_threads)) for library in libraries]
        self._wanted = 0
        self._lock = Lock()

    def __enter__(self) -> None:
        """From the first on: one thread."""
        with self._lock:
            self._wanted += 1
            if self._wanted == 1:
                for library, _ in self._usual:
                    library.set_num_threads(1)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """With the last: as many as there were."""
        with self._lock:
            self._wanted -= 1
            if not self._wanted:
                for library, threads in self._usual:
                    library.set_num_threads(threads)


@cache
def _one_thread() -> OneThread:
    import numpy as np  # noqa: PLC0415, F401 # pyright: ignore[reportUnusedImport] - brings BLAS along; 0.1 s that importing recalld does not need

    found = ThreadpoolController().select(user_api="blas")  # pyright: ignore[reportUnknownMemberType]
    return OneThread(found.lib_controllers)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
