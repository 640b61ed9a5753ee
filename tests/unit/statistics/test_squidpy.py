"""The same figures as squidpy's, where it is installed (it holds dask and imagecodecs back, so no extra has it)."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array, csr_matrix
from typed_tissue import edges_of, typed_tissue

import cellgraph
from cellgraph.stores import open_store

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(not find_spec("squidpy"), reason="squidpy is not installed: pip install squidpy"),
]


@pytest.fixture(scope="module")
def db_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("squidpy") / "cells.db"
    with open_store(path, create=True) as store:
        store.write(typed_tissue())
    return path


def as_anndata(column: str) -> Any:
    """Return the sample ``left`` as squidpy wants it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import anndata
        import pandas as pd
    values, edges = edges_of(typed_tissue(), "left", "contacts", column)
    place = {cell: number for number, cell in enumerate(values)}
    ends = np.array([(place[a], place[b]) for a, b in edges]).T
    matrix = csr_matrix(csr_array((np.ones(len(edges)), ends), shape=(len(values), len(values))))
    obs = pd.DataFrame({column: list(values.values())}, index=[str(cell) for cell in values])
    if column == "cell_type":
        obs[column] = obs[column].astype("category")
    return anndata.AnnData(obs=obs, obsp={"spatial_connectivities": matrix})


def test_nhood_enrichment(db_path: Path) -> None:
    import squidpy

    n = 20_000
    theirs = squidpy.gr.nhood_enrichment(as_anndata("cell_type"), "cell_type", n_perms=n, seed=1, copy=True, n_jobs=1)
    with cellgraph.open(db_path) as db:
        ours = db.enrichment("cell_type", sample="left", permutations=n)
    assert ours["count"].to_numpy() == pytest.approx(theirs.counts.ravel())
    # Two z of n permutations each: mean and sd have relative errors of about 1 / sqrt(n).
    z = ours["z"].to_numpy()
    assert np.abs(z - theirs.zscore.ravel()).max() < 6 * np.sqrt(1 + np.abs(z).max() ** 2 / 2) * np.sqrt(2 / n)


@pytest.mark.parametrize(("method", "letter"), [("moran", "I"), ("geary", "C")])
@pytest.mark.parametrize("row_standardized", [True, False])
def test_spatial_autocorr(db_path: Path, method: Any, letter: str, row_standardized: bool) -> None:
    import squidpy

    theirs = squidpy.gr.spatial_autocorr(
        as_anndata("marker"), attr="obs", genes=["marker"], mode=method, transformation=row_standardized, copy=True
    )
    with cellgraph.open(db_path) as db:
        arguments = {"method": method, "row_standardized": row_standardized, "permutations": 9}
        ours = db.autocorrelation("marker", sample="left", **arguments)
    assert ours["value"].to_pylist() == pytest.approx(theirs[letter].tolist(), rel=1e-5)
