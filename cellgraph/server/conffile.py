"""The file neo4j.conf: our settings, rewritten at every start, and the user's, which are kept."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cellgraph.errors import ServerError
from cellgraph.files import write_text
from cellgraph.server.home import Home

_ABOUT = """\
# cellgraph writes its settings into this file at every start.  Add your own at the end, or change a value:
# whatever you have written is kept, and takes precedence.
"""
_EARLIER = "# Written by `cellgraph neo4j start` at every start"
_PAIR = re.compile(r"\s*(?![#!])([\w.-]+)\s*[=:]\s*(.*?)\s*$", re.DOTALL)
_FIXED = re.compile(
    r"server\.(default_(listen|advertised)_address|(bolt|http|https)\.(enabled|listen_address|advertised_address))"
    r"|dbms\.security\.auth_enabled"
)
"""What the rest of cellgraph relies on: where the server listens, and that it requires a password."""


def own_settings(home: Home) -> dict[str, str]:
    """Return the settings that the user has written into the file, by name.

    Raises
    ------
    ServerError
        If one of them has to be decided by cellgraph itself.
    """
    own = dict(_own_pairs(home))
    for name in own:
        if _FIXED.fullmatch(name):
            raise ServerError(
                f"{home.configuration} sets {name}, which is controlled by cellgraph; remove that line. "
                "Choose ports with --bolt-port and --http-port, and let other machines in with --listen"
            )
    return own


def java_options(home: Home) -> list[str]:
    """Return the Java options from the user's settings, since Java does not read that file itself."""
    heap = "server.memory.heap."
    options = {f"{heap}initial_size": "-Xms", f"{heap}max_size": "-Xmx", "server.jvm.additional": ""}
    return [options[name] + value for name, value in _own_pairs(home) if name in options]


def write(home: Home, values: Mapping[str, str]) -> None:
    """Write our settings, except those that the user overrides, followed by the user's."""
    own_lines = _own_lines(home)
    ours = {name: value for name, value in values.items() if name not in own_settings(home)}
    written = _ABOUT + "\n" + "".join(f"{name}={value}\n" for name, value in ours.items())
    with open(home.written_configuration, "a") as file:  # if we are interrupted, the old lines still count as ours
        file.write(written)
    write_text(home.configuration, written + "".join(f"{line}\n" for line in own_lines))
    write_text(home.written_configuration, written)


def _own_pairs(home: Home) -> list[tuple[str, str]]:
    pairs = [found.groups() for line in _own_lines(home) if (found := _PAIR.match(line))]
    return [(name, re.sub(r"\\\n\s*", "", value)) for name, value in pairs]


def _own_lines(home: Home) -> list[str]:
    """Return the lines of the file that we did not write last time; a line continued with ``\\`` is one line."""
    if not home.configuration.exists():
        return []
    text = home.configuration.read_text()
    if home.written_configuration.exists():
        written = set(home.written_configuration.read_text().splitlines())
    elif text.startswith(_EARLIER):  # from a version that warned users that changes are lost
        return []
    else:
        written = set()
    lines = re.findall(r"(?:[^\n]*\\\n)*[^\n]*\n?", text)
    return [line.rstrip("\n") for line in lines if line.strip() and line.rstrip("\n") not in written]
