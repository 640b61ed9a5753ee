"""Where a graph comes from: the `Sample` of a new sweep."""

from __future__ import annotations

from datetime import UTC, datetime

from cellgraph.addresses import redacted
from cellgraph.model import Sample, check_sample_name
from cellgraph.volumes.scan import Scan


def new_sample(scan: Scan) -> Sample:
    """Return the provenance of a graph made from a scan now, by this version.

    Raises
    ------
    ParameterError
        If the file name is not a valid sample name.
    """
    from cellgraph import __version__

    return Sample(
        name=check_sample_name(scan.sample),
        source=redacted(scan.header.source).encode(errors="backslashreplace").decode(),  # a path may not be UTF-8
        shape=tuple(int(size) for size in scan.shape),
        spacing=scan.spacing,
        unit=scan.unit,
        background=scan.rules.background,
        connectivity=scan.rules.connectivity,
        version=__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        reading=scan.words(),
        extra={"expand": scan.rules.reach.growth} if scan.rules.reach is not None else {},
    )
