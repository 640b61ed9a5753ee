"""The commands `cellgraph query` and `cellgraph queries`."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cellgraph.cli.conditions import (
    BufferOption,
    DirectionOption,
    InsideOption,
    MinAreaOption,
    MinFractionOption,
    MinJunctionsOption,
    WhereOption,
)
from cellgraph.cli.options import DbOption
from cellgraph.cli.output import ColumnsOption, FormatOption, OutputOption, check_output, render
from cellgraph.cli.plot import PlotOption, check_plot, draw
from cellgraph.cli.stdout import show_text
from cellgraph.cli.streams import read_stdin, say
from cellgraph.errors import ParameterError

if TYPE_CHECKING:
    import pyarrow as pa


class MethodChoice(StrEnum):
    """How queries about every cell are answered."""

    auto = "auto"
    cypher = "cypher"
    compiled = "compiled"
    estimated = "estimated"


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
        typer.Argument(metavar="NAME", help="A query, such as khop; cellgraph queries lists them.", show_default=False),
    ] = None,
    cells: Annotated[
        list[str] | None,
        typer.Argument(metavar="CELL", help="Cells that it is about, as with --cell; for a path, its two ends."),
    ] = None,
    k: Annotated[int | None, typer.Option("--k", help="Largest distance in contacts.", show_default=False)] = None,
    cell: Annotated[
        str | None,
        typer.Option(metavar="LABEL", help="A cell, by label or name, or several: 5,6,77.", show_default=False),
    ] = None,
    source: Annotated[
        str | None, typer.Option("--from", metavar="LABEL", help="The cell where a path starts.", show_default=False)
    ] = None,
    target: Annotated[
        str | None,
        typer.Option("--to", metavar="LABEL", help="Where a path ends, or what is nearest.", show_default=False),
    ] = None,
    by: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column with the types of cells.", show_default=False)
    ] = None,
    of: Annotated[str | None, typer.Option(metavar="COLUMN", help="Column of numbers.", show_default=False)] = None,
    weight: Annotated[
        str | None,
        typer.Option(metavar="EXPR", help="Cost of a contact: 1/junctions, 1/area.", show_default=False),
    ] = None,
    sample: SampleOption = None,
    limit: Annotated[int | None, typer.Option(min=0, help="Maximum number of rows.", show_default=False)] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Any parameter of the query; repeatable.", show_default=False),
    ] = None,
    min_junctions: MinJunctionsOption = None,
    min_area: MinAreaOption = None,
    min_fraction: MinFractionOption = None,
    where: WhereOption = None,
    inside: InsideOption = False,
    buffer: BufferOption = None,
    over: Annotated[
        str | None,
        typer.Option(
            metavar="contacts|near|both", help="What joins two cells: see cellgraph near.", show_default=False
        ),
    ] = None,
    direction: DirectionOption = None,
    method: Annotated[
        MethodChoice,
        typer.Option(
            help="How to answer: in the database, with compiled code, or, for khop with a large k, estimated."
        ),
    ] = MethodChoice.auto,
    timeout: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="Longest time to wait for the answer.", show_default=False),
    ] = None,
    cypher: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", help="Your own Cypher, which can only read; - reads it from stdin.", show_default=False
        ),
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="Print the Cypher, ready to paste into Neo4j Browser, and do not run it.")
    ] = False,
    graph: Annotated[
        bool, typer.Option("--graph", help="With --show: the form that Neo4j Browser draws (cellgraph browse NAME).")
    ] = False,
    db: DbOption = None,
    columns: ColumnsOption = None,
    plot: PlotOption = None,
    fmt: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Run a named query on a database, or your own Cypher.

    Examples:  cellgraph query khop --k 2 · cellgraph query path --from 3 --to 80 ·
    cellgraph query --cypher 'MATCH (:Sample {status: "complete"})-[:HAS_CELL]->(c:Cell) WHERE c.volume > $v
    RETURN c.label' --param v=100
    """
    from cellgraph.analyze.database import open as open_database
    from cellgraph.analyze.rows import note_of

    _check_combination(name, cypher, show, limit, method)
    if graph and not show:
        raise ParameterError("--graph needs --show; to draw in Neo4j Browser, use cellgraph browse NAME.")
    shortcuts: dict[str, Any] = {"k": k, "cell": cell, "source": source, "target": target, "sample": sample}
    shortcuts |= {"min_junctions": min_junctions, "min_area": min_area, "min_fraction": min_fraction}
    shortcuts |= {"by": by, "of": of, "weight": weight}
    shortcuts |= {"where": where, "inside": inside or None, "buffer": buffer, "over": over, "direction": direction}
    parameters = read_parameters(name, param=param, bare=cells, **shortcuts)
    if show and name is not None:
        from cellgraph.analyze.show import show as shown

        show_text(shown(name, db, graph=graph, limit=limit, **parameters))
        return
    check_plot(plot)
    check_output(output, fmt)
    with open_database(db) as database:
        if name is not None:
            parts = database.parts(name, limit=limit, method=method.value, timeout=timeout, **parameters)
        else:
            text = read_stdin("Cypher") if cypher == "-" else cypher or ""
            parts = iter([database.cypher(text, timeout=timeout, **parameters)])
        if plot is not None:
            parts = iter([_joined(parts)])
        notes: dict[str, None] = {}

        def noted() -> Iterator[pa.Table]:
            for part in parts:
                notes.update(dict.fromkeys(note_of(part).splitlines()))
                if plot is not None:
                    draw(part, plot, columns)
                yield part

        render(noted(), fmt, output, columns=columns)
    for note in notes:
        say(f"cellgraph: {note}")


