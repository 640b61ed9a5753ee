"""Handle Ctrl-C during a query: the driver itself would wait until the query ends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_SECONDS_TO_END = 10.0
_SECONDS_BETWEEN = 0.2


def interruptible(work: Callable[[], T], stop: Callable[[], None]) -> T:
    """Return what `work` returns; on Ctrl-C, call `stop` to end it, and raise `KeyboardInterrupt`.

    Parameters
    ----------
    work : callable
        Run in its own thread, since only the main thread receives Ctrl-C.
    stop : callable
        Called repeatedly until `work` ends, since that may have only just begun; exceptions are ignored.
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

    # A daemon thread, so that the program can exit even if the server never answers.
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
