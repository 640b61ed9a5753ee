"""Numbered 2D images, TIFF or PNG: one slice per file, in the order of the numbers in their names."""

from __future__ import annotations

import re
import shlex
import zlib
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from cellgraph.errors import FormatError, NotFoundError, ParameterError, VolumeReadError
from cellgraph.volumes.axes import COLOURS, Axes, find_axes
from cellgraph.volumes.files import GIT_LFS, POINTER, begins_with, stat_fingerprint
from cellgraph.volumes.files import reading as opening
from cellgraph.volumes.formats import FOLDERS, SLICES, named_format
from cellgraph.volumes.numbering import gaps, listed, number_in, numbers_in
from cellgraph.volumes.pieces import Pieces, PiecesVolume
from cellgraph.volumes.png import SIGNATURE, png_layout, read_png
from cellgraph.volumes.reading import PLAIN, Part, Reading
from cellgraph.volumes.slicenames import read_names
from cellgraph.volumes.tiff import open_tiff
from cellgraph.volumes.units import NO_SIZE, Size
from cellgraph.volumes.volume import Volume

Array = np.ndarray[Any, Any]


def open_folder(folder: Path, source: str, reading: Reading) -> Volume:
    """Open a folder of 2D images as one volume, z in the order of the numbers in their names."""
    with opening(source):
        entries = [path for path in folder.iterdir() if not path.name.startswith(".") or _is_hidden_image(path)]
        slices = [path for path in entries if path.suffix.lower() in SLICES and path.name[0] != "." and path.is_file()]
    left = sorted(path.name for path in entries if path not in set(slices))
    if not slices:
        found = f"; it holds {', '.join(left[:3])}" if left else "; it is empty"
        inside = [name for name in left if (folder / name).is_dir() and _is_volume(folder / name)]
        found += f"; load one of these, as {source.rstrip('/')}/{inside[-1]}" if inside else ""
        raise NotFoundError(
            f"{source}: expected a folder of 2D images ({', '.join(SLICES)}), a Zarr or N5 array or a precomputed "
            f"volume, but no image lies in it{found}"
        )
    names = read_names(slices)
    ordered = list(names.paths)
    _refuse_strays(ordered, source)
    each = " ".join(f"{shlex.quote(source.rstrip('/'))}/*{end}" for end in sorted({path.suffix for path in ordered}))
    if names.trouble is not None and not reading.slices:
        raise ParameterError(
            f"{source}: expected slices, but the names ({ordered[0].name} … {ordered[-1].name}) {names.trouble}, so "
            f"its {len(ordered)} images may be of different times or fields; load each as a sample with "
            f"cellgraph load {each}, or say with --slices that they are slices"
        )
    notes = []
    if len(ordered) > 1 and not names.known and not reading.slices:
        notes.append(
            f"the {len(ordered)} images are taken as slices, {ordered[0].name} first and {ordered[-1].name} last; if "
            f"they are not, load {each}, a sample a file"
        )
    if left:
        notes.append(f"left out of the folder: {', '.join(left[:5])}" + (" …" if len(left) > 5 else ""))
    told = f"{ordered[0].name} first, {ordered[-1].name} last"
    part = Part("slices", str(len(ordered)), "user" if reading.slices else "file" if names.known else "assumed", told)
    return _slices_volume(ordered, source, reading, parts=(part,), notes=tuple(notes))


def _refuse_strays(paths: list[Path], source: str) -> None:
    """Refuse images that are not slices, judging by their names: a preview, a copy.

    Raises
    ------
    FormatError
        If one has no number although others do, has another format, or has the same numbers as another.
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
    kinds = [named_format(path.name) for path in paths]
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


def open_png(path: Path, source: str, reading: Reading) -> Volume:
    """Open a PNG file as a 2D labelled image: a folder of one slice."""
    return _slices_volume([path], source, reading)


@dataclass(frozen=True)
class _Slice:
    """What the header of one slice says; two slices belong together if these are equal."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    size: Size = field(default=NO_SIZE, compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)
    parts: tuple[Part, ...] = field(default=(), compare=False)  # What was chosen in it


