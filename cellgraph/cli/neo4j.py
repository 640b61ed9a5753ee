"""The commands `cellgraph neo4j start`, `stop`, `status`, `path` and `logs`."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cellgraph.cli.output import Format, FormatOption, render
from cellgraph.cli.stdout import show_text
from cellgraph.cli.streams import say
from cellgraph.errors import ParameterError

if TYPE_CHECKING:
    from cellgraph.server import Server

NOT_RUNNING = 3
"""Exit status of `status` if no server runs, as with Neo4j's own `neo4j status` and with system services."""

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        metavar="DIR",
        help="Folder of its data and logs; else CELLGRAPH_NEO4J_HOME, else one in your data directory.",
    ),
]

JarsOption = Annotated[
    Path | None,
    typer.Option("--jars", metavar="DIR", help="Folder with the files of Neo4j, for machines without network."),
]

app = typer.Typer(
    no_args_is_help=True,
    help="A local Neo4j with Neo4j Browser: nothing else to install, reachable from this machine only.",
)


def register(parent: typer.Typer) -> None:
    """Add the command group to the application."""
    parent.add_typer(app, name="neo4j")


@app.command()
def start(
    home: HomeOption = None,
    bolt_port: Annotated[int, typer.Option(help="Preferred port for programs; a free one if taken.")] = 7687,
    http_port: Annotated[int, typer.Option(help="Preferred port for Neo4j Browser.")] = 7474,
    version: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="Version of Neo4j Community: 5.26.30 (LTS, the default) or 2026.08.1."),
    ] = None,
    with_: Annotated[
        str | None,
        typer.Option(
            "--with", metavar="NAMES", help="Further procedures: gds (GPL-3.0), apoc (Apache-2.0), or gds,apoc."
        ),
    ] = None,
    listen: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS", help="0.0.0.0 lets other machines connect, with the password in NEO4J_PASSWORD."
        ),
    ] = "127.0.0.1",
    timeout: Annotated[float, typer.Option(help="Seconds to wait until it answers.")] = 180,
    jars: JarsOption = None,
    java: Annotated[str | None, typer.Option("--java", hidden=True, help="Removed.")] = None,
    docker: Annotated[bool, typer.Option("--docker", hidden=True, help="Removed.")] = False,
) -> None:
    """Start the local Neo4j if it is not running; the first start downloads it (155 MB)."""
    from cellgraph import server

    if java is not None:
        raise ParameterError("--java was removed: the local Neo4j runs on the Java from pip; leave the option out.")
    if docker:
        raise ParameterError("--docker was removed: start a container with `docker compose up`, and name it with --db.")
    plugins = [name.strip() for name in with_.split(",")] if with_ else []
    started = server.start(
        home,
        bolt_port=bolt_port,
        http_port=http_port,
        version=version,
        plugins=plugins,
        listen=listen,
        timeout=timeout,
        jars_folder=jars,
        report=show_stages(),
    )
    verb = "was already running" if started.already_running else "is running"
    show_text(f"Neo4j {started.version} {verb} (process {started.pid}).")
    show_text(_description(started, home))
    for licence in server.licences(plugins) if not started.already_running else ():
        show_text(f"  with             {licence}")
    if with_ and started.already_running:
        say("cellgraph: it was already running; to change its procedures, run cellgraph neo4j stop, and start it again")
    if listen != "127.0.0.1" and not started.already_running:
        say(
            "cellgraph: other machines can reach it, and connections are not encrypted: use it only in a network that "
            "you trust"
        )
    if home is not None:
        show_text(f"  for --db neo4j   export CELLGRAPH_NEO4J_HOME={started.home}")


@app.command()
def password(home: HomeOption = None) -> None:
    """Set a new password if the old one is lost: that in NEO4J_PASSWORD, or a generated one; stop Neo4j first."""
    from cellgraph import server

    server.reset_password(home)
    show_text(f"The new password is in {server.status(home).password_file}; next: cellgraph neo4j start")


@app.command()
def stop(
    home: HomeOption = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait until it has closed its files.")] = 120,
) -> None:
    """Stop the local Neo4j, and wait until it has closed its files."""
    from cellgraph import server

    stopped = server.stop(home, timeout=timeout)
    show_text("Neo4j is stopped." if stopped else f"Neo4j was not running ({server.path(home)}).")


@app.command()
def status(
    home: HomeOption = None,
    fmt: FormatOption = None,
    show_password: Annotated[bool, typer.Option("--show-password", help="Print the password as well.")] = False,
) -> None:
    """Show whether and where the local Neo4j runs, and where its password is; exit status 3 if it does not run."""
    from cellgraph import server

    found = server.status(home)
    password = server.credentials(home)[2] if show_password and found.running else None
    if fmt in (None, Format.table):
        running = f"Neo4j {found.version or ''} is running (process {found.pid})."
        show_text(running if found.running else "Neo4j is not running.")
        show_text(_description(found, home, password))
    else:
        import pyarrow as pa

        row = {key: str(value) if isinstance(value, Path) else value for key, value in _row(found).items()}
        render(pa.Table.from_pylist([row | ({"password": password} if show_password else {})]), fmt)
    if not found.running:
        raise typer.Exit(NOT_RUNNING)


@app.command()
def path(home: HomeOption = None) -> None:
    """Print the folder of the local Neo4j."""
    from cellgraph import server

    show_text(str(server.path(home)))


@app.command()
def logs(
    home: HomeOption = None,
    lines: Annotated[int, typer.Option("--lines", "-n", help="Number of lines.")] = 50,
) -> None:
    """Print the last lines of the server's output since its last start."""
    from cellgraph import server

    show_text(server.logs(home, lines=lines))


def _row(server: Server) -> dict[str, object]:
    row = dataclasses.asdict(server)
    del row["already_running"]
    return row


def _description(server: Server, home: Path | None, password: str | None = None) -> str:
    """Describe a server in lines, how to open Neo4j Browser first."""
    lines = {"home": str(server.home)}
    if server.running:
        command = "cellgraph neo4j status --show-password" + (f" --home {shlex.quote(str(home))}" if home else "")
        where = f"in {server.password_file} ({command} prints it)"
        lines = {
            "Neo4j Browser": f"cellgraph browse, or open {server.browser}",
            "user": server.user,
            "password": where if password is None else password,
            "programs": f"{server.uri}, or --db neo4j in cellgraph",
            **lines,
        }
    return "\n".join(f"  {name:<16} {value}" for name, value in lines.items())


def show_stages() -> Callable[[str, int, int], None]:
    """Return a function that shows progress on stderr: one changing line on a terminal, else one line per stage."""
    shown = ""

    def report(what: str, done: int, total: int) -> None:
        nonlocal shown
        text = f"{what}: {done} of {total} files" if total else f"{what} …"
        if sys.stderr.isatty():
            print(f"\r\033[K{text}", end="\n" if done == total else "", file=sys.stderr, flush=True)
        elif what != shown:
            print(f"{what} …", file=sys.stderr, flush=True)
        shown = what

    return report
