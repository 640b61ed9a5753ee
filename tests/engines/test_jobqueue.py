"""Workers as jobs: what is submitted to each queue system, and what happens when it is refused.

There is no queue system here.  The scripts are compared line by line with what the systems document, and Slurm's
``sbatch`` is stood in for by a program that runs the script at once, so that all but the queue itself is real.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

import dask.config
import pytest
from engine_cases import blocks_of, collect, opened, same, tissue, whole, write_zarr

from cellgraph.engines.dask import DaskEngine
from cellgraph.engines.jobqueue import SYSTEMS, make_cluster, read_options
from cellgraph.errors import EngineError, ParameterError
from cellgraph.voxels.parameters import Rules

LABELS = tissue((32, 32, 48), 40)

# As sbatch does, it takes a copy: the script is deleted as soon as it is handed in.
SBATCH = """#!/bin/sh
cp "$1" {folder}/script-$$
setsid sh -c 'sleep {queued}; exec sh {folder}/script-'$$ > {folder}/log-$$ 2>&1 &
echo $! $$ >> {folder}/jobs
echo "Submitted batch job $!"
"""

SCANCEL = """#!/bin/sh
echo "$1" >> {folder}/cancelled
kill -- -"$1" 2> /dev/null || true   # its worker may have ended when the scheduler did
"""


def script(system: str, **options: str | list[str]) -> list[str]:
    """Return the lines of the job that is submitted for a worker."""
    values = {name: [value] if isinstance(value, str) else value for name, value in options.items()}
    with closing(make_cluster(system, read_options(system, {**values, "interface": ["lo"]}))) as cluster:
        return str(cluster.job_script()).splitlines()


def command(lines: list[str]) -> str:
    (line,) = (line for line in lines if "distributed.cli.dask_worker" in line)
    return line


def test_sge():
    lines = script("sge", queue="long.q", project="atlas", walltime="04:00:00", memory="8GB", resource_spec="h_vmem=8G")
    for line in ("#$ -q long.q", "#$ -P atlas", "#$ -l h_rt=04:00:00", "#$ -l h_vmem=8G", "#$ -cwd"):
        assert line in lines
    assert "--nthreads 1 --memory-limit 7.45GiB" in command(lines)


def test_htcondor():
    lines = script(
        "htcondor", cores="2", memory="4GB", disk="3GB", job_extra_directives=["+Group = imaging", "Rank = Mips"]
    )
    for line in (
        "MY.DaskWorkerCores = 2",
        "MY.DaskWorkerMemory = 4000000000",
        "MY.DaskWorkerDisk = 3000000000",
        "+Group = imaging",
        "Rank = Mips",
        "Executable = /bin/sh",
        "Queue",
    ):
        assert line in lines
    assert command(lines).startswith(f"Arguments = \"-c '{sys.executable} -m distributed.cli.dask_worker tcp://127.0")


def test_slurm():
    lines = script(
        "slurm",
        partition="short",
        project="atlas",
        walltime="01:00:00",
        memory="4GB",
        job_extra_directives=["--exclusive", "--mail-type=FAIL"],
        job_script_prologue=["module load python"],
    )
    for line in (
        "#SBATCH -p short",
        "#SBATCH -A atlas",
        "#SBATCH -t 01:00:00",
        "#SBATCH --mem=4G",
        "#SBATCH --cpus-per-task=1",
        "#SBATCH --exclusive",
        "#SBATCH --mail-type=FAIL",
    ):
        assert line in lines
    assert lines.index("module load python") < lines.index(command(lines))
    assert command(lines).startswith(f"{sys.executable} -m distributed.cli.dask_worker tcp://127.0.0.1:")


@pytest.mark.parametrize("system", SYSTEMS)
def test_without_options_a_worker_has_one_core_and_two_gigabytes(system):
    lines = script(system)
    assert "--nthreads 1 --memory-limit 1.86GiB" in command(lines)


def test_what_is_configured_for_dask_jobqueue_is_kept():
    with dask.config.set({"jobqueue.slurm.memory": "16GB", "jobqueue.slurm.queue": "normal"}):
        assert "#SBATCH --mem=15G" in script("slurm")
        assert "#SBATCH -p normal" in script("slurm")
        assert "#SBATCH --mem=4G" in script("slurm", memory="4GB")


@pytest.mark.parametrize(
    ("system", "options", "said"),
    [
        ("slrum", {}, r"one of sge, htcondor, slurm, got 'slrum'\. Did you mean 'slurm'"),
        ("slurm", {"que": ["a"]}, r"slurm has no option 'que' .* Did you mean 'queue'"),
        ("htcondor", {"queue": ["a"]}, "htcondor has no option 'queue'"),
        ("slurm", {"scheduler": ["a"]}, "slurm has no option 'scheduler'"),
        ("sge", {"cores": ["many"]}, "cores takes a whole number above 0, got 'many'"),
        ("sge", {"cores": ["0"]}, "cores takes a whole number above 0, got '0'"),
        ("sge", {"queue": ["a", "b"]}, "queue takes one value, got 2: a, b"),
    ],
)
def test_options_that_are_none(system, options, said):
    with pytest.raises(ParameterError, match=said):
        DaskEngine(2, jobqueue=system, jobqueue_options=options)


def test_how_many_workers_must_be_said():
    with pytest.raises(ParameterError, match="--jobqueue sge needs --workers N"):
        DaskEngine(jobqueue="sge")


def test_a_cluster_cannot_be_both_there_and_submitted():
    with pytest.raises(ParameterError, match="give only one of them"):
        DaskEngine(2, jobqueue="sge", cluster="tcp://host:8786")


def test_ctrl_c_stays_ours():
    """A fresh process, since dask_jobqueue changes it when it is first imported."""
    code = """
        import signal
        from cellgraph.engines import open_engine
        open_engine("dask", workers=2, jobqueue="slurm")
        import dask_jobqueue.runner
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)


