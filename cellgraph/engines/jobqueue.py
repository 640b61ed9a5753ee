"""Dask workers as jobs of a queue system (SGE, HTCondor, Slurm), through dask-jobqueue."""

from __future__ import annotations

import inspect
import shutil
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from cellgraph.errors import EngineError, MissingExtraError, ParameterError, near


@dataclass(frozen=True)
class QueueSystem:
    """What dask-jobqueue calls a queue system, and the programs that submit to it.

    Attributes
    ----------
    cluster, job : str
        Classes in `module` of dask_jobqueue.
    submit, status : str
        The programs that submit a job and that show its status.
    defaults : dict
        Options that dask-jobqueue requires, used if its configuration has none.
    renamed : dict
        Names that other systems use for options, and the names here.
    """

    module: str
    cluster: str
    job: str
    submit: str
    status: str
    defaults: Mapping[str, Any]
    renamed: Mapping[str, str]


_WORKER = {"cores": 1, "processes": 1, "memory": "2GB"}

SYSTEMS: Mapping[str, QueueSystem] = {
    "sge": QueueSystem("sge", "SGECluster", "SGEJob", "qsub", "qstat", _WORKER, {"account": "project"}),
    "htcondor": QueueSystem(
        "htcondor", "HTCondorCluster", "HTCondorJob", "condor_submit", "condor_q", {**_WORKER, "disk": "1GB"}, {}
    ),
    "slurm": QueueSystem(
        "slurm", "SLURMCluster", "SLURMJob", "sbatch", "squeue", _WORKER, {"partition": "queue", "project": "account"}
    ),
}

# Options that are read as whole numbers or lists; all others are text.
_WHOLE = {"cores", "processes", "job_cpu", "death_timeout"}
_LISTS = {
    "job_extra_directives",
    "job_script_prologue",
    "job_directives_skip",
    "worker_extra_args",
    "submit_command_extra",
    "cancel_command_extra",
}
# Arguments of dask-jobqueue that are internal, or that it has renamed.
_HIDDEN = {"self", "scheduler", "name", "config_name", "nanny", "protocol", "security", "worker_command"}
_HIDDEN |= {"extra", "env_extra", "job_extra", "header_skip", "base_class_kwargs"}


@contextmanager
def job_queue(system: str, workers: int, settings: Mapping[str, Any]) -> Iterator[Any]:
    """Submit workers to a queue system, yield a client that they join, and cancel them at the end.

    Parameters
    ----------
    system : {'sge', 'htcondor', 'slurm'}
        The queue system.
    workers : int
        Number of workers; a job has one unless the option ``processes`` says otherwise.
    settings : mapping
        From `read_options`.

    Raises
    ------
    EngineError
        If the system's programs are not installed here, or it refuses the jobs.
    """
    submit = SYSTEMS[system].submit
    if shutil.which(submit) is None:
        raise EngineError(
            f"--jobqueue {system} submits workers with {submit!r}, which is not on the PATH of this machine; run this "
            "on a machine that can submit jobs, or name a running scheduler with --cluster"
        )
    from distributed import Client

    with make_cluster(system, settings) as cluster:
        try:
            cluster.sync(_submit, cluster, workers)
        except Exception as error:  # RuntimeError with the program's output, or whatever dask-jobqueue lets through
            said = " ".join(line.strip() for line in str(error).splitlines() if line.strip())
            raise EngineError(f"{submit} refused the jobs of the workers ({said}); see docs/clusters.md") from error
        with Client(cluster, set_as_default=False) as client:
            yield client


async def _submit(cluster: Any, workers: int) -> None:
    """Submit the jobs, and raise an error if that fails: `scale` alone would only log it."""
    from distributed.core import Status

    cluster.scale(workers)
    try:
        await cluster
    finally:
        refused = [job for job in cluster.workers.values() if job.job_id is None]
        for job in refused:
            job.status = Status.failed  # otherwise, a cluster with such a job cannot be closed
    if refused:
        raise RuntimeError("it returned no job id for one of them")


