"""The manifest of a work folder: what is swept and how, and which file holds the tally of which blocks."""

from __future__ import annotations

import errno
import json
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cellgraph.errors import ResumeError, StoreError
from cellgraph.files import write_durably

FORMAT = 2
MANIFEST = "manifest.json"
CHANGED = "the volume itself has changed since then"

# Parts of a manifest that do not describe what is swept.
_OWN = ("format", "files", "checksum")


def has_work(folder: Path) -> bool:
    """Return whether a work folder holds an unfinished sweep."""
    return (folder / MANIFEST).is_file()


def is_manifest(file: Path) -> bool:
    """Return whether a file is a manifest, of any format."""
    try:
        manifest = json.loads(file.read_text())
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and manifest.keys() >= set(_OWN)


def write_manifest(folder: Path, identity: dict[str, Any], files: dict[str, Any]) -> None:
    """Write the manifest, with a checksum of its own."""
    manifest = {"format": FORMAT, **identity, "files": files}
    text = json.dumps({**manifest, "checksum": _checksum(manifest)}, indent=1)
    write_durably(folder / MANIFEST, text.encode())


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a work folder.

    Raises
    ------
    ResumeError
        If it cannot be read, is damaged, or is of another version of the format.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        version, checksum = manifest["format"], manifest.pop("checksum", None)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(folder, str(error)) from error
    if version != FORMAT:
        raise ResumeError(
            f"the work folder {folder} was written in another format (expected {FORMAT}, got {version}); "
            "load without --resume to start over"
        )
    if checksum != _checksum(manifest):
        raise _damaged(folder, "its checksum does not match")
    return dict(manifest)


def check_identity(folder: Path, manifest: dict[str, Any], identity: dict[str, Any]) -> dict[str, Any]:
    """Check that a manifest belongs to a sweep with this identity, and return its files.

    Raises
    ------
    ResumeError
        If it belongs to another sweep; the message says what differs.
    """
    old = {key: value for key, value in manifest.items() if key not in _OWN}
    if changed := differences(old, json.loads(json.dumps(identity))):
        raise another_load(folder, changed)
    return dict(manifest["files"])


def differences(old: dict[str, Any], new: dict[str, Any]) -> str:
    """Return what differs between two identities, as part of a sentence; empty if they are the same."""
    keys = [key for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)]
    return "; ".join(_change(key, old.get(key), new.get(key)) for key in keys)


def another_load(folder: Path, why: str) -> ResumeError:
    """Return the error for a work folder that cannot be resumed."""
    return ResumeError(
        f"the work folder {folder} belongs to another load: {why}; resume with the volume and the options of that "
        "load, or load without --resume to start over"
    )


def require_volume(folder: Path, identity: dict[str, Any]) -> None:
    """Raise `ResumeError` if a work folder holds unfinished work of another volume."""
    try:
        manifest = read_manifest(folder)
    except ResumeError:  # cannot be resumed by any load
        return
    old, new = (_volume(of) for of in (manifest, identity))
    if old != new:
        raise ResumeError(
            f"the work folder {folder} holds unfinished work of another volume: expected {new}, got {old}; resume "
            "that one with --resume, delete the folder, or name another one with --work"
        )


def to_ranges(numbers: Iterable[int]) -> list[list[int]]:
    """Return numbers as ranges ``[first, last]``, in order."""
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges


@contextmanager
def writing(folder: Path, again: str) -> Iterator[None]:
    """Turn errors of the file system while a work folder is written into a sentence.

    Parameters
    ----------
    folder : pathlib.Path
        The work folder.
    again : str
        How to continue once there is space, such as ``load again with --resume``.
    """
    try:
        yield
    except OSError as error:
        why = "there is no space left" if error.errno == errno.ENOSPC else (error.strerror or str(error))
        raise StoreError(
            f"the work folder {folder} cannot be written: {why}; what was written before is kept: "
            f"free some space and {again}, or name another folder with --work"
        ) from error


def _volume(identity: dict[str, Any]) -> str:
    parts = (identity.get("source"), identity.get("dataset"))
    return ":".join(str(part) for part in parts if part) or "an array"


def _checksum(manifest: dict[str, Any]) -> int:
    return zlib.crc32(json.dumps(manifest, sort_keys=True).encode())


def _damaged(folder: Path, why: str) -> ResumeError:
    return ResumeError(
        f"the work folder {folder} cannot be resumed, its {MANIFEST} is damaged ({why}); "
        "load without --resume to start over"
    )


def _change(key: str, old: Any, new: Any) -> str:
    if key == "fingerprint":
        return f"{CHANGED} ({old} became {new})"
    return f"{key} was {old!r}, is {new!r}"
