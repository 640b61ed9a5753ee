"""Numbered 2D images, TIFF or PNG: one slice a file, in the order of the numbers in their names."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cellgraph.errors import FormatError, NotFoundError, ParameterError, VolumeReadError
from cellgraph.volumes.axes import Axes
from cellgraph.volumes.fetching import Fetchers, decoding_threads
from cellgraph.volumes.files import GIT_LFS, POINTER, begins_with, stat_fingerprint
from cellgraph.volumes.files import reading as opening
from cellgraph.volumes.labels import as_labels, empty_block, label_dtype
from cellgraph.volumes.numbering import gaps, listed, number_in, numbers_in
from cellgraph.volumes.png import SIGNATURE, png_layout, read_png
from cellgraph.volumes.reading import PLAIN, Part, Reading
from cellgraph.volumes.slicenames import read_names
from cellgraph.volumes.tiff import open_tiff
from cellgraph.volumes.volume import Header, Index, Volume

Array = np.ndarray[Any, Any]
Spacing = tuple[float, float, float]

SUFFIXES = (".tif", ".tiff", ".png")


def open_folder(folder: Path, dataset: str | None, source: str, reading: Reading = PLAIN) -> Volume:
    """Open a folder of 2D images as one volume, z in the order of the numbers in their names."""
    if dataset is not None:
        raise ParameterError(f"{source}: a folder of slices is one volume, so {dataset!r} cannot be chosen in it")
    with opening(source):
        files = [file for file in folder.iterdir() if not file.name.startswith(".") and file.is_file()]
    slices = [file for file in files if file.suffix.lower() in SUFFIXES]
    if not slices:
        found = f"; it holds {', '.join(sorted(f.name for f in files)[:3])}" if files else "; it is empty"
        raise NotFoundError(
            f"{source}: expected a folder of 2D images ({', '.join(SUFFIXES)}), a Zarr or N5 array or a precomputed "
            f"volume, but no image lies in it{found}"
        )
    names = read_names(slices)
    ordered = list(names.paths)
    _refuse_strays(ordered, source)
    if len(ordered) > 1 and names.doubtful is not None and not reading.slices:
        raise ParameterError(
            f"{source}: expected slices, but the names ({ordered[0].name} … {ordered[-1].name}) say "
            f"{names.doubtful!r}, so its {len(ordered)} images may be of different times or fields; "
            f"load each as a sample with "
            f"cellgraph load {source.rstrip('/')}/*{ordered[0].suffix}, or say with --slices that they are slices"
        )
    notes = []
    if len(ordered) > 1 and not names.known and not reading.slices:
        notes.append(
            f"the {len(ordered)} images are taken as slices, {ordered[0].name} first and {ordered[-1].name} last; if "
            f"they are not, load {source.rstrip('/')}/*{ordered[0].suffix}, a sample a file"
        )
    with opening(source):
        left = sorted(p.name for p in folder.iterdir() if p not in set(slices) and not p.name.startswith("."))
    if left:
        notes.append(f"left out of the folder: {', '.join(left[:5])}" + (" …" if len(left) > 5 else ""))
    told = f"{ordered[0].name} first, {ordered[-1].name} last"
    part = Part("slices", str(len(ordered)), "user" if reading.slices else "file" if names.known else "assumed", told)
    return SlicesVolume(ordered, source, parts=(part,), notes=tuple(notes))


def _refuse_strays(paths: list[Path], source: str) -> None:
    """Refuse images that are no slices, as far as their names tell: a preview, a copy.

    Where no name has a number, nothing is known, and all are slices.

    Raises
    ------
    FormatError
        If one has no number though others have, is of another format, or has the numbers of another one.
    """
    numbered = [path for path in paths if numbers_in(path.name)]
    if not numbered:
        return
    out = "move what is no slice to another folder"
    for path in paths:
        if not numbers_in(path.name):
            raise FormatError(
                f"{source}: expected slices with numbers in their names, as {numbered[0].name}, but {path.name} has "
                f"none; {out}, or give it its number"
            )
    kinds = [path.suffix.lower() == ".png" for path in paths]
    usual, *others = Counter(kinds).most_common()
    if others:
        usual_one, other = (paths[kinds.index(kind)].name for kind, _ in (usual, others[0]))
        raise FormatError(f"{source}: expected slices of one format, as {usual_one}, but there is {other}; {out}")
    seen: dict[tuple[str, ...], Path] = {}
    for path in paths:
        numbers = re.findall(r"-?\d+", path.stem)
        twin = seen.setdefault(tuple(number.lstrip("0") for number in numbers), path)
        if twin is not path:
            number = "_".join(map(str, numbers_in(path.name)))
            raise FormatError(
                f"{source}: expected each slice once, but {twin.name} and {path.name} have the same number {number}; "
                f"{out}"
            )


def open_png(path: Path, dataset: str | None, source: str, reading: Reading = PLAIN) -> Volume:
    """Open a PNG file as a 2D labelled image: a folder of one slice."""
    if dataset is not None:
        raise ParameterError(f"{source}: a PNG file holds one image, so {dataset!r} cannot be chosen in it")
    return SlicesVolume([path], source)


@dataclass(frozen=True)
class _Slice:
    """What the header of one slice says; two slices go together if they are equal."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    spacing: Spacing | None = field(default=None, compare=False)
    unit: str | None = field(default=None, compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)


