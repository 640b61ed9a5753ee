"""NumPy's own files: ``.npy``, mapped into memory, and ``.npz``."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from cellgraph.errors import FormatError, LabelError, NotFoundError, ParameterError, near
from cellgraph.volumes.array import ArrayVolume
from cellgraph.volumes.axes import find_axes
from cellgraph.volumes.choosing import Candidate, choose
from cellgraph.volumes.files import parsing
from cellgraph.volumes.labels import label_dtype
from cellgraph.volumes.mapped import MappedVolume
from cellgraph.volumes.reading import PLAIN, Part, Reading
from cellgraph.volumes.spool import unpacked
from cellgraph.volumes.volume import Volume

_PICKLED = (
    "expected labels, but it holds a pickled Python object, as the _seg.npy of Cellpose does, and unpickling would "
    "execute what is in it; if you trust the file, write its masks to a file of their "
    'own: python -c "import numpy as np; '
    "np.save('masks.npy', np.load('{name}', allow_pickle=True).item()['masks'])\", or let Cellpose save masks as TIFF "
    "(--save_tif)"
)

Layout = tuple[tuple[int, ...], bool, np.dtype[Any]]


def open_npy(path: Path, dataset: str | None, source: str, reading: Reading = PLAIN) -> Volume:
    """Open a ``.npy`` file, mapped into memory."""
    if dataset is not None:
        raise ParameterError(f"{source}: a .npy file holds one array, so {dataset!r} cannot be chosen in it")
    with parsing(source, "a NumPy file"), path.open("rb") as file:
        layout = _layout(file)
        if layout[2].hasobject:
            raise LabelError(f"{source}: {_PICKLED.format(name=path.name)}")
        label_dtype(layout[2], source)
        return _volume(path, file.tell(), layout, source, path, reading)


def open_npz(path: Path, dataset: str | None, source: str, reading: Reading = PLAIN) -> Volume:
    """Open one array of a ``.npz`` file: the named one, or the only one that could be labels."""
    with parsing(source, "a .npz file"), zipfile.ZipFile(path) as archive:
        name, *part = _choose(archive, dataset, source)
        with archive.open(name) as file:
            layout = _layout(file)
            label_dtype(layout[2], source)
            named = source if dataset is not None else f"{source}:{name.removesuffix('.npy')}"
            size = math.prod(layout[0]) * layout[2].itemsize
            with unpacked(file, size, source) as plain:
                return _volume(plain, 0, layout, named, path, reading, *part)


def _volume(
    path: Path, offset: int, layout: Layout, source: str, origin: Path, reading: Reading, *parts: Part
) -> Volume:
    shape, fortran, dtype = layout
    if 0 in shape or not shape:
        return ArrayVolume(np.empty(shape, dtype), source)  # which says what is wrong with that
    axes = find_axes(shape, None, dtype, source, reading).told(*parts)
    return MappedVolume(path, offset, dtype, shape, source, axes=axes, order="F" if fortran else "C", origin=origin)


def _layout(file: IO[bytes]) -> Layout:
    """Read the header of a .npy stream, leaving it at the first voxel."""
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(file)
    # Version 3 differs from 2 in the encoding of field names only, which labels do not have.
    return np.lib.format.read_array_header_2_0(file)


def _choose(archive: zipfile.ZipFile, dataset: str | None, source: str) -> tuple[str] | tuple[str, Part]:
    names = [name for name in archive.namelist() if name.endswith(".npy")]
    if not names:
        raise FormatError(
            f"{source}: expected a NumPy archive, but the zip file holds no arrays; if it is a zipped folder, unpack it"
        )
    if dataset is not None:
        if f"{dataset}.npy" in names:
            return (f"{dataset}.npy",)
        keys = [name.removesuffix(".npy") for name in names]
        raise NotFoundError(f"{source}: no array {dataset!r} in it; it has {', '.join(keys)}.{near(dataset, keys)}")
    candidates = []
    for name in names:
        with archive.open(name) as file:
            shape, _, dtype = _layout(file)
        candidates.append(Candidate(name.removesuffix(".npy"), shape, dtype))
    found, part = choose(candidates, source, ":")
    return f"{found.name}.npy", part
