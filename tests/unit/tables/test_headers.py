"""First lines of tables: headers, rows, and what may be either; separators that the lines tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cellgraph.errors import FormatError, InputError
from cellgraph.tables.reading import ReadTables, read_tables


def network(folder: Path, text: str, **options: Any) -> ReadTables:
    (folder / "network.csv").write_text(text)
    return read_tables(None, folder / "network.csv", **options)


def edges(read: ReadTables) -> list[tuple[Any, Any, int]]:
    cells = read.network.cells
    ids = cells["name" if "name" in cells.column_names else "label"].to_pylist()
    rows = read.network.contacts.select(["a", "b", "junctions"]).to_pylist()
    return [(ids[row["a"]], ids[row["b"]], row["junctions"]) for row in rows]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A,B,3\nB,C,5\nC,D,7\n", [("A", "B", 3), ("B", "C", 5), ("C", "D", 7)]),
        ("neuron,glia,3\nglia,PVC,5\n", [("neuron", "glia", 3), ("glia", "PVC", 5)]),
        ("1,2,A\n2,3,B\n", [(1, 2, 1), (2, 3, 1)]),
        ("# source,target\nA,B\nB,C\n", [("A", "B", 1), ("B", "C", 1)]),
        ("0,1\n1,2\n", [(0, 1, 1), (1, 2, 1)]),
        ("0 5 2\n5 3 7\n2 7 1\n", [(0, 5, 2), (5, 3, 7), (2, 7, 1)]),
        ("a,b\n1,2\n", [(1, 2, 1)]),
        ("a,b,n\nx,y,4\n", [("x", "y", 4)]),
        ("source,target,2020\n1,2,7\n", [(1, 2, 1)]),
        ("source,target\nx,y\n", [("x", "y", 1)]),
        ("sep=;\nsource;target;n\n1;2;5\n", [(1, 2, 5)]),
        ("\ufeffSEP=,\r\n1,2,5\r\n2,3,4\r\n", [(1, 2, 5), (2, 3, 4)]),
        ("sep=|\nsource|target\n1|2\n", [(1, 2, 1)]),
        ("source target weight\n1 2  5\n2 3 4\n", [(1, 2, 5), (2, 3, 4)]),
        ("AVAL AVAR 3\nAVAR PVC 4\n", [("AVAL", "AVAR", 3), ("AVAR", "PVC", 4)]),
        ("% sym unweighted\n% 2 3 3\n1 2\n2 3\n", [(1, 2, 1), (2, 3, 1)]),
    ],
)
def test_a_first_line_is_a_header_or_a_row(tmp_path: Path, text: str, expected: list[Any]) -> None:
    assert edges(network(tmp_path, text)) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A,B\nB,C\nC,A\n", r'first line of .*, "A", "B", may be a row .* as cells may be called so'),
        ("A,B\nC,D\n", r'first line of .*, "A", "B", may be a row .* as cells may be called so; write a header'),
        ("pre,post\npost,C\n", r"may be a row"),
        (",A,B,C\nA,0,1,2\nB,1,0,3\nC,2,3,0\n", r"is a matrix: .*\(A, B, C, …\); it must have a row for each"),
        ("cell,1,2\n1,0,4\n2,4,0\n", r"is a matrix"),
        (",1,2,3\n1,0,4,1\n2,4,0,1\n3,1,1,0\n", r"is a matrix"),
        ("0 5 2\n5 0 7\n2 7 0\n", r"is a matrix: 3 rows of 3 numbers, .*; it must have a row for each"),
        ("a,b,c\n0,5,2\n5,0,7\n2,7,0\n", r"is a matrix"),
        ("0 5 2 1\n5 0 7 0\n2 7 0 3\n1 0 3 0\n", r"is a matrix: 4 rows of 4 numbers"),
        ("0,.5,2,1\n5,0,7,0\n2,7,0,3\n1,0,4,0\n", r"is a matrix"),
        ("9,5,2,1\n5,8,7,0\n2,7,7,3\n1,0,3,6\n", r"is a matrix"),
        ("0,1,2\n1,2,5\n", r"first line of .*, 0,1,2, may be a row or number the columns; write a header"),
        (",0,1\n0,1,2\n1,2,3\n", r"is a matrix|two columns with the cells"),
    ],
)
def test_what_may_be_a_row_or_a_header_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        network(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("AVAL AVAR\nAVAR PVC\n", r"seems to be separated by spaces, as in 'AVAL AVAR', .*by commas or tabs"),
        (
            "%%MatrixMarket matrix coordinate\n% x\n3 3 1\n1 2 5\n",
            "Matrix Market format, but must be a table with a row",
        ),
    ],
)
def test_other_layouts_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        network(tmp_path, text)


def test_a_row_of_0_and_1_is_told(tmp_path: Path) -> None:
    assert any("0 and 1, is read as a row" in note for note in network(tmp_path, "0,1\n1,2\n").notes)


def test_a_header_behind_a_mark_above_text(tmp_path: Path) -> None:
    (tmp_path / "cells.csv").write_text("// Lacuna, Type\n1,A\n2,B\n3,B\n")
    cells = read_tables(tmp_path / "cells.csv").network.cells
    assert cells.select(["label", "Type"]).to_pydict() == {"label": [1, 2, 3], "Type": ["A", "B", "B"]}


def test_texts_of_several_words_alone_are_a_column(tmp_path: Path) -> None:
    (tmp_path / "cells.csv").write_text("neuron\nT cell 1\nB cell\n")
    assert read_tables(tmp_path / "cells.csv").network.cells["name"].to_pylist() == ["T cell 1", "B cell"]
