"""Ctrl-C while a database answers: the driver itself waits for the end of the answer before it lets go."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_SECONDS_TO_END = 10.0
_SECONDS_BETWEEN = 0.2


def interruptible(work: Callable[[], T], stop: Callable[[], None]) -> T:
    """Return what `work` returns; on Ctrl-C call `stop`, which makes it end, and raise `KeyboardInterrupt`.

    Parameters
    ----------
    work : callable
        Run in a thread of its own, since Ctrl-C is told to the main thread only.
    stop : callable
        Called until `work` ends, since it may have begun only just now; whatever it raises is dropped.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    ended = threading.Event()
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)
        finally:
            ended.set()

    # A daemon: should the server not answer at all any more, the program can end all the same.
    threading.Thread(target=run, name="neo4j query", daemon=True).start()
    try:
        ended.wait()
    except KeyboardInterrupt:
        for _ in range(int(_SECONDS_TO_END / _SECONDS_BETWEEN)):
            try:
                stop()
            except Exception:  # a server that is gone has nothing to stop
                break
            if ended.wait(_SECONDS_BETWEEN):
                break
        raise
    if errors:
        raise errors[0]
    return results[0]