@pytest.fixture
def volume(tmp_path):
    return write_zarr(tmp_path / "cells.zarr", LABELS)


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Return a folder on the PATH, for programs of queue systems."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def put(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


@pytest.mark.parametrize("system", SYSTEMS)
def test_where_no_jobs_can_be_submitted(volume, system):
    with (
        opened(volume) as job,
        closing(DaskEngine(2, jobqueue=system)) as engine,
        pytest.raises(EngineError, match=f"{SYSTEMS[system].submit}'.*not on the PATH.*--cluster"),
    ):
        collect(engine, job, blocks_of(job.volume))


def test_jobs_that_are_refused(volume, programs):
    put(programs / "sbatch", "#!/bin/sh\necho 'sbatch: error: invalid partition specified: nowhere' >&2\nexit 1\n")
    options = {"interface": ["lo"], "queue": ["nowhere"]}
    with (
        opened(volume) as job,
        closing(DaskEngine(2, jobqueue="slurm", jobqueue_options=options)) as engine,
        pytest.raises(EngineError, match=r"sbatch refused the jobs .*invalid partition specified: nowhere"),
    ):
        collect(engine, job, blocks_of(job.volume))


@pytest.fixture
def slurm(programs, tmp_path):
    """Return a function that gives an engine on Slurm, whose jobs begin after so many seconds."""
    options = {"interface": ["lo"], "local_directory": [str(tmp_path / "scratch")]}

    def engine(queued: float, patience: float = 60.0) -> DaskEngine:
        put(programs / "sbatch", SBATCH.format(folder=tmp_path, queued=queued))
        put(programs / "scancel", SCANCEL.format(folder=tmp_path))
        return DaskEngine(2, jobqueue="slurm", jobqueue_options=options, patience=patience)

    return engine


def test_workers_that_are_submitted_sweep_and_are_cancelled_at_the_end(volume, slurm, tmp_path):
    with opened(volume) as job, closing(slurm(queued=0)) as engine:
        assert (engine.local, engine.workers) == (False, 2)
        done, tally = collect(engine, job, blocks_of(job.volume))
    assert done == list(range(12))
    assert same(tally, whole(LABELS, Rules()))
    jobs = dict(line.split() for line in (tmp_path / "jobs").read_text().splitlines())
    assert len(jobs) == 2
    assert sorted((tmp_path / "cancelled").read_text().split()) == sorted(jobs)
    for script in jobs.values():
        assert "#SBATCH -n 1" in (tmp_path / f"script-{script}").read_text()


def test_jobs_that_wait_in_the_queue_are_waited_for_and_it_is_said(volume, slurm, tmp_path, caplog):
    with opened(volume) as job, closing(slurm(queued=4, patience=1)) as engine:
        done, tally = collect(engine, job, blocks_of(job.volume))
    assert sorted(done) == list(range(12))
    assert same(tally, whole(LABELS, Rules()))
    (said,) = caplog.messages
    assert "none of the 2 jobs submitted to slurm has started" in said
    for line in (tmp_path / "jobs").read_text().splitlines():
        assert line.split()[0] in said
