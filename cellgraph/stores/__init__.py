"""Graph databases: the embedded one and Neo4j, behind one protocol."""

from cellgraph.stores.base import Report, Store, Topology
from cellgraph.stores.opening import address_of, dialect_of, open_store

__all__ = ["Report", "Store", "Topology", "address_of", "dialect_of", "open_store"]
