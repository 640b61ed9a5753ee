"""The engine on Dask: a local cluster of processes, a scheduler at an address, or workers as jobs of a queue system."""

from __future__ import annotations

import asyncio
import logging
import pickle
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from cellgraph.engines.daskclient import client_at, local_cluster, quiet
from cellgraph.engines.engine import Tallies
from cellgraph.engines.jobqueue import job_queue, read_options, say_queued
from cellgraph.engines.remote import KEPT, Swept, Task, end_sweep, first_line, plan_tasks, sweep_task
from cellgraph.errors import CellgraphError, EngineError, MissingExtraError, ParameterError
from cellgraph.machine import cores
from cellgraph.volumes import Block
from cellgraph.volumes.scan import Scan

_log = logging.getLogger(__name__)

_POLL_SECONDS = 1.0
# A task that fails for a reason other than the volume is retried this often on other workers.
_RETRIES = 3
_TASKS_AHEAD = 2  # per worker: one running and one waiting


class DaskEngine:
    """Sweeps groups of blocks as Dask tasks.

    At most two tasks per worker are submitted at a time, and their results are collected as they arrive, so that the
    memory of the cluster does not fill up and finished work is soon in the ledger.

    Parameters
    ----------
    workers : int, optional
        Number of processes of a local cluster (by default one per core) or of a queue system (required); with an
        address, the maximum number of tasks at a time (by default the number of threads of the cluster).
    cluster : str, optional
        Address of a scheduler, such as ``tcp://host:8786``, or its ``.json`` file.
    jobqueue : {'sge', 'htcondor', 'slurm'}, optional
        Queue system to submit workers to.
    jobqueue_options : mapping of str to list of str
        As in `read_options`.
    patience : float
        Seconds to wait for workers while there are none.  Jobs may wait in a queue for days: until the first of them
        starts, the wait is only logged, once.

    Raises
    ------
    MissingExtraError
        If Dask is not installed.
    ParameterError
        If the arguments exclude each other.
    """

    def __init__(
        self,
        workers: int | None = None,
        *,
        cluster: str | None = None,
        jobqueue: str | None = None,
        jobqueue_options: Mapping[str, Sequence[str]] | None = None,
        patience: float = 120.0,
    ) -> None:
        _require_dask()
        if cluster is not None and jobqueue is not None:
            raise ParameterError(
                "--cluster connects to running workers, and --jobqueue starts new ones: give only one of them"
            )
        if jobqueue is not None and workers is None:
            raise ParameterError(f"--jobqueue {jobqueue} needs --workers N: how many workers to submit")
        self._address = cluster
        self._jobqueue = jobqueue
        self._jobs = read_options(jobqueue, jobqueue_options or {}) if jobqueue is not None else {}
        self._wanted = workers
        self._patience = patience
        self._lock = threading.Lock()
        self._queued = jobqueue is not None  # until the first worker is there
        self._stack = ExitStack()
        self._client: Any = None

    @property
    def local(self) -> bool:
        """See `Engine.local`."""
        return self._address is None and self._jobqueue is None

    @property
    def workers(self) -> int:
        """See `Engine.workers`; for a cluster at an address, its current number of threads."""
        if self._wanted is not None:
            return self._wanted
        if self.local:
            return cores()
        with _translated(self._name()):
            threads = self._connection().nthreads()
        return max(1, sum(int(n) for n in threads.values()))

    def tallies(self, scan: Scan, blocks: Sequence[Block]) -> Tallies:
        """See `Engine.tallies`."""
        tasks = deque(plan_tasks(scan, blocks, self.workers, "dask"))
        if not tasks:
            return
        sweep, numbers = tasks[0].sweep, {block.index: block for block in blocks}
        client = self._connection()
        running: set[Any] = set()
        try:
            while tasks or running:
                with _translated(self._name()):
                    room = self._room() - len(running)
                    running |= {_submit(client, tasks.popleft()) for _ in range(min(room, len(tasks)))}
                    done = self._next_done(client, running)
                    swept: list[Swept] = [future.result() for future in done]
                running -= done
                done.clear()  # so that the cluster forgets the results
                for one in swept:
                    yield from one.deliver(numbers)
        finally:
            _end(client, running, sweep)

    def _room(self) -> int:
        if self._wanted is not None and not self.local and self._jobqueue is None:
            return self._wanted
        return _TASKS_AHEAD * self.workers

    def _next_done(self, client: Any, running: set[Any]) -> set[Any]:
        """Return the finished tasks, once there is at least one; fail if none can be expected any more."""
        from distributed import wait

        seen, told = time.monotonic(), False
        while True:
            try:
                with client.as_current():
                    done = wait(list(running), timeout=_POLL_SECONDS, return_when="FIRST_COMPLETED").done
                return set(done)
            except TimeoutError:
                if client.status not in ("running", "connecting"):
                    raise
            if client.nthreads():
                self._queued, seen = False, time.monotonic()
            elif time.monotonic() - seen > self._patience:
                if not self._queued:
                    raise EngineError(
                        f"{self._name()} has had no workers for {self._patience:.0f} s; start some, or check their "
                        f"logs for why they ended; {KEPT}"
                    )
                if not told:
                    _log.warning(say_queued(client.cluster, str(self._jobqueue)))
                    told = True

    def _name(self) -> str:
        if self._address is not None:
            return f"the Dask scheduler at {self._address}"
        return f"the Dask cluster on {self._jobqueue}" if self._jobqueue else "the local Dask cluster"

    def _connection(self) -> Any:
        """Return the connected client; start the cluster if there is none yet."""
        with self._lock:
            if self._client is None:
                with _translated(self._name()):
                    self._client = self._connect()
            return self._client

    def _connect(self) -> Any:
        with ExitStack() as stack:
            stack.enter_context(quiet())
            if self._address is not None:
                client = stack.enter_context(closing(client_at(self._address)))
            elif self._jobqueue is not None:
                client = stack.enter_context(job_queue(self._jobqueue, self._wanted or 1, self._jobs))
            else:
                client = stack.enter_context(local_cluster(self.workers))
            self._stack = stack.pop_all()
        return client

    def close(self) -> None:
        """Close the connection, and the cluster if this engine started it."""
        with self._lock:
            self._client = None
            # Errors of the closing cluster concern only itself: the sweep is over.
            with suppress(Exception):
                self._stack.close()


