"""A database made elsewhere takes the place of that of a local server while this does not run."""

from __future__ import annotations

import shutil
from pathlib import Path

from cellgraph.server.home import Home

DATABASE = "neo4j"
_PARTS = ("transactions", "databases")


def staging(home: Home) -> Path:
    """Return the folder of an import that is going on."""
    return home.path / "data" / "import-running"


def complete(home: Home) -> Path:
    """Return the folder of data that are to take the place of what there is, from the moment on that it exists."""
    return home.path / "data" / "import-complete"


def finish(home: Home) -> None:
    """Before a server starts: finish an exchange that was begun, and remove what is left of an import."""
    for part in _PARTS if complete(home).exists() else ():
        new, old = complete(home) / part / DATABASE, home.path / "data" / part / DATABASE
        if new.exists():
            remove(old)
            new.rename(old)
    remove(complete(home))
    remove(staging(home))


def remove(folder: Path) -> None:
    """Delete a folder, if it is there."""
    if folder.exists():
        shutil.rmtree(folder)
