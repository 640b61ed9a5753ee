"""Redact credentials in addresses, so that these can be shown and stored."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<rest>\S+)")
_VALUE = re.compile(r"=[^&;#]*")


def redacted(text: str) -> str:
    """Return an address, or text containing addresses, without user, password and values in the query string.

    Parameter names stay, to show what kind of address it was: ``https://host/x.zarr?sig=…``.
    """
    if "://" not in text:
        return text
    return _ADDRESS.sub(lambda found: found["scheme"] + _without_secrets(found["rest"]), text)


def _without_secrets(rest: str) -> str:
    inner = _ADDRESS.match(rest)  # zarr://https://…
    if inner:
        return inner["scheme"] + _without_secrets(inner["rest"])
    place, mark, query = rest.partition("?")
    server, slash, path = place.partition("/")
    if "@" in server:
        server = server.rpartition("@")[2]
    elif re.search(r":[^/]*[^0-9/]", server) and "@" in rest and not server.startswith("["):
        # The password contains a slash or a question mark: the host follows the last @.
        return _without_secrets(rest.rpartition("@")[2])
    shown = f"{server}{slash}{path}"
    if not mark:
        return shown
    if "=" not in query:
        return f"{shown}?…"
    return f"{shown}?{_VALUE.sub('=…', query)}"
