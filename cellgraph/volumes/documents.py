"""Read JSON documents that describe chunked arrays, so that anything in them is either usable or a clear error."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from cellgraph.errors import FormatError


def parse_document(data: bytes, place: str, source: str) -> dict[str, Any]:
    """Return the JSON object in a document.

    Raises
    ------
    FormatError
        If it is not valid JSON, or is not an object.
    """
    try:
        document = json.loads(data)
    except RecursionError as error:
        raise FormatError(f"{source}: {place} is not valid metadata: it is nested too deeply") from error
    except ValueError as error:
        raise FormatError(f"{source}: {place} is no valid JSON: {error}") from error
    if not isinstance(document, dict):
        raise FormatError(f"{source}: expected an object in {place}, but it holds something else")
    return document


def sizes(document: Any, name: str, least: int, count: int | None = None) -> tuple[int, ...]:
    """Return a list of integers from a document, each at least `least`, and `count` of them if given.

    Raises
    ------
    ValueError, KeyError
        If it is anything else.
    """
    values = document[name]
    if not isinstance(values, list) or not all(type(value) is int and least <= value < 2**63 for value in values):
        raise ValueError(f"expected {name} to be whole numbers from {least} on, but it is {_shortened(values)}")
    if count is not None and len(values) != count:
        raise ValueError(f"expected {name} to have {count} numbers, one an axis, but it is {_shortened(values)}")
    return tuple(values)


def fill_value(value: object, dtype: np.dtype[Any]) -> object:
    """Return the fill value of what is not stored; 0 if the document gives none.

    Raises
    ------
    ValueError
        If it is not valid for the type of the array.
    """
    if value is None:
        return 0
    wrong = ValueError(f"expected fill_value to be one of type {dtype.name}, but it is {_shortened(value)}")
    if dtype.kind == "f":
        if isinstance(value, str) and value.startswith("0x"):
            return np.array(int(value, 16), f"u{dtype.itemsize}").view(f"f{dtype.itemsize}")[()]
        if isinstance(value, int | float | str):
            return float(value)  # also NaN, Infinity
        raise wrong
    if dtype.kind not in "bui":
        return value
    if not isinstance(value, int | float) or value != value or value != int(value):
        raise wrong
    limits = (0, 1) if dtype.kind == "b" else (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))
    if not limits[0] <= value <= limits[1]:
        raise wrong
    return int(value)


def why(error: Exception) -> str:
    """Return what is wrong with a document, from the exception raised while using it."""
    if isinstance(error, KeyError):
        return f"{error.args[0]!r} is missing"
    return str(error) or type(error).__name__


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
