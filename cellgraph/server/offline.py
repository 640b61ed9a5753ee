"""Neo4j's bulk import into the empty database of a local server, swapped in atomically.

The import runs beside the server, into a separate folder.  Then the server is stopped, the folders are swapped, and it
is started again.  Whatever is killed in between, the next start of the server discards the import or finishes the
exchange (see `exchange`).
"""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from cellgraph.errors import ServerError
from cellgraph.machine import total_memory
from cellgraph.server import config, control, exchange, jars, java, memory, ready, state
from cellgraph.server.exchange import DATABASE
from cellgraph.server.home import Home


def replace_empty(home: Home, files: Path, options: Sequence[str], is_free: Callable[[], bool]) -> bool:
    """Import files and replace the database of a running server with the result; the server is restarted.

    Parameters
    ----------
    home : Home
    files : pathlib.Path
        The folder with the files named in `options`.
    options : sequence of str
        Options of ``neo4j-admin database import full``.
    is_free : callable
        Tells, just before the server is stopped, whether the database may be replaced.

    Returns
    -------
    bool
        False if the database must stay, or was written to meanwhile; then it is unchanged.

    Raises
    ------
    ServerError
        If the import fails, for example on a full disk; then the database is unchanged.
    """
    known = state.read(home)
    if not known or known.get("special"):  # it could not be restarted as it was
        return False
    staging = exchange.staging(home)
    with open(home.path / "run" / "import.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # another import is running
            return False
        return _exchange(home, staging, files, options, is_free)


def _exchange(home: Home, staging: Path, files: Path, options: Sequence[str], is_free: Callable[[], bool]) -> bool:
    known = state.read(home)
    exchange.remove(staging)
    try:
        conf = staging / "conf"
        conf.mkdir(parents=True, mode=0o700)
        (conf / "neo4j.conf").write_text(f"server.directories.data={staging / 'data'}\n")
        admin(home, conf, "database", "import", "full", DATABASE, *options, cwd=files)
        written = _written(home)
        if not is_free():
            return False
        control.stop(home.path)
        try:
            with home.locked():  # nobody can start it meanwhile
                kept = not state.describe(home).running and _written(home) == written
                if kept:
                    (staging / "data").rename(exchange.complete(home))
        finally:
            control.start(home.path, bolt_port=known["bolt"], http_port=known["http"])  # this finishes the exchange
        return kept
    finally:
        exchange.remove(staging)


def _written(home: Home) -> str:
    """Return a checksum that shows whether anything was written: of the transaction log, without its empty end."""
    logs = sorted((home.path / "data" / "transactions" / DATABASE).glob("neostore.transaction.db.*"))
    return hashlib.sha256(b"".join(log.read_bytes().rstrip(b"\0") for log in logs)).hexdigest()


def admin(home: Home, conf: Path, *arguments: str, cwd: Path) -> str:
    """Run Neo4j's own administration tool and return its output."""
    command = [str(java.find()), f"-Xmx{memory.sizes(total_memory()).heap}m", config.ADMIN_CLASS, *arguments]
    answer = subprocess.run(
        command,
        env=control.environment(home, jars.fetch_lock(f"neo4j-{_version(home)}"), conf),
        capture_output=True,
        text=True,
        cwd=cwd,
    )
    if answer.returncode:
        raise ServerError("the bulk import of Neo4j failed: " + ready.explain(answer.stdout + answer.stderr))
    return answer.stdout


def _version(home: Home) -> str:
    return str(state.read(home).get("program") or jars.VERSION)
