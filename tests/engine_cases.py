"""Volumes and comparisons that the tests of engines share."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import zarr
from web_server import serving

from cellgraph.engines import Engine
from cellgraph.volumes import Block, Volume, grid
from cellgraph.volumes.scan import Scan, scanned, settle
from cellgraph.voxels.block import Place, sweep_block
from cellgraph.voxels.parameters import Rules
from cellgraph.voxels.tally import Tally, merge

Array = np.ndarray[Any, Any]
Result = TypeVar("Result")

CHUNK = (16, 16, 16)
PATIENCE = 120.0  # seconds until a condition that has to come is given up


def tissue(shape: tuple[int, ...], cells: int, seed: int = 0) -> Array:
    """Return labels as of a tissue: cells of all sizes, a tenth of the voxels background, ids with gaps."""
    rng = np.random.default_rng(seed)
    seeds = rng.random((cells, len(shape))) * shape
    names = np.sort(rng.choice(100 * cells, cells, replace=False)) + 1
    points = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), axis=-1).reshape(-1, len(shape))
    nearest = np.concatenate([((part[:, None] - seeds) ** 2).sum(-1).argmin(1) for part in np.array_split(points, 32)])
    labels = names[nearest].reshape(shape).astype(np.uint32)
    labels[rng.random(shape) < 0.1] = 0
    return labels


def write_zarr(path: Path, labels: Array) -> Path:
    """Write labels as a Zarr array in chunks of `CHUNK`."""
    array = zarr.create_array(
        path, shape=labels.shape, chunks=CHUNK[3 - labels.ndim :], dtype=labels.dtype, fill_value=0
    )
    array[...] = labels
    return path


def blocks_of(volume: Volume) -> list[Block]:
    """Return blocks of one chunk each."""
    return grid(volume.header.shape, CHUNK)


def whole(labels: Array, rules: Rules) -> Tally:
    """Return the tally of all labels in one block."""
    return sweep_block(labels.reshape((1,) * (3 - labels.ndim) + labels.shape), rules, Place())


def same(a: Tally, b: Tally) -> bool:
    """Tell whether two tallies are equal in every number."""
    return all(
        np.array_equal(getattr(a, name), getattr(b, name))
        for name in ("labels", "cells", "pairs", "counts", "opened", "patches", "near", "squares")
    )


def collect(engine: Engine, job: Scan, blocks: list[Block]) -> tuple[list[int], Tally]:
    """Return the numbers of the blocks that an engine sweeps, sorted, and their tally."""
    done: list[int] = []
    tallies = []
    for some, tally in engine.tallies(job, blocks):
        done += [block.index for block in some]
        tallies.append(tally)
    return sorted(done), merge(tallies)


@contextmanager
def opened(path: Path | str, rules: Rules | None = None) -> Iterator[Scan]:
    """Give the scan of a file."""
    with scanned(path) as scan:
        yield replace(scan, rules=rules or scan.rules)


def scan_of(volume: Any) -> Scan:
    """Return a scan of a volume that no file opens again."""
    return settle(volume.header, volume=volume)


def soon(condition: Callable[[], Result | None], what: str) -> Result:
    """Return what a condition gives as soon as it gives something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.02)
    raise AssertionError(f"waited {PATIENCE:.0f} s for {what}")


class Stuck:
    """A Zarr array behind a URL with a chunk that never comes: who reads it hangs until it is killed or let go."""

    def __init__(self, volume: Path, chunk: str) -> None:
        self._stack = ExitStack()
        self._site = self._stack.enter_context(serving(volume.parent))
        self._site.hold = f"/{volume.name}/{chunk}"
        self.url = f"{self._site.url}/{volume.name}"

    def reader(self) -> int:
        """Wait until a process reads the chunk, and return its number."""
        soon(lambda: self._site.held, "a reader of the chunk")
        return soon(self._who, "the process that reads the chunk")

    def put_back(self) -> None:
        """Let the chunk come for those who ask from now on; who waits already still hangs."""
        self._site.hold = ""

    def __enter__(self) -> Stuck:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _who(self) -> int | None:
        """Return the process at the other end of the connection."""
        ends = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
        sockets = {f"socket:[{end[9]}]" for end in ends if int(end[1].partition(":")[2], 16) in self._site.held}
        for link in Path("/proc").glob("[0-9]*/fd/*"):
            try:
                if os.readlink(link) in sockets:
                    return int(link.parts[2])
            except OSError:
                continue  # it ended, or is somebody else's
        return None


class InThread(threading.Thread):
    """Calls a function in a thread; `get` gives its result or raises its error."""

    def __init__(self, function: Callable[[], Any]) -> None:
        super().__init__()
        self._function = function
        self._result: Any = None
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._result = self._function()
        except BaseException as error:
            self._error = error

    def get(self) -> Any:
        self.join(PATIENCE)
        assert not self.is_alive()
        if self._error is not None:
            raise self._error
        return self._result
