"""Wait until a newly started server answers, or find out why it does not."""

from __future__ import annotations

import http.client
import json
import re
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from cellgraph.errors import ServerError
from cellgraph.server.config import LOOPBACK, Ports
from cellgraph.server.home import USER, Home

_STARTED = re.compile(r"INFO  Started\.$", re.MULTILINE)
_PORT_TAKEN = "already in use"
_HINTS = {
    _PORT_TAKEN: "another program listens on its port; start it again, other ports will be chosen",
    "No space left on device": "the disk is full; make room and start it again",
    "Not enough space": "the disk or the memory is full; make room and start it again",
    "OutOfMemoryError": "it does not have enough memory; close other programs and start it again",
}


_STACK_FRAME = re.compile(r"\s+(at |\.\.\. \d+ more)")
_LINES_SHOWN = 12


class PortTakenError(ServerError):
    """The server ended because another program listens on one of its ports."""


def wait(
    home: Home,
    ports: Ports,
    *,
    is_alive: Callable[[], bool],
    answered_before: bool,
    output: Callable[[], str],
    timeout: float,
) -> str:
    """Wait until Bolt, with the credentials, and HTTP answer; return the server's version.

    Parameters
    ----------
    is_alive : callable
        Tells whether the server is still running.
    answered_before : bool
        Whether it is known to have started; if not, its log must say so first.
    output : callable
        Returns the end of its output.
    timeout : float
        Seconds.

    Raises
    ------
    ServerError
        If it exits (`PortTakenError` if that is why), refuses the password, or does not answer in time.
    """
    deadline = time.monotonic() + timeout
    password = home.password()
    while True:
        alive = is_alive()
        # Before it says so, someone else's server may answer on its ports, and must not be told the password.
        if answered_before or _STARTED.search(output()):
            version = _http_version(ports.http)
            if version and _bolt_answers(ports.bolt, password, home):
                return version
        if not alive:
            printed = output()
            kind = PortTakenError if _PORT_TAKEN in printed else ServerError
            raise kind(f"the local Neo4j in {home.path} exited before it answered: {explain(printed)}")
        if time.monotonic() > deadline:
            raise ServerError(
                f"the local Neo4j in {home.path} did not answer within {timeout:g} seconds; allow more with "
                f"--timeout, unless there is another cause: {explain(output())}"
            )
        time.sleep(0.1)


def explain(output: str) -> str:
    """Explain from its output why a server or tool failed: a hint, and the last lines without the stack trace."""
    hint = next((text for sign, text in _HINTS.items() if sign in output), "its output ends with")
    lines = [line for line in output.splitlines() if line.strip() and not _STACK_FRAME.match(line)]
    return "\n".join([f"{hint}:", *(lines[-_LINES_SHOWN:] or ["(it printed nothing)"])])


def _http_version(port: int) -> str | None:
    """Ask the discovery page of the server for its version; None if nothing answers yet."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", "/", headers={"Accept": "application/json"})
        answer = json.loads(connection.getresponse().read())
        return str(answer["neo4j_version"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()


def _bolt_answers(port: int, password: str, home: Home) -> bool:
    from neo4j import GraphDatabase
    from neo4j.exceptions import AuthError, DriverError, Neo4jError

    uri = f"bolt://{LOOPBACK}:{port}"
    try:
        with GraphDatabase.driver(uri, auth=(USER, password), connection_timeout=5, telemetry_disabled=True) as driver:
            driver.execute_query("RETURN 1", database_="neo4j")
    except AuthError as error:
        raise ServerError(
            f"the local Neo4j does not accept the password in {home.password_file}; if it was changed in the "
            "database, write the new one into that file"
        ) from error
    except (DriverError, Neo4jError, OSError):
        return False
    return True


def tail(file: Path, lines: int) -> str:
    """Return the last lines of a text file."""
    with open(file, errors="replace") as text:
        return "".join(deque(text, maxlen=lines)).rstrip("\n")
