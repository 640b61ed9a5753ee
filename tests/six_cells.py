"""A graph of six cells that a person can check by eye, for the tests of stores and queries.

The image, 2D, 5 rows and 6 columns, background 0, pixels 2 micrometers high (y) and 1 wide (x),
4-connectivity::

    1 1 2 2 . 6          1 --- 2           junctions  area
    1 1 2 2 . 6           \\   /     1-2        2      4.0    two pixel edges with normal x, 2.0 each
    . 1 3 3 . .             3       1-3        1      2.0    one with normal x
    . . 4 3 3 .             |       2-3        2      2.0    two with normal y, 1.0 each
    5 5 4 . . .             4       3-4        2      3.0    one of each
                            |       4-5        1      2.0    one with normal x
                            5    6

A triangle with a tail, and a cell that touches none; 3 is the only cell that is not on the border.  From 5
the cells are 1 (4), 2 (3) and 3 (1, 2) contacts away.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from cellgraph.model import CELL_COLUMNS, CONTACT_COLUMNS, CellGraph, Column, Network, Sample

IMAGE = np.array(
    [
        [1, 1, 2, 2, 0, 6],
        [1, 1, 2, 2, 0, 6],
        [0, 1, 3, 3, 0, 0],
        [0, 0, 4, 3, 3, 0],
        [5, 5, 4, 0, 0, 0],
    ],
    dtype=np.uint8,
)

SAMPLE = Sample(
    name="six",
    source="six.tif",
    shape=(5, 6),
    spacing=(2.0, 1.0),
    unit="micrometer",
    background=0,
    connectivity=4,
    version="0.1.0",
    created="2024-02-29T12:00:00Z",
    reading="voxel 2 x 1 µm (as you said) · background 0 (assumed)",
)

CELLS = (
    {"label": 1, "voxels": 5, "volume": 10.0, "y": 1.6, "x": 0.6, "degree": 2, "junctions": 3}
    | {"surface_area": 16.0, "background_faces": 3, "border_faces": 4, "background_area": 4.0}
    | {"border_area": 6.0, "on_border": True, "y_start": 0, "x_start": 0, "y_stop": 3, "x_stop": 2},
    {"label": 2, "voxels": 4, "volume": 8.0, "y": 1.0, "x": 2.5, "degree": 2, "junctions": 4}
    | {"surface_area": 12.0, "background_faces": 2, "border_faces": 2, "background_area": 4.0}
    | {"border_area": 2.0, "on_border": True, "y_start": 0, "x_start": 2, "y_stop": 2, "x_stop": 4},
    {"label": 3, "voxels": 4, "volume": 8.0, "y": 5.0, "x": 3.0, "degree": 3, "junctions": 5}
    | {"surface_area": 14.0, "background_faces": 5, "border_faces": 0, "background_area": 7.0}
    | {"border_area": 0.0, "on_border": False, "y_start": 2, "x_start": 2, "y_stop": 4, "x_stop": 5},
    {"label": 4, "voxels": 2, "volume": 4.0, "y": 7.0, "x": 2.0, "degree": 2, "junctions": 3}
    | {"surface_area": 10.0, "background_faces": 2, "border_faces": 1, "background_area": 4.0}
    | {"border_area": 1.0, "on_border": True, "y_start": 3, "x_start": 2, "y_stop": 5, "x_stop": 3},
    {"label": 5, "voxels": 2, "volume": 4.0, "y": 8.0, "x": 0.5, "degree": 1, "junctions": 1}
    | {"surface_area": 8.0, "background_faces": 2, "border_faces": 3, "background_area": 2.0}
    | {"border_area": 4.0, "on_border": True, "y_start": 4, "x_start": 0, "y_stop": 5, "x_stop": 2},
    {"label": 6, "voxels": 2, "volume": 4.0, "y": 1.0, "x": 5.0, "degree": 0, "junctions": 0}
    | {"surface_area": 10.0, "background_faces": 3, "border_faces": 3, "background_area": 5.0}
    | {"border_area": 5.0, "on_border": True, "y_start": 0, "x_start": 5, "y_stop": 2, "x_stop": 6},
)
"""What is measured of each cell, without its shape (length, width, … are null)."""

CONTACTS = (
    {"cell_a": 1, "cell_b": 2, "junctions": 2, "area": 4.0, "junctions_y": 0, "junctions_x": 2, "sites": 1},
    {"cell_a": 1, "cell_b": 3, "junctions": 1, "area": 2.0, "junctions_y": 0, "junctions_x": 1, "sites": 1},
    {"cell_a": 2, "cell_b": 3, "junctions": 2, "area": 2.0, "junctions_y": 2, "junctions_x": 0, "sites": 1},
    {"cell_a": 3, "cell_b": 4, "junctions": 2, "area": 3.0, "junctions_y": 1, "junctions_x": 1, "sites": 1},
    {"cell_a": 4, "cell_b": 5, "junctions": 1, "area": 2.0, "junctions_y": 0, "junctions_x": 1, "sites": 1},
)


def six_cells(name: str = "six") -> CellGraph:
    """Return the graph of the image above, as the sample `name`."""
    flat = {"z": 0.0, "z_start": 0, "z_stop": 1}
    no_diagonals = {"junctions_z": 0, "touching_edges": 0, "touching_corners": 0}
    return CellGraph(
        replace(SAMPLE, name=name),
        _table([flat | cell for cell in CELLS], CELL_COLUMNS),
        _table([no_diagonals | contact for contact in CONTACTS], CONTACT_COLUMNS),
    )


def pair(name: str = "pair") -> CellGraph:
    """Return a second graph whose labels occur in the first: cells 1 and 3, three junctions between them."""
    cells = [
        {"label": 1, "voxels": 3, "volume": 3.0, "degree": 1, "junctions": 3, "on_border": True},
        {"label": 3, "voxels": 6, "volume": 6.0, "degree": 1, "junctions": 3, "on_border": True},
    ]
    contacts = [{"cell_a": 1, "cell_b": 3, "junctions": 3, "area": 3.0}]
    sample = replace(SAMPLE, name=name, source="pair.tif", shape=(3, 3), spacing=(1.0, 1.0))
    return CellGraph(sample, _table(cells, CELL_COLUMNS), _table(contacts, CONTACT_COLUMNS))


def joined(*graphs: CellGraph) -> Network:
    """Return one network of several samples, as a table import makes it."""
    networks = [graph.network() for graph in graphs]
    offsets = np.cumsum([0, *[network.cells.num_rows for network in networks]])
    contacts = [_shifted(n.contacts, int(offset)) for n, offset in zip(networks, offsets, strict=False)]
    return Network(
        tuple(sample for network in networks for sample in network.samples),
        pa.concat_tables([network.cells for network in networks]),
        pa.concat_tables(contacts),
    )


def _shifted(contacts: pa.Table, offset: int) -> pa.Table:
    for column in ("a", "b"):
        rows = pa.array(contacts[column].to_numpy() + offset)
        contacts = contacts.set_column(contacts.column_names.index(column), column, rows)
    return contacts


def _table(rows: list[dict[str, object]], columns: tuple[Column, ...]) -> pa.Table:
    types = {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "str": pa.string()}
    return pa.Table.from_pylist(rows, pa.schema([(column.name, types[column.type]) for column in columns]))
