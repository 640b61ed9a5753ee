"""Convert cell graphs for other libraries: scipy, pandas, igraph, networkx, AnnData.

Each function takes tables: cells with ``sample`` and ``label``, and contacts whose ``a`` and ``b`` are row numbers of
cells.
"""

from __future__ import annotations

import importlib
from collections.abc import Collection
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.errors import InputError, MissingExtraError, ParameterError, near

if TYPE_CHECKING:
    import pyarrow as pa

Array = np.ndarray[Any, Any]


def needed(library: str, what: str, extra: str = "handover") -> Any:
    """Import an optional library.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        return importlib.import_module(library)
    except ImportError:
        raise MissingExtraError(what, extra, library) from None


def as_html(rows: pa.Table, most: int) -> str:
    """Return the first rows as an HTML table, and how many more there are."""
    head = "".join(f"<th>{escape(name)}</th>" for name in rows.column_names)
    shown = rows.slice(0, most).to_pylist()
    body = "".join("<tr>" + "".join(_field(value) for value in row.values()) + "</tr>" for row in shown)
    more = f"<p>… and {rows.num_rows - most:,} more rows.</p>" if rows.num_rows > most else ""
    return f"<table><tr>{head}</tr>{body}</table>{more}"


def _field(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"<td class=number>{f'{value:.5g}' if isinstance(value, float) else f'{value:,}'}</td>"
    return f"<td>{escape('' if value is None else str(value))}</td>"


def matrix(cells: pa.Table, contacts: pa.Table, weight: str | None = None) -> Any:
    """Return a symmetric `scipy.sparse.csr_array` with one row per cell and an empty diagonal.

    Parameters
    ----------
    cells, contacts : pyarrow.Table
    weight : str, optional
        A column of contacts, summed where two cells have several contacts; None gives 1 where two cells touch.

    Raises
    ------
    ParameterError
        If contacts have no such column, or it is not numeric.
    """
    from scipy.sparse import csr_array

    n = cells.num_rows
    a, b = contacts["a"].to_numpy(), contacts["b"].to_numpy()
    other = a != b
    values = np.ones(len(a), np.float32) if weight is None else _numbers(contacts, weight)
    ends = (np.r_[a[other], b[other]], np.r_[b[other], a[other]])
    made = csr_array((np.r_[values[other], values[other]], ends), shape=(n, n))
    made.sum_duplicates()
    if weight is None:
        made.data[:] = 1
    return made


def _numbers(contacts: pa.Table, name: str) -> Array:
    import pyarrow as pa

    if name not in contacts.column_names:
        raise ParameterError(f"contacts have no column {name!r}.{near(name, contacts.column_names)}")
    kind = contacts[name].type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        raise ParameterError(f"the column {name!r} of contacts has the type {kind}, but a weight needs numbers.")
    numbers: Array = contacts[name].cast(pa.float64(), safe=False).to_numpy()
    return np.nan_to_num(numbers, nan=0.0)


def ids(cells: pa.Table) -> list[Any]:
    """Return an identifier for each cell: its label, or ``sample/label`` if there are several samples."""
    labels: list[Any] = cells["label"].to_pylist()
    samples = cells["sample"].to_pylist()
    if len(set(samples)) <= 1:
        return labels
    return [f"{sample}/{label}" for sample, label in zip(samples, labels, strict=True)]


def attributes(table: pa.Table, without: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the rows as dictionaries, without null values."""
    rows = table.drop_columns([name for name in without if name in table.column_names]).to_pylist()
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def networkx_graph(cells: pa.Table, contacts: pa.Table, *, directed: bool = False) -> Any:
    """Return a networkx graph with all columns as attributes; a multigraph if two cells have several contacts."""
    import networkx as nx

    a, b = contacts["a"].to_numpy(), contacts["b"].to_numpy()
    pairs = np.stack([a, b] if directed else [np.minimum(a, b), np.maximum(a, b)])
    several = len(np.unique(pairs, axis=1).T) < len(a)
    kinds = {(False, False): nx.Graph, (False, True): nx.MultiGraph, (True, False): nx.DiGraph}
    graph = kinds.get((directed, several), nx.MultiDiGraph)()
    names = ids(cells)
    graph.add_nodes_from(zip(names, attributes(cells, ()), strict=True))
    ends = ((names[i], names[j]) for i, j in zip(a.tolist(), b.tolist(), strict=True))
    rows = attributes(contacts, ("a", "b"))
    graph.add_edges_from((i, j, row) for (i, j), row in zip(ends, rows, strict=True))
    return graph


def igraph_graph(cells: pa.Table, contacts: pa.Table, *, directed: bool = False) -> Any:
    """Return an `igraph.Graph` with one vertex per cell, in the same order, and all columns as attributes."""
    igraph = needed("igraph", "to_igraph()")
    ends = np.stack([contacts["a"].to_numpy(), contacts["b"].to_numpy()], axis=1)
    return igraph.Graph(
        n=cells.num_rows,
        edges=ends,
        directed=directed,
        vertex_attrs={name: cells[name].to_pylist() for name in cells.column_names},
        edge_attrs={name: contacts[name].to_pylist() for name in contacts.column_names if name not in ("a", "b")},
    )


