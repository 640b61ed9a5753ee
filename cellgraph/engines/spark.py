"""The engine on Spark: a local cluster of processes, or a master at an address."""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from cellgraph.engines.engine import Tallies
from cellgraph.engines.reach import require_reachable, split_address
from cellgraph.engines.remote import KEPT, Swept, Task, first_line, plan_tasks, sweep_task
from cellgraph.engines.sparksession import SparkSession, start_session
from cellgraph.errors import CellgraphError, EngineError, MissingExtraError
from cellgraph.machine import cores
from cellgraph.volumes import Block
from cellgraph.volumes.scan import Scan

Item = TypeVar("Item")
Made = TypeVar("Made")

CONNECT_SECONDS = 10.0
_POLL_SECONDS = 1.0
_MOST_BATCHES = 64


class SparkEngine:
    """Sweeps groups of blocks as Spark jobs: each job parallelizes some groups and reduces their tallies in a tree.

    Several small jobs run at a time, with twice as many tasks as workers, rather than one job over everything: the
    driver never holds more than a few results, finished work is soon in the ledger, and no worker waits for the last
    task of a job, since the next job has already started.

    Parameters
    ----------
    workers : int, optional
        Number of processes of a local cluster (by default one per core), or the maximum number of cores to take from a
        master (by default all that it gives).
    master : str, optional
        URL of the master, such as ``spark://host:7077``, ``yarn``, ``k8s://…`` or ``local[4]``.
    patience : float
        Seconds to wait for executors while there are none.

    Raises
    ------
    MissingExtraError
        If pyspark is not installed.
    """

    def __init__(self, workers: int | None = None, *, master: str | None = None, patience: float = 120.0) -> None:
        _require_pyspark()
        self._master = master
        self._wanted = workers
        self._patience = patience
        self._lock = threading.Lock()
        self._session: SparkSession | None = None

    @property
    def local(self) -> bool:
        """See `Engine.local`."""
        return self._master is None or self._master.startswith("local")

    @property
    def workers(self) -> int:
        """See `Engine.workers`; for a master, the number of cores that it gives at the moment."""
        if self._wanted is not None:
            return self._wanted
        if self._master is None:
            return cores()
        with _translated(self._name()):
            return max(1, int(self._context().defaultParallelism))

    def tallies(self, scan: Scan, blocks: Sequence[Block]) -> Tallies:
        """See `Engine.tallies`."""
        tasks = plan_tasks(scan, blocks, self.workers, "spark")
        if not tasks:
            return
        numbers = {block.index: block for block in blocks}
        context = self._context()
        size = min(self.workers, 16)
        batches = deque(tasks[first : first + size] for first in range(0, len(tasks), size))
        running: set[Future[Swept]] = set()
        with ThreadPoolExecutor(_MOST_BATCHES, "cellgraph-spark") as pool:
            try:
                while batches or running:
                    lanes = min(_MOST_BATCHES, -(-2 * self.workers // size))
                    while batches and len(running) < lanes:
                        running.add(pool.submit(_run, context, batches.popleft()))
                    for future in self._next_done(running):
                        running.remove(future)
                        with _translated(self._name()):
                            swept = future.result()
                        yield from swept.deliver(numbers)
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                with suppress(Exception):  # Spark may be gone: then there is nothing to cancel
                    context.cancelJobGroup(tasks[0].sweep)

    def apply(self, work: Callable[[Item], Made], items: Sequence[Item]) -> list[Made]:
        """Return the result of a function for each item, in order; workers must be able to import the function."""
        with _translated(self._name(), "nothing was changed"):
            made: list[Made] = self._context().parallelize(items, len(items)).map(work).collect()
            return made

    def _next_done(self, running: set[Future[Swept]]) -> set[Future[Swept]]:
        """Return the finished jobs, once there is at least one; fail if none can be expected any more."""
        seen = time.monotonic()
        while True:
            done, _ = wait(running, _POLL_SECONDS, FIRST_COMPLETED)
            if done:
                return done
            if self.local or self._executors():
                seen = time.monotonic()
            elif time.monotonic() - seen > self._patience:
                raise EngineError(
                    f"{self._name()} has given no executors for {self._patience:.0f} s; check on its web page whether "
                    f"its workers are running and have free cores and memory; {KEPT}"
                )

    def _executors(self) -> int:
        with _translated(self._name()):
            # One of them is the driver.
            return int(self._context()._jsc.sc().getExecutorMemoryStatus().size()) - 1

    def _name(self) -> str:
        return f"Spark at {self._master}" if self._master else "the local Spark"

    def _context(self) -> Any:
        """Return Spark's context; start it if there is none yet."""
        with self._lock:
            if self._session is None:
                master = self._master or f"local[{self.workers},4]"  # 4: attempts per task
                _check_reachable(master)
                with _translated(self._name()):
                    self._session = start_session(master, self._wanted)
            return self._session.context

    def close(self) -> None:
        """Stop Spark, if this engine started it."""
        with self._lock:
            if self._session is not None:
                self._session.stop()
                self._session = None


def _run(context: Any, tasks: list[Task]) -> Swept:
    """Sweep some tasks as one job; called in a thread of its own."""
    context.setJobGroup(tasks[0].sweep, "cellgraph", interruptOnCancel=True)
    swept: Swept = context.parallelize(tasks, len(tasks)).map(sweep_task).treeReduce(Swept.merge)
    return swept


def _check_reachable(master: str) -> None:
    if master.startswith("spark://"):
        hosts = master.removeprefix("spark://").split(",")
        places = [split_address(host, "--master", "spark://host:7077") for host in hosts]
        advice = "check the address, and whether it runs (its web page, usually at port 8080, shows the address)"
        require_reachable(f"the Spark master at {master}", places, CONNECT_SECONDS, advice)


@contextmanager
def _translated(name: str, kept: str = KEPT) -> Iterator[None]:
    """Turn exceptions of Spark and Py4J, and unexpected ones in workers, into a sentence that ends with `kept`."""
    from py4j.protocol import Py4JError, Py4JJavaError

    try:
        yield
    except CellgraphError:
        raise
    except Py4JJavaError as error:
        why = _reason(str(error.java_exception))
        raise EngineError(f"{name} failed ({why}){_advice(why)}; {kept}") from error
    except (Py4JError, OSError, EOFError) as error:
        raise EngineError(f"the connection to {name} was lost ({first_line(error)}); {kept}") from error
    except Exception as error:
        raise EngineError(f"{name} failed ({type(error).__name__}: {first_line(error)}); {kept}") from error


def _advice(why: str) -> str:
    if "No module named" in why:
        return ": install cellgraph with its extras where its workers run, and name that Python in PYSPARK_PYTHON"
    if "PYTHON_VERSION_MISMATCH" in why:
        return ": name the same Python for all workers in PYSPARK_PYTHON"
    if "FileNotFoundError" in why:
        return ": name a folder that all workers can access with --work"
    if re.search(r"exited unexpectedly|crashed|OutOfMemory|ExecutorLostFailure|maxResultSize", why):
        return ", most often for lack of memory: set less with --memory, or give the executors more"
    return ""


def _reason(trace: str) -> str:
    """Return the line of Spark's messages with the reason: the last of a Python traceback, else the first one."""
    lines = [line.strip() for line in trace.splitlines()]
    python = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Interrupt)\b", line)]
    python = [line for line in python if not line.startswith(("org.apache", "java."))]
    if python:
        return python[-1]
    return re.sub(r"^(org\.apache|java)[\w.$]*: ", "", lines[0]) if lines else "no reason given"


def _require_pyspark() -> None:
    try:
        import pyspark  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("the engine 'spark'", "spark", "pyspark") from error
