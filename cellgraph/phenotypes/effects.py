"""Tests between groups, and effect sizes with their 95 % intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_TAIL = 0.025


def test_of(groups: Sequence[Array], test: str) -> tuple[str, float, float]:
    """Return the name, the statistic and p (two-sided) of a test between groups.

    Parameters
    ----------
    groups : sequence of numpy.ndarray of float64
        Two or more groups of two or more values, not all of which are the same.
    test : {'welch', 'ranks'}
        Of means, with unequal variances; or of ranks.
    """
    from scipy import stats

    if test == "ranks":
        if len(groups) == 2:
            found = stats.mannwhitneyu(*groups)
            return "Mann-Whitney", float(found.statistic), float(found.pvalue)
        found = stats.kruskal(*groups)
        return "Kruskal-Wallis", float(found.statistic), float(found.pvalue)
    if len(groups) == 2:
        variances = [variance(group) / len(group) for group in groups]
        below = sum(variances)
        t = float(groups[0].mean() - groups[1].mean()) / below**0.5
        freedom = below**2 / sum(v**2 / (len(group) - 1) for v, group in zip(variances, groups, strict=True))
        return "Welch's t", t, float(2 * stats.t.sf(abs(t), freedom))
    return ("Welch's ANOVA", *welch_anova(groups))


def variance(values: Array) -> float:
    """Return the variance (n - 1): 0 for equal values, whose mean need not be one of them in floating point."""
    return float(values.var(ddof=1)) if np.ptp(values) > 0 else 0.0


def welch_anova(groups: Sequence[Array]) -> tuple[float, float]:
    """Return F and p of an analysis of variance with unequal variances (Welch 1951); NaN if a variance is 0."""
    from scipy import stats

    number = np.array([len(group) for group in groups], float)
    means = np.array([group.mean() for group in groups])
    variances = np.array([variance(group) for group in groups])
    if (variances == 0).any():
        return float("nan"), float("nan")
    weights = number / variances
    total, k = weights.sum(), len(groups)
    mean = (weights * means).sum() / total
    apart = ((1 - weights / total) ** 2 / (number - 1)).sum() / (k * k - 1)
    f = (weights * (means - mean) ** 2).sum() / (k - 1) / (1 + 2 * (k - 2) * apart)
    return float(f), float(stats.f.sf(f, k - 1, 1 / (3 * apart)))


def hedges_g(one: Array, other: Array) -> tuple[float, float, float]:
    """Return Hedges' g of two groups, the first minus the second, and the ends of its interval.

    This is the difference of the means over the pooled standard deviation, corrected for small samples.  The interval
    is the normal approximation for large samples (Hedges and Olkin 1985).
    """
    a, b = len(one), len(other)
    pooled = ((a - 1) * variance(one) + (b - 1) * variance(other)) / (a + b - 2)
    if pooled <= 0:
        return (float("nan"),) * 3
    g = (1 - 3 / (4 * (a + b - 2) - 1)) * float(one.mean() - other.mean()) / float(pooled) ** 0.5
    error = ((a + b) / (a * b) + g * g / (2 * (a + b))) ** 0.5
    return g, g - 1.959963984540054 * error, g + 1.959963984540054 * error


def eta_squared(groups: Sequence[Array]) -> tuple[float, float, float]:
    """Return the share of the variance between groups, and the ends of its interval.

    The interval inverts the noncentral F distribution (Steiger 2004); NaN if F is too large to compute it.
    """
    from scipy import stats
    from scipy.optimize import brentq

    every = np.concatenate(groups)
    total = variance(every) * (len(every) - 1)
    within = sum(variance(group) * (len(group) - 1) for group in groups)
    if total <= 0 or within <= 0:
        return (float("nan"),) * 3
    above, below = len(groups) - 1, len(every) - len(groups)
    f = (total - within) / above / (within / below)

    def end(tail: float) -> float:
        if stats.f.cdf(f, above, below) <= tail:
            return 0.0
        most = 1.0
        while stats.ncf.cdf(f, above, below, most) > tail:
            most *= 2
        if np.isnan(stats.ncf.cdf(f, above, below, most)):
            return float("nan")
        shift = brentq(lambda nc: stats.ncf.cdf(f, above, below, nc) - tail, 0, most)
        return float(shift / (shift + len(every)))

    return (total - within) / total, end(1 - _TAIL), end(_TAIL)
