"""Queries are files: found, checked, listed, and filled with the values of their parameters."""

from cellgraph.queries.catalogue import Catalogue
from cellgraph.queries.conditions import CannotSay, Conditions
from cellgraph.queries.parameter import Parameter
from cellgraph.queries.query import Query, Returned, Statement

__all__ = ["CannotSay", "Catalogue", "Conditions", "Parameter", "Query", "Returned", "Statement"]
