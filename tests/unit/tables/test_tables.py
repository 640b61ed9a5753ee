"""Networks from tables: the textbook case, columns by their names, and every sentence about bad tables."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import csv, parquet
from six_cells import joined, pair, six_cells

from cellgraph.errors import (
    CellgraphError,
    ExistsError,
    FormatError,
    InputError,
    NotFoundError,
    ParameterError,
)
from cellgraph.model import Network
from cellgraph.stores import open_store
from cellgraph.tables.importing import load_tables
from cellgraph.tables.reading import Columns, read_tables

ANIMALS = "id,weight\n1,100\n2,40\n3,80\n"
CELLS = "animal,type,density,volume\n1,Cancer,0.5,1.00\n1,Healthy,1.0,2.00\n2,Cancer,0.5,0.95\n"
NETWORK = "id1,id2,junctions\n1,2,800\n1,3,40\n3,1,300\n"


def read_network(*tables: Any, **options: Any) -> tuple[Network, tuple[str, ...]]:
    """Return the network of some tables, and the notes."""
    read = read_tables(*tables, **options)
    return read.network, read.notes


class Tables:
    """Writes tables to files, and reads them as a network."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def read(self, cells: str, network: str, samples: str | None = None, **options: Any) -> Network:
        """Read tables; the option `name` is the sample's, all others are names of columns."""
        return self.read_with_notes(cells, network, samples, **options)[0]

    def read_with_notes(
        self,
        cells: str,
        network: str,
        samples: str | None = None,
        *,
        name: str | None = None,
        symmetric: bool = False,
        directed: bool = False,
        **options: str,
    ) -> tuple[Network, tuple[str, ...]]:
        paths = (self.write("cells.csv", cells), self.write("network.csv", network))
        third = None if samples is None else self.write("samples.csv", samples)
        ways = {"symmetric": symmetric, "directed": directed}
        return read_network(*paths, third, sample=name, named=Columns(**options), **ways)


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    return Tables(tmp_path)


def relationships(network: Network) -> list[tuple[Any, ...]]:
    """Return the relationships as (sample, label, sample, label, junctions)."""
    cells = list(zip(network.cells["sample"].to_pylist(), network.cells["label"].to_pylist(), strict=True))
    rows = network.contacts.select(["a", "b", "junctions"]).to_pylist()
    return [(*cells[row["a"]], *cells[row["b"]], row["junctions"]) for row in rows]


# the textbook case ------------------------------------------------------------------------------------------


def test_the_textbook_case_in_a_database(tables: Tables) -> None:
    database = tables.folder / "textbook.db"
    report = load_tables(
        tables.write("cells.csv", CELLS),
        tables.write("network.csv", NETWORK),
        tables.write("animals.csv", ANIMALS),
        db=database,
    )
    assert (report.samples, report.cells, report.relationships) == (("1", "2", "3"), 3, 3)
    with open_store(database) as store:

        def rows(cypher: str) -> list[tuple[Any, ...]]:
            return [tuple(row.values()) for row in store.run(cypher).to_pylist()]

        connections = "MATCH (c:Cell)-[t:TOUCHES]-(:Cell) RETURN c.label AS cell, count(t) AS n ORDER BY cell"
        assert rows(connections) == [(1, 3), (2, 1), (3, 2)]
        assert rows("MATCH (c:Cell) WHERE c.type = 'Cancer' RETURN avg(c.volume) AS mean") == [(0.975,)]
        heavy = "MATCH (s:Sample)-[:HAS_CELL]->(c:Cell) WHERE s.weight > 80 RETURN c.label AS cell ORDER BY cell"
        assert rows(heavy) == [(1,), (2,)]
        given = "MATCH (m:Cell)-[t:TOUCHES]->(n:Cell) RETURN m.label AS a, n.label AS b, t.junctions AS faces"
        assert sorted(rows(given)) == [(1, 2, 800), (1, 3, 40), (3, 1, 300)]
        assert store.sample_names() == ["1", "2", "3"]


