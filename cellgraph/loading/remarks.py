"""Notes for the user on what looks odd about a new graph."""

from __future__ import annotations

from math import prod

from cellgraph.loading.gapnote import gap_note
from cellgraph.model import CellGraph
from cellgraph.volumes.scan import Scan

_MANY = 1000
_SMALL = 3


def no_labels(graph: CellGraph) -> str | None:
    """Return why the values cannot be labels, as the end of a sentence; None if they may be.

    An unsegmented image has a different value in nearly every voxel: many labels, most of them with few voxels.
    """
    voxels = graph.cells["voxels"].to_numpy()
    small = int((voxels <= _SMALL).sum())
    if len(voxels) <= _MANY or 2 * small <= len(voxels):
        return None
    return (
        f"expected labelled cells, but {small:,} of {len(voxels):,} labels have only one to three voxels, as in an "
        "unsegmented image; choose the labels with --dataset, segment the image first, or load it anyway with "
        "--any-labels"
    )


def remarks(graph: CellGraph, scan: Scan) -> list[str]:
    """Return notes on a graph: no voxel size, a label that looks like the background, no contacts."""
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
    return notes + gap_note(graph, scan)


def _background(graph: CellGraph, scan: Scan) -> list[str]:
    """Name the label that covers most of the border, if the background was assumed and no voxel has its label."""
    told = scan.part("background")
    if told is None or told.origin != "assumed" or graph.cells.num_rows < 3:
        return []
    if int(graph.cells["voxels"].to_numpy().sum()) != prod(graph.sample.shape):
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
