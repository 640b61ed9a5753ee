"""What early answers are drawn from."""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol

from cellgraph.errors import InputError
from cellgraph.estimation.answer import Sampled
from cellgraph.estimation.columns import Reference
from cellgraph.estimation.intervals import Frame
from cellgraph.estimation.totals import Draw

Pieces = Generator[tuple[float, Draw], None, None]
"""The part of everything that is done, and what was read of it."""


class CannotDraw(InputError):
    """Units that cannot be drawn at random, though everything can be read."""


class Population(Protocol):
    """What is asked about, so that parts of it can be drawn at random."""

    @property
    def frame(self) -> Frame:
        """The units that there are."""
        ...

    @property
    def sampled(self) -> Sampled:
        """What a unit is."""
        ...

    @property
    def length_unit(self) -> tuple[str, int]:
        """The unit of length and the number of dimensions, 2 or 3; an empty unit where samples differ."""
        ...

    @property
    def at_once(self) -> bool:
        """Whether there is so little that it is better to read everything."""
        ...

    @property
    def first(self) -> int:
        """How many units to draw first."""
        ...

    def draw(self, count: int) -> Draw:
        """Return about so many more random units, or fewer; none when there are no more.

        Raises
        ------
        CannotDraw
            If there are some that cannot be drawn: an estimate without them would be wrong.
        """
        ...

    def limits(self, column: Reference) -> tuple[float, float] | None:
        """Return between which values a column lies in all units; None where that is not known or takes long."""
        ...

    def census(self) -> Pieces:
        """Read everything, piece by piece; yield the part that is done, and what was read. May rest in between."""
        ...
