"""Work on many pieces by several processes, with results in order and memory bounded."""

from __future__ import annotations

import multiprocessing
import sys
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from hm_kedro.errors import HmKedroError
from hm_kedro.processes import cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")


def in_order(function: Callable[..., T], pieces: Iterable[tuple[Any, ...]], processes: int) -> Iterator[T]:
    """Call a function with each piece's arguments, several at a time, and give the results in order.

    No more than two pieces a process are under way, however slowly the results are taken.

    Args:
        function: of a module's top level, so that other processes find it.
        pieces: the arguments of each call.
        processes: how many work at a time; 0: one a core; 1: this one does it all.

    Raises:
        HmKedroError: a process was ended from outside, as a rule for want of memory.
    """
    count = processes or cores()
    if count == 1:
        for piece in pieces:
            yield function(*piece)
        return
    # Started anew, not forked: a fork of a process with threads (a JVM's, a progress bar's) may hang.
    with ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn")) as pool:
        under_way: deque[Any] = deque()
        try:
            for piece in pieces:
                under_way.append(pool.submit(function, *piece))
                if len(under_way) >= 2 * count:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        except BrokenProcessPool:
            raise HmKedroError(
                "a process of the pool was ended from outside, as a rule for want of memory: let fewer processes "
                "work at a time"
            ) from None
        finally:
            for future in under_way:
                future.cancel()


def tracked(results: Iterable[T], total: int, description: str) -> Iterator[T]:
    """Show a progress bar on a terminal while results are taken."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(
        *columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console, disable=not sys.stderr.isatty()
    ) as progress:
        task = progress.add_task(description, total=total)
        for result in results:
            yield result
            progress.advance(task)
