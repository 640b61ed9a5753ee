"""Columns that are computed, against plain loops, on both databases."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from command import cellgraph
from typed_tissue import typed_tissue

from cellgraph.errors import ParameterError
from cellgraph.phenotypes import reading
from cellgraph.phenotypes.names import listed_items
from cellgraph.phenotypes.selection import read_columns
from cellgraph.phenotypes.variation import variation
from cellgraph.stores import open_store
from cellgraph.tables.importing import load_tables


@pytest.fixture(params=[10, 1_000_000])
def tissue(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(reading, "BLOCK", request.param)
    with open_store(tmp_path / "cells.db", create=True) as store:
        store.write(typed_tissue())
    return tmp_path / "cells.db"


def test_degree_khop_and_contact_area(tissue: Path) -> None:
    network = typed_tissue()
    samples = network.cells["sample"].to_pylist()
    within = {k: set() for k in range(len(samples))}
    area = np.zeros(len(samples))
    for row in network.contacts.to_pylist():
        a, b = row["a"], row["b"]
        if a != b:
            within[a].add(b)
            within[b].add(a)
            if samples[a] == samples[b]:
                area[[a, b]] += row["area"]
    two = {k: set().union(own, *(within[j] for j in own)) - {k} for k, own in within.items()}
    with open_store(tissue, read_only=True) as store:
        read = read_columns(store, "degree, khop(2), contact_area", where="khop(1) > 2")
        found = np.concatenate([block.numbers(read.names) for block in read.blocks()])
    kept = [k for k in within if len(within[k]) > 2]
    assert found[:, 0].tolist() == [len(within[k]) for k in kept]
    assert found[:, 1].tolist() == [len(two[k]) for k in kept]
    assert np.allclose(found[:, 2], area[kept])


def test_a_condition_on_samples_and_labels(tissue: Path) -> None:
    with open_store(tissue, read_only=True) as store:
        read = read_columns(store, "marker", where="sample = 'right' and label > 30")
        blocks = list(read.blocks(labels=True))
    assert np.concatenate([block.labels for block in blocks]).tolist() == list(range(31, 37))
    assert read.samples == ["right"]


def test_published_lacunae_have_the_shapes_that_were_published(data_dir: Path, tmp_path: Path) -> None:
    lacunae = data_dir / "lacunae"
    load_tables(lacunae / "lacun_4.csv", lacunae / "lacun_edge.csv", db=tmp_path / "cells.db")
    rows = {
        row["phenotype"]: row for row in variation("shape,Lc.DN,Lc.Te.V,degree", tmp_path / "cells.db").rows.to_pylist()
    }
    assert rows["volume"]["mean"] == pytest.approx(9269.424, abs=5e-4)
    assert rows["stretch"]["mean"] == pytest.approx(0.71941, abs=5e-6)
    assert rows["oblateness"]["mean"] == pytest.approx(-0.25575, abs=5e-6)
    assert rows["oblateness"]["within"] is None
    assert rows["degree"]["mean"] == pytest.approx(2 * 169 / 217)
    assert {"nearest_distance", "territory_volume", "length"} <= set(rows)


def test_a_column_of_the_table_comes_before_a_name_of_the_literature(tmp_path: Path) -> None:
    (tmp_path / "cells.csv").write_text("label,Lc.V,volume,stretch\n1,2,100,0.25\n2,4,300,0.75\n3,6,500,0.5\n")
    database = tmp_path / "cells.db"
    load_tables(tmp_path / "cells.csv", db=database)

    def mean(name: str, where: str | None = None) -> tuple[str, float]:
        (row,) = variation(name, database, where=where).rows.to_pylist()
        return row["phenotype"], row["mean"]

    assert mean("Lc.V") == mean("`Lc.V`") == mean("lc.v") == ("Lc.V", 4)
    assert mean("volume") == ("volume", 300)
    assert mean("Lc.St") == ("stretch", 0.5)
    assert mean("volume", "`Lc.V` > 3") == ("volume", 400)
    assert mean("Lc.V", "volume < 200 or `Lc.V` = 6") == ("Lc.V", 4)
    with pytest.raises(ParameterError, match=r"Put 'Lc\.V' in backticks"):
        variation("volume", database, where="Lc.V > 3")


def test_names_in_one_text() -> None:
    assert listed_items("volume, khop(2),`a,b`,Mean (a,b)") == ["volume", "khop(2)", "`a,b`", "Mean (a,b)"]
    assert listed_items(["a", "b,c"]) == ["a", "b", "c"]


def test_solidity_comes_from_scikit_image_as_docs_say(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "phenotypes.md").read_text()
    code = text.split("**Solidity**")[1].split("```python\n")[1].split("```")[0]
    labels = np.zeros((12, 30, 30), np.uint16)
    labels[1:11, 2:12, 2:12] = 4  # a box is its own hull
    labels[1:11, 2:12, 16:26] = 9
    labels[4:8, 4:12, 18:24] = 0  # a bay in it
    tifffile.imwrite(tmp_path / "cells.tif", labels)
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    cellgraph("load", "cells.tif", cwd=tmp_path)
    cellgraph("annotate", "--cells", "solidity.csv", cwd=tmp_path)
    done = cellgraph("query", "cells", "--columns", "cell,solidity", "--format", "csv", cwd=tmp_path)
    rows = {row["cell"]: float(row["solidity"]) for row in csv.DictReader(done.stdout.splitlines())}
    assert rows == {"4": pytest.approx(1), "9": pytest.approx(1 - 4 * 8 * 6 / 1000, abs=0.01)}
