"""What tells a process to end passes through it as an exception, so that what it has started ends too."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end_tidily() -> None:
    """Let interrupts raise SystemExit, with the code that a shell gives to who ends so.

    Those that somebody else handles, or ignores as nohup does, are left to them, and the first to Python itself, which
    raises at it. In other threads than the main one, which alone is interrupted, nothing changes.
    """
    if threading.current_thread() is threading.main_thread():
        for number in INTERRUPTS[1:]:
            if signal.getsignal(number) == signal.SIG_DFL:
                signal.signal(number, _interrupt)


def _interrupt(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Put off what interrupts this process until one that it starts is known, and will be ended with it."""
    put_off: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {number: signal.signal(number, lambda number, _: put_off.append(number)) for number in INTERRUPTS}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for came in put_off:
            signal.raise_signal(came)
