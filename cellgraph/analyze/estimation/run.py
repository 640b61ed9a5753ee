"""From random units to an answer: how many to draw, when to stop, and when to look at everything instead.

Strategy
--------
1. Draw units at random, ever more at a time, and look at the interval after each time.
2. Reading everything in its own order (a *census*) costs far less a cell than drawing cells at random.  Its first piece
   tells how long all of it takes; if that is within the time, or less than what is still to be drawn for the interval,
   the census is done and the answer is exact.
3. An answer is always from at least the first draw, however short the time: a time-out is never an empty answer.

The number of units must not depend on what they hold, or the interval would be too often wrong.  At a time it does
not.  For an interval that is to be tight it does (sequential sampling: stopping at the first look that pleases favours
samples that happen to vary little), so at least `FEWEST_ROWS` cells are seen, and looks are few: each draw aims at what
the variance so far asks for, and a little more (Hall, Ann. Stat. 9 (1981) 1229-1238: pilots, then one large step).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from typing import Protocol

from cellgraph.analyze.estimation.answer import Estimate, Sampled, name_unit
from cellgraph.analyze.estimation.expression import Expression
from cellgraph.analyze.estimation.filters import Filter
from cellgraph.analyze.estimation.goals import Goal
from cellgraph.analyze.estimation.intervals import Frame, Interval, exact, interval
from cellgraph.analyze.estimation.totals import Draw, Totals, add_up, join
from cellgraph.errors import InputError, NotFoundError

FEWEST_ROWS = 100
FEWEST_UNITS = 20
"""Rows and units that a tight interval must rest on."""

_GROWTH = 4.0  # a draw is at most so many times what was seen before: the variance is still a guess
_BEYOND = 1.1  # and so much more than the variance so far asks for
_WORTH_ASKING = 0.3  # seconds of drawing: less than that is not worth a look at what a census costs
_TIME_TO_ASK = 1.0  # seconds that must be left for it
_HOPEFUL = 0.8  # a census begins if it seems to need at most this part of the time that is left


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
    def first(self) -> int:
        """How many units to draw first; 0 if there is so little that everything is read at once."""
        ...

    def draw(self, count: int) -> Draw:
        """Return about so many more random units, or fewer; none when there are no more.

        Raises
        ------
        CannotDraw
            If there are some that cannot be drawn: an estimate without them would be wrong.
        """
        ...

    def census(self) -> Generator[tuple[float, Draw], None, None]:
        """Read everything, piece by piece; yield the part that is done, and what was read. May rest in between."""
        ...


@dataclass
class _Census:
    """A reading of everything, which may rest, and of which only sums are kept."""

    steps: Generator[tuple[float, Draw], None, None]
    reduce: Callable[[Draw], Totals]
    totals: list[Totals] = field(default_factory=list)
    done: float = 0.0
    seconds: float = 0.0

    def go_on(self) -> None:
        """Read one more piece."""
        began = time.monotonic()
        step = next(self.steps, None)
        if step is None:
            self.done = 1.0
            return
        self.done = step[0]
        self.totals.append(self.reduce(step[1]))
        self.seconds += time.monotonic() - began

    @property
    def left(self) -> float:
        """Seconds that the rest will take, as it seems."""
        return self.seconds / self.done * (1 - self.done) if self.done else math.inf


class _Run:
    def __init__(
        self, population: Population, expression: Expression, where: Filter | None, goal: Goal, began: float
    ) -> None:
        self.population, self.goal = population, goal
        self.expression, self.where = expression, where
        self.due = math.inf if goal.seconds is None else began + goal.seconds
        self.frame = population.frame
        self.totals = join([])
        self.costs: list[tuple[int, float]] = []  # units and seconds of each draw
        self.everything = _Census(population.census(), self._reduce)

    def _reduce(self, draw: Draw) -> Totals:
        return add_up(draw, self.expression, self.where)

    @property
    def left(self) -> float:
        """Seconds until the answer is due."""
        return self.due - time.monotonic()

    @property
    def now(self) -> Interval:
        """The estimate from what was drawn."""
        return interval(self.expression, self.totals, self.frame, self.goal.confidence)

    def sees_everything(self) -> bool:
        """Draw, or read everything, until the goal is reached; tell whether everything was read."""
        if not self.population.first or not (self.goal.is_tight or math.isfinite(self.due)):
            return self.finish_census(in_time=False)
        count = self.population.first
        while count:
            try:
                more = self.draw(count)
            except CannotDraw:
                self.everything.go_on()
                if not self.finish_census(in_time=True):
                    raise
                return True
            if not more:
                return self.finish_census(in_time=False)
            if self.is_tight():
                return False
            if self.census_pays() and self.finish_census(in_time=True):
                return True
            count = self.next_count()
        return False

    def draw(self, count: int) -> bool:
        """Draw some units; false if none are left afterwards."""
        began = time.monotonic()
        draw = self.population.draw(count)
        if len(draw.sizes):
            self.totals = join([self.totals, self._reduce(draw)])
            self.costs.append((len(draw.sizes), time.monotonic() - began))
        return len(draw.sizes) > 0 and self.totals.units < self.frame.units

    @property
    def unit_seconds(self) -> float:
        """What a further unit costs in a large draw: without what every draw costs, as far as two draws can tell."""
        (fewer, quicker), (more, slower) = sorted(self.costs[-2:] if len(self.costs) > 1 else [(0, 0.0), *self.costs])
        mean = slower / more
        return max((slower - quicker) / (more - fewer), mean / 10) if more > 2 * fewer else mean

    def is_tight(self) -> bool:
        """Tell whether the interval is as tight as it is to be, and rests on enough."""
        if not self.goal.is_tight or self.totals.rows < FEWEST_ROWS or self.totals.units < FEWEST_UNITS:
            return False
        now = self.now
        return now.half <= self.goal.allowed(now.estimate)

    def wanted(self) -> float:
        """Return how many units in all the interval seems to need; infinite for an answer that is due at a time."""
        n, rows, units = self.totals.units, self.totals.rows, self.frame.units
        now = self.now
        allowed = self.goal.allowed(now.estimate)
        if not self.goal.is_tight or not rows or not allowed > 0 or not math.isfinite(now.half):
            return math.inf
        alone = n * (now.half / allowed) ** 2 / (1 - n / units)  # of a population without end
        return max(FEWEST_UNITS, n * FEWEST_ROWS / rows, _BEYOND * alone / (1 + alone / units))

    def next_count(self) -> int:
        """Return how many units to draw next: 0 if there is no time for a number that matters."""
        n = self.totals.units
        count = max(min(self.wanted() - n, _GROWTH * n), n / 4) if self.goal.is_tight else 3 * n
        drawn, seconds = self.costs[-1]
        in_time = 0.9 * self.left * drawn / seconds
        return math.floor(min(max(count, 1), in_time)) if in_time >= n / 8 else 0

    def census_pays(self) -> bool:
        """Tell whether it is better to read everything now."""
        drawing = (self.wanted() - self.totals.units) * self.unit_seconds
        if len(self.costs) < 2 or drawing < _WORTH_ASKING or self.left < _TIME_TO_ASK:
            return False
        if not self.everything.done:
            self.everything.go_on()
        return self.everything.left <= min(_HOPEFUL * self.left, drawing)

    def finish_census(self, *, in_time: bool) -> bool:
        """Read everything; with `in_time` give up as soon as the time seems too short, and tell."""
        while self.everything.done < 1:
            if in_time and self.everything.left > self.left:
                return False
            self.everything.go_on()
        return True


def run(population: Population, expression: Expression, where: Filter | None, goal: Goal, began: float) -> Estimate:
    """Return the answer that a goal asks for.

    Parameters
    ----------
    population : Population
        What is asked about.
    expression : Expression
        What is asked.
    where : Filter, optional
        Of which cells or contacts.
    goal : Goal
        When to stop; one without a time and without an error reads everything.
    began : float
        `time.monotonic` when the time began.

    Raises
    ------
    NotFoundError
        If nothing that was seen tells anything.
    """
    work = _Run(population, expression, where, goal, began)
    frame = work.frame
    if expression == replace(expression, kind="count", of="cells") and where is None and frame.single:
        found, n, whole = Interval(frame.size, frame.size, frame.size), frame.units, True  # it is known
    else:
        whole = work.sees_everything()
        totals = join(work.everything.totals) if whole else work.totals
        n = totals.rows
        value = exact(expression, totals)
        found = Interval(value, value, value) if whole else work.now
    fraction = 1.0 if whole else float(work.totals.sizes.sum()) / frame.size
    if math.isnan(found.estimate):
        raise NotFoundError(_nothing(expression, where, whole, n, fraction))
    return Estimate(
        expression=expression.text,
        where=where.text if where else None,
        estimate=found.estimate,
        low=found.low,
        high=found.high,
        confidence=goal.confidence,
        fraction=fraction,
        exact=whole,
        n=n,
        sampled="" if whole else population.sampled,
        units=frame.units if whole else work.totals.units,
        unit=name_unit(expression.unit, *population.length_unit),
        seconds=time.monotonic() - began,
    )


def _nothing(expression: Expression, where: Filter | None, whole: bool, n: int, fraction: float) -> str:
    """Say why there is no number."""
    if n:
        return f"{expression.text} has no value: the {n:,} {expression.of} that were looked at give 0 to divide by"
    which = f"that pass the filter {where.text!r}" if where else "with a value"
    if whole:
        return f"{expression.text} has no value: there are no {expression.of} {which}"
    return (
        f"no estimate yet: among the {100 * fraction:.2g} % that were seen there are no {expression.of} {which}; "
        "give it more time, or ask with count() how many there may be"
    )
