"""Whether the kernels have been compiled before: the first sweep of all takes longer, and people should know why."""

from __future__ import annotations

from pathlib import Path


def is_compiled() -> bool:
    """Tell whether numba finds the kernels in its cache, compiled by an earlier sweep."""
    from cellgraph.voxels.kernels import contacts

    return any(Path(contacts.stats.cache_path or "").glob("kernels.contacts-*.nbi"))
