"""The command line: each command parses its arguments, makes one library call and renders the result."""

from cellgraph.cli.app import main

__all__ = ["main"]
