"""Which format a source is, and opening it: the table to extend for a further format."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import numpy as np

from cellgraph.errors import FormatError, NotFoundError, ParameterError, near
from cellgraph.volumes.array import ArrayVolume
from cellgraph.volumes.base import Volume
from cellgraph.volumes.files import begins_with, reading

Opener = Callable[[Path, str | None, str], Volume]


@dataclass(frozen=True)
class Format:
    """A file format.

    Attributes
    ----------
    name : str
        As people call it.
    suffixes : tuple of str
        Of its files, in lower case.
    opener : str
        ``module:function`` that takes path, dataset and source and gives a volume; imported when it is
        needed.
    recognise : callable
        Tells from the first 512 bytes of a file whether it is one.
    """

    name: str
    suffixes: tuple[str, ...]
    opener: str
    recognise: Callable[[bytes], bool]

    def open(self, path: Path, dataset: str | None, source: str) -> Volume:
        """Import the opener and call it."""
        module, function = self.opener.split(":")
        opener = cast(Opener, getattr(import_module(f"cellgraph.volumes.{module}"), function))
        return opener(path, dataset, source)


def _starts(*magic: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(magic)


FORMATS: tuple[Format, ...] = (
    Format(
        "TIFF",
        (".tif", ".tiff", ".btf", ".tf8", ".tf2"),
        "tiff:open_tiff",
        _starts(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    ),
    Format("NumPy", (".npy",), "npy:open_npy", _starts(b"\x93NUMPY")),
    Format("NumPy archive", (".npz",), "npy:open_npz", _starts(b"PK\3\4", b"PK\5\6")),
)


def open_volume(
    source: str | os.PathLike[str] | np.ndarray[Any, Any], *, dataset: str | None = None
) -> Volume:
    """Open a labelled image for reading by blocks.

    Parameters
    ----------
    source : str, path or numpy.ndarray
        A file, a folder of numbered 2D images, or an array; a file may be followed by a colon and the dataset
        in it, as ``file.h5:labels``.
    dataset : str, optional
        The dataset in a file that holds several.

    Returns
    -------
    Volume
        To be closed when it is not needed any more.

    Raises
    ------
    NotFoundError
        If there is no such file or dataset.
    FormatError
        If it is damaged, or no labelled 2D or 3D image.
    LabelError
        If its voxels are of a type that holds no labels.
    ParameterError
        If it holds several images and `dataset` does not choose one.
    VolumeReadError
        If it may not be read.
    MissingExtraError
        If its format needs a library that is not installed.
    """
    if isinstance(source, np.ndarray):
        if dataset is not None:
            raise ParameterError(f"an array has no datasets, so {dataset!r} cannot be chosen in it")
        return ArrayVolume(source)
    text = os.fspath(source)
    path, dataset = _find(text, dataset)
    named = str(path) if dataset is None else f"{path}:{dataset}"
    if path.is_dir():
        raise FormatError(f"{named}: expected an image file, but it is a folder")
    return _recognise(path, named).open(path, dataset, named)


def _find(text: str, dataset: str | None) -> tuple[Path, str | None]:
    """Split a source into an existing path and a dataset."""
    path = Path(text)
    with reading(text):
        if path.exists():
            return path, dataset
        head, colon, tail = text.rpartition(":")
        if colon and tail and dataset is None and Path(head).exists():
            return Path(head), tail
        folder = path.parent
        if not folder.is_dir():
            raise NotFoundError(f"{text}: no such file, and no folder {str(folder)!r} for it")
        raise NotFoundError(f"{text}: no such file or folder.{near(path.name, os.listdir(folder))}")


def _recognise(path: Path, source: str) -> Format:
    """Return the format of a file, by its first bytes, whatever its name is."""
    head = begins_with(path)
    if not head:
        raise FormatError(f"{source}: expected a labelled image, but the file is empty")
    for known in FORMATS:
        if known.recognise(head):
            return known
    name = path.name.lower()
    for known in FORMATS:
        if name.endswith(known.suffixes):
            raise FormatError(
                f"{source}: expected a {known.name} file by its name, but its contents are not; "
                f"it begins with {head[:12]!r}"
            )
    raise FormatError(
        f"{source}: expected a labelled image of a known format ({known_formats()}), but it is none"
    )


def known_formats() -> str:
    """Return the formats with their file names, as part of a sentence."""
    return ", ".join(f"{f.name} {'/'.join(f.suffixes)}" for f in FORMATS)
