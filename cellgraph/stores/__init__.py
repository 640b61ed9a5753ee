"""Graph databases: the embedded one and Neo4j, behind one protocol."""

from cellgraph.stores.addresses import address_of, db_option, dialect_of, open_store
from cellgraph.stores.contract import Store, Topology

__all__ = ["Store", "Topology", "address_of", "db_option", "dialect_of", "open_store"]
