"""The embedded database: LadybugDB, one file, in process."""

from cellgraph.stores.embedded.store import LadybugStore

__all__ = ["LadybugStore"]
