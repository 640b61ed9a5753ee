"""Graph databases: the embedded one and Neo4j, behind one protocol."""

from cellgraph.stores.base import Report, Store, Topology
from cellgraph.stores.opening import dialect_of, open_store

__all__ = ["Report", "Store", "Topology", "dialect_of", "open_store"]
