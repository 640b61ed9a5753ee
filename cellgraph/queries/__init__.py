"""Queries are files: found, checked, listed, and filled with the values of their parameters."""

from cellgraph.queries.catalogue import Catalogue
from cellgraph.queries.query import Parameter, Query, Returned, Statement

__all__ = ["Catalogue", "Parameter", "Query", "Returned", "Statement"]
