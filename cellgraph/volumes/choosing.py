"""Choose which of several arrays in a container holds the labels, first by name."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cellgraph.errors import FormatError, NotFoundError, ParameterError, near
from cellgraph.volumes.axes import EXPECTED
from cellgraph.volumes.reading import Part

_LABELS = {
    "label", "labels", "labelled", "labeled", "labelmap", "seg", "segs", "segmentation", "segmentations", "segmented",
    "mask", "masks", "instance", "instances", "featureids", "grainids", "supervoxels", "watershed",
}  # fmt: skip
# Names of what is seen, which may be its labels or its image: they count where nothing beside them says "image".
_THINGS = {"cell", "cells", "nucleus", "nuclei", "objects"}
_WHOLE = {"exported_data", "neuron_ids", "cell_ids", "feature_ids"}
_IMAGES = {
    "raw", "image", "images", "img", "data", "x", "intensity", "em", "probability", "probabilities", "prob", "pmap",
    "prediction", "predictions", "boundary", "boundaries", "gray", "grey", "dapi", "membrane", "phase", "channel",
}  # fmt: skip
_LEVEL = re.compile(r"(?:s|scale|mag|level)?\d+|\d+-\d+-\d+|data|image")  # says nothing of what is in it
_INDEXES = re.compile(r"(?:^|/)(?:unique-labels|label-to-block-mapping|fragment-segment-assignment)(?:/|$)")  # Paintera


@dataclass(frozen=True)
class Candidate:
    """An array of a container."""

    name: str  # Its path in the container
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    number: int | None = None  # Number that may be used instead of the name
    fits: bool = True  # Whether it can be labels, as far as the format shows

    @property
    def long(self) -> int:
        """Number of axes longer than 1."""
        return sum(n > 1 for n in self.shape)

    def __str__(self) -> str:
        return f"{self.name} {self.shape} {self.dtype.name}"


def named_labels(name: str) -> bool | None:
    """Tell by its path whether an array is labels (True) or an image (False); None where the name says neither."""
    if _INDEXES.search(name):
        return False
    parts = name.split("/")
    while len(parts) > 1 and _LEVEL.fullmatch(parts[-1].lower()):
        parts.pop()
    own, *folders = [_said(part) for part in reversed(parts)]
    if own == "things":
        return None if "image" in folders[:1] else True
    raw = own == "image" and parts[-1].lower() in ("raw", "probabilities")
    if "labels" in (own, *folders) and not raw:  # also labels/dapi
        return True
    return False if own == "image" or (own is None and "image" in folders[:1]) else None


def _said(part: str) -> str | None:
    """Return what one part of a path says is in it: ``labels``, ``things``, ``image``, ``unclear``, or nothing."""
    lower = part.lower()
    if lower in _WHOLE:
        return "labels"
    words = set(re.findall(r"[a-z]+", lower)) | set(re.findall(r"[a-z]+", re.sub(r"([A-Z])", r" \1", part).lower()))
    image = words & _IMAGES
    if image and words & {"raw", "probability", "probabilities", "intensity"}:
        return "image"
    if words & _LABELS:
        return "labels"
    if words & _THINGS:
        return "unclear" if image else "things"
    return "image" if image else None


def choose(
    candidates: Sequence[Candidate], dataset: str | None, source: str, joint: str, *, levels: bool = False
) -> tuple[Candidate, Part]:
    """Return the array with the labels, and the reason: the one that the user names, or else the only plausible one.

    An array named like labels is never passed over for another: if it cannot be used, opening it says why.

    Parameters
    ----------
    candidates : sequence of Candidate
        The arrays of a container.
    dataset : str or None
        The name given by the user.
    source : str
        The container, for messages.
    joint : str
        Separator between container and dataset, for messages: ``:`` or ``/``.
    levels : bool
        Whether the candidates are resolutions of one image, finest first.

    Raises
    ------
    NotFoundError
        If there is no array of that name.
    FormatError
        If none could be labels.
    ParameterError
        If several could be.
    """
    if dataset is not None:
        return _named(candidates, dataset.strip("/"), source)
    if levels:
        coarser = tuple(c.name for c in candidates[1:])
        why = f"the finest of {len(candidates)} resolutions" if coarser else "the only one"
        return candidates[0], Part("dataset", f'"{candidates[0].name}"', "file", why, coarser)
    largest = max((math.prod(c.shape) for c in candidates), default=0)
    labels = [c for c in candidates if named_labels(c.name) and c.long >= 2 and not _is_table(c, largest)]
    images = [c for c in candidates if named_labels(c.name) is False]
    listed_labels = [c for c in candidates if named_labels(c.name)]
    shaped = [c for c in candidates if c.fits and c.long in (2, 3)]
    usable = [c for c in shaped if c.dtype.kind in "bui"] or [c for c in shaped if c.dtype.kind == "f"]
    floats = [c for c in shaped if c.dtype.kind == "f" and c not in images]  # read as labels where they are whole
    if len(labels) == 1 and labels[0].dtype.kind == "b":
        whole = [c for c in shaped if c.dtype.kind in "ui" and c not in images]
        labels += [*whole, *_rivals(floats, [*labels, *whole])]
    if len(labels) == 1:
        return _chosen(labels[0], candidates, "named so")
    if len(labels) > 1:
        raise several(source, [str(c) for c in labels], joint, "label image")
    if listed_labels and images and len(candidates) > 1 and all(c in images for c in usable):
        return _chosen(listed_labels[0], candidates, "named so")
    others = [c for c in usable if c not in images]
    if rivals := _rivals(floats, others):
        raise several(source, [str(c) for c in candidates if c in others or c in rivals], joint, "label image")
    if len(others) == 1:
        return _chosen(others[0], candidates, "the only one that could be labels")
    unfit = [c for c in candidates if c.long >= 2 and c not in images and c not in usable and not _is_table(c, largest)]
    if not others and unfit and usable:
        raise several(source, [str(c) for c in (*unfit, *usable)], joint, "label image")
    usable = others or usable
    if len(usable) == 1 or len(candidates) == 1:
        return _chosen((usable or list(candidates))[0], candidates, "the only one that could be labels")
    volumes = [c for c in usable if c.long == 3]  # small tables do not compete with a volume
    if len(volumes) == 1:
        return _chosen(volumes[0], candidates, "the only 3D integer dataset")
    listed = ", ".join(map(str, usable or candidates))
    if not usable:
        raise FormatError(f"{source}: {EXPECTED}, a 2D or 3D integer dataset, but it has only {listed}")
    raise several(source, [str(c) for c in usable], joint, "integer dataset")


def _rivals(floats: Sequence[Candidate], whole: Sequence[Candidate]) -> list[Candidate]:
    """Return the arrays of floats that may be labels as well as those of whole numbers, which may be masks or images.

    Narrow ones are tables, and those with more axes than any of integers have channels, as probabilities.
    """
    shapes = {_long_axes(c) for c in whole}
    axes = max((c.long for c in whole if c.dtype.kind != "b"), default=3)
    narrow = [c for c in floats if c.long == 2 and min(_long_axes(c)) < 16 and _long_axes(c) not in shapes]
    return [c for c in floats if whole and c not in whole and c not in narrow and c.long <= axes]


def _long_axes(candidate: Candidate) -> tuple[int, ...]:
    return tuple(n for n in candidate.shape if n > 1)


def _is_table(candidate: Candidate, largest: int) -> bool:
    """Whether an array is a list of rows beside an image, as one of positions: narrow and much smaller."""
    return candidate.long == 2 and min(candidate.shape) < 16 and 16 * math.prod(candidate.shape) <= largest


def _named(candidates: Sequence[Candidate], dataset: str, source: str) -> tuple[Candidate, Part]:
    for candidate in candidates:
        if dataset == candidate.name or (dataset.isdecimal() and int(dataset) == candidate.number):
            return candidate, Part("dataset", f'"{candidate.name}"', "user")
    raise NotFoundError(f"{source}: no dataset {dataset!r} in it{listed_near(dataset, [c.name for c in candidates])}")


def listed_near(name: str, known: Sequence[str]) -> str:
    """Return the end of a sentence about a missing name: the existing names, and a suggestion."""
    shown = f"; it has {', '.join(known)}" if 0 < len(known) <= 20 else ""
    return f"{shown}.{near(name, known)}" if known else ""


def several(source: str, names: Sequence[str], joint: str, what: str) -> ParameterError:
    """Return the error for a container that holds several things of a kind, with no clear choice."""
    shown = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
    first = names[0].split(" ")[0]
    return ParameterError(
        f"{source}: expected one {what}, but it has {len(names)}; choose one, as {source.rstrip('/')}{joint}{first} or "
        f"with --dataset NAME, of {shown}"
    )


def _chosen(chosen: Candidate, candidates: Sequence[Candidate], why: str) -> tuple[Candidate, Part]:
    others = tuple(str(c) for c in candidates if c is not chosen and c.long >= 2)
    names = [f'"{c.name}"' for c in candidates if c is not chosen and c.long >= 2]
    if not names:
        why = "the only one"
    elif len(names) <= 3:
        why += f"; {', '.join(names)} left out"
    else:
        why += f"; {', '.join(names[:3])} and {len(names) - 3} more left out"
    return chosen, Part("dataset", f'"{chosen.name}"', "file", why, others)
