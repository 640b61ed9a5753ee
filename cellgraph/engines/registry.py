"""Choose an engine by its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager

from cellgraph.engines.engine import Engine
from cellgraph.engines.threads import ThreadsEngine, whole_workers
from cellgraph.errors import ParameterError, near

ENGINES = ("threads", "dask", "spark")


def open_engine(
    name: str = "threads",
    *,
    workers: int | None = None,
    cluster: str | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Sequence[str]] | None = None,
    master: str | None = None,
) -> Engine:
    """Return an engine, to be closed when it is no longer needed.

    Nothing is started or connected before the engine is first used.

    Parameters
    ----------
    name : {'threads', 'dask', 'spark'}
        ``threads`` sweeps in this process.  ``dask`` and ``spark`` start a local cluster of `workers` processes unless
        an address or a queue system is given.
    workers : int, optional
        Number of threads or processes, or the maximum on a cluster; by default one per core, or the whole cluster.
    cluster : str, optional
        Dask: address of a scheduler, such as ``tcp://host:8786``, or its ``.json`` file.
    jobqueue : {'sge', 'htcondor', 'slurm'}, optional
        Dask: queue system to submit `workers` workers to.
    jobqueue_options : mapping of str to list of str, optional
        Dask: options of the jobs, such as ``{"queue": ["long"], "memory": ["8GB"]}``; see `read_options`.
    master : str, optional
        Spark: URL of the master, such as ``spark://host:7077``, ``yarn``, ``k8s://…`` or ``local[4]``.

    Raises
    ------
    ParameterError
        If there is no such engine, or options do not go with it or with each other.
    MissingExtraError
        If its library is not installed.
    """
    if not isinstance(name, str) or name not in ENGINES:
        raise ParameterError(
            f"expected the engine to be one of {', '.join(ENGINES)}, got {name!r}.{near(name, ENGINES)}"
        )
    options = {
        "--cluster": ("dask", cluster),
        "--jobqueue": ("dask", jobqueue),
        "--jobqueue-option": ("dask", jobqueue_options),
        "--master": ("spark", master),
    }
    for option, (owner, value) in options.items():
        if value and owner != name:
            raise ParameterError(f"{option} is for --engine {owner}, but the engine is {name}")
    if workers is not None:
        workers = whole_workers(workers)
    if name == "dask":
        from cellgraph.engines.dask import DaskEngine

        return DaskEngine(workers, cluster=cluster, jobqueue=jobqueue, jobqueue_options=jobqueue_options)
    if name == "spark":
        from cellgraph.engines.spark import SparkEngine

        return SparkEngine(workers, master=master)
    return ThreadsEngine(workers)


@contextmanager
def using_engine(engine: Engine | str, workers: int | None = None) -> Iterator[Engine]:
    """Yield an engine: one opened by name, which is closed afterwards, or the given one, which is not."""
    if not isinstance(engine, str):
        if not hasattr(engine, "tallies"):
            raise ParameterError(f"expected an open engine, or one of {', '.join(ENGINES)}, got {engine!r}")
        yield engine
        return
    with closing(open_engine(engine, workers=workers)) as opened:
        yield opened