def test_the_textbook_case_as_a_network(tables: Tables) -> None:
    network, notes = tables.read_with_notes(CELLS, NETWORK, ANIMALS)
    assert [(sample.name, sample.extra) for sample in network.samples] == [
        ("1", {"weight": 100}),
        ("2", {"weight": 40}),
        ("3", {"weight": 80}),
    ]
    assert {(sample.connectivity, sample.background, sample.shape) for sample in network.samples} == {(0, None, ())}
    assert network.cells.to_pylist() == [
        {"sample": "1", "label": 1, "type": "Cancer", "density": 0.5, "volume": 1.0},
        {"sample": "1", "label": 2, "type": "Healthy", "density": 1.0, "volume": 2.0},
        {"sample": "2", "label": 3, "type": "Cancer", "density": 0.5, "volume": 0.95},
    ]
    assert network.contacts.to_pylist() == [
        {"a": 0, "b": 1, "junctions": 800},
        {"a": 0, "b": 2, "junctions": 40},
        {"a": 2, "b": 0, "junctions": 300},
    ]
    assert notes == (
        f"{tables.folder / 'cells.csv'} has no column with ids: cells are numbered by their rows, from 1.",
    )


def test_loading_again_needs_replace(tables: Tables) -> None:
    database = tables.folder / "textbook.db"
    files = (tables.write("cells.csv", CELLS), tables.write("network.csv", NETWORK))
    load_tables(*files, db=database)
    with pytest.raises(ExistsError, match="--replace"):
        load_tables(*files, db=database)
    tables.write("network.csv", "id1,id2,junctions\n1,2,5\n")
    assert load_tables(*files, db=database, replace=True).relationships == 1
    with open_store(database) as store:
        assert store.run("MATCH ()-[t:TOUCHES]->() RETURN t.junctions AS n").to_pylist() == [{"n": 5}]


# files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_csv_dialects(tables: Tables, separator: str, mark: str, newline: str) -> None:
    cells, network = (mark + text.replace(",", separator).replace("\n", newline) for text in (CELLS, NETWORK))
    expected = tables.read(CELLS, NETWORK)
    got = tables.read(cells, network)
    assert got.cells == expected.cells
    assert got.contacts == expected.contacts


def test_parquet_and_data_frames_give_the_same(tables: Tables) -> None:
    expected = tables.read(CELLS, NETWORK)
    cells = pa.table(
        {
            "animal": pa.array([1, 1, 2], pa.uint8()),
            "type": pa.array(["Cancer", "Healthy", "Cancer"]).dictionary_encode(),
            "density": pa.array([0.5, 1.0, 0.5], pa.float32()),
            "volume": pa.array([1.0, 2.0, 0.95]),
        }
    )
    network = pa.table({"id1": [1.0, 1.0, 3.0], "id2": [2, 3, 1], "junctions": pa.array([800, 40, 300], pa.uint16())})
    parquet.write_table(cells, tables.folder / "cells.parquet")
    parquet.write_table(network, tables.folder / "network.pq")
    files = read_network(tables.folder / "cells.parquet", tables.folder / "network.pq")[0]
    frames = read_network(cells, network)[0]
    for got in (files, frames):
        assert got.cells == expected.cells
        assert got.contacts == expected.contacts
    assert frames.samples[0].source == ""


def test_other_columns_keep_name_and_type(tables: Tables) -> None:
    cells = (
        'label,type,volume,cut,born,seen,note,empty\n5,T,2,true,2024-02-29,2024-02-29 12:30:00,"a, b",\n7,NA,NA,,,,,\n'
    )
    network, notes = tables.read_with_notes(cells, "a,b,junctions,strength,kind\n7,5,1,0.5,tight\n")
    assert any('column "empty" of' in note and "no value in any row, and is left out" in note for note in notes)
    table = network.cells
    assert {field.name: str(field.type) for field in table.schema} == {
        "sample": "string",
        "label": "int64",
        "type": "string",
        "volume": "int64",
        "cut": "bool",
        "born": "string",
        "seen": "string",
        "note": "string",
    }
    assert table.to_pylist() == [
        {"sample": "cells", "label": 5, "type": "T", "volume": 2, "cut": True, "born": "2024-02-29"}
        | {"seen": "2024-02-29T12:30:00", "note": "a, b"},
        {"sample": "cells", "label": 7, "type": None, "volume": None, "cut": None, "born": None}
        | {"seen": None, "note": None},
    ]
    assert network.contacts.to_pylist() == [{"a": 1, "b": 0, "junctions": 1, "strength": 0.5, "kind": "tight"}]


