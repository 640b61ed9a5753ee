"""Configuration of the server: its configuration file, its ports, and the command that runs it."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

from cellgraph.errors import ParameterError, ServerError
from cellgraph.server import conffile
from cellgraph.server.home import Home
from cellgraph.server.memory import Memory

LOOPBACK = "127.0.0.1"
MAIN_CLASSES = {"5": "org.neo4j.server.CommunityEntryPoint", "2026": "org.neo4j.server.Neo4jCommunity"}
"""Main class by major version."""
ADMIN_CLASS = "org.neo4j.cli.AdminTool"
_OPENED = ("java.nio", "java.lang", "java.io", "sun.nio.ch")
"""Packages of java.base that Neo4j accesses by reflection; taken from the launcher in its distribution."""


_CONTENT_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self' ws: wss: http://127.0.0.1:* http://localhost:*; "
    "base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
"""Neo4j Browser talks to databases (ws) and to this machine, and loads nothing from elsewhere. Even with telemetry
switched off, it would fetch fonts from Google and two usage-tracking scripts, and send its errors to Sentry. The policy
is Neo4j's own without those hosts; it blocks guides from the web (``:guide https://…``)."""
_USER_LOG = """\
<?xml version="1.0" encoding="UTF-8"?>
<!-- Written by `cellgraph neo4j start` at every start: what the server tells goes to the console log. -->
<Configuration status="ERROR">
  <Appenders>
    <Console name="Console"><PatternLayout pattern="%d{yyyy-MM-dd HH:mm:ss.SSSZ}{GMT+0} %-5p %m%n"/></Console>
  </Appenders>
  <Loggers>
    <Root level="INFO"><AppenderRef ref="Console"/></Root>
  </Loggers>
</Configuration>
"""


FENCED = {
    "dbms.security.allow_csv_import_from_file_urls": "false",
    "internal.dbms.cypher_ip_blocklist": "0.0.0.0/0,::/0",
}
"""Cypher reads no local files, and fetches nothing from the network, including this machine."""


@dataclass(frozen=True)
class Ports:
    """Where the server listens on the loopback interface."""

    bolt: int
    http: int

    def __post_init__(self) -> None:
        for port in (self.bolt, self.http):
            if not 1 <= port <= 65535:
                raise ParameterError(f"a port is a number from 1 to 65535, not {port}")


def free_ports(preferred: Ports) -> Ports:
    """Take the preferred ports, or the next free ones above them.

    Raises
    ------
    ServerError
        If there is no free port among the next hundred.
    """
    bolt = _next_free(preferred.bolt, taken=set())
    return Ports(bolt, _next_free(preferred.http, taken={bolt}))


def _next_free(preferred: int, taken: set[int]) -> int:
    candidates = range(preferred, min(preferred + 100, 65536))
    for port in candidates:
        if port not in taken and is_free(port):
            return port
    raise ServerError(
        f"the local Neo4j needs a free port, but all from {candidates[0]} to {candidates[-1]} are taken; "
        "name others with --bolt-port and --http-port"
    )


def is_free(port: int) -> bool:
    """Tell whether a server could listen on a port of the loopback interface now."""
    with socket.socket() as probe:
        # As Java does: a port whose last connections were only just closed counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def settings(ports: Ports, memory: Memory) -> dict[str, str]:
    """Return the settings of the server: loopback only, authentication on, no telemetry."""
    bolt, http = f"{LOOPBACK}:{ports.bolt}", f"{LOOPBACK}:{ports.http}"
    return {
        "server.default_listen_address": LOOPBACK,
        "server.default_advertised_address": LOOPBACK,
        "server.bolt.enabled": "true",
        "server.bolt.listen_address": bolt,
        "server.bolt.advertised_address": bolt,
        "server.bolt.tls_level": "DISABLED",
        "server.http.enabled": "true",
        "server.http.listen_address": http,
        "server.http.advertised_address": http,
        "server.https.enabled": "false",
        "dbms.security.auth_enabled": "true",
        **FENCED,
        # Neo4j Browser and the server would otherwise report their usage; preventing it takes both settings and the
        # policy.
        "client.allow_telemetry": "false",
        "dbms.usage_report.enabled": "false",
        "dbms.security.http_static_content_security_policy_header": _CONTENT_POLICY,
        "server.memory.pagecache.size": f"{memory.page_cache}m",
        # A bulk load leaves transaction logs as large as the graph; no backup here needs them.
        "db.tx_log.rotation.retention_policy": "keep_none",
        # Each of the two databases preallocates one such file, 256 MB by default.
        "db.tx_log.rotation.size": "64m",
        # On shutdown it would wait for late requests, twice 5 s; there are none here.
        "internal.dbms.bolt.netty_server_shutdown_quiet_period": "0",
    }


def write(home: Home, values: dict[str, str]) -> None:
    """Write the configuration files."""
    (home.configuration.parent / "user-logs.xml").write_text(_USER_LOG)
    conffile.write(home, values)


def server_command(java: Path, home: Home, memory: Memory, version: str) -> list[str]:
    """Return the command that runs the server; the classpath goes into the environment, to keep the command short."""
    return [
        str(java),
        f"-Xms{min(memory.heap, 512)}m",
        f"-Xmx{memory.heap}m",
        "-XX:+UseG1GC",
        "-XX:-OmitStackTraceInFastThrow",
        "-Dfile.encoding=UTF-8",
        "-Dlog4j2.disable.jmx=true",
        "-Dio.netty.tryReflectionSetAccessible=true",
        *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED),
        *conffile.java_options(home),
        MAIN_CLASSES[version.partition(".")[0]],
        *identifying_arguments(home),
    ]


def identifying_arguments(home: Home) -> tuple[str, ...]:
    """Return the end of the command line, unique to the server of this home.

    Console mode merely allows logging to the console.
    """
    return (
        "--console-mode",
        f"--home-dir={home.path}",
        f"--config-dir={home.configuration.parent}",
    )


def password_command(java: Path, home: Home) -> list[str]:
    """Return the command that sets the first password; it reads a file, since command lines are public."""
    return [str(java), "-Xmx128m", ADMIN_CLASS, "dbms", "set-initial-password", f"@{home.password_file}"]