def _slices_volume(
    paths: list[Path], source: str, reading: Reading, *, parts: tuple[Part, ...] = (), notes: tuple[str, ...] = ()
) -> Volume:
    """Open files of one 2D image each, in z order.

    Raises
    ------
    FormatError
        If one is not a 2D labelled image, or their shapes or types differ.
    """
    one = len(paths) == 1
    named = {path: source if one else f"{source}/{path.name}" for path in paths}
    # Time and channel are chosen in each TIFF file; the axes that a person names are those of the whole.
    each = replace(reading, axes=None)
    slices = {path: _describe(path, named[path], source, each) for path in paths}
    first = slices[paths[0]]
    widened = first.dtype
    for path, other in slices.items():
        whole = other.dtype.kind in "bui" and first.dtype.kind in "bui"
        widened = np.result_type(widened, other.dtype) if whole else widened
        if other.shape != first.shape or (other.dtype != first.dtype and not (whole and widened.kind in "bui")):
            raise FormatError(
                f"{source}: expected slices of one shape and type, but {paths[0].name} is {first.shape} "
                f"{first.dtype} and {path.name} is {other.shape} {other.dtype}"
            )
    types = sorted({each.dtype.name for each in slices.values()})
    if len(types) > 1:
        notes += (f"the slices are of different types ({', '.join(types)}); all are read as {widened.name}",)
    notes += first.notes + _missing_numbers(paths)
    size = first.size
    if not one and size.spacing is not None:
        pixels = f"{size.spacing[1]:g} x {size.spacing[2]:g} {size.unit or ''}".rstrip()
        notes += (f"the slices have pixels of {pixels}, but do not say how far apart they are: --spacing Z,Y,X",)
        size = Size()

    def piece(number: tuple[int, ...]) -> Array:
        path = paths[number[0]]
        pixels, known = _pixels(path, named[path], each), slices[path]
        if (pixels.shape, pixels.dtype) != (known.shape, known.dtype):
            raise VolumeReadError(
                f"{named[path]}: it has changed since the folder was opened, from {known.shape} "
                f"{known.dtype} to {pixels.shape} {pixels.dtype}; load the folder again"
            )
        return pixels[np.newaxis]

    def fingerprint() -> dict[str, Any]:
        if one:
            return stat_fingerprint(paths[0])
        seen = [(path.name, stat_fingerprint(path)) for path in paths]
        return {"files": len(seen), "checksum": zlib.crc32(repr(seen).encode())}

    shape = (len(paths), *first.shape)
    # What was chosen in each file is not chosen again.
    asked = Reading(reading.axes) if first.parts else Reading(reading.axes, reading.time, reading.channel)
    axes = Axes((0, 1, 2), shape) if asked == PLAIN else find_axes(shape, "zyx", widened, source, asked)
    axes = axes.told(*parts, *first.parts)
    axes = replace(axes, parts=(*axes.parts, COLOURS)) if reading.rgb else axes
    return PiecesVolume(Pieces((1, *first.shape), widened, piece, fingerprint), axes, source, size, notes)


def _describe(path: Path, named: str, source: str, reading: Reading) -> _Slice:
    """Read the header of a slice."""
    if begins_with(path, len(GIT_LFS)) == GIT_LFS:
        raise FormatError(f"{named}: expected an image, but it is {POINTER}")
    if _is_png(path):
        return _Slice(*png_layout(path, named, reading.rgb))
    with closing(open_tiff(path, None, named, reading)) as volume:
        header = volume.header
    if header.ndim != 2:
        raise FormatError(
            f"{source}: expected a 2D image in each file of the folder, but {path.name} is a stack of "
            f"{header.shape[0]}; load it by itself"
        )
    chosen = tuple(part for part in header.axes.parts if part.what in ("time", "channel")) if header.axes else ()
    return _Slice(header.shape[1:], header.dtype, Size(header.spacing, header.unit, "TIFF"), header.notes, chosen)


def _pixels(path: Path, named: str, reading: Reading) -> Array:
    """Decode a slice, shape (y, x)."""
    if _is_png(path):
        return read_png(path, named)
    with closing(open_tiff(path, None, named, reading)) as volume:
        pixels: Array = volume.read((0, 0, 0), volume.header.shape)[0]
        return pixels


def _is_volume(folder: Path) -> bool:
    """Whether a folder is a volume of its own in a chunked format."""
    return any(known.scheme and known.recognise(folder, b"") for known in FOLDERS)


def _is_hidden_image(path: Path) -> bool:
    return path.suffix.lower() in SLICES and not path.name.startswith("._")  # those are of macOS, beside each file


def _is_png(path: Path) -> bool:
    return begins_with(path, 8) == SIGNATURE


def _missing_numbers(paths: list[Path]) -> tuple[str, ...]:
    """Return a note on gaps in the slice numbers, which are often lost files."""
    if any(re.search(r"\d\.\d|-\d", path.stem) for path in paths):  # decimals and signs are not a count
        return ()
    depths = {number: 1 for path in paths if (number := number_in(path.name)) is not None}
    missing = gaps(depths)
    if len(depths) < len(paths) or not missing:
        return ()
    return (f"the numbers of the slices have gaps: {listed(missing, 5)} of {min(depths)} to {max(depths)} are missing",)
