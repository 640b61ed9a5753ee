"""The metadata documents of Zarr, versions 2 and 3: structure, and how chunks are named and decoded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cellgraph.errors import CellgraphError, FormatError
from cellgraph.volumes.documents import fill_value, parse_document, sizes, why
from cellgraph.volumes.objects import Objects
from cellgraph.volumes.zarr_codecs import Decoder, Shards, v2_decoder, v3_decoder

Attributes = Mapping[str, Any]


@dataclass(frozen=True)
class Group:
    """A group: a folder of arrays and groups, with attributes."""

    path: str
    attributes: Attributes
    consolidated: tuple[str, ...] = ()


@dataclass(frozen=True)
class ZarrArray:
    """An array: its extent, type, and how its chunks are stored."""

    path: str  # Path within the store
    document: str  # Key of the metadata document
    shape: tuple[int, ...]  # As stored
    chunks: tuple[int, ...]  # Extent of what one object holds, a chunk or a shard
    dtype: np.dtype[Any]  # As stored
    fill: object  # Value of chunks that are not stored
    decoder: Decoder | Shards | None  # None if only zarr-python can decode it
    separator: str  # Between the numbers in the name of a chunk
    prefix: str  # Before them
    attributes: Attributes = field(default_factory=dict)  # Attributes of the array
    names: tuple[str, ...] | None = None  # Of the dimensions

    def key(self, index: tuple[int, ...]) -> str:
        """Return the name of a chunk or shard."""
        name = self.prefix + self.separator.join(str(i) for i in index)
        return join(self.path, name)


def join(path: str, name: str) -> str:
    """Return the key of something below a path."""
    return f"{path}/{name}" if path else name


def read_node(objects: Objects, path: str, what: str) -> ZarrArray | Group | None:
    """Return the array or group at a path of a Zarr hierarchy, None if there is nothing.

    Raises
    ------
    FormatError
        If its metadata document is damaged.
    """
    third = _json(objects, join(path, "zarr.json"), what)
    try:
        if third is not None:
            return _third(path, third, what)
        second = _json(objects, join(path, ".zarray"), what)
        attributes = _json(objects, join(path, ".zattrs"), what) or {}
        if second is not None:
            return _second(path, second, attributes)
        group = _json(objects, join(path, ".zgroup"), what)
        if group is None and not attributes:
            return None
        consolidated = (_json(objects, join(path, ".zmetadata"), what) or {}).get("metadata", {})
        return Group(path, attributes, _array_paths(consolidated, ".zarray"))
    except CellgraphError:
        raise
    except Exception as error:  # values of unexpected types may raise anything
        raise FormatError(
            f"{what}: the Zarr metadata at {objects.place(path)} is incomplete or damaged: {why(error)}"
        ) from error


def _json(objects: Objects, key: str, what: str) -> dict[str, Any] | None:
    data = objects.get(key)
    if data is None:
        return None
    return parse_document(data, objects.place(key), what)


def _array_paths(consolidated: Mapping[str, Any], suffix: str) -> tuple[str, ...]:
    return tuple(
        key.removesuffix(suffix).strip("/")
        for key, node in consolidated.items()
        if key.endswith(suffix) and (suffix or node.get("node_type") == "array")
    )


def _second(path: str, document: dict[str, Any], attributes: Attributes) -> ZarrArray:
    stored = document["dtype"]
    dtype = np.dtype([tuple(field) for field in stored] if isinstance(stored, list) else stored)
    shape = sizes(document, "shape", 0)
    chunks = sizes(document, "chunks", 1, len(shape))
    try:
        decoder = v2_decoder(document)
    except ValueError:  # a codec that numcodecs does not know; zarr-python may, through a plugin
        decoder = None
    return ZarrArray(
        path, join(path, ".zarray"), shape, chunks, dtype, fill_value(document.get("fill_value"), dtype), decoder,
        _separator(document.get("dimension_separator", ".")), "", attributes,
        _names(attributes.get("_ARRAY_DIMENSIONS")),
    )  # fmt: skip


def _third(path: str, document: dict[str, Any], what: str) -> ZarrArray | Group:
    attributes = document.get("attributes") or {}
    if not isinstance(attributes, dict):
        raise ValueError("expected attributes to be an object")
    if document["node_type"] == "group":
        consolidated = (document.get("consolidated_metadata") or {}).get("metadata", {})
        return Group(path, attributes, _array_paths(consolidated, ""))
    data_type, grid = document["data_type"], document["chunk_grid"]
    if not isinstance(data_type, str) or grid["name"] != "regular":
        raise FormatError(
            f"{what}: expected an integer type and a regular grid of chunks, but came {data_type} and {grid['name']}"
        )
    dtype = np.dtype(data_type)
    shape = sizes(document, "shape", 0)
    chunks = sizes(grid["configuration"], "chunk_shape", 1, len(shape))
    encoding = document["chunk_key_encoding"]
    default = encoding["name"] == "default"
    separator = _separator((encoding.get("configuration") or {}).get("separator", "/" if default else "."))
    return ZarrArray(
        path, join(path, "zarr.json"), shape, chunks, dtype, fill_value(document.get("fill_value"), dtype),
        v3_decoder(document, chunks), separator, f"c{separator}" if default else "", attributes,
        _names(document.get("dimension_names")),
    )  # fmt: skip


def _separator(value: object) -> str:
    if value not in (".", "/"):
        raise ValueError(f"expected the separator of chunk names to be '.' or '/', but it is {value!r}")
    return str(value)


def _names(names: object) -> tuple[str, ...] | None:
    """Return the names of dimensions, None if they are not named."""
    if not isinstance(names, list) or not any(isinstance(name, str) and name for name in names):
        return None
    return tuple(name if isinstance(name, str) else "" for name in names)
