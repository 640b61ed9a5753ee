r"""Estimates from random units, and their confidence intervals.

The design is the same for cells of a database and for blocks of a volume: n of N units, drawn at random without
replacement.  What one unit holds may be anything: a cell, all contacts of a cell, all cells of a block.  Rows of one
unit belong together (cells of one block resemble each other), so what varies is the unit, never the row: a *cluster
sample* wherever units hold several rows.  W. G. Cochran, Sampling Techniques (3rd edition, 1977), gives the formulas;
sections in brackets.

Ratio
    A mean with or without a filter, a ratio and, with sizes for b, totals are ratios R = sum(a) / sum(b) over units.
    Var(R) = (1 - n/N) n/(n-1) sum(d^2) / sum(b)^2 with the residuals d = a - R b  [2.11, 6.4, 9A.4].  For units of one
    row and no filter it is the textbook s^2/n with finite population correction.  The interval is that of Student's t,
    with the units that have rows, less one, for degrees of freedom; and made unequal to both sides by the skewness of
    the residuals, by the transformation of P. Hall, J. R. Stat. Soc. B 54 (1992) 221-228, with skewness reduced for the
    part that was seen as in Sugden, Smith, Jones, J. R. Stat. Soc. B 62 (2000) 787-793.  Volumes of cells are skewed,
    and an interval of equal sides too often misses the truth on the side of the few large ones.
Total
    S R, with the known size S of everything: for blocks the ratio estimator of a total [6.8], for cells N times a mean.
Proportion
    Counts of cells, and means of what is true or false, where a unit holds one row: the interval of Wilson (1927),
    which stays within 0 and 1 and holds near them too, where that of the normal law does not.
Quantile
    The order statistics between which the quantile lies by the binomial law [as in Woodruff, J. Am. Stat. Assoc. 47
    (1952) 635-646]: ranks m q -+ t sqrt(m q (1 - q) deff (1 - n/N)), where deff is the variance of the share of rows
    below the quantile, relative to that of rows drawn one by one.  Where a rank lies beyond the sample, that end of the
    interval is unknown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from cellgraph.estimation.expression import Expression
from cellgraph.estimation.totals import Totals

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Frame:
    """What units are drawn from.

    Attributes
    ----------
    units : int
        How many there are.
    size : float
        The sum of their sizes.
    single : bool
        Whether a unit holds at most one row.
    """

    units: int
    size: float
    single: bool


@dataclass(frozen=True)
class Interval:
    """An estimate and the ends of its confidence interval; None where an end is not known."""

    estimate: float
    low: float | None
    high: float | None

    @property
    def half(self) -> float:
        """How far the farther end is from the estimate."""
        if self.low is None or self.high is None:
            return math.inf
        return max(self.estimate - self.low, self.high - self.estimate)


def exact(expression: Expression, totals: Totals) -> float:
    """Return the number itself, from the totals of all units; NaN where there are no rows to take a mean of."""
    if expression.kind == "quantile":
        return float(np.quantile(totals.values, expression.q)) if len(totals.values) else math.nan
    above, below = float(totals.above.sum()), float(totals.below.sum())
    if expression.kind in ("sum", "count"):
        return above
    return above / below if below else math.nan


def interval(expression: Expression, totals: Totals, frame: Frame, confidence: float) -> Interval:
    """Return the estimate from some units, with its interval.

    Parameters
    ----------
    expression : Expression
        What is estimated.
    totals : Totals
        Of units that were drawn at random, without replacement.
    frame : Frame
        Of which these are a part.
    confidence : float
        How often the interval is to hold the truth, between 0 and 1.

    Returns
    -------
    Interval
        With NaN for an estimate where no row tells anything.
    """
    if expression.kind == "quantile":
        return _quantile(totals, expression.q, frame, confidence)
    total = expression.kind in ("sum", "count")
    if frame.single and (expression.kind == "count" or _is_proportion(expression)):
        found = _proportion(totals, frame, confidence)
    else:
        found = _ratio(totals, frame, confidence)
    if not total:
        return found
    low, high = (None if end is None else end * frame.size for end in (found.low, found.high))
    if expression.kind == "count":  # what was seen is there
        low = max(float(totals.rows), low or 0.0)
    return Interval(found.estimate * frame.size, low, high)


def settled(totals: Totals, confidence: float) -> float:
    """Return how much narrower an interval would be if the same variance were known from many more units."""
    from scipy.special import ndtri

    telling = int(np.count_nonzero(totals.hits))
    return float(ndtri(0.5 + confidence / 2)) / _student(confidence, max(telling - 1, 1))


def _is_proportion(expression: Expression) -> bool:
    return expression.kind == "mean" and expression.columns[0].type == "bool"


def _student(confidence: float, freedom: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.5 + confidence / 2))


def _unseen(totals: Totals, frame: Frame) -> float:
    return 1 - totals.units / frame.units


def _ratio(totals: Totals, frame: Frame, confidence: float) -> Interval:
    n, below = totals.units, float(totals.below.sum())
    ratio = float(totals.above.sum()) / below if below else math.nan
    telling = int(np.count_nonzero(totals.hits))
    if telling < 2:
        return Interval(ratio, None, None)
    rest = totals.above - ratio * totals.below
    error = math.sqrt(_unseen(totals, frame) * n / (n - 1) * float(rest @ rest)) / abs(below) if below else math.nan
    if not math.isfinite(error):
        return Interval(ratio, None, None)
    unseen = _unseen(totals, frame)
    skew = _skewness(rest) * (2 * unseen - 1) / math.sqrt(unseen * n) if unseen else 0.0
    t = _student(confidence, telling - 1)
    return Interval(ratio, ratio - _unskewed(t, skew) * error, ratio - _unskewed(-t, skew) * error)


def _skewness(values: Array) -> float:
    """Return the third standardised moment; 0 where nothing varies."""
    spread = float(values.std())
    return float(np.mean((values - values.mean()) ** 3)) / spread**3 if spread > 0 else 0.0


def _unskewed(t: float, skew: float) -> float:
    """Return Hall's transformed quantile: the inverse of g(t) = t + s (t^2 / 3 + 1 / 6) + s^2 t^3 / 27."""
    if abs(skew) < 1e-6:
        return t
    return 3 / skew * (float(np.cbrt(1 + skew * (t - skew / 6))) - 1)


