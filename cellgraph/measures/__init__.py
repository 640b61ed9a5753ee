"""Measures of the network: of each cell, and of whole samples. See docs/metrics.md for formulas and sources."""

from cellgraph.measures.compute import ALL, METRICS, metrics, remove

__all__ = ["ALL", "METRICS", "metrics", "remove"]