def anndata_of(cells: pa.Table, contacts: pa.Table) -> Any:
    """Return an `anndata.AnnData` with the keys that squidpy and SpatialData use.

    ``obs`` holds the columns of cells, with ``sample`` as categories.  ``obsp["spatial_connectivities"]`` is 1 where
    two cells touch (float32, symmetric, empty diagonal); ``obsp["spatial_distances"]`` is the distance between their
    centroids, with the same sparsity (1 if there are no centroids); ``obsp["contact_area_connectivities"]`` and
    ``obsp["contact_junctions_connectivities"]`` are the area and the junctions.  ``obsm["spatial"]`` holds centroids,
    x first.  ``uns["spatial_neighbors"]`` and ``uns["spatialdata_attrs"]`` name these.

    Raises
    ------
    MissingExtraError
        If anndata is not installed.
    """
    anndata = needed("anndata", "AnnData")
    pandas = needed("pandas", "AnnData")

    obs = cells.to_pandas()
    obs.index = [str(name) for name in ids(cells)]
    obs["sample"] = pandas.Categorical(obs["sample"])
    for name in obs.columns:
        if obs[name].dtype == object and name != "sample":
            filled = obs[name].dropna()
            if len(filled) and filled.map(type).eq(bool).all():
                obs[name] = obs[name].astype("boolean")
            else:
                obs[name] = pandas.Categorical(obs[name])
    connectivities = matrix(cells, contacts)
    spatial = centroids(cells)
    distances = connectivities.astype(np.float64)
    if spatial is not None:
        rows = np.repeat(np.arange(cells.num_rows), np.diff(distances.indptr))
        distances.data = np.linalg.norm(spatial[rows] - spatial[distances.indices], axis=1)
    obsp = {"spatial_connectivities": connectivities, "spatial_distances": distances}
    for name, key in (("area", "contact_area_connectivities"), ("junctions", "contact_junctions_connectivities")):
        if name in contacts.column_names and contacts[name].null_count < max(contacts.num_rows, 1):
            obsp[key] = matrix(cells, contacts, name)
    from scipy.sparse import csr_matrix

    return anndata.AnnData(
        obs=obs,
        obsm={} if spatial is None else {"spatial": spatial},
        obsp={key: csr_matrix(value) for key, value in obsp.items()},
        uns={
            "spatial_neighbors": {
                "connectivities_key": "spatial_connectivities",
                "distances_key": "spatial_distances",
                "params": {"method": "cellgraph contacts", "coord_type": "generic"},
            },
            "spatialdata_attrs": {
                "region": list(obs["sample"].cat.categories),
                "region_key": "sample",
                "instance_key": "label",
            },
        },
    )


def centroids(cells: pa.Table) -> Array | None:
    """Return centroids (x, y), or (x, y, z) if z varies; None if a cell has no centroid."""
    import pyarrow as pa

    names = [name for name in ("x", "y", "z") if name in cells.column_names]
    if not {"x", "y"} <= set(names) or any(cells[name].null_count for name in ("x", "y")) or not cells.num_rows:
        return None
    columns = [cells[name].cast(pa.float64(), safe=False).to_numpy() for name in names]
    if len(columns) == 3 and (np.isnan(columns[2]).any() or np.ptp(columns[2]) == 0):
        columns.pop()
    return np.stack(columns, axis=1)


def require_simple(contacts: pa.Table, what: str, directed: Collection[bool]) -> None:
    """Reject contacts of which several join two cells, or lead from one to the other if all are directed.

    Parameters
    ----------
    contacts : pyarrow.Table
    what : str
        What allows no more, for the message.
    directed : collection of bool
        Whether the contacts of each sample have a direction.

    Raises
    ------
    InputError
    """
    import pyarrow as pa

    a, b = contacts["a"].to_numpy(), contacts["b"].to_numpy()

    def repeated(*ends: Array) -> bool:
        return len(np.unique(np.stack(ends), axis=1).T) < len(a)

    if repeated(a, b):
        advice = "add up the rows of a pair in the table and load it again"
    elif all(directed) or not repeated(np.minimum(a, b), np.maximum(a, b)):
        return
    elif any(directed):
        advice = "export the samples with directions on their own, with --sample"
    else:
        pairs = pa.table({"a": np.minimum(a, b), "b": np.maximum(a, b), "junctions": contacts["junctions"]})
        found = pairs.group_by(["a", "b"]).aggregate([("junctions", "min"), ("junctions", "max")])
        alike = found["junctions_min"].equals(found["junctions_max"])
        once = ", or with --symmetric to count each pair once" if alike else ""
        advice = f"load the table again with --directed, so that each direction is a contact of its own{once}"
    raise InputError(
        f"{what} allows only one contact between two cells, or one in each direction if all are directed, but some "
        f"pairs have several; {advice}, or export another format, such as graphml."
    )
