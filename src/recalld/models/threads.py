"""The threads of numpy's BLAS. They are for large products: with small ones, threads that wait for work took 10 ms of CPU a query."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController  # pyright: ignore[reportMissingTypeStubs]


def one_thread() -> AbstractContextManager[Any]:
    """Products inside are computed where they are asked for; free where the process keeps to one thread anyway, as `serve` does."""
    libraries: list[Any] = blas().lib_controllers  # pyright: ignore[reportUnknownMemberType]
    if all(library.num_threads == 1 for library in libraries):
        return nullcontext()
    return blas().limit(limits=1)  # pyright: ignore[reportUnknownMemberType]


@cache
def blas() -> ThreadpoolController:
    """The BLAS libraries of this process."""
    import numpy as np  # noqa: PLC0415, F401 # pyright: ignore[reportUnusedImport] - brings them along; 0.1 s that importing recalld does not need

    return ThreadpoolController().select(user_api="blas")  # pyright: ignore[reportUnknownMemberType]
