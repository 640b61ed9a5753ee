"""Checking what a person says of a load: connectivity, spacing, sizes in bytes."""

from __future__ import annotations

import re

from cellgraph.errors import ParameterError
from cellgraph.voxels.parameters import resolve_connectivity, resolve_spacing

__all__ = ["parse_bytes", "resolve_connectivity", "resolve_spacing"]

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


def parse_bytes(size: str) -> int:
    """Return a size in bytes from text as ``512MB``, ``2.5 GiB`` or ``100000``.

    Raises
    ------
    ParameterError
        If it is no size, or none above 0.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?\s*", size, re.IGNORECASE)
    value = int(float(match[1]) * _BYTES[(match[2] or "").lower()]) if match else 0
    if value <= 0:
        raise ParameterError(f"expected a size in bytes such as 512MB or 2GiB, got {size!r}")
    return value
