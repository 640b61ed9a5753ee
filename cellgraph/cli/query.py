"""The commands `cellgraph query` and `cellgraph queries`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from cellgraph.cli.options import DbOption
from cellgraph.cli.output import FormatOption, OutputOption, render
from cellgraph.errors import ParameterError


class MethodChoice(StrEnum):
    """What answers questions about every cell."""

    auto = "auto"
    cypher = "cypher"
    compiled = "compiled"


SampleOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="One sample; by default all.", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(query)
    app.command()(queries)


def query(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A query, as khop; cellgraph queries lists them.", show_default=False),
    ] = None,
    k: Annotated[int | None, typer.Option("--k", help="Largest distance in contacts.", show_default=False)] = None,
    cell: Annotated[int | None, typer.Option(metavar="LABEL", help="One cell.", show_default=False)] = None,
    source: Annotated[
        int | None, typer.Option("--from", metavar="LABEL", help="The first cell of a path.", show_default=False)
    ] = None,
    target: Annotated[
        int | None, typer.Option("--to", metavar="LABEL", help="The last cell of a path.", show_default=False)
    ] = None,
    sample: SampleOption = None,
    limit: Annotated[int | None, typer.Option(min=0, help="Most rows that are wanted.", show_default=False)] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Any parameter of the query; repeat it.", show_default=False),
    ] = None,
    method: Annotated[
        MethodChoice, typer.Option(help="What answers: the database, or compiled code on its bare graph.")
    ] = MethodChoice.auto,
    cypher: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", help="Your own Cypher, which can only read; - reads it from stdin.", show_default=False
        ),
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="Print the Cypher, ready to paste into Neo4j Browser, and do not run it.")
    ] = False,
    db: DbOption = None,
    fmt: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Ask a database a named question, or one in Cypher.

    Examples:  cellgraph query khop --k 2 · cellgraph query path --from 3 --to 80 ·
    cellgraph query --cypher 'MATCH (c:Cell) WHERE c.volume > $v RETURN c.label' --param v=100
    """
    shortcuts = {"k": k, "cell": cell, "source": source, "target": target, "sample": sample}
    given = {option: value for option, value in shortcuts.items() if value is not None}
    texts = _split(param or [])
    if cypher is not None:
        _refuse_with_cypher(name, show, limit, method)
        _ask_cypher(cypher, db, given, texts, fmt, output)
    elif name is None:
        raise ParameterError("expected the name of a query or --cypher TEXT; cellgraph queries lists the names.")
    elif show:
        from cellgraph.analyze.show import show as shown

        print(shown(name, db, limit=limit, **_merged(given, _typed(name, texts))))
    else:
        _ask(name, db, limit, method, _merged(given, _typed(name, texts)), fmt, output)


def queries(fmt: FormatOption = None, output: OutputOption = None) -> None:
    """List the queries, with their parameters and what they answer.

    Folders in CELLGRAPH_CYPHER_PATH add your own.
    """
    from cellgraph.queries import Catalogue

    render(Catalogue.load().table(), fmt, output, whole=True)


def _ask(
    name: str,
    db: str | None,
    limit: int | None,
    method: MethodChoice,
    parameters: dict[str, Any],
    fmt: Any,
    output: Path | None,
) -> None:
    from cellgraph.analyze.database import open as open_database
    from cellgraph.analyze.rows import note_of

    with open_database(db) as database:
        rows = database.query(name, limit=limit, method=method.value, **parameters)
    render(rows, fmt, output)
    if note_of(rows):
        print(f"cellgraph: {note_of(rows)}", file=sys.stderr)


def _ask_cypher(
    text: str, db: str | None, given: dict[str, Any], texts: dict[str, str], fmt: Any, output: Path | None
) -> None:
    from cellgraph.analyze.database import open as open_database
    from cellgraph.queries.values import guess

    if text == "-":
        text = sys.stdin.read()
    parameters = _merged(given, {name: guess(value) for name, value in texts.items()})
    with open_database(db) as database:
        rows = database.cypher(text, **parameters)
    render(rows, fmt, output)


def _split(params: list[str]) -> dict[str, str]:
    """Read ``name=value`` of each --param."""
    texts = {}
    for text in params:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise ParameterError(f"--param needs NAME=VALUE, as k=2, but got {text!r}.")
        if name.strip() in texts:
            raise ParameterError(f"the parameter {name.strip()!r} was given twice with --param; give it once.")
        texts[name.strip()] = value
    return texts


def _typed(query_name: str, texts: dict[str, str]) -> dict[str, Any]:
    """Read the values of --param in the types that the query declares."""
    if not texts:
        return {}
    from cellgraph.queries import Catalogue

    return Catalogue.load()[query_name].parse(texts)


def _merged(given: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    """Join options and --param; the same parameter in both is an error."""
    for name in params:
        if name in given:
            raise ParameterError(
                f"the parameter {name!r} was given twice, as an option and with --param; give it once."
            )
    return given | params


def _refuse_with_cypher(name: str | None, show: bool, limit: int | None, method: MethodChoice) -> None:
    """Refuse what only named queries have."""
    surplus = {
        f"the name {name!r}": name is not None,
        "--show": show,
        "--limit": limit is not None,
        "--method": method is not MethodChoice.auto,
    }
    for what, there in surplus.items():
        if there:
            raise ParameterError(f"--cypher is a query of its own and does not go with {what}; leave one of them out.")
