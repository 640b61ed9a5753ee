"""Names of phenotypes: stored columns, computed columns, sets of columns, and names from the literature.

A computed column is used if a sample has no stored column of its name.  Each is defined here with the columns it needs;
see docs/phenotypes.md for formulas, units and conventions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cellgraph.errors import ParameterError
from cellgraph.estimation.columns import Catalogue, Reference, read_reference
from cellgraph.estimation.lexer import Reader
from cellgraph.model import Column

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

SETS: dict[str, tuple[str, ...]] = {
    "shape": ("length", "width", "height", "volume", "stretch", "oblateness"),
    "size": ("length", "width", "height", "volume", "surface_area"),
    "network": ("degree", "contact_area", "khop(2)"),
}
"""Names that stand for several columns; those that no sample has are left out."""

LITERATURE: dict[str, str] = {
    "Lc.V": "volume",
    "Lc.St": "stretch",
    "Lc.Ob": "oblateness",
    "Lc.DN": "nearest_distance",
    "Lc.Te.V": "territory_volume",
}
"""Names in the literature on osteocyte lacunae."""

_ELLIPSOID = 2 * 5**0.5
"""Ratio of the full axis of an ellipsoid to the standard deviation of its points along that axis."""

_ITEM = re.compile(r"(?:`[^`]*`|\([^)]*\)|[^,`(])+")


@dataclass(frozen=True)
class Formula:
    """How a column is computed from stored columns of the same cells, or from the network.

    Attributes
    ----------
    column : Column
    needs : tuple of str
        Stored columns of cells; a sample must have all of them.
    of : callable
        Takes arrays of float64, shape (n,), in the order of `needs`, NaN where a cell has no number; returns one such
        array.  With `by_sample`, they hold all cells of one sample.
    by_sample : bool
        Whether a cell's value depends on other cells.
    """

    column: Column
    needs: tuple[str, ...]
    of: Callable[..., Array]
    by_sample: bool = False


def _nearest(z: Array, y: Array, x: Array) -> Array:
    """Return the distance from each centroid to the nearest other one; NaN if there is none."""
    import numpy as np
    from scipy.spatial import KDTree

    points = np.stack([z, y, x], axis=1)
    known = np.isfinite(points).all(axis=1)
    found: Array = np.full(len(points), np.nan)
    if known.sum() > 1:
        found[known] = KDTree(points[known]).query(points[known], k=2)[0][:, 1]
    return found


def _ratio(above: Array, below: Array) -> Array:
    import numpy as np

    found: Array = np.full(len(above), np.nan)
    return np.divide(above, below, out=found, where=below > 0)


def _sphericity(volume: Array, surface: Array) -> Array:
    import numpy as np

    ball: Array = np.cbrt(36 * np.pi * volume**2)
    return _ratio(ball, surface)


FORMULAS: tuple[Formula, ...] = (
    Formula(Column("length", "float", "unit", "2 sqrt(5) PCA1_S"), ("PCA1_S",), lambda a: _ELLIPSOID * a),
    Formula(Column("width", "float", "unit", "2 sqrt(5) PCA2_S"), ("PCA2_S",), lambda a: _ELLIPSOID * a),
    Formula(Column("height", "float", "unit", "2 sqrt(5) PCA3_S"), ("PCA3_S",), lambda a: _ELLIPSOID * a),
    Formula(
        Column("stretch", "float", "", "(l1 - l3) / l1"), ("PCA1_S", "PCA3_S"), lambda a, c: _ratio(a - c, a)
    ),
    Formula(
        Column("oblateness", "float", "", "2 (l2 - l3) / (l1 - l3) - 1"),
        ("PCA1_S", "PCA2_S", "PCA3_S"),
        lambda a, b, c: 2 * _ratio(b - c, a - c) - 1,
    ),
    Formula(Column("territory_volume", "float", "unit^3", "volume of its territory"), ("Density_CNT",), lambda v: v),
    Formula(
        Column("sphericity", "float", "", "surface area of a sphere of its volume, divided by its own (3D)"),
        ("volume", "surface_area"),
        _sphericity,
    ),
    Formula(
        Column("nearest_distance", "float", "unit", "distance from its centroid to the nearest other one"),
        ("z", "y", "x"),
        _nearest,
        by_sample=True,
    ),
    Formula(
        Column("nearest_distance", "float", "unit", "distance from its centroid to the nearest other one"),
        ("POS_Z", "POS_Y", "POS_X"),
        _nearest,
        by_sample=True,
    ),
)  # fmt: skip

ANGLE = re.compile(r"(?:^|_)(?:theta|phi|angle)(?:_[xyz])?$", re.IGNORECASE)
"""Names of columns that are taken for angles."""

CONTACT_AREA = Column("contact_area", "float", "unit^2", "sum of the areas of its contacts")


def formula_of(name: str, stored: Iterable[str]) -> Formula | None:
    """Return the formula of a column for a sample with these stored columns; None if it cannot be computed."""
    there = set(stored)
    return next((f for f in FORMULAS if f.column.name == name and there.issuperset(f.needs)), None)


def with_computed(catalogue: Catalogue) -> Catalogue:
    """Return a catalogue extended by the columns that can be computed from it."""
    computed = {f.column.name: f.column for f in FORMULAS if f.needs and set(f.needs) <= set(catalogue.cells)}
    if "area" in catalogue.contacts:
        computed[CONTACT_AREA.name] = CONTACT_AREA
    return Catalogue({**computed, **catalogue.cells}, catalogue.contacts)


def listed_items(texts: str | Sequence[str]) -> list[str]:
    """Return the names in one comma-separated text, or in several."""
    items = [
        item.strip() for text in ([texts] if isinstance(texts, str) else texts) for item in _ITEM.findall(str(text))
    ]
    return [item for item in items if item]


def find_columns(
    items: Sequence[str], catalogue: Catalogue, notes: list[str], of: str = "columns"
) -> dict[str, tuple[Reference, str | None]]:
    """Return the columns that names stand for, each once, with the set that it comes from, or None.

    Parameters
    ----------
    items : sequence of str
        Names of columns, ``khop(k)``, and names of `SETS`.
    catalogue : Catalogue
        With computed columns, from `with_computed`.
    notes : list of str
        Notes on columns of a set that no sample has are added here.

    Raises
    ------
    ParameterError
        If a column does not exist, or nothing is named.
    """
    found: dict[str, tuple[Reference, str | None]] = {}
    for item in items:
        if item in SETS and item not in catalogue.cells:
            there = [name for name in SETS[item] if name in catalogue.cells or _is_counted(name)]
            missing = [name for name in SETS[item] if name not in there]
            if not there:
                raise ParameterError(f"no sample has any of the columns {', '.join(SETS[item])} of the set {item!r}.")
            if missing:
                notes.append(f"{item}: no sample has {' or '.join(missing)}, so {_these(missing)} left out.")
            for name in there:
                found.setdefault(name, (_reference(name, catalogue), item))
            continue
        own = item.lower() in (name.lower() for name in catalogue.cells)  # of a table, which comes first
        reference = _reference(item if own else LITERATURE.get(item, item), catalogue)
        found[reference.name] = (reference, None)
    if not found:
        raise ParameterError(f"{of} must name at least one column of cells, such as volume, khop(2) or shape.")
    return found


def _is_counted(name: str) -> bool:
    return name == "degree" or name.startswith("khop(")


def _these(names: Sequence[str]) -> str:
    return "it is" if len(names) == 1 else "they are"


def _reference(name: str, catalogue: Catalogue) -> Reference:
    known: Mapping[str, Column] = catalogue.cells
    if name in known:
        return Reference(name, known[name].type, known[name].unit)
    same = [other for other in known if other.lower() == name.lower()]
    if len(same) == 1:
        return _reference(same[0], catalogue)
    if name == CONTACT_AREA.name:
        raise ParameterError("contact_area needs the area of contacts, which none of the selected samples has.")
    needs = [" and ".join(f.needs) for f in FORMULAS if f.column.name == name]
    if needs:
        raise ParameterError(
            f"none of the selected samples has the column {name!r}, or the columns it is computed from: "
            f"{', or '.join(needs)}."
        )
    reader = Reader(name, "column")
    if reader.is_at_end():
        reader.fail("it is empty")
    _, reference = read_reference(reader, catalogue, "cells")
    if not reader.is_at_end():
        reader.fail(f"expected the end, got {reader.token}; put a name with such characters in backticks")
    return Reference("degree", "int", "cells", 1) if name == "degree" else reference
