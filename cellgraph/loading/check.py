"""Check whether a database file is intact."""

from __future__ import annotations

import os
from pathlib import Path

from cellgraph.errors import NotFoundError, ParameterError, StoreError
from cellgraph.stores import address_of, dialect_of


def check(db: str | os.PathLike[str] | None = None) -> str:
    """Compare a database file with the checksum written with it; return the result as a sentence.

    Raises
    ------
    ParameterError
        If the database is on a server.
    NotFoundError
        If there is no such file.
    StoreError
        If it is damaged.
    """
    from cellgraph.stores.embedded import checksum

    if dialect_of(db) == "neo4j":
        raise ParameterError("a Neo4j server checks its own files; expected the path of a database file")
    path = Path(address_of(db)).expanduser()
    if not path.is_file():
        raise NotFoundError(f"there is no database file {path} to check")
    try:
        state = checksum.state_of(path)
    except OSError as error:
        raise StoreError(f"the database {path} cannot be read: {error.strerror}") from error
    if state == "damaged":
        raise StoreError(
            f"the database {path} is damaged: its contents do not match its checksum; restore it from a backup, or "
            "load into a new file"
        )
    if state == "unknown":
        return (
            f"{path} cannot be checked: it has no checksum, or another program has changed the file since it was "
            "written; the next load writes one"
        )
    return f"{path} is intact: its {path.stat().st_size:,} bytes match its checksum"
