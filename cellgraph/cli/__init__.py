"""The command line: each command parses, makes one library call and renders."""

from cellgraph.cli.app import main

__all__ = ["main"]
