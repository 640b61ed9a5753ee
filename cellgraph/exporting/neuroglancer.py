"""Cells and contacts as annotation layers of Neuroglancer, with a link that shows them.

The layers are in the precomputed annotation format
(https://github.com/google/neuroglancer/blob/master/src/datasource/precomputed/annotations.md), written by
Neuroglancer's own package: points and lines in voxels of the sample, with their columns as properties, and related to
the labels of the cells (which are the ids of the points), so that they can be shown for the selected segments of a
segmentation.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from cellgraph import handover
from cellgraph.errors import InputError
from cellgraph.exporting.export import MARK, Export
from cellgraph.exporting.forms import together
from cellgraph.model import Sample
from cellgraph.volumes.units import METERS

if TYPE_CHECKING:
    import pyarrow as pa

Array = np.ndarray[Any, Any]

_PORT = 9000
_PAGE = "https://neuroglancer-demo.appspot.com/#!"
_MOST = 200_000
"""Maximum number of annotations in a layer: each is a file, and Neuroglancer fetches them all."""
_MOST_KINDS = 1000
_EXACT = 2**24
"""Whole numbers up to here are exact as float32."""
_CORNER = 0.5
"""The centre of the first voxel in Neuroglancer, which is not at 0."""

_SERVE = '''"""Serve this folder to Neuroglancer on this machine: python serve.py [PORT]"""
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Handler(SimpleHTTPRequestHandler):
    def end_headers(self):
        # The page of Neuroglancer comes from elsewhere, and may read what is here.
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()


folder = Path(__file__).resolve().parent
port = int(sys.argv[1]) if len(sys.argv) > 1 else @PORT@
print((folder / "link.txt").read_text().strip().replace("127.0.0.1:@PORT@", f"127.0.0.1:{port}"), flush=True)
ThreadingHTTPServer(("127.0.0.1", port), partial(Handler, directory=str(folder))).serve_forever()
'''.replace("@PORT@", str(_PORT))

_SHADER = """#uicontrol invlerp shade(property="{column}")
void main() {{
  setColor(vec4(colormapCubehelix(shade()), 1.0));
}}
"""


def write(export: Export) -> None:
    """Write the folders ``cells`` and ``contacts``, ``state.json``, ``link.txt`` and a server for them."""
    handover.needed("neuroglancer", "the format neuroglancer", "neuroglancer")
    whole = together(export)
    if len(whole.samples) != 1:
        raise InputError(
            f"Neuroglancer shows one sample at a time, but there are {len(whole.samples)}; name one with --sample."
        )
    (sample,) = whole.samples
    cells, contacts = whole.cells, whole.contacts
    for what, table in (("cells", cells), ("contacts", contacts)):
        if table.num_rows > _MOST:
            raise InputError(
                f"the sample {sample.name!r} has {table.num_rows:,} {what}, but at most {_MOST:,} can be exported for "
                "Neuroglancer, as each is a file; use cellgraph view, or another format."
            )
    axes = [axis for axis in ("x", "y", "z")[: 2 if len(sample.shape) == 2 else 3] if axis in cells.column_names]
    if len(axes) < 2 or any(cells[axis].null_count for axis in axes):
        raise InputError(
            f"not all cells of the sample {sample.name!r} have a centroid (columns y and x); use another format."
        )
    spacing = np.array((*sample.spacing[::-1], *[1.0] * 3)[: len(axes)])
    places = np.stack([cells[axis].to_numpy().astype(float) for axis in axes], axis=1) / spacing + _CORNER
    labels = cells["label"].to_numpy()
    if len(labels) and labels.min() < 0:
        raise InputError("Neuroglancer needs cell ids of 0 or more, but some labels are negative; use another format.")
    scale = METERS.get(sample.unit)
    dimensions = {axis: [float(s) * scale, "m"] if scale else [1, ""] for axis, s in zip(axes, spacing, strict=True)}
    a, b = (contacts[end].to_numpy() for end in ("a", "b"))
    _layer(export.path / "cells", axes, dimensions, "point", [places], labels[:, None], cells, export.notes)
    ends = [places[a], places[b]]
    _layer(
        export.path / "contacts", axes, dimensions, "line", ends, labels[np.stack([a, b], 1)], contacts, export.notes
    )
    state = _state(sample, dimensions, places, cells)
    (export.path / "state.json").write_text(json.dumps(state, indent=2, ensure_ascii=False) + "\n", "utf-8")
    link = _PAGE + quote(json.dumps(state, ensure_ascii=False, separators=(",", ":")), safe="{}:,/@!()'")
    (export.path / "link.txt").write_text(link + "\n", "utf-8")
    (export.path / "serve.py").write_text(_SERVE, "utf-8")
    (export.path / MARK).write_text(
        "Annotation layers for Neuroglancer, written by cellgraph export. To look at them:\n\n    python serve.py\n\n"
        "and open the link that it prints.\n"
    )
    export.notes.append(f"to view it: run python {export.target / 'serve.py'}, and open the link that it prints")


def _layer(
    path: Path,
    axes: list[str],
    dimensions: dict[str, Any],
    kind: str,
    ends: list[Array],
    labels: Array,
    table: pa.Table,
    notes: list[str],
) -> None:
    """Write a layer of points, or of lines between two ends."""
    from neuroglancer import AnnotationPropertySpec, CoordinateSpace
    from neuroglancer.write_annotations import AnnotationWriter

    columns, left = {}, []
    for name in table.column_names:
        if name in ("sample", "a", "b", *axes):
            continue
        made = _property(table[name])
        # Neuroglancer accepts no other names.
        if made is None or not re.fullmatch(r"[a-z][a-zA-Z0-9_]*", name):
            left.append(name)
        else:
            columns[name] = made
    if left:
        notes.append(f"{path.name}: left out, as Neuroglancer does not support their type or name: {', '.join(left)}")
    writer = AnnotationWriter(
        CoordinateSpace(
            names=axes, scales=[d[0] for d in dimensions.values()], units=[d[1] for d in dimensions.values()]
        ),
        kind,
        relationships=["cell"],
        properties=[AnnotationPropertySpec(id=name, **spec) for name, (_, spec) in columns.items()],
    )
    add = writer.add_point if kind == "point" else writer.add_line
    values = {name: value.tolist() for name, (value, _) in columns.items()}
    for row in range(table.num_rows):
        properties = {name: value[row] for name, value in values.items()}
        number = int(labels[row, 0]) if kind == "point" else row
        add(*(end[row] for end in ends), id=number, cell=labels[row].tolist(), **properties)
    if table.num_rows:
        every = np.concatenate(ends)
        writer.lower_bound, writer.upper_bound = every.min(axis=0), every.max(axis=0)
    else:
        writer.lower_bound, writer.upper_bound = np.zeros(len(axes)), np.ones(len(axes))
    writer.write(path)


def _property(column: pa.ChunkedArray) -> tuple[Array, dict[str, Any]] | None:
    """Return a column in a type that Neuroglancer supports, and its specification; None if there is no such type."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_string(column.type):
        kinds = sorted(column.unique().drop_null().to_pylist())
        if not 0 < len(kinds) <= _MOST_KINDS:
            return None
        codes = pc.fill_null(pc.add(pc.index_in(column, pa.array(kinds)), 1), 0).to_numpy().astype(np.uint16)
        listed = {"enum_values": [0, *range(1, len(kinds) + 1)], "enum_labels": ["", *kinds]}
        return codes, {"type": "uint16", **listed}
    if pa.types.is_boolean(column.type):
        return pc.fill_null(column, False).cast(pa.uint8()).to_numpy(), {"type": "uint8"}
    if pa.types.is_integer(column.type):
        low, high = (pc.min_max(column).as_py()[end] or 0 for end in ("min", "max"))
        if not column.null_count and -(2**31) <= low <= high < 2**31:
            return column.to_numpy(), {"type": "int32"}
        if max(-low, high) > _EXACT:
            return None
    elif not pa.types.is_floating(column.type):
        return None
    return column.cast(pa.float64()).to_numpy(), {"type": "float32"}


def _state(sample: Sample, dimensions: dict[str, Any], places: Array, cells: pa.Table) -> dict[str, Any]:
    """Return a Neuroglancer state that shows both layers, with the cells coloured by degree."""
    middle = places.mean(axis=0) if len(places) else np.zeros(len(dimensions))
    column = "degree" if "degree" in cells.column_names else None
    layers = []
    for name in ("contacts", "cells"):
        layer = {"type": "annotation", "name": name, "source": f"precomputed://http://127.0.0.1:{_PORT}/{name}"}
        if name == "cells" and column is not None:
            layer["shader"] = _SHADER.format(column=column)
        layers.append(layer)
    return {
        "title": f"{sample.name} – cellgraph",
        "dimensions": dimensions,
        "position": [round(float(n), 3) for n in middle],
        "layers": layers,
        "layout": "4panel" if len(dimensions) == 3 else "xy",
    }
