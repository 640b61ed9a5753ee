"""Query files: finding, checking and listing them, and filling in parameter values."""

from cellgraph.queries.catalogue import Catalogue
from cellgraph.queries.conditions import CannotSay, Conditions
from cellgraph.queries.parameter import Parameter
from cellgraph.queries.query import Query, Returned, Statement

__all__ = ["CannotSay", "Catalogue", "Conditions", "Parameter", "Query", "Returned", "Statement"]
