"""The engine of threads: order, errors in the middle, and nothing left behind."""

from __future__ import annotations

import signal
import threading
from contextlib import closing

import numpy as np
import pytest
from engine_cases import blocks_of, opened, same, scan_of, tissue, write_zarr

from cellgraph.engines import ThreadsEngine
from cellgraph.errors import EngineError, LabelError, VolumeReadError
from cellgraph.volumes.array import array_volume


def sweepers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("cellgraph-")]


@pytest.fixture(autouse=True)
def no_thread_is_left():
    yield
    for thread in threading.enumerate():  # after Ctrl-C, one may still be at its last block
        if thread.name.startswith("cellgraph-"):
            thread.join(timeout=30)
    assert sweepers() == []


@pytest.fixture
def volume(tmp_path):
    return write_zarr(tmp_path / "cells.zarr", tissue((32, 32, 48), 30))


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_tallies_come_in_the_order_of_the_blocks(volume, workers):
    with opened(volume) as job:
        blocks = blocks_of(job.volume)
        assert [done for done, _ in ThreadsEngine(workers).tallies(job, blocks)] == [[block] for block in blocks]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_all_blocks_before_an_unreadable_one_are_yielded(volume, workers):
    with opened(volume) as job:
        blocks = blocks_of(job.volume)
        good = list(ThreadsEngine(workers).tallies(job, blocks))
        (volume / "c" / "1" / "0" / "1").write_bytes(b"rubbish")
        seen = []
        with pytest.raises(VolumeReadError, match="c/1/0/1 does not decode"):
            seen.extend(ThreadsEngine(workers).tallies(job, blocks))
    assert len(seen) == 7  # blocks are numbered in raster order: (1, 0, 1) is the eighth of 2 x 2 x 3
    for (_, tally), (_, expected) in zip(seen, good, strict=False):
        assert same(tally, expected)


def test_all_blocks_before_one_with_wrong_labels_are_yielded():
    labels = tissue((32, 32, 48), 30).astype(np.int32)
    labels[20, 3, 40] = -7
    volume = array_volume(labels)
    seen = []
    with pytest.raises(LabelError, match="-7"):
        seen.extend(ThreadsEngine(2).tallies(scan_of(volume), blocks_of(volume)))
    assert len(seen) == 8


def test_a_caller_that_stops_early_stops_the_threads(volume):
    with opened(volume) as job, closing(ThreadsEngine(2).tallies(job, blocks_of(job.volume))) as tallies:
        next(tallies)
        assert sweepers()
    assert sweepers() == []


def test_ctrl_c_ends_the_sweep(volume):
    """The signal comes while the main thread waits for a tally, as it does almost always."""
    with opened(volume) as job:
        read = job.volume.read

        class Interrupting:
            header = job.volume.header

            @staticmethod
            def read(*arguments):
                signal.raise_signal(signal.SIGINT)  # handled by the main thread
                return read(*arguments)

        with pytest.raises(KeyboardInterrupt):
            list(ThreadsEngine(2).tallies(scan_of(Interrupting()), blocks_of(job.volume)))


def test_too_little_memory_is_said_in_a_sentence(volume):
    with opened(volume) as job:

        class Huge:
            header = job.volume.header

            @staticmethod
            def read(start, stop, out=None):
                return np.empty((1 << 20, 1 << 14, 1 << 14), np.uint8)

        with pytest.raises(EngineError, match=r"not enough memory for 4 blocks of \(16, 16, 16\) voxels.*--memory"):
            list(ThreadsEngine(2).tallies(scan_of(Huge()), blocks_of(job.volume)))


def test_no_blocks(volume):
    with opened(volume) as job:
        assert list(ThreadsEngine(2).tallies(job, [])) == []
