"""Save what a watch has taken, so that another one can resume after a crash."""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from cellgraph.engines.manifest import differences, writing
from cellgraph.errors import ResumeError
from cellgraph.files import write_durably
from cellgraph.live.incoming import Taken
from cellgraph.live.slabs import Sweep
from cellgraph.volumes.reading import Part


def keep(state: Path, identity: dict[str, Any], taken: dict[int, Taken], sweep: Sweep) -> None:
    """Write what was taken, and by which watch, to a file.

    Parameters
    ----------
    state : pathlib.Path
        The file, in the work folder.
    identity : dict
        JSON-ready: folder, pattern, parameters, version.  Another watch resumes only with the same ones.
    taken : dict
        The files by their numbers.
    sweep : Sweep
        Their contents.

    Raises
    ------
    StoreError
        If the file cannot be written; what was saved before is kept.
    """
    files = {number: (file.name, file.depth, *file.stamp) for number, file in taken.items()}
    scan = sweep.scan
    read = {"spacing": scan.spacing, "unit": scan.unit, "parts": [asdict(part) for part in scan.parts]}
    text = json.dumps({"identity": identity, "taken": files, "read": read}).encode()
    body = len(text).to_bytes(8, "little") + text + sweep.to_bytes()
    with writing(state.parent, "watch again"):
        write_durably(state, zlib.crc32(body).to_bytes(4, "little") + body)


def restore(state: Path, identity: dict[str, Any], sweep: Sweep) -> dict[int, Taken]:
    """Restore what `keep` has written into a sweep; return the files that were taken, by number.

    Raises
    ------
    ResumeError
        If it is from another watch (the message says which options differ), or damaged.
    """
    data = state.read_bytes()
    checksum, body = int.from_bytes(data[:4], "little"), data[4:]
    if zlib.crc32(body) != checksum:
        raise ResumeError(f"{state} is damaged (its checksum does not match); start over with --replace")
    end = 8 + int.from_bytes(body[:8], "little")
    kept = json.loads(body[8:end])
    if changed := differences(kept["identity"], identity):
        raise ResumeError(
            f"{state} belongs to a watch with other options: {changed}; use the options of that watch, or start over "
            "with --replace"
        )
    sweep.restore(body[end:])
    read = kept["read"]
    parts = tuple(Part(**{**part, "others": tuple(part["others"])}) for part in read["parts"])
    sweep.scan = replace(sweep.scan, spacing=tuple(read["spacing"]), unit=read["unit"], parts=parts)
    return {
        int(number): Taken(name, depth, (size, modified))
        for number, (name, depth, size, modified) in kept["taken"].items()
    }
