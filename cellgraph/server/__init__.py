"""A local Neo4j from pip alone: install, start, find and stop it."""

from cellgraph.server.control import credentials, logs, path, reset_password, start, status, stop
from cellgraph.server.launcher import launcher
from cellgraph.server.program import licences
from cellgraph.server.state import Server

__all__ = ["Server", "credentials", "launcher", "licences", "logs", "path", "reset_password", "start", "status", "stop"]
