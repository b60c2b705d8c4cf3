"""One BLAS thread a process: the engines' own tasks use every core, and threads of theirs share this process (Sail)."""

import importlib
import threading

from threadpoolctl import threadpool_limits

_lock = threading.Lock()
_limits: list[threadpool_limits] = []


def keep_to_one_thread() -> None:
    """Keep BLAS to one thread from now on; once a process, as to change it while another thread multiplies crashes."""
    with _lock:
        if not _limits:
            # Brings a BLAS of its own, which can be limited only once it is there.
            importlib.import_module("scipy.linalg.blas")
            _limits.append(threadpool_limits(1, "blas"))
