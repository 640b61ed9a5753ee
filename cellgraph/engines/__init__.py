"""Engines: map the blocks of a volume to tallies, and keep what is done."""

from cellgraph.engines.engine import Engine
from cellgraph.engines.ledger import Ledger
from cellgraph.engines.registry import open_engine, using_engine
from cellgraph.engines.threads import ThreadsEngine

__all__ = ["Engine", "Ledger", "ThreadsEngine", "open_engine", "using_engine"]
