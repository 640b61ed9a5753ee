"""cellgraph: cell adjacency graphs from labelled images, in a graph database, asked in Cypher."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
