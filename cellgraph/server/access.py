"""Who may reach the server (this machine only, or others too), and with which password."""

from __future__ import annotations

import os
import secrets
import socket

from cellgraph.errors import ParameterError
from cellgraph.server.config import LOOPBACK, Ports
from cellgraph.server.home import USER

EVERYWHERE = "0.0.0.0"
_SHORTEST = 8


def require_password(listen: str) -> str | None:
    """Return the user's own password for access by others; None if the server listens to this machine only.

    Raises
    ------
    ParameterError
        If there is no such password, or the address is neither `LOOPBACK` nor `EVERYWHERE`.
    """
    if listen == LOOPBACK:
        return None
    if listen != EVERYWHERE:
        raise ParameterError(
            f"--listen takes {LOOPBACK} (this machine only) or {EVERYWHERE} (other machines too), not {listen!r}; "
            "to let in some networks only, use a firewall"
        )
    password = os.environ.get("NEO4J_PASSWORD", "")
    if len(password) < _SHORTEST:
        raise ParameterError(
            f"--listen {EVERYWHERE} lets other machines in, so it needs a password of your own: set the environment "
            f"variable NEO4J_PASSWORD to one of at least {_SHORTEST} characters"
        )
    return password


def settings(ports: Ports, listen: str) -> dict[str, str]:
    """Return the settings that let other machines reach the server, if they may."""
    if listen == LOOPBACK:
        return {}
    host = socket.gethostname()
    return {
        "server.default_listen_address": listen,
        "server.default_advertised_address": host,
        "server.bolt.listen_address": f"{listen}:{ports.bolt}",
        "server.bolt.advertised_address": f"{host}:{ports.bolt}",
        "server.http.listen_address": f"{listen}:{ports.http}",
        "server.http.advertised_address": f"{host}:{ports.http}",
    }


def new_password() -> str:
    """Return the password in ``NEO4J_PASSWORD``, or a generated one."""
    password = os.environ.get("NEO4J_PASSWORD") or secrets.token_hex(16)
    if len(password) < _SHORTEST:
        raise ParameterError(
            f"a password needs at least {_SHORTEST} characters, but the one in NEO4J_PASSWORD is shorter"
        )
    return password


def unknown_ports() -> tuple[int, int]:
    """Return two free ports."""
    with socket.socket() as one, socket.socket() as other:
        for probe in (one, other):
            probe.bind((LOOPBACK, 0))
        return one.getsockname()[1], other.getsockname()[1]


def set_password(uri: str | None, password: str) -> None:
    """Change the user's password on a server that runs without authentication."""
    from neo4j import GraphDatabase

    with GraphDatabase.driver(str(uri), telemetry_disabled=True) as driver:
        driver.execute_query(
            f"ALTER USER {USER} SET PASSWORD $password CHANGE NOT REQUIRED", password=password, database_="system"
        )
