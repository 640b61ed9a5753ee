"""Where a graph comes from: the `Sample` of a sweep that is made now."""

from __future__ import annotations

from datetime import UTC, datetime

from cellgraph.loading.parameters import resolve_text
from cellgraph.model import Sample, check_sample_name
from cellgraph.voxels.block import Rules


def new_sample(
    *,
    name: str,
    source: str,
    shape: tuple[int, ...],
    spacing: tuple[float, ...],
    unit: str | None,
    rules: Rules,
) -> Sample:
    """Return the provenance of a graph made now by this version; `shape` and `spacing` as in `Sample`.

    Raises
    ------
    ParameterError
        If the name is none that a sample can have, or the unit is no text.
    """
    from cellgraph import __version__

    return Sample(
        name=check_sample_name(name),
        source=source.encode(errors="backslashreplace").decode(),  # a path may hold bytes that are no text
        shape=tuple(int(size) for size in shape),
        spacing=spacing,
        unit="voxel" if unit is None else resolve_text("the unit", unit) or "voxel",
        background=rules.background,
        connectivity=rules.connectivity,
        version=__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
