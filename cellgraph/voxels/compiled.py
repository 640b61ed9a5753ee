"""Check whether the kernels have been compiled: the very first sweep takes longer, and users should know why."""

from __future__ import annotations

from pathlib import Path


def is_compiled() -> bool:
    """Tell whether numba's cache has the kernels, compiled by an earlier sweep."""
    from cellgraph.voxels.kernels import contacts

    return any(Path(contacts.stats.cache_path or "").glob("kernels.contacts-*.nbi"))
