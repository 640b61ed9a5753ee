"""The commands `cellgraph query` and `cellgraph queries`."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from command import PROGRAM, cellgraph, refused
from six_cells import pair, six_cells

from cellgraph.stores import open_store


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database with the six cells and the pair, which ``CELLGRAPH_DB`` names."""
    path = tmp_path / "cells.db"
    with open_store(path, create=True) as store:
        store.write(six_cells().network())
        store.write(pair().network())
    monkeypatch.setenv("CELLGRAPH_DB", str(path))
    return path


@pytest.mark.parametrize(
    ("arguments", "csv"),
    [
        ("khop --k 2 --cell 5", "sample,cell,hop,cells,within\nsix,5,1,1,1\nsix,5,2,1,2\n"),
        ("khop --cell 5 --param k=1", "sample,cell,hop,cells,within\nsix,5,1,1,1\n"),
        ("path --from 5 --to 2", "step,cell,junctions\n0,5,\n1,4,1\n2,3,2\n3,2,2\n"),
        ("path --param source=5 --param target=4", "step,cell,junctions\n0,5,\n1,4,1\n"),
        ("path --from 5 --to 4 --method compiled", "step,cell,junctions\n0,5,\n1,4,1\n"),
        ("degree --sample pair", "sample,cell,degree\npair,1,1\npair,3,1\n"),
        ("degree --limit 1", "sample,cell,degree\npair,1,1\n"),
        ("hubs --limit 1", "sample,cell,degree\nsix,3,3\n"),
        (
            "neighbours --cell 3 --sample pair",
            "sample,cell,neighbour,junctions,area,neighbour_sample\npair,3,1,3,3,pair\n",
        ),
        (
            "contacts --sample pair",
            "sample,cell_a,cell_b,junctions,area,junctions_z,junctions_y,junctions_x,touching_edges,touching_corners,"
            "sample_b,sites\npair,1,3,3,3,,,,,,pair,\n",
        ),
    ],
)
def test_rows(db: Path, arguments: str, csv: str) -> None:
    done = cellgraph("query", *arguments.split(), "--format", "csv")
    assert (done.stdout, done.stderr) == (csv, "")


@pytest.mark.parametrize(
    "arguments",
    [
        *(f"query samples -f {fmt}" for fmt in ("table", "csv", "json", "parquet")),
        "query khop --show",
        "estimate count() --within-time 1s --format json",
        "--version",
    ],
)
def test_output_to_a_full_disk_is_a_sentence(db: Path, arguments: str) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [PROGRAM, *arguments.split()], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (
        1,
        "cellgraph: error: cannot write to stdout: No space left on device.\n",
    )


