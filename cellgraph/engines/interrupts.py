"""Ctrl-C where it may not break in: while other processes are started, and in a watch that ends in order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """Have Ctrl-C wait until the end of the ``with`` statement, or nobody knows of the processes started in it.

    Threads that are started within block the signal for good, and so do processes that they start.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)  # and here it comes, if it came


@contextmanager
def interrupts_noted() -> Iterator[threading.Event]:
    """Have the first Ctrl-C set the event that this yields, and a second one interrupt as ever.

    Only a process's main thread gets signals, and a process in the background of a shell script ignores this one; there
    the event is never set.
    """
    noted = threading.Event()
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield noted
        return

    def note(*_: object) -> None:
        noted.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, note)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)
