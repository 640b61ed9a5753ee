"""Show how a volume would be read, for ``--dry-run``."""

from __future__ import annotations

import json
from typing import Any

from cellgraph.cli.output import Format
from cellgraph.cli.stdout import show_text
from cellgraph.errors import ParameterError


def show_reading(source: str, scan: dict[str, Any], fmt: Format | None, sample: str | None = None) -> None:
    """Print how a volume would be read; of a time series its first frame stands for each."""
    from cellgraph.loading.many import require_frames
    from cellgraph.volumes.scan import scanned

    if fmt not in (None, Format.table, Format.json):
        raise ParameterError(f"--dry-run prints text or json, not {fmt.value}")
    each = scan.get("time") == "each"
    if each:
        scan = {**scan, "time": 0}
    with scanned(source, sample, **scan) as opened:
        if each:
            require_frames(source, opened)
        show_text(json.dumps(opened.fields(), ensure_ascii=False) if fmt is Format.json else opened.describe())
