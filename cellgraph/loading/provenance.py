"""Where a graph comes from: the `Sample` of a sweep that is made now."""

from __future__ import annotations

from datetime import UTC, datetime

from cellgraph.addresses import redacted
from cellgraph.model import Sample, check_sample_name
from cellgraph.volumes.scan import Scan


def new_sample(scan: Scan) -> Sample:
    """Return the provenance of a graph that is made of a scan now, by this version.

    Raises
    ------
    ParameterError
        If the name of the file is not valid as the name of a sample.
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
