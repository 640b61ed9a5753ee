"""Measures and statistics with conditions: those of a database in which nothing else is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from command import cellgraph, refused

import cellgraph as library
from cellgraph.errors import ParameterError
from cellgraph.measures import metrics
from cellgraph.model import Network, Sample
from cellgraph.stores import open_store

pytest.importorskip("networkit")

SAMPLES = ("left", "right")
EACH = 60
CONDITIONS = {"where": "volume > 3", "inside": True, "min_junctions": 8, "min_area": 0.1, "min_fraction": 0.05}
METRICS = ["degree", "strength", "pagerank", "clustering", "core_number", "components", "betweenness", "eccentricity"]


def tissue() -> Network:
    """Return two samples whose cells touch at random."""
    random = np.random.default_rng(6)
    n = EACH * len(SAMPLES)
    ends = np.unique(
        np.sort(random.integers(0, EACH, (500, 2)), axis=1) + EACH * random.integers(0, 2, (500, 1)), axis=0
    )
    ends = ends[ends[:, 0] != ends[:, 1]]
    cells = {
        "sample": np.repeat(SAMPLES, EACH),
        "label": np.tile(np.arange(EACH), 2) * 3 + 1,
        "volume": random.uniform(0, 20, n),
        "surface_area": random.uniform(1, 20, n),
        "on_border": random.random(n) < 0.15,
        "kind": random.choice(["B", "M", "T"], n),
        "marker": random.random(n),
    }
    contacts = {
        "a": ends[:, 0],
        "b": ends[:, 1],
        "junctions": random.integers(1, 50, len(ends)),
        "area": random.uniform(0, 5, len(ends)),
    }
    return Network(tuple(Sample(name) for name in SAMPLES), pa.table(cells), pa.table(contacts))


def left_over(network: Network) -> Network:
    """Return what meets the conditions, by a plain loop."""
    cells, contacts = network.cells.to_pylist(), network.contacts.to_pylist()
    kept = [number for number, cell in enumerate(cells) if cell["volume"] > 3 and not cell["on_border"]]
    rows = []
    for contact in contacts:
        a, b = contact["a"], contact["b"]
        surface = min(cells[a]["surface_area"], cells[b]["surface_area"])
        enough = contact["junctions"] >= 8 and contact["area"] >= 0.1 and contact["area"] / surface >= 0.05
        if a in kept and b in kept and enough:
            rows.append({**contact, "a": kept.index(a), "b": kept.index(b)})
    return Network(network.samples, pa.Table.from_pylist([cells[k] for k in kept]), pa.Table.from_pylist(rows))


@pytest.fixture(scope="module")
def dbs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a database with the tissue, and one with what meets the conditions."""
    folder = tmp_path_factory.mktemp("conditions")
    for name, network in (("whole.db", tissue()), ("less.db", left_over(tissue()))):
        with open_store(folder / name, create=True) as store:
            store.write(network)
    return folder / "whole.db", folder / "less.db"


def test_measures_of_cells(dbs: tuple[Path, Path]) -> None:
    whole, less = (metrics(METRICS, dbs[0], **CONDITIONS).rows, metrics(METRICS, dbs[1]).rows)
    assert 20 < whole.num_rows < 2 * EACH
    added_up = ["pagerank", "betweenness"]  # by several threads, in any order
    assert whole.drop_columns(added_up) == less.drop_columns(added_up)
    for name in added_up:
        np.testing.assert_allclose(whole[name].to_numpy(), less[name].to_numpy(), rtol=1e-9)


@pytest.mark.parametrize("name", ["diameter", "assortativity", "hop_plot", "polygon_classes"])
def test_measures_of_samples(dbs: tuple[Path, Path], name: str) -> None:
    assert metrics(name, dbs[0], **CONDITIONS).rows == metrics(name, dbs[1]).rows
    with pytest.raises(ParameterError, match=r"leave out --buffer \(buffer=\)"):
        metrics(name, dbs[0], buffer=1)


def test_statistics(dbs: tuple[Path, Path]) -> None:
    with library.open(dbs[0]) as whole, library.open(dbs[1]) as less:
        asked = {"permutations": 50}
        assert whole.enrichment("kind", **asked, **CONDITIONS) == less.enrichment("kind", **asked)
        assert whole.enrichment("kind", count="area", pool=True, **asked, **CONDITIONS) == less.enrichment(
            "kind", count="area", pool=True, **asked
        )
        assert whole.autocorrelation("marker", **asked, **CONDITIONS) == less.autocorrelation("marker", **asked)
        assert whole.niches("kind", niches=3, **CONDITIONS) == less.niches("kind", niches=3)
        with pytest.raises(ParameterError, match="use inside or where"):
            whole.niches("kind", buffer=2)
        with pytest.raises(ParameterError, match="no cell meets the conditions"):
            whole.enrichment("kind", where="volume > 100")


def test_only_cells_far_from_the_border_are_reported(dbs: tuple[Path, Path]) -> None:
    every = {(row["sample"], row["cell"]): row for row in metrics("eccentricity", dbs[0]).rows.to_pylist()}
    rows = metrics("eccentricity", dbs[0], buffer=2).rows.to_pylist()
    network = tissue()
    cells = network.cells.to_pylist()
    near = {k for k, cell in enumerate(cells) if cell["on_border"]}
    near |= {e[x] for e in network.contacts.to_pylist() for x, y in ("ab", "ba") if e[y] in near}
    expected = [(cell["sample"], cell["label"]) for k, cell in enumerate(cells) if k not in near]
    assert [(row["sample"], row["cell"]) for row in rows] == expected
    assert all(row == every[row["sample"], row["cell"]] for row in rows)


def test_on_the_command_line(dbs: tuple[Path, Path]) -> None:
    db = ["--db", dbs[0], "--format", "csv"]
    done = cellgraph("metrics", "degree", "--where", "volume > 3", "--inside", "--min-junctions", 8, *db)
    expected = metrics("degree", dbs[0], where="volume > 3", inside=True, min_junctions=8).rows
    assert [line.split(",")[-1] for line in done.stdout.splitlines()[1:]] == [
        str(n) for n in expected["degree"].to_pylist()
    ]
    done = cellgraph("enrichment", "--by", "kind", "--min-area", 1, "--permutations", 20, "--inside", *db)
    assert "of the sample 'left' that do not meet the conditions were left out" in done.stderr
    assert "no cell is that far from the border" in refused("metrics", "degree", "--buffer", 9, *db, status=2)
    assert "no cell meets the conditions" in refused("metrics", "degree", "--where", "volume > 99", *db, status=2)
    assert "no column 'volum'" in refused("niches", "--by", "kind", "--where", "volum > 9", *db, status=2)
    cellgraph("metrics", "core_number", "--where", "volume > 3", "--write", "--db", dbs[0])
    done = cellgraph("metrics", "--list", *db)
    assert "volume > 3" in done.stdout
    done = cellgraph("query", "cells", "--where", "volume <= 3", "--columns", "cell,core_number", *db)
    assert all(line.endswith(",") for line in done.stdout.splitlines()[1:])
