"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cellgraph.errors import CellgraphError, ExistsError, NotFoundError

OWN_PAGE = "<!-- written by cellgraph"
"""How the second line of each HTML page begins that cellgraph writes."""


def require_target(path: Path, overwrite: bool) -> None:
    """Refuse an output that could not be written, before any work is done for it.

    Raises
    ------
    NotFoundError
        If its folder does not exist.
    ExistsError
        If it is there and must not be overwritten.
    """
    if not path.parent.is_dir():
        raise NotFoundError(f"the folder {str(path.parent)!r} does not exist; create it first.")
    if os.path.lexists(path) and not overwrite:
        raise ExistsError(f"{str(path)!r} is already there; choose another name, or overwrite it (--overwrite).")


def is_own_page(path: Path) -> bool:
    """Whether there is an HTML page that cellgraph wrote, which a new one may replace."""
    try:
        with path.open("rb") as file:
            return OWN_PAGE.encode() in file.read(100)
    except OSError:
        return False


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`: what is written there replaces `path` if all goes well, or is removed.

    It may be a file or a folder.
    """
    part = path.with_name(f".cellgraph-{secrets.token_hex(4)}.part")  # short, however long the name is
    try:
        yield part
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        part.replace(path)
    finally:
        _remove(part)


@contextmanager
def output_file(path: Path) -> Iterator[Path]:
    """Do as `replacing` for an output that a person named; a file keeps the permissions of the one it replaces.

    Raises
    ------
    CellgraphError
        If it cannot be written.
    """
    with writing_to(path), replacing(path) as part:
        yield part
        if path.is_file() and part.is_file():
            part.chmod(path.stat().st_mode & 0o777)


@contextmanager
def writing_to(path: Path) -> Iterator[None]:
    """Say what cannot be written, and why.

    Raises
    ------
    CellgraphError
        If there is no space, no permission, or no such folder.
    """
    try:
        yield
    except BrokenPipeError:  # of stdout, not of this file
        raise
    except OSError as error:
        raise CellgraphError(f"cannot write {str(path)!r}: {error.strerror or error}.") from error


def write_text(path: Path, text: str, *, private: bool = False) -> None:
    """Write a text in UTF-8; one that is `private` is readable by its owner only, from the first byte on."""
    with replacing(path) as part:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)


def write_durably(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all even if the machine stops; its part is ``NAME.part``."""
    part = path.with_name(path.name + ".part")
    try:
        with open(part, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)  # it may take the last of the space
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _remove(path: Path) -> None:
    """Remove a file or a folder, if it is there; of a link, the link."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
