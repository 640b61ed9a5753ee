"""Contacts and measures of a dense volume: cellgraph, cc3d, scikit-image, and the sum of the same array."""

from statistics import median

import cc3d
import numpy as np
import tifffile
from measure import Table, data_dir, in_turn, ratio
from skimage.graph import RAG
from skimage.measure import regionprops_table
from skimage.segmentation import relabel_sequential

from cellgraph.loading.arrays import sweep

ROUNDS = 7
CROP = 128


def run() -> None:
    """Print the table."""
    labels = tifffile.imread(data_dir() / "connectomics_512.ome.tif")
    dense = relabel_sequential(labels)[0].astype(np.uint32)  # cc3d's statistics need memory for the largest label
    crop = np.ascontiguousarray(dense[:CROP, :CROP, :CROP])
    spacing = (40.0, 32.0, 32.0)

    def with_cc3d() -> None:
        cc3d.contacts(dense, connectivity=6, anisotropy=spacing[::-1])
        cc3d.statistics(dense)

    def with_skimage() -> None:
        RAG(crop, connectivity=1)
        regionprops_table(crop, spacing=spacing, properties=("label", "area", "centroid", "bbox", "inertia_tensor"))

    contenders = {
        "cellgraph": lambda: sweep(labels, spacing=spacing),
        "cellgraph, 1 thread": lambda: sweep(labels, spacing=spacing, workers=1),
        "numpy sum": lambda: labels.sum(),
        "cc3d": with_cc3d,
    }
    seconds = in_turn(contenders, ROUNDS)
    seconds |= in_turn({"scikit-image": with_skimage}, 1)
    says = {
        "cellgraph": "contacts and all measures",
        "cellgraph, 1 thread": "the same",
        "numpy sum": "reads every voxel once, 1 thread",
        "cc3d": "contacts + statistics, ids renumbered before",
        "scikit-image": f"RAG + regionprops, on a crop of {CROP}^3",
    }
    size = " x ".join(map(str, labels.shape))
    title = f"Sweep of connectomics_512.ome.tif ({size} {labels.dtype}, in memory), median of {ROUNDS}"
    table = Table(title, "", "what", "MVoxel/s", "cellgraph is faster by")
    for name, times in seconds.items():
        voxels = crop.size if name == "scikit-image" else labels.size
        rate = voxels / median(times) / 1e6
        faster = f"{ratio(seconds, 'cellgraph', name):.2f}" if name in contenders else ""
        if name == "scikit-image":
            faster = f"{labels.size / median(seconds['cellgraph']) / 1e6 / rate:.0f}"
        table.row(name, says[name], f"{rate:,.1f}", faster)
