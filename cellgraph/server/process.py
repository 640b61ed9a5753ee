"""The server as a process of this machine: run it, check whether it is still ours, stop it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from cellgraph.errors import ServerError
from cellgraph.server.config import identifying_arguments
from cellgraph.server.home import Home

_HAS_PROC = Path("/proc/self/stat").exists()  # Linux; elsewhere ps is used
_SECONDS_WITHOUT_COMMAND = 1
_LAUNCH = """\
pid_file=$1 log=$2
shift 2
if [ -s "$log" ]; then mv "$log" "$log.1"; fi
: >"$log"
"$@" </dev/null >>"$log" 2>&1 &
echo $! >"$pid_file" || { kill $!; exit 1; }
"""


def launch(command: Sequence[str], home: Home, environment: Mapping[str, str]) -> None:
    """Run the server so that it outlives us, with its output in the console log and its process id in the pid file.

    The log of the previous run is kept beside it.

    A shell in between detaches it from us, so it does not become a zombie if it ends while we run. The shell writes the
    process id, so that it is recorded even if we are interrupted at that very moment.
    """
    shell = subprocess.run(
        ["/bin/sh", "-c", _LAUNCH, "sh", str(home.pid_file), str(home.console), *command],
        env=environment,
        cwd=home.path,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if shell.returncode:
        raise ServerError(f"the local Neo4j could not be run: {shell.stderr.strip()}")


def running_pid(home: Home) -> int | None:
    """Return the process id of this home's server, if it is running.

    The id in the pid file may be stale, and may belong to an unrelated process by now. Only a process whose command
    line is that of a server with this home counts as ours.
    """
    try:
        pid = int(home.pid_file.read_text())
    except (OSError, ValueError):
        return None
    return pid if is_server(pid, home) else None


def is_server(pid: int, home: Home) -> bool:
    """Tell whether a process is the server of this home."""
    deadline = time.monotonic() + _SECONDS_WITHOUT_COMMAND
    while _birth(pid) is not None:
        command = _ask(pid, "cmdline", "command").replace("\0", " ")
        # While one program replaces another in a process, as the shell of `launch` does, it has no command line.
        if command or time.monotonic() > deadline:
            return " ".join(identifying_arguments(home)) in command
        time.sleep(0.005)
    return False


def _birth(pid: int) -> str | None:
    """Return the start time of a process; None if there is none, or only a zombie."""
    if _HAS_PROC:
        # The name, in brackets, may hold spaces; field 3 is the state, field 22 the start time (man 5 proc).
        fields = _ask(pid, "stat", "").rpartition(")")[2].split()
        state, birth = (fields[0], fields[19]) if fields else ("Z", "")
    else:
        state, _, birth = _ask(pid, "", "state,lstart").partition(" ")
    return None if state[:1] in ("", "Z", "X") else birth


def _ask(pid: int, entry: str, column: str) -> str:
    """Read an entry of /proc, or columns of ps if there is no /proc; empty if there is no process."""
    if not _HAS_PROC:
        command = ["ps", "-ww", "-o", ",".join(f"{name}=" for name in column.split(",")), "-p", str(pid)]
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()
    try:
        return Path(f"/proc/{pid}/{entry}").read_text("utf-8", "replace")
    except OSError:
        return ""


def end(pid: int, home: Home, *, timeout: float, force: bool = False) -> None:
    """Stop the server and wait until it is gone.

    Parameters
    ----------
    timeout : float
        Seconds to let it flush its data and close its files.
    force : bool
        Whether to kill it after that.

    Raises
    ------
    ServerError
        If it is still running, or belongs to another user.
    """
    if _signal_and_wait(pid, home, signal.SIGTERM, timeout):
        return
    if force and _signal_and_wait(pid, home, signal.SIGKILL, timeout):
        return
    raise ServerError(
        f"the local Neo4j (process {pid}) was told to stop, but still runs after {timeout:g} seconds; see "
        f"`cellgraph neo4j logs`, wait, or end it with: kill -9 {pid}"
    )


def _signal_and_wait(pid: int, home: Home, number: signal.Signals, timeout: float) -> bool:
    birth = _birth(pid)
    if birth is None or not is_server(pid, home):
        return True
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return True
    except PermissionError as error:
        raise ServerError(
            f"the local Neo4j in {home.path} (process {pid}) belongs to another user; only they can stop it"
        ) from error
    deadline = time.monotonic() + timeout
    # Its command line disappears before its files are closed, so checking that is not enough.
    while _birth(pid) == birth:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
