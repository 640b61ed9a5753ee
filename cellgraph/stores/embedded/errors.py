"""Translate Ladybug's exceptions into messages for users; this is the only place that does."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cellgraph.errors import CellgraphError, NotFoundError, StoreError
from cellgraph.stores.embedded.locks import LockedError
from cellgraph.stores.values import without_values

_HOLDER = re.compile(r"Lock is held by PID (\d+)")
_FULL = ("No space left", "File too large", "Disk quota", "Cannot write to file")
_NONE = ("not a valid Lbug database", "cannot be a directory", "Reading past the end of the file")
_VERSION = re.compile(r"Database file version: (\d+), Current build storage version: (\d+)")
_TYPES = re.compile(r"(\S+) has data type (\w+) but (\w+) was expected")
_PREFIX = re.compile(r"^\w+ exception: ")


@contextmanager
def translated(
    path: Path, *, query: str = "", parameters: Mapping[str, Any] | None = None, timeout: float | None = None
) -> Iterator[None]:
    """Turn any failure inside into an error that names the database and the query, but no values."""
    try:
        yield
    except CellgraphError:
        raise
    except LockedError as error:
        raise locked(path, error.pid) from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
            raise full(path) from error
        raise StoreError(f"the database {path} cannot be used: {error.strerror or error}.") from error
    except MemoryError as error:
        raise StoreError(f"the database {path} needs more memory than is available.") from error
    except RuntimeError as error:
        raise _translation(str(error), path, query, parameters or {}, timeout) from error


def locked(path: Path, pid: int | None) -> StoreError:
    """Return the error for a database in use by someone else."""
    who = "another process" if pid is None else f"the process {pid}"
    return StoreError(f"the database {path} is locked: {who} is using it; try again when it has finished.")


def is_full(message: str) -> bool:
    """Whether Ladybug reports that a write ran out of space."""
    return any(sign in message for sign in _FULL)


def full(path: Path) -> StoreError:
    """Return the error for a full disk."""
    return StoreError(
        f"there is no space left for the database {path}; what it held before is unchanged: make room and load again."
    )


def _translation(
    message: str, path: Path, query: str, parameters: Mapping[str, Any], timeout: float | None
) -> Exception:
    what = f"the query {query!r}" if query else "the query"
    if "Could not set lock" in message:
        found = _HOLDER.search(message)
        return locked(path, int(found.group(1)) if found else None)
    if any(sign in message for sign in _NONE):
        return StoreError(
            f"{path} is not a database of cellgraph, or is damaged; give --db the path of a database, or a new path "
            "to load into."
        )
    if found := _VERSION.search(message):
        return _of_another_version(path, int(found[1]), int(found[2]))
    if "Interrupted" in message:
        limit = "" if timeout is None else f" after {timeout:g} seconds"
        return StoreError(f"{what} was stopped{limit} before it finished; give it more time or ask for less.")
    if "read-only database" in message or "read-only transaction" in message:
        return StoreError(f"{what} writes, but queries only read; the database {path} refused it.")
    if "Table Sample does not exist" in message or "Table Cell does not exist" in message:
        return NotFoundError(f"the database {path} has no samples yet; load one with: cellgraph load IMAGE")
    if "recovery is pending" in message or "checkpoint is in progress" in message:
        return StoreError(f"another program left the database {path} half written; the next cellgraph load repairs it.")
    if is_full(message):
        return full(path)
    if "contains nested aggregation" in message:
        return StoreError(
            f"{what} aggregates an expression around an aggregate, such as cast(sum(x), 'INT64'), which the embedded "
            "database does not support; name the aggregate first, in its own WITH: WITH g, sum(x) AS t "
            "WITH g, cast(t, 'INT64') AS t …"
        )
    if "buffer pool is full" in message:
        return StoreError(
            f"{what} needs more memory than the database may use; ask for less at once, "
            "for example with an upper bound for * in a pattern, as in *1..4."
        )
    if found := _TYPES.search(message):
        name, one, other = found.groups()
        return StoreError(
            f"the parts of the UNION return {name} as {one} and as {other}, which the embedded database does not "
            f"unite; cast one to the type of the other, as in cast({name}, 'DOUBLE')."
        )
    first = _PREFIX.sub("", without_values(message, parameters).strip().splitlines()[0]).rstrip(".")
    named = f" (parameters {', '.join(parameters)})" if parameters else ""
    return StoreError(f"the database {path} could not run {what}{named}: {first}.")


def _of_another_version(path: Path, version: int, ours: int) -> StoreError:
    """Return the error for a file written by another release of Ladybug."""
    import ladybug

    age = "a newer" if version > ours else "an older"
    return StoreError(
        f"the database {path} was written by {age} release of Ladybug (file format {version}, this is "
        f"{ladybug.__version__} with {ours}), and such files cannot be read; nothing in it was changed. Load the "
        "volumes or tables again into a new file. If they are gone, export the tables with the version of cellgraph "
        "that wrote it (cellgraph query cells --output cells.csv, and contacts likewise), and load these with: "
        "cellgraph load-tables"
    )
