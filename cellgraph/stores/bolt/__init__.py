"""Neo4j, through Bolt."""

from cellgraph.stores.bolt.store import Neo4jStore

__all__ = ["Neo4jStore"]
