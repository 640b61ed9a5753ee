"""Print to stdout, whose disk may be full or whose reader may be gone."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from cellgraph.errors import CellgraphError


@contextmanager
def printing() -> Iterator[None]:
    """Flush stdout at the end, and turn errors of the system (most often a full disk) into a sentence.

    Raises
    ------
    CellgraphError
        If stdout cannot be written; the rest of the output is discarded, or Python would complain about it at exit.
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
    """Discard everything that is still to be written to stdout."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
