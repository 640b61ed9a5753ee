"""What a sample is called after the volume that it comes from."""

from __future__ import annotations

import os
import re
from pathlib import Path

# Extensions that are no part of a sample's name; ``.ome.tif`` has two.
_SUFFIXES = {
    ".tif", ".tiff", ".btf", ".ome", ".npy", ".npz", ".zarr", ".h5", ".hdf5", ".hdf", ".nii", ".gz", ".n5", ".png",
    ".ims", ".mat", ".nrrd",
    ".nhdr", ".seg", ".mha", ".mhd", ".mgz", ".mgh", ".hdr", ".img", ".precomputed",
}  # fmt: skip


def sample_name(source: str) -> str:
    """Return the name of a sample from the path of its volume: the file's, without extensions and dataset."""
    path = re.sub(r"(\.(?:h5|hdf5|hdf|he5|npz|ims|mat)):.*", r"\1", source.split("?")[0]).rstrip("/")
    parts = [part for part in path.replace("\\", "/").split("/") if part]
    name = parts[-1] if parts else "sample"
    if name in (".", ".."):
        name = os.path.basename(os.path.abspath(path)) or "sample"
    if ".zarr/" in path or ".n5/" in path:  # a group within a container: the container has the telling name
        name = next(part for part in parts if part.endswith((".zarr", ".n5")))
    stem = name
    while Path(stem).suffix.lower() in _SUFFIXES and Path(stem).stem:
        stem = Path(stem).stem
    return stem
