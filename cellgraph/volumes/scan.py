"""A scan: a volume together with how it is read, and where each setting comes from."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypedDict, Unpack

import numpy as np

from cellgraph.addresses import redacted
from cellgraph.errors import ParameterError
from cellgraph.model import check_sample_name
from cellgraph.queries.values import check
from cellgraph.volumes.naming import sample_name
from cellgraph.volumes.opening import open_volume
from cellgraph.volumes.reading import PLAIN, Part, Reading
from cellgraph.volumes.units import symbol, unit_name
from cellgraph.volumes.volume import Header, Volume
from cellgraph.voxels.parameters import Rules, resolve_connectivity, resolve_spacing


class VoxelOptions(TypedDict, total=False):
    """What the voxels of a volume mean, as keyword arguments.

    Attributes
    ----------
    background : int or None
        The label that is not a cell, 0 by default; None if every label is a cell.
    connectivity : {6, 18, 26} or {4, 8}
        Which voxels are neighbours: those that share a face (6, the default), or also an edge (18), or also a corner
        (26). In 2D, 6 means 4, and 18 and 26 mean 8.
    spacing : sequence of float
        Voxel size, (z, y, x) or (y, x); by default from the file, or 1.
    unit : str
        Unit of the spacing, such as micrometer; by default from the file, or ``voxel``.
    """

    background: int | None
    connectivity: int
    spacing: Sequence[float] | None
    unit: str | None


class ScanOptions(VoxelOptions, total=False):
    """How a volume is read, as keyword arguments; anything left out comes from the file, or is assumed.

    Attributes
    ----------
    dataset : str
        The dataset in a file that holds several.
    axes : str
        One letter per axis of the stored array, such as ``tzyx``; by default from the file, or (z, y, x).
    time, channel : int
        The frame and the channel of an image with several, counted from 0.
    slices : bool
        The images of a folder are slices, whatever their names.
    rgb : bool
        Each colour of a colour image is one label; black is 0.
    """

    dataset: str | None
    axes: str | None
    time: int | None
    channel: int | None
    slices: bool
    rgb: bool


@dataclass(frozen=True)
class Scan:
    """A volume together with how it is read, made by `open_scan` or `settle`.

    Attributes
    ----------
    header : Header
        Header of the volume.
    sample : str
        Name of the sample in a database.
    rules : Rules
        Background and connectivity.
    spacing : tuple of float
        Size of a voxel, (z, y, x) or (y, x).
    unit : str
        Its unit; ``voxel`` if unknown.
    parts : tuple of Part
        Each setting of the reading, and whether it comes from the file or the user, or is assumed.
    source : str
        Path or URL that opens the volume again; empty for an array.
    dataset : str or None
        The dataset in it that the user named.
    reading : Reading
        Other options given by the user.
    """

    header: Header
    sample: str
    rules: Rules
    spacing: tuple[float, ...]
    unit: str
    parts: tuple[Part, ...]
    source: str = field(default="", repr=False)  # it may contain a password
    dataset: str | None = None
    reading: Reading = PLAIN
    _volume: Volume | None = None

    @property
    def volume(self) -> Volume:
        """The opened volume; a scan that arrives slab by slab has none."""
        if self._volume is None:
            raise ValueError("this scan arrives slab by slab: it has no volume that can be read")
        return self._volume

    def part(self, what: str) -> Part | None:
        """Return a part of the reading by its name."""
        return next((part for part in self.parts if part.what == what), None)

    @property
    def shape(self) -> tuple[int, ...]:
        """(z, y, x) or (y, x)."""
        return self.header.shape[3 - self.header.ndim :]

    @property
    def extent(self) -> tuple[float, ...]:
        """Shape times spacing: the length of the volume along each axis, in its unit."""
        return tuple(n * size for n, size in zip(self.shape, self.spacing, strict=True))

    @property
    def voxel(self) -> tuple[float, float, float]:
        """Voxel size (z, y, x); a 2D image is one voxel deep, and the depth of that voxel does not matter."""
        z, y, x = (self.spacing[0],) * (3 - len(self.spacing)) + tuple(self.spacing)
        return z, y, x

    def words(self) -> str:
        """Return how the volume is read, in one line."""
        return " · ".join(part.words() for part in self.parts if part.what != "connectivity")

    def sentence(self) -> str:
        """Return the same as shown in the summary of a load."""
        return f"read: {self.words()}"

    def describe(self) -> str:
        """Return what a load would read, as lines, with the alternatives."""
        size = " x ".join(f"{n:,}" for n in self.shape)
        what, order = ("voxels", "z, y, x") if len(self.shape) == 3 else ("pixels", "y, x")
        lines = [f"{self.sample}: {size} {what} ({order}) of type {self.header.dtype.name}", self.sentence()]
        lines += [f"{part.what} could also be: {', '.join(part.others)}" for part in self.parts if part.others]
        lines += [f"note: {note}" for note in self.header.notes]
        return "\n".join(lines)

    def fields(self) -> dict[str, Any]:
        """Return the same as JSON-ready values."""
        header = self.header
        return {
            "source": redacted(header.source),
            "sample": self.sample,
            "shape": list(self.shape),
            "dtype": header.dtype.name,
            "spacing": list(self.spacing),
            "unit": self.unit,
            "background": self.rules.background,
            "connectivity": self.rules.connectivity,
            "frames": header.axes.frames if header.axes else 1,
            "read": [
                {"part": p.what, "value": p.value, "origin": p.origin, "why": p.why, "others": list(p.others)}
                for p in self.parts
            ],
            "notes": list(header.notes),
        }

    def sent(self) -> Scan:
        """Return the scan without its open volume, for another process; its source is an absolute path or a URL."""
        source = self.source if "://" in self.source else os.path.abspath(self.source)
        return replace(self, source=source, _volume=None)

    def of(self, volume: Volume) -> Scan:
        """Return the scan with its reopened volume."""
        return replace(self, _volume=volume)

    def close(self) -> None:
        """Close the volume."""
        self.volume.close()


Scannable = str | os.PathLike[str] | np.ndarray[Any, Any] | Scan
"""A path or URL, an array of shape (z, y, x) or (y, x), or a scan that is already open."""


def open_scan(
    source: str | os.PathLike[str] | np.ndarray[Any, Any], *, sample: str | None = None, **options: Unpack[ScanOptions]
) -> Scan:
    """Open a volume, and settle how it is read: by the user's options, else by the file, else by defaults.

    Parameters
    ----------
    source
        See `open_volume`.
    sample : str, optional
        Name of the sample; by default the name of the file.
    **options
        See `ScanOptions`.

    Returns
    -------
    Scan
        To be closed when it is no longer needed.

    Raises
    ------
    CellgraphError
        See `open_volume`; ParameterError if a value does not fit the volume.
    """
    _require_known(options)
    dataset = options.get("dataset")
    if dataset is not None:
        check(dataset, "str", of="dataset")
    reading = Reading(**{key: options[key] for key in Reading.__dataclass_fields__ if key in options})  # type: ignore[literal-required]
    volume = open_volume(source, dataset=dataset, reading=reading)
    try:
        path = os.fspath(source) if isinstance(source, str | os.PathLike) else ""
        return settle(volume.header, path, sample=sample, volume=volume, reading=reading, **options)
    except BaseException:
        volume.close()
        raise


@contextmanager
def scanned(source: Scannable, sample: str | None = None, **options: Unpack[ScanOptions]) -> Iterator[Scan]:
    """Yield the scan of a source, and close it afterwards; a scan that is already open stays open."""
    if isinstance(source, Scan):
        if options or sample is not None:
            given = ", ".join(sorted({**options, **({} if sample is None else {"sample": sample})}))
            raise ParameterError(f"an open scan is read as it was opened; pass {given} to open_scan instead")
        yield source
        return
    with closing(open_scan(source, sample=sample, **options)) as scan:
        yield scan


def settle(
    header: Header,
    source: str = "",
    *,
    sample: str | None = None,
    volume: Volume | None = None,
    reading: Reading = PLAIN,
    **options: Unpack[ScanOptions],
) -> Scan:
    """Settle how a volume with a given header is read; see `open_scan`.

    Raises
    ------
    ParameterError
        If a value is invalid or does not fit the volume.
    """
    _require_known(options)
    if sample is not None:
        check_sample_name(sample)
    spacing, unit = options.get("spacing"), options.get("unit")
    known = header.spacing[3 - header.ndim :] if header.spacing else None
    size = resolve_spacing(spacing if spacing is not None else known, header.ndim)
    if unit is not None and not isinstance(unit, str):
        raise ParameterError(f"expected unit to be a string, got {unit!r}")
    own = unit_name(unit) or unit or header.unit or "voxel"
    parts = list(header.axes.parts) if header.axes else []
    told = next((part for part in parts if part.what == "voxel"), None)
    parts = [part for part in parts if part.what != "voxel"]
    parts.append(_voxel(size, own, options, known, header.unit, told.why if told else "the file says so"))
    connectivity = options.get("connectivity", 6)
    rules = Rules(options.get("background", 0), resolve_connectivity(connectivity, header.ndim))
    label = "none" if rules.background is None else str(rules.background)
    parts.append(Part("background", label, "user" if "background" in options else "assumed"))
    parts.append(Part("connectivity", str(rules.connectivity), "assumed" if connectivity == 6 else "user"))
    name = sample or sample_name(header.source)
    return Scan(header, name, rules, size, own, tuple(parts), source, options.get("dataset"), reading, volume)


def _require_known(options: Mapping[str, Any]) -> None:
    """Raise `TypeError` for an unknown argument, as Python does."""
    unknown = next((name for name in options if name not in ScanOptions.__annotations__), None)
    if unknown is not None:
        raise TypeError(f"got an unexpected keyword argument {unknown!r}")


def _voxel(
    size: tuple[float, ...],
    unit: str,
    options: ScanOptions,
    known: tuple[float, ...] | None,
    known_unit: str | None,
    why: str,
) -> Part:
    value = shown_size(size, unit)
    if options.get("spacing") is not None or (options.get("unit") is not None and known is not None):
        before = f"; the file says {shown_size(known, known_unit or 'voxel')}" if known is not None else ""
        return Part("voxel", value, "user", f"as you said{before}")
    if known is None:
        return Part("voxel", value, "assumed", "", ("--spacing", "--unit"))
    return Part("voxel", value, "file", why)


def shown_size(size: Sequence[float], unit: str) -> str:
    """Return a voxel size as readable text, which says so if no unit is known."""
    numbers = " x ".join(f"{n:g}" for n in size)
    return f"{numbers}, no unit" if unit == "voxel" else f"{numbers} {symbol(unit)}"
