"""Cells with names, as tables bring them, and relationships with a direction: on both databases, by both methods."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pytest
from six_cells import six_cells

import cellgraph
from cellgraph.errors import NotFoundError, ParameterError
from cellgraph.tables.reading import read_tables

WORM = {"source": ["B", "A", "B", "C", "3"], "target": ["A", "B", "C", "3", "B"], "n": [3, 2, 7, 1, 4]}
# Labels: 3 is 1, A is 2, B is 3, C is 4.


@pytest.fixture(scope="module")
def address(fill: Callable[..., str]) -> str:
    """A directed network with names, another in two samples, and an image."""
    joined = {"sample_a": ["y", "y"], "a": ["A", "D"], "sample_b": ["y", "z"], "b": ["D", "E"]}
    worm = read_tables(None, pa.table(WORM), sample="worm", directed=True).network
    return fill(worm, read_tables(None, pa.table(joined)).network, six_cells().network())


@pytest.fixture
def db(address: str) -> Iterator[cellgraph.Database]:
    with cellgraph.open(address) as opened:
        yield opened


def rows(table: pa.Table, *names: str) -> list[tuple[Any, ...]]:
    return list(zip(*table.select(list(names)).to_pydict().values(), strict=True))


@pytest.mark.parametrize("method", ["cypher", "compiled"])
def test_a_name_stands_beside_each_cell(db: cellgraph.Database, method: str) -> None:
    named = [("worm", 1, "3"), ("worm", 2, "A"), ("worm", 3, "B"), ("worm", 4, "C")]
    for query in ("degree", "connection-count", "components"):
        table = db.query(query, sample="worm", method=method)  # type: ignore[arg-type]
        assert table.column_names[:3] == ["sample", "cell", "name"]
        assert rows(table, "sample", "cell", "name") == named
    hubs = db.query("hubs", sample="worm", method=method)  # type: ignore[arg-type]
    assert rows(hubs, "cell", "name", "degree")[0] == (3, "B", 3)
    khop = db.query("khop", cell="A", sample="worm", method=method)  # type: ignore[arg-type]
    assert rows(khop, "cell", "name", "hop", "cells") == [(2, "A", 1, 1), (2, "A", 2, 2)]
    path = db.query("path", source="A", target="C", sample="worm", method=method)  # type: ignore[arg-type]
    assert path.to_pylist() == [
        {"step": 0, "cell": 2, "name": "A", "junctions": None, "direction": "both"},
        {"step": 1, "cell": 3, "name": "B", "junctions": 5, "direction": "both"},
        {"step": 2, "cell": 4, "name": "C", "junctions": 7, "direction": "both"},
    ]


def test_other_ends_have_names_too(db: cellgraph.Database) -> None:
    near = db.query("neighbours", cell="B", sample="worm")
    assert rows(near, "name", "neighbour", "neighbour_name", "junctions") == [
        ("B", 4, "C", 7),
        ("B", 2, "A", 5),
        ("B", 1, "3", 4),
    ]
    within = db.query("within", cell="A", sample="worm", k=1)
    assert rows(within, "cell", "name", "reached", "reached_name") == [(2, "A", 3, "B")]
    assert db.query("cells", sample="worm").column_names[:3] == ["sample", "cell", "name"]


@pytest.mark.parametrize("method", ["cypher", "compiled"])
def test_directed_contacts_tell_source_and_target(db: cellgraph.Database, method: str) -> None:
    table = db.query("contacts", sample="worm", method=method)  # type: ignore[arg-type]
    assert rows(table, "cell_a", "name_a", "cell_b", "name_b", "source", "source_name", "target", "target_name") == [
        (1, "3", 3, "B", 1, "3", 3, "B"),
        (1, "3", 4, "C", 4, "C", 1, "3"),
        (2, "A", 3, "B", 3, "B", 2, "A"),
        (2, "A", 3, "B", 2, "A", 3, "B"),
        (3, "B", 4, "C", 3, "B", 4, "C"),
    ]
    every = db.query("contacts", method=method)  # type: ignore[arg-type]
    assert {row[:2] for row in rows(every, "sample", "source", "target") if row[0] != "worm"} == {
        ("six", None),
        ("y", None),
    }


def test_the_direction_is_a_property_of_the_sample(db: cellgraph.Database) -> None:
    samples = {row["sample"]: row["directed"] for row in db.samples().to_pylist()}
    assert samples == {"worm": True, "y": None, "z": None, "six": None}


def test_images_have_neither_names_nor_directions(db: cellgraph.Database) -> None:
    for query in ("cells", "contacts", "degree"):
        assert not {"name", "name_a", "source"} & set(db.query(query, sample="six").column_names)
    assert set(db.graph("worm").contacts.column_names) >= {"source", "target"}
    assert "name_a" not in db.graph("worm").contacts.column_names


def test_paths_between_samples_find_the_cells_that_are_named(db: cellgraph.Database) -> None:
    # D and E have labels that cells of other samples have too.
    path = db.query("path", source="D", target="E")
    assert rows(path, "cell", "name") == [(2, "D"), (3, "E")]
    assert db.query("path", source="D", target="E", longest=1).num_rows == 2
    with pytest.raises(ParameterError, match="other samples have the same labels"):
        db.query("path", source="D", target="E", method="cypher")


@pytest.mark.parametrize(
    ("cell", "sample", "error", "message"),
    [
        ("Aa", "worm", NotFoundError, r"no cell named 'Aa' in the sample 'worm'\. Did you mean 'A'"),
        ("B2", None, NotFoundError, r"no cell named 'B2' in any of the 4 samples"),
        ("A", None, ParameterError, r"a cell named 'A' is in 2 samples \('worm', 'y'\); choose one with --sample"),
        ("3", "worm", ParameterError, r"'3' is the name of the cell 1 and the label of another.*--param cell=1 or"),
        ("A", "six", ParameterError, r"'cell' must be the label of a cell, a whole number, not 'A'; .* no names"),
        ("A') OR true //", "worm", NotFoundError, "no cell named"),
        ("9" * 20, "worm", ParameterError, "must be from -9223372036854775808"),
    ],
)
def test_names_that_are_no_cell(
    db: cellgraph.Database, cell: str, sample: str | None, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        db.query("khop", cell=cell, sample=sample)


def test_text_may_be_a_label(db: cellgraph.Database) -> None:
    assert rows(db.query("khop", cell="2", sample="worm", k=1), "cell", "name") == [(2, "A")]
    assert rows(db.query("khop", cell="2", sample="six", k=1), "cell") == [(2,)]
