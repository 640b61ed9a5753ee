"""Options that several commands share, and reading their values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

import typer

from cellgraph.errors import ParameterError

Number = TypeVar("Number", int, float)

DbOption = Annotated[
    str | None,
    typer.Option(
        "--db",
        metavar="DB",
        help="A database file; bolt:// or neo4j:// URL; or neo4j for the local one "
        "(cellgraph neo4j start). By default $CELLGRAPH_DB or cellgraph.db.",
        show_default=False,
    ),
]


def numbers(option: str, text: str, kind: Callable[[str], Number]) -> list[Number]:
    """Read numbers separated by commas.

    Raises
    ------
    ParameterError
        If one is no number.
    """
    try:
        return [kind(part) for part in text.split(",")]
    except ValueError:
        wanted = "whole numbers" if kind is int else "numbers"
        raise ParameterError(f"{option} needs {wanted} with commas between, as 4,5,6, but got {text!r}") from None


def read_background(text: str) -> int | None:
    """Read the value of ``--background``: a label, or none."""
    if text.lower() == "none":
        return None
    try:
        return int(text)
    except ValueError:
        raise ParameterError(f"expected --background to be a label (a whole number) or none, got {text!r}") from None
