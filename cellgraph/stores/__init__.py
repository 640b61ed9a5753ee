"""Graph databases: the embedded one and Neo4j, behind one protocol."""

from cellgraph.stores.base import Report, Store, Topology
from cellgraph.stores.opening import open_store

__all__ = ["Report", "Store", "Topology", "open_store"]