def test_dates_of_parquet_become_text(tables: Tables) -> None:
    cells = pa.table({"id": [1], "born": [datetime.date(2024, 2, 29)], "seen": [datetime.datetime(2024, 2, 29, 1, 2)]})
    network = read_network(cells, pa.table({"a": [1], "b": [1]}))[0]
    assert network.cells["born"].to_pylist() == ["2024-02-29"]
    assert network.cells["seen"].to_pylist() == ["2024-02-29T01:02:00.000000"]


def test_tables_that_cellgraph_printed_come_back(tables: Tables) -> None:
    graphs = [six_cells(), pair()]
    printed = {
        kind: pa.concat_tables(
            [table.add_column(0, "sample", [pa.array([graph.sample.name] * len(table))]) for graph, table in some]
        )
        for kind, some in {
            "cells": [(graph, graph.cells.rename_columns({"label": "cell"})) for graph in graphs],
            "contacts": [(graph, graph.contacts) for graph in graphs],
        }.items()
    }
    for kind, table in printed.items():
        csv.write_csv(table, tables.folder / f"{kind}.csv")
    read = read_network(tables.folder / "cells.csv", tables.folder / "contacts.csv")[0]
    expected = joined(*graphs)
    # Columns without any value have no type in CSV.
    known = [name for name in expected.cells.column_names if expected.cells[name].null_count < len(expected.cells)]
    assert read.cells.select(known).cast(expected.cells.select(known).schema) == expected.cells.select(known)
    assert read.contacts.select(expected.contacts.column_names).cast(expected.contacts.schema) == expected.contacts


# columns ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "network"),
    [
        ("cell,volume\n4,1\n9,2\n", "id1,id2,junctions\n4,9,7\n"),
        ("Cell ID,volume\n4,1\n9,2\n", "cell_a,cell_b,junctions\n4,9,7\n"),
        ("bodyId,volume\n4,1\n9,2\n", "bodyId_pre,bodyId_post,weight\n4,9,7\n"),
        ("LABEL,volume\n4,1\n9,2\n", "source,target,Count\n4,9,7\n"),
        ("id,volume\n4,1\n9,2\n", "from,to,n\n4,9,7\n"),
        ("ObjectNumber,volume\n4,1\n9,2\n", "First Object Number,Second Object Number,n\n4,9,7\n"),
        ("Object,volume\n4,1\n9,2\n", "Object,Neighbor,junctions\n4,9,7\n"),
        ("cell,volume\n4,1\n9,2\n", "sample,cell,neighbour,junctions\ncells,4,9,7\n"),
    ],
)
def test_usual_names_are_recognised(tables: Tables, cells: str, network: str) -> None:
    got = tables.read(cells, network)
    assert got.cells.to_pylist() == [
        {"sample": "cells", "label": 4, "volume": 1},
        {"sample": "cells", "label": 9, "volume": 2},
    ]
    assert got.contacts.to_pylist() == [{"a": 0, "b": 1, "junctions": 7}]


def test_named_columns_go_before_usual_ones(tables: Tables) -> None:
    network = tables.read(
        "id,nr,sample,mouse\n1,11,x,A\n2,22,y,A\n",
        "a,b,left,right,weight,faces\n0,0,22,11,0.5,3\n",
        sample="mouse",
        cell="NR",
        a="left",
        b="right",
        junctions="faces",
    )
    assert network.cells.to_pylist() == [
        {"sample": "A", "label": 11, "given_id": 1, "given_sample": "x"},
        {"sample": "A", "label": 22, "given_id": 2, "given_sample": "y"},
    ]
    assert network.contacts.to_pylist() == [{"a": 1, "b": 0, "junctions": 3, "given_a": 0, "given_b": 0, "weight": 0.5}]


