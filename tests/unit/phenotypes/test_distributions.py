"""Pictures of how cells are distributed in each sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from cellgraph.model import Network, Sample
from cellgraph.phenotypes import distributions
from cellgraph.phenotypes.comparison import compare
from cellgraph.phenotypes.distributions import cells_of_samples
from cellgraph.phenotypes.variation import variation
from cellgraph.stores import open_store

NAMES = ("left", "middle", "right", "far")
GROUPS = ("near", "near", "away", "away")


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database of four samples of 3,000 cells, whose column `value` is from 0 up to 10, 20, 30, 40."""
    random = np.random.default_rng(4)
    values = np.concatenate([random.random(3000) * 10 * (number + 1) for number in range(4)])
    cells = pa.table({"sample": np.repeat(NAMES, 3000), "label": np.arange(12000) + 1, "value": values})
    none = pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.int64())})
    samples = tuple(Sample(name, extra={"place": group}) for name, group in zip(NAMES, GROUPS, strict=True))
    path = tmp_path_factory.mktemp("distributions") / "cellgraph.db"
    with open_store(path, create=True) as store:
        store.write(Network(samples, cells, none))
    return path


def test_random_cells_of_each_sample(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cellgraph.phenotypes.reading.BLOCK", 700)  # so that samples come in several blocks
    found = cells_of_samples("value", ["value"], db, "value > 5", None)
    assert list(found) == list(NAMES)
    for number, values in enumerate(found.values()):
        assert len(values) == min(2000, np.count_nonzero(values > 5)) > 1000
        assert len(np.unique(values)) == len(values)
        assert values.mean() == pytest.approx((5 + 10 * (number + 1)) / 2, rel=0.05)


def test_variation_has_a_violin_a_sample_in_the_order_of_means(db: Path) -> None:
    figure = variation("value", db).picture()
    (axis,) = figure.axes
    assert [tick.get_text() for tick in axis.get_xticklabels()] == ["left", "middle", "right", "far"]
    assert [round(body.get_paths()[0].vertices[:, 1].max(), -1) for body in axis.collections[:1]] == [10]


def test_samples_of_a_group_stand_together_in_one_colour(db: Path) -> None:
    figure = compare("value", "place", db).picture()
    (axis,) = figure.axes
    assert [tick.get_text() for tick in axis.get_xticklabels()] == ["right", "far", "left", "middle"]
    bodies = [collection for collection in axis.collections if collection.get_facecolor().size == 4]
    colours = {tuple(body.get_facecolor()[0][:3]) for body in bodies if body.get_alpha() == 0.6}
    assert len(colours) == 2
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["away", "near"]


def test_many_samples_are_drawn_by_their_means(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("variation", "comparison"):
        monkeypatch.setattr(f"cellgraph.phenotypes.{module}.MOST_SAMPLES", 3)
    (axis,) = variation("value", db).picture().axes
    assert len(axis.get_xticklabels()) == 4
    (axis,) = compare("value", "place", db).picture().axes
    assert [tick.get_text() for tick in axis.get_xticklabels()] == ["away", "near"]
    assert distributions.MOST_SAMPLES == 30
