"""Components and groups on Spark: the same as in one process."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from spark_master import standalone

from cellgraph.errors import EngineError, NotFoundError, ParameterError
from cellgraph.model import Network, Sample
from cellgraph.phenotypes import parts
from cellgraph.phenotypes.components import pca
from cellgraph.phenotypes.groups import kmeans
from cellgraph.phenotypes.parts import OnSpark
from cellgraph.stores import open_store

COLUMNS = "left,middle,right"


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database of two samples whose cells are in three groups; some have no number."""
    random = np.random.default_rng(8)
    centres = np.array([[0.0, 0, 0], [40, 0, 10], [0, 30, -20]])
    values = centres[np.arange(900) % 3] + random.normal(0, 1, (900, 3))
    values[random.random(values.shape) < 0.02] = np.nan
    columns = {name: pa.array(values[:, place], from_pandas=True) for place, name in enumerate(COLUMNS.split(","))}
    cells = pa.table({"sample": ["a"] * 400 + ["b"] * 500, "label": np.arange(900) + 1, **columns})
    none = pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.int64())})
    path = tmp_path_factory.mktemp("spark") / "cellgraph.db"
    with open_store(path, create=True) as store:
        store.write(Network((Sample("a"), Sample("b")), cells, none))
    return path


def test_the_same_on_a_local_spark(db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "_CELLS", 150)  # several files
    spark = OnSpark(workers=2, work=tmp_path)
    here, there = pca(COLUMNS, db).rows, pca(COLUMNS, db, spark=spark).rows
    assert here.column_names == there.column_names
    for name in here.column_names:
        np.testing.assert_allclose(there[name].to_numpy(), here[name].to_numpy(), rtol=1e-9, atol=1e-12)
    assert kmeans(COLUMNS, 3, db, spark=spark).rows == kmeans(COLUMNS, 3, db).rows
    kmeans(COLUMNS, "2..4", db, write_as="here")
    kmeans(COLUMNS, "2..4", db, write_as="there", spark=spark)
    with open_store(db, read_only=True) as store:
        rows = store.run("MATCH (c:Cell) RETURN c.here AS here, c.there AS there")
    assert rows["here"] == rows["there"]
    assert rows["here"].null_count > 0
    assert set(rows["here"].drop_null().to_pylist()) == {1, 2, 3}
    assert os.listdir(tmp_path) == []


def test_a_master_and_its_workers(db: Path, tmp_path: Path) -> None:
    with standalone(tmp_path) as master:
        work = tmp_path / "work"
        work.mkdir()
        assert kmeans(COLUMNS, 3, db, spark=OnSpark(master, 2, work)).rows == kmeans(COLUMNS, 3, db).rows
        with pytest.raises(ParameterError, match="name it with --work"):
            pca(COLUMNS, db, spark=OnSpark(master))


def test_folders(db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFoundError, match="create it first"):
        pca(COLUMNS, db, spark=OnSpark(work=tmp_path / "none"))
    monkeypatch.setattr(parts, "_write", lambda scaled, folder: ["/nowhere/part-000000.parquet"])
    with pytest.raises(EngineError, match="name a folder that all workers can access with --work; nothing was changed"):
        pca(COLUMNS, db, spark=OnSpark(workers=1, work=tmp_path))
