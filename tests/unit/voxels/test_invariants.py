"""What must not change, or must change in a known way, when an array is renamed, turned, mirrored or cut."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from labels import Case, cases

from cellgraph.live.slabs import Sweep
from cellgraph.loading.arrays import sweep
from cellgraph.model import CELL_COLUMNS, CONTACT_COLUMNS, CellGraph
from cellgraph.voxels.block import Place, sweep_block
from cellgraph.voxels.parameters import Rules
from cellgraph.voxels.tally import Tally, merge

Array = np.ndarray[Any, Any]

WHOLE = {column.name for column in (*CELL_COLUMNS, *CONTACT_COLUMNS) if column.type in ("int", "bool")}
AXES = [f"{name}_axis_{letter}" for name in ("length", "width", "height") for letter in "zyx"]


def assert_equal_graphs(found: CellGraph, expected: CellGraph) -> None:
    """Compare tables: whole numbers bit for bit, other numbers to 1e-9."""
    for got, wanted in ((found.cells, expected.cells), (found.contacts, expected.contacts)):
        assert got.schema == wanted.schema
        for name in got.column_names:
            if name in WHOLE:
                assert got[name].equals(wanted[name]), name
            else:
                assert got[name].is_null().equals(wanted[name].is_null()), name
                left, right = (column[name].fill_null(0).to_numpy() for column in (got, wanted))
                np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-9, err_msg=name)


def renamed_columns(table: pa.Table, names: dict[str, str]) -> pa.Table:
    """Rename columns, and keep their places by name."""
    new = table.rename_columns([names.get(name, name) for name in table.column_names])
    return new.select(table.column_names)


def without_axes(graph: CellGraph) -> CellGraph:
    """Leave out the directions, which are one of many where a cell is as long as wide."""
    return CellGraph(graph.sample, graph.cells.drop_columns(AXES), graph.contacts)


# names ------------------------------------------------------------------------------------------------------


@given(case=cases(), seed=st.integers(0, 99))
def test_other_labels_give_the_same_graph(case: Case, seed: int) -> None:
    old, places = np.unique(case.labels, return_inverse=True)
    is_background = np.array([int(label) == case.background for label in old])
    names = np.random.default_rng(seed).choice(10**6, len(old), replace=False).astype(np.int64) * 10**12 + 1
    names[is_background] = -7
    graph = sweep(case.labels, **case.options)
    other = sweep(names[places.reshape(case.labels.shape)], **{**case.options, "background": -7})
    new = {int(label): int(name) for label, name in zip(old, names, strict=True)}
    labels = pa.array([new[label] for label in graph.cells["label"].to_pylist()], pa.int64())
    cells = graph.cells.set_column(0, "label", labels)
    ends = [sorted((new[a], new[b])) for a, b in pairs(graph)]
    contacts = graph.contacts
    for i in (0, 1):
        column = pa.array([end[i] for end in ends], pa.int64())
        contacts = contacts.set_column(i, ("cell_a", "cell_b")[i], [column])
    expected = CellGraph(
        graph.sample, cells.sort_by("label"), contacts.sort_by([("cell_a", "ascending"), ("cell_b", "ascending")])
    )
    assert_equal_graphs(other, expected)


def pairs(graph: CellGraph) -> list[tuple[int, int]]:
    return list(zip(graph.contacts["cell_a"].to_pylist(), graph.contacts["cell_b"].to_pylist(), strict=True))


@given(case=cases())
def test_dtypes_that_hold_the_labels_give_the_same_graph(case: Case) -> None:
    expected = sweep(case.labels, **case.options)
    assert_equal_graphs(sweep(case.labels.astype(np.int64), **case.options), expected)
    if case.labels.min() >= 0:
        assert_equal_graphs(sweep(case.labels.astype(np.uint64), **case.options), expected)


# space ------------------------------------------------------------------------------------------------------


@given(case=cases(ndim=3), order=st.permutations([0, 1, 2]))
def test_turned_arrays_give_the_turned_graph(case: Case, order: list[int]) -> None:
    graph = without_axes(sweep(case.labels, **case.options))
    spacing = tuple(case.spacing[axis] for axis in order)
    turned = without_axes(sweep(case.labels.transpose(order), **{**case.options, "spacing": spacing}))
    # Axis i of the turned array is axis order[i] of the other one.
    names = {
        form.format("zyx"[old]): form.format("zyx"[new])
        for new, old in enumerate(order)
        for form in ("{}", "{}_start", "{}_stop", "junctions_{}")
    }
    expected = CellGraph(graph.sample, renamed_columns(graph.cells, names), renamed_columns(graph.contacts, names))
    assert_equal_graphs(turned, expected)


@given(case=cases(), axis=st.integers(0, 2))
def test_mirrored_arrays_give_the_mirrored_graph(case: Case, axis: int) -> None:
    axis = axis % case.labels.ndim
    name = "zyx"[axis + 3 - case.labels.ndim]
    n, size = case.labels.shape[axis], case.spacing[axis]
    graph = without_axes(sweep(case.labels, **case.options))
    mirrored = without_axes(sweep(np.flip(case.labels, axis), **case.options))
    columns = {
        column: graph.cells[column].to_numpy(zero_copy_only=False) for column in (name, f"{name}_start", f"{name}_stop")
    }
    cells = graph.cells
    for column, values in (
        (name, (n - 1) * size - columns[name]),
        (f"{name}_start", n - columns[f"{name}_stop"]),
        (f"{name}_stop", n - columns[f"{name}_start"]),
    ):
        cells = cells.set_column(cells.column_names.index(column), column, [values])
    assert_equal_graphs(mirrored, CellGraph(graph.sample, cells, graph.contacts))


@given(case=cases(ndim=2, longest=8))
def test_an_image_is_a_volume_of_one_slice_without_faces_along_z(case: Case) -> None:
    flat = sweep(case.labels, **case.options)
    connectivity = {4: 6, 8: 18}[case.connectivity]
    deep = sweep(case.labels[np.newaxis], background=case.background, connectivity=connectivity)
    same = ["cell_a", "cell_b", "junctions", "junctions_y", "junctions_x"]
    assert flat.contacts.select(same) == deep.contacts.select(same)
    # Pixels that meet in a corner are voxels that meet along an edge.
    assert flat.contacts["touching_corners"] == deep.contacts["touching_edges"]
    assert set(flat.contacts["touching_edges"].to_pylist()) <= {0}
    of_cells = ["label", "voxels", "degree", "junctions", "background_faces", "y_start", "x_start", "y_stop", "x_stop"]
    assert flat.cells.select(of_cells) == deep.cells.select(of_cells)


@given(case=cases())
def test_faces_are_counted_from_both_sides(case: Case) -> None:
    graph = sweep(case.labels, **case.options)
    assert sum(graph.cells["junctions"].to_pylist()) == 2 * sum(graph.contacts["junctions"].to_pylist())
    assert sum(graph.cells["degree"].to_pylist()) == 2 * graph.contacts.num_rows
    assert (
        sum(graph.cells["voxels"].to_pylist()) == int((case.labels != case.background).sum())
        if (case.background is not None)
        else case.labels.size
    )


@given(case=cases())
def test_a_wider_connectivity_only_adds_pairs(case: Case) -> None:
    steps = (4, 8) if case.labels.ndim == 2 else (6, 18, 26)
    graphs = [sweep(case.labels, **{**case.options, "connectivity": step}) for step in steps]
    for fewer, more in pairwise(graphs):
        faces = {pair: n for pair, n in zip(pairs(more), more.contacts["junctions"].to_pylist(), strict=True) if n}
        assert set(pairs(fewer)) <= set(pairs(more))
        assert faces == {
            pair: n for pair, n in zip(pairs(fewer), fewer.contacts["junctions"].to_pylist(), strict=True) if n
        }
        assert fewer.cells["surface_area"] == more.cells["surface_area"]


# cuts -------------------------------------------------------------------------------------------------------


def cuts(n: int) -> st.SearchStrategy[list[int]]:
    """Return the borders of a division of 0..n into parts."""
    return st.sets(st.integers(1, n - 1) if n > 1 else st.nothing()).map(lambda inner: [0, *sorted(inner), n])


def tallies(case: Case, borders: list[list[int]]) -> list[Tally]:
    """Sweep each block of a division by itself, with its halo on the low side."""
    labels = case.labels.reshape((1,) * (3 - case.labels.ndim) + case.labels.shape)
    found = []
    for box in product(*(list(pairwise(border)) for border in borders)):
        start, stop = [low for low, _ in box], [high for _, high in box]
        halo = [int(low > 0) for low in start]
        origin = [low - h for low, h in zip(start, halo, strict=True)]
        block = labels[tuple(slice(low, high) for low, high in zip(origin, stop, strict=True))]
        place = Place(
            origin=(origin[0], origin[1], origin[2]),
            halo=(halo[0], halo[1], halo[2]),
            low=(start[0] == 0, start[1] == 0, start[2] == 0),
            high=(stop[0] == labels.shape[0], stop[1] == labels.shape[1], stop[2] == labels.shape[2]),
        )
        found.append(sweep_block(block, Rules(case.background, case.connectivity), place))
    return found


def assert_equal_tallies(found: Tally, expected: Tally) -> None:
    for name in ("labels", "cells", "pairs", "counts", "opened", "patches"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)


@given(data=st.data(), case=cases(longest=7))
def test_any_cut_into_blocks_merges_to_the_whole_bit_for_bit(data: st.DataObject, case: Case) -> None:
    extent = (1,) * (3 - case.labels.ndim) + case.labels.shape
    (whole,) = tallies(case, [[0, n] for n in extent])
    parts = tallies(case, [data.draw(cuts(n)) for n in extent])
    order = data.draw(st.permutations(parts))
    assert_equal_tallies(merge(order), whole)
    folded = Tally.empty()
    for part in order:
        folded = folded.merge(part).merge(Tally.empty())
    assert_equal_tallies(folded, whole)


@given(case=cases(longest=7), data=st.data())
def test_a_stored_tally_comes_back(case: Case, data: st.DataObject) -> None:
    (whole,) = tallies(case, [[0, n] for n in (1,) * (3 - case.labels.ndim) + case.labels.shape])
    stored = whole.to_bytes()
    assert_equal_tallies(Tally.from_bytes(stored), whole)
    place = data.draw(st.integers(0, len(stored) - 1))
    damaged = stored[:place] + bytes([stored[place] ^ 1]) + stored[place + 1 :]
    with pytest.raises(ValueError, match="damaged"):
        Tally.from_bytes(damaged)
    with pytest.raises(ValueError, match="damaged"):
        Tally.from_bytes(stored[: place + 1][:-1])


@given(data=st.data(), case=cases(ndim=3, longest=7))
def test_slabs_in_any_order_and_from_several_sweeps_are_the_whole(data: st.DataObject, case: Case) -> None:
    borders = data.draw(cuts(case.labels.shape[0]))
    sweeps = [Sweep(**case.options) for _ in range(data.draw(st.integers(1, 3)))]
    for start, stop in data.draw(st.permutations(list(pairwise(borders)))):
        data.draw(st.sampled_from(sweeps)).feed(case.labels[start:stop], start)
    first, *others = sweeps
    for other in others:
        first = first.merge(other)
    graph = first.result()
    assert_equal_graphs(graph, sweep(case.labels, **case.options))
    assert graph.sample.shape == case.labels.shape


@given(case=cases(ndim=3))
def test_slabs_one_after_the_other_need_no_index(case: Case) -> None:
    live = Sweep(**case.options)
    for z, plane in enumerate(case.labels, 1):
        # The graph so far is that of the slices so far.
        assert_equal_graphs(live.feed(plane).result(), sweep(case.labels[:z], **case.options))


@pytest.mark.parametrize("connectivity", [6, 18, 26])
def test_threads_and_blocks_of_a_larger_volume_agree(connectivity: int) -> None:
    random = np.random.default_rng(0)
    coarse = random.integers(0, 400, (24, 40, 40))
    labels = np.kron(coarse, np.ones((4, 5, 6), np.int64)).astype(np.uint32)  # 3.7 MVoxel
    expected = sweep(labels, connectivity=connectivity, workers=1)
    for workers in (2, 3, 8):
        assert_equal_graphs(sweep(labels, connectivity=connectivity, workers=workers), expected)
    case = Case(labels, 0, (1.0, 1.0, 1.0), connectivity)
    (whole,) = tallies(case, [[0, n] for n in labels.shape])
    parts = tallies(case, [[0, 13, 96], [0, 1, 100, 200], [0, 64, 128, 240]])
    assert_equal_tallies(merge(parts), whole)
