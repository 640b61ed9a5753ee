"""The three streams of the command line: what a person reads, and streams that are closed or cannot take a letter."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from cellgraph.errors import CellgraphError, ParameterError, printable

# A closed stream gets /dev/null the wrong way round, so that using it is the error that it was, and so that no database
# or image takes its number.
_STREAMS = (("stdin", os.O_WRONLY, "r"), ("stdout", os.O_RDONLY, "w"), ("stderr", os.O_WRONLY, "w"))


def hold_streams() -> None:
    """Hold the place of streams that are closed, and write letters that an encoding does not have as escapes."""
    for number, (name, flags, mode) in enumerate(_STREAMS):
        if getattr(sys, name) is None:
            _occupy(number, flags)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 (for good)
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def _occupy(number: int, flags: int) -> None:
    held = os.open(os.devnull, flags)
    if held != number:
        os.dup2(held, number)
        os.close(held)


def say(text: str) -> None:
    """Print sentences to stderr; control characters, as a name of a file or a sample may have, become escapes."""
    with suppress(OSError):  # stderr is full or has gone: the exit status still tells
        print("\n".join(map(printable, text.split("\n"))), file=sys.stderr)


def leave_stderr() -> None:
    """Let what stderr does not take go nowhere: Python would end with a status of its own over it."""
    try:
        sys.stderr.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def read_stdin(what: str) -> str:
    """Return all that stdin holds.

    Parameters
    ----------
    what : str
        What is expected there, as ``Cypher``.

    Raises
    ------
    CellgraphError
        If it cannot be read, as when it is closed.
    ParameterError
        If it is not text.
    """
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as error:
        raise ParameterError(f"expected {what} on stdin as text in UTF-8, got bytes that are not ({error})") from error
    except OSError as error:
        raise CellgraphError(f"cannot read {what} from stdin: {error.strerror or error}") from error
