"""Open anything that a user gives as a volume."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from cellgraph.errors import FormatError, NotFoundError, ParameterError, near
from cellgraph.volumes.array import array_volume
from cellgraph.volumes.files import GIT_LFS, POINTER, begins_with, refuse_pipes
from cellgraph.volumes.files import reading as opening
from cellgraph.volumes.formats import FILES, FOLDERS, HEAD_BYTES, USELESS, Format, known_formats, named_format
from cellgraph.volumes.reading import PLAIN, Reading
from cellgraph.volumes.volume import Volume


def open_volume(
    source: str | os.PathLike[str] | np.ndarray[Any, Any], *, dataset: str | None = None, reading: Reading = PLAIN
) -> Volume:
    """Open a labelled image for reading in blocks.

    Parameters
    ----------
    source : str, path or numpy.ndarray
        A file, a folder (Zarr, N5, precomputed, or numbered 2D images), a URL of a Zarr, N5 or precomputed volume
        (``s3://``, ``gs://``, ``http://``, ``https://``), or an array; a path or URL may be followed by a colon and a
        dataset, as in ``file.h5:labels``.
    dataset : str, optional
        The dataset in a file that holds several.
    reading : Reading
        Other options for reading it.

    Returns
    -------
    Volume
        To be closed when no longer needed.

    Raises
    ------
    NotFoundError
        If there is no such file or dataset.
    FormatError
        If it is damaged, or not a labelled 2D or 3D image.
    LabelError
        If its voxel type cannot hold labels.
    ParameterError
        If it holds several images and `dataset` does not choose one.
    VolumeReadError
        If reading it is not permitted.
    MissingExtraError
        If its format needs a library that is not installed.
    """
    if not isinstance(source, str | os.PathLike):
        if not hasattr(source, "__array__"):
            raise ParameterError(f"expected a path, a URL or an array, but came {type(source).__name__}")
        if dataset is not None:
            raise ParameterError(f"an array has no datasets, so {dataset!r} cannot be chosen in it")
        return array_volume(np.asarray(source), reading=reading)
    # A local URL, with or without a format prefix, is a path.
    text = re.sub(r"^((zarr|n5|precomputed)://)?file://", "", os.fspath(source))
    if "://" in text:
        from cellgraph.volumes.remote import open_url

        return open_url(text, dataset, reading)
    path, dataset = _find(text, dataset)
    named = str(path) if dataset is None else f"{path}:{dataset}"
    return _recognise(path, named).open(path, dataset, named, reading)


def _find(text: str, dataset: str | None) -> tuple[Path, str | None]:
    """Split a source into an existing path and a dataset."""
    if not text:
        raise NotFoundError("expected the name of a labelled image, but it is empty")
    path = Path(text)
    with opening(text):
        if path.exists():
            return path, dataset
        if path.is_symlink():
            raise NotFoundError(f"{text}: it is a link to {os.readlink(path)!r}, which does not exist")
        head, colon, tail = text.rpartition(":")
        if colon and head and tail and dataset is None and Path(head).exists():
            return Path(head), tail
        if not path.parent.is_dir():
            raise NotFoundError(f"{text}: no such file, and no folder {str(path.parent)!r} for it")
        raise NotFoundError(f"{text}: no such file or folder.{near(path.name, os.listdir(path.parent))}")


def _recognise(path: Path, source: str) -> Format:
    """Return the format of a folder from its contents, or of a file from its first bytes, whatever the name."""
    with opening(source):
        refuse_pipes(path)
        if path.is_dir():
            found = next(known for known in FOLDERS if known.recognise(path, b""))
            named = named_format(path.name, FOLDERS)
            if named not in (None, found):
                raise FormatError(
                    f"{source}: expected a {named.name} folder by its name, but it has no metadata of one; "
                    "it was not copied completely"
                )
            return found
    head = begins_with(path, HEAD_BYTES)
    if not head:
        raise FormatError(f"{source}: expected a labelled image, but the file is empty")
    if head.startswith(GIT_LFS):
        raise FormatError(f"{source}: expected a labelled image, but it is {POINTER}")
    for known in FILES:
        if known.recognise(path, head):
            return known
    if head.lstrip().startswith(b"<") and b"<SpimData" in head:
        named_in = re.search(rb"<(?:hdf5|n5|zarr)\b[^>]*>([^<]+)<", head)
        voxels = path.with_name(named_in[1].decode("utf-8", "replace")) if named_in else path.with_suffix(".h5")
        raise FormatError(
            f"{source}: expected a labelled image, but it is the description of one by BigDataViewer; load the voxels "
            f"that it describes, as {voxels}"
        )
    for recognise, what in USELESS:
        if recognise(path, head):
            raise FormatError(f"{source}: expected a labelled image, but it is {what}")
    if named := named_format(path.name, FILES):
        raise FormatError(
            f"{source}: expected a {named.name} file by its name, but its contents are none; they begin with "
            f"{head[:12]!r}"
        )
    raise FormatError(f"{source}: expected a labelled image in a known format ({known_formats()})")