def test_none_is_no_column(tables: Tables) -> None:
    network, notes = tables.read_with_notes(
        "sample,id,volume\nx,7,1\ny,7,2\n",
        "a,b,weight\n2,1,0.5\n",
        sample="none",
        cell="none",
        junctions="none",
    )
    assert network.cells.to_pylist() == [
        {"sample": "cells", "label": 1, "given_sample": "x", "given_id": 7, "volume": 1},
        {"sample": "cells", "label": 2, "given_sample": "y", "given_id": 7, "volume": 2},
    ]
    assert network.contacts.to_pylist() == [{"a": 1, "b": 0, "junctions": 1, "weight": 0.5}]
    assert len(notes) == 3
    assert "keeps the columns \"sample\" as 'given_sample', \"id\" as 'given_id'." in notes[-1]


@pytest.mark.parametrize(
    "header", ["label_a,label_b", "Object 1,Object 2", "id_first,id_second", "source_cell,target_cell"]
)
def test_names_of_two_cells(tables: Tables, header: str) -> None:
    network, _ = tables.read_with_notes("label\n7\n9\n", f"{header}\n9,7\n")
    assert network.contacts.to_pylist() == [{"a": 1, "b": 0, "junctions": 1}]


def test_a_cell_called_na_is_refused_with_the_reason(tables: Tables) -> None:
    with pytest.raises(InputError, match=r"row 1; fill it in .*None and nothing count as no value"):
        tables.read_with_notes("cell,volume\nNA,1\nX,2\n", "a,b\nX,X\n")


def test_names_that_the_database_uses_get_a_prefix(tables: Tables) -> None:
    network = tables.read(
        "cell,id,given_id,_x,Volume,\n1,10,20,30,40,50\n",
        "a,b,id,ID2,AREA\n1,1,5,6,7\n",
        "sample,name,status,cells,mass\ncells,Lab,ok,9,2.5\n",
        name="mine",
    )
    assert network.cells.to_pylist() == [
        {"sample": "mine", "label": 1, "given_given_id": 10, "given_id": 20, "given_x": 30, "volume": 40}
        | {"column_6": 50}
    ]
    assert network.contacts.to_pylist() == [{"a": 0, "b": 0, "junctions": 1, "given_id": 5, "ID2": 6, "area": 7}]
    assert network.samples[0].name == "mine"
    assert network.samples[0].extra == {"given_status": "ok", "given_cells": 9, "mass": 2.5}


def test_without_junctions_each_relationship_counts_as_one(tables: Tables) -> None:
    network, notes = tables.read_with_notes("id\n1\n2\n", "a,b\n1,2\n2,2\n")
    assert network.contacts["junctions"].to_pylist() == [1, 1]
    file = tables.folder / "network.csv"
    assert notes == (
        f"1 relationship joins a cell of {file} with itself: it is kept, but is no contact.",
        f"{file} has no column with junctions: each relationship counts as 1.",
    )


# cells and samples ------------------------------------------------------------------------------------------


def test_ids_that_are_text_become_names(tables: Tables) -> None:
    network, notes = tables.read_with_notes(
        "cell,name,volume\nP01,x,1\n007,y,2\nAB,z,3\n", "a,b,n\n007,P01,4\nAB,007,5\n"
    )
    assert network.cells.to_pylist() == [
        {"sample": "cells", "label": 1, "name": "P01", "given_name": "x", "volume": 1},
        {"sample": "cells", "label": 2, "name": "007", "given_name": "y", "volume": 2},
        {"sample": "cells", "label": 3, "name": "AB", "given_name": "z", "volume": 3},
    ]
    assert [(row["a"], row["b"], row["junctions"]) for row in network.contacts.to_pylist()] == [(1, 0, 4), (2, 1, 5)]
    assert "'cell' are text" in notes[0]


def test_text_ids_that_look_like_numbers_in_the_network(tables: Tables) -> None:
    network = tables.read("cell\n001\nx\n", "a,b\n001,001\n")
    assert network.contacts.select(["a", "b"]).to_pylist() == [{"a": 0, "b": 0}]


