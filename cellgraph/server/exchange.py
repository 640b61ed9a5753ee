"""Replace the database of a stopped local server with one made elsewhere."""

from __future__ import annotations

import shutil
from pathlib import Path

from cellgraph.server.home import Home

DATABASE = "neo4j"
_PARTS = ("transactions", "databases")


def staging(home: Home) -> Path:
    """Return the folder of an import in progress."""
    return home.path / "data" / "import-running"


def complete(home: Home) -> Path:
    """Return the folder of data that is to replace the present data, once the folder exists."""
    return home.path / "data" / "import-complete"


def finish(home: Home) -> None:
    """Before a server starts, finish a pending exchange and remove leftovers of an import."""
    for part in _PARTS if complete(home).exists() else ():
        new, old = complete(home) / part / DATABASE, home.path / "data" / part / DATABASE
        if new.exists():
            remove(old)
            new.rename(old)
    remove(complete(home))
    remove(staging(home))


def remove(folder: Path) -> None:
    """Delete a folder, if it exists."""
    if folder.exists():
        shutil.rmtree(folder)
