"""The command `cellgraph load-tables`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cellgraph.stores import open_store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "animals.csv").write_text("id,weight\n1,100\n2,40\n3,80\n")
    (tmp_path / "cells.csv").write_text("animal,type,volume\n1,Cancer,1.00\n1,Healthy,2.00\n2,Cancer,0.95\n")
    (tmp_path / "network.csv").write_text("id1,id2,junctions\n1,2,800\n1,3,40\n3,1,300\n")
    return tmp_path


def load(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("cellgraph"), "load-tables", "--cells", "cells.csv", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_textbook_case(folder: Path) -> None:
    done = load(folder, "--network", "network.csv", "--samples", "animals.csv", "--db", "tissue.db")
    assert (done.returncode, done.stdout) == (0, "")
    assert "cells.csv has no column with ids: cells are numbered by their rows, from 1." in done.stderr
    assert done.stderr.splitlines()[-1] == "Loaded 3 cells and 3 relationships of 3 samples (1, 2, 3)."
    with open_store(folder / "tissue.db") as store:
        mean = store.run("MATCH (c:Cell) WHERE c.type = $type RETURN avg(c.volume) AS mean", {"type": "Cancer"})
        assert mean["mean"].to_pylist() == [0.975]


def test_loading_twice_needs_replace(folder: Path) -> None:
    first = load(folder, "--network", "network.csv", "--quiet")
    assert first.stderr == "cells.csv has no column with ids: cells are numbered by their rows, from 1.\n"
    again = load(folder, "--network", "network.csv", "--quiet")
    assert again.returncode == 1
    assert again.stderr.startswith("cellgraph: error: the sample '1' is already in")
    assert load(folder, "--network", "network.csv", "--quiet", "--replace").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--network", "networks.csv"], 1, "there is no file 'networks.csv' with the network. Did you mean 'network"),
        (["--network", "network.csv", "--a-column", "id1", "--b-column", "id3"], 2, "no column 'id3'"),
        (["--network", "cells.csv"], 1, "needs two columns with the cells of each relationship"),
    ],
)
def test_errors_are_sentences(folder: Path, arguments: list[str], status: int, message: str) -> None:
    done = load(folder, *arguments)
    assert done.returncode == status
    assert done.stderr.startswith("cellgraph: error: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_edge_list_alone_is_asked_by_names(folder: Path) -> None:
    (folder / "worm.csv").write_text("pre,post,No.Juncs\nAVAL,AVBR,3\nAVBR,AVAL,2\nAVBR,PVC,7\n")
    command = [Path(sys.executable).with_name("cellgraph")]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, *arguments], cwd=folder, capture_output=True, text=True, check=False)

    done = run("load-tables", "--network", "worm.csv", "--directed")
    assert done.returncode == 0
    assert 'read: contacts "pre", "post" (directed) · junctions from "No.Juncs"\n' in done.stderr
    path = run("query", "path", "--from", "AVAL", "--to", "PVC", "--format", "csv")
    assert path.stdout == "step,cell,name,junctions,direction\n0,1,AVAL,,both\n1,2,AVBR,5,both\n2,3,PVC,7,both\n"
    assert run("query", "khop", "--param", "cell=AVAL", "--format", "csv").stdout.startswith("sample,cell,name,hop")
    wrong = run("query", "khop", "--cell", "AVAR")
    assert (wrong.returncode, wrong.stderr) == (
        1,
        "cellgraph: error: there is no cell named 'AVAR' in the sample 'worm'. Did you mean 'AVBR' or 'AVAL'?\n",
    )
    shown = run("query", "khop", "--cell", "AVAL", "--show")
    assert shown.returncode == 2
    assert "no database is opened to show the Cypher, so 'cell' must be the label" in shown.stderr


def test_both_directions_need_a_word(folder: Path) -> None:
    (folder / "both.csv").write_text("Object,Neighbor\n1,2\n2,1\n2,3\n3,2\n")
    (folder / "cells.csv").write_text("Object\n1\n2\n3\n")
    refused = load(folder, "--network", "both.csv")
    assert refused.returncode == 1
    assert "lists each pair of cells in both directions" in refused.stderr
    assert load(folder, "--network", "both.csv", "--symmetric", "--directed").returncode == 2
    once = load(folder, "--network", "both.csv", "--symmetric")
    assert once.stderr.splitlines()[-1] == "Loaded 3 cells and 2 relationships of 1 sample (cells)."


def test_a_pipe_is_no_file(folder: Path) -> None:
    os.mkfifo(folder / "pipe.csv")
    done = load(folder, "--network", "pipe.csv")
    assert (done.returncode, done.stderr) == (
        1,
        "cellgraph: error: pipe.csv: expected a file, but it is a pipe; write what it holds to a file first\n",
    )
