"""The block grid, and reading with a halo."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from volume_reading import cells, part

from cellgraph.volumes import Block, HaloReader, Header, open_volume, plan_blocks
from cellgraph.volumes.blocks import grid
from cellgraph.volumes.pieces import Pieces, PiecesVolume

MB = 1 << 20
Array = np.ndarray[Any, Any]


def header(shape: tuple[int, int, int], chunks: tuple[int, int, int], dtype: str = "u4", **more: Any) -> Header:
    return Header("volume", shape, 3, np.dtype(dtype), None, None, chunks, **more)


class CountedPieces:
    """Pieces of an array, with a count of how often each was decoded."""

    def __init__(self, array: Array, extent: tuple[int, ...]) -> None:
        self.array, self.extent = array, extent
        self.decoded: dict[tuple[int, ...], int] = {}

    def piece(self, index: tuple[int, ...]) -> Array:
        self.decoded[index] = self.decoded.get(index, 0) + 1
        return self.array[tuple(slice(i * n, (i + 1) * n) for i, n in zip(index, self.extent, strict=True))]


def chunked(array: Array, extent: tuple[int, int, int]) -> tuple[PiecesVolume, CountedPieces]:
    from cellgraph.volumes.axes import find_axes

    counted = CountedPieces(array, extent)
    axes = find_axes(array.shape, "zyx", array.dtype, "volume")
    return PiecesVolume(Pieces(extent, array.dtype, counted.piece, dict), axes, "volume"), counted


extents = st.integers(1, 9)
shapes = st.tuples(extents, extents, extents)


@given(shape=shapes, chunks=shapes, memory=st.none() | st.integers(1, 4000), workers=st.integers(1, 5))
def test_blocks_cover_the_volume_once(
    shape: tuple[int, int, int], chunks: tuple[int, int, int], memory: int | None, workers: int
) -> None:
    seen = np.zeros(shape, int)
    blocks = plan_blocks(header(shape, chunks), memory, workers)
    for i, block in enumerate(blocks):
        assert block.index == i
        seen[tuple(slice(a, b) for a, b in zip(block.start, block.stop, strict=True))] += 1
    assert (seen == 1).all()
    assert [b.start for b in blocks] == sorted(b.start for b in blocks)


@given(
    shape=shapes,
    chunks=shapes,
    block=shapes,
    keep=st.sampled_from([0, 40, 200, 1 << 20]),
    told=st.booleans(),
    data=st.data(),
)
def test_halo_is_exact_for_any_shape_chunks_blocks_and_order(
    shape: tuple[int, int, int],
    chunks: tuple[int, int, int],
    block: tuple[int, int, int],
    keep: int,
    told: bool,
    data: st.DataObject,
) -> None:
    array = np.arange(np.prod(shape)).reshape(shape)
    blocks = grid(shape, block)
    some = st.lists(st.sampled_from(blocks), unique=True, min_size=1)
    order = data.draw(st.one_of(st.just(blocks), st.permutations(blocks), some))
    volume, _ = chunked(array, chunks)
    reader = HaloReader(volume, order if told else (), keep)
    for b in order:
        labels, halo = reader.read(b)
        assert halo == tuple(int(n > 0) for n in b.start)
        np.testing.assert_array_equal(labels, part(array, b, halo))
        assert reader.kept_bytes <= keep


@given(shape=shapes, boxes=st.lists(st.tuples(shapes, shapes), max_size=12))
def test_halo_is_exact_for_blocks_that_form_no_grid(
    shape: tuple[int, int, int], boxes: list[tuple[tuple[int, ...], tuple[int, ...]]]
) -> None:
    array = np.arange(np.prod(shape)).reshape(shape)
    volume, _ = chunked(array, (2, 3, 2))
    reader = HaloReader(volume)
    for i, (start, extent) in enumerate(boxes):
        z, y, x = (min(s - 1, n - 1) for s, n in zip(start, shape, strict=True))
        c, b, a = (min(s + e, n) for s, e, n in zip((z, y, x), extent, shape, strict=True))
        block = Block(i, (z, y, x), (c, b, a))
        labels, halo = reader.read(block)
        np.testing.assert_array_equal(labels, part(array, block, halo))


@given(shape=shapes, chunks=shapes, data=st.data())
def test_raster_order_decodes_every_chunk_once(
    shape: tuple[int, int, int], chunks: tuple[int, int, int], data: st.DataObject
) -> None:
    many = st.integers(1, 3)
    z, y, x = (n * data.draw(many) for n in chunks)
    volume, source = chunked(np.arange(np.prod(shape)).reshape(shape), chunks)
    reader = HaloReader(volume)
    for block in grid(shape, (z, y, x)):
        reader.read(block)
    assert set(source.decoded.values()) == {1}


@st.composite
def boxes(draw: st.DrawFn, n: int) -> slice:
    """Draw a part of 0..n, not empty."""
    first = draw(st.integers(0, n - 1))
    return slice(first, draw(st.integers(first + 1, n)))


@given(chunks=shapes, data=st.data())
def test_a_box_decodes_every_chunk_once_that_it_or_its_low_sides_touch(
    chunks: tuple[int, int, int], data: st.DataObject
) -> None:
    block = tuple(n * data.draw(st.integers(1, 2)) for n in chunks)
    counts = [data.draw(st.integers(1, 4)) for _ in range(3)]
    shape = tuple(n * m for n, m in zip(block, counts, strict=True))
    array = np.arange(np.prod(shape)).reshape(shape)
    box = tuple(data.draw(boxes(n)) for n in counts)
    places = np.arange(np.prod(counts)).reshape(counts)[box]
    blocks = [b for b in grid(shape, block) if b.index in places]  # type: ignore[arg-type]
    volume, source = chunked(array, chunks)
    reader = HaloReader(volume, blocks)
    for b in blocks:
        labels, halo = reader.read(b)
        np.testing.assert_array_equal(labels, part(array, b, halo))
    assert set(source.decoded.values()) == {1}
    touched = [range(max(s.start * n - 1, 0), s.stop * n) for s, n in zip(box, block, strict=True)]
    assert len(source.decoded) == np.prod([len({i // n for i in r}) for r, n in zip(touched, chunks, strict=True)])


def test_planes_are_dropped_when_they_are_not_needed_any_more() -> None:
    volume, _ = chunked(cells((40, 12, 12), np.int64), (2, 4, 4))
    reader = HaloReader(volume)
    kept = []
    for block in grid((40, 12, 12), (2, 4, 4)):
        reader.read(block)
        kept.append(reader.kept_bytes)
    z_faces = 12 * 12 + 4 * 12 + 4 * 4  # those of one layer, of one row of blocks more, and of the block just read
    y_faces = 2 * 12 + 2 * 4  # those of one row, and of the block just read
    x_faces = 2 * 4
    assert max(kept) == 8 * (z_faces + y_faces + x_faces)


def test_planes_beyond_the_limit_are_read_again() -> None:
    array = cells((6, 6, 6))
    volume, source = chunked(array, (2, 2, 2))
    reader = HaloReader(volume, keep=0)
    for block in grid((6, 6, 6), (2, 2, 2)):
        labels, halo = reader.read(block)
        np.testing.assert_array_equal(labels, part(array, block, halo))
    assert reader.kept_bytes == 0
    assert max(source.decoded.values()) > 1


def test_halo_of_an_array_is_a_view() -> None:
    array = cells((8, 8, 8))
    labels, halo = HaloReader(open_volume(array)).read(Block(0, (4, 4, 0), (8, 8, 8)))
    assert halo == (1, 1, 0)
    assert np.shares_memory(labels, array)


def test_small_volumes_are_one_block() -> None:
    assert len(plan_blocks(header((100, 100, 100), (1, 100, 100)), None, 8)) == 1


def test_large_volumes_give_each_worker_several_blocks() -> None:
    assert len(plan_blocks(header((64, 512, 512), (1, 1, 512), resident=True), None, 4)) >= 16


@pytest.mark.parametrize("chunks", [(64, 64, 64), (1, 2048, 2048), (1, 1, 2048), (128, 16, 2048)])
def test_blocks_are_multiples_of_chunks_and_of_a_reasonable_size(chunks: tuple[int, int, int]) -> None:
    blocks = plan_blocks(header((2048, 2048, 2048), chunks), None, 2)
    for block in blocks:
        assert all(a % c == 0 for a, c in zip(block.start, chunks, strict=True))
    assert 8 * MB <= np.prod(blocks[0].shape) * 4 <= 32 * MB


@pytest.mark.parametrize("workers", [1, 2, 16])
def test_blocks_stay_within_the_memory(workers: int) -> None:
    memory = 96 * MB
    blocks = plan_blocks(header((2048, 2048, 2048), (16, 64, 64)), memory, workers)
    assert np.prod(blocks[0].shape) * 4 <= memory / (workers * 3)


def test_blocks_in_memory_keep_rows_whole() -> None:
    for block in plan_blocks(header((300, 1000, 1000), (1, 1, 1000), resident=True), 3 * MB, 4):
        assert block.shape[2] == 1000


def test_huge_rows_are_split_when_they_are_in_memory() -> None:
    blocks = plan_blocks(header((1, 2, 100 * MB), (1, 1, 100 * MB), resident=True), None, 2)
    assert np.prod(blocks[0].shape) * 4 <= 32 * MB


def test_a_chunk_is_never_split() -> None:
    blocks = plan_blocks(header((4, 4096, 4096), (1, 4096, 4096)), MB, 4)
    assert [b.shape for b in blocks] == [(1, 4096, 4096)] * 4
