"""NumPy's own files: ``.npy``, mapped into memory, and ``.npz``."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from cellgraph.errors import FormatError, NotFoundError, ParameterError, near
from cellgraph.volumes.array import ArrayVolume
from cellgraph.volumes.files import parsing
from cellgraph.volumes.labels import label_dtype
from cellgraph.volumes.mapped import MappedVolume
from cellgraph.volumes.spool import unpacked
from cellgraph.volumes.volume import Volume

Layout = tuple[tuple[int, ...], bool, np.dtype[Any]]


def open_npy(path: Path, dataset: str | None, source: str) -> Volume:
    """Open a ``.npy`` file, mapped into memory."""
    if dataset is not None:
        raise ParameterError(f"{source}: a .npy file holds one array, so {dataset!r} cannot be chosen in it")
    with parsing(source, "a NumPy file"), path.open("rb") as file:
        layout = _layout(file)
        label_dtype(layout[2], source)
        return _volume(path, file.tell(), layout, source, path)


def open_npz(path: Path, dataset: str | None, source: str) -> Volume:
    """Open one array of a ``.npz`` file: the named one, or the only one that could be labels."""
    with parsing(source, "a .npz file"), zipfile.ZipFile(path) as archive:
        name = _choose(archive, dataset, source)
        with archive.open(name) as file:
            layout = _layout(file)
            label_dtype(layout[2], source)
            named = source if dataset is not None else f"{source}:{name.removesuffix('.npy')}"
            size = math.prod(layout[0]) * layout[2].itemsize
            with unpacked(file, size, source) as plain:
                return _volume(plain, 0, layout, named, path)


def _volume(path: Path, offset: int, layout: Layout, source: str, origin: Path) -> Volume:
    shape, fortran, dtype = layout
    if 0 in shape or not shape:
        return ArrayVolume(np.empty(shape, dtype), source)  # which says what is wrong with that
    return MappedVolume(path, offset, dtype, shape, source, order="F" if fortran else "C", origin=origin)


def _layout(file: IO[bytes]) -> Layout:
    """Read the header of a .npy stream, leaving it at the first voxel."""
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(file)
    # Version 3 differs from 2 in the encoding of field names only, which labels do not have.
    return np.lib.format.read_array_header_2_0(file)


def _choose(archive: zipfile.ZipFile, dataset: str | None, source: str) -> str:
    names = [name for name in archive.namelist() if name.endswith(".npy")]
    if not names:
        raise FormatError(
            f"{source}: expected a NumPy archive, but the zip file holds no arrays; if it is a zipped folder, unpack it"
        )
    if dataset is not None:
        if f"{dataset}.npy" in names:
            return f"{dataset}.npy"
        keys = [name.removesuffix(".npy") for name in names]
        raise NotFoundError(f"{source}: no array {dataset!r} in it; it has {', '.join(keys)}.{near(dataset, keys)}")
    layouts = {}
    for name in names:
        with archive.open(name) as file:
            layouts[name] = _layout(file)
    if len(layouts) == 1:
        return names[0]
    usable = [name for name, (shape, _, dtype) in layouts.items() if len(shape) in (2, 3) and dtype.kind in "bui"]
    if len(usable) == 1:
        return usable[0]
    listed = ", ".join(f"{n.removesuffix('.npy')} {s} {d}" for n, (s, _, d) in layouts.items())
    raise ParameterError(f"{source}: expected one array, but it holds {listed}; choose one, as {source}:NAME")
