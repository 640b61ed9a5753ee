"""Check the arguments of a load: connectivity, spacing, sizes in bytes, counts, names."""

from __future__ import annotations

import math
import operator
import os
import re
from typing import Any

from cellgraph.errors import ParameterError
from cellgraph.queries.values import check
from cellgraph.voxels.parameters import resolve_connectivity, resolve_spacing

__all__ = [
    "parse_bytes",
    "require_calls",
    "require_kind",
    "require_path",
    "resolve_connectivity",
    "resolve_number",
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


_MOST_BYTES = 2**63


def parse_bytes(size: str | float) -> int:
    """Return a size in bytes from text such as ``512MB``, ``2.5 GiB`` or ``100000``, or from a number of bytes.

    Raises
    ------
    ParameterError
        If it is not a size above 0.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?\s*", str(size), re.IGNORECASE)
    number = float(match[1]) * _BYTES[(match[2] or "").lower()] if match else 0.0
    value = int(number) if number < _MOST_BYTES else 0
    if value <= 0:
        raise ParameterError(f"expected a size in bytes such as 512MB or 2GiB, got {size!r}")
    return value


def resolve_whole(what: str, value: Any, *, least: int) -> int:
    """Return a whole number, of any integer type, as a Python integer.

    Parameters
    ----------
    what : str
        What it is, as worded in the message: ``a size in bytes``.
    value : int
        The value as given.
    least : int
        The smallest valid value.

    Raises
    ------
    ParameterError
        If it is not a whole number, or is smaller.
    """
    try:
        number = least - 1 if isinstance(value, bool) else int(operator.index(value))
    except TypeError:
        number = least - 1
    if number < least:
        raise ParameterError(f"expected {what}: a whole number of {least} or more, got {value!r}")
    return number


def resolve_text(what: str, value: Any) -> str:
    """Return a string: a name or a unit.

    Raises
    ------
    ParameterError
        If it is anything else.
    """
    if not isinstance(value, str):
        raise ParameterError(f"expected {what} to be a string, got {value!r}")
    return value


def require_kind(kind: str, **values: Any) -> None:
    """Raise `ParameterError` if an argument is given but is not of `kind`, a type of `cellgraph.queries.values`."""
    for name, value in values.items():
        if value is not None:
            check(value, kind, of=name)


def require_path(**values: Any) -> None:
    """Raise `ParameterError` if an argument is given but is not a path."""
    for name, value in values.items():
        if value is not None and (not isinstance(value, str | os.PathLike) or not os.fspath(value)):
            raise ParameterError(f"expected {name} to be a path, got {value!r}")
        if value is not None and "\0" in os.fspath(value):
            raise ParameterError(f"expected {name} to be a path, but {value!r} is not a valid file name")


def require_calls(**values: Any) -> None:
    """Raise `ParameterError` if an argument is given but is not callable."""
    for name, value in values.items():
        if value is not None and not callable(value):
            raise ParameterError(f"expected {name} to be a function, got {value!r}")


def resolve_number(what: str, value: Any, *, above: float = 0.0, or_equal: bool = False) -> float:
    """Return a finite number above `above`, or equal to it if `or_equal`, as a Python float.

    Raises
    ------
    ParameterError
        If it is anything else.
    """
    number = check(value, "float", of=what)
    fits = isinstance(number, float) and (number > above or (or_equal and number == above))
    if not fits or number == math.inf:
        bound = f"of {above:g} or more" if or_equal else f"above {above:g}"
        raise ParameterError(f"expected {what} to be a number {bound}, got {value!r}")
    return float(value)
