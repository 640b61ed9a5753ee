"""What every command prints to stdout, which may be full, or of which the reader may have gone."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from cellgraph.errors import CellgraphError


@contextmanager
def printing() -> Iterator[None]:
    """Flush stdout at the end, and make a sentence of what the system refuses: a full disk, most often.

    Raises
    ------
    CellgraphError
        If stdout cannot be written; what is left of the output is given up, or Python would complain of it at exit.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        give_up_stdout()
        raise CellgraphError(f"cannot write to stdout: {error.strerror or error}.") from error


def show_text(text: str) -> None:
    """Print a text to stdout.

    Raises
    ------
    CellgraphError
        If stdout cannot be written.
    """
    with printing():
        print(text)


def give_up_stdout() -> None:
    """Let all that is still to be written to stdout go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
