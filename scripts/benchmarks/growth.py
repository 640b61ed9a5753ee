"""Cells grown into the background: cellgraph's kernel, scipy's feature transform, and scikit-image, on one thread."""

from statistics import median

import numpy as np
from measure import Table, folder, in_turn, ratio
from scipy.ndimage import distance_transform_edt
from skimage.segmentation import expand_labels

import cellgraph
from cellgraph.voxels.expansion import grown, ranked
from cellgraph.voxels.metric import Metric
from cellgraph.voxels.parameters import Rules

ROUNDS = 5
SHAPE = (160, 200, 200)
SPACING = (2.0, 1.0, 1.0)


def run() -> None:
    """Print the table."""
    table = Table(
        f"Cells of a tissue with gaps grown into the background ({' x '.join(map(str, SHAPE))}), median of {ROUNDS}",
        "gap, D", "what", "MVoxel/s", "cellgraph is faster by",
    )  # fmt: skip
    with folder() as place:
        for gap, distance in ((2, 3.0), (6, 3.0), (6, 10.0)):
            cellgraph.phantom(place / "cells.npy", cells=2000, shape=SHAPE, gap=gap, seed=1, overwrite=True)
            labels = np.load(place / "cells.npy")
            contenders = {
                "cellgraph": lambda labels=labels, distance=distance: grown(
                    ranked(labels, Rules())[0], Metric.of(SPACING), distance
                ),
                "scipy, feature transform alone": lambda labels=labels: distance_transform_edt(
                    labels == 0, sampling=SPACING, return_indices=True
                ),
                "scikit-image, expand_labels": lambda labels=labels, distance=distance: expand_labels(
                    labels, distance, spacing=SPACING
                ),
            }
            seconds = in_turn(contenders, ROUNDS)
            for name, times in seconds.items():
                faster = f"{ratio(seconds, 'cellgraph', name):.1f}"
                table.row(f"{gap}, {distance:g}", name, f"{labels.size / median(times) / 1e6:.1f}", faster)
