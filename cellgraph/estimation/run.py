"""From random units to an answer: how many to draw, when to stop, and when to read everything instead.

Strategy
--------
1. Draw units at random, more each time, and check the interval after each draw.
2. Reading everything in its own order (a *census*) costs far less per cell than drawing cells at random.  Its first
   piece shows how long all of it takes; if that is within the time, or less than the draws that the interval still
   needs, the census is done and the answer is exact.
3. An answer always uses at least the first draw, however short the time, or a few draws if the first gives no interval
   or only few rows that pass the filter: a timeout never gives an empty answer.  While nothing that was drawn passes
   the filter, more and more is drawn beyond the time, and then everything is read: only that shows that there is
   nothing.
4. If all values that were drawn are equal, the limits of the column are looked up: the interval reaches as far as a
   rare value could move the estimate (see `intervals`), and equal limits are a reason to read everything.

The number of units must not depend on what they hold, or the interval would be wrong too often.  With a time limit, it
does not.  For an interval of a requested width, it does (sequential sampling: stopping at the first satisfactory check
favours samples that happen to vary little), so at least `FEWEST_ROWS` cells are seen, and checks are few: each draw
aims at what the variance so far requires, and a little more (Hall, Ann. Stat. 9 (1981) 1229-1238: a pilot, then one
large step).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from cellgraph.errors import InputError, NotFoundError
from cellgraph.estimation.answer import Estimate, name_unit
from cellgraph.estimation.expression import Expression
from cellgraph.estimation.filters import Filter
from cellgraph.estimation.goals import Goal
from cellgraph.estimation.intervals import Interval, exact, interval, settled
from cellgraph.estimation.population import CannotDraw, Pieces, Population
from cellgraph.estimation.totals import Draw, Totals, add_up, join

FEWEST_ROWS = 200
FEWEST_UNITS = 20
"""Minimum numbers of rows and units for a tight interval."""

_GROWTH = 4.0  # a draw is at most this many times what was seen before: the variance is still a guess
_BEYOND = 1.1  # factor over what the variance so far requires
_CAREFUL = 0.6  # share of the time left that a draw may be expected to take: units differ
_WORTH_ASKING = 0.3  # seconds of drawing; for less, it is not worth checking what a census costs
_TIME_TO_ASK = 1.0  # seconds that must be left for that check
_HOPEFUL = 0.8  # a census continues if it is expected to need at most this share of the time left
_FEW_DRAWS = 4  # completed, however short the time, while there is no interval, or one from too little data
_FEW_ROWS = 40  # fewer say too little about a skewed column
_FEW_BLOCKS = 10  # fewer say too little about how blocks differ
_LOST = 0.1  # share of all units drawn in vain from which on matches are so rare that it is better to read everything
_PATIENCE = 0.2  # share of the time before a census that seems too slow is given up: its first pieces are the slowest


@dataclass
class _Census:
    """A reading of everything, which can be paused, and of which only sums are kept."""

    begin: Callable[[], Pieces]
    reduce: Callable[[Draw], Totals]
    totals: list[Totals] = field(default_factory=list)
    done: float = 0.0
    seconds: float = 0.0
    given_up: bool = False
    _steps: Pieces | None = None

    def go_on(self) -> None:
        """Read one more piece."""
        began = time.monotonic()
        self._steps = self._steps or self.begin()
        step = next(self._steps, None)
        if step is None:
            self.done = 1.0
            return
        self.done = step[0]
        self.totals.append(self.reduce(step[1]))
        self.seconds += time.monotonic() - began

    def stop(self) -> None:
        """Stop the census; an incomplete one would start over."""
        if self._steps is not None:
            self._steps.close()
        if self.done < 1:
            self.done, self.given_up, self._steps = 0.0, True, None
            self.totals.clear()

    @property
    def left(self) -> float:
        """Seconds that the rest is expected to take."""
        return self.seconds / self.done * (1 - self.done) if self.done else math.inf


class _Run:
    def __init__(
        self, population: Population, expression: Expression, where: Filter | None, goal: Goal, began: float
    ) -> None:
        self.population, self.goal = population, goal
        self.expression, self.where = expression, where
        self.began = began
        self.due = math.inf if goal.seconds is None else began + goal.seconds
        self.frame = population.frame
        self.totals = join([])
        self.costs: list[tuple[int, float]] = []  # units and seconds of each draw
        self.everything = _Census(population.census, self._reduce)
        self._seen: tuple[int, Interval] | None = None

    def _reduce(self, draw: Draw) -> Totals:
        return add_up(draw, self.expression, self.where)

    @property
    def left(self) -> float:
        """Seconds until the answer is due."""
        return self.due - time.monotonic()

    @property
    def now(self) -> Interval:
        """The estimate from what was drawn."""
        if self._seen is None or self._seen[0] != self.totals.units:
            found = interval(self.expression, self.totals, self.frame, self.goal.confidence)
            if found.half == math.inf and not math.isnan(found.estimate) and self.limits:
                found = interval(self.expression, self.totals, self.frame, self.goal.confidence, self.limits)
            self._seen = self.totals.units, found
        return self._seen[1]

    @cached_property
    def limits(self) -> tuple[float, float] | None:
        """Smallest and largest value of the column, if known or quick to find."""
        if self.expression.kind not in ("mean", "sum", "quantile") or self.totals.rows < 2:
            return None
        return self.population.limits(self.expression.columns[0])

    def sees_everything(self) -> bool:
        """Draw, or read everything, until the goal is reached; return whether everything was read."""
        hurried = math.isfinite(self.due)
        if (self.population.at_once or not (self.goal.is_tight or hurried)) and self.finish_census(in_time=hurried):
            return True
        count = self.population.first
        while count:
            try:
                more = self.draw(count)
            except CannotDraw:
                if not self.finish_census(in_time=hurried):
                    raise
                return True
            if not more:
                return self.finish_census(in_time=False)
            if not self.varies():
                return self.finish_census(in_time=False)
            if self.is_tight():
                return False
            if self.census_pays() and self.finish_census(in_time=True):
                return True
            count = self.next_count() or self.count_beyond_time()
            if math.isnan(self.now.estimate) and self.totals.units > _LOST * self.frame.units:
                return self.finish_census(in_time=False)
        return False

    def count_beyond_time(self) -> int:
        """Return how many units to draw although the time is over: none, once there is an answer."""
        if math.isnan(self.now.estimate):
            return math.floor(_GROWTH * self.totals.units)
        if len(self.costs) >= _FEW_DRAWS:
            return 0
        if self.is_thin():
            told = self.told / (_FEW_ROWS if self.frame.single else _FEW_BLOCKS)
            return math.ceil(self.totals.units * min(1.2 / max(told, 0.1) - 1, _GROWTH))
        return self.population.first if self.now.half == math.inf else 0

    @property
    def told(self) -> int:
        """Number of rows that the estimate comes from; number of units, if they hold several rows."""
        return self.totals.rows if self.frame.single else int((self.totals.hits > 0).sum())

    def is_thin(self) -> bool:
        """Return whether the estimate comes from so little data that its interval may be too narrow."""
        if self.expression.kind == "count":
            return False  # absent rows tell as much
        return self.told < (_FEW_ROWS if self.frame.single else _FEW_BLOCKS)

    def varies(self) -> bool:
        """Return whether values may differ; if the limits say no, the value is known."""
        return self.now.half > 0

    def draw(self, count: int) -> bool:
        """Draw some units; return False if none are left afterwards."""
        began = time.monotonic()
        draw = self.population.draw(count)
        if len(draw.sizes):
            self.totals = join([self.totals, self._reduce(draw)])
            self.costs.append((len(draw.sizes), time.monotonic() - began))
        return len(draw.sizes) > 0 and self.totals.units < self.frame.units

    @property
    def unit_seconds(self) -> float:
        """Seconds for a further unit in a large draw, without the fixed cost of a draw, as estimated from two draws."""
        (fewer, quicker), (more, slower) = sorted(self.costs[-2:] if len(self.costs) > 1 else [(0, 0.0), *self.costs])
        mean = slower / more
        return max((slower - quicker) / (more - fewer), mean / 10) if more > 2 * fewer else mean

    def is_tight(self) -> bool:
        """Return whether the interval is as tight as requested, and based on enough data."""
        if not self.goal.is_tight or self.totals.units < self.fewest():
            return False
        now = self.now
        return now.half <= self.goal.allowed(now.estimate)

    def fewest(self) -> float:
        """Return how many units an interval needs before it is accepted as tight."""
        n, rows = self.totals.units, self.totals.rows
        if not rows:
            return math.inf
        return max(FEWEST_UNITS, FEWEST_ROWS * n / rows)

    def wanted(self) -> float:
        """Return how many units in total the interval is expected to need; infinite without a requested width."""
        n, units = self.totals.units, self.frame.units
        now = self.now
        allowed = self.goal.allowed(now.estimate)
        if not self.goal.is_tight or not self.totals.rows or not allowed > 0 or not math.isfinite(now.half):
            return math.inf
        half = now.half * settled(self.totals, self.goal.confidence)
        alone = n * (half / allowed) ** 2 / (1 - n / units)  # for an infinite population
        return max(self.fewest(), _BEYOND * alone / (1 + alone / units))

    def next_count(self) -> int:
        """Return how many units to draw next: 0 if there is no time for a useful number."""
        n = self.totals.units
        count = max(min(self.wanted() - n, _GROWTH * n), n / 4) if self.goal.is_tight else 3 * n
        drawn, seconds = self.costs[-1]
        in_time = _CAREFUL * self.left * drawn / seconds
        return math.floor(min(max(count, 1), in_time)) if in_time >= n / 8 else 0

    def census_pays(self) -> bool:
        """Return whether it is better to read everything now."""
        drawing = (self.wanted() - self.totals.units) * self.unit_seconds
        # A single quick draw tells too little about the cost of further units.
        unknown = len(self.costs) < 2 and self.costs[0][1] < _WORTH_ASKING
        if self.everything.given_up or unknown or drawing < _WORTH_ASKING or self.left < _TIME_TO_ASK:
            return False
        if not self.everything.done:
            self.everything.go_on()
        return self.everything.left <= min(_HOPEFUL * self.left, drawing)

    def finish_census(self, *, in_time: bool) -> bool:
        """Read everything; with `in_time`, give up and return False once the time seems too short."""
        while self.everything.done < 1:
            patient = self.everything.seconds < _PATIENCE * (self.due - self.began)
            if in_time and self.everything.left > self.left and not patient:
                self.everything.stop()
                return False
            self.everything.go_on()
        return True


def run(population: Population, expression: Expression, where: Filter | None, goal: Goal, began: float) -> Estimate:
    """Estimate until the goal is reached, and return the answer.

    Parameters
    ----------
    population : Population
        The cells or contacts to draw from.
    expression : Expression
        The statistic.
    where : Filter, optional
        Which cells or contacts count.
    goal : Goal
        When to stop; without a time and an error, everything is read.
    began : float
        `time.monotonic` at the start.

    Raises
    ------
    NotFoundError
        If no cell or contact contributes a value.
    """
    work = _Run(population, expression, where, goal, began)
    frame = work.frame
    if expression == replace(expression, kind="count", of="cells") and where is None and frame.single:
        found, n, whole = Interval(frame.size, frame.size, frame.size), frame.units, True  # it is known
        left_out = 0
    else:
        try:
            whole = work.sees_everything()
        finally:
            work.everything.stop()
        totals = join(work.everything.totals) if whole else work.totals
        n, left_out = totals.rows, totals.left_out
        value = exact(expression, totals)
        found = Interval(value, value, value) if whole else work.now
    fraction = 1.0 if whole else float(work.totals.sizes.sum()) / frame.size
    if math.isnan(found.estimate):  # only possible after everything was read
        raise NotFoundError(_nothing(expression, where, n))
    if math.isinf(found.estimate):
        raise InputError(
            f"{expression.text} is beyond the largest number of 64 bits, as its divisor is almost 0; convert the "
            "columns to other units"
        )
    low, high = (None if end is None or not math.isfinite(end) else end for end in (found.low, found.high))
    return Estimate(
        expression=expression.text,
        where=where.text if where else None,
        estimate=found.estimate,
        low=low,
        high=high,
        confidence=goal.confidence,
        fraction=fraction,
        exact=whole,
        n=n,
        sampled="" if whole else population.sampled,
        units=frame.units if whole else work.totals.units,
        unit=name_unit(expression.unit, *population.length_unit),
        seconds=time.monotonic() - began,
        left_out=left_out,
        note="; ".join(_notes(work, found, whole, left_out, n)),
    )


def _notes(work: _Run, found: Interval, whole: bool, left_out: int, n: int) -> Iterator[str]:
    """Yield remarks on an answer."""
    of, names = work.expression.of, " or ".join(column.name for column in work.expression.columns)
    if left_out:
        seen = "" if whole else " that were seen"
        yield f"{left_out:,} of {left_out + n:,} {of}{seen} have no finite {names} and are left out"
    if whole:
        return
    if work.told == 1 or (work.is_thin() and work.frame.single):
        yield f"only {n:,} {of} contributed to the estimate, so the interval may be too narrow: allow more time"
    elif work.is_thin():
        yield f"only {work.told:,} blocks contributed to the estimate, so the interval is wide: allow more time"
    if work.totals.rows > 1 and found.half == math.inf:
        yield "one end of the interval is unknown: the random sample gives no bound for it"
    elif work.frame.single and "limits" in vars(work) and work.limits:
        low, high = work.limits
        yield (
            f"the random sample is too small to rule out rare values, so the interval allows for values between "
            f"{low:g} and {high:g}, the range of the column"
        )


def _nothing(expression: Expression, where: Filter | None, n: int) -> str:
    """Explain why there is no value."""
    if n:
        below = expression.columns[-1].name
        return f"{expression.text} has no value: {below} of the {n:,} {expression.of} that were read adds up to 0"
    which = f"that pass the filter {where.text!r}" if where else "with a value"
    return f"{expression.text} has no value: there are no {expression.of} {which}"
