"""Addresses, fit to be shown and stored: without what opens the door."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<rest>\S+)")
_VALUE = re.compile(r"=[^&;#]*")


def redacted(text: str) -> str:
    """Return an address, or any text with addresses in it, without user, password and the values of a query string.

    Names of parameters stay, so that one can see what kind of address it was: ``https://host/x.zarr?sig=…``.
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
        # A password with a slash or a question mark in it: what follows the last @ is the host.
        return _without_secrets(rest.rpartition("@")[2])
    shown = f"{server}{slash}{path}"
    if not mark:
        return shown
    if "=" not in query:
        return f"{shown}?…"
    return f"{shown}?{_VALUE.sub('=…', query)}"
