"""Connect to Dask: a scheduler at an address, or a cluster on this machine."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

from cellgraph.engines.interrupts import interrupts_wait
from cellgraph.engines.reach import require_reachable, split_address
from cellgraph.engines.remote import first_line
from cellgraph.errors import EngineError

CONNECT_SECONDS = 10.0
CLOSE_SECONDS = 10.0


def client_at(where: str) -> Any:
    """Return a client of the scheduler at an address, or at the address in its file."""
    from distributed import Client

    address = _address_in(Path(where)) if where.endswith(".json") else where
    what = f"the Dask scheduler at {address}"
    advice = "check the address, and whether it runs ('dask scheduler' starts one and prints its address)"
    if address.partition("://")[0] in (address, "tcp", "tls"):
        place = split_address(address, "--cluster", "tcp://host:8786")
        require_reachable(what, [place], CONNECT_SECONDS, advice, greets="tls" not in address)
    try:
        return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise EngineError(f"{what} does not answer like a scheduler ({first_line(error)}); {advice}") from error


def _address_in(file: Path) -> str:
    try:
        return str(json.loads(file.read_text())["address"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EngineError(
            f"expected {file} to be the file that 'dask scheduler --scheduler-file' writes, but it cannot be read "
            f"({type(error).__name__}: {first_line(error)}); is the scheduler running?"
        ) from error


@contextmanager
def local_cluster(workers: int) -> Iterator[Any]:
    """Yield a client of a cluster of processes with one thread each.

    Ctrl-C in a terminal goes to all processes, but only this one should handle it.  Processes that are started from a
    thread that blocks a signal block it too, and Dask starts all of them, including replacements of dead ones, from the
    thread of its event loop.
    """
    from distributed import Client, LocalCluster
    from distributed.utils import LoopRunner

    resource_tracker.ensure_running()  # the first process to be spawned would start it, and unblock the signal
    with ExitStack() as stack:
        with interrupts_wait():
            loop = LoopRunner()
            loop.start()
            stack.callback(loop.stop)
            cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
                memory_limit=0,  # --memory sets the limit; Dask would pause workers by its own
                silence_logs=logging.CRITICAL,
                loop=loop.loop,
            )
            stack.callback(cluster.close, timeout=CLOSE_SECONDS)
            client = stack.enter_context(closing(Client(cluster, set_as_default=False)))
        yield client


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Dask's own log, unless the user debugs: what matters is raised as an error."""
    if os.environ.get("CELLGRAPH_DEBUG"):
        yield
        return
    loggers = [logging.getLogger(name) for name in ("distributed", "asyncio", "tornado.application")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