def _proportion(totals: Totals, frame: Frame, confidence: float) -> Interval:
    from scipy.special import ndtri

    n = float(totals.below.sum())
    if not n:
        return Interval(math.nan, None, None)
    share = float(totals.above.sum()) / n
    unseen = _unseen(totals, frame)
    weight = float(ndtri(0.5 + confidence / 2)) ** 2 * unseen / n  # z^2 over the effective size n / (1 - n/N)
    middle = (share + weight / 2) / (1 + weight)
    half = math.sqrt(weight * share * (1 - share) + weight**2 / 4) / (1 + weight)
    # Rounding must not put the estimate outside of its interval where all are alike.
    return Interval(share, min(share, max(0.0, middle - half)), max(share, min(1.0, middle + half)))


def _quantile(totals: Totals, q: float, frame: Frame, confidence: float) -> Interval:
    m = len(totals.values)
    if not m:
        return Interval(math.nan, None, None)
    ordered = np.sort(totals.values)
    estimate = float(np.quantile(ordered, q))
    telling = int(np.count_nonzero(totals.hits))
    if telling < 2:
        return Interval(estimate, None, None)
    deff = 1.0 if frame.single else _design_effect(totals, estimate)
    half = _student(confidence, telling - 1) * math.sqrt(m * q * (1 - q) * deff * _unseen(totals, frame))
    first, last = math.floor(m * q - half), math.ceil(m * q + half) + 1  # ranks from 1 on
    return Interval(
        estimate,
        float(ordered[first - 1]) if first >= 1 else None,
        float(ordered[last - 1]) if last <= m else None,
    )


def _design_effect(totals: Totals, at: float) -> float:
    """Return the variance of the share of rows up to a value, relative to that of rows drawn one by one."""
    m, n = len(totals.values), totals.units
    below = totals.values <= at
    share = float(below.mean())
    if not 0 < share < 1:
        return 1.0
    rest = np.bincount(totals.unit, weights=below - share, minlength=n)
    return float(rest @ rest) * n / (n - 1) / (m * share * (1 - share))
