"""Tables as programs and people write them: each comes out right, or is refused in a sentence."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from cellgraph.errors import CellgraphError, FormatError, InputError, ParameterError
from cellgraph.tables.reading import ReadTables, read_tables


def network(folder: Path, text: str | bytes, name: str = "network.csv", **options: Any) -> ReadTables:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_tables(None, path, **options)


def edges(read: ReadTables) -> list[tuple[Any, Any, int]]:
    """Return the relationships by name or label of their cells, with junctions."""
    cells = read.network.cells
    ids = cells["name" if "name" in cells.column_names else "label"].to_pylist()
    rows = read.network.contacts.select(["a", "b", "junctions"]).to_pylist()
    return [(ids[row["a"]], ids[row["b"]], row["junctions"]) for row in rows]


NUMBERS = [(1, 2, 16), (3, 2, 5)]


@pytest.mark.parametrize(
    ("text", "contacts", "junctions"),
    [
        ("// Sample: a, b\n// Component 1, Component 2, Voxels\n1, 2, 16\n3, 2, 5\n", "Component 1", "Voxels"),
        ("# made by us\n#source\ttarget\tweight\n1\t2\t16\n3\t2\t5\n", "source", "weight"),
        ("# made by us\n\nsource,target,No.Juncs\n1,2,16\n3,2,5\n", "source", "No.Juncs"),
        ("1,2,16\n3,2,5\n", "column_1", "column_3"),
        ("1 2 16\n3   2 5\n", "column_1", "column_3"),
        ("\ufeffpre;post;n\r\n1;2;16\r\n3;2;5\r\n", "pre", "n"),
        (",pre_root_id,post_root_id,syn_count\n0,1,2,16\n1,3,2,5\n", "pre_root_id", "syn_count"),
        ("from_id,to_id,weight\n1.0,2.0,16.0\n3.0,2.0,5.0\n", "from_id", "weight"),
        ("Object,Neighbor,count\n1,2,16\n3,2,5\n", "Object", "count"),
        ('"cell_a","cell_b","junctions","count"\n"1","2","16","9"\n"3","2","5","9"\n', "cell_a", "junctions"),
    ],
)
def test_an_edge_list_alone(tmp_path: Path, text: str, contacts: str, junctions: str) -> None:
    for read in (
        network(tmp_path, text),
        network(tmp_path, gzip.compress(text.encode()), "network.csv.gz"),
    ):
        assert edges(read) == NUMBERS
        assert read.network.samples[0].name == "network"
        assert read.network.cells["label"].to_pylist() == [1, 2, 3]
        assert read.reading.startswith(f'contacts "{contacts}", "')
        assert read.reading.endswith(f' · junctions from "{junctions}"')
        assert any(note.startswith("There is no table of cells") for note in read.notes)


def test_names_alone_without_header(tmp_path: Path) -> None:
    read = network(tmp_path, "AVBR, AVAL ,3\nAVAL,PVC,4\n")
    assert edges(read) == [("AVBR", "AVAL", 3), ("AVAL", "PVC", 4)]
    assert read.network.cells["name"].to_pylist() == ["AVAL", "AVBR", "PVC"]
    assert any("has no header" in note for note in read.notes)
    assert any(note.startswith('Spaces around the text in the column "column_2"') for note in read.notes)


def test_padded_names_are_those_of_the_cells(tmp_path: Path) -> None:
    cells = tmp_path / "cells.csv"
    cells.write_text("neuron,Name\n AVAL,x\nAVBR ,y\n")
    edge = tmp_path / "edges.csv"
    edge.write_text("Neuron 1,Neuron 2,Nbr\nAVBR,AVAL ,3\n")
    read = read_tables(cells, edge)
    assert edges(read) == [("AVBR", "AVAL", 3)]
    assert read.reading == 'cells from "neuron" · contacts "Neuron 1", "Neuron 2" · junctions from "Nbr"'
    assert sum("Spaces around" in note for note in read.notes) == 2


def test_lacunae_behind_comments(tmp_path: Path) -> None:
    cells = tmp_path / "cells.csv"
    cells.write_text("// Sample: x, y:(1.0)\n//LACUNA_NUMBER, VOLUME, ANGLE \n1, 0.5 , NaN\n2, 1.5, 3.0\n")
    edge = tmp_path / "edges.csv"
    edge.write_text("// Component 1, Component 2, Voxels\n" + "1, 2, 16\n" * 20)
    read = read_tables(cells, edge)
    assert (
        read.reading == 'cells from "LACUNA_NUMBER" · contacts "Component 1", "Component 2" · junctions from "Voxels"'
    )
    assert read.network.cells.to_pylist() == [
        {"sample": "cells", "label": 1, "volume": 0.5, "ANGLE": None},
        {"sample": "cells", "label": 2, "volume": 1.5, "ANGLE": 3.0},
    ]
    assert set(read.network.contacts["junctions"].to_pylist()) == {16}
    assert any('Every number in "Voxels"' in note and "kept as given" in note for note in read.notes)


def test_decimal_commas_are_told(tmp_path: Path) -> None:
    read = network(tmp_path, "source;target;weight;area;text\n1;2;10;1,5;1,5 m\n2;3;5;2,250;x\n")
    assert read.network.contacts["area"].to_pylist() == [1.5, 2.25]
    assert read.network.contacts["text"].to_pylist() == ["1,5 m", "x"]
    assert any('"area"' in note and "1,5 is read as 1.5" in note for note in read.notes)


def test_ids_of_64_bits_are_exact_and_may_be_negative(tmp_path: Path) -> None:
    read = network(tmp_path, "a,b\n9007199254740993,9007199254740992\n-9223372036854775808,9223372036854775807\n")
    assert read.network.cells["label"].to_pylist() == [-(2**63), 2**53, 2**53 + 1, 2**63 - 1]
    assert edges(read) == [(2**53 + 1, 2**53, 1), (-(2**63), 2**63 - 1, 1)]


def test_samples_of_the_network_alone(tmp_path: Path) -> None:
    read = network(tmp_path, "image,Object,Neighbor\nx,1,2\ny,2,1\n")
    assert [sample.name for sample in read.network.samples] == ["x", "y"]
    assert read.network.cells.select(["sample", "label"]).to_pydict() == {
        "sample": ["x", "x", "y", "y"],
        "label": [1, 2, 1, 2],
    }
    assert read.network.contacts.select(["a", "b"]).to_pydict() == {"a": [0, 3], "b": [1, 2]}
    assert read.reading == 'samples from "image" · contacts "Object", "Neighbor"'


# directions -------------------------------------------------------------------------------------------------

BOTH = "a,b,n,kind\n1,2,4,x\n2,3,5,y\n2,1,4,x\n3,2,5,y\n3,3,1,z\n"


def test_both_directions_are_not_loaded_unasked(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"each pair of cells in both directions \(2 in all.*--symmetric.*--directed"):
        network(tmp_path, BOTH)
    once = network(tmp_path, BOTH, symmetric=True)
    assert edges(once) == [(1, 2, 4), (2, 3, 5), (3, 3, 1)]
    assert "(symmetric, each pair once)" in once.reading
    directed = network(tmp_path, BOTH, directed=True)
    assert directed.network.contacts.num_rows == 5
    assert directed.network.samples[0].extra == {"directed": True}
    with pytest.raises(ParameterError, match="exclude each other"):
        network(tmp_path, BOTH, directed=True, symmetric=True)


def test_pairs_that_are_listed_unequally_often_are_relationships(tmp_path: Path) -> None:
    read = network(tmp_path, "a,b\n1,2\n2,1\n2,1\n3,1\n3,2\n")
    assert edges(read) == [(1, 2, 1), (2, 1, 1), (2, 1, 1), (3, 1, 1), (3, 2, 1)]
    assert "(1 of 3 pairs in both directions, each row kept)" in read.reading


def test_symmetric_folds_what_is_the_same(tmp_path: Path) -> None:
    rows = "a,b,n,kind\n2,1,1,elec\n1,2,1,chem\n1,2,1,elec\n2,1,1,chem\n2,3,7,chem\n"
    read = network(tmp_path, rows, symmetric=True)
    assert read.network.contacts.select(["a", "b", "kind"]).to_pydict() == {
        "a": [1, 0, 1],
        "b": [0, 1, 2],
        "kind": ["elec", "chem", "chem"],
    }
    assert any("1 relationship stands" in note for note in read.notes)
    assert not any("differ" in note for note in read.notes)


def test_symmetric_tells_and_refuses_what_differs(tmp_path: Path) -> None:
    read = network(tmp_path, ",a,b,n\n0,1,2,4\n1,2,1,4\n", symmetric=True)
    assert any('differ in "column_1": the value of the upper row is kept' in note for note in read.notes)
    with pytest.raises(InputError, match=r"same two cells in rows 1 and 2, but with 4 and 5 junctions"):
        network(tmp_path, "a,b,n\n1,2,4\n2,1,5\n", symmetric=True)


# refused ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("source,target,weight,count\n1,2,3,4\n", r'2 columns that may hold the junctions: "weight", "count"; say'),
        ("pre,post,source,target\n1,2,3,4\n", r'several pairs .*: "source", "target" or "pre", "post"; say which'),
        ("image,animal,a,b\nx,y,1,2\n", r'2 columns that may hold the sample: "animal", "image"; say'),
        ("source,target,source\n1,2,3\n", r"two columns 'source', the columns 1 and 3; rename"),
        ("source,target\n1.5,2\n", r"'source' .* whole numbers, but row 1 has 1\.5"),
        ("source,target\n7.20576E+17,2\n", r"row 1 has 7\.20576e\+17, which is not exact \(a spreadsheet"),
        ("source,target\n1,2\n3,NaN\n", r"'target' .* no value in row 2"),
        ("source,target\nA,B\nC, \n", r"'target' .* no value in row 2"),
        ("source,target\n1,2\n# end,3\n", r"row 2 of .* begins with '# end', as a comment does"),
        ("source,target\n", r"a header but no relationships.*give --cells too"),
        ("// source, target\n", r"a header but no relationships"),
        ("1,2,3,4\n5,6,7,8\n", r"it has column_1, column_2, column_3, column_4; name them with --a-column"),
        ("AVAL,AVBR\n", r"it has AVAL, AVBR; name them .*, or add a header if its first line is a row"),
        ("source;target;area\n1;2;1,500\n", r"a comma, as 1,500, which may be a decimal comma or separate thousands"),
    ],
)
def test_what_cannot_be_known_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        network(tmp_path, text)


@pytest.mark.parametrize(
    ("contents", "name", "message"),
    [
        (gzip.compress(b"source,target\n1,2\n", mtime=0)[:-9], "n.csv.gz", "damaged gzip file"),
        (b"// nothing\n# at all\n", "n.csv", "holds comment lines only"),
        (b'"' + b"x" * 200_000, "n.csv", "is not a table: field larger"),
    ],
)
def test_files_without_a_table(tmp_path: Path, contents: bytes, name: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        network(tmp_path, contents, name)


def test_cells_with_two_ids_or_without_header(tmp_path: Path) -> None:
    cells = tmp_path / "cells.csv"
    edge = tmp_path / "edges.csv"
    edge.write_text("source,target\n1,2\n")
    cells.write_text("id,label\n1,2\n2,1\n")
    with pytest.raises(InputError, match=r'2 columns that may hold the id of each cell: "label", "id"; say which'):
        read_tables(cells, edge)
    cells.write_text("1,0.5\n2,0.25\n")
    with pytest.raises(InputError, match=r"no header, and 2 columns; .*--cell-column column_1"):
        read_tables(cells, edge)
    cells.write_text("1\n2\n")
    assert read_tables(cells, edge).network.cells["label"].to_pylist() == [1, 2]


def test_a_network_must_be_there() -> None:
    with pytest.raises(ParameterError, match="--network"):
        read_tables(None, None)
    with pytest.raises(CellgraphError):
        read_tables(None, Path("absent.csv"))
