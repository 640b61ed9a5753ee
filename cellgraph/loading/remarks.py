"""Notes for the user on what looks odd about a new graph."""

from __future__ import annotations

from math import prod

import numpy as np

from cellgraph.loading.gapnote import gap_note
from cellgraph.model import CellGraph
from cellgraph.volumes.scan import Scan

_MANY = 1000
_SMALL = 3
_LARGE = 2**16
_FILLED, _TOUCHING = 0.03, 0.3
_FEW, _PIECES, _SPECK, _SEARCHED = 10, 4, 0.1, 2**23


def no_labels(graph: CellGraph) -> str | None:
    """Return why these are probably no labels, as the end of a sentence; None where they may be some.

    An image before segmentation has a value for nearly every voxel: many labels of a few voxels each, or, where there
    are only some hundred values as in 8 bits, labels that are scattered over the image. Small arrays are not judged.
    """
    voxels = graph.cells["voxels"].to_numpy()
    small = int((voxels <= _SMALL).sum())
    found = None
    if len(voxels) > _MANY and 2 * small > len(voxels):
        found = f"{small:,} of {len(voxels):,} labels have only one to three voxels"
    elif prod(graph.sample.shape) >= _LARGE and _are_scattered(graph):
        found = f"the voxels of most of {len(voxels):,} labels are scattered over the image"
    return found and (
        f"expected labelled cells, but {found}, as in an unsegmented image; choose the labels with --dataset, "
        "segment the image first, or load it anyway with --any-labels"
    )


def _are_scattered(graph: CellGraph) -> bool:
    """Whether most labels fill next to nothing of their bounding boxes, and many voxels touch other labels.

    Of 11 real label images the median cell fills 10 to 74 % of its box, and 0 to 6 % of the faces between voxels are
    between cells; of 16 grey images, 0.1 to 1.2 % and 40 to 98 %.
    """
    cells, ndim = graph.cells, len(graph.sample.shape)
    if cells.num_rows < 2:
        return False
    boxes = np.ones(cells.num_rows)
    for axis in "zyx"[3 - ndim :]:
        boxes *= cells[f"{axis}_stop"].to_numpy() - cells[f"{axis}_start"].to_numpy()
    voxels = cells["voxels"].to_numpy()
    faces = float(graph.contacts["junctions"].to_numpy().sum())
    return bool(np.median(voxels / boxes) < _FILLED and faces > _TOUCHING * ndim * float(voxels.sum()))


def remarks(graph: CellGraph, scan: Scan) -> list[str]:
    """Return notes on a graph: no voxel size, no background or a label that looks like it, no contacts."""
    notes = []
    if scan.reading.rgb:
        black = " besides black" if scan.rules.background == 0 else ""
        notes.append(f"the image has {graph.cells.num_rows:,} colours{black}; each is one label")
    told = scan.part("voxel")
    quoted = any("--spacing" in note for note in scan.header.notes)
    if told is not None and told.origin == "assumed" and not quoted:
        order = "Z,Y,X" if len(graph.sample.shape) == 3 else "Y,X"
        notes.append(f"the file gives no voxel size, so 1 was assumed; set it with --spacing {order} and --unit UNIT")
    notes += _background(graph, scan)
    if graph.cells.num_rows == 1:
        notes.append("there is only one cell, so there are no contacts; is this a mask that has not been labelled yet?")
    return notes + (_classes(graph, scan) or gap_note(graph, scan))


def _classes(graph: CellGraph, scan: Scan) -> list[str]:
    """Say of a small image if its few labels are in many pieces, specks left out, as those of a mask of classes are."""
    shape, labels = scan.volume.header.shape, graph.cells["label"].to_pylist()
    if not 2 <= len(labels) <= _FEW or prod(shape) > _SEARCHED:
        return []
    from scipy import ndimage

    image = scan.volume.read((0, 0, 0), shape)
    ends = np.array([[graph.cells[f"{axis}_{end}"] for axis in "zyx"] for end in ("start", "stop")])
    boxes = [tuple(map(slice, *ends[:, :, row].tolist())) for row in range(len(labels))]
    pieces = 0
    for label, box in zip(labels, boxes, strict=True):
        sizes = np.bincount(ndimage.label(image[box] == label, np.ones((3, 3, 3)))[0].ravel())[1:]
        pieces += int(np.count_nonzero(sizes >= _SPECK * sizes.max(initial=0)))
    if pieces <= _PIECES * len(labels):
        return []
    return [
        f"the {len(labels)} labels are in {pieces:,} separate pieces, as in a mask of classes; if each is a cell, give "
        "each a label of its own first, as skimage.measure.label does"
    ]


def _background(graph: CellGraph, scan: Scan) -> list[str]:
    """If no voxel has the label of the background, say so, or name the label that covers most of the border."""
    told = scan.part("background")
    if told is None or int(graph.cells["voxels"].to_numpy().sum()) != prod(graph.sample.shape):
        return []
    background = scan.rules.background
    if told.origin == "user" and background is not None:
        zero = background != 0 and 0 in graph.cells["label"].to_pylist()
        cell = "; there are voxels of 0, which were loaded as the cell 0" if zero else ""
        return [f"no voxel is {background}, which --background names{cell}"]
    if told.origin != "assumed" or graph.cells.num_rows < 2:
        return []
    faces = graph.cells["border_faces"].to_numpy()
    largest = int(faces.argmax())
    if 2 * int(faces[largest]) <= int(faces.sum()):
        return []
    label = int(graph.cells["label"][largest].as_py())
    return [
        f"no voxel is 0, and the label {label} covers {100 * faces[largest] / faces.sum():.0f} % of the border of the "
        f"image, so it may be the background: it was loaded as a cell; if it is the background, load "
        f"again with --background {label} --replace"
    ]
