"""Ctrl-C while other processes are started: it has to wait, or nobody knows of them."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """Have Ctrl-C wait until the end of the ``with`` statement.

    Threads that are started within block the signal for good, and so do processes that they start.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)  # and here it comes, if it came
