"""The three standard streams: messages for the user, and streams that are closed or cannot encode a character."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from cellgraph.errors import CellgraphError, ParameterError, printable

# A closed stream is replaced by /dev/null opened in the wrong mode, so that using it is still an error, and so that no
# database or image gets its file descriptor.
_STREAMS = (("stdin", os.O_WRONLY, "r"), ("stdout", os.O_RDONLY, "w"), ("stderr", os.O_WRONLY, "w"))


def hold_streams() -> None:
    """Reserve the descriptors of closed streams, and write characters that an encoding lacks as escapes."""
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
    """Print sentences to stderr; control characters, which names of files and samples may have, become escapes."""
    with suppress(OSError):  # stderr is full or gone: the exit status still tells
        print("\n".join(map(printable, text.split("\n"))), file=sys.stderr)


def leave_stderr() -> None:
    """Discard what cannot be written to stderr: otherwise, Python would exit with a status of its own."""
    try:
        sys.stderr.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def read_stdin(what: str) -> str:
    """Return all that stdin holds.

    Parameters
    ----------
    what : str
        What is expected there, such as ``Cypher``.

    Raises
    ------
    CellgraphError
        If it cannot be read, for example because it is closed.
    ParameterError
        If it is not text.
    """
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as error:
        raise ParameterError(f"expected {what} on stdin as text in UTF-8, got bytes that are not ({error})") from error
    except OSError as error:
        raise CellgraphError(f"cannot read {what} from stdin: {error.strerror or error}") from error
