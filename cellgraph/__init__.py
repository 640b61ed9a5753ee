"""cellgraph: cell adjacency graphs from labelled images, in a graph database, asked in Cypher.

Everything below is imported when it is first used, so that ``import cellgraph`` and ``cellgraph --help`` are quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cellgraph import server
    from cellgraph.analyze.database import Database, open
    from cellgraph.analyze.estimation import Estimate, estimate
    from cellgraph.build.arrays import sweep
    from cellgraph.build.load import load
    from cellgraph.build.many import load_many
    from cellgraph.build.phantom import phantom
    from cellgraph.build.slabs import Sweep
    from cellgraph.build.tables import load_tables
    from cellgraph.build.watch import watch
    from cellgraph.errors import CellgraphError
    from cellgraph.model import CellGraph

__version__ = "0.1.0"

_HOMES = {
    "CellGraph": "cellgraph.model",
    "CellgraphError": "cellgraph.errors",
    "Database": "cellgraph.analyze.database",
    "Estimate": "cellgraph.analyze.estimation",
    "Sweep": "cellgraph.build.slabs",
    "estimate": "cellgraph.analyze.estimation",
    "load": "cellgraph.build.load",
    "load_many": "cellgraph.build.many",
    "load_tables": "cellgraph.build.tables",
    "open": "cellgraph.analyze.database",
    "phantom": "cellgraph.build.phantom",
    "sweep": "cellgraph.build.arrays",
    "watch": "cellgraph.build.watch",
}

__all__ = [
    "CellGraph",
    "CellgraphError",
    "Database",
    "Estimate",
    "Sweep",
    "__version__",
    "estimate",
    "load",
    "load_many",
    "load_tables",
    "open",
    "phantom",
    "server",
    "sweep",
    "watch",
]


def __getattr__(name: str) -> Any:
    """Import one of the public names."""
    if name == "server":
        return importlib.import_module("cellgraph.server")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
