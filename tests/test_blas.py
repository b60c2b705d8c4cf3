"""One BLAS thread a process."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from hm_kedro import blas


@pytest.fixture
def limited(monkeypatch):
    """Note how the threads are limited, in a process where they are not yet."""
    asked = []
    monkeypatch.setattr(blas, "_limits", [])
    monkeypatch.setattr(blas, "threadpool_limits", lambda *limits: asked.append(limits) or limits)
    return asked


def test_blas_is_kept_to_one_thread(limited):
    blas.keep_to_one_thread()
    assert limited == [(1, "blas")]


def test_threads_are_not_changed_twice_in_a_process(limited):
    blas.keep_to_one_thread()
    blas.keep_to_one_thread()
    assert len(limited) == 1


def test_many_threads_at_once_change_it_once(limited):
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: blas.keep_to_one_thread(), range(200)))
    assert len(limited) == 1


THREADS = """
import numpy
from threadpoolctl import threadpool_info, threadpool_limits
from hm_kedro.blas import keep_to_one_thread

def threads():
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}

threadpool_limits(2, "blas")
print(threads())
keep_to_one_thread()
keep_to_one_thread()
numpy.ones((300, 300)) @ numpy.ones((300, 300))
print(threads())
"""


def test_numpy_has_one_thread_from_then_on():
    """In a process of its own, as this one's threads are those of the engine under test."""
    told = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, check=True)
    assert told.stdout.splitlines() == ["{2}", "{1}"]
