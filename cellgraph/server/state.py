"""What is known about the server of a home: a small file with its ports, and whether its process is there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellgraph.files import write_text
from cellgraph.server import process
from cellgraph.server.config import LOOPBACK, Ports
from cellgraph.server.home import USER, Home


@dataclass(frozen=True)
class Server:
    """A local Neo4j, as `start` and `status` describe it.

    Attributes
    ----------
    home : pathlib.Path
        Its folder.
    running : bool
        Whether it is running. If not, `uri`, `browser`, `version` and `pid` are None; the first three also if its state
        file was lost.
    uri : str or None
        Where programs connect: ``bolt://127.0.0.1:7687``.
    browser : str or None
        Where Neo4j Browser is, with the server and the user filled in:
        ``http://127.0.0.1:7474/browser/?dbms=bolt://neo4j@127.0.0.1:7687``.
    user : str
        The user to sign in as.
    password_file : pathlib.Path
        Where the password is.
    version : str or None
        Version of Neo4j; None until it has answered.
    pid : int or None
        Its process id.
    already_running : bool
        Set by `start` if the server was found running.
    """

    home: Path
    running: bool
    uri: str | None
    browser: str | None
    user: str
    password_file: Path
    version: str | None
    pid: int | None
    already_running: bool = False


def describe(home: Home, *, already_running: bool = False) -> Server:
    """Check whether the server is running, and return what is known about it."""
    state = read(home)
    pid = process.running_pid(home)
    if pid is None:
        return Server(home.path, False, None, None, USER, home.password_file, None, None)
    return Server(
        home=home.path,
        running=True,
        uri=f"bolt://{LOOPBACK}:{state['bolt']}" if state else None,
        browser=_browser(state) if state else None,
        user=USER,
        password_file=home.password_file,
        version=state.get("version"),
        pid=pid,
        already_running=already_running,
    )


def _browser(state: dict[str, Any]) -> str:
    return f"http://{LOOPBACK}:{state['http']}/browser/?dbms=bolt://{USER}@{LOOPBACK}:{state['bolt']}"


def read(home: Home) -> dict[str, Any]:
    """Read the state file; a missing or damaged one counts as empty."""
    try:
        state = json.loads(home.state_file.read_text())
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) and {"bolt", "http"} <= state.keys() else {}


def write(
    home: Home, ports: Ports, *, program: str | None = None, special: bool = False, version: str | None = None
) -> None:
    """Write the state file atomically.

    `program` is the version started, `version` the one that answers; `special` marks a start with options that a plain
    start would not repeat.
    """
    state = {"bolt": ports.bolt, "http": ports.http, "program": program, "special": special, "version": version}
    write_text(home.state_file, json.dumps(state, indent=1) + "\n")
