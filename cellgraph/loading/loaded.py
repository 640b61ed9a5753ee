"""A sample that an earlier load has already written to the database."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any

from cellgraph.errors import NotFoundError
from cellgraph.model import Sample, signed
from cellgraph.queries import Catalogue
from cellgraph.stores import Store, open_store


@dataclass(frozen=True)
class Loaded:
    """What the database holds for a sample: when it was loaded, and counts as in `LoadReport`."""

    created: str
    version: str
    read: str
    cells: int
    contacts: int
    border_cells: int


def find_loaded(target: str, sample: Sample) -> Loaded | None:
    """Return what a database holds for a sample, if it has the same source and was made with the same settings."""
    try:
        with open_store(target, read_only=True) as store:
            if sample.name not in store.sample_names():
                return None
            row = _ask(store, "samples", sample.name)
            nodes = {node["name"]: json.loads(node["node"]) for node in _rows(store, "sample-nodes", {})}
            row["extra"] = nodes[sample.name]
            if _made(row) != _made(vars(sample)):
                return None
            border = _ask(store, "border-cells", sample.name)["cells"]
    except NotFoundError:  # no such database yet
        return None
    return Loaded(row["created"], row["version"], row["read"] or "", row["cells"], row["contacts"], border)


def _ask(store: Store, query: str, sample: str) -> dict[str, Any]:
    return _rows(store, query, {"sample": sample})[0]


def _rows(store: Store, query: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    statement = Catalogue.load()[query].statement(store.dialect, parameters)
    rows: list[dict[str, Any]] = store.run(statement.text, statement.parameters, name=query).to_pylist()
    return rows


def _made(sample: dict[str, Any]) -> tuple[object, ...]:
    source, background = sample["source"], sample["background"]
    return (
        source if "://" in source else os.path.abspath(source),
        None if background is None else signed(background),
        tuple(sample["shape"] or ()),
        tuple(sample["spacing"] or ()),
        sample["unit"],
        sample["connectivity"],
        sample["extra"].get("expand"),
    )
