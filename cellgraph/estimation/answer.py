"""The answer: an estimate, its confidence interval, and how much data was seen for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Sampled = Literal["cells", "blocks", ""]


@dataclass(frozen=True)
class Estimate:
    """An estimate, or the exact value.

    Attributes
    ----------
    expression : str
        The statistic, such as ``mean(volume)``.
    where : str or None
        The filter.
    estimate : float
        Its value.
    low, high : float or None
        Ends of the confidence interval; None if the sample does not determine that end.  Equal to `estimate` if
        `exact`.
    confidence : float
        Confidence level of the interval, such as 0.95.
    fraction : float
        Fraction of all cells (from a database) or of the volume (from an image) that was seen, 0 to 1.
    exact : bool
        Whether everything was seen.
    n : int
        Number of cells or contacts in the estimate: those seen that pass the filter and have a value.
    sampled : str
        What was drawn at random: ``cells``, or ``blocks`` of a volume, whose cells count together (a cluster sample);
        empty if `exact`.
    units : int
        Number of these that were drawn.
    unit : str
        Unit of the estimate, such as ``micrometer^3``; empty if it has none or samples differ.
    seconds : float
        Time taken.
    left_out : int
        Number of cells or contacts seen that pass the filter but have no finite number, so they are not in the
        estimate.
    note : str
        Remarks on the answer: what is left out, and why an interval is wide; mostly empty.
    """

    expression: str
    where: str | None
    estimate: float
    low: float | None
    high: float | None
    confidence: float
    fraction: float
    exact: bool
    n: int
    sampled: Sampled
    units: int
    unit: str
    seconds: float
    left_out: int = 0
    note: str = ""

    def sentence(self) -> str:
        """Return the answer in plain words."""
        question = self.expression + (f" where {self.where}" if self.where else "")
        note = f"; {self.note}" if self.note else ""
        value = f"{question} is {_short(self.estimate)} {self.unit}".rstrip()
        if self.exact:
            return f"{value}: exact, from all data, in {self.seconds:.2g} s{note}"
        low, high = ("unknown" if end is None else _short(end) for end in (self.low, self.high))
        cluster = " (a cluster sample: whole blocks count, not single cells)" if self.sampled == "blocks" else ""
        seen = f"{self.units:,} random {self.sampled}{cluster}, {100 * self.fraction:.2g} % of all"
        return (
            f"{value}, with {100 * self.confidence:g} % confidence between {low} and {high}: "
            f"an estimate from {seen}, in {self.seconds:.2g} s{note}"
        )


def _short(value: float) -> str:
    return f"{value:,.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.6g}"


def name_unit(unit: str, length: str, ndim: int) -> str:
    """Return a unit of `cellgraph.model` for a sample: ``unit^3`` becomes ``micrometer^3``, in 2D ``micrometer^2``.

    Parameters
    ----------
    unit : str
        Such as ``unit^2``, or a ratio such as ``unit^2/unit^3``.
    length : str
        The unit of length of the sample; empty if unknown.
    ndim : int
        2 or 3.
    """

    def named(found: re.Match[str]) -> str:
        power = int(found[1] or 1)
        power -= ndim == 2 and power > 1
        return length if power == 1 else f"{length}^{power}"

    if "unit" in unit and not length:
        return ""
    return re.sub(r"\bunit(?:\^(\d))?", named, unit)
