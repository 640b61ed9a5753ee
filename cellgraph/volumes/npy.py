"""NumPy's own files: ``.npy``, mapped into memory, and ``.npz``."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from cellgraph.errors import FormatError, LabelError
from cellgraph.volumes.axes import find_axes
from cellgraph.volumes.choosing import Candidate, choose
from cellgraph.volumes.files import parsing
from cellgraph.volumes.labels import label_dtype
from cellgraph.volumes.mapped import mapped_volume
from cellgraph.volumes.reading import Part, Reading
from cellgraph.volumes.spool import parts_of, unpacked
from cellgraph.volumes.volume import Volume

_PICKLED = (
    "expected labels, but it holds a pickled Python object, as the _seg.npy of Cellpose does, and unpickling would "
    "execute what is in it; if you trust the file, write its masks to a file of their "
    'own: python -c "import numpy as np; '
    "np.save('masks.npy', np.load('{name}', allow_pickle=True).item()['masks'])\", or let Cellpose save masks as TIFF "
    "(--save_tif)"
)

Layout = tuple[tuple[int, ...], bool, np.dtype[Any]]


def open_npy(path: Path, source: str, reading: Reading) -> Volume:
    """Open a ``.npy`` file, mapped into memory."""
    with parsing(source, "a NumPy file"), path.open("rb") as file:
        layout = _layout(file)
        if layout[2].hasobject:
            raise LabelError(f"{source}: {_PICKLED.format(name=path)}")
        return _volume(path, file.tell(), layout, source, path, reading)


def open_npz(path: Path, dataset: str | None, source: str, reading: Reading) -> Volume:
    """Open one array of a ``.npz`` file: the named one, or the only one that could be labels."""
    with parsing(source, "a .npz file"), zipfile.ZipFile(path) as archive:
        candidates = []
        for name in archive.namelist():
            if name.endswith(".npy"):
                with archive.open(name) as file:
                    shape, _, dtype = _layout(file)
                candidates.append(Candidate(name.removesuffix(".npy"), shape, dtype))
        if not candidates:
            raise FormatError(
                f"{source}: expected a NumPy archive, but the zip file holds no arrays; if it is a zipped folder, "
                "unpack it"
            )
        found, part = choose(candidates, dataset, source, ":")
        with archive.open(f"{found.name}.npy") as file:
            layout = _layout(file)
            label_dtype(layout[2], source)
            named = source if dataset is not None else f"{source}:{found.name}"
            with unpacked(parts_of(file), math.prod(layout[0]) * layout[2].itemsize, source) as plain:
                return _volume(plain, 0, layout, named, path, reading, part)


def _volume(
    path: Path, offset: int, layout: Layout, source: str, origin: Path, reading: Reading, *parts: Part
) -> Volume:
    shape, fortran, dtype = layout
    label_dtype(dtype, source)
    axes = find_axes(shape, None, dtype, source, reading).told(*parts)
    return mapped_volume(path, offset, dtype, axes, source, order="F" if fortran else "C", origin=origin)


def _layout(file: IO[bytes]) -> Layout:
    """Read the header of a .npy stream, leaving it at the first voxel."""
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(file)
    # Version 3 differs from 2 in the encoding of field names only, which labels do not have.
    return np.lib.format.read_array_header_2_0(file)
