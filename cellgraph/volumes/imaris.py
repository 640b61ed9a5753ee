"""Imaris files, which are HDF5: the extent of the image and its voxel size."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.volumes.axes import Axes
from cellgraph.volumes.units import Size, unit_name, valid_size

if TYPE_CHECKING:
    from h5py import Dataset, File

FINEST = "DataSet/ResolutionLevel 0"


def is_imaris(file: File) -> bool:
    """Tell whether an HDF5 file is an Imaris file."""
    return FINEST in file and "DataSetInfo/Image" in file


def imaris_extent(dataset: Dataset, axes: Axes) -> Axes:
    """Return the axes of an image without the padding to whole chunks."""
    attributes = dataset.parent.attrs
    with suppress(KeyError, ValueError):
        stored = tuple(int(_letters(attributes, f"ImageSize{axis}")) for axis in "ZYX")
        z, y, x = axes.pick(stored)
        if all(0 < n <= m for n, m in zip((z, y, x), axes.shape, strict=True)):
            return replace(axes, extent=(z, y, x))
    return axes


def imaris_size(file: File, axes: Axes) -> Size:
    """Return the voxel size: extent divided by the number of voxels."""
    image = file["DataSetInfo/Image"].attrs
    with suppress(KeyError, ValueError, ZeroDivisionError):
        lengths = [float(_letters(image, f"ExtMax{i}")) - float(_letters(image, f"ExtMin{i}")) for i in (2, 1, 0)]
        counts = [float(_letters(image, axis)) for axis in "ZYX"]
        stored = tuple(float(f"{length / n:.9g}") for length, n in zip(lengths, counts, strict=True))
        if spacing := valid_size(axes.pick(stored), axes.ndim):
            unit = unit_name(_letters(image, "Unit")) if "Unit" in image else "micrometer"
            return Size(spacing, unit, "Imaris extents")
    return Size()


def _letters(attributes: Mapping[str, Any], name: str) -> str:
    """Return a string that Imaris writes as an array of characters."""
    value = attributes[name]
    if isinstance(value, np.ndarray):
        return b"".join(np.atleast_1d(value).astype("S").tolist()).decode("utf-8", "replace")
    return value.decode() if isinstance(value, bytes) else str(value)
