"""Phenotypes are the same from both databases."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from phenotype_samples import made_samples

from cellgraph.phenotypes import aggregates
from cellgraph.phenotypes.comparison import compare
from cellgraph.phenotypes.components import pca
from cellgraph.phenotypes.correlation import correlate
from cellgraph.phenotypes.groups import kmeans
from cellgraph.phenotypes.moments import Moments
from cellgraph.phenotypes.selection import read_columns
from cellgraph.phenotypes.variation import variation
from cellgraph.stores import open_store


@pytest.fixture(scope="module")
def address(fill: Callable[..., str]) -> str:
    return fill(made_samples())


@pytest.mark.parametrize("where", [None, "sample <> 'b' and size > 2", "label < 14"])
def test_the_database_adds_up_what_is_read(address: str, where: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aggregates, "FEW", 0)
    with open_store(address, read_only=True) as store:
        read = read_columns(store, "size,sign,same,empty", where=where)
        added, blocks = aggregates.moments_of(read), Moments(len(read.facts), 4)
        for block in read.blocks():
            blocks.add(block.samples, block.numbers(read.names))
        assert read.samples == (["a", "c"] if where and "sample" in where else ["a", "b", "c"])
        assert aggregates._by_database(read) is not None
        assert aggregates._by_database(read_columns(store, "holes")) is None  # there is NaN in it
        assert aggregates._by_database(read_columns(store, "size,khop(2)")) is None
    for name in ("count", "mean", "squares", "low", "high", "missing"):
        assert getattr(added, name) == pytest.approx(getattr(blocks, name)), name


def test_variation(address: str) -> None:
    rows = {row["phenotype"]: row for row in variation("size,late,holes,degree,contact_area", address).rows.to_pylist()}
    assert (rows["size"]["within"], rows["size"]["between"]) == pytest.approx((50, 20))
    assert (rows["late"]["samples"], rows["late"]["cells"]) == (1, 7)
    assert rows["holes"]["cells"] == 13
    assert rows["degree"]["mean"] == pytest.approx(np.mean([8 / 5, 6 / 4, 12 / 7]))
    assert rows["contact_area"]["mean"] == pytest.approx(2 * rows["degree"]["mean"])


def test_a_condition_on_what_is_computed(address: str) -> None:
    (row,) = variation("size", address, where="khop(1) = 1 and contact_area > 0").rows.to_pylist()
    assert row["cells"] == 6  # the ends of three chains


def test_correlation_and_comparison(address: str) -> None:
    rows = correlate("size,empty,late", address, by="sample").rows.to_pylist()
    assert [row["n"] for row in rows if row["column_b"] == "late"] == [0, 0, 0, 0, 7, 0]
    assert compare("size", "genotype", address, unit="cells").rows["cells of wild"].to_pylist() == [9]
    assert compare("size", "sort", address, mixed=True).rows["cells of x"].to_pylist() == [8]


def test_what_is_written_is_a_column(address: str) -> None:
    pca("size,sign", address, write_as="pc", where="sample <> 'b'")
    kmeans("size,sign", 2, address, write_as="niche")
    with open_store(address, read_only=True) as store:
        read = read_columns(store, "pc1,pc2,niche")
        values = np.concatenate([block.numbers(read.names) for block in read.blocks()])
    assert set(values[:, 2]) == {1, 2}
    assert np.isnan(values[5:9, :2]).all()
    assert np.isfinite(np.delete(values, range(5, 9), axis=0)).all()
