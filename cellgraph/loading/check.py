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
        raise ParameterError("a Neo4j checks its own files; expected the path of a database file")
    path = Path(address_of(db)).expanduser()
    if not path.is_file():
        raise NotFoundError(f"there is no database file {path} to check")
    try:
        state = checksum.state_of(path)
    except OSError as error:
        raise StoreError(f"the database {path} cannot be read: {error.strerror}") from error
    if state == "damaged":
        raise StoreError(
            f"the database {path} is damaged: its bytes do not fit the checksum that was written with them; take a "
            "backup of it, or load into a new file"
        )
    if state == "unknown":
        return f"{path} has no checksum, or another program has changed it since; nothing is known. A load writes one."
    return f"{path} is sound: its {path.stat().st_size:,} bytes are as they were written"