def _joined(parts: Iterator[pa.Table]) -> pa.Table:
    import pyarrow as pa

    return pa.concat_tables(parts)


def queries(
    show: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Print the Cypher of a query, with its defaults.", show_default=False),
    ] = None,
    db: DbOption = None,
    fmt: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """List the queries, with their parameters and what they answer.

    Folders in CELLGRAPH_CYPHER_PATH add your own.
    """
    from cellgraph.queries import Catalogue

    if show is not None:
        from cellgraph.analyze.show import show as shown

        show_text(shown(show, db))
        return
    render(Catalogue.load().table(), fmt, output, whole=True)


def _check_combination(
    name: str | None, cypher: str | None, show: bool, limit: int | None, method: MethodChoice
) -> None:
    """Reject neither or both of a name and Cypher, and options of named queries with Cypher."""
    if cypher is None:
        if name is None:
            raise ParameterError("expected the name of a query or --cypher TEXT; cellgraph queries lists the names.")
        return
    surplus = {
        f"the name {name!r}": name is not None,
        "--show": show,
        "--limit": limit is not None,
        "--method": method is not MethodChoice.auto,
    }
    for what, there in surplus.items():
        if there:
            raise ParameterError(f"--cypher cannot be combined with {what}; leave one of them out.")


def read_parameters(
    name: str | None, *, param: list[str] | None, bare: list[str] | None = None, **shortcuts: Any
) -> dict[str, Any]:
    """Return the parameters of a query: from options that stand for one, cells listed after its name, and --param."""
    given = {_named(name, key): value for key, value in shortcuts.items() if value is not None}
    return _merged(_with_bare(name, bare or [], given), _read(name, param or []))


def _read(name: str | None, params: list[str]) -> dict[str, Any]:
    """Parse ``name=value`` of each --param: in the type that the query declares, or guessed for the user's Cypher."""
    texts: dict[str, str] = {}
    for text in params:
        key, sign, value = text.partition("=")
        key = key.strip()
        if not sign or not key:
            raise ParameterError(f"--param needs NAME=VALUE, such as k=2, but got {text!r}.")
        if key in texts:
            raise ParameterError(f"the parameter {key!r} was given twice with --param; give it once.")
        texts[key] = value
    if not texts:
        return {}
    if name is None:
        from cellgraph.queries.values import guess

        return {key: guess(value) for key, value in texts.items()}
    from cellgraph.queries import Catalogue

    return dict(Catalogue.load()[name].parse(texts))


def _named(name: str | None, parameter: str) -> str:
    """Return the name of the parameter for an option: --to is ``target`` or ``to``, depending on the query."""
    from cellgraph.queries import Catalogue

    if parameter == "target" and name is not None and Catalogue.load()[name].takes("to"):
        return "to"
    return parameter


def _with_bare(name: str | None, cells: list[str], given: dict[str, Any]) -> dict[str, Any]:
    """Add the cells listed after the name of a query."""
    if not cells or name is None:
        return given
    from cellgraph.queries import Catalogue

    query = Catalogue.load()[name]
    named = [parameter for parameter in query.parameters if parameter.cell]
    several = len(named) == 1 and named[0].type == "int list"
    if not named or (len(cells) != len(named) and not several):
        wanted = " and ".join(parameter.name for parameter in named) or "no cell"
        raise ParameterError(f"the query {query.name!r} takes {wanted}, but got {' '.join(cells)!r} after its name.")
    values = [",".join(cells)] if several else cells
    return _merged(given, dict(zip((parameter.name for parameter in named), values, strict=True)), "after the name")


def _merged(given: dict[str, Any], params: dict[str, Any], where: str = "with --param") -> dict[str, Any]:
    """Join options with --param, or with what is listed after the name; the same parameter in both is an error."""
    for name in params:
        if name in given:
            raise ParameterError(f"the parameter {name!r} was given twice, as an option and {where}; give it once.")
    return given | params
