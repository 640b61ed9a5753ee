"""cellgraph: cell adjacency graphs from labelled images, stored in a graph database, queried in Cypher.

Public names are imported on first use, so that ``import cellgraph`` and ``cellgraph --help`` are quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cellgraph import server
    from cellgraph.analyze.database import Database, open
    from cellgraph.browser.opening import browse
    from cellgraph.errors import CellgraphError
    from cellgraph.estimation import Estimate, estimate
    from cellgraph.exporting.export import export
    from cellgraph.live.slabs import Sweep
    from cellgraph.live.watch import watch
    from cellgraph.loading.arrays import sweep
    from cellgraph.loading.copy import copy
    from cellgraph.loading.delete import delete
    from cellgraph.loading.load import load
    from cellgraph.loading.many import load_many
    from cellgraph.loading.nearby import near
    from cellgraph.loading.structure import distance
    from cellgraph.loading.territory import territory
    from cellgraph.loading.vertices import vertices
    from cellgraph.measures.compute import metrics
    from cellgraph.model import CellGraph
    from cellgraph.phantoms.phantom import phantom
    from cellgraph.pictures.paint import paint
    from cellgraph.pictures.plot import plot
    from cellgraph.pictures.view import view
    from cellgraph.tables.annotating import annotate
    from cellgraph.tables.importing import load_tables
    from cellgraph.volumes.scan import open_scan

__version__ = "0.2.0"

_HOMES = {
    "CellGraph": "cellgraph.model",
    "CellgraphError": "cellgraph.errors",
    "Database": "cellgraph.analyze.database",
    "Estimate": "cellgraph.estimation",
    "Sweep": "cellgraph.live.slabs",
    "annotate": "cellgraph.tables.annotating",
    "browse": "cellgraph.browser.opening",
    "copy": "cellgraph.loading.copy",
    "delete": "cellgraph.loading.delete",
    "distance": "cellgraph.loading.structure",
    "estimate": "cellgraph.estimation",
    "export": "cellgraph.exporting.export",
    "load": "cellgraph.loading.load",
    "load_many": "cellgraph.loading.many",
    "load_tables": "cellgraph.tables.importing",
    "metrics": "cellgraph.measures.compute",
    "near": "cellgraph.loading.nearby",
    "open": "cellgraph.analyze.database",
    "open_scan": "cellgraph.volumes.scan",
    "paint": "cellgraph.pictures.paint",
    "phantom": "cellgraph.phantoms.phantom",
    "plot": "cellgraph.pictures.plot",
    "sweep": "cellgraph.loading.arrays",
    "territory": "cellgraph.loading.territory",
    "vertices": "cellgraph.loading.vertices",
    "view": "cellgraph.pictures.view",
    "watch": "cellgraph.live.watch",
}

__all__ = [
    "CellGraph",
    "CellgraphError",
    "Database",
    "Estimate",
    "Sweep",
    "__version__",
    "annotate",
    "browse",
    "copy",
    "delete",
    "distance",
    "estimate",
    "export",
    "load",
    "load_many",
    "load_tables",
    "metrics",
    "near",
    "open",
    "open_scan",
    "paint",
    "phantom",
    "plot",
    "server",
    "sweep",
    "territory",
    "vertices",
    "view",
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
