"""What every engine keeps to: the same integers, nothing lost, and errors that say what happened."""

from __future__ import annotations

import os
import signal
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from engine_cases import InThread, Stuck, blocks_of, collect, opened, same, tissue, whole, write_zarr

from cellgraph.engines import Ledger, open_engine
from cellgraph.engines.engine import sweep_part
from cellgraph.errors import LabelError, VolumeReadError
from cellgraph.volumes import Block
from cellgraph.voxels.metric import Reach
from cellgraph.voxels.parameters import Rules
from cellgraph.voxels.tally import merge

SHAPE = (40, 48, 64)
LABELS = tissue(SHAPE, 60)


@pytest.fixture(scope="module", params=["threads", "dask", "spark"])
def name(request):
    return request.param


@pytest.fixture(scope="module")
def engine(name):
    """Return an engine with two workers; what it starts serves all tests of this module."""
    with closing(open_engine(name, workers=2)) as engine:
        yield engine


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("stored")
    write_zarr(folder / "cells.zarr", LABELS)
    np.save(folder / "cells.npy", LABELS)
    write_zarr(folder / "flat.zarr", LABELS[7])
    return folder


@pytest.fixture
def own(tmp_path) -> Path:
    """Return a volume that a test may damage."""
    return write_zarr(tmp_path / "cells.zarr", LABELS)


def test_it_says_what_it_is(engine):
    assert engine.workers == 2
    assert engine.local


@pytest.mark.parametrize(
    ("file", "background", "connectivity"),
    [
        ("cells.zarr", 0, 6),
        ("cells.zarr", None, 18),
        ("cells.zarr", int(LABELS.max()), 26),
        ("cells.npy", 0, 26),
        ("cells.npy", None, 6),
    ],
)
def test_any_blocks_give_the_tally_of_the_whole(engine, stored, file, background, connectivity):
    rules = Rules(background, connectivity)
    with opened(stored / file, rules) as job:
        blocks = blocks_of(job.volume)
        done, tally = collect(engine, job, blocks)
    assert done == list(range(len(blocks)))
    assert same(tally, whole(LABELS, rules))


def test_blocks_that_are_grown_read_what_lies_around_them(engine, stored):
    rules = Rules(int(LABELS.max()), 6, True, Reach.grown(2.0, (1.0, 0.5, 0.5)))
    with opened(stored / "cells.zarr", rules) as job:
        _, tally = collect(engine, job, blocks_of(job.volume))
        (z, y, x) = job.volume.header.shape
        everything = job.volume.read((0, 0, 0), (z, y, x))
        expected = sweep_part(job, Block(0, (0, 0, 0), (z, y, x)), everything, (0, 0, 0))
    assert len(tally.near)
    assert same(tally, expected)


@pytest.mark.parametrize("connectivity", [4, 8])
def test_flat_images(engine, stored, connectivity):
    rules = Rules(0, connectivity)
    with opened(stored / "flat.zarr", rules) as job:
        _, tally = collect(engine, job, blocks_of(job.volume))
    assert same(tally, whole(LABELS[7], rules))


def test_the_source_may_be_relative(engine, stored, monkeypatch):
    monkeypatch.chdir(stored)
    with opened(Path("cells.zarr")) as job:
        _, tally = collect(engine, job, blocks_of(job.volume))
    assert same(tally, whole(LABELS, Rules()))


def test_only_the_given_blocks_are_swept(engine, stored):
    with opened(stored / "cells.zarr") as job:
        blocks = blocks_of(job.volume)
        odd, even = blocks[1::2], blocks[::2]
        done, first = collect(engine, job, odd)
        _, second = collect(engine, job, even)
    assert done == [block.index for block in odd]
    assert same(first.merge(second), whole(LABELS, Rules()))


def test_no_blocks_are_no_tallies(engine, stored):
    with opened(stored / "cells.zarr") as job:
        assert list(engine.tallies(job, [])) == []


def test_a_sweep_that_was_stopped_goes_on_from_its_ledger(engine, stored, tmp_path):
    identity = {"source": "cells"}
    with opened(stored / "cells.zarr") as job:
        blocks = blocks_of(job.volume)
        begun = Ledger(tmp_path, identity, save_seconds=0)
        with closing(engine.tallies(job, blocks)) as tallies:
            some, tally = next(tallies)
            begun.add([block.index for block in some], tally)
        resumed = Ledger.resume(tmp_path, identity)
        assert 0 < len(resumed.done) < len(blocks)
        for some, tally in engine.tallies(job, [block for block in blocks if block.index not in resumed.done]):
            assert not resumed.done & {block.index for block in some}
            resumed.add([block.index for block in some], tally)
    assert resumed.done == set(range(len(blocks)))
    assert same(resumed.total(), whole(LABELS, Rules()))


def test_several_sweeps_at_a_time(engine, stored):
    """As loads of several volumes at a time use one engine."""
    with opened(stored / "cells.zarr", Rules(0, 6)) as one, opened(stored / "cells.npy", Rules(None, 26)) as other:
        first = InThread(lambda: collect(engine, one, blocks_of(one.volume)))
        second = InThread(lambda: collect(engine, other, blocks_of(other.volume)))
        assert same(first.get()[1], whole(LABELS, one.rules))
        assert same(second.get()[1], whole(LABELS, other.rules))


def test_a_damaged_chunk_is_named_and_what_was_done_stands(engine, own):
    (own / "c" / "1" / "2" / "3").write_bytes(b"rubbish")
    with opened(own) as job:
        blocks = blocks_of(job.volume)
        done, tallies = [], []
        with pytest.raises(VolumeReadError, match=r"cells\.zarr/c/1/2/3 does not decode.*damaged"):  # noqa: PT012
            for some, tally in engine.tallies(job, blocks):
                done += some
                tallies.append(tally)
        write_zarr(own.parent / "whole.zarr", LABELS)
        (own / "c" / "1" / "2" / "3").write_bytes((own.parent / "whole.zarr" / "c" / "1" / "2" / "3").read_bytes())
        seen = {block.index for block in done}
        _, rest = collect(engine, job, [block for block in blocks if block.index not in seen])
    assert len(seen) < len(blocks)
    assert same(merge([*tallies, rest]), whole(LABELS, Rules()))


def test_wrong_labels_are_the_error_that_they_are_with_threads(engine, tmp_path):
    labels = LABELS.astype(np.int32)
    labels[30, 20, 10] = -3
    with opened(write_zarr(tmp_path / "negative.zarr", labels)) as job, pytest.raises(LabelError, match="label -3"):
        collect(engine, job, blocks_of(job.volume))


@pytest.mark.parametrize("name", ["dask", "spark"], indirect=True, scope="module")
def test_a_killed_worker_is_survived(engine, own):
    """A worker hangs in the middle of a task, for a chunk that never comes and that it alone needs, and is killed."""
    with Stuck(own, "c/2/2/3") as stuck, opened(stuck.url) as job:
        sweep = InThread(lambda: collect(engine, job, blocks_of(job.volume)))
        worker = stuck.reader()
        stuck.put_back()
        os.kill(worker, signal.SIGKILL)
        done, tally = sweep.get()
        assert done == list(range(len(blocks_of(job.volume))))
    assert same(tally, whole(LABELS, Rules()))
