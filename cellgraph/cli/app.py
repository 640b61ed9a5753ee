"""The `cellgraph` command: its sub-commands, its global options, and how errors end it."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from cellgraph.cli import (
    annotate,
    browse,
    check,
    copy,
    delete,
    distance,
    estimate,
    export,
    geometry,
    load,
    metrics,
    near,
    neo4j,
    phantom,
    phenotypes,
    pictures,
    query,
    statistics,
    tables,
    watch,
)
from cellgraph.cli.stdout import give_up_stdout, printing, show_text
from cellgraph.cli.streams import hold_streams, leave_stderr, say
from cellgraph.errors import CellgraphError, ParameterError

app = typer.Typer(
    name="cellgraph",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

COMMANDS = (
    *(
        load,
        query,
        browse,
        metrics,
        statistics,
        phenotypes,
        estimate,
        watch,
        neo4j,
        phantom,
        tables,
        annotate,
        near,
        distance,
        geometry,
        pictures,
    ),
    *(copy, export, delete, check),
)
for module in COMMANDS:
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
    """Turn labelled images of tissue into graphs of cells, and query them in Cypher."""
    if debug:
        os.environ["CELLGRAPH_DEBUG"] = "1"


def main() -> None:
    """Run the command line; expected errors become a sentence on stderr and an exit status (2 usage, 1 other)."""
    hold_streams()
    try:
        _run()
    except CellgraphError as error:
        if os.environ.get("CELLGRAPH_DEBUG"):
            raise
        _fail(error, 2 if isinstance(error, ParameterError) else 1)
    except BrokenPipeError:
        # The reader of our output (head, less) has gone; Python would complain once more when it flushes at exit.
        give_up_stdout()
        sys.exit(1)
    except OSError as error:
        if os.environ.get("CELLGRAPH_DEBUG"):
            raise
        _fail(error, 1)
    except KeyboardInterrupt:
        say("cellgraph: interrupted; nothing incomplete is visible in the database")
        sys.exit(130)
    finally:
        leave_stderr()


def _run() -> None:
    """Run the command, and make sure that all of its output is written, including help."""
    try:
        app()
    except (SystemExit, OSError):
        with printing():
            pass
        raise


def _fail(error: Exception, status: int) -> None:
    """Exit with a sentence; if the current folder was deleted, say so, as no file in it is found."""
    try:
        os.getcwd()
    except OSError:
        say(f"cellgraph: error: {error}; the current folder has been deleted: change to another one with cd")
    else:
        say(f"cellgraph: error: {error}")
    sys.exit(status)
