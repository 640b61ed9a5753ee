"""What every volume owes its reader, checked against the array that it holds."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from cellgraph.volumes import Block, HaloReader, Volume, plan_blocks
from cellgraph.volumes.blocks import grid

Array = np.ndarray[Any, Any]


def part(array: Array, block: Block, halo: tuple[int, int, int] = (0, 0, 0)) -> Array:
    """Return what a block, with its halo, must hold."""
    return array[tuple(slice(a - h, b) for a, b, h in zip(block.start, block.stop, halo, strict=True))]


def assert_reads(volume: Volume, expected: Array) -> None:
    """Check that a volume gives `expected`, (z, y, x), however it is read."""
    header = volume.header
    assert header.shape == expected.shape
    assert header.dtype.isnative
    assert header.ndim == (2 if expected.shape[0] == 1 else 3)
    whole = volume.read((0, 0, 0), header.shape)
    assert whole.dtype == header.dtype
    np.testing.assert_array_equal(whole, expected)
    shape = tuple(max(1, n // 3) for n in header.shape)
    blocks = grid(header.shape, (shape[0], shape[1], shape[2]))
    _assert_blocks(volume, expected, blocks)
    _assert_threads(volume, expected, blocks)
    _assert_halos(volume, expected, blocks)
    json.dumps(volume.fingerprint())
    assert volume.fingerprint() == volume.fingerprint()


def _assert_blocks(volume: Volume, expected: Array, blocks: list[Block]) -> None:
    for block in blocks:
        labels = volume.read(block.start, block.stop)
        assert labels.shape == block.shape
        assert labels.shape[2] == 1 or labels.strides[2] == labels.itemsize
        np.testing.assert_array_equal(labels, part(expected, block))
        frame = np.zeros(tuple(n + 2 for n in block.shape), volume.header.dtype)
        out = frame[1:-1, 1:-1, 1:-1]
        assert volume.read(block.start, block.stop, out) is out
        np.testing.assert_array_equal(out, labels)
        assert frame.sum() == out.sum()  # nothing is written beside it


def _assert_threads(volume: Volume, expected: Array, blocks: list[Block]) -> None:
    shuffled = random.Random(0).sample(blocks, len(blocks)) * 2
    with ThreadPoolExecutor(4) as pool:
        for block, labels in zip(shuffled, pool.map(lambda b: volume.read(b.start, b.stop), shuffled), strict=True):
            np.testing.assert_array_equal(labels, part(expected, block))


def _assert_halos(volume: Volume, expected: Array, blocks: list[Block]) -> None:
    for plan in (blocks, plan_blocks(volume.header, 4096, 2), random.Random(1).sample(blocks, len(blocks))):
        reader = HaloReader(volume)
        for block in plan:
            labels, halo = reader.read(block)
            assert halo == tuple(int(n > 0) for n in block.start)
            np.testing.assert_array_equal(labels, part(expected, block, halo))


def cells(shape: tuple[int, ...], dtype: Any = np.uint16, seed: int = 0) -> Array:
    """Return labels that differ nearly everywhere, so that no mistake in place goes unseen."""
    random_labels = np.random.default_rng(seed).integers(0, 2 if dtype in (bool, "bool") else 100, shape)
    return random_labels.astype(dtype)
