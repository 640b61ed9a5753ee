"""A scan: a volume together with how it is read, and where each part of that comes from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cellgraph.addresses import redacted
from cellgraph.errors import ParameterError
from cellgraph.volumes.naming import sample_name
from cellgraph.volumes.opening import open_volume
from cellgraph.volumes.reading import PLAIN, Part, Reading
from cellgraph.volumes.units import symbol, unit_name
from cellgraph.volumes.volume import Volume
from cellgraph.voxels.parameters import resolve_connectivity, resolve_spacing


class Assumed(int):
    """A label that nobody has named as background."""


BACKGROUND = Assumed(0)


@dataclass(frozen=True)
class Scan:
    """A volume together with how it is read.

    Attributes
    ----------
    volume : Volume
        Opened; `close` closes it.
    source : str
        What opens it again; empty for an array.
    dataset : str or None
        The dataset in it that the user named.
    reading : Reading
        What else the user said.
    sample : str
        What it is called in a database.
    background : int or None
        The label that is no cell; None where every label is one.
    connectivity : int
        Which voxels are neighbours.
    spacing : tuple of float
        Size of a voxel, (z, y, x) or (y, x).
    unit : str
        Its unit; ``voxel`` where none is known.
    parts : tuple of Part
        Each part of the reading, and whether the file or the user said so, or it is assumed.
    """

    volume: Volume
    source: str
    dataset: str | None
    reading: Reading
    sample: str
    background: int | None
    connectivity: int
    spacing: tuple[float, ...]
    unit: str
    parts: tuple[Part, ...]

    def part(self, what: str) -> Part | None:
        """Return a part of the reading by its name."""
        return next((part for part in self.parts if part.what == what), None)

    @property
    def shape(self) -> tuple[int, ...]:
        """(z, y, x) or (y, x)."""
        header = self.volume.header
        return header.shape[3 - header.ndim :]

    def sentence(self) -> str:
        """Return how it is read in one line."""
        return "read: " + " · ".join(part.words() for part in self.parts if part.what != "connectivity")

    def describe(self) -> str:
        """Return what a load would read, in lines, with what else could have been chosen."""
        size = " x ".join(f"{n:,}" for n in self.shape)
        what, order = ("voxels", "z, y, x") if len(self.shape) == 3 else ("pixels", "y, x")
        header = self.volume.header
        lines = [f"{self.sample}: {size} {what} ({order}) of type {header.dtype.name}", self.sentence()]
        lines += [f"{part.what} could also be: {', '.join(part.others)}" for part in self.parts if part.others]
        lines += [f"note: {note}" for note in header.notes]
        return "\n".join(lines)

    def fields(self) -> dict[str, Any]:
        """Return the same as values, JSON-ready."""
        header = self.volume.header
        return {
            "source": redacted(header.source),
            "sample": self.sample,
            "shape": list(self.shape),
            "dtype": header.dtype.name,
            "spacing": list(self.spacing),
            "unit": self.unit,
            "background": self.background,
            "connectivity": self.connectivity,
            "frames": header.axes.frames if header.axes else 1,
            "read": [
                {"part": p.what, "value": p.value, "origin": p.origin, "why": p.why, "others": list(p.others)}
                for p in self.parts
            ],
            "notes": list(header.notes),
        }

    def close(self) -> None:
        """Close the volume."""
        self.volume.close()


def open_scan(
    source: str | os.PathLike[str] | np.ndarray[Any, Any],
    *,
    dataset: str | None = None,
    reading: Reading = PLAIN,
    sample: str | None = None,
    background: int | None = BACKGROUND,
    connectivity: int = 6,
    spacing: Sequence[float] | None = None,
    unit: str | None = None,
) -> Scan:
    """Open a volume, and settle how it is read: what the user says, else what the file says, else what is usual.

    Parameters
    ----------
    source, dataset, reading
        See `open_volume`.
    sample, background, connectivity, spacing, unit
        See `Scan`; what is left out comes from the file, or is assumed.

    Raises
    ------
    CellgraphError
        See `open_volume`; ParameterError if a value does not go with the volume.
    """
    volume = open_volume(source, dataset=dataset, reading=reading)
    try:
        header = volume.header
        named = isinstance(source, str | os.PathLike)
        known = header.spacing[3 - header.ndim :] if header.spacing else None
        size = resolve_spacing(spacing if spacing is not None else known, header.ndim)
        if unit is not None and not isinstance(unit, str):
            raise ParameterError(f"expected the unit to be a text, got {unit!r}")
        own = unit_name(unit) or unit or header.unit or "voxel"
        parts = list(header.axes.parts) if header.axes else []
        told = next((part for part in parts if part.what == "voxel"), None)
        parts = [part for part in parts if part.what != "voxel"]
        parts.append(_voxel(size, own, spacing, unit, known, header.unit, told.why if told else "the file says so"))
        origin = "assumed" if isinstance(background, Assumed) else "user"
        parts.append(Part("background", "none" if background is None else str(int(background)), origin))
        rule = resolve_connectivity(connectivity, header.ndim)
        parts.append(Part("connectivity", str(rule), "assumed" if connectivity == 6 else "user"))
        return Scan(
            volume,
            os.fspath(source) if isinstance(source, str | os.PathLike) else "",
            dataset,
            reading,
            sample or sample_name(header.source if named else "array"),
            None if background is None else int(background) if isinstance(background, Assumed) else background,
            rule,
            size,
            own,
            tuple(parts),
        )
    except BaseException:
        volume.close()
        raise


def _voxel(
    size: tuple[float, ...],
    unit: str,
    spacing: Sequence[float] | None,
    said_unit: str | None,
    known: tuple[float, ...] | None,
    known_unit: str | None,
    why: str,
) -> Part:
    value = shown_size(size, unit)
    if spacing is not None or (said_unit is not None and known is not None):
        before = f"; the file says {shown_size(known, known_unit or 'voxel')}" if known is not None else ""
        return Part("voxel", value, "user", f"as you said{before}")
    if known is None:
        return Part("voxel", value, "assumed", "", ("--spacing", "--unit"))
    return Part("voxel", value, "file", why)


def shown_size(size: Sequence[float], unit: str) -> str:
    """Return a voxel size as a person reads it; where no unit is known, the sentence says so."""
    numbers = " x ".join(f"{n:g}" for n in size)
    return f"{numbers}, no unit" if unit == "voxel" else f"{numbers} {symbol(unit)}"
