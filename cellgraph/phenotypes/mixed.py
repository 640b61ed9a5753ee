"""A linear mixed model of cells: groups as fixed effects, a random intercept for each sample (statsmodels)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from cellgraph.errors import MissingExtraError

Array = np.ndarray[Any, Any]

MOST_CELLS = 1_000_000


def require() -> None:
    """Check that statsmodels is installed.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        import statsmodels  # noqa: F401
    except ImportError:
        raise MissingExtraError("a mixed model", "phenotypes", "statsmodels") from None


def fit(
    values: Array, groups: Array, samples: Array, names: Sequence[str], column: str, notes: list[str]
) -> dict[str, Any]:
    """Fit the model, and return its part of a row.

    The model is fitted by restricted maximum likelihood.  A Wald test tests that all groups are equal.  For two groups,
    the effect is their difference over the standard deviation of cells (between and within samples together).

    Parameters
    ----------
    values : numpy.ndarray of float64, shape (n,)
    groups, samples : numpy.ndarray of int64, shape (n,)
        Numbers of the group and of the sample of each cell.
    names : sequence of str
        Names of the groups.
    column : str
        Its name, for notes.
    notes : list of str
        Warnings of statsmodels are added here.
    """
    from statsmodels.regression.mixed_linear_model import MixedLM

    spread = float(values.std())
    if spread == 0:
        notes.append(f"{column}: all cells have the same value, so there is no test.")
        return {}
    y = (values - values.mean()) / spread
    dummies = (groups[:, None] == np.arange(1, len(names))).astype(float)
    design = np.concatenate([np.ones((len(y), 1)), dummies], axis=1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model = MixedLM(y, design, groups=samples).fit(reml=True)
        except np.linalg.LinAlgError:
            notes.append(f"{column}: the mixed model cannot be fitted, as samples and groups cannot be told apart.")
            return {}
    if caught or not model.converged:
        reason = str(caught[0].message).strip().rstrip(".") if caught else "it did not converge"
        notes.append(f"{column}: the mixed model may be imprecise: {reason}.")
    contrast = np.eye(len(names))[1:]
    fixed, covariance = np.asarray(model.fe_params), np.asarray(model.cov_params())[: len(names), : len(names)]
    apart = contrast @ fixed
    statistic = float(apart @ np.linalg.solve(contrast @ covariance @ contrast.T, apart))
    from scipy.stats import chi2

    row: dict[str, Any] = {
        "test": "mixed model, Wald",
        "statistic": statistic,
        "p": float(chi2.sf(statistic, len(names) - 1)),
    }
    if len(names) == 2:
        total = float(np.asarray(model.cov_re).ravel()[0] + model.scale) ** 0.5
        effect, error = -float(fixed[1]) / total, float(covariance[1, 1]) ** 0.5 / total
        row |= {"effect": effect, "effect_low": effect - 1.96 * error, "effect_high": effect + 1.96 * error}
        row["effect_is"] = f"{names[0]} - {names[1]} over the standard deviation of cells"
    return row
