"""The launcher: a file that only this user can read, which opens Neo4j Browser without a sign-in.

It redirects to a page of the server, with the password after the ``#`` of the address.  A web browser does not send
that part, so the password reaches neither the server and its log nor the process list.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from cellgraph.errors import ServerError
from cellgraph.files import write_text
from cellgraph.server import control, pages
from cellgraph.server.config import LOOPBACK
from cellgraph.server.home import Home, locate

_LAUNCHER = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0;url={address}">
<title>cellgraph: to Neo4j Browser</title>
<p style="font: 16px sans-serif; margin: 4em">Opening <a href="{address}">Neo4j Browser</a> …</p>
</html>
"""


def launcher(
    home: control.Location = None,
    *,
    cypher: str,
    editor: str,
    settings: Mapping[str, Any],
    guide: str,
    offer: Mapping[str, Any],
) -> Path:
    """Write the pages for the running server to show, and the file of mode 0600 that opens them; return that file.

    Parameters
    ----------
    home : path, optional
        As for `start`.
    cypher : str
        What Neo4j Browser runs once it is signed in.
    editor : str
        The query part of an address (after ``?``) that puts it into the editor instead, to be changed.
    settings : mapping
        Further settings of Neo4j Browser, for this page alone.
    guide : str
        HTML of the guide.
    offer : mapping
        ``style``, ``folder`` and ``favourites``, which are merged with the user's; served to anyone.

    Raises
    ------
    ConnectError
        If the server is not running.
    ServerError
        If it does not serve the page, because an earlier version started it.
    """
    where = locate(home)
    uri, user, password = control.credentials(home)
    port = urlsplit(control.status(home).browser or "").port or 0
    try:
        pages.add(where)
        if not _serves(port, pages.START):
            raise ServerError(
                f"the running Neo4j in {where.path} was started by an earlier version of cellgraph and cannot sign "
                "users in; stop it, and try again: cellgraph neo4j stop"
            )
        launch = {"uri": uri, "user": user, "editor": editor, "settings": {**settings, "initCmd": cypher}}
        write_text(pages.secret(where) / pages.LAUNCH, json.dumps(launch))
        write_text(pages.secret(where) / pages.GUIDE, guide)
        write_text(pages.folder(where) / pages.OFFER, f"window.cellgraph = {json.dumps(offer)};\n")
        return _write(
            where, f"{pages.address(port)}{pages.START}#{pages.secret(where).name}&{quote(password, safe='')}"
        )
    except OSError as error:
        raise ServerError(f"the launcher of Neo4j Browser cannot be written: {error}") from error


def _serves(port: int, name: str) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=20)
    try:
        connection.request("HEAD", urlsplit(pages.address(port)).path + name)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _write(home: Home, address: str) -> Path:
    write_text(home.launcher, _LAUNCHER.format(address=escape(address)), private=True)
    return home.launcher
