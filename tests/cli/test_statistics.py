"""The commands `cellgraph enrichment`, `cellgraph autocorrelation` and `cellgraph niches`."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest
from command import cellgraph, refused
from typed_tissue import typed_tissue

from cellgraph.stores import open_store


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("statistics")
    with open_store(path / "cellgraph.db", create=True) as store:
        store.write(typed_tissue())
    return path


def test_enrichment(folder: Path) -> None:
    done = cellgraph("enrichment", "--by", "cell_type", "--permutations", 9, "--format", "csv", cwd=folder)
    header, *lines = done.stdout.splitlines()
    assert header == "sample,type_a,type_b,cells,count,value,expected,sd,z,p_gt,p_lt,p,fdr"
    assert len(lines) == 2 * 3 * 3
    assert "cellgraph: 9 permutations of cell_type within each sample, seed 0.\n" in done.stderr


def test_a_matrix(folder: Path) -> None:
    words = ["--by", "cell_type", "--permutations", 9, "--null", "degree", "--count", "area", "--format", "csv"]
    rows = cellgraph("enrichment", *words, cwd=folder).stdout.splitlines()[1:]
    done = cellgraph("enrichment", *words, "--matrix", "count", cwd=folder)
    header, *lines = done.stdout.splitlines()
    assert header == "sample,type_a,B,M,T"
    counts = [value for line in lines for value in line.split(",")[2:]]
    assert counts == [row.split(",")[4] for row in rows]
    assert "9 rewirings of the contacts within each sample" in done.stderr


def test_autocorrelation(folder: Path) -> None:
    words = ["autocorrelation", "marker", "flag", "--permutations", 9, "--format", "csv", "--sample", "right"]
    header, *lines = cellgraph(*words, "--raw-weights", cwd=folder).stdout.splitlines()
    assert header == "sample,column,method,cells,value,expected,sd,z,p_gt,p_lt,p,fdr"
    assert [line.split(",")[:4] for line in lines] == [
        ["right", "marker", "moran", "36"],
        ["right", "flag", "moran", "36"],
    ]
    raw = [line.split(",")[4] for line in lines]
    assert raw != [line.split(",")[4] for line in cellgraph(*words, cwd=folder).stdout.splitlines()[1:]]


def test_niches(folder: Path) -> None:
    words = ["niches", "--by", "cell_type", "--k", 2, "--niches", 3, "--format", "csv"]
    header, *lines = cellgraph(*words, cwd=folder).stdout.splitlines()
    assert header == "sample,cell,niche,around,share of B,share of M,share of T"
    assert len(lines) == 72
    summary = cellgraph(*words, "--pool", "--summary", cwd=folder).stdout.splitlines()
    assert len(summary) == 1 + 3
    assert sum(int(line.split(",")[1]) for line in summary[1:]) == 72


def test_niches_are_kept(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "cellgraph.db", tmp_path)
    words = ["niches", "--by", "cell_type", "--niches", 2, "--write", "niche", "--format", "csv"]
    lines = cellgraph(*words, cwd=tmp_path).stdout.splitlines()[1:]
    header, *rows = csv.reader(cellgraph("query", "cells", "--format", "csv", cwd=tmp_path).stdout.splitlines())
    assert [row[header.index("niche")] for row in rows] == [line.split(",")[2] for line in lines]
    # A column as any other: chance does not know of it.
    cellgraph("enrichment", "--by", "niche", "--permutations", 1, cwd=tmp_path)
    assert "'niche'" in refused(*words, cwd=tmp_path)
    cellgraph(*words, "--replace", cwd=tmp_path)
    assert "--replace needs --write" in refused("niches", "--by", "cell_type", "--replace", cwd=tmp_path, status=2)


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        ("cells have no column 'cell_typ'. Did you mean 'cell_type'", ["enrichment", "--by", "cell_typ"]),
        ("needs a patch size", ["enrichment", "--by", "cell_type", "--convention", "patch"]),
        ("fewer than two types", ["niches", "--by", "one_type"]),
        ("all cells have the same value", ["autocorrelation", "same"]),
        ("holds text", ["autocorrelation", "cell_type"]),
    ],
)
def test_what_has_no_answer_is_refused(folder: Path, message: str, arguments: list[str]) -> None:
    assert message in refused(*arguments, cwd=folder, status=2)
