"""Convert lengths given by the user, such as 3 or 3um, to the unit of a sample."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace

from cellgraph.errors import ParameterError
from cellgraph.volumes.reading import Part
from cellgraph.volumes.scan import Scan
from cellgraph.volumes.units import METERS, convert, symbol, unit_name
from cellgraph.voxels.metric import Reach

_LENGTH = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*")


def resolve_length(
    what: str, value: float | str, unit: str, size: Sequence[float] = (), *, refuse_longer: bool = True
) -> float:
    """Return a length in the unit of a sample.

    Parameters
    ----------
    what : str
        Name of the argument, for messages.
    value : float or str
        A number in the unit of the sample, or text such as ``3um``.
    unit : str
        Unit of the sample; ``voxel`` if none is known.
    size : sequence of float
        Extent of the volume in that unit.
    refuse_longer : bool
        Whether a length above the largest extent is an error.

    Raises
    ------
    ParameterError
        If it is not a length above 0, has an unknown unit or one that the sample does not have, or is longer than the
        volume.
    """
    shown = "voxels" if unit == "voxel" else symbol(unit)
    expected = f"expected {what} to be a length above 0, such as 3 (in {shown}, the unit of the sample)"
    expected += "" if unit == "voxel" else f" or 3{symbol(unit)}"
    found = None if isinstance(value, bool) else _LENGTH.fullmatch(str(value))
    if found is None:
        raise ParameterError(f"{expected}, got {value!r}")
    number = float(found[1])
    if found[2] and found[2].lower() not in ("voxel", "voxels") and found[2] != unit:
        given = unit_name(found[2])
        if given is None:
            raise ParameterError(f"{expected}, got {value!r}: {found[2]!r} is not a known unit of length")
        if unit not in METERS:
            raise ParameterError(
                f"{what} was given in {symbol(given)}, but the unit of the sample is {unit!r}; give a number without "
                "a unit, or load with --spacing and --unit"
            )
        number = convert(number, given, unit)
    elif found[2] and unit != "voxel" and found[2] != unit:
        raise ParameterError(f"{expected}, got {value!r}: the unit of the sample is {shown}, not voxels")
    if not (math.isfinite(number) and number > 0):
        raise ParameterError(f"{expected}, got {value!r}")
    if refuse_longer and size and number > max(size):
        raise ParameterError(
            f"expected {what} to be no longer than the volume, which measures {max(size):g} {shown} along its longest "
            f"axis, got {value!r}"
        )
    return number


def expanded(scan: Scan, expand: float | str) -> Scan:
    """Return a scan whose cells are grown by a length before contacts are counted.

    Raises
    ------
    ParameterError
        See `resolve_length`; also if every label is a cell.
    """
    if scan.rules.background is None:
        raise ParameterError(
            "expand needs a background for cells to grow into, but every label is a cell (--background none); name "
            "the label of the background with --background, or leave --expand out"
        )
    length = resolve_length("expand (--expand)", expand, scan.unit, scan.extent)
    unit = "voxels" if scan.unit == "voxel" else symbol(scan.unit)
    part = Part("expand", f"cells by {length:g} {unit} for contacts", "user")
    return replace(scan, rules=replace(scan.rules, reach=Reach.grown(length, scan.voxel)), parts=(*scan.parts, part))
