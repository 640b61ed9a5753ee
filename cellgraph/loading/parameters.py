"""Checking what a person says of a load: connectivity, spacing, sizes in bytes, counts, names."""

from __future__ import annotations

import operator
import re
from typing import Any

from cellgraph.errors import ParameterError
from cellgraph.voxels.parameters import resolve_connectivity, resolve_spacing

__all__ = [
    "parse_bytes",
    "resolve_connectivity",
    "resolve_spacing",
    "resolve_text",
    "resolve_whole",
]

_BYTES = {
    "": 1,
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "t": 10**12,
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
    "ti": 2**40,
}


def parse_bytes(size: str | float) -> int:
    """Return a size in bytes from text as ``512MB``, ``2.5 GiB`` or ``100000``, or from a number of bytes.

    Raises
    ------
    ParameterError
        If it is no size, or none above 0.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?\s*", str(size), re.IGNORECASE)
    value = int(float(match[1]) * _BYTES[(match[2] or "").lower()]) if match else 0
    if value <= 0:
        raise ParameterError(f"expected a size in bytes such as 512MB or 2GiB, got {size!r}")
    return value


def resolve_whole(what: str, value: Any, *, least: int) -> int:
    """Return a whole number, of any integer type, as a Python integer.

    Parameters
    ----------
    what : str
        What it is, as the sentence has it: ``a size in bytes``.
    value : int
        As it was given.
    least : int
        The smallest that makes sense.

    Raises
    ------
    ParameterError
        If it is no whole number, or a smaller one.
    """
    try:
        number = int(operator.index(value))
    except TypeError:
        number = least - 1
    if number < least:
        raise ParameterError(f"expected {what}: a whole number of {least} or more, got {value!r}")
    return number


def resolve_text(what: str, value: Any) -> str:
    """Return a text: a name or a unit.

    Raises
    ------
    ParameterError
        If it is something else.
    """
    if not isinstance(value, str):
        raise ParameterError(f"expected {what} to be a text, got {value!r}")
    return value
