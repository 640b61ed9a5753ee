"""Where a graph comes from: the `Sample` of a sweep that is made now."""

from __future__ import annotations

from datetime import UTC, datetime

from cellgraph.loading.parameters import resolve_text
from cellgraph.model import Sample
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
        If name or unit are no texts.
    """
    from cellgraph import __version__

    return Sample(
        name=resolve_text("the name of the sample", name),
        source=source,
        shape=tuple(int(size) for size in shape),
        spacing=spacing,
        unit="voxel" if unit is None else resolve_text("the unit", unit) or "voxel",
        background=rules.background,
        connectivity=rules.connectivity,
        version=__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
