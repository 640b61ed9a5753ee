"""Early answers: estimates with confidence intervals from random cells of a database, or random blocks of a volume."""

from cellgraph.analyze.estimation.answer import Estimate
from cellgraph.analyze.estimation.asking import estimate

__all__ = ["Estimate", "estimate"]
