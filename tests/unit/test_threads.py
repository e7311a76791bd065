"""The threads of numpy's BLAS while small products are computed."""

from __future__ import annotations

from contextlib import ExitStack

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from recalld.models.threads import OneThread, one_thread


def threads() -> set[int]:
    """How many threads the BLAS libraries have."""
    assert np.zeros(1) is not None
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_there_is_one_thread_inside() -> None:
    with one_thread():
        assert threads() == {1}


class Library:
    """Stands for a BLAS library of a machine with more cores than this one."""

    num_threads = 8

    def set_num_threads(self, count: int) -> None:
        self.num_threads = count


def test_of_two_that_overlap_the_last_puts_back_what_was_there() -> None:
    library = Library()
    limited = OneThread([library])
    first, second = ExitStack(), ExitStack()
    first.enter_context(limited)
    second.enter_context(limited)
    first.close()
    assert library.num_threads == 1
    second.close()
    assert library.num_threads == 8


def test_what_was_there_before_is_there_after() -> None:
    with threadpool_limits(1, user_api="blas"):
        before = threads()
    usual = threads()
    with one_thread():
        pass
    assert (before, threads()) == ({1}, usual)
