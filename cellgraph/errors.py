"""All errors that a user can cause, as one tree.

    CellgraphError                      the base class, to catch all of them
    ├── InputError (ValueError)         a volume, table or number that cannot be used as it is
    │   ├── LabelError                  labels that are not valid: negative, fractional, above 2**63-1
    │   ├── FormatError                 a file that is not what its name says, or is damaged
    │   └── ParameterError              a wrong argument: spacing, connectivity, parameter of a query
    ├── NotFoundError (LookupError)     a file, dataset, sample, cell or query that does not exist
    ├── ExistsError (ValueError)        a sample of that name already exists
    ├── MissingExtraError (ImportError) a library that an optional extra would install
    ├── StoreError (RuntimeError)       the database refused: locked, not a database, a query that fails or writes
    │   └── ConnectError (ConnectionError)  the database cannot be reached, or refuses the credentials
    ├── ServerError (RuntimeError)      the local Neo4j could not be installed, started or stopped
    ├── EngineError (RuntimeError)      an engine (dask, spark) failed, or its scheduler cannot be reached
    ├── VolumeReadError (OSError)       a block of the volume could not be read or decoded
    └── ResumeError (ValueError)        the work folder belongs to another volume or to other parameters

A message says what was expected, what was given, and what to do.  On the command line, usage errors
(``ParameterError``) exit with status 2, all others with 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from cellgraph.addresses import redacted


class CellgraphError(Exception):
    """Base class of all errors that cellgraph raises on purpose; addresses in messages are redacted."""

    def __init__(self, *args: object) -> None:
        super().__init__(*(redacted(arg) if isinstance(arg, str) else arg for arg in args))


class InputError(CellgraphError, ValueError):
    """A volume, table or value that cannot be used as it is."""


class LabelError(InputError):
    """Labels that are not valid: negative, fractional, or above 2**63-1."""


class FormatError(InputError):
    """A file that is not what its name says, or is damaged."""


class ParameterError(InputError):
    """A wrong argument: spacing, connectivity, a query parameter."""


class NotFoundError(CellgraphError, LookupError):
    """A file, dataset, sample, cell or query that does not exist."""


class ExistsError(CellgraphError, ValueError):
    """Something of that name already exists, and would be overwritten."""


class MissingExtraError(CellgraphError, ImportError):
    """A library that an optional extra installs is missing."""

    def __init__(self, what: str, extra: str, library: str) -> None:
        super().__init__(
            f"{what} needs the library {library!r}, which is not installed; install it with: {how_to_install(extra)}"
        )


class StoreError(CellgraphError, RuntimeError):
    """The database refused or failed."""


class ConnectError(StoreError, ConnectionError):
    """The database cannot be reached, or refuses the credentials."""


class ServerError(CellgraphError, RuntimeError):
    """The local Neo4j could not be installed, started or stopped."""


class EngineError(CellgraphError, RuntimeError):
    """An engine failed, or its scheduler cannot be reached."""


class VolumeReadError(CellgraphError, OSError):
    """A block of the volume could not be read or decoded."""


class ResumeError(CellgraphError, ValueError):
    """The work folder belongs to another volume, or to other parameters."""


def how_to_install(extra: str) -> str:
    """Return the command that installs an extra, as part of a sentence."""
    return f"pip install '.[{extra}]' in a checkout of cellgraph"


def printable(text: str) -> str:
    """Escape control characters in a text for a terminal: names come from other people's files."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def near(name: object, known: Iterable[object]) -> str:
    """Suggest known names that are close to a mistyped one, as the end of a sentence.

    Returns
    -------
    str
        `` Did you mean 'khop'?`` or an empty string.
    """
    close = get_close_matches(str(name), [str(k) for k in known], n=3, cutoff=0.6)
    if not close:
        return ""
    return f" Did you mean {' or '.join(repr(c) for c in close)}?"


def only_background(background: int | None) -> str:
    """Explain why a volume has no cells and what to do, as part of a sentence."""
    return (
        f"every voxel has the background label {background}; "
        "if that label is a cell, say which one is background with --background N, or --background none"
    )
