"""Values come as they stand in the file: text that looks like numbers or times, quotes, encodings, empty columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from cellgraph.errors import FormatError, InputError, ParameterError
from cellgraph.tables.reading import Columns, ReadTables, read_tables


def read(folder: Path, cells: str | None = None, network: str | None = None, **options: Any) -> ReadTables:
    """Read tables that are written to files first; `samples` is text too."""
    paths = {}
    for name, text in (("cells", cells), ("network", network), ("samples", options.pop("samples", None))):
        if text is not None:
            paths[name] = folder / f"{name}.csv"
            paths[name].write_text(text)
    return read_tables(**paths, **options)


def names(got: ReadTables) -> list[str]:
    return [sample.name for sample in got.network.samples]


# samples ----------------------------------------------------------------------------------------------------


def test_samples_are_named_as_written(tmp_path: Path) -> None:
    for written in (["1.1", "1.10", "1.2"], ["001", "1", "01"], ["10:12", "10:12:00"], ["1E5", "100000"],
                    ["2024-01-05 10:00:00"], ["True", "false"]):  # fmt: skip
        got = read(tmp_path, "sample,cell\n" + "".join(f"{name},{n}\n" for n, name in enumerate(written)))
        assert sorted(names(got)) == sorted(written)
        edges = "sample,source,target\n" + "".join(f"{name},1,2\n" for name in written)
        assert sorted(names(read(tmp_path, None, edges))) == sorted(written)
    assert names(read(tmp_path, "sample,cell\n1.0,1\n2.0,2\n", samples="id,name\n1,01\n2,02\n")) == ["01", "02"]


def test_samples_of_cells_relationships_and_samples_meet_as_text(tmp_path: Path) -> None:
    got = read(
        tmp_path,
        "mouse,cell\n1.1,1\n1.10,1\n",
        "mouse,source,target\n1.1,1,1\n1.10,1,1\n",
        samples="mouse,mass\n1.10,5\n1.1,7\n",
        named=Columns(sample="Mouse"),
    )
    assert [(sample.name, sample.extra) for sample in got.network.samples] == [
        ("1.10", {"mass": 5}),
        ("1.1", {"mass": 7}),
    ]
    assert got.network.contacts["a"].to_pylist() == [1, 0]


# ids --------------------------------------------------------------------------------------------------------


def test_ids_that_look_like_times_are_text(tmp_path: Path) -> None:
    got = read(tmp_path, "cell,fed\n01:12,05:30\n01:13,\n", "source,target\n01:13,01:12\n")
    assert got.network.cells["name"].to_pylist() == ["01:12", "01:13"]
    assert got.network.cells["fed"].to_pylist() == ["05:30", None]
    assert got.network.contacts.select(["a", "b"]).to_pylist() == [{"a": 1, "b": 0}]


@pytest.mark.parametrize(
    ("rows", "column", "ids"),
    [
        ("1.0,2\nA,3\nB,1\n", "name", ["1", "2", "3", "A", "B"]),
        ("1.5,2\nA,1.0\n1.0,A\n", "name", ["1.0", "1.5", "2", "A"]),
        ("1E5,2\n2E5,1E5\n", "name", ["1E5", "2", "2E5"]),
        ("1e+05,2\n1.0,1e+05\n", "label", [1, 2, 100_000]),
        ("007,7\n", "label", [7]),
    ],
)
def test_ids_are_numbers_or_the_text_in_the_file(tmp_path: Path, rows: str, column: str, ids: list[Any]) -> None:
    assert read(tmp_path, None, "source,target\n" + rows).network.cells[column].to_pylist() == ids


def test_digits_of_other_scripts_are_no_numbers(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'weight' .* must hold whole numbers, but row 1 has '３'"):
        read(tmp_path, None, "source,target,weight\n1,2,３\n2,3,4\n")
    with pytest.raises(InputError, match=r"'source' .* must hold whole numbers, but row 2 has '２'"):
        read(tmp_path, "cell\n1\n2\n", "source,target\n1,2\n２,1\n")


# quotes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('cell\tkind\n1\tA\n2\t"B\n3\tC\n4\tD\n', r"row 2 of .* begins with a quote which is not closed"),
        ('cell\n1\n"2\n', r"row 2 of .* not closed"),
        ('cell,kind\n1,"a\n2,b\n3,c\n4,"d\n5,e\n', r"row 1 of the column 'kind' .* holds whole rows"),
        ('cell,kind,n\n1,x,5\n2,"a,5\n3,"b,6\n', r"row 2 of the column 'kind' .* holds whole rows"),
    ],
)
def test_a_quote_that_swallows_rows_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read(tmp_path, text)


def test_quotes_that_belong_to_values_are_kept(tmp_path: Path) -> None:
    got = read(tmp_path, 'cell,size,note\n1,5" dish,"two\nlines, ""so"""\n2,"a,b",\n').network.cells
    assert got["size"].to_pylist() == ['5" dish', "a,b"]
    assert got["note"].to_pylist() == ['two\nlines, "so"', None]


# encodings --------------------------------------------------------------------------------------------------


