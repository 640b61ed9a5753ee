"""Cells and contacts as tables, GraphML, GEXF, AnnData and geff."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph import handover
from cellgraph.errors import InputError
from cellgraph.exporting.export import MARK, Export
from cellgraph.model import Sample

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Whole:
    """All samples of an export together: cells, and contacts with row numbers ``a`` and ``b`` of cells."""

    samples: tuple[Sample, ...]
    cells: pa.Table
    contacts: pa.Table

    @property
    def directed(self) -> bool:
        """Whether relationships of all samples have a direction."""
        return bool(self.samples) and all(sample.extra.get("directed") is True for sample in self.samples)


def together(export: Export) -> Whole:
    """Read all samples, and join them."""
    import pyarrow as pa

    samples: list[Sample] = []
    cells, contacts, first = [], [], 0
    for network in export.networks:
        samples += network.samples
        cells.append(network.cells)
        shifted = network.contacts
        for number, end in enumerate(("a", "b")):
            shifted = shifted.set_column(number, end, pa.array(shifted[end].to_numpy() + first))
        contacts.append(shifted)
        first += network.cells.num_rows
    if {sample.extra.get("directed") is True for sample in samples} == {True, False}:
        export.notes.append("some samples have directed contacts and others do not: all are written without directions")
    joined = [pa.concat_tables(tables, promote_options="permissive") for tables in (cells, contacts)]
    return Whole(tuple(samples), *joined)


def write_csv(export: Export) -> None:
    """Write cells.csv, contacts.csv and samples.csv."""
    from pyarrow import csv

    _write_tables(export, "csv", lambda table, path: csv.write_csv(table, path))


def write_parquet(export: Export) -> None:
    """Write cells.parquet, contacts.parquet and samples.parquet."""
    from pyarrow import parquet

    _write_tables(export, "parquet", lambda table, path: parquet.write_table(table, path))


def _write_tables(export: Export, ending: str, write: Callable[[pa.Table, str], None]) -> None:
    import pyarrow as pa

    whole = together(export)
    a, b = whole.contacts["a"], whole.contacts["b"]
    ends = {
        "sample": whole.cells["sample"].take(a),
        "cell_a": whole.cells["label"].take(a),
        "sample_b": whole.cells["sample"].take(b),
        "cell_b": whole.cells["label"].take(b),
    }
    rest = whole.contacts.drop_columns(["a", "b"])
    contacts = pa.table(ends | {name: rest[name] for name in rest.column_names})
    rows = [
        {"sample": sample.name, "source": sample.source, "unit": sample.unit, "connectivity": sample.connectivity}
        | {"spacing": " ".join(map(repr, sample.spacing)), "shape": " ".join(map(str, sample.shape))}
        | {"background": sample.background, "created": sample.created, "version": sample.version, **sample.extra}
        for sample in whole.samples
    ]
    names = dict.fromkeys(name for row in rows for name in row)
    samples = pa.table({name: [row.get(name) for row in rows] for name in names})
    for name, table in (("cells", whole.cells), ("contacts", contacts), ("samples", samples)):
        write(table, str(export.path / f"{name}.{ending}"))
    option = " --directed" if whole.directed else ""
    (export.path / MARK).write_text(
        "Cells, contacts and samples, written by cellgraph export. Lengths are in the unit of the sample.\n\n"
        f"To load them again:\n\n    cellgraph load-tables --cells cells.{ending} --network contacts.{ending}{option}\n"
    )


def write_graphml(export: Export) -> None:
    """Write one GraphML file (networkx, igraph, Gephi, Cytoscape)."""
    import networkx as nx

    nx.write_graphml_xml(_networkx(export), export.path)


def write_gexf(export: Export) -> None:
    """Write one GEXF file (Gephi) with positions."""
    import networkx as nx

    graph = _networkx(export)
    for node, known in graph.nodes(data=True):
        known["label"] = str(known.get("name", node))
        if "x" in known and "y" in known:
            # In Gephi, y points up; in images, it points down.
            known["viz"] = {"position": {"x": known["x"], "y": -known["y"], "z": known.get("z", 0.0)}}
    nx.write_gexf(graph, export.path)


def _networkx(export: Export) -> Any:
    whole = together(export)
    return handover.networkx_graph(whole.cells, whole.contacts, directed=whole.directed)


def write_h5ad(export: Export) -> None:
    """Write an AnnData file with the keys that squidpy uses."""
    handover.needed("anndata", "the format h5ad")
    whole = together(export)
    handover.anndata_of(whole.cells, whole.contacts).write_h5ad(export.path)


def write_geff(export: Export) -> None:
    """Write a geff (Graph Exchange File Format): axes with units, all columns, ellipsoids, a link to the labels."""
    handover.needed("geff", "the format geff")
    from geff.core_io import write_arrays
    from geff_spec import Axis, GeffMetadata, RelatedObject

    whole = together(export)
    handover.require_simple(
        whole.contacts, "a geff", {sample.extra.get("directed") is True for sample in whole.samples}
    )
    units = {sample.unit for sample in whole.samples}
    unit = units.pop() if len(units) == 1 else None
    one = len(whole.samples) == 1
    labels = whole.cells["label"].to_numpy()
    if one and len(labels) and labels.min() < 0:
        raise InputError("a geff needs cell ids of 0 or more, but some labels are negative; export another format.")
    ids = (labels if one else np.arange(len(labels))).astype(np.uint64)
    ends = np.stack([ids[whole.contacts[end].to_numpy()] for end in ("a", "b")], axis=1).reshape(-1, 2)
    nodes = _properties(whole.cells)
    axes = [
        Axis(name=name, type="space", unit=None if unit in (None, "voxel") else unit)
        for name in ("yx" if all(len(sample.shape) == 2 for sample in whole.samples) else "zyx")
        if name in nodes and nodes[name]["missing"] is None
    ]
    ellipsoids = _ellipsoids(whole.cells, [axis.name for axis in axes])
    if ellipsoids is not None:
        nodes["ellipsoid"] = ellipsoids
    source = whole.samples[0].source if one else ""
    metadata = GeffMetadata(
        directed=whole.directed,
        axes=axes or None,
        node_props_metadata={},
        edge_props_metadata={},
        ellipsoid=None if ellipsoids is None else "ellipsoid",
        related_objects=[RelatedObject(type="labels", path=source, node_prop="label")] if source else None,
        extra={"cellgraph": {"samples": [sample.name for sample in whole.samples]}},
    )
    edges = _properties(whole.contacts.drop_columns(["a", "b"]))
    export.path.rmdir()  # geff creates it
    write_arrays(export.path, ids, nodes, ends, edges, metadata)
    (export.path / MARK).write_text("A graph of cells as geff, written by cellgraph export.\n")


def _ellipsoids(cells: pa.Table, axes: Sequence[str]) -> dict[str, Any] | None:
    """Return the matrices whose eigenvalues are the squared half axes of cells, as geff defines ellipsoids.

    Shape (n, d, d) in the order of the axes; missing for a flat cell, such as one of a single voxel.  None if the axes
    are unknown.
    """
    names = ("length", "width", "height")[: len(axes)]
    needed = {f"{name}_axis_{axis}" for name in names for axis in axes} | set(names)
    if len(axes) < 2 or not needed <= set(cells.column_names) or "ellipsoid" in cells.column_names:
        return None
    column = {name: cells[name].to_numpy().astype(np.float64) for name in needed}
    half = np.stack([column[name] / 2 for name in names], axis=1)
    vectors = np.stack([np.stack([column[f"{name}_axis_{axis}"] for axis in axes], axis=1) for name in names], axis=1)
    missing = ~(np.isfinite(vectors).all(axis=(1, 2)) & (half > 0).all(axis=1))
    if missing.all():
        return None
    matrices = np.einsum("nk,nki,nkj->nij", half**2, vectors, vectors)
    matrices[missing] = np.eye(len(axes))
    return {"values": matrices, "missing": missing if missing.any() else None}


def _properties(table: pa.Table) -> dict[str, Any]:
    """Return the values of each column that has any, and which are missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    made = {}
    for name in table.column_names:
        column = table[name].combine_chunks()
        if len(column) and column.null_count == len(column):
            continue
        missing = column.is_null().to_numpy(zero_copy_only=False) if column.null_count else None
        nothing: Any = "" if pa.types.is_string(column.type) else False if pa.types.is_boolean(column.type) else 0
        values = pc.fill_null(column, nothing).to_numpy(zero_copy_only=False)
        if pa.types.is_string(column.type):
            values = np.array(values.tolist(), dtype=str)
        made[name] = {"values": values, "missing": missing}
    return made
