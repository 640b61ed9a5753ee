"""The sweep against loops over every voxel: each column of both tables, for arrays of every kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from labels import Case, cases
from oracles import cell_rows, cells, contact_rows, covariance

from cellgraph.loading.arrays import sweep
from cellgraph.model import CELL_COLUMNS, CONTACT_COLUMNS, CellGraph

Array = np.ndarray[Any, Any]

LOOSE = {"length", "width", "height", "stretch", "oblateness"}
"""Roots of differences of sums, to about half of the digits where a cell is flat."""


def assert_rows(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    """Compare tables: whole numbers and nulls exactly, other numbers to rounding."""
    assert len(found) == len(expected)
    for got, wanted in zip(found, expected, strict=True):
        for name, value in wanted.items():
            if isinstance(value, float) and got[name] is not None:
                assert got[name] == pytest.approx(value, rel=1e-6 if name in LOOSE else 1e-12, abs=1e-7), name
            else:
                assert got[name] == value, name


def assert_as_by_loops(graph: CellGraph, case: Case) -> None:
    arguments = (case.background, case.spacing, case.connectivity)
    assert_rows(graph.contacts.to_pylist(), contact_rows(case.labels, *arguments))
    assert_rows(graph.cells.to_pylist(), cell_rows(case.labels, *arguments))


@given(case=cases())
def test_every_column_is_as_by_loops(case: Case) -> None:
    assert_as_by_loops(sweep(case.labels, **case.options), case)


@given(
    case=cases(longest=5), layout=st.sampled_from(["fortran", "strided", "reversed", "big-endian", "read-only", "list"])
)
def test_memory_layout_does_not_matter(case: Case, layout: str) -> None:
    labels = case.labels
    given_: Any = labels
    if layout == "fortran":
        given_ = np.asfortranarray(labels)
    elif layout == "strided":
        wide = np.zeros([2 * n for n in labels.shape], labels.dtype)
        given_ = wide[tuple(slice(None, None, 2) for _ in labels.shape)]
        given_[...] = labels
    elif layout == "reversed":
        given_ = np.ascontiguousarray(labels[..., ::-1])[..., ::-1]
    elif layout == "big-endian":
        given_ = labels.astype(labels.dtype.newbyteorder(">"))
    elif layout == "read-only":
        labels.setflags(write=False)
    else:
        given_ = labels.tolist()
    assert_as_by_loops(sweep(given_, **case.options), case)


@given(case=cases())
def test_the_tables_have_the_columns_of_the_model(case: Case) -> None:
    graph = sweep(case.labels, unit="micrometer", name="lobe", **case.options)
    kinds = {"int": "int64", "float": "double", "bool": "bool", "str": "string"}
    for table, columns in ((graph.cells, CELL_COLUMNS), (graph.contacts, CONTACT_COLUMNS)):
        assert {entry.name: str(entry.type) for entry in table.schema} == {c.name: kinds[c.type] for c in columns}
        assert table.column_names == [column.name for column in columns]
    sample = graph.sample
    assert (sample.name, sample.unit, sample.background) == ("lobe", "micrometer", case.background)
    assert (sample.shape, sample.spacing, sample.connectivity) == (case.labels.shape, case.spacing, case.connectivity)


@given(case=cases())
def test_axes_are_the_principal_directions(case: Case) -> None:
    ndim = case.labels.ndim
    graph = sweep(case.labels, **case.options)
    voxels = {label: cell.voxels for label, cell in cells(case.labels, case.background).items()}
    for row in graph.cells.to_pylist():
        matrix = covariance(voxels[row["label"]], case.spacing)
        axes = [[row[f"{name}_axis_{letter}"] for letter in "zyx"] for name in ("length", "width", "height")]
        for rank, extent in enumerate((row["length"], row["width"], row["height"])[:ndim]):
            axis = np.array(axes[rank][3 - ndim :])
            value = extent**2 / (20 if ndim == 3 else 16)
            np.testing.assert_allclose(matrix @ axis, value * axis, rtol=0, atol=1e-9 * max(1, np.trace(matrix)))
            assert axis @ axis == pytest.approx(1)
        for rank, axis_ in enumerate(axes):
            assert [value is None for value in axis_] == [rank >= ndim or i < 3 - ndim for i in range(3)]


def test_a_graph_that_can_be_checked_by_eye() -> None:
    labels = np.array([[[1, 1, 2], [3, 0, 2]], [[1, 4, 4], [0, 4, 4]]])
    graph = sweep(labels, spacing=(3.0, 2.0, 1.0), connectivity=26)
    contacts = {(row.pop("cell_a"), row.pop("cell_b")): row for row in graph.contacts.to_pylist()}
    names = (
        "junctions",
        "area",
        "junctions_z",
        "junctions_y",
        "junctions_x",
        "touching_edges",
        "touching_corners",
        "sites",
    )
    assert {pair: tuple(row[name] for name in names) for pair, row in contacts.items()} == {
        (1, 2): (1, 6.0, 0, 0, 1, 1, 0, 1),
        (1, 3): (1, 3.0, 0, 1, 0, 2, 0, 1),
        (1, 4): (2, 8.0, 1, 0, 1, 4, 2, 1),
        (2, 4): (2, 4.0, 2, 0, 0, 4, 2, 1),
        (3, 4): (0, 0.0, 0, 0, 0, 1, 1, 0),
    }


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64"])
def test_more_than_2_to_the_24_faces_of_one_pair(dtype: str) -> None:
    labels = np.zeros((2, 4200, 4200), dtype)
    labels[1] = 1
    graph = sweep(labels, background=None)
    (contact,) = graph.contacts.to_pylist()
    assert contact["junctions"] == contact["junctions_z"] == 4200 * 4200 > 2**24
    assert contact["area"] == 4200.0 * 4200.0
    assert graph.cells["junctions"].to_pylist() == [4200 * 4200] * 2
    assert graph.cells["surface_area"].to_pylist() == [2 * 4200 * 4200 + 4 * 4200] * 2


def test_moments_are_exact_far_from_the_origin() -> None:
    labels = np.zeros((1, 2, 2**21), np.uint8)
    labels[0, :, -3:] = 7
    (cell,) = sweep(labels).cells.to_pylist()
    assert (cell["y"], cell["x"]) == (0.5, 2**21 - 2)
    assert cell["length"] == pytest.approx(2 * np.sqrt(5 * 2 / 3), rel=1e-14)
    assert cell["width"] == pytest.approx(2 * np.sqrt(5 / 4), rel=1e-14)
    assert cell["height"] == 0


def test_sparse_ids_up_to_the_largest() -> None:
    labels = np.array([[1, 98_000_000, 2**32, 2**53 + 1, 2**62, 2**63 - 1]], np.uint64)
    graph = sweep(labels)
    assert graph.cells["label"].to_pylist() == labels[0].tolist()
    assert graph.contacts["cell_b"].to_pylist() == labels[0, 1:].tolist()


def test_only_background_gives_empty_tables() -> None:
    graph = sweep(np.zeros((3, 4, 5), np.uint16))
    assert (graph.cells.num_rows, graph.contacts.num_rows) == (0, 0)
    assert graph.cells.column_names == [column.name for column in CELL_COLUMNS]
    assert graph.contacts.column_names == [column.name for column in CONTACT_COLUMNS]


def test_one_cell_has_no_contacts() -> None:
    graph = sweep(np.ones((3, 4, 5), np.uint16))
    (cell,) = graph.cells.to_pylist()
    assert (cell["degree"], cell["junctions"], cell["border_faces"]) == (0, 0, 2 * (12 + 15 + 20))
    assert graph.contacts.num_rows == 0


def test_sites_are_the_patches_of_a_contact() -> None:
    fork = np.array([[1, 1, 1, 1, 1], [1, 2, 1, 2, 1], [2, 2, 2, 2, 2]])  # a ring in 3D goes on around
    apart = np.array([[1, 1, 1, 1, 1], [2, 0, 2, 0, 2], [2, 2, 2, 2, 2]])
    around = np.array([[1, 1, 1], [1, 2, 1], [1, 1, 1]])
    corners = np.array([[1, 2], [2, 1]])
    for labels, expected in ((fork, 1), (apart, 3), (around, 1), (corners, 1), (np.array([[1, 2, 1, 2]]), 3)):
        assert sweep(labels).contacts["sites"].to_pylist() == [expected]
        assert sweep(np.stack([labels] * 3)).contacts["sites"].to_pylist() == [expected]
    third = np.full((1, 3, 3), 2)
    third[0, 1, 1] = 3  # a hole in the contact does not make two of it
    contacts = sweep(np.concatenate([np.ones((1, 3, 3), int), third])).contacts.to_pylist()
    assert {(row["cell_a"], row["cell_b"]): row["sites"] for row in contacts} == {(1, 2): 1, (1, 3): 1, (2, 3): 1}
