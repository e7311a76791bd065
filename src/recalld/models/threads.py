"""The threads of numpy's BLAS. They are for large products: with small ones, threads that wait for work took 10 ms of CPU a query."""

from __future__ import annotations

from functools import cache

from threadpoolctl import ThreadpoolController  # pyright: ignore[reportMissingTypeStubs]


@cache
def one_thread() -> None:
    """Keep the BLAS libraries of this process to one thread, from the first call on.

    Once and for good: a process that is forked, to run a program under another account, while OpenBLAS computes in several threads waits
    for them for ever (`blas_thread_shutdown_` of numpy 2.4; hung within 200 forks beside products of two threads, and not in 5,000 beside
    products of one). An application that wants more for products of its own may set them afterwards.
    """
    import numpy as np  # noqa: PLC0415, F401 # pyright: ignore[reportUnusedImport] - brings BLAS along; 0.1 s that importing recalld does not need

    found = ThreadpoolController().select(user_api="blas")  # pyright: ignore[reportUnknownMemberType]
    for library in found.lib_controllers:  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        library.set_num_threads(1)  # pyright: ignore[reportUnknownMemberType]
