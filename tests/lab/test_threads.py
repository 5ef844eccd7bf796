"""The BLAS threads of what is computed outside of a trainer."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from tests.lab.support import small_spec
from tui.lab import trainer
from tui.lab.build import prepare
from tui.lab.gradients import check, curves
from tui.lab.iteration import first_iteration
from tui.lab.threads import blas_threads

SPEC = small_spec()


def threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    """As on a machine with more than one processor."""
    np.ones((2, 2)) @ np.ones((2, 2))
    with threadpool_limits(limits=1, user_api="blas"):
        if threads() != {1}:
            alive = ", ".join(thread.name for thread in threading.enumerate())
            pytest.skip(f"something else in this process sets the threads of BLAS: {alive}")
    with threadpool_limits(limits=2, user_api="blas"):
        if threads() != {2}:
            pytest.skip("this BLAS takes no second thread")
        yield


def test_the_limit_ends_with_the_block() -> None:
    with blas_threads(SPEC):
        assert threads() == {1}
    assert threads() == {2}
    with pytest.raises(ZeroDivisionError), blas_threads(SPEC):
        raise ZeroDivisionError
    assert threads() == {2}


def test_blocks_that_overlap_leave_nothing_behind(monkeypatch) -> None:
    first, second = blas_threads(SPEC), blas_threads(SPEC)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert threads() == {1}
    second.__exit__(None, None, None)
    assert threads() == {2}


@pytest.mark.parametrize("steps", [check, curves, first_iteration])
def test_what_yields_is_limited_until_it_is_closed(steps) -> None:
    running = steps(SPEC, prepare(SPEC))
    next(running)
    assert threads() == {1}
    running.close()
    assert threads() == {2}


def test_wide_layers_have_what_the_trainer_gives_them(monkeypatch) -> None:
    monkeypatch.setattr(trainer, "threads_for", lambda spec: 2)
    with blas_threads(SPEC):
        assert threads() == {2}
