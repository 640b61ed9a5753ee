"""Real images of all formats: shape, type, voxel size, number of labels."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cellgraph.volumes import HaloReader, open_volume, plan_blocks

UM = "micrometer"


@pytest.mark.parametrize(
    ("name", "shape", "dtype", "spacing", "unit", "labels"),
    [
        ("connectomics_512.ome.tif", (512, 512, 512), "uint32", (0.04, 0.032, 0.032), UM, 2524),
        ("meristem_100.tif", (100, 100, 100), "uint16", (0.40049,) * 3, UM, 254),
        ("ovule_sample.h5:label", (32, 128, 128), "uint16", (0.235, 0.15, 0.15), UM, 51),
        ("neuroproof_labels.h5", (50, 200, 100), "uint32", None, None, 164),
        ("epithelium.ome.tif", (1, 199, 206), "uint32", (1.0, 1.0, 1.0), UM, 95),
        ("nuclei_3d.tif", (31, 61, 57), "uint16", None, None, 52),
        ("nuclei_2d.tif", (1, 512, 512), "uint16", None, None, 126),
        ("brain_atlas.nii.gz", (155, 182, 146), "uint8", (1.0, 1.0, 1.0), "millimeter", 84),
        ("imc_gapped.tif", (1, 100, 100), "uint16", None, None, 114),
        ("grains.npy", (1, 243, 359), "int64", None, None, 142),
        ("grains_negative_sentinel.npy", (1, 243, 359), "int64", None, None, 110),
        ("float_labels.tif", (1, 254, 256), "int64", None, None, 65),
    ],
)
def test_real_image(
    data_dir: Path, name: str, shape: Any, dtype: str, spacing: Any, unit: str | None, labels: int
) -> None:
    volume = open_volume(f"{data_dir}/{name}")
    header = volume.header
    assert (header.shape, header.dtype.name, header.unit) == (shape, dtype, unit)
    assert header.ndim == (2 if shape[0] == 1 else 3)
    assert header.spacing == (None if spacing is None else pytest.approx(spacing))
    reader = HaloReader(volume)
    seen: set[int] = set()
    for block in plan_blocks(header, 64 << 20, 2):
        part, (z, y, x) = reader.read(block)
        seen.update(np.unique(part[z:, y:, x:]).tolist())
    assert len(seen) in (labels, labels - 1)  # with or without background
    volume.close()


def test_a_raw_image_beside_the_labels(data_dir: Path) -> None:
    with closing(open_volume(data_dir / "ovule_sample.h5")) as volume:
        assert volume.header.source.endswith(":label")
