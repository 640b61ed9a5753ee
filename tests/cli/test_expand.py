"""load --expand: contacts across gaps, with what is true of them, and the note that names a length."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from command import cellgraph, refused
from skimage.segmentation import expand_labels

import cellgraph as library

LABELS = np.zeros((40, 60), np.uint16)
for number, (y, x) in enumerate([(4, 4), (4, 12), (4, 24), (20, 4), (20, 18), (28, 40)], 1):
    LABELS[y : y + 6, x : x + 6] = number
LABELS[4:10, 10:12] = 1  # the first two touch


@pytest.fixture
def image(tmp_path: Path) -> Path:
    np.save(tmp_path / "cells.npy", LABELS)
    return tmp_path / "cells.npy"


def rows(folder: Path, *arguments: str) -> list[dict[str, object]]:
    done = cellgraph("query", *arguments, "--format", "json", cwd=folder)
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


def test_contacts_are_those_of_expanded_labels_and_measures_stay(image: Path, tmp_path: Path) -> None:
    options = ["--spacing", "0.5,0.5", "--unit", "um", "-q"]
    cellgraph("load", image, *options, cwd=tmp_path)
    done = cellgraph("load", image, "--expand", "2500nm", "--sample", "grown", *options[:-1], cwd=tmp_path)
    assert "expand cells by 2.5 µm for contacts (as you said)" in done.stderr
    theirs = library.sweep(expand_labels(LABELS, 2.5, spacing=(0.5, 0.5)))
    found = rows(tmp_path, "contacts", "--sample", "grown")
    faces = {(row["cell_a"], row["cell_b"]): row["expanded_junctions"] for row in found}
    assert faces == {(r["cell_a"], r["cell_b"]): r["junctions"] for r in theirs.contacts.to_pylist()}
    true = {(row["cell_a"], row["cell_b"]): (row["junctions"], row["sites"], row["distance"]) for row in found}
    assert true[1, 2] == (6, 1, 0.5)
    assert true[2, 3] == (0, 0, 3.5)
    assert [row["expand"] for row in rows(tmp_path, "samples")] == [None, 2.5]
    cells = {name: rows(tmp_path, "cells", "--sample", name) for name in ("cells", "grown")}
    for plain, grown in zip(cells["cells"], cells["grown"], strict=True):
        other = {"sample", "degree"}
        assert {k: v for k, v in plain.items() if k not in other} == {k: v for k, v in grown.items() if k not in other}
    assert [row["degree"] for row in cells["cells"]] == [1, 1, 0, 0, 0, 0]
    assert [row["degree"] for row in cells["grown"]] == theirs.cells["degree"].to_pylist()
    again = cellgraph("load", image, "--expand", "2.5um", "--sample", "grown", "--resume", *options[:-1], cwd=tmp_path)
    assert "already loaded" in again.stderr
    other = cellgraph("load", image, "--expand", "2", "--sample", "grown", "--resume", *options, cwd=tmp_path, ok=False)
    assert "replace it with --replace" in other.stderr


def test_the_note_says_what_would_join_the_cells(image: Path, tmp_path: Path) -> None:
    done = cellgraph("load", image, "--spacing", "0.5,0.5", "--unit", "um", cwd=tmp_path).stderr
    assert "only 2 of 6 cells touch another: background lies between them; the median gap to the nearest cell" in done
    option = done.partition("and --expand ")[2].split()[0]
    cellgraph("load", image, "--spacing", "0.5,0.5", "--unit", "um", "--expand", option, "--replace", cwd=tmp_path)
    degrees = [row["degree"] for row in rows(tmp_path, "cells")]
    assert degrees.count(0) <= 1


BAD = {
    "0": "above 0",
    "-1": "above 0",
    "nan": "above 0",
    "1e4": "no longer than the volume, which measures 60 voxels",
    "3um": "given in µm, but the unit of the sample is",
    "3 ells": "'ells' is not a known unit of length",
}


@pytest.mark.parametrize("length", BAD)
def test_lengths_that_are_none_are_refused(length: str, image: Path, tmp_path: Path) -> None:
    assert BAD[length] in refused("load", image, f"--expand={length}", status=2, cwd=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["cells.npy"]


def test_growing_needs_a_background(image: Path, tmp_path: Path) -> None:
    sentence = refused("load", image, "--expand", "3", "--background", "none", status=2, cwd=tmp_path)
    assert "needs a background" in sentence
