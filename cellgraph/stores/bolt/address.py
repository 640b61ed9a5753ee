"""The address and credentials of a Neo4j; the credentials never appear in a message."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from cellgraph.errors import ParameterError

SCHEMES = tuple(f"{scheme}{security}" for scheme in ("neo4j", "bolt") for security in ("", "+s", "+ssc"))


@dataclass(frozen=True)
class Address:
    """The location of a Neo4j, and the user.

    Attributes
    ----------
    uri : str
        Without user and password, safe for messages.
    user : str
    password : str or None
        None if not known; the server may not need one.
    database : str or None
        None means the home database of the user.
    """

    uri: str
    user: str
    password: str | None = field(repr=False)
    database: str | None = None


def parse(text: str, environment: Mapping[str, str] = os.environ) -> Address:
    """Parse an address given by a user.

    Parameters
    ----------
    text : str
        ``bolt://host:7687``, ``neo4j+s://host``, …; it may include user and password.
    environment : mapping
        Provides ``NEO4J_USERNAME``, ``NEO4J_PASSWORD`` and ``NEO4J_DATABASE`` for what the address leaves out.

    Raises
    ------
    ParameterError
        If it is not a valid address.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        # The text is not shown: it may contain a password.
        raise ParameterError("not a valid database address; expected bolt://HOST:PORT.") from None
    if parts.scheme not in SCHEMES:
        raise ParameterError(
            f"no database has an address of the form {parts.scheme}://; expected a path, {', '.join(SCHEMES)} "
            "(each followed by ://HOST:PORT), or neo4j for the local one."
        )
    if not host:
        raise ParameterError(f"the address {parts.scheme}:// has no host; expected {parts.scheme}://HOST:PORT.")
    shown = f"[{host}]" if ":" in host else host
    uri = f"{parts.scheme}://{shown}" + (f":{port}" if port else "")
    password = environment.get("NEO4J_PASSWORD") if parts.password is None else unquote(parts.password)
    return Address(
        uri,
        unquote(parts.username or "") or environment.get("NEO4J_USERNAME") or "neo4j",
        password or None,
        environment.get("NEO4J_DATABASE") or None,
    )
