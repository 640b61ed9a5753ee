"""Name a sample after the volume that it comes from."""

from __future__ import annotations

import os
import re
from pathlib import Path

from cellgraph.volumes.formats import FILES, FOLDERS, FORMATS
from cellgraph.volumes.webknossos import dataset_above

# Extensions that are not part of a sample name; ``.ome.tif`` has two.
_SUFFIXES = {f".{part}" for known in FORMATS for suffix in known.suffixes for part in suffix[1:].split(".")} | {
    ".ome", ".seg", ".gz",
}  # fmt: skip
_INSIDE = "|".join(suffix[1:] for known in FILES if not (known.single or known.slices) for suffix in known.suffixes)
_CONTAINERS = tuple(suffix for known in FOLDERS for suffix in known.suffixes)


def sample_name(source: str) -> str:
    """Return the name of a sample from the path of its volume: the file's, without extensions and dataset."""
    path = re.sub(rf"(\.(?:{_INSIDE})):.*", r"\1", source.split("?")[0] if "://" in source else source).rstrip("/")
    parts = [part for part in path.replace("\\", "/").split("/") if part]
    name = parts[-1] if parts else "sample"
    if name in (".", ".."):
        name = os.path.basename(os.path.abspath(path)) or "sample"
    if "://" not in source and (dataset := dataset_above(Path(path))) is not None:
        name = dataset.name
    # For a group within a container, the name of the container is the informative one.
    stem = next((part for part in parts[:-1] if part.endswith(_CONTAINERS)), name)
    while Path(stem).suffix.lower() in _SUFFIXES and Path(stem).stem:
        stem = Path(stem).stem
    return stem
