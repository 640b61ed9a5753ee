"""Squared distances between voxel centres, as numbers that compare exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor, hypot, lcm, sqrt
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_LARGEST_RATIO = 1000


@dataclass(frozen=True)
class Metric:
    """Lengths of steps along (z, y, x), and the length 1 in the unit of the spacing.

    If the voxel sizes are in ratios of small integers, as they nearly always are, steps are integers, and so are
    squared distances: equal distances then compare equal, which is not guaranteed with floating-point numbers.
    """

    steps: tuple[int, int, int] | tuple[float, float, float]
    scale: float

    @staticmethod
    def of(spacing: Sequence[float]) -> Metric:
        """Return the metric for a voxel size (z, y, x)."""
        smallest = min(spacing)
        ratios = [Fraction(size / smallest).limit_denominator(_LARGEST_RATIO) for size in spacing]
        common = lcm(*(ratio.denominator for ratio in ratios))
        whole = all(
            abs(float(ratio) - size / smallest) <= 1e-12 * size / smallest
            for ratio, size in zip(ratios, spacing, strict=True)
        )
        if whole and common <= _LARGEST_RATIO and max(ratios) <= _LARGEST_RATIO:
            z, y, x = (int(ratio * common) for ratio in ratios)
            return Metric((z, y, x), smallest / common)
        a, b, c = (float(size) for size in spacing)
        return Metric((a, b, c), 1.0)

    @property
    def array(self) -> Array:
        """The steps as an array of int64 or float64, for kernels."""
        return np.array(self.steps)

    def square(self, length: float) -> int | float:
        """Return the largest squared distance not longer than a length in the unit of the spacing."""
        square = (length / self.scale) ** 2
        return floor(square) if isinstance(self.steps[0], int) else square

    def length(self, squares: Array) -> Array:
        """Return squared distances as lengths in the unit of the spacing."""
        return np.asarray(np.sqrt(squares) * self.scale)

    def reach(self, square: float) -> tuple[int, int, int]:
        """Return the number of voxels along each axis within a squared distance."""
        z, y, x = (floor(sqrt(square) / step) + 1 for step in self.steps)
        return z, y, x


@dataclass(frozen=True)
class Reach:
    """The search distance around a cell, and the voxel size (z, y, x); both in the unit of the sample.

    Attributes
    ----------
    distance : float
        Maximum distance between two cells.
    spacing : tuple of float
        Size of a voxel (z, y, x).
    growth : float
        How far cells grow into the background; 0 if only distances are wanted.
    """

    distance: float
    spacing: tuple[float, float, float]
    growth: float = 0.0

    @staticmethod
    def grown(distance: float, spacing: tuple[float, float, float]) -> Reach:
        """Return the reach for cells grown by a distance: two that meet then are at most this far apart."""
        return Reach(2 * distance + hypot(*spacing), spacing, distance)

    @property
    def metric(self) -> Metric:
        """How distances are compared."""
        return Metric.of(self.spacing)

    @property
    def margin(self) -> tuple[int, int, int]:
        """Number of voxels to read around a block."""
        metric = self.metric
        z, y, x = metric.reach(metric.square(self.distance))
        return z + 1, y + 1, x + 1