def say_queued(cluster: Any, system: str) -> str:
    """Return a sentence about jobs none of which has started."""
    jobs = [str(job.job_id) for job in cluster.workers.values()]
    named = ", ".join([*jobs[:5], "…"] if len(jobs) > 5 else jobs)
    return (
        f"none of the {len(jobs)} jobs submitted to {system} has started ({named}): they are waiting in the queue, or "
        f"ended early. Check {SYSTEMS[system].status!r} and their logs; Ctrl-C cancels them"
    )


def make_cluster(system: str, settings: Mapping[str, Any]) -> Any:
    """Return the dask-jobqueue cluster, without any jobs yet; its ``job_script()`` is what will be submitted."""
    known = SYSTEMS[system]
    return getattr(_module(known), known.cluster)(
        **settings, scheduler_options={"dashboard": False, "dashboard_address": "127.0.0.1:0"}, silence_logs="critical"
    )


def read_options(system: str, options: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the options of a queue system in the form that its cluster class takes, with defaults.

    Parameters
    ----------
    system : {'sge', 'htcondor', 'slurm'}
        The queue system.
    options : mapping of str to list of str
        Options of dask-jobqueue's cluster class, such as queue, walltime, memory; a list gets all of the values.
        Options that are not given come from dask-jobqueue's configuration, or else are one core and 2 GB per worker.

    Raises
    ------
    ParameterError
        If there is no such queue system or option, or a value is not a number where one is expected.
    """
    if system not in SYSTEMS:
        raise ParameterError(
            f"expected the queue system to be one of {', '.join(SYSTEMS)}, got {system!r}.{near(system, SYSTEMS)}"
        )
    import dask

    known = SYSTEMS[system]
    names = _option_names(known)
    settings = {
        name: value
        for name, value in known.defaults.items()
        if dask.config.get(f"jobqueue.{system}.{name}", None) is None
    }
    for given, values in options.items():
        name = given.replace("-", "_")
        name = known.renamed.get(name, name)
        if name not in names:
            raise ParameterError(
                f"{system} has no option {given!r} in --jobqueue-option NAME=VALUE; it has {', '.join(sorted(names))}."
                f"{near(name, names)}"
            )
        settings[name] = _value(system, name, values)
    return settings


def _value(system: str, name: str, values: Sequence[str]) -> Any:
    if name == "job_extra_directives" and system == "htcondor":
        return {key.strip(): value.strip() for key, _, value in (text.partition("=") for text in values)}
    if name in _LISTS:
        return list(values)
    if len(values) > 1:
        raise ParameterError(f"--jobqueue-option {name} takes one value, got {len(values)}: {', '.join(values)}")
    if name not in _WHOLE:
        return values[0]
    if not values[0].isdecimal() or int(values[0]) == 0:
        raise ParameterError(f"--jobqueue-option {name} takes a whole number above 0, got {values[0]!r}")
    return int(values[0])


def _option_names(known: QueueSystem) -> set[str]:
    module = _module(known)
    own, base = getattr(module, known.job), module.Job
    names = {name for kind in (own, base) for name in inspect.signature(kind.__init__).parameters}
    return names.difference(_HIDDEN, known.renamed)


def _module(known: QueueSystem) -> Any:
    with _our_handlers():
        try:
            import dask_jobqueue  # noqa: F401
        except ImportError as error:
            raise MissingExtraError("--jobqueue", "dask", "dask_jobqueue") from error
        except ValueError as error:
            raise EngineError("an engine with a queue system must be opened in the main thread of a program") from error
    return import_module(f"dask_jobqueue.{known.module}")


@contextmanager
def _our_handlers() -> Iterator[None]:
    """Keep our own Ctrl-C handler, which importing dask_jobqueue 0.9.0 replaces: dask/dask-jobqueue#696."""
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is not handler:
            signal.signal(signal.SIGINT, handler)
