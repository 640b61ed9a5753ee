"""Early estimates from an open database in Python: ``db.cells.mean("volume").within_time(5)``."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace

from cellgraph.estimation.answer import Estimate
from cellgraph.estimation.asking import estimate_from_store
from cellgraph.estimation.columns import Of
from cellgraph.estimation.goals import Goal, make_goal
from cellgraph.stores import Store

_PLAIN = re.compile(r"[^\W\d]\w*|khop\(.*\)|`.*`")


@dataclass(frozen=True)
class Selection:
    """All cells or contacts of a database, or those that pass a filter; nothing is read until an estimate starts.

    Columns are given by their names; ``khop(2)`` is the number of other cells within two contacts.

    Attributes
    ----------
    store : Store
    of : str
        ``cells`` or ``contacts``.
    filter : str or None
    """

    store: Store
    of: Of
    filter: str | None = None

    def where(self, filter: str) -> Selection:
        """Keep those that also pass a filter, such as ``sample = 'a' and not on_border``."""
        return replace(self, filter=f"({self.filter}) and ({filter})" if self.filter else filter)

    def count(self) -> Estimator:
        """Ask for the number of cells or contacts."""
        return Estimator(self, f"count({self.of})")

    def mean(self, column: str) -> Estimator:
        """Ask for the mean of a column; for a boolean column, the fraction that is true."""
        return Estimator(self, f"mean({self._named(column)})")

    def mean_khop(self, k: int) -> Estimator:
        """Ask for the mean number of other cells within k contacts of a cell."""
        return self.mean(f"khop({k})")

    def sum(self, column: str) -> Estimator:
        """Ask for the sum of a column."""
        return Estimator(self, f"sum({self._named(column)})")

    def median(self, column: str) -> Estimator:
        """Ask for the median of a column."""
        return Estimator(self, f"median({self._named(column)})")

    def quantile(self, column: str, q: float) -> Estimator:
        """Ask for a quantile of a column, q between 0 and 1."""
        return Estimator(self, f"quantile({self._named(column)}, {q})")

    def ratio(self, above: str, below: str) -> Estimator:
        """Ask for the sum of one column divided by the sum of another."""
        return Estimator(self, f"ratio({self._named(above)}, {self._named(below)})")

    def _named(self, column: str) -> str:
        """Return a column as it is written in an expression."""
        return f"{self.of}.{column}" if _PLAIN.fullmatch(column) else f"{self.of}.`{column}`"


@dataclass(frozen=True)
class Estimator:
    """A statistic over many cells, which is estimated once it is known how well.

    Attributes
    ----------
    selection : Selection
    expression : str
        As in `cellgraph.estimate`.
    """

    selection: Selection
    expression: str

    def within_time(self, seconds: float | str, *, confidence: float | str | None = None, seed: int = 0) -> Estimate:
        """Estimate from what was seen within some time (5, ``5s``, ``500ms``), as in `cellgraph.estimate`."""
        return self._answer(make_goal(seconds, None, None, None, confidence), seed)

    def within_ci(
        self,
        confidence: float | str,
        error: float | str | None = None,
        *,
        absolute_error: float | None = None,
        seed: int = 0,
    ) -> Estimate:
        """Estimate until the confidence interval is tight; `error` is relative to the estimate, as 0.01 or ``1%``."""
        return self._answer(make_goal(None, confidence, error, absolute_error, None), seed)

    def exact(self) -> Estimate:
        """Read everything, however long it takes."""
        return self._answer(Goal(), 0)

    def _answer(self, goal: Goal, seed: int) -> Estimate:
        began = time.monotonic()
        chosen = self.selection
        return estimate_from_store(chosen.store, self.expression, chosen.filter, None, goal, seed, began)
