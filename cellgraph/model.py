"""The data model of a cell graph: its tables, their columns and units, and its provenance.

There are two forms, both independent of any database and any image format:

`CellGraph`
    the graph of one sample, as made by a sweep.
`Network`
    any number of samples with relationships between any of their cells, as made by a table import and written by a
    store.  `CellGraph.network` turns the first into the second.

Axis order is always (z, y, x).  Physical columns are in the unit of the voxel size (``unit`` of the sample, or voxels
if none is known): lengths in unit, areas in unit², volumes in unit³; in 2D ``volume`` is an area in unit² and
``area`` is a length in unit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from cellgraph.errors import ParameterError, near

if TYPE_CHECKING:
    import anndata
    import igraph
    import networkx as nx
    import pandas
    import pyarrow as pa
    import scipy
    from matplotlib.axes import Axes

Type = Literal["int", "float", "bool", "str"]

Report = Callable[[str, int, int], None]
"""Called with progress: what is being processed (``cells``, ``blocks``, …), the number done, and the total."""


def signed(label: int) -> int:
    """Return an unsigned 64-bit label as a signed integer: above 2**63 - 1, 2**64 is subtracted."""
    return label - 2**64 if label >= 2**63 else label


@dataclass(frozen=True)
class Column:
    """One column of a table: its name, type, unit and meaning."""

    name: str
    type: Type
    unit: str
    meaning: str


# The columns of the cells table, as made by `sweep`.  Users refer to labels; the database adds `id` and `sample`.
CELL_COLUMNS: tuple[Column, ...] = (
    Column("label", "int", "", "the label of the cell in the volume"),
    Column("voxels", "int", "voxels", "number of voxels"),
    Column("volume", "float", "unit^3", "voxels times the volume of a voxel (2D: area)"),
    Column("z", "float", "unit", "centroid: mean voxel index times spacing (2D: 0)"),
    Column("y", "float", "unit", "centroid"),
    Column("x", "float", "unit", "centroid"),
    Column("degree", "int", "cells", "number of cells that it touches"),
    Column("junctions", "int", "faces", "voxel faces shared with other cells"),
    Column("surface_area", "float", "unit^2", "area of all voxel faces to other cells, background and border"),
    Column("background_faces", "int", "faces", "voxel faces to the background"),
    Column("border_faces", "int", "faces", "voxel faces on the border of the volume"),
    Column("background_area", "float", "unit^2", "area of the faces to the background"),
    Column("border_area", "float", "unit^2", "area of the faces on the border of the volume"),
    Column("on_border", "bool", "", "whether it touches the border of the volume, and so may be cut off"),
    Column("z_start", "int", "voxels", "bounding box, first index"),
    Column("y_start", "int", "voxels", "bounding box, first index"),
    Column("x_start", "int", "voxels", "bounding box, first index"),
    Column("z_stop", "int", "voxels", "bounding box, one past the last index"),
    Column("y_stop", "int", "voxels", "bounding box, one past the last index"),
    Column("x_stop", "int", "voxels", "bounding box, one past the last index"),
    Column("length", "float", "unit", "longest full axis of the ellipsoid of equal second moments"),
    Column("width", "float", "unit", "middle full axis (2D: the shorter one)"),
    Column("height", "float", "unit", "shortest full axis (2D: null)"),
    Column("stretch", "float", "", "(l1 - l3) / l1; 0 is a sphere (2D: with the width instead of l3)"),
    Column("oblateness", "float", "", "2 (l2 - l3) / (l1 - l3) - 1; 1 is a disc, -1 is a rod (2D: null)"),
    Column("length_axis_z", "float", "", "unit vector along the length"),
    Column("length_axis_y", "float", "", "unit vector along the length"),
    Column("length_axis_x", "float", "", "unit vector along the length"),
    Column("width_axis_z", "float", "", "unit vector along the width"),
    Column("width_axis_y", "float", "", "unit vector along the width"),
    Column("width_axis_x", "float", "", "unit vector along the width"),
    Column("height_axis_z", "float", "", "unit vector along the height (2D: null)"),
    Column("height_axis_y", "float", "", "unit vector along the height (2D: null)"),
    Column("height_axis_x", "float", "", "unit vector along the height (2D: null)"),
)

# The columns of the contacts table; cell_a < cell_b, one row per pair.
CONTACT_COLUMNS: tuple[Column, ...] = (
    Column("cell_a", "int", "", "label of the first cell, the smaller of the two"),
    Column("cell_b", "int", "", "label of the other cell"),
    Column("junctions", "int", "faces", "number of voxel faces that the two cells share (2D: pixel edges)"),
    Column("area", "float", "unit^2", "physical area of those faces (2D: length)"),
    Column("junctions_z", "int", "faces", "of these, faces with normal z"),
    Column("junctions_y", "int", "faces", "of these, faces with normal y"),
    Column("junctions_x", "int", "faces", "of these, faces with normal x"),
    Column("touching_edges", "int", "pairs", "voxel pairs that meet only along an edge (connectivity 18, 26)"),
    Column("touching_corners", "int", "pairs", "voxel or pixel pairs that meet only in a corner (connectivity 26, 8)"),
    Column("sites", "int", "patches", "number of connected patches that the shared faces form"),
)

# Columns that `cellgraph metrics --write` adds to cells; formulas and sources are in docs/metrics.md.
METRIC_COLUMNS: tuple[Column, ...] = (
    Column("degree", "int", "cells", "number of cells that it touches"),
    Column("strength", "float", "", "sum of the weights of its contacts; by default their junctions"),
    Column("pagerank", "float", "", "PageRank, damping 0.85; all cells of a sample add up to 1"),
    Column("eigenvector", "float", "", "eigenvector centrality, normalised to length 1"),
    Column("betweenness", "float", "", "share of the shortest paths between other cells that pass through it"),
    Column("current_flow_betweenness", "float", "", "mean current through it over pairs of other cells"),
    Column("closeness", "float", "", "cells reached over their mean distance, Wasserman-Faust"),
    Column("harmonic", "float", "", "sum of 1 / distance to all others"),
    Column("clustering", "float", "", "share of the pairs of its neighbours that touch"),
    Column("core_number", "int", "", "largest k for which it is in the k-core"),
    Column("components", "int", "", "smallest label in its connected component"),
    Column("community", "int", "", "smallest label of its community (Leiden, modularity)"),
    Column("articulation", "bool", "", "whether removing it disconnects its component"),
    Column("eccentricity", "int", "contacts", "distance to the farthest cell in its component"),
)

# Further columns of contacts between grown cells (load --expand).
EXPANDED_COLUMNS: tuple[Column, ...] = (
    Column(
        "expanded_junctions", "int", "faces", "voxel faces between the two grown cells; of these `junctions` are true"
    ),
    Column("distance", "float", "unit", "smallest distance between voxel centres of the two cells as given"),
)


def hint_for(column: str, known: Iterable[str]) -> str:
    """Return a hint about a missing column of cells: the command that computes it, or a similar name."""
    if any(column == metric.name for metric in METRIC_COLUMNS):
        return f" Compute it with: cellgraph metrics {column} --write"
    return near(column, known)


def check_sample_name(name: object) -> str:
    """Check and return the name of a sample: text that is not empty, valid Unicode, and neither ``.`` nor ``..``.

    Raises
    ------
    ParameterError
        If it is anything else.
    """
    if not isinstance(name, str):
        raise ParameterError(f"expected the name of the sample to be a string, got {name!r}")
    if not name.strip() or name in (".", ".."):
        raise ParameterError(f"{name!r} is not a valid name for a sample; give it another one with --sample")
    if any(char == "\0" or "\ud800" <= char <= "\udfff" for char in name):
        raise ParameterError(f"the name of the sample {name!r} is not valid UTF-8; give it another one with --sample")
    return name


@dataclass(frozen=True, order=True)
class Cell:
    """An existing cell, identified by its sample and label."""

    sample: str
    label: int


@dataclass(frozen=True)
class Sample:
    """The source of a graph, and how it was made.

    Attributes
    ----------
    name : str
        Unique in a database.
    source : str
        Path or URL of the volume or tables.
    shape : tuple of int
        Shape of the volume, (z, y, x) or (y, x); empty if there was none (table imports).
    spacing : tuple of float
        Size of a voxel, one number per axis of `shape`, in the same order.
    unit : str
        Unit of the spacing, such as micrometer; ``voxel`` if unknown.
    background : int or None
        The label of the background; None if every label is a cell.
    connectivity : int
        6, 18 or 26 in 3D; 4 or 8 in 2D; 0 if contacts were given.
    version : str
        Version of cellgraph.
    created : str
        ISO 8601 time, UTC.
    reading : str
        How the volume or the tables were read, and where each setting came from; empty if unknown.
    extra : dict
        Further properties of a sample, from a table import or an annotation.
    written : dict
        Properties of the sample and of its cells that were written after the load, and what they were computed from.
    """

    name: str
    source: str = ""
    shape: tuple[int, ...] = ()
    spacing: tuple[float, ...] = ()
    unit: str = "voxel"
    background: int | None = 0
    connectivity: int = 6
    version: str = ""
    created: str = ""
    reading: str = ""
    extra: dict[str, Any] = field(default_factory=dict)
    written: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Network:
    """Samples, their cells and the relationships between cells, as written by a store.

    Attributes
    ----------
    samples : tuple of Sample
        With distinct names.
    cells : pyarrow.Table
        Columns ``sample`` (string, a name in `samples`) and ``label`` (int64), unique together, sorted by the order of
        `samples` and then by label; any further columns of int64, double, bool or string.
    contacts : pyarrow.Table
        Columns ``a`` and ``b`` (int64, row numbers in `cells`), ``junctions`` (int64) and any further columns.
        Volumes give one row per pair, with a < b; table imports are kept as given.
    """

    samples: tuple[Sample, ...]
    cells: pa.Table
    contacts: pa.Table


@dataclass(frozen=True)
class CellGraph:
    """The cell adjacency graph of one sample.

    Attributes
    ----------
    sample : Sample
        Provenance: source, shape, spacing, unit, background, connectivity.
    cells : pyarrow.Table
        Columns of `CELL_COLUMNS`, sorted by ``label``.
    contacts : pyarrow.Table
        Columns of `CONTACT_COLUMNS`, sorted by (``cell_a``, ``cell_b``).
    """

    sample: Sample
    cells: pa.Table
    contacts: pa.Table

    def __repr__(self) -> str:
        return f"<CellGraph {self.sample.name!r}: {self.cells.num_rows} cells, {self.contacts.num_rows} contacts>"

    def network(self) -> Network:
        """Return the same graph in the form that stores write, with contacts by row number."""
        import numpy as np
        import pyarrow as pa

        labels = self.cells["label"].to_numpy()
        contacts = self.contacts
        rows = {
            "a": np.searchsorted(labels, contacts["cell_a"].to_numpy()),
            "b": np.searchsorted(labels, contacts["cell_b"].to_numpy()),
        }
        properties = contacts.drop_columns(["cell_a", "cell_b"])
        linked = pa.table({**rows, **{name: properties[name] for name in properties.column_names}})
        names = pa.DictionaryArray.from_arrays(
            pa.array(np.zeros(len(labels), np.int32)), pa.array([self.sample.name])
        ).cast(pa.string())
        cells = self.cells.add_column(0, "sample", names)
        return Network((self.sample,), cells, linked)

    def to_networkx(self) -> nx.Graph:
        """Return a `networkx.Graph` whose nodes are labels, with all columns as attributes."""
        import networkx as nx

        graph = nx.Graph(sample=self.sample.name, unit=self.sample.unit)
        for row in self.cells.to_pylist():
            graph.add_node(row.pop("label"), **row)
        for row in self.contacts.to_pylist():
            graph.add_edge(row.pop("cell_a"), row.pop("cell_b"), **row)
        return graph

    def to_pandas(self) -> tuple[pandas.DataFrame, pandas.DataFrame]:
        """Return data frames of cells, by label, and contacts, by ``cell_a`` and ``cell_b`` (extra pandas)."""
        from cellgraph.handover import needed

        needed("pandas", "to_pandas()", "pandas")
        return self.cells.to_pandas().set_index("label"), self.contacts.to_pandas().set_index(["cell_a", "cell_b"])

    def to_scipy(self, weight: str | None = None) -> scipy.sparse.csr_array:
        """Return the symmetric adjacency matrix, one row per cell in the order of labels, with an empty diagonal.

        Parameters
        ----------
        weight : str, optional
            A column of contacts, such as ``junctions`` or ``area``; None gives 1 where two cells touch.
        """
        from cellgraph.handover import matrix

        network = self.network()
        return matrix(network.cells, network.contacts, weight)

    def to_igraph(self) -> igraph.Graph:
        """Return an `igraph.Graph` with one vertex per cell and all columns as attributes (extra handover)."""
        from cellgraph.handover import igraph_graph

        network = self.network()
        return igraph_graph(network.cells, network.contacts)

    def to_anndata(self) -> anndata.AnnData:
        """Return an `anndata.AnnData` with the keys that squidpy uses (extra handover); see `handover.anndata_of`."""
        from cellgraph.handover import anndata_of

        network = self.network()
        return anndata_of(network.cells, network.contacts)

    def plot(self, labels: Any = None, **options: Any) -> Axes:
        """Draw the graph with matplotlib: a slice of `labels`, or cells at their centroids, with their contacts.

        Parameters
        ----------
        labels : array_like, str or path, optional
            The labelled volume that it was made from, (z, y, x) or (y, x).
        **options
            ``color``, a column of cells; ``at``, the slice, such as ``z=120``; ``project``, an axis to look along;
            ``contacts=False``; ``ax``, the axes to draw into.  See `cellgraph.plot`.
        """
        # Pictures are in a layer above the model, so they are imported only when one is asked for.
        axes: Axes = import_module("cellgraph.pictures.plot").plot_graph(self, labels, **options)
        return axes

    def _repr_html_(self) -> str:
        """Return a summary of the graph for a notebook, with its first cells."""
        from html import escape

        names = [name for name in ("label", "volume", "degree", "junctions", "z", "y", "x", "on_border")
                 if name in self.cells.column_names]  # fmt: skip
        rows = self.cells.select(names).slice(0, 5).to_pylist()
        head = "".join(f"<th>{escape(name)}</th>" for name in names)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape('' if v is None else f'{v:.6g}' if isinstance(v, float) else str(v))}</td>"
                             for v in row.values()) + "</tr>"
            for row in rows
        )  # fmt: skip
        what = f"{self.cells.num_rows:,} cells, {self.contacts.num_rows:,} contacts, unit {self.sample.unit}"
        return f"<p><b>{escape(self.sample.name)}</b>: {escape(what)}</p><table><tr>{head}</tr>{body}</table>"
