"""Columns of tables: no two for one thing, none for two, and names that the database or the rows use."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellgraph.errors import InputError, ParameterError
from cellgraph.tables.reading import Columns, ReadTables, read_tables


def network(folder: Path, text: str, cells: str | None = None, **named: str) -> ReadTables:
    (folder / "network.csv").write_text(text)
    if cells is not None:
        (folder / "cells.csv").write_text(cells)
    return read_tables(None if cells is None else folder / "cells.csv", folder / "network.csv", named=Columns(**named))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("source,target,syn_count,SynCount\n1,2,3,4\n", r'hold the junctions: "syn_count", "SynCount"; say which'),
        ("sample_id,SampleID,source,target\nx,y,1,2\n", r'hold the sample: "sample_id", "SampleID"; say which'),
        ("source,source_,target\n1,2,3\n", r'pairs .*: "source", "target" or "source_", "target"; say which'),
        ("animal1,animal2,image1,image2,a,b\nx,x,y,y,1,2\n", r'pairs .* samples .*: "animal1", "animal2" or "image1"'),
    ],
)
def test_two_columns_for_one_thing_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        network(tmp_path, text)


def test_two_spellings_of_the_id_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r'the id of each cell: "cell_id", "CellID"; say which with --cell-column'):
        network(tmp_path, "a,b\n1,2\n", "cell_id,CellID\n1,2\n2,1\n")
    got = network(tmp_path, "a,b\n1,2\n", "cell_id,CellID\n1,2\n2,1\n", cell="CellID")
    assert got.network.cells["cell_id"].to_pylist() == [2, 1]


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"a": "source", "b": "Source"}, r"'source' .* cannot be both --a-column and --b-column"),
        ({"junctions": "target"}, r"'target' .* cannot be both --b-column and --junctions-column"),
        ({"sample": "source"}, r"'source' .* cannot be both --a-column and --sample-column"),
        ({"sample": "grp"}, r"--sample-column: .* no column 'grp'\. Did you mean 'group'\?"),
    ],
)
def test_a_column_holds_one_thing(tmp_path: Path, named: dict[str, str], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        network(tmp_path, "source,target,group\n1,2,x\n", **named)


def test_a_column_of_cells_holds_one_thing(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"'id' .* cannot be both --sample-column and --cell-column"):
        network(tmp_path, "a,b\n1,2\n", "id,v\n1,2\n2,3\n", sample="id")


def test_the_column_of_samples_is_found_in_any_case(tmp_path: Path) -> None:
    got = network(tmp_path, "grp,source,target\nx,1,2\ny,1,3\n", sample="Grp")
    assert [sample.name for sample in got.network.samples] == ["x", "y"]
    assert got.reading.startswith('samples from "grp"')
    of_cells = network(tmp_path, "GRP,source,target\nx,1,2\ny,1,2\n", "grp,id\nx,1\nx,2\ny,1\ny,2\n", sample="Grp")
    assert of_cells.network.contacts.select(["a", "b"]).to_pydict() == {"a": [0, 2], "b": [1, 3]}


def test_names_that_rows_or_the_database_use_get_a_prefix(tmp_path: Path) -> None:
    edges = "source,target,cell_a,Cell_B,sample_b,label,from,RowID\n1,2,3,4,5,6,7,8\n"
    got = network(tmp_path, edges, "id,cell,rowid\n1,neuron,5\n2,glia,6\n", a="source", b="target", cell="id")
    assert got.network.cells.column_names == ["sample", "label", "given_cell", "given_rowid"]
    given = ["cell_a", "cell_b", "sample_b", "label", "from", "RowID"]
    assert got.network.contacts.column_names == ["a", "b", "junctions", *(f"given_{name}" for name in given)]