def test_cells_are_sorted_and_relationships_follow(tables: Tables) -> None:
    network = tables.read("sample,id,v\nb,3,1\na,9,2\nb,1,3\na,2,4\n", "id1,id2,n\n3,9,1\n9,2,2\n9,2,3\n2,2,4\n")
    assert [sample.name for sample in network.samples] == ["b", "a"]
    assert network.cells.select(["sample", "label", "v"]).to_pylist() == [
        {"sample": "b", "label": 1, "v": 3},
        {"sample": "b", "label": 3, "v": 1},
        {"sample": "a", "label": 2, "v": 4},
        {"sample": "a", "label": 9, "v": 2},
    ]
    assert relationships(network) == [
        ("b", 3, "a", 9, 1),
        ("a", 9, "a", 2, 2),
        ("a", 9, "a", 2, 3),
        ("a", 2, "a", 2, 4),
    ]


SAME_IDS = "sample,cell\nx,1\nx,2\ny,1\ny,2\n"


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("sample,id1,id2,n\nx,1,2,5\ny,2,1,6\n", [("x", 1, "x", 2, 5), ("y", 2, "y", 1, 6)]),
        ("sample_a,cell_a,sample_b,cell_b,n\nx,1,y,1,5\ny,2,x,2,6\n", [("x", 1, "y", 1, 5), ("y", 2, "x", 2, 6)]),
        ("sample1,id1,sample2,id2,n\nx,1,y,2,5\n", [("x", 1, "y", 2, 5)]),
        ("source_sample,source,target_sample,target,n\nx,1,y,2,5\n", [("x", 1, "y", 2, 5)]),
    ],
)
def test_ids_of_several_samples_need_the_sample(tables: Tables, network: str, expected: list[Any]) -> None:
    assert relationships(tables.read(SAME_IDS, network)) == expected
    without_columns = "id1,id2,n\n1,2,5\n"
    with pytest.raises(InputError, match=r"unique in each sample only.*sample_a,sample_b.*it has id1, id2, n"):
        tables.read(SAME_IDS, without_columns)


def test_a_relationship_in_the_wrong_sample_is_unknown(tables: Tables) -> None:
    with pytest.raises(InputError, match=r"2 ends .*: 3 of sample 'x' in row 2, 9 of sample 'y' in row 2; add"):
        tables.read("sample,cell\nx,1\nx,2\ny,3\n", "sample_a,a,sample_b,b\nx,1,y,3\nx,3,y,9\n")


def test_samples_may_be_called_by_their_names(tables: Tables) -> None:
    samples = "id,name,weight\n1,Anna,100\n2,Bela,40\n"
    by_id = tables.read("animal,id\n2,1\n1,2\n", "animal,a,b\nBela,1,1\n1,2,2\n", samples)
    by_name = tables.read("animal,id\nBela,1\nAnna,2\n", "a,b\n1,1\n2,2\n", samples)
    for network in (by_id, by_name):
        assert [(s.name, s.extra) for s in network.samples] == [("Anna", {"weight": 100}), ("Bela", {"weight": 40})]
        assert network.cells["sample"].to_pylist() == ["Anna", "Bela"]
        assert relationships(network) == [("Bela", 1, "Bela", 1, 1), ("Anna", 2, "Anna", 2, 1)]


def test_one_sample_has_the_name_of_the_file_or_the_given_one(tables: Tables) -> None:
    cells, network = "id\n1\n", "a,b\n1,1\n"
    assert tables.read(cells, network).samples[0].name == "cells"
    assert tables.read(cells, network, name="left lobe").cells["sample"].to_pylist() == ["left lobe"]
    assert tables.read("sample,id\nx,1\n", network, name="left lobe").samples[0].name == "left lobe"
    assert read_network(pa.table({"id": [1]}), pa.table({"a": [1], "b": [1]}))[0].samples[0].name == "tables"


