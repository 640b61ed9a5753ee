"""What a load tells of tables that are read otherwise than they may be meant, and what it refuses."""

from __future__ import annotations

import decimal
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from cellgraph.errors import FormatError, InputError
from cellgraph.tables.reading import ReadTables, read_tables


def read(folder: Path, cells: str | None = None, network: str | None = None, **options: Any) -> ReadTables:
    paths = {}
    for name, text in (("cells", cells), ("network", network)):
        if text is not None:
            paths[name] = folder / f"{name}.csv"
            paths[name].write_text(text)
    return read_tables(**paths, **options)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("cell,v\n1,2.5\n2,n.d.\n3,4\n", "The column \"v\" of {} is text, as 'n.d.' in row 2 is no number."),
        ('cell,v\n1,"1,5"\n2,"2,25"\n', "The column \"v\" of {} is text, as '1,5' in row 1 is no number."),
        ("cell,v\n1,a\n2,b\n3,4\n", None),
        ("cell,v\n1,x\nA7,y\n3,z\n", "The column \"cell\" of {} is text, as 'A7' in row 2 is no number."),
    ],
)
def test_a_text_among_numbers_is_told(tmp_path: Path, text: str, note: str | None) -> None:
    told = [one for one in read(tmp_path, text).notes if "is no number" in one]
    assert told == ([] if note is None else [note.format(tmp_path / "cells.csv")])


def test_decimal_commas_may_have_exponents(tmp_path: Path) -> None:
    got = read(tmp_path, "cell;v\n1;1,5E-03\n2;2,5\n")
    assert got.network.cells["v"].to_pylist() == [0.0015, 2.5]
    assert any("1,5E-03 is read as 1.5E-03" in note for note in got.notes)


def test_pairs_in_both_directions_and_cells_with_themselves_are_told(tmp_path: Path) -> None:
    rows = "source,target,n\n1,2,4\n2,1,4\n2,3,5\n3,3,1\n1,1,1\n"
    notes = read(tmp_path, None, rows).notes
    assert any("1 of 2 pairs of cells" in note and "with the same junctions, which add up" in note for note in notes)
    assert any(note.startswith("2 relationships join a cell each") and "no contacts" in note for note in notes)
    assert any("no contacts" in note for note in read(tmp_path, None, rows, directed=True).notes)
    notes = read(tmp_path, None, "source,target,n\n1,2,4\n2,1,3\n2,3,5\n").notes
    assert not any("add up" in note for note in notes)


def test_relationships_of_several_kinds_of_objects_are_refused(tmp_path: Path) -> None:
    header = "Relationship,First Object Name,First Object Number,Second Object Name,Second Object Number\n"
    for rows, mixed in (
        ("Neighbors,Cells,1,Cells,2\nParent,Cells,1,Cells,2\n", r'"Relationship" .* mix Neighbors, Parent'),
        ("Parent,Nuclei,1,Cells,2\nParent,Nuclei,2,Cells,1\n", r'"First Object Name", .* mix Cells, Nuclei'),
        ("Neighbors,Cells,1,Cells,2\nNeighbors,Nuclei,1,Nuclei,2\n", r"mix Cells, Nuclei: .* keep the rows of one"),
    ):
        with pytest.raises(InputError, match=mixed):
            read(tmp_path, None, header + rows)
    one = read(tmp_path, None, header + "Neighbors,Cells,1,Cells,2\nNeighbors,Cells,2,Cells,3\n")
    assert one.network.cells.num_rows == 3


def test_cells_without_ids_that_relationships_name_otherwise(tmp_path: Path) -> None:
    for network in ("a,b\nAAAC,AAAG\n", "a,b\n1,7\n"):
        with pytest.raises(InputError, match=r"numbered by their rows, .* name it with --cell-column"):
            read(tmp_path, "barcode,v\nAAAC,1\nAAAG,2\n", network)


def test_a_pointer_of_git_lfs_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"with the cells, but it is a Git LFS pointer"):
        read(tmp_path, "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n")


def test_whole_decimals_are_exact() -> None:
    large = 2**53 + 1
    column = pa.array([decimal.Decimal(large)], pa.decimal128(20, 0))
    got = read_tables(pa.table({"cell": [1], "root": column, "half": pa.array([decimal.Decimal("0.5")])}))
    assert got.network.cells.select(["root", "half"]).to_pylist() == [{"root": large, "half": 0.5}]
    with pytest.raises(InputError, match="'root' of the cells holds decimal128"):
        read_tables(pa.table({"cell": [1], "root": pa.array([decimal.Decimal(2**64)], pa.decimal128(20, 0))}))


def test_a_sample_that_is_named_anew_keeps_its_name_as_a_property(tmp_path: Path) -> None:
    sample = read(tmp_path, "image,cell\nx7,1\nx7,2\n", sample="mine").network.samples[0]
    assert (sample.name, sample.extra) == ("mine", {"given_sample": "x7"})


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("source,target\n001,2\n2,010\n", r'^The ids in "source" of .* are numbers: 001 is read as 1\.$'),
        ("source,target\r1,2\r2,010\r", r'^The ids in "target" of .* are numbers: 010 is read as 10\.$'),
        ("source target\n1  2\n2   010\n", r'^The ids in "target" of .* are numbers: 010 is read as 10\.$'),
        ("source,target\n1,2\n2,-1\n3,-1\n", r'^Ids below 0 in "target" of .*, as -1, are cells, too \(rows: 2\)'),
        (
            "source,target\n\"1\",2\n'2',3\n",
            r"""^The single quotes in the column "source" of .*, as '2' in row 2, belong""",
        ),
    ],
)
def test_ids_that_may_be_meant_otherwise_are_told(tmp_path: Path, text: str, note: str) -> None:
    (tmp_path / "edges.csv").write_bytes(text.encode())
    found = [one for one in read_tables(None, tmp_path / "edges.csv").notes if re.search(note, one)]
    assert len(found) == 1


@pytest.mark.parametrize("text", ["source,target\n0,1\n1,2\n", "source,target\n001,A\n002,B\n"])
def test_ids_that_stay_as_they_are_are_not_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "edges.csv").write_text(text)
    assert not any("is read as" in one for one in read_tables(None, tmp_path / "edges.csv").notes)


def test_a_byte_order_mark_inside_a_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "edges.csv").write_text("source,target\n1,2\n\ufeff2,3\n")
    with pytest.raises(InputError, match=r"row 2 of .* begins with a byte-order mark .*; remove the mark"):
        read_tables(None, tmp_path / "edges.csv")
