"""Which cells of a sample are drawn, and in which colours; for matplotlib or napari."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.errors import NotFoundError, ParameterError, near
from cellgraph.phenotypes.pictures import plain
from cellgraph.pictures.values import CellValues, as_values, cell_values

if TYPE_CHECKING:
    import pyarrow as pa
    from matplotlib.axes import Axes

    from cellgraph.analyze.database import Database

Array = np.ndarray[Any, Any]

_PLAIN = (0.85, 0.85, 0.85, 1.0)
_MOST_NAMES = 12
# Okabe and Ito's colours, distinguishable with any colour vision (jfly.uni-koeln.de/color).
_TYPES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")
_NOT_SHOWN = ("cell", "sample", "neighbour", "reached", "component", "step", "hop", "patch")


@dataclass(frozen=True)
class Shown:
    """What is drawn: values of cells, and whether all other cells are left plain."""

    values: CellValues | None
    only: bool


def shown_cells(
    db: Database, sample: str, query: str | None, color: str | None, limit: int | None, parameters: dict[str, Any]
) -> Shown:
    if query is None:
        return Shown(None if color is None else cell_values(db, sample, color), False)
    rows = db.query(query, sample=sample, limit=limit, **parameters)
    if not rows.num_rows:
        raise NotFoundError(f"there is nothing to draw: the query {query!r} returned no rows for these values.")
    who = next((name for name in ("reached", "neighbour", "cell") if name in rows.column_names), None)
    if who is None:
        raise ParameterError(f"the rows of the query {query!r} are not about cells, so they cannot be drawn.")
    numbers = _measures(rows)
    name = color or next((n for n in ("hop", "step") if n in rows.column_names), numbers[0] if numbers else None)
    if name is not None and name not in rows.column_names:
        found = cell_values(db, sample, name) if color is not None else None
        if found is None:
            raise ParameterError(f"the rows of {query!r} have no column {name!r}.{near(name, rows.column_names)}")
        chosen = np.isin(found.labels, rows[who].to_numpy())
        return Shown(CellValues(name, found.labels[chosen], found.values[chosen], found.categories), True)
    import pyarrow as pa

    column = rows[name] if name is not None else pa.chunked_array([[1] * rows.num_rows])
    found = as_values(name or query, rows[who], column)
    labels, first = np.unique(found.labels, return_index=True)
    values = CellValues(found.name, labels, found.values[first], found.categories)
    if who != "cell" and name == "hop":
        own = np.setdiff1d(rows["cell"].to_numpy(), labels)
        values = CellValues(name, np.r_[labels, own], np.r_[values.values, np.zeros(len(own), np.int64)])
        order = np.argsort(values.labels)
        values = CellValues(name, values.labels[order], values.values[order])
    return Shown(values, True)


def _measures(rows: pa.Table) -> list[str]:
    import pyarrow as pa

    return [
        field.name
        for field in rows.schema
        if field.name not in _NOT_SHOWN and (pa.types.is_integer(field.type) or pa.types.is_floating(field.type))
    ]


class Colours:
    """The colours of values, and the legend that explains them."""

    def __init__(self, shown: Shown) -> None:
        import matplotlib
        from matplotlib.colors import BoundaryNorm, ListedColormap, Normalize

        self.values = shown.values
        self.map: Any = None
        self.norm: Any = None
        if self.values is None:
            return
        known = self.values.values[np.isfinite(self.values.values.astype(float))].astype(float)
        low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
        if self.values.categories:
            colours = [_TYPES[n % len(_TYPES)] for n in range(len(self.values.categories))]
            self.map = ListedColormap(colours)
            self.norm = BoundaryNorm(np.arange(0.5, len(colours) + 1), len(colours))
        elif self.values.values.dtype.kind == "i" and high - low < _MOST_NAMES:
            steps = np.arange(low, high + 1)
            self.map = ListedColormap(
                matplotlib.colormaps["viridis"](np.linspace(0, 1, max(len(steps), 2)))[: len(steps)]
            )
            self.norm = BoundaryNorm(np.r_[steps - 0.5, high + 0.5], len(steps))
        else:
            self.map, self.norm = matplotlib.colormaps["viridis"], Normalize(low, high)

    def of(self, labels: Array) -> Array:
        """Return the colours of cells, shape (n, 4); cells without a value are plain."""
        from matplotlib.colors import to_rgba_array

        if self.values is None:
            return np.asarray(to_rgba_array(list(_TYPES[:7]))[labels % 7])
        values, known = self.values.of(labels, np.nan)
        values = values.astype(float)
        known &= np.isfinite(values)
        colours = np.tile(np.array(_PLAIN), (len(labels), 1))
        if known.any():
            colours[known] = self.map(self.norm(values[known]))
        return colours

    def explain(self, axes: Axes) -> None:
        """Add a legend of the categories, or a colour bar for numbers."""
        from matplotlib.cm import ScalarMappable
        from matplotlib.patches import Patch

        if self.values is None or axes.figure is None:
            return
        if self.values.categories:
            names = self.values.categories[:_MOST_NAMES]
            handles = [
                Patch(
                    facecolor=self.map(n),
                    label=plain(name) if n < _MOST_NAMES - 1 or len(names) < _MOST_NAMES else "…",
                )
                for n, name in enumerate(names)
            ]
            axes.legend(
                handles=handles,
                title=plain(self.values.name),
                loc="upper left",
                bbox_to_anchor=(1.01, 1),
                frameon=False,
            )
            return
        bar = axes.figure.colorbar(
            ScalarMappable(self.norm, self.map), ax=axes, label=plain(self.values.name), shrink=0.8
        )
        if self.values.values.dtype.kind == "i" and hasattr(self.norm, "boundaries"):
            bar.set_ticks(((self.norm.boundaries[1:] + self.norm.boundaries[:-1]) / 2).tolist())
