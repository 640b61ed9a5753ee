"""``cellgraph estimate`` as people type it."""

from __future__ import annotations

import csv
import io
import json
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from command import PROGRAM, cellgraph, refused
from six_cells import IMAGE

import cellgraph as library

COLUMNS = ["expression", "where", "estimate", "low", "high", "confidence", "fraction", "exact", "n", "sampled", "units"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the image of the six cells, which is loaded in the default database there."""
    folder = tmp_path_factory.mktemp("estimate")
    np.save(folder / "six.npy", IMAGE)
    cellgraph("load", "six.npy", "--spacing", "2,1", "--unit", "micrometer", "--quiet", cwd=folder)
    return folder


@pytest.mark.parametrize(
    "stop",
    [["--within-time", "5s"], ["--within-ci", "0.95", "--error", "1%"], ["--within-ci", "95%", "--error", "0.01"]],
)
@pytest.mark.parametrize("source", [[], ["--source", "six.npy", "--spacing", "2,1", "--unit", "micrometer"]])
def test_the_answer_is_one_json_object(folder: Path, stop: list[str], source: list[str]) -> None:
    done = cellgraph("estimate", "mean(volume)", *stop, *source, "--format", "json", cwd=folder)
    answer = json.loads(done.stdout)
    assert answer["estimate"] == answer["low"] == answer["high"] == pytest.approx(38 / 6)
    assert (answer["fraction"], answer["exact"], answer["n"], answer["unit"]) == (1.0, True, 6, "micrometer^2")
    assert done.stderr == ""


def test_a_table_for_reading_and_a_sentence_beside_it(folder: Path) -> None:
    done = cellgraph("estimate", "mean(volume)", "--within-time", "5s", "--where", "not on_border", cwd=folder)
    header, row = done.stdout.splitlines()
    assert header.split() == ["estimate", "low", "high", "fraction", "exact", "n", "unit"]
    assert row.split() == ["8", "8", "8", "1", "true", "1", "micrometer^2"]
    assert done.stderr.startswith("mean(volume) where not on_border is 8 micrometer^2: exact, from all data")
    quiet = cellgraph("estimate", "mean(volume)", "--within-time", "5s", "--quiet", cwd=folder)
    assert quiet.stderr == ""


def test_csv_and_parquet_hold_everything(folder: Path) -> None:
    arguments = ("estimate", "count(contacts)", "--within-time", "5s", "--where", "junctions > 1", "--format")
    (row,) = csv.DictReader(io.StringIO(cellgraph(*arguments, "csv", cwd=folder).stdout))
    assert list(row)[: len(COLUMNS)] == COLUMNS
    assert (row["estimate"], row["exact"], row["where"]) == ("3", "true", "junctions > 1")
    # Bytes do not pass through the text of `cellgraph`.
    import subprocess

    done = subprocess.run([PROGRAM, *arguments, "parquet"], cwd=folder, capture_output=True, check=True)
    (whole,) = pq.read_table(io.BytesIO(done.stdout)).to_pylist()
    assert (whole["estimate"], whole["exact"]) == (3.0, True)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["mean(volume)"], "expected a stopping rule: --within-time 5s, or --within-ci 0.95 --error 1%"),
        (["mean(volume)", "--within-time", "soon"], "expected a time above 0, such as 5s, 500ms or 2m, got 'soon'"),
        (["mean(volume)", "--within-time", "0s"], "expected a time above 0"),
        (
            ["mean(volume)", "--within-ci", "1", "--error", "1%"],
            "asks for certainty, which a random sample cannot give",
        ),
        (["mean(volume)", "--within-ci", "0", "--error", "1%"], "between 0 and 1"),
        (["mean(volume)", "--within-ci", "0.95"], "an interval needs its half width"),
        (["mean(volume)", "--within-ci", "0.95", "--error", "0%"], "a random sample always has an error"),
        (["mean(volume)", "--within-time", "5s", "--where", "volume >"], "expected a column or a value, got the end"),
        (["mean(volume)", "--within-time", "5s", "--where", "volumes > 3"], "Did you mean 'volume'"),
        (["mean(volume", "--within-time", "5s"], "expected ')', got the end"),
        (["average(volume)", "--within-time", "5s"], "expected one of mean, sum, count, median, quantile, ratio"),
        (["mean(khop(2))", "--within-time", "5s", "--source", "six.npy"], "cannot be answered"),
        (["mean(volume)", "--within-time", "5s", "--source", "six.npy", "--spacing", "1"], "expected a spacing of 2"),
        (
            ["mean(volume)", "--within-time", "5s", "--source", "six.npy", "--sample", "six"],
            "do not apply; leave them out",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_as_wrong_usage(folder: Path, arguments: list[str], why: str) -> None:
    assert why in refused_whole("estimate", *arguments, status=2, cwd=folder)


def refused_whole(*arguments: object, status: int, cwd: Path) -> str:
    """As `refused`, with the lines that point at the place."""
    refused(*arguments, status=status, cwd=cwd)
    return cellgraph(*arguments, cwd=cwd, ok=False).stderr


def test_a_filter_that_does_not_parse_is_pointed_at(folder: Path) -> None:
    done = refused_whole("estimate", "count()", "--within-time", "5s", "--where", "volume > > 3", status=2, cwd=folder)
    assert done.splitlines()[-2:] == ["    volume > > 3", "             ^"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--sample", "seven"], "no sample 'seven' in the database. There are: 'six'"),
        (["--where", "sample = 'sixx'"], "Did you mean 'six'"),
        (["--where", "volume > 1e9"], "there are no cells that pass the filter 'volume > 1e9'"),
        (["--db", "none.db"], "there is no database none.db"),
        (["--source", "none.tif"], "no such file"),
    ],
)
def test_what_is_not_there_is_an_error(folder: Path, arguments: list[str], why: str) -> None:
    assert why in refused("estimate", "mean(volume)", "--within-time", "5s", *arguments, cwd=folder)


def test_background_and_connectivity_are_those_of_load(folder: Path) -> None:
    def count(*options: str) -> float:
        arguments = ("estimate", "count(contacts)", "--within-time", "5s", "--source", "six.npy", "--format", "json")
        return float(json.loads(cellgraph(*arguments, *options, cwd=folder).stdout)["estimate"])

    assert count() == library.sweep(IMAGE).contacts.num_rows == 5
    assert count("--background", "none") == library.sweep(IMAGE, background=None).contacts.num_rows
    assert count("--connectivity", "8") == library.sweep(IMAGE, connectivity=8).contacts.num_rows


def test_a_large_volume_is_answered_in_time_and_not_after_all_of_it(tmp_path: Path) -> None:
    """3 GVoxel in a sparse file of nearly nothing: the same cells again and again."""
    image = tmp_path / "large.npy"
    shape = (1_000, 1_800, 1_800)
    cells = np.lib.format.open_memmap(image, mode="w+", dtype=np.uint8, shape=shape)
    cells[::40, ::40, ::40] = 1  # single voxels, far apart
    cells.flush()
    del cells
    began = time.monotonic()
    arguments = ("estimate", "count()", "--source", image, "--within-time", "1s", "--format", "json")
    answer = json.loads(cellgraph(*arguments).stdout)
    assert not answer["exact"]
    assert 0 < answer["fraction"] < 0.5
    assert answer["sampled"] == "blocks"
    assert answer["low"] <= answer["estimate"] <= answer["high"]
    assert answer["seconds"] <= time.monotonic() - began


def test_infinities_leave_the_json_valid(tmp_path: Path) -> None:
    (tmp_path / "cells.csv").write_text("label,x\n1,1\n2,inf\n3,4\n")
    cellgraph("load-tables", "--cells", "cells.csv", cwd=tmp_path)
    done = cellgraph("estimate", "mean(x)", "--within-time", "5s", "--format", "json", cwd=tmp_path)
    answer = json.loads(done.stdout, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert (answer["estimate"], answer["left_out"]) == (2.5, 1)
    assert answer["note"] == "1 of 3 cells have no finite x and are left out"
