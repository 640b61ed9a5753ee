"""A server as a Docker container, for those who ask for it; the same home, ports and password."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Mapping
from contextlib import suppress

from cellgraph.errors import ServerError
from cellgraph.server.config import LOOPBACK, Ports
from cellgraph.server.home import USER, Home
from cellgraph.server.memory import Memory

IMAGE = "neo4j:5.26"


def launch(home: Home, ports: Ports, memory: Memory) -> str:
    """Run the container and return its name.

    Raises
    ------
    ServerError
        If there is no Docker, or if it refuses.
    """
    settings = {
        "server.bolt.advertised_address": f"{LOOPBACK}:{ports.bolt}",
        "client.allow_telemetry": "false",
        "dbms.usage_report.enabled": "false",
        "server.memory.heap.max_size": f"{memory.heap}m",
        "server.memory.pagecache.size": f"{memory.page_cache}m",
    }
    # The image takes settings as variables: a dot becomes _, an underscore __.
    variables = {f"NEO4J_{key.replace('_', '__').replace('.', '_')}": value for key, value in settings.items()}
    name = f"cellgraph-neo4j-{hashlib.sha256(bytes(home.path)).hexdigest()[:12]}"
    arguments = ["run", "--detach", f"--name={name}", f"--user={os.getuid()}:{os.getgid()}"]
    arguments += [f"--publish={LOOPBACK}:{ports.bolt}:7687", f"--publish={LOOPBACK}:{ports.http}:7474"]
    arguments += [f"--volume={home.path / part}:/{part}" for part in ("data", "logs")]
    arguments += [f"--env={key}={value}" for key, value in variables.items()]
    # Without a value Docker takes it from its own environment: others see command lines.
    arguments += ["--env=NEO4J_AUTH", IMAGE]
    # A stopped one of that name goes; where there is none, some versions of Docker call that a failure.
    with suppress(ServerError):
        _docker(["rm", name])
    _docker(arguments, {"NEO4J_AUTH": f"{USER}/{home.password()}"})
    return name


def is_running(container: str) -> bool:
    """Tell whether the container runs; false also if Docker itself does not."""
    try:
        return _docker(["inspect", "--format={{.State.Running}}", container]) == "true"
    except ServerError:
        return False


def output(container: str, lines: int) -> str:
    """Return the end of what the container printed."""
    return _docker(["logs", f"--tail={lines}", container])


def end(container: str, *, timeout: float) -> None:
    """Stop the container, give it time to close its files, and remove it."""
    _docker(["stop", f"--time={timeout:.0f}", container])
    _docker(["rm", container])


def _docker(arguments: list[str], variables: Mapping[str, str] | None = None) -> str:
    try:
        answer = subprocess.run(
            ["docker", *arguments], capture_output=True, text=True, env={**os.environ, **(variables or {})}
        )
    except OSError as error:
        raise ServerError(
            "Docker was asked for, but there is no program 'docker' here; leave --docker away to run Neo4j without it"
        ) from error
    if answer.returncode:
        reason = (answer.stderr.strip().splitlines() or ["it gives no reason"])[0]
        raise ServerError(f"Docker was asked for, but `docker {arguments[0]}` failed: {reason}")
    return answer.stdout.strip()
