"""Ownership of unfinished samples: the name of a load, and whether it is still alive.

A sample that is being written carries the name of its load (``load``) and the server's time of its last sign of life
(``beat``).  A load is dead if its process is gone, as far as can be seen from here, or if it was silent for `SILENCE`
seconds.  If a living load is taken for dead (its computer slept), its samples are removed and it fails with an error:
every batch and the last transaction find their samples or stop.
"""

from __future__ import annotations

import os
import platform
import uuid
from pathlib import Path

BEAT = 2.0
"""Seconds between signs of life."""

SILENCE = 30.0
"""Seconds without a sign of life after which a load is taken for dead."""

_own: set[str] = set()


def begin() -> str:
    """Return the name of a new load of this process."""
    name = f"{_place()} {os.getpid()} {uuid.uuid4().hex}"
    _own.add(name)
    return name


def end(name: str) -> None:
    """Mark a load as over, whether it succeeded or not."""
    _own.discard(name)


def is_alive(name: str | None, silent: float) -> bool:
    """Whether a load is still running, `silent` seconds after its last sign of life."""
    if not name or name.count(" ") != 2:
        return False
    place, pid, _ = name.split(" ")
    if place != _place():
        return silent < SILENCE
    if int(pid) == os.getpid():
        return name in _own
    return silent < SILENCE and Path(f"/proc/{pid}").exists()


def shown(name: str) -> str:
    """Return the computer and process of a load for a message."""
    place, pid, _ = name.split(" ")
    return f"process {pid} on {place.partition('/')[0]}"


def _place() -> str:
    """Return an identifier of this computer and container: its name and its process id namespace."""
    try:
        processes = os.readlink("/proc/self/ns/pid").strip("pid:[]")
    except OSError:
        processes = "?"
    return f"{platform.node().replace(' ', '-')}/{processes}"
