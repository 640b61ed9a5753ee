"""The `cellgraph` command: its sub-commands, its global options, and how errors end it."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from cellgraph.cli import estimate, load, neo4j, phantom, query, tables, watch
from cellgraph.cli.stdout import give_up_stdout, show_text
from cellgraph.errors import CellgraphError, ParameterError

app = typer.Typer(
    name="cellgraph",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

for module in (load, query, estimate, watch, neo4j, phantom, tables):
    module.register(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        from cellgraph import __version__

        show_text(f"cellgraph {__version__}")
        raise typer.Exit()


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the Python traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Turn labelled images of tissue into graphs of cells, and ask them questions in Cypher."""
    if debug:
        os.environ["CELLGRAPH_DEBUG"] = "1"


def main() -> None:
    """Run the command line; expected errors become a sentence on stderr and an exit status (2 usage, 1 other)."""
    try:
        app()
    except CellgraphError as error:
        if os.environ.get("CELLGRAPH_DEBUG"):
            raise
        print(f"cellgraph: error: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, ParameterError) else 1)
    except BrokenPipeError:
        # The reader of our output (head, less) has gone; Python would complain once more when it flushes at exit.
        give_up_stdout()
        sys.exit(1)
    except KeyboardInterrupt:
        print("cellgraph: interrupted; nothing half done is visible in the database", file=sys.stderr)
        sys.exit(130)