def test_db_names_another_database(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CELLGRAPH_DB")
    assert cellgraph("query", "degree", "--db", db, "--format", "csv").stdout.count("\n") == 9


def test_a_table_is_for_reading(db: Path) -> None:
    lines = cellgraph("query", "cells").stdout.splitlines()
    assert lines[0].split()[:7] == ["sample", "cell", "voxels", "volume", "z", "y", "x"]
    assert lines[3].split()[:7] == ["six", "1", "5", "10", "0", "1.6", "0.6"]


def test_rows_in_a_file(db: Path, tmp_path: Path) -> None:
    done = cellgraph("query", "khop", "--sample", "six", "--output", tmp_path / "khop.parquet")
    assert done.stdout == ""
    assert pq.read_table(tmp_path / "khop.parquet")["within"].to_pylist() == [2, 3, 2, 3, 3, 4, 2, 4, 1, 2, 0, 0]


def test_no_path_is_told_and_is_no_error(db: Path) -> None:
    done = cellgraph("query", "path", "--from", 6, "--to", 2, "--format", "csv")
    assert done.stdout == "step,cell,junctions\n"
    assert (
        done.stderr
        == "cellgraph: the cells 6 and 2 are not connected: 6 is in a component of 1 and 2 in one of 5 cells.\n"
    )


@pytest.mark.parametrize(
    ("status", "message", "arguments"),
    [
        (1, "there is no query 'khob'. Did you mean 'khop'?", "khob"),
        (1, "there is no query 'khob'. Did you mean 'khop'?", "khob --param k=1"),
        (1, "there is no query 'khob'. Did you mean 'khop'?", "khob --show"),
        (1, "there is no sample 'sixx' in the database. Did you mean 'six'?", "khop --sample sixx"),
        (1, "there is no cell 7 in any of the 2 samples. The next label is 6.", "neighbours --cell 7"),
        (2, "the cell 3 is in 2 samples ('pair', 'six'); choose one with --sample NAME (sample=…).", "khop --cell 3"),
        (2, "the query 'neighbours' needs the parameter 'cell': label of the cell, or of several.", "neighbours"),
        (2, "the query 'cells' has no parameter 'k'; it takes sample and conditions.", "cells --k 2"),
        (
            2,
            "the query 'khop' has no parameter 'kk'; it takes k, cell, sample and conditions. Did you mean 'k'?",
            "khop --param kk=2",
        ),
        (2, "the parameter 'k' of the query 'khop' must be a whole number, not 'two'.", "khop --param k=two"),
        (2, "the parameter 'k' of the query 'khop' must be from 1 to 30, not 0.", "khop --k 0"),
        (2, "--param needs NAME=VALUE, such as k=2, but got 'k'.", "khop --param k"),
        (2, "the parameter 'k' was given twice with --param; give it once.", "khop --param k=1 --param k=2"),
        (
            2,
            "the parameter 'k' was given twice, as an option and with --param; give it once.",
            "khop --k 1 --param k=2",
        ),
        (2, "expected the name of a query or --cypher TEXT; cellgraph queries lists the names.", ""),
        (2, "--cypher cannot be combined with the name 'khop'; leave", "khop --cypher RETURN"),
        (2, "--cypher cannot be combined with --limit; leave", "--cypher RETURN --limit 1"),
        (2, "the query 'cells' has no compiled form; these have one:", "cells --method compiled"),
    ],
)
def test_what_is_refused(db: Path, status: int, message: str, arguments: str) -> None:
    assert message in refused("query", *arguments.split(), status=status)


@pytest.mark.parametrize("arguments", ["khop --k two", "khop --method fast", "khop --format xml", "khop --nothing"])
def test_what_the_command_line_itself_refuses(db: Path, arguments: str) -> None:
    done = cellgraph("query", *arguments.split(), ok=False)
    assert done.returncode == 2
    assert "Error" in done.stderr


def test_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CELLGRAPH_DB", raising=False)
    assert "there is no database cellgraph.db; create one with: cellgraph load" in refused(
        "query", "khop", cwd=tmp_path
    )


def test_cypher_of_ones_own(db: Path) -> None:
    text = (
        "MATCH (c:Cell) WHERE c.volume > $v AND c.sample = $sample RETURN c.label AS cell, c.volume AS v ORDER BY cell"
    )
    done = cellgraph("query", "--cypher", text, "--param", "v=7.5", "--sample", "six", "--format", "json")
    assert json.loads(done.stdout) == [{"cell": 1, "v": 10.0}, {"cell": 2, "v": 8.0}, {"cell": 3, "v": 8.0}]


def test_cypher_from_stdin(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("MATCH (c:Cell) RETURN count(c) AS n"))
    assert cellgraph("query", "--cypher", "-", "--format", "csv").stdout == "n\n8\n"


@pytest.mark.parametrize(
    ("status", "message", "arguments"),
    [
        (1, "writes, but queries only read", ["CREATE (:Cell {id: 99})"]),
        (2, "the statement uses $v, which has no value; give it one (v=…).", ["RETURN $v AS v"]),
        (2, "the statement has no parameter $w. ", ["RETURN $v1 AS v", "--param", "v1=1", "--param", "w=1"]),
        (2, "the Cypher statement is empty", [""]),
    ],
)
def test_cypher_that_is_refused(db: Path, status: int, message: str, arguments: list[str]) -> None:
    assert message.strip() in refused("query", "--cypher", *arguments, status=status)


def test_a_time_out_is_an_error(db: Path) -> None:
    endless = "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b RETURN count(a % 7 + b % 5) AS n"
    assert "0.5" in refused("query", "--cypher", endless, "--timeout", 0.5)


def test_what_is_shown_can_be_run(db: Path) -> None:
    shown = cellgraph("query", "khop", "--cell", 5, "--sample", "six", "--k", 3, "--show").stdout
    rows = cellgraph("query", "--cypher", shown, "--format", "csv").stdout
    assert rows == cellgraph("query", "khop", "--cell", 5, "--k", 3, "--format", "csv").stdout


def test_the_graph_form_is_shown_whatever_the_database(db: Path) -> None:
    shown = cellgraph("query", "within", "--cell", 42, "--k", 2, "--show", "--graph").stdout
    assert shown == cellgraph("query", "within", "--cell", 42, "--k", 2, "--show", "--graph", "--db", "neo4j").stdout
    assert "c.label IN [42]" in shown
    assert shown.endswith("RETURN p;\n")
    assert "--show" in refused("query", "within", "--cell", 5, "--graph", status=2)
    assert "queries that can be drawn: " in refused("query", "cells", "--show", "--graph")


def test_queries_shows_the_cypher_of_one_as_well() -> None:
    assert cellgraph("queries", "--show", "degree").stdout == cellgraph("query", "degree", "--show").stdout


def test_show_needs_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CELLGRAPH_DB", raising=False)
    embedded = cellgraph("query", "khop", "--show", cwd=tmp_path).stdout
    for address in ("neo4j", "bolt://nowhere:1", "neo4j+s://nowhere"):
        neo4j = cellgraph("query", "khop", "--show", "--db", address, cwd=tmp_path).stdout
        assert "-[:TOUCHES*1..2]-" in neo4j
    assert "-[:TOUCHES* SHORTEST 1..2]-" in embedded


def test_the_list_of_queries() -> None:
    lines = cellgraph("queries").stdout.splitlines()
    assert lines[0].split() == ["query", "parameters", "answers"]
    assert len(lines) == 29
    names = [row["query"] for row in json.loads(cellgraph("queries", "--format", "json").stdout)]
    assert {"khop", "contacts", "path"} < set(names)


def test_a_query_of_ones_own(db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "queries"
    folder.mkdir()
    (folder / "large.cypher").write_text(
        "// Cells above a volume.\n//\n// Parameters\n//   above: float = 5   volume\n// Returns\n"
        "//   cell: int   label\nMATCH (c:Cell) WHERE c.volume > $above RETURN c.label AS cell ORDER BY cell\n"
    )
    monkeypatch.setenv("CELLGRAPH_CYPHER_PATH", str(folder))
    assert cellgraph("query", "large", "--param", "above=9", "--format", "csv").stdout == "cell\n1\n"
    assert "must be a number, not 'x'" in refused("query", "large", "--param", "above=x", status=2)
    (folder / "large.cypher").write_text("RETURN 1")
    assert f"{folder}/large.cypher:1: a query file starts with" in refused("query", "large")
