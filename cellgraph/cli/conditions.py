"""Options that leave cells and contacts out of a query."""

from __future__ import annotations

from typing import Annotated, Any

import typer

MinJunctionsOption = Annotated[
    int | None, typer.Option(metavar="N", help="Only contacts with at least this many junctions.", show_default=False)
]
MinAreaOption = Annotated[
    float | None, typer.Option(metavar="A", help="Only contacts of at least this area.", show_default=False)
]
MinFractionOption = Annotated[
    float | None,
    typer.Option(
        metavar="F",
        help="Only contacts of at least this part of the smaller cell's surface, 0 to 1.",
        show_default=False,
    ),
]
WhereOption = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT", help='Only cells that meet this: "volume > 10 and not on_border".', show_default=False
    ),
]
InsideOption = Annotated[bool, typer.Option("--inside", help="Only cells that are not on the border.")]
BufferOption = Annotated[
    int | None,
    typer.Option(metavar="H", help="Report only cells at least H contacts from a border cell.", show_default=False),
]

DirectionOption = Annotated[
    str | None,
    typer.Option(
        metavar="both|out|in", help="For directed samples: follow contacts from a cell, or to it.", show_default=False
    ),
]


def given(**conditions: Any) -> dict[str, Any]:
    """Return the conditions that were given."""
    return {name: value for name, value in conditions.items() if value is not None and value is not False}
