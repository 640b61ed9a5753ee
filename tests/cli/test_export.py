"""`cellgraph export`: what is written where, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command import cellgraph, refused
from six_cells import pair, six_cells
from store_graphs import table_network

import cellgraph as package
from cellgraph.stores import open_store

ADMIN = ("export", "--format", "neo4j-admin")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    with open_store(tmp_path / "cellgraph.db", create=True) as store:
        store.write(six_cells().network())
        store.write(pair().network())
    return tmp_path


def test_a_folder_for_neo4j_admin(here: Path) -> None:
    done = cellgraph(*ADMIN, "out", "--sample", "six", cwd=here)
    assert "the sample 'six' with 6 cells and 5 contacts is in out" in done.stderr
    command = next(line.strip() for line in done.stdout.splitlines() if "database import full" in line)
    assert command == "cd out && neo4j-admin database import full neo4j @import.options"
    options = (here / "out" / "import.options").read_text().splitlines()
    files = [option.rpartition("=")[2] for option in options if option.endswith(".csv")]
    assert {*files, "import.options", "schema.cypher", "README.txt"} == {p.name for p in (here / "out").iterdir()}
    assert len((here / "out" / "touches-1.csv").read_text().splitlines()) == 1 + 5
    assert (here / "out" / "schema.cypher").read_text().count(";\n") == 5
    assert {p.name for p in here.iterdir()} == {"cellgraph.db", "out"}


def test_what_is_there_is_not_lost(here: Path) -> None:
    cellgraph(*ADMIN, "out", cwd=here)
    assert "--overwrite" in refused(*ADMIN, "out", cwd=here)
    cellgraph(*ADMIN, "out", "--overwrite", "--sample", "pair", "--quiet", cwd=here)
    assert "pair" in (here / "out" / "sample-0.csv").read_text()
    assert not (here / "out" / "sample-1.csv").exists()
    (here / "empty").mkdir()
    cellgraph(*ADMIN, "empty", cwd=here)
    (here / "mine").mkdir()
    (here / "mine" / "thesis.tex").write_text("x")
    assert "holds files that were not made by an export" in refused(*ADMIN, "mine", "--overwrite", cwd=here)
    assert [p.name for p in (here / "mine").iterdir()] == ["thesis.tex"]
    (here / "file").write_text("x")
    assert "needs the name of a folder" in refused(*ADMIN, "file", "--overwrite", cwd=here, status=2)
    assert "does not exist" in refused(*ADMIN, "no/out", cwd=here)


def test_what_is_not_there(here: Path) -> None:
    assert "Did you mean" in refused("export", "--format", "neo4j-admi", "out", cwd=here, status=2)
    assert "there is no sample 'sixt'" in refused(*ADMIN, "out", "--sample", "sixt", cwd=here)
    assert "there is no database" in refused(*ADMIN, "out", "--db", "none.db", cwd=here)
    assert {p.name for p in here.iterdir()} == {"cellgraph.db"}


def test_a_name_that_a_header_cannot_hold(here: Path) -> None:
    with open_store(here / "odd.db", create=True) as store:
        store.write(table_network({"label": [1], "a:b": [2]}))
    with pytest.raises(package.CellgraphError, match=re.escape("the column 'a:b' of cells has a name")):
        package.export(here / "out", here / "odd.db", format="neo4j-admin")
    assert not (here / "out").exists()
