"""Correlation, components, groups: against scipy, scikit-learn and plain formulas, however the cells are read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import RobustScaler

from cellgraph.errors import ParameterError
from cellgraph.model import Network, Sample
from cellgraph.phenotypes import reading, scaling
from cellgraph.phenotypes.components import pca
from cellgraph.phenotypes.correlation import correlate
from cellgraph.phenotypes.groups import kmeans
from cellgraph.phenotypes.profiles import between_samples, profile_of
from cellgraph.phenotypes.selection import read_columns
from cellgraph.phenotypes.variation import variation
from cellgraph.stores import open_store

Array = np.ndarray
NAMES = ("left", "middle", "right")
SIZES = (70, 50, 90)


@pytest.fixture(scope="module")
def clouds() -> Array:
    """Return three numbers a cell, of three groups that stand apart, in all samples alike; some are missing."""
    random = np.random.default_rng(8)
    centres = np.array([[0.0, 0, 0], [40, 0, 10], [0, 30, -20]])
    values = centres[np.arange(sum(SIZES)) % 3] + random.normal(0, 1, (sum(SIZES), 3)) + 1e4
    values[random.random(values.shape) < 0.03] = np.nan
    return values


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, clouds: Array) -> Path:
    path = tmp_path_factory.mktemp("analyses") / "cells.db"
    cells = pa.table(
        {
            "sample": np.repeat(NAMES, SIZES).tolist(),
            "label": np.concatenate([np.arange(1, size + 1) for size in SIZES]),
            **{name: pa.array(clouds[:, k], from_pandas=True) for k, name in enumerate("uvw")},
        }
    )
    none = pa.array([], pa.int64())
    with open_store(path, create=True) as store:
        network = Network(tuple(map(Sample, NAMES)), cells, pa.table({"a": none, "b": none, "junctions": none}))
        store.write(network)
    return path


@pytest.fixture(params=["whole", "in single precision", "in parts"])
def memory(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let memory hold all cells, or only blocks of 32 that cut samples."""
    if request.param == "in single precision":
        monkeypatch.setattr(scaling, "EXACT", 0)
        monkeypatch.setattr(scaling, "PART", 50)
    if request.param == "in parts":
        monkeypatch.setattr(reading, "BLOCK", 32)
        monkeypatch.setattr(scaling, "holds", lambda size: False)


@pytest.mark.usefixtures("memory")
class TestHoweverCellsAreRead:
    @pytest.mark.parametrize("method", ["pearson", "spearman"])
    @pytest.mark.parametrize("by", [None, "sample"])
    def test_correlation(self, database: Path, clouds: Array, method: str, by: str | None) -> None:
        rows = correlate("u,v,w", database, by=by, method=method).rows.to_pylist()  # type: ignore[arg-type]
        assert len(rows) == (9 if by else 3)
        of_cell = np.repeat(NAMES, SIZES)
        for row in rows:
            own = clouds[of_cell == row["sample"]] if by else clouds
            x, y = (own[:, "uvw".index(row[end])] for end in ("column_a", "column_b"))
            both = ~np.isnan(x) & ~np.isnan(y)
            expected = getattr(stats, f"{method}r")(x[both], y[both])
            assert row["n"] == both.sum()
            assert row["r"] == pytest.approx(expected.statistic, rel=1e-9)
            assert row["p"] == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-12)

    def test_components(self, database: Path, clouds: Array) -> None:
        full = RobustScaler().fit_transform(clouds[~np.isnan(clouds).any(axis=1)])
        expected = PCA(3).fit(full)
        rows = pca("u,v,w", database).rows
        assert np.allclose(rows["explained"], expected.explained_variance_, rtol=1e-6)
        assert np.allclose(rows["explained_ratio"], expected.explained_variance_ratio_)
        loadings = np.stack([rows[name] for name in "uvw"], axis=1)
        assert np.allclose(np.abs(loadings), np.abs(expected.components_), atol=1e-6)
        assert (np.take_along_axis(loadings, np.abs(loadings).argmax(axis=1)[:, None], 1) > 0).all()

    def test_groups(self, database: Path, clouds: Array) -> None:
        done = kmeans("u,v,w", 3, database)
        full = ~np.isnan(clouds).any(axis=1)
        truth = (np.arange(len(clouds)) % 3)[full]
        assert sorted(done.rows["cells"].to_pylist()) == sorted(np.bincount(truth).tolist())
        for row in done.rows.to_pylist():
            assert row["found"] == "within samples"
            assert row["between"] < 0.05
        assert f"{(~full).sum()} cells without a finite number" in " ".join(done.notes)

    def test_variation(self, database: Path, clouds: Array) -> None:
        (row,) = variation("u", database).rows.to_pylist()
        parts = np.split(clouds[:, 0], np.cumsum(SIZES)[:-1])
        means = [np.nanmean(part) for part in parts]
        within = np.mean([np.nanstd(part, ddof=1) / mean for part, mean in zip(parts, means, strict=True)])
        assert row["within"] == pytest.approx(100 * within)
        assert row["between"] == pytest.approx(100 * np.std(means, ddof=1) / np.mean(means))


def test_the_number_of_groups_is_found(database: Path) -> None:
    assert kmeans("u,v,w", "2..5", database).rows.num_rows == 3


def test_groups_are_those_of_scikit_learn(database: Path, clouds: Array, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes(database.read_bytes())
    kmeans("u,v,w", 4, copy, write_as="group")
    full = ~np.isnan(clouds).any(axis=1)
    expected = KMeans(4, n_init=10, random_state=0).fit_predict(RobustScaler().fit_transform(clouds[full]))
    with open_store(copy, read_only=True) as store:
        found = np.concatenate([block.numbers(["group"])[:, 0] for block in read_columns(store, "group").blocks()])
    assert np.isnan(found[~full]).all()
    assert adjusted_rand_score(found[full], expected) > 0.99


def test_groups_that_are_samples_are_between_samples() -> None:
    assert between_samples(np.array([[5.0, 0], [0, 7]])) == pytest.approx([1, 1])
    assert between_samples(np.array([[2.0, 4], [3, 6]])) == pytest.approx([0, 0])
    assert np.isnan(between_samples(np.array([[2.0], [3]]))).all()


def test_profiles_in_words() -> None:
    assert profile_of(np.array([0.1, -0.7, 2.0]), ["u", "v", "w"]) == "high w, low v"
    assert profile_of(np.array([0.1, -0.2]), ["u", "v"]) == "near the centre"


def test_other_units_are_refused(tmp_path: Path) -> None:
    cells = pa.table({"sample": ["a", "b"], "label": [1, 1], "volume": [2.0, 3.0], "stretch": [0.1, 0.2]})
    none = pa.array([], pa.int64())
    samples = (
        Sample("a", shape=(2, 2, 2), spacing=(1, 1, 1), unit="micrometer"),
        Sample("b", shape=(2, 2, 2), spacing=(1, 1, 1), unit="nanometer"),
    )
    with open_store(tmp_path / "cells.db", create=True) as store:
        store.write(Network(samples, cells, pa.table({"a": none, "b": none, "junctions": none})))
    with pytest.raises(ParameterError, match=r"micrometer in the sample 'a', nanometer in 'b'"):
        variation("volume", tmp_path / "cells.db")
    assert variation("stretch", tmp_path / "cells.db").rows.num_rows == 1
    assert variation("volume", tmp_path / "cells.db", sample="a").rows.num_rows == 1
    correlate("volume,stretch", tmp_path / "cells.db", by="sample", where="volume > 0")
