"""The command `cellgraph browse`."""

from __future__ import annotations

from inspect import Parameter, signature
from typing import Annotated, Any

import typer

from cellgraph.cli import query as asking
from cellgraph.cli.neo4j import JarsOption, show_stages
from cellgraph.cli.stdout import show_text
from cellgraph.cli.streams import say

OF_TABLES = {"name", "method", "timeout", "cypher", "show", "graph", "db", "columns", "plot", "fmt", "output"}
"""Arguments of `cellgraph query` other than the parameters of a query."""


def register(app: typer.Typer) -> None:
    """Add the command to the application, with the options of `cellgraph query` for parameters of a query."""
    own = signature(browse, eval_str=True)
    shared = [p for p in signature(asking.query, eval_str=True).parameters.values() if p.name not in OF_TABLES]
    parameters = [p for p in own.parameters.values() if p.kind is not Parameter.VAR_KEYWORD]
    first, rest = [p for p in parameters if p.name == "name"], [p for p in parameters if p.name != "name"]

    def run(**given: Any) -> None:
        browse(**given)

    run.__doc__ = browse.__doc__
    every = [p.replace(kind=Parameter.KEYWORD_ONLY) for p in (*first, *shared, *rest)]
    run.__signature__ = own.replace(parameters=every)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in every}
    app.command("browse")(run)


def browse(
    name: Annotated[
        str | None,
        typer.Argument(metavar="QUERY", help="A query that can be drawn, such as within or path.", show_default=False),
    ] = None,
    no_open: Annotated[
        bool, typer.Option("--no-open", help="Do not open a web browser; the last line printed is the address to open.")
    ] = False,
    db: Annotated[
        str | None,
        typer.Option(metavar="DB", help="The address of another Neo4j; by default the local one.", show_default=False),
    ] = None,
    classes: Annotated[
        bool | None,
        typer.Option(
            "--classes/--no-classes",
            help="Add labels to cells for colour and size (:Border, :Small, :Large), or remove them.",
            show_default=False,
        ),
    ] = None,
    jars: JarsOption = None,
    **question: Any,
) -> None:
    """Open Neo4j Browser on your cells: signed in, with a guide, a style, and a query drawn.

    Examples:  cellgraph browse · cellgraph browse within --cell 42 --k 2 · cellgraph browse path --from 1 --to 80
    """
    from cellgraph.browser import browse as library
    from cellgraph.browser import open_page

    limit, cells = question.pop("limit"), question.pop("cells")
    question["inside"] = question["inside"] or None
    parameters = asking.read_parameters(name, bare=cells, **question)
    opening = library(name, limit=limit, db=db, classes=classes, jars_folder=jars, report=show_stages(), **parameters)
    drawing = opening.drawing
    show_text(f"{drawing.query}: {drawing.cells:,} cells and {drawing.contacts:,} contacts are drawn")
    show_text(f"Neo4j Browser: {opening.browser}")
    for note in opening.notes:
        say(f"cellgraph: {note}")
    if not no_open and not open_page(opening.page):
        say("cellgraph: no web browser with a window was found; open the address in the last line")
    show_text(opening.page)
