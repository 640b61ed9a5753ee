"""A panel in napari: cells coloured by a column, and a named query about the cell that is clicked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from magicgui.widgets import ComboBox, Container, Label, SpinBox, Widget
from napari.layers import Labels, Points
from napari.utils.colormaps import DirectLabelColormap

from cellgraph.analyze.database import open as open_database
from cellgraph.errors import CellgraphError, InputError
from cellgraph.napari import MADE_FROM
from cellgraph.pictures.colours import Colours, Shown, shown_cells
from cellgraph.pictures.values import as_values
from cellgraph.queries import Catalogue

if TYPE_CHECKING:
    import napari

_FARTHEST = 6


def queries() -> dict[str, bool]:
    """Return the queries about one cell whose rows are cells, and whether they take a number of contacts k."""
    found = {}
    for query in Catalogue.load().queries.values():
        known = {parameter.name for parameter in query.parameters}
        if {"cell"} <= known <= {"cell", "k", "sample"} and {"reached", "neighbour"} & {
            column.name for column in query.columns
        }:
            found[query.name] = "k" in known
    return found


def colour(column: str, points: Points, labels: Labels | None = None) -> None:
    """Colour cells by a column of their features.

    Parameters
    ----------
    column : str
    points : napari.layers.Points
        From `cellgraph.napari.layers`.
    labels : napari.layers.Labels, optional
        An image with the same labels, which gets the same colours.
    """
    import pyarrow as pa

    index, values = points.features["index"], points.features[column]
    shown = as_values(
        column, pa.chunked_array([pa.array(index)]), pa.chunked_array([pa.array(values, from_pandas=True)])
    )
    _give(Colours(Shown(shown, only=False)), points, labels)


def ask(query: str, cell: int, points: Points, labels: Labels | None = None, **parameters: Any) -> str:
    """Colour the cells that a query about one cell finds, for example by hop; all others are grey.

    Returns
    -------
    str
        A sentence with their number.

    Raises
    ------
    InputError
        If the layer was made from a graph that is not in a database.
    """
    known = points.metadata.get(MADE_FROM, {})
    if known.get("db") is None:
        raise InputError("the layer was not read from a database, so it cannot be queried; open the database in napari")
    with open_database(known["db"]) as db:
        shown = shown_cells(db, known["sample"], query, None, None, {"cell": cell, **parameters})
    _give(Colours(shown), points, labels)
    assert shown.values is not None
    others = int((shown.values.labels != cell).sum())
    return f"Cell {cell}: {others:,} cells, coloured by {shown.values.name}."


def _give(colours: Colours, points: Points, labels: Labels | None) -> None:
    cells = points.features["index"].to_numpy()
    table = colours.of(cells)
    points.face_color = table
    if labels is not None:
        nothing = np.zeros(4)
        labels.colormap = DirectLabelColormap(
            color_dict={None: nothing, **dict(zip(cells.tolist(), table, strict=True))}
        )


def cell_at(points: Points, labels: Labels | None, **where: Any) -> int | None:
    """Return the cell at a place in the viewer, by the labels if there are any, else by the points.

    Parameters
    ----------
    points, labels
        As in `colour`.
    **where
        ``position``, ``view_direction`` and ``dims_displayed`` of a mouse event.
    """
    cells = points.features["index"].to_numpy()
    if labels is not None:
        label = labels.get_value(world=True, **where)
        return int(label) if label is not None and np.isin(label, cells) else None
    row = points.get_value(world=True, **where)
    return None if row is None else int(cells[row])


class CellWidget(Container[Widget]):
    """The panel: a sample, an image of its labels, a column to colour by, a query, and its result.

    A click on a cell runs the query for it.
    """

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        self._viewer = napari_viewer
        self._queries = queries()
        self._chosen_points = ComboBox(label="sample", choices=self._samples, nullable=True)
        self._chosen_labels = ComboBox(label="labels", choices=self._images, nullable=True)
        self._chosen_column = ComboBox(label="colour by", choices=self._columns, nullable=True)
        self._chosen_query = ComboBox(label="ask", choices=list(self._queries), value="within")
        self._chosen_k = SpinBox(label="k", min=1, max=_FARTHEST, value=2)
        self._said = Label(value="Click a cell.")
        super().__init__(
            widgets=[
                self._chosen_points,
                self._chosen_labels,
                self._chosen_column,
                self._chosen_query,
                self._chosen_k,
                self._said,
            ],
            labels=True,
        )
        self._chosen_points.changed.connect(lambda _: self._chosen_column.reset_choices())
        for widget in (self._chosen_column, self._chosen_labels):
            widget.changed.connect(self._colour)
        for event in (napari_viewer.layers.events.inserted, napari_viewer.layers.events.removed):
            event.connect(self._refresh)
        napari_viewer.mouse_drag_callbacks.append(self._clicked)
        self._refresh()

    def _samples(self, _: Any) -> list[Points]:
        return [layer for layer in self._viewer.layers if isinstance(layer, Points) and MADE_FROM in layer.metadata]

    def _images(self, _: Any) -> list[Labels]:
        return [layer for layer in self._viewer.layers if isinstance(layer, Labels)]

    def _columns(self, _: Any) -> list[str]:
        return (
            []
            if self._chosen_points.value is None
            else [n for n in self._chosen_points.value.features.columns if n != "index"]
        )

    def _refresh(self, _: Any = None) -> None:
        for widget in (self._chosen_points, self._chosen_labels, self._chosen_column):
            widget.reset_choices()
        if self._chosen_points.value is None and (samples := self._samples(None)):
            self._chosen_points.value = samples[0]

    def _colour(self, _: Any = None) -> None:
        if self._chosen_points.value is not None and self._chosen_column.value is not None:
            colour(self._chosen_column.value, self._chosen_points.value, self._chosen_labels.value)

    def ask(self, cell: int) -> None:
        """Run the chosen query for a cell, and show the result."""
        parameters = {"k": self._chosen_k.value} if self._queries[self._chosen_query.value] else {}
        try:
            self._said.value = ask(
                self._chosen_query.value, cell, self._chosen_points.value, self._chosen_labels.value, **parameters
            )
        except CellgraphError as error:
            self._said.value = str(error)

    def _clicked(self, _: Any, event: Any) -> Iterator[None]:
        yield
        dragged = False
        while event.type == "mouse_move":
            dragged = True
            yield
        if dragged or self._chosen_points.value is None:
            return
        where = {name: getattr(event, name) for name in ("position", "view_direction", "dims_displayed")}
        where["dims_displayed"] = list(where["dims_displayed"])
        cell = cell_at(self._chosen_points.value, self._chosen_labels.value, **where)
        if cell is not None:
            self.ask(cell)
