"""Small labelled arrays of every kind, for Hypothesis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

Array = np.ndarray[Any, Any]

LARGEST = 2**63 - 1
DTYPES = [np.dtype(kind) for kind in ("bool", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8")]
SPACINGS = [0.25, 1.0, 1.0, 2.0, 3.7]


@dataclass(frozen=True)
class Case:
    """An array and how it is to be swept."""

    labels: Array
    background: int | None
    spacing: tuple[float, ...]
    connectivity: int

    @property
    def options(self) -> dict[str, Any]:
        """Keywords of `sweep`."""
        return {"background": self.background, "spacing": self.spacing, "connectivity": self.connectivity}


@st.composite
def cases(draw: st.DrawFn, ndim: int | None = None, longest: int = 6) -> Case:
    """Draw an array of any integer type, from one cell to nothing but cells, with any background."""
    dims = draw(st.sampled_from([2, 3])) if ndim is None else ndim
    dtype = draw(st.sampled_from(DTYPES))
    extent = draw(st.tuples(*[st.integers(1, longest)] * dims))
    labels, background = _names(draw, dtype)
    return Case(
        # Few labels make large cells, many make small ones.
        np.array(labels, dtype)[draw(hnp.arrays(np.int64, extent, elements=st.integers(0, len(labels) - 1)))],
        background,
        draw(st.tuples(*[st.sampled_from(SPACINGS)] * dims)),
        draw(st.sampled_from([6, 18, 26] if dims == 3 else [4, 8])),
    )


def _names(draw: st.DrawFn, dtype: np.dtype[Any]) -> tuple[list[int], int | None]:
    """Draw the labels of an array, and which is the background: one of them, another, or none."""
    if dtype.kind == "b":
        return [0, 1], draw(st.sampled_from([0, 1, None]))
    limits = np.iinfo(dtype)
    most = min(int(limits.max), LARGEST)
    label = st.one_of(st.integers(0, 5), st.integers(0, most), st.integers(most - 3, most))
    labels = draw(st.lists(label, min_size=1, max_size=8, unique=True))
    background = draw(st.one_of(st.none(), st.sampled_from(labels), st.just(0), label))
    if limits.min < 0 and draw(st.booleans()):
        background = draw(st.integers(int(limits.min), -1))
        labels = [*labels, background]
    return labels, background
