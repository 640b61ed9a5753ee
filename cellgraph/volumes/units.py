"""Units of length: the many ways formats write them, and a canonical name for each."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

Spacing = tuple[float, float, float]


class Size(NamedTuple):
    """A voxel size (z, y, x), its unit, where it comes from, and notes; no spacing if it is unknown."""

    spacing: Spacing | None = None
    unit: str | None = None
    why: str = ""
    notes: tuple[str, ...] = ()

    def otherwise(self, other: Size) -> Size:
        """Return this size if it is known, otherwise the other one; if neither is, the first notes that there are."""
        if self.spacing is not None:
            return self
        return other if other.spacing is not None else self._replace(notes=self.notes or other.notes)


NO_SIZE = Size()

METERS: dict[str, float] = {
    "picometer": 1e-12,
    "angstrom": 1e-10,
    "nanometer": 1e-9,
    "micrometer": 1e-6,
    "millimeter": 1e-3,
    "centimeter": 1e-2,
    "inch": 2.54e-2,
    "decimeter": 1e-1,
    "meter": 1.0,
    "kilometer": 1e3,
}

_SYMBOLS = {
    "pm": "picometer",
    "a": "angstrom",
    "å": "angstrom",
    "ang": "angstrom",
    "ångström": "angstrom",
    "ångstrom": "angstrom",
    "nm": "nanometer",
    "um": "micrometer",
    "μm": "micrometer",  # Greek mu; the micro sign is normalised to it
    "mum": "micrometer",
    "mu": "micrometer",
    "μ": "micrometer",
    "micron": "micrometer",
    "mm": "millimeter",
    "cm": "centimeter",
    "in": "inch",
    "inches": "inch",
    '"': "inch",
    "dm": "decimeter",
    "m": "meter",
    "km": "kilometer",
}


def unit_name(text: object) -> str | None:
    """Return the canonical name of a unit of length, or None if it is not a known one.

    Accepts symbols (``nm``, ``µm``, ``um``), British and American spelling, plurals, long names in any case, and
    ImageJ's escapes of the micro sign and the inch sign.  ``pixel``, ``voxel``, an empty string and anything unknown
    give None.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    if not isinstance(text, str):
        return None
    name = text.strip().strip("\0").replace("\\u00B5", "µ").replace("\\u00b5", "µ").replace("\\u0022", '"')
    # NFKC turns the micro sign into the Greek letter and the ångström sign into the letter.
    name = unicodedata.normalize("NFKC", name)
    for form in (name, name.lower(), name.lower().removesuffix("s")):
        form = form.removesuffix("metre") + "meter" if form.endswith("metre") else form
        if form in METERS:
            return form
        if form in _SYMBOLS and not (form in ("m", "mm") and name in ("M", "Mm")):
            return _SYMBOLS[form]
    return None


def valid_size(sizes: Iterable[float | None], ndim: int = 3) -> Spacing | None:
    """Return a voxel size (z, y, x); None if any is not a positive finite number. In 2D, z is ignored."""
    z, y, x = sizes
    z = 1.0 if ndim == 2 else z
    if z is None or y is None or x is None or not all(0 < n < float("inf") for n in (z, y, x)):
        return None
    return z, y, x


def convert(value: float, unit: str, to: str) -> float:
    """Convert a length from one unit to another; both are names in `METERS`."""
    return value if unit == to else float(f"{value * METERS[unit] / METERS[to]:.12g}")


def size_of(sizes: Sequence[float | None], units: Sequence[str | None], ndim: int, why: str) -> Size:
    """Return a voxel size from the sizes and units along z, y and x: in the unit of x, none if a size is invalid.

    An axis of unknown unit gets that of the others.
    """
    spacing = valid_size(sizes, ndim)
    if spacing is None:
        given = [size is not None and 0 < size < float("inf") for size in sizes[3 - ndim :]]
        return Size(notes=(partly(why),)) if any(given) else Size()
    unit = units[2] or units[1] or units[0]
    if unit is not None:
        z, y, x = (convert(size, own or unit, unit) for size, own in zip(spacing, units, strict=True))
        spacing = (1.0 if ndim == 2 else z, y, x)
    return Size(spacing, unit, why)


def skew(vectors: Iterable[Sequence[float]]) -> tuple[str, ...]:
    """Return a note if the directions of axes are not perpendicular, so that voxels are no boxes."""
    known = [vector for vector in vectors if all(map(math.isfinite, vector)) and any(vector)]
    for one, two in combinations(known, 2):
        if abs(sum(a * b for a, b in zip(one, two, strict=False))) > 1e-3 * math.hypot(*one) * math.hypot(*two):
            return (
                "its axes are not perpendicular, but voxels are measured as boxes: volumes, areas and "
                "distances are off; resample it onto a straight grid",
            )
    return ()


def partly(why: str) -> str:
    """Return a note on a voxel size that is not known along each axis."""
    return f"the voxel size of {why} is known along some axes only, so it is not used; see --spacing Z,Y,X"


def symbol(unit: str) -> str:
    """Return a unit as written after a number: ``µm`` for micrometer; unknown ones unchanged."""
    return {
        "micrometer": "µm", "nanometer": "nm", "millimeter": "mm", "angstrom": "Å", "centimeter": "cm", "meter": "m",
    }.get(unit, unit)  # fmt: skip
