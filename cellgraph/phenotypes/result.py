"""What an analysis of phenotypes gives: rows, sentences about them, and a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Result:
    """Rows of an analysis.

    Attributes
    ----------
    rows : pyarrow.Table
    notes : tuple of str
        Sentences that a user should know: what was left out, how it was scaled, seeds.
    picture : callable
        Draws the rows: returns a `matplotlib.figure.Figure` (extra plot).
    """

    rows: pa.Table
    notes: tuple[str, ...]
    picture: Callable[[], Any]


def null_if_nan(value: float) -> float | None:
    """Return a number as rows have it: null where it is not defined."""
    import math

    return float(value) if math.isfinite(value) else None
