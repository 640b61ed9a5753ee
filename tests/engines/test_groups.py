"""Which blocks one task takes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellgraph.engines.groups import group_blocks
from cellgraph.volumes import Block, Header, grid

counts = st.tuples(*[st.integers(1, 6)] * 3)


def header(shape: tuple[int, int, int], chunks: tuple[int, int, int], resident: bool = False) -> Header:
    return Header("volume", shape, 3, np.dtype("u4"), None, None, chunks, resident=resident)


def halos_read(groups: list[list[Block]]) -> int:
    """Count the blocks whose lower neighbour along some axis is in another group, once an axis."""
    of = {block.start: number for number, group in enumerate(groups) for block in group}
    stops = {tuple(np.add(start, 8)): start for start in of}
    read = 0
    for start, number in of.items():
        for axis in range(3):
            corner = np.add(start, 8)
            corner[axis] = start[axis]
            below = stops.get(tuple(corner))
            read += below is not None and of[below] != number
    return read


@given(counts, st.integers(1, 5), st.booleans(), st.randoms(use_true_random=False))
def test_every_block_is_in_one_group_and_groups_are_in_raster_order(extent, workers, resident, random):
    shape = tuple(8 * n for n in extent)
    blocks = [block for block in grid(shape, (8, 8, 8)) if random.random() < 0.7]
    groups = group_blocks(blocks, header(shape, (4, 8, 8), resident), workers)
    assert sorted(block.index for group in groups for block in group) == [block.index for block in blocks]
    assert all(group for group in groups)
    for group in groups:
        assert [block.index for block in group] == sorted(block.index for block in group)


@given(counts, st.integers(1, 5))
def test_there_are_enough_tasks_for_all_workers(extent, workers):
    shape = tuple(8 * n for n in extent)
    blocks = grid(shape, (8, 8, 8))
    assert len(group_blocks(blocks, header(shape, (8, 8, 8)), workers)) >= min(len(blocks), 6 * workers)


@pytest.mark.parametrize(
    ("chunks", "axis"),
    [((1, 8, 8), 0), ((8, 1, 8), 1), ((8, 8, 1), 2)],
    ids=["single planes", "single rows", "single columns"],
)
def test_cuts_go_where_halos_are_cheap(chunks, axis):
    shape = (64, 64, 64)
    groups = group_blocks(grid(shape, (8, 8, 8)), header(shape, chunks), 1)
    extents = [len({block.start[axis] for block in group}) for group in groups]
    assert max(extents) < 8  # cut there, and nowhere else
    for other in {0, 1, 2} - {axis}:
        assert all(len({block.start[other] for block in group}) == 8 for group in groups)


def test_boxes_read_fewer_halos_than_stretches_of_the_raster():
    shape = (64, 64, 64)
    blocks = grid(shape, (8, 8, 8))
    boxes = group_blocks(blocks, header(shape, (8, 8, 8)), 2)
    size = len(blocks) // len(boxes)
    stretches = [blocks[first : first + size] for first in range(0, len(blocks), size)]
    assert halos_read(boxes) < halos_read(stretches)


def test_tasks_of_a_large_volume_are_short():
    shape = (2048, 2048, 2048)
    groups = group_blocks(grid(shape, (128, 256, 256)), header(shape, (64, 64, 64)), 1)
    voxels = [sum(np.prod(block.shape) for block in group) for group in groups]
    assert max(voxels) <= 2**30


def test_no_blocks_are_no_groups():
    assert group_blocks([], header((8, 8, 8), (8, 8, 8)), 4) == []
