"""Cells as a feature table in the OME-Zarr image that has their labels, as read by ngio and Fractal (version 1).

https://biovisioncenter.github.io/ngio/stable/table_specs/table_types/feature_table/
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from cellgraph.errors import FormatError, InputError, ParameterError
from cellgraph.exporting.export import MARK, Export
from cellgraph.exporting.forms import together
from cellgraph.files import write_text

_DATASET = re.compile(r'dataset "(labels/[^"]+)"')
"""The labels of an image that a load has read, as recorded in its sample."""


def prepare(goal: Path) -> None:
    """Create the group of tables in an image.

    Raises
    ------
    ParameterError
        If the target is not ``tables/NAME`` in an image.
    """
    image = goal.parent.parent
    if goal.parent.name != "tables" or not ((image / ".zattrs").is_file() or (image / "zarr.json").is_file()):
        raise ParameterError(
            f"ngio needs the name of a table in an OME-Zarr image, such as IMAGE.zarr/tables/{goal.name}, but got "
            f"{goal}."
        )
    goal.parent.mkdir(exist_ok=True)
    _write_group(goal.parent, {"tables": _tables(goal.parent)}, _version(image))


def write(export: Export) -> None:
    """Write the cells as Parquet with the attributes of a feature table, and list the table in the image.

    Raises
    ------
    InputError
        If there are several samples, or the labels are not those of the image.
    """
    import pyarrow.parquet as pq

    whole = together(export)
    if len(whole.samples) != 1:
        raise InputError(
            f"a feature table holds one sample, but there are {len(whole.samples):,}; choose one with --sample."
        )
    tables, image = export.target.parent, export.target.parent.parent
    source = Path(os.path.realpath(unquote(urlsplit(whole.samples[0].source).path)))
    chosen = _DATASET.search(whole.samples[0].reading)
    if chosen and source == Path(os.path.realpath(image)):
        source /= chosen[1]
    labels = os.path.realpath(image / "labels")
    if not source.is_dir() or labels == str(source) or not source.is_relative_to(labels):
        raise InputError(
            f"the sample {whole.samples[0].name!r} was loaded from {whole.samples[0].source!r}, which is not a label "
            f"image of {image}; name a table of the image that has these labels."
        )
    name = source.relative_to(labels).parts[0]  # further parts are a scale of it
    cells = whole.cells.drop_columns(["sample"])
    cells = cells.select([name for name in cells.column_names if cells[name].null_count < len(cells)])
    pq.write_table(cells, export.path / "table.parquet")
    attributes = {
        "type": "feature_table",
        "table_version": "1",
        "region": {"path": f"../labels/{name}"},
        "backend": "parquet",
        "index_key": "label",
        "index_type": "int",
    }
    _write_group(export.path, attributes, _version(image))
    (export.path / MARK).write_text("Cells as a feature table of ngio, written by cellgraph export.\n")
    _write_group(tables, {"tables": [*dict.fromkeys([*_tables(tables), export.target.name])]}, _version(image))


def _version(image: Path) -> int:
    """Return the Zarr version of an image."""
    return 3 if (image / "zarr.json").is_file() else 2


def _tables(group: Path) -> list[str]:
    """Return the names of the listed tables."""
    for name in ("zarr.json", ".zattrs"):
        if (group / name).is_file():
            try:
                known = json.loads((group / name).read_text("utf-8"))
                found = (known.get("attributes", {}) if name == "zarr.json" else known).get("tables", [])
            except (ValueError, AttributeError, OSError) as error:
                raise FormatError(f"{group / name} is damaged: it should be JSON with the names of tables.") from error
            return [str(table) for table in found]
    return []


def _write_group(group: Path, attributes: dict[str, Any], version: int) -> None:
    if version == 3:
        documents = {"zarr.json": {"zarr_format": 3, "node_type": "group", "attributes": attributes}}
    else:
        documents = {".zgroup": {"zarr_format": 2}, ".zattrs": attributes}
    for name, document in documents.items():
        write_text(group / name, json.dumps(document, indent=2) + "\n")
