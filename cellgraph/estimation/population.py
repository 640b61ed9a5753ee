"""The population that estimates are drawn from."""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol

from cellgraph.errors import InputError
from cellgraph.estimation.answer import Sampled
from cellgraph.estimation.columns import Reference
from cellgraph.estimation.intervals import Frame
from cellgraph.estimation.totals import Draw

Pieces = Generator[tuple[float, Draw], None, None]
"""The fraction that is done, and what was read."""


class CannotDraw(InputError):
    """Units that cannot be drawn at random, though everything can be read."""


class Population(Protocol):
    """The cells or contacts to estimate from, parts of which can be drawn at random."""

    @property
    def frame(self) -> Frame:
        """The units to draw from."""
        ...

    @property
    def sampled(self) -> Sampled:
        """What a unit is."""
        ...

    @property
    def length_unit(self) -> tuple[str, int]:
        """The unit of length and the number of dimensions, 2 or 3; an empty unit if samples differ."""
        ...

    @property
    def at_once(self) -> bool:
        """Whether there is so little data that it is better to read everything."""
        ...

    @property
    def first(self) -> int:
        """Number of units to draw first."""
        ...

    def draw(self, count: int) -> Draw:
        """Return about `count` more random units, or fewer; none if there are no more.

        Raises
        ------
        CannotDraw
            If some units cannot be drawn: an estimate without them would be wrong.
        """
        ...

    def limits(self, column: Reference) -> tuple[float, float] | None:
        """Return the smallest and largest value of a column in all units; None if unknown or slow to find."""
        ...

    def census(self) -> Pieces:
        """Read everything, piece by piece; yield the fraction done, and what was read. Can be paused in between."""
        ...
