"""Early estimates with confidence intervals, from random cells of a database or random blocks of a volume."""

from cellgraph.estimation.answer import Estimate
from cellgraph.estimation.asking import estimate

__all__ = ["Estimate", "estimate"]