def test_a_network_without_relationships(tables: Tables) -> None:
    network = tables.read("id\n1\n2\n", "a,b,junctions\n")
    assert network.cells.num_rows == 2
    assert network.contacts.num_rows == 0
    with_texts = tables.read("id\nx\ny\n", "a,b,junctions\n")
    assert with_texts.contacts.num_rows == 0


# bad tables -------------------------------------------------------------------------------------------------

GOOD_CELLS = "sample,id,volume\nx,1,1\nx,2,2\n"
GOOD_NETWORK = "id1,id2,junctions\n1,2,3\n"


@pytest.mark.parametrize(
    ("cells", "network", "samples", "message"),
    [
        (
            GOOD_CELLS,
            "id1,id2,junctions\n1,2,3\n1,7,3\n8,9,3\n",
            None,
            r"3 ends .*: 7 in row 2, 8 in row 3, 9 in row 3;",
        ),
        (GOOD_CELLS, "id1,id2\n" + "7,1\n" * 9, None, r"9 ends of relationships .*7 in row 5, …; add these cells"),
        (
            "id\n1\n2\n1\n1\n",
            GOOD_NETWORK,
            None,
            r"cell 1 is twice .*rows 1 and 3 of the column 'id'; .*repeat one: 2\)",
        ),
        ("id\na\nb\na\n", "a,b\na,b\n", None, r"cell 'a' is twice .*rows 1 and 3"),
        ("id\n1\n2.5\n", GOOD_NETWORK, None, r"'id' .*whole numbers, but row 2 has 2\.5; --cell-column none"),
        ("id,v\n1,1\n,2\n", GOOD_NETWORK, None, r"'id' of .*cells\.csv has no value in row 2; fill it in"),
        ("id\n1\n9223372036854775808\n", GOOD_NETWORK, None, r"holds 9223372036854775808, but whole numbers go"),
        (
            "cell,n\n1,18446744073709551615\n2,\n",
            GOOD_NETWORK,
            None,
            r"'n' of .* holds 18446744073709551615, but whole",
        ),
        ("cell;v\n1;1,500\n2;3\n3;\n", GOOD_NETWORK, None, r"'v' of .*a comma, as 1,500, which may be a decimal"),
        (GOOD_CELLS, "id1,id2\n1,x\n", None, r"'id2' .*network\.csv must hold whole numbers, but row 1 has 'x'"),
        (GOOD_CELLS, "id1,id2\n1,\n", None, r"'id2' .*no value in row 1;"),
        (
            GOOD_CELLS,
            "id1,id2,junctions\n1,2,3\n1,2,-4\n",
            None,
            r"0 or more junctions, but row 2 has -4 \(rows below 0: 1\)",
        ),
        (GOOD_CELLS, "id1,id2,weight\n1,2,0.5\n", None, r"'weight' .*row 1 has 0\.5; --junctions-column none"),
        (GOOD_CELLS, "x,y\n1,2\n", None, r"two columns with the cells of each.*it has x, y; name them with --a-column"),
        ("sample,id\nx,1\n,2\n", GOOD_NETWORK, None, r"'sample' of .*no value in row 2;"),
        ("id,volume\n", GOOD_NETWORK, None, r"a header but no cells"),
        (GOOD_CELLS, GOOD_NETWORK, "id,weight\n", r"a header but no samples"),
        (GOOD_CELLS, GOOD_NETWORK, "mass,age\n1,2\n", r"needs a column with the id of each sample.*it has mass, age"),
        (GOOD_CELLS, GOOD_NETWORK, "id\ny\nz\n", r"1 of the samples .*not in the table of samples: 'x'; add them"),
        (GOOD_CELLS, GOOD_NETWORK, "id\nx\ny\ny\n", r"'id' of .*samples\.csv has 'y' more than once"),
        (GOOD_CELLS, GOOD_NETWORK, "id,name\nx,A\ny,A\n", r"'name' of .*samples\.csv has 'A' more than once"),
        ("id\n1\n2\n", GOOD_NETWORK, "id\nx\ny\n", r"needs a column that tells the sample.*2 samples.*it has id"),
        (
            GOOD_CELLS,
            "sample,id1,id2\nx,1,2\nxx,1,2\n",
            None,
            r"sample 'xx' in the column 'sample' .*row 2,.*unknown samples: 1\. Did you mean 'x'",
        ),
        ("id,ID\n1,2\n", GOOD_NETWORK, None, r"two columns 'ID'"),
    ],
)
def test_bad_contents_are_told_with_their_rows(
    tables: Tables, cells: str, network: str, samples: str | None, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        tables.read(cells, network, samples)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"sample": "sampel"},
            r"--sample-column: .*cells\.csv has no column 'sampel'\. Did you mean 'sample'\? It has",
        ),
        ({"cell": "ids"}, r"--cell-column: .*has no column 'ids'\. Did you mean 'id'"),
        ({"a": "id1"}, "--a-column and --b-column belong together"),
        ({"a": "id1", "b": "idd2"}, r"--b-column: .*network\.csv has no column 'idd2'"),
        ({"junctions": "juncs"}, r"--junctions-column: .*network\.csv has no column 'juncs'"),
    ],
)
def test_unknown_columns_are_told_with_near_ones(tables: Tables, options: dict[str, str], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        tables.read(GOOD_CELLS, GOOD_NETWORK, **options)


def test_one_name_for_several_samples_is_refused(tables: Tables) -> None:
    with pytest.raises(ParameterError, match=r"one sample, but there are 2, as the column 'sample' .*leave it out"):
        tables.read(SAME_IDS, GOOD_NETWORK, name="mine")


PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"", "is empty, but the cells must be a CSV or Parquet file with a header"),
        (b" \n\n", "is empty"),
        (PNG, "neither CSV in UTF-8 nor Parquet$"),
        (b"PK\x03\x04\x14\x00\x00\xff", "is a zip, but the cells must be .*, save the sheet as CSV"),
        ("id,größe\n1,2\n".encode("latin-1"), "neither CSV in UTF-8 nor .*Latin-1, Windows-1252.*, save it as UTF-8"),
        (b"PAR1 and no more", "damaged Parquet file"),
        (b"id,volume\n1,2\n3\n", "is not a table: the header has 2 columns, but row 2 has 1$"),
    ],
)
def test_a_file_that_is_no_table_is_told(tables: Tables, contents: bytes, message: str) -> None:
    cells = tables.write("cells.csv", contents)
    with pytest.raises(FormatError, match=message):
        read_network(cells, tables.write("network.csv", GOOD_NETWORK))