@dataclass(frozen=True)
class _Call:
    """A task that is swept by being unpickled.

    Workers then get only bytes and a function of Python itself, so that one without cellgraph can say so.  A worker
    that gets something that it cannot unpickle dies, and so does every other worker that gets the task afterwards.
    """

    task: Task

    def __reduce__(self) -> tuple[Any, ...]:
        return sweep_task, (self.task,)


def _submit(client: Any, task: Task) -> Any:
    key = f"sweep-{task.sweep}-{task.blocks[0].index}"
    return client.submit(pickle.loads, pickle.dumps(_Call(task)), key=key, retries=_RETRIES)


async def _end_sweep(sweep: str) -> None:
    """End a sweep in a worker, outside its event loop."""
    await asyncio.to_thread(end_sweep, sweep)


def _end(client: Any, running: set[Any], sweep: str) -> None:
    """Cancel what is running, and make the workers close the volume."""
    with suppress(Exception):  # the scheduler or workers may be gone: then there is nothing to clean up
        client.cancel(list(running), force=True)
        if client.status == "running":
            client.run(_end_sweep, sweep, on_error="ignore", wait=False)


@contextmanager
def _translated(name: str) -> Iterator[None]:
    """Turn exceptions of Dask, and unexpected ones in workers, into a sentence."""
    from distributed import KilledWorker

    try:
        yield
    except CellgraphError:
        raise
    except KilledWorker as error:
        raise EngineError(
            f"workers of {name} were killed repeatedly in one task, most often for lack of memory; set less with "
            f"--memory, or give the workers more; {KEPT}"
        ) from error
    except (CancelledError, OSError, TimeoutError) as error:
        raise EngineError(f"the connection to {name} was lost ({first_line(error)}); {KEPT}") from error
    except ModuleNotFoundError as error:
        raise EngineError(
            f"the workers of {name} cannot import {error.name}: install cellgraph with its extras where they run; "
            f"{KEPT}"
        ) from error
    except Exception as error:
        # A process that Dask starts runs the user's script again, which would start processes itself.
        unguarded = isinstance(error, RuntimeError) and "failed to start" in str(error)
        advice = "; your Python script must do its work under: if __name__ == '__main__':" if unguarded else ""
        raise EngineError(f"{name} failed ({type(error).__name__}: {first_line(error)}){advice}; {KEPT}") from error


def _require_dask() -> None:
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("the engine 'dask'", "dask", "distributed") from error
