"""What a worker does with a task, and errors on their way back."""

from __future__ import annotations

import pickle
import socket
from dataclasses import replace

import numpy as np
import pytest
from engine_cases import blocks_of, opened, same, scan_of, tissue, whole, write_zarr

from cellgraph import errors
from cellgraph.engines.remote import Failure, Swept, Task, end_sweep, plan_tasks, sweep_task
from cellgraph.errors import CellgraphError, EngineError, MissingExtraError, ParameterError, VolumeReadError
from cellgraph.volumes.array import array_volume
from cellgraph.voxels.parameters import Rules
from cellgraph.voxels.tally import DamagedTally, Tally, merge

SHAPE = (32, 32, 48)


@pytest.fixture
def volume(tmp_path):
    return write_zarr(tmp_path / "cells.zarr", tissue(SHAPE, 30))


@pytest.fixture
def tasks(volume):
    with opened(volume) as job:
        tasks = plan_tasks(job, blocks_of(job.volume), 1, "dask")
    yield tasks
    end_sweep(tasks[0].sweep)


def kinds(base: type[CellgraphError]) -> list[type[CellgraphError]]:
    return [base, *(below for kind in base.__subclasses__() for below in kinds(kind))]


def test_tasks_of_a_sweep_merge_to_the_whole(tasks):
    sent = [pickle.loads(pickle.dumps(task)) for task in tasks]
    swept = [pickle.loads(pickle.dumps(sweep_task(task))) for task in sent]
    assert len(tasks) > 1
    assert same(merge(one.tally for one in swept), whole(tissue(SHAPE, 30), Rules()))
    assert not any(one.failure for one in swept)


def test_an_array_cannot_be_sent(volume):
    array = array_volume(np.ones((4, 4, 4), np.uint8))
    with pytest.raises(ParameterError, match=r"'spark' sweeps volumes that its workers can open.*'threads'"):
        plan_tasks(scan_of(array), blocks_of(array), 1, "spark")


def test_relative_paths_are_made_absolute_and_urls_are_kept(volume, monkeypatch):
    monkeypatch.chdir(volume.parent)
    with opened(volume) as job:
        blocks = blocks_of(job.volume)
        relative = plan_tasks(replace(job, source="cells.zarr"), blocks, 1, "dask")
        url = plan_tasks(replace(job, source="s3://bucket/cells.zarr"), blocks, 1, "dask")
    assert {task.scan.source for task in relative} == {str(volume)}
    assert {task.scan.source for task in url} == {"s3://bucket/cells.zarr"}


def test_another_version_on_the_worker_is_refused(tasks):
    swept = sweep_task(replace(tasks[0], version="0.0.1"))
    with pytest.raises(EngineError, match=rf"on {socket.gethostname()} .* runs cellgraph .*started by 0\.0\.1;"):
        list(swept.deliver({}))


def test_a_volume_that_the_worker_does_not_see(tasks, tmp_path):
    swept = sweep_task(
        replace(tasks[0], sweep="other", scan=replace(tasks[0].scan, source=str(tmp_path / "gone.zarr")))
    )
    with pytest.raises(EngineError, match=rf"on {socket.gethostname()} .*cannot open the volume \(.*gone\.zarr"):
        list(swept.deliver({}))


def test_another_volume_under_the_same_path(tasks, tmp_path):
    other = write_zarr(tmp_path / "other.zarr", np.ones((16, 16, 16), np.uint8))
    swept = sweep_task(replace(tasks[0], sweep="other", scan=replace(tasks[0].scan, source=str(other))))
    with pytest.raises(EngineError, match=r"sees another volume .*expected \(32, 32, 48\) .*got \(16, 16, 16\)"):
        list(swept.deliver({}))


def test_what_is_done_before_a_damaged_chunk_comes_back(volume):
    (volume / "c" / "0" / "1" / "1").write_bytes(b"rubbish")
    with opened(volume) as job:
        blocks = blocks_of(job.volume)
        task = replace(plan_tasks(job, blocks, 1, "dask")[0], blocks=tuple(blocks))
    swept = pickle.loads(pickle.dumps(sweep_task(task)))
    end_sweep(task.sweep)
    assert swept.blocks == (0, 1, 2, 3)
    delivered = swept.deliver({block.index: block for block in blocks})
    done, tally = next(delivered)
    assert done == blocks[:4]
    assert same(tally, swept.tally)
    assert len(tally.labels)
    with pytest.raises(VolumeReadError, match="c/0/1/1 does not decode"):
        next(delivered)


def test_merging_keeps_what_is_done_and_a_failure():
    fine = Swept((1, 2), Tally.empty())
    failed = Swept((3,), Tally.empty(), Failure.of(VolumeReadError("broken")))
    for both in (fine.merge(failed), failed.merge(fine)):
        assert sorted(both.blocks) == [1, 2, 3]
        assert both.failure == failed.failure


@pytest.mark.parametrize("kind", kinds(CellgraphError), ids=lambda kind: kind.__name__)
def test_an_error_arrives_as_what_it_was(kind):
    error = MissingExtraError("this", "dask", "distributed") if kind is MissingExtraError else kind("a sentence")
    arrived = pickle.loads(pickle.dumps(Failure.of(error))).error()
    assert type(arrived) is kind
    assert str(arrived) == str(error)
    assert DamagedTally in kinds(CellgraphError)  # one that is not in cellgraph.errors


def test_an_error_of_a_class_that_is_not_known_here_arrives_as_its_base():
    unknown = Failure(("Newer", *Failure.of(errors.FormatError("of a newer version")).kinds), "of a newer version")
    assert type(unknown.error()) is errors.FormatError


def test_a_volume_is_opened_once_a_sweep_and_closed_after_it(tmp_path):
    path = tmp_path / "cells.npy"
    np.save(path, tissue((32, 32, 32), 20))
    with opened(path) as job:
        first, second = plan_tasks(job, blocks_of(job.volume), 1, "dask")[:2]
    sweep_task(first)
    path.rename(tmp_path / "moved.npy")
    assert sweep_task(second).failure is None  # it is open still
    end_sweep(first.sweep)
    assert sweep_task(second).failure is not None


def test_a_volume_is_closed_when_another_sweep_begins(tasks, tmp_path):
    path = tmp_path / "cells.npy"
    np.save(path, tissue((32, 32, 32), 20))
    with opened(path) as job:
        task: Task = plan_tasks(job, blocks_of(job.volume), 1, "dask")[0]
    sweep_task(task)
    path.rename(tmp_path / "moved.npy")
    sweep_task(tasks[0])
    assert sweep_task(task).failure is not None