def test_texts_with_commas_and_large_floats_are_what_they_are(tables: Tables) -> None:
    cells = tables.read("cell;name;size;large\n1;a, b;1,2;1e20\n2;0,5;x;18446744073709551616.5\n", "a,b\n1,2\n").cells
    assert cells["name"].to_pylist() == ["a, b", "0,5"]
    assert cells["size"].to_pylist() == ["1,2", "x"]
    assert cells["large"].to_pylist() == [1e20, 18446744073709551616.5]


def test_a_missing_file_is_told_with_near_ones(tables: Tables) -> None:
    tables.write("cells.csv", GOOD_CELLS)
    with pytest.raises(NotFoundError, match=r"no file .*cell\.csv' with the cells\. Did you mean 'cells\.csv'\?"):
        read_network(tables.folder / "cell.csv", tables.folder / "network.csv")
    with pytest.raises(FormatError, match="is a folder, but the cells must be"):
        read_network(tables.folder, tables.folder / "network.csv")


def test_a_column_of_lists_is_refused(tables: Tables) -> None:
    cells = pa.table({"id": [1], "path": [[1, 2]]})
    with pytest.raises(InputError, match=r"column 'path' of the cells holds list.*must hold numbers, text"):
        read_network(cells, pa.table({"a": [1], "b": [1]}))


def test_a_refused_table_leaves_no_database(tables: Tables) -> None:
    database = tables.folder / "cells.db"
    with pytest.raises(CellgraphError):
        load_tables(tables.write("cells.csv", GOOD_CELLS), tables.write("network.csv", "id1,id2\n1,9\n"), db=database)
    assert not database.exists()
