"""Groups of samples compared: against scipy and statsmodels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats
from statsmodels.regression.mixed_linear_model import MixedLM
from statsmodels.stats.oneway import anova_oneway

from cellgraph.errors import InputError, ParameterError
from cellgraph.model import Network, Sample
from cellgraph.phenotypes import reading
from cellgraph.phenotypes.comparison import compare
from cellgraph.phenotypes.effects import eta_squared, hedges_g, welch_anova
from cellgraph.stores import open_store

GENOTYPES = {"a": "ko", "b": "ko", "c": "ko", "d": "wt", "e": "wt", "f": "wt", "g": "wt", "h": None}
THREE = dict(zip("abcdefgh", "xxxyyzzz", strict=True))
CELLS = 12


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    """Return numbers of 12 cells in each of 8 samples, which differ from each other, and ko from wt."""
    random = np.random.default_rng(4)
    of_samples = random.normal(0, 1, 8) + np.array([2, 2, 2, 0, 0, 0, 0, 0])
    return 10 + of_samples[:, None] + random.normal(0, 1, (8, CELLS))


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, values: np.ndarray) -> Path:
    path = tmp_path_factory.mktemp("comparison") / "cells.db"
    cells = pa.table(
        {
            "sample": np.repeat(list(GENOTYPES), CELLS).tolist(),
            "label": np.tile(np.arange(1, CELLS + 1), 8),
            "u": values.ravel(),
            "v": np.arange(8.0 * CELLS),
            "same": np.ones(8 * CELLS),
            "kind": ["even" if k % 2 else "odd" for k in range(8 * CELLS)],
            "batch": np.repeat([name in "abgh" for name in GENOTYPES], CELLS),
        }
    )
    samples = tuple(
        Sample(name, extra={"three": THREE[name]} | ({"genotype": kind} if kind else {}))
        for name, kind in GENOTYPES.items()
    )
    none = pa.array([], pa.int64())
    with open_store(path, create=True) as store:
        store.write(Network(samples, cells, pa.table({"a": none, "b": none, "junctions": none})))
    return path


def test_two_groups(database: Path, values: np.ndarray) -> None:
    done = compare("u,v", "genotype", database)
    row = done.rows.to_pylist()[0]
    means = values.mean(axis=1)
    expected = stats.ttest_ind(means[:3], means[3:7], equal_var=False)
    assert row["test"] == "Welch's t"
    assert row["statistic"] == pytest.approx(expected.statistic)
    assert row["p"] == pytest.approx(expected.pvalue)
    assert (row["samples of ko"], row["samples of wt"]) == (3, 4)
    assert row["mean of ko"] == pytest.approx(means[:3].mean())
    assert row["effect_is"] == "Hedges' g, ko - wt"
    assert row["effect_low"] < row["effect"] < row["effect_high"]
    both = stats.false_discovery_control(done.rows["p"].to_numpy())
    assert np.allclose(done.rows["fdr"], both)
    assert "1 sample without a value of 'genotype' was left out." in done.notes


def test_three_groups(database: Path, values: np.ndarray) -> None:
    row = compare("u", "three", database).rows.to_pylist()[0]
    means = values.mean(axis=1)
    expected = anova_oneway([means[:3], means[3:5], means[5:]], use_var="unequal", welch_correction=True)
    assert row["test"] == "Welch's ANOVA"
    assert row["statistic"] == pytest.approx(expected.statistic)
    assert row["p"] == pytest.approx(expected.pvalue)
    assert row["effect_is"] == "eta squared"


def test_ranks(database: Path, values: np.ndarray) -> None:
    means = values.mean(axis=1)
    two = compare("u", "genotype", database, test="ranks").rows.to_pylist()[0]
    assert two["p"] == pytest.approx(stats.mannwhitneyu(means[:3], means[3:7]).pvalue)
    three = compare("u", "three", database, test="ranks").rows.to_pylist()[0]
    assert three["p"] == pytest.approx(stats.kruskal(means[:3], means[3:5], means[5:]).pvalue)


def test_cells_as_unit_are_named_pseudo_replication(database: Path, values: np.ndarray) -> None:
    done = compare("u", "genotype", database, unit="cells")
    expected = stats.ttest_ind(values[:3].ravel(), values[3:7].ravel(), equal_var=False)
    assert done.rows["p"][0].as_py() == pytest.approx(expected.pvalue)
    assert done.rows["cells of wt"].to_pylist() == [4 * CELLS]
    assert any("pseudo-replication" in note for note in done.notes)


def test_a_mixed_model(database: Path, values: np.ndarray) -> None:
    row = compare("u", "genotype", database, mixed=True).rows.to_pylist()[0]
    y = values[:7].ravel()
    group = np.repeat([0, 0, 0, 1, 1, 1, 1], CELLS)
    design = np.stack([np.ones_like(y), group], axis=1)
    expected = MixedLM(y, design, groups=np.repeat(np.arange(7), CELLS)).fit()
    assert row["p"] == pytest.approx(expected.pvalues[1], rel=1e-2)
    assert row["effect"] == pytest.approx(
        -expected.params[1] / np.sqrt(expected.cov_re[0, 0] + expected.scale), rel=1e-2
    )
    assert row["test"] == "mixed model, Wald"


def test_groups_within_samples_need_a_mixed_model(database: Path) -> None:
    with pytest.raises(ParameterError, match=r"differs between cells of one sample.*--mixed"):
        compare("u", "kind", database)
    row = compare("u", "kind", database, mixed=True).rows.to_pylist()[0]
    assert row["cells of even"] == 48
    assert 0 <= row["p"] <= 1


def test_a_column_of_cells_that_is_the_same_in_each_sample_makes_groups(database: Path) -> None:
    row = compare("u", "batch", database).rows.to_pylist()[0]
    assert (row["samples of false"], row["samples of true"]) == (4, 4)


def test_what_is_refused(database: Path) -> None:
    with pytest.raises(InputError, match=r"at least two samples.*'ko' of 'genotype' has 1"):
        compare("u", "genotype", database, where="sample in ('a', 'd', 'e')")
    with pytest.raises(InputError, match="needs at least two groups, but 'genotype' has only 'wt'"):
        compare("u", "genotype", database, where="sample in ('d', 'e')")
    with pytest.raises(ParameterError, match=r"no property 'genotyp' of samples.*Did you mean 'genotype'"):
        compare("u", "genotyp", database)
    with pytest.raises(ParameterError, match="'v' has 96 different values"):
        compare("u", "v", database)
    with pytest.raises(ParameterError, match="a mixed model has cells as observations"):
        compare("u", "genotype", database, mixed=True, unit="cells")
    assert compare("same", "genotype", database).rows["p"].to_pylist() == [None]


def test_welch_of_two_groups_is_the_square_of_t() -> None:
    random = np.random.default_rng(0)
    one, other = random.normal(0, 1, 8), random.normal(1, 3, 5)
    t = stats.ttest_ind(one, other, equal_var=False)
    assert welch_anova([one, other]) == pytest.approx((t.statistic**2, t.pvalue))


def test_effects() -> None:
    random = np.random.default_rng(1)
    groups = [random.normal(shift, 1, 9) for shift in (0, 0.5, 2)]
    eta, low, high = eta_squared(groups)
    f = stats.f_oneway(*groups).statistic
    assert eta == pytest.approx(2 * f / (2 * f + 24))
    shifts = [27 * end / (1 - end) for end in (low, high)]
    assert stats.ncf.cdf(f, 2, 24, shifts) == pytest.approx([0.975, 0.025])
    g, _, _ = hedges_g(groups[0], groups[2])
    pooled = np.sqrt((groups[0].var(ddof=1) + groups[2].var(ddof=1)) / 2)
    assert g == pytest.approx((groups[0].mean() - groups[2].mean()) / pooled * (1 - 3 / (4 * 16 - 1)))


def test_effects_beyond_computing_have_no_interval() -> None:
    eta, low, high = eta_squared([np.array([0.0, 1e-9]), np.array([1e3, 1e3 + 1e-9]), np.array([2e3, 2e3 + 1e-9])])
    assert eta == pytest.approx(1)
    assert np.isnan([low, high]).all()
    assert np.isnan(welch_anova([np.zeros(3), np.arange(3.0), np.arange(4.0)])).all()


def test_a_column_that_some_samples_do_not_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BLOCK", 4)
    none = pa.array([], pa.int64())
    with open_store(tmp_path / "cells.db", create=True) as store:
        for number, kind in enumerate("xyz"):
            cells = {"sample": [kind] * 4, "label": [1, 2, 3, 4], "u": [1.0, 2, 4, number + 3]}
            cells |= {} if kind == "y" else {"kind": ["p", "q", "p", "q"]}
            contacts = pa.table({"a": none, "b": none, "junctions": none})
            store.write(Network((Sample(kind),), pa.table(cells), contacts))
    done = compare("u", "kind", tmp_path / "cells.db", unit="cells")
    assert (done.rows["cells of p"].to_pylist(), done.rows["cells of q"].to_pylist()) == ([4], [4])
    assert "4 cells without a value of 'kind' were left out." in done.notes
