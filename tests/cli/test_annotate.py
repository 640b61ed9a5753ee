"""The command `cellgraph annotate`: properties from tables onto what is loaded."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pyarrow as pa
import pytest
from command import cellgraph, refused
from pyarrow import parquet
from six_cells import pair, six_cells
from store_graphs import table_network

from cellgraph.model import Sample
from cellgraph.stores import open_store


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """A database with the samples six and pair."""
    with open_store(tmp_path / "cells.db", create=True) as store:
        store.write_all(["six", "pair"], [six_cells().network(), pair().network()])
    return tmp_path / "cells.db"


def file(db: Path, text: str, name: str = "types.csv") -> Path:
    path = db.with_name(name)
    path.write_text(text)
    return path


def rows(db: Path, *query: object) -> list[dict[str, str]]:
    out = cellgraph("query", *query, "--db", db, "--format", "csv").stdout
    return list(csv.DictReader(io.StringIO(out)))


def test_cell_types_are_columns_of_cells_and_of_estimates(db: Path) -> None:
    types = file(db, "label,cell_type,score\n1,A,0.5\n3,B,\n6,A,2\n")
    done = cellgraph("annotate", "--cells", types, "--sample", "six", "--db", db, "--quiet")
    assert done.stderr == f"3 cells of the sample 'six' have no row in {types} and stay without\n"
    found = rows(db, "cells", "--sample", "six")
    assert [row["cell_type"] for row in found] == ["A", "", "B", "", "", "A"]
    assert [row["score"] for row in found] == ["0.5", "", "", "", "", "2"]
    assert "cell_type" not in rows(db, "cells", "--sample", "pair")[0]
    counted = cellgraph("estimate", "count(cells)", "--where", "cell_type = 'A'", "--within-time", "5s", "--db", db,
                        "--format", "csv", "--quiet").stdout  # fmt: skip
    assert next(csv.DictReader(io.StringIO(counted)))["estimate"] == "2"


def test_a_column_with_the_sample_says_whose_cells_they_are(db: Path) -> None:
    types = file(db, "sample,cell,kind\npair,3,x\nsix,3,y\nsix,1,z\n")
    done = cellgraph("annotate", "--cells", types, "--db", db)
    assert done.stderr.splitlines()[-1] == "annotated 3 cells of 2 samples with kind"
    assert [row["kind"] for row in rows(db, "cells")] == ["", "x", "z", "", "y", "", "", ""]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1\n1\n2\n3\n1.5\n", "must hold whole numbers, but row 5 has 1.5"),
        ('1\n1\n2\n3\n""\n', "has no value in row 5"),
        ("1\n1\n2\n3\nAVAL\n", "'AVAL' in row 5 of the column 'label'"),
    ],
)
def test_rows_of_the_file_are_named(db: Path, text: str, message: str) -> None:
    samples = ["six", "pair", "six", "six", "pair"]
    lines = [f"{sample},{label},x" for sample, label in zip(samples, text.split("\n"), strict=False)]
    types = file(db, "\n".join(["sample,label,kind", *lines, ""]))
    assert message in refused("annotate", "--cells", types, "--db", db)


def test_cells_are_found_by_name(tmp_path: Path) -> None:
    names = {"label": [1, 2, 3], "name": ["AVAL", "AVAR", "PLM"]}
    with open_store(tmp_path / "cells.db", create=True) as store:
        store.write(table_network(names, samples=(Sample("worm"),)))
    types = file(tmp_path / "cells.db", "neuron,cell_class\nPLM,sensory\nAVAL,inter\n")
    cellgraph("annotate", "--cells", types, "--db", tmp_path / "cells.db")
    assert [row["cell_class"] for row in rows(tmp_path / "cells.db", "cells")] == ["inter", "", "sensory"]
    unknown = file(tmp_path / "cells.db", "neuron,b\nAVAX,sensory\n")
    message = refused("annotate", "--cells", unknown, "--db", tmp_path / "cells.db")
    assert (
        message == "there is no cell 'AVAX' in the sample 'worm'; nothing was written. Did you mean 'AVAR' or 'AVAL'?"
    )


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """A database whose cells 1, 2, 3, 4 have the names 1, 10, 2, ctrl."""
    names = {"label": [1, 2, 3, 4], "name": ["1", "10", "2", "ctrl"]}
    with open_store(tmp_path / "digits.db", create=True) as store:
        store.write(table_network(names, samples=(Sample("001"),)))
    return tmp_path / "digits.db"


@pytest.mark.parametrize(
    ("text", "on", "kinds"),
    [
        ("name,kind\n1,one\n2,two\n", [], ["one", "", "two", ""]),
        ("name,kind\n1,one\n2,two\n", ["--on", "name"], ["one", "", "two", ""]),
        ("label,kind\n1,one\n2,two\n", ["--on", "label"], ["one", "two", "", ""]),
        ("cell,kind\n2,two\n10,ten\n", [], ["", "ten", "two", ""]),
        ("cell,kind\n1,one\n", [], ["one", "", "", ""]),
        ("cell,kind\n3,three\n4,four\n", [], ["", "", "three", "four"]),
        ("cell,kind\n2.0,two\n10.0,ten\n", [], ["", "ten", "two", ""]),
        ("sample,cell,kind\n001,10,ten\n", [], ["", "ten", "", ""]),
    ],
)
def test_names_that_are_digits_are_names(digits: Path, text: str, on: list[str], kinds: list[str]) -> None:
    cellgraph("annotate", "--cells", file(digits, text), "--db", digits, *on)
    assert [row["kind"] for row in rows(digits, "cells")] == kinds


def test_a_name_that_is_the_label_of_another_cell_is_asked_about(digits: Path) -> None:
    message = refused("annotate", "--cells", file(digits, "cell,kind\n1,one\n2,two\n"), "--db", digits)
    assert message.startswith("'2' in row 2 of the column 'cell' of ")
    assert "is the name of the cell 3 of the sample '001' and the label of another one" in message
    assert message.endswith("--on name or --on label")
    message = refused("annotate", "--cells", file(digits, "name,kind\n1,one\n3,two\n"), "--db", digits)
    assert message.startswith("there is no cell '3' in the sample '001'; nothing was written.")


def test_samples_are_found_by_their_names_as_text(digits: Path) -> None:
    cellgraph("annotate", "--samples", file(digits, "sample,born\n001,10:30\n"), "--db", digits)
    assert [row["born"] for row in rows(digits, "samples")] == ["10:30"]


def test_names_that_look_like_fractions_are_those_of_the_load(tmp_path: Path) -> None:
    db = tmp_path / "versions.db"
    cells = file(db, "sample,cell,v\n1.0,7.0,1\n1.0,7.1,2\n1.1,A,1\n", "cells.csv")
    cellgraph("load-tables", "--cells", cells, "--db", db)
    cellgraph("annotate", "--samples", file(db, "sample,age\n1.0,5\n"), "--db", db)
    assert [(row["sample"], row["age"]) for row in rows(db, "samples")] == [("1.0", "5"), ("1.1", "")]
    cellgraph("annotate", "--cells", file(db, "sample,cell,kind\n1.0,7.0,x\n"), "--db", db)
    assert [(row["name"], row["kind"]) for row in rows(db, "cells")] == [("7.0", "x"), ("7.1", ""), ("A", "")]


def test_labels_that_are_text_in_parquet(db: Path) -> None:
    types = db.with_name("types.parquet")
    parquet.write_table(pa.table({"label": ["1", "3"], "kind": ["a", "b"]}), types)
    cellgraph("annotate", "--cells", types, "--sample", "six", "--db", db)
    assert [row["kind"] for row in rows(db, "cells", "--sample", "six")] == ["a", "", "b", "", "", ""]


def test_names_that_rows_or_the_database_use_get_a_prefix(db: Path) -> None:
    types = file(db, "label,RowID,cell,read\n1,7,8,9\n")
    done = cellgraph("annotate", "--cells", types, "--sample", "six", "--on", "label", "--db", db)
    assert done.stderr.splitlines()[-1] == "annotated 1 cell of the sample 'six' with given_RowID, given_cell, read"
    first = rows(db, "cells", "--sample", "six")[0]
    assert [first[name] for name in ("cell", "given_RowID", "given_cell", "read")] == ["1", "7", "8", "9"]
    cellgraph("annotate", "--samples", file(db, "sample,rowid,label,read\nsix,71,5,6\n"), "--db", db)
    found = rows(db, "samples", "--sample", "six")[0]
    assert [found[f"given_{name}"] for name in ("rowid", "label", "read")] == ["71", "5", "6"]


def test_properties_of_samples(db: Path) -> None:
    animals = file(db, "animal,genotype,weight\nsix,ko,21.5\npair,wt,19\n")
    done = cellgraph("annotate", "--samples", animals, "--db", db)
    assert done.stderr.splitlines()[-1] == "annotated 2 samples with genotype, weight"
    assert [(row["sample"], row["genotype"], row["weight"]) for row in rows(db, "samples")] == [
        ("pair", "wt", "19"),
        ("six", "ko", "21.5"),
    ]


def test_a_word_of_cypher_is_told_with_its_backticks(db: Path) -> None:
    types = file(db, "cell,order,group,cell type\n1,1,2,x\n3,2,2,y\n")
    done = cellgraph("annotate", "--cells", types, "--sample", "pair", "--db", db)
    assert "in Cypher write c.`order`, c.`group`, c.`cell type`: with backticks" in done.stderr.splitlines()
    text = "MATCH (:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell) WHERE c.`order` = 2 RETURN c.`cell type` AS t"
    assert rows(db, "--cypher", text) == [{"t": "y"}]


def test_another_column_and_replacing(db: Path) -> None:
    types = file(db, "nucleus,label,kind\n1,10,a\n2,20,b\n")
    cellgraph("annotate", "--cells", types, "--sample", "six", "--on", "nucleus", "--db", db)
    again = ("annotate", "--cells", file(db, "label,kind\n2,c\n"), "--sample", "six", "--db", db)
    assert refused(*again) == "cells of 'six' already have the property 'kind'; replace it with --replace."
    other = file(db, "label,KIND\n2,c\n", "other.csv")
    assert refused("annotate", "--cells", other, "--sample", "six", "--db", db, "--replace") == (
        "cells of 'six' already have the property 'kind', whose name differs in case only; write it in the same case, "
        "with --replace, or give the new one another name."
    )
    cellgraph(*again, "--replace")
    assert [row["kind"] for row in rows(db, "cells", "--sample", "six")] == ["", "c", "", "", "", ""]


@pytest.mark.parametrize(
    ("text", "arguments", "status", "message"),
    [
        ("label,kind\n1,a\n99,b\n", ["--sample", "six"], 1, "there is no cell 99 in the sample 'six'; nothing was"),
        ("label,kind\n1,a\n1,b\n", ["--sample", "six"], 1, "column 'label' of {} has 1 more than once for the sample"),
        (
            "label,kind\n1,a\n",
            [],
            2,
            "there are 2 samples ('pair', 'six'); say whose cells they are with --sample NAME",
        ),
        ("sample,label,kind\nsex,1,a\n", [], 1, "names the sample 'sex', which is not in the database; nothing"),
        ("sample,label,kind\nsix,1,a\n", ["--sample", "pair"], 1, "has cells of the sample 'six', but --sample says"),
        ("label,kind\n1,a\n", ["--sample", "sx"], 1, "there is no sample 'sx' in the database. Did you mean 'six'?"),
        ("kind\na\n", ["--sample", "six"], 1, "needs a column with the label or name of each cell"),
        ("label,kind\n1,a\n", ["--sample", "six", "--on", "lable"], 2, "--on: {} has no column 'lable'. Did you mean"),
        ("label\n1\n", ["--sample", "six"], 1, "has no properties to write, only label"),
        ("label,kind\n1,\n2,\n", ["--sample", "six"], 1, "the column 'kind' of {} has no value in any row"),
        (
            "label,volume\n1,2\n",
            ["--sample", "six"],
            1,
            "the column 'volume' of cells has a name reserved by the database",
        ),
        ("label,a`b\n1,2\n", ["--sample", "six"], 1, "the column 'a`b' of cells cannot be a property"),
        ("name,kind\nAVAL,2\n", ["--sample", "six"], 1, "cells of the sample 'six' have labels and no names"),
        ("sample,label,k\npair,1,a\nsix,1,b\nsix,bar,c\n", [], 1, "'bar' in row 3 of the column 'label' of {} is no"),
        ("label,kind\n", ["--sample", "six"], 1, "has a header but no cells"),
        ("label,kind\n1.5,a\n", ["--sample", "six"], 1, "row 1"),
    ],
)
def test_what_is_refused(db: Path, text: str, arguments: list[str], status: int, message: str) -> None:
    types = file(db, text)
    assert message.format(types) in refused("annotate", "--cells", types, "--db", db, *arguments, status=status)
    with open_store(db) as store:
        assert len(store.columns("cells")) == 34


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sample,weight\nsix,1\nsix,2\n", "has 'six' more than once"),
        ("sample,weight\nsax,1\n", "names the sample 'sax', which is not in the database"),
        ("sample,unit\nsix,1\n", "the column 'unit' of samples has a name reserved by the database"),
        ("weight\n1\n", "needs a column with the name of each sample"),
    ],
)
def test_what_is_refused_of_samples(db: Path, text: str, message: str) -> None:
    assert message in refused("annotate", "--samples", file(db, text), "--db", db)


def test_nothing_to_write_is_bad_usage(db: Path) -> None:
    assert refused("annotate", "--db", db, status=2).startswith("--cells or --samples")


def test_what_was_written_is_removed_whatever_wrote_it(db: Path) -> None:
    (db.parent / "types.csv").write_text("label,kind\n1,A\n")
    cellgraph("annotate", "--cells", db.parent / "types.csv", "--sample", "six", "--db", db)
    cellgraph("metrics", "pagerank", "--write", "--db", db)
    assert "Did you mean 'kind'" in refused("annotate", "--remove", "kinds", "--db", db)
    assert "no property 'volume' was written" in refused("annotate", "--remove", "volume", "--db", db)
    done = cellgraph("annotate", "--remove", "kind", "--remove", "pagerank", "--db", db)
    assert done.stderr.startswith("removed kind, pagerank from ")
    assert "no column 'kind'" in refused("query", "contacts-by", "--by", "kind", "--db", db, status=2)
    assert "--remove can be combined only with" in refused(
        "annotate", "--remove", "kind", "--replace", "--db", db, status=2
    )