def test_a_character_over_the_end_of_the_first_bytes_is_text(tmp_path: Path) -> None:
    for shift in range(4):
        file = tmp_path / "cells.csv"
        file.write_text("cell,note\n1," + "x" * shift + "é" * 4000 + "\n", encoding="utf-8")
        assert read_tables(file).network.cells.num_rows == 1


def test_another_encoding_further_down_is_told_with_its_row(tmp_path: Path) -> None:
    file = tmp_path / "cells.csv"
    file.write_bytes(b"cell,note\n" + b"".join(b"%d,plain\n" % n for n in range(1, 1001)) + b"1001,gr\xf6n\n")
    with pytest.raises(FormatError, match=r"must be text in UTF-8, but row 1001 has the byte 0xf6, as other encodings"):
        read_tables(file)


# empty columns ----------------------------------------------------------------------------------------------


def test_columns_without_values_are_left_out_with_a_note(tmp_path: Path) -> None:
    got = read(tmp_path, "cell,score,kind\n1,,a\n2,,b\n", "source,target,weight,area\n1,2,3,\n")
    assert got.network.cells.column_names == ["sample", "label", "kind"]
    assert got.network.contacts.column_names == ["a", "b", "junctions"]
    told = [note for note in got.notes if "no value in any row" in note]
    assert len(told) == 2
    assert '"score"' in told[0]
    assert '"area"' in told[1]
    with pytest.raises(InputError, match=r"'weight' .* no value in row 1"):
        read(tmp_path, "cell\n1\n2\n", "source,target,weight\n1,2,\n")


def test_empty_columns_with_a_type_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "cells.parquet"
    parquet.write_table(pa.table({"cell": [1], "score": pa.array([None], pa.float64()), "x": pa.nulls(1)}), file)
    assert read_tables(file).network.cells.column_names == ["sample", "label", "score"]


def test_rows_with_0_junctions_are_no_contacts_and_their_cells_stay(tmp_path: Path) -> None:
    (tmp_path / "edges.csv").write_text("source,target,weight\n1,2,0\n2,3,7\n1,3,0\n1,1,0\n4,5,0\n")
    read = read_tables(None, tmp_path / "edges.csv")
    assert read.network.cells["label"].to_pylist() == [1, 2, 3, 4, 5]
    assert read.network.contacts.to_pylist() == [{"a": 1, "b": 2, "junctions": 7}]
    (note,) = (note for note in read.notes if "left out" in note)
    assert note.startswith('4 rows with 0 in "weight" of ')
    assert "--junctions-column none" in note
    assert not any("itself" in note for note in read.notes)
    every = read_tables(None, tmp_path / "edges.csv", named=Columns(junctions="none"))
    assert every.network.contacts["junctions"].to_pylist() == [1] * 5
    (tmp_path / "two.csv").write_text("source,target,weight\n1,2,0\n2,1,0\n2,3,7\n3,2,8\n")
    with pytest.raises(InputError, match="rows 3 and 4, but with 7 and 8 junctions"):
        read_tables(None, tmp_path / "two.csv", symmetric=True)


def test_rows_without_junctions_are_kept_where_cells_touch_otherwise(tmp_path: Path) -> None:
    (tmp_path / "edges.csv").write_text(
        "cell_a,cell_b,junctions,expanded_junctions\n1,2,0,4\n2,3,7,9\n1,3,0,0\n3,4,0,\n"
    )
    read = read_tables(None, tmp_path / "edges.csv")
    assert read.network.contacts["expanded_junctions"].to_pylist() == [4, 9]


@pytest.mark.parametrize(("column", "none"), [("touching\n1,2,False\n2,3,True", "false"), ("value\n1,2,0\n2,3,1", "0")])
def test_other_columns_leave_no_row_out_and_that_is_told(tmp_path: Path, column: str, none: str) -> None:
    (tmp_path / "edges.csv").write_text(f"source,target,{column}\n")
    read = read_tables(None, tmp_path / "edges.csv")
    assert read.network.contacts.num_rows == 2
    assert any(f"is kept as a property: rows in which it is {none} are" in note for note in read.notes)


def test_columns_with_samples_are_named_as_in_the_file(tmp_path: Path) -> None:
    pairs = "First Image Number,First Object Number,Second Image Number,Second Object Number\n1,1,1,2\n2,1,2,3\n"
    told = read(tmp_path, network=pairs).reading
    assert told.startswith('samples from "First Image Number", "Second Image Number" · contacts "First Object Number"')
    assert read(tmp_path, network="animal,id1,id2\nx,1,2\n").reading.startswith('samples from "animal" · ')
    with pytest.raises(InputError, match=r"samples in the column 'First Image Number' of .* not in the table"):
        read(tmp_path, network=pairs, samples="id,name\n1,x\n")
    with pytest.raises(ParameterError, match="as the column 'First Image Number'"):
        read(tmp_path, network=pairs, sample="mine")


def test_a_column_called_cell_may_hold_the_samples_of_an_edge_list(tmp_path: Path) -> None:
    network = "cell,x,y\nk,1,2\nk,2,3\n"
    got = read(tmp_path, network=network, named=Columns(sample="cell", a="x", b="y")).network
    assert got.cells.to_pylist() == [{"sample": "k", "label": label} for label in (1, 2, 3)]
