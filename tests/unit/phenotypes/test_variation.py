"""Variation within and between samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellgraph.phenotypes.moments import Moments, intraclass, other_units
from cellgraph.phenotypes.variation import _row, condensed_variation


@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_moments_are_those_of_numpy_however_cells_come(seed: int, parts: int) -> None:
    random = np.random.default_rng(seed)
    groups = np.sort(random.integers(0, 4, 60))
    values = random.normal(1e6, 1, (60, 2))
    values[random.random((60, 2)) < 0.2] = np.nan
    moments = Moments(4, 2)
    for part in np.array_split(np.arange(60), parts):
        moments.add(groups[part], values[part])
    for group in range(4):
        for column in range(2):
            own = values[groups == group, column]
            own = own[~np.isnan(own)]
            assert moments.count[group, column] == len(own)
            if len(own):
                assert moments.mean[group, column] == pytest.approx(own.mean())
            if len(own) > 1:
                assert moments.sd[group, column] == pytest.approx(own.std(ddof=1))


def test_intraclass_correlation_is_that_of_an_analysis_of_variance() -> None:
    groups = [np.array([9.0, 10, 11]), np.array([4.0, 6]), np.array([20.0, 21, 22, 19])]
    count = np.array([len(group) for group in groups], float)
    mean = np.array([group.mean() for group in groups])
    squares = np.array([((group - group.mean()) ** 2).sum() for group in groups])
    every = np.concatenate(groups)
    between = sum(len(group) * (group.mean() - every.mean()) ** 2 for group in groups) / 2
    within = squares.sum() / 6
    typical = (9 - (9 + 4 + 16) / 9) / 2
    assert intraclass(count, mean, squares) == pytest.approx((between - within) / (between + (typical - 1) * within))


def test_a_condensed_table_gives_what_was_published(data_dir: Path) -> None:
    table = data_dir / "lacunae" / "phenoTable.csv"
    rows = condensed_variation(["CANAL_THETA", "CANAL_PCA2"], table).rows.to_pylist()
    assert [round(row["within"], 3) for row in rows] == [42.447, 92.152]
    assert [round(row["between"], 3) for row in rows] == [8.116, 12.617]
    assert rows[0]["within_low"] < 42.447 < rows[0]["within_high"]


def test_a_sample_in_another_unit_is_suspected() -> None:
    moments = Moments(4, 2)
    moments.add(np.arange(4), np.array([[1.0, 1], [2, 2], [3, 3], [1e9, 9]]))
    (note,) = other_units(moments, ["volume", "degree"], ["a", "b", "c", "d"])
    assert note.startswith("volume: the mean of 'd' differs from that of the median sample by a factor of 100")


def test_a_sample_without_contacts_has_no_part_in_what_is_within() -> None:
    moments, notes = Moments(3, 1), list[str]()
    moments.add(np.repeat([0, 1, 2], 2), np.array([[0.0], [0], [1], [3], [2], [6]]))
    row = _row("degree", moments, 0, False, 100, 0, notes, [])
    assert row["within"] == pytest.approx(100 * np.sqrt(2) / 2)
    assert row["between"] == pytest.approx(100 * np.std([0, 2, 4], ddof=1) / 2)
    assert "1 sample with a mean of 0 was left out of `within`" in notes[0]
