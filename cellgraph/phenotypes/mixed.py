"""A linear mixed model of cells: groups as fixed effects, a random intercept for each sample (statsmodels)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from cellgraph.errors import MissingExtraError

Array = np.ndarray[Any, Any]

MOST_CELLS = 1_000_000
FEW_SAMPLES = 20
"""Number of samples below which Wald's test finds differences between groups of samples too often."""

_NOTHING = 1e-6  # of the variance within samples: what counts as none between them


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
    spread = float(values.std())
    if np.ptp(values) == 0:
        notes.append(f"{column}: all cells have the same value, so there is no test.")
        return {}
    if len(np.unique(samples)) == len(samples):
        notes.append(
            f"{column}: each sample has a single cell, so variation within and between samples cannot be told apart, "
            "and there is no test; leave out --mixed."
        )
        return {}
    y = (values - values.mean()) / spread
    dummies = (groups[:, None] == np.arange(1, len(names))).astype(float)
    design = np.concatenate([np.ones((len(y), 1)), dummies], axis=1)
    found = _fitted(y, design, samples, column, notes)
    if found is None:
        notes.append(f"{column}: the mixed model cannot be fitted, as samples and groups cannot be told apart.")
        return {}
    fixed, covariance, variance = found
    contrast = np.eye(len(names))[1:]
    apart = contrast @ fixed
    statistic = float(apart @ np.linalg.solve(contrast @ covariance @ contrast.T, apart))
    from scipy.stats import chi2

    row: dict[str, Any] = {
        "test": "mixed model, Wald",
        "statistic": statistic,
        "p": float(chi2.sf(statistic, len(names) - 1)),
    }
    if len(names) == 2:
        total = variance**0.5
        effect, error = -float(fixed[1]) / total, float(covariance[1, 1]) ** 0.5 / total
        row |= {"effect": effect, "effect_low": effect - 1.96 * error, "effect_high": effect + 1.96 * error}
        row["effect_is"] = f"{names[0]} - {names[1]} over the standard deviation of cells"
    return row


def _fitted(
    y: Array, design: Array, samples: Array, column: str, notes: list[str]
) -> tuple[Array, Array, float] | None:
    """Return the fixed effects, their covariance, and the variance of cells; None if there is no such model.

    Where the likelihood is largest without any variance between samples, statsmodels may stop at a singular point; it
    is the model of cells alone then.
    """
    from statsmodels.regression.mixed_linear_model import MixedLM

    p = design.shape[1]
    for method in (None, "powell"):
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("always")
            try:
                model = MixedLM(y, design, groups=samples).fit(reml=True, method=method)
            except np.linalg.LinAlgError:
                continue
            between = float(np.asarray(model.cov_re).real.ravel()[0])
            covariance = np.asarray(model.cov_params())[:p, :p]
        if between > _NOTHING * model.scale and _is_positive(covariance):
            if not model.converged:
                notes.append(f"{column}: the mixed model may be imprecise: it did not converge.")
            return np.asarray(model.fe_params), covariance, between + float(model.scale)
    fixed, _, rank, _ = np.linalg.lstsq(design, y, rcond=None)
    left = y - design @ fixed
    scale = float(left @ left) / max(len(y) - p, 1)
    if rank < p or scale <= _NOTHING:
        return None
    notes.append(f"{column}: the variance between samples is estimated as 0, so the model is that of cells alone.")
    return fixed, scale * np.linalg.inv(design.T @ design), scale


def _is_positive(covariance: Array) -> bool:
    """Whether a covariance is real, finite and positive definite."""
    if np.iscomplexobj(covariance) or not np.isfinite(covariance).all():
        return False
    return bool(np.linalg.eigvalsh((covariance + covariance.T) / 2)[0] > 0)