class SlicesVolume:
    """A labelled image whose slices are files of one 2D image each.

    Parameters
    ----------
    paths : list of pathlib.Path
        TIFF or PNG files, in the order of z.
    source : str
        What to call it in messages.

    Raises
    ------
    FormatError
        If one is no 2D labelled image, or their shapes or types differ.
    """

    def __init__(
        self, paths: list[Path], source: str, *, parts: tuple[Part, ...] = (), notes: tuple[str, ...] = ()
    ) -> None:
        self._paths = paths
        self._source = source
        self._fetchers = Fetchers(decoding_threads())
        self._slices = {path: self._describe(path) for path in paths}
        first = self._slices[paths[0]]
        widened = first.dtype
        for path, other in self._slices.items():
            whole = other.dtype.kind in "bui" and first.dtype.kind in "bui"
            widened = np.result_type(widened, other.dtype) if whole else widened
            if other.shape != first.shape or (other.dtype != first.dtype and not (whole and widened.kind in "bui")):
                raise FormatError(
                    f"{source}: expected slices of one shape and type, but {paths[0].name} is {first.shape} "
                    f"{first.dtype} and {path.name} is {other.shape} {other.dtype}"
                )
        types = sorted({each.dtype.name for each in self._slices.values()})
        if len(types) > 1:
            notes += (f"the slices are of different types ({', '.join(types)}); all are read as {widened.name}",)
        dtype, type_notes = label_dtype(widened, source)
        notes += type_notes
        notes += first.notes + _missing_numbers(paths)
        spacing, unit = first.spacing, first.unit
        if len(paths) > 1 and spacing is not None:
            size = f"{spacing[1]:g} x {spacing[2]:g} {unit}"
            notes += (f"the slices have pixels of {size}, but do not say how far apart they are: --spacing Z,Y,X",)
            spacing, unit = None, None
        y, x = first.shape
        self._header = Header(
            source,
            (len(paths), y, x),
            2 if len(paths) == 1 else 3,
            dtype,
            spacing,
            unit,
            (1, y, x),
            notes,
            axes=Axes((0, 1, 2), (len(paths), y, x), parts=parts),
        )

    @property
    def header(self) -> Header:
        return self._header

    def read(self, start: Index, stop: Index, out: Array | None = None) -> Array:
        """Decode the slices that a block touches."""
        if out is None:
            out = empty_block(self._header, start, stop)
        self._fetchers.run(partial(self._place, start, stop, out), range(start[0], stop[0]))
        return out

    def _place(self, start: Index, stop: Index, out: Array, z: int) -> None:
        """Decode one slice into the part of a block that it covers."""
        part = self._pixels(self._paths[z])[np.newaxis, start[1] : stop[1], start[2] : stop[2]]
        at = (z, start[1], start[2])
        out[z - start[0]] = as_labels(part, at, self._header.dtype, self._source)[0]

    def _named(self, path: Path) -> str:
        return self._source if len(self._paths) == 1 else f"{self._source}/{path.name}"

    def _describe(self, path: Path) -> _Slice:
        """Read the header of a slice."""
        if begins_with(path, len(GIT_LFS)) == GIT_LFS:
            raise FormatError(f"{self._named(path)}: expected an image, but it is {POINTER}")
        if _is_png(path):
            return _Slice(*png_layout(path, self._named(path)))
        volume = open_tiff(path, None, self._named(path))
        volume.close()
        header = volume.header
        if header.ndim != 2:
            raise FormatError(
                f"{self._source}: expected a 2D image in each file of the folder, but {path.name} is a stack of "
                f"{header.shape[0]}; load it by itself"
            )
        return _Slice(header.shape[1:], header.dtype, header.spacing, header.unit, header.notes)

    def _pixels(self, path: Path) -> Array:
        """Decode a slice, shape (y, x)."""
        known = self._slices[path]
        if _is_png(path):
            pixels = read_png(path, self._named(path))
        else:
            volume = open_tiff(path, None, self._named(path))
            try:
                pixels = volume.read((0, 0, 0), volume.header.shape)[0]
            finally:
                volume.close()
        if (pixels.shape, pixels.dtype) != (known.shape, known.dtype):
            raise VolumeReadError(
                f"{self._named(path)}: it has changed since the folder was opened, from {known.shape} "
                f"{known.dtype} to {pixels.shape} {pixels.dtype}; load the folder again"
            )
        return pixels

    def fingerprint(self) -> dict[str, Any]:
        """Return number, and a checksum of names, sizes and times of modification of the slices."""
        if len(self._paths) == 1:
            return stat_fingerprint(self._paths[0])
        seen = [(path.name, stat_fingerprint(path)) for path in self._paths]
        return {"files": len(seen), "checksum": zlib.crc32(repr(seen).encode())}

    def close(self) -> None:
        """End the threads; no file is kept open."""
        self._fetchers.close()


def _is_png(path: Path) -> bool:
    return begins_with(path, 8) == SIGNATURE


def _missing_numbers(paths: list[Path]) -> tuple[str, ...]:
    """Note gaps in the numbers of slices, which are often lost files."""
    if any(re.search(r"\d\.\d|-\d", path.stem) for path in paths):  # decimals and signs are no count
        return ()
    depths = {number: 1 for path in paths if (number := number_in(path.name)) is not None}
    missing = gaps(depths)
    if len(depths) < len(paths) or not missing:
        return ()
    return (f"the numbers of the slices have gaps: {listed(missing, 5)} of {min(depths)} to {max(depths)} are missing",)
