"""The result of an analysis of phenotypes: rows, notes and a picture."""

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
        Sentences for the user: what was left out, how columns were scaled, seeds.
    picture : callable
        Draws the rows: returns a `matplotlib.figure.Figure` (extra plot).
    """

    rows: pa.Table
    notes: tuple[str, ...]
    picture: Callable[[], Any]


def null_if_nan(value: float) -> float | None:
    """Return a number for a row: None if it is not finite."""
    import math

    return float(value) if math.isfinite(value) else None
