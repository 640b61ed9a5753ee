"""Zarr and OME-Zarr, versions 2 and 3: choose the array and open it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from cellgraph.errors import FormatError, NotFoundError
from cellgraph.volumes.attributes import attribute_axes, attribute_spacing, refuse_multisets, scaled_values
from cellgraph.volumes.axes import Axes, find_axes
from cellgraph.volumes.choosing import Candidate, choose, listed_near, named_labels, several
from cellgraph.volumes.coordinates import Coordinates, coordinate_size, coordinates
from cellgraph.volumes.files import parsing
from cellgraph.volumes.formats import FOLDERS
from cellgraph.volumes.multiscales import Level, label_names, level_size, levels
from cellgraph.volumes.n5_metadata import n5_size
from cellgraph.volumes.objects import Folder, Objects
from cellgraph.volumes.pieces import PiecesVolume
from cellgraph.volumes.reading import Part, Reading
from cellgraph.volumes.units import Size
from cellgraph.volumes.volume import Index, Volume
from cellgraph.volumes.webknossos import WEBKNOSSOS, dataset_above, finest_of, segmentation_layer, webknossos_level
from cellgraph.volumes.zarr_chunks import zarr_pieces
from cellgraph.volumes.zarr_metadata import Group, ZarrArray, join, read_node

_DEEPEST = 5


def open_zarr(folder: Path, dataset: str | None, source: str, reading: Reading) -> Volume:
    """Open an array of a local Zarr hierarchy; `dataset` is its path below the folder."""
    is_zarr = next(known.recognise for known in FOLDERS if known.scheme == "zarr")
    root = folder
    # The scale of an array is in the attributes of the groups around it.
    while is_zarr(root.resolve().parent, b""):
        root = root.resolve().parent
    root = dataset_above(root) or root  # of WEBKNOSSOS, whose layers have no metadata of their own
    inside = folder.resolve().relative_to(root.resolve()).as_posix() if root != folder else ""
    path = "/".join(part for part in (inside.strip("."), (dataset or "").strip("/")) if part)
    return open_node(Folder(root), path, source, reading)


def open_node(objects: Objects, path: str, source: str, reading: Reading) -> Volume:
    """Open the array or group at a path of a Zarr hierarchy in any store."""
    with parsing(source, "a Zarr array or image"):
        node = read_node(objects, path, source)
        if node is None and objects.get(WEBKNOSSOS) is not None:
            layer = finest_of(objects, path, source) if path else None
            node = read_node(objects, layer, source) if layer else None if path else Group("", {})
        if node is None:
            parent, _, name = path.rpartition("/")
            known = sorted(objects.children(parent))
            raise NotFoundError(f"{source}: no Zarr array or group {path!r} in it{listed_near(name, known)}")
        level = None
        if isinstance(node, ZarrArray):
            array = node
            parts: tuple[Part, ...] = (Part("dataset", f'"{path}"', "user"),) if path else ()
        else:
            array, level, parts = _choose(objects, node, source)
            source = f"{source.rstrip('/')}/{array.path.removeprefix(path).strip('/')}"
        if level is None:
            level = _level_of(objects, array, source) or webknossos_level(objects, array.path, len(array.shape), source)
        return _open_array(objects, array, level, source, parts, reading)


def _choose(objects: Objects, group: Group, source: str) -> tuple[ZarrArray, Level | None, tuple[Part, ...]]:
    """Find the labelled image of a group: its label image, the group itself, or the only integer array in it."""
    if not group.path and (layer := segmentation_layer(objects, source)):
        array = _array_named(objects, layer, WEBKNOSSOS, source)
        return array, None, (Part("dataset", f'"{layer}"', "file", "segmentation in WEBKNOSSOS"),)
    images = images_inside(objects, group, source)
    labels = [join(image, name) for image in images or [""] for name in _labels_inside(objects, group, image, source)]
    if not labels and len(images) > 1:
        raise several(source, images, "/", "image")
    if len(labels) > 1:
        raise several(source, labels, "/", "label image")
    for inner in labels or images:
        node = read_node(objects, join(group.path, inner), source)
        if isinstance(node, Group):
            chosen, level, _ = _choose(objects, node, source)
            why = "the only label image; the image left out" if labels else "the only image"
            return chosen, level, (Part("dataset", f'"{inner}"', "file", why),)
        if node is not None:
            return node, None, (Part("dataset", f'"{inner}"', "file", "named so"),)
        if labels:
            raise _incomplete(source, inner)
    found = levels(group.attributes)
    if found:
        array = _array_named(objects, join(group.path, found[0].path), "its metadata", source)
        beside = _labels_beside(objects, group, found, source)
        if beside:
            return _chosen(beside | {found[0].path: array}, source)
        scales = [Candidate(level.path, array.shape, array.dtype) for level in found]
        return array, found[0], (choose(scales, None, source, "/", levels=True)[1],)
    arrays = {a.path.removeprefix(group.path).strip("/"): a for a in _arrays(objects, group, source, _DEEPEST)}
    if not arrays:
        raise FormatError(f"{source}: expected a Zarr array or image, but it is a group in which none was found")
    return _chosen(arrays, source)


def _chosen(arrays: dict[str, ZarrArray], source: str) -> tuple[ZarrArray, Level | None, tuple[Part, ...]]:
    """Choose the labels among arrays by their paths."""
    only, part = choose([Candidate(name, a.shape, a.dtype) for name, a in arrays.items()], None, source, "/")
    return arrays[only.name], None, (part,)


def _incomplete(source: str, path: str) -> FormatError:
    return FormatError(
        f"{source}: expected the label image {path!r}, but there is no metadata of it; it was not copied completely, "
        "so copy it again, or name another array with --dataset"
    )


def _labels_beside(objects: Objects, group: Group, found: list[Level], source: str) -> dict[str, ZarrArray]:
    """Return the arrays in the group of an image, but not of its resolutions, whose names say that they are labels."""
    own = {level.path.split("/")[0] for level in found}
    paths = [name for name in sorted(objects.children(group.path)) if name not in own and named_labels(name)]
    inside: dict[str, ZarrArray] = {}
    for name in paths:
        node = read_node(objects, join(group.path, name), source)
        arrays = _finest(objects, node, source)
        if isinstance(node, Group):
            arrays = arrays or [*_arrays(objects, node, source, 1)]
        inside |= {array.path.removeprefix(group.path).strip("/"): array for array in arrays}
    return inside


def _array_named(objects: Objects, path: str, by: str, source: str) -> ZarrArray:
    """Return an array named in metadata."""
    array = read_node(objects, path, source)
    if not isinstance(array, ZarrArray):
        raise FormatError(f"{source}: {by} names the array {path!r}, but there is none; it is incomplete")
    return array


def images_inside(objects: Objects, group: Group, source: str) -> list[str]:
    """Return the paths of the images of a plate, a well, or a bioformats2raw layout."""
    ome = group.attributes.get("ome")
    attributes = ome if isinstance(ome, Mapping) else group.attributes
    plate, well = attributes.get("plate"), attributes.get("well")
    if isinstance(well, Mapping):
        return [str(image["path"]) for image in well.get("images", ())]
    if isinstance(plate, Mapping):
        found = []
        for path in (str(each["path"]) for each in plate.get("wells", ())):
            node = read_node(objects, join(group.path, path), source)
            if isinstance(node, Group):
                found += [join(path, image) for image in images_inside(objects, node, source)]
        return found
    if "bioformats2raw.layout" in attributes:
        listed = read_node(objects, join(group.path, "OME"), source)
        inner = listed.attributes if isinstance(listed, Group) else {}
        inner = inner["ome"] if isinstance(inner.get("ome"), Mapping) else inner
        series = inner.get("series") or sorted(n for n in objects.children(group.path) if n.isdecimal())
        return [str(each) for each in series] or ["0"]
    return []


def _labels_inside(objects: Objects, group: Group, image: str, source: str) -> list[str]:
    """Return the paths of the label images below an image or a ``labels`` group, whether listed or not."""
    base = join(group.path, image) if image else group.path
    if not image and label_names(group.attributes):  # the group ``labels`` itself
        return _all_names(objects, base, label_names(group.attributes))
    labels = read_node(objects, join(base, "labels"), source)
    if isinstance(labels, ZarrArray):
        return ["labels"]
    names = label_names(labels.attributes) if labels is not None else []
    return [f"labels/{name}" for name in _all_names(objects, join(base, "labels"), names)]


def _all_names(objects: Objects, path: str, listed: list[str]) -> list[str]:
    """Return the names that a group of labels lists, and those of the folders that it does not list."""
    return [*listed, *(name for name in sorted(objects.children(path)) if name not in listed and name[0] not in "._")]


def _arrays(objects: Objects, group: Group, source: str, depth: int) -> Iterator[ZarrArray]:
    """Yield the arrays of a group and of those inside it, of images only the finest resolution."""
    known = set()
    for path in group.consolidated or ():
        node = _foreign_aside(objects, join(group.path, path), source)
        if isinstance(node, ZarrArray):
            known.add(node.path)
            yield node
    # What was written after the metadata were put together is not among them.
    for name in sorted(objects.children(group.path)):
        path = join(group.path, name)
        node = _foreign_aside(objects, path, source)
        if isinstance(node, ZarrArray):
            if path not in known:
                yield node
        elif node is not None and depth:
            inside = _finest(objects, node, source)
            for label in _labels_inside(objects, node, "", source) if inside else ():
                inside += _finest(objects, read_node(objects, join(path, label), source), source)
            inside = inside or [*_arrays(objects, node, source, depth - 1)]
            yield from (array for array in inside if array.path not in known)
        elif node is None and named_labels(name) and next(iter(objects.files(path) or ()), None) is not None:
            raise _incomplete(source, name)


def _finest(objects: Objects, node: Group | ZarrArray | None, source: str) -> list[ZarrArray]:
    """Return an array, or that of the finest resolution of an image; nothing for other groups."""
    if isinstance(node, Group):
        found = levels(node.attributes)
        node = read_node(objects, join(node.path, found[0].path), source) if found else None
    return [node] if isinstance(node, ZarrArray) else []


def _foreign_aside(objects: Objects, path: str, source: str) -> Group | ZarrArray | None:
    """Read a node; None where it is an array that cannot be read and whose name does not say that it is labels."""
    try:
        return read_node(objects, path, source)
    except FormatError:
        if named_labels(path):
            raise
        return None


def _groups_around(objects: Objects, array: ZarrArray, source: str) -> Iterator[Group]:
    """Yield the groups around an array, innermost first."""
    for parent in PurePosixPath(array.path).parents if array.path else ():
        group = read_node(objects, "" if str(parent) == "." else str(parent), source)
        if isinstance(group, Group):
            yield group


def _level_of(objects: Objects, array: ZarrArray, source: str) -> Level | None:
    """Find the resolution level of an array, from the attributes of the groups around it."""
    for group in _groups_around(objects, array, source):
        for level in levels(group.attributes):
            if join(group.path, level.path) == array.path:
                return level
    return None


def _coordinates(
    objects: Objects, array: ZarrArray, names: Sequence[str] | None, source: str
) -> list[Coordinates | None]:
    """Return the coordinates along each axis: an array of one dimension beside it that is named like the axis."""
    found: list[Coordinates | None] = []
    group = array.path.rpartition("/")[0]
    for number, length in enumerate(array.shape):
        name = str(names[number]) if names is not None and len(names) == len(array.shape) else ""
        beside = _foreign_aside(objects, join(group, name), source) if array.path and name and "/" not in name else None
        if isinstance(beside, ZarrArray) and beside.shape == (length,) and beside.dtype.kind in "iuf":
            found.append(coordinates(name, _values(objects, beside, source), beside.attributes))
        else:
            found.append(None)
    return found


def _values(objects: Objects, array: ZarrArray, source: str) -> np.ndarray[Any, Any]:
    """Return all values of an array of one dimension."""
    pieces = zarr_pieces(objects, array, source)
    (length,), (step,) = array.shape, pieces.extent
    parts = [pieces.piece((number,)) for number in range(-(-length // step))]
    whole = [np.full(step, pieces.fill, array.dtype) if part is None else part for part in parts]
    return np.concatenate(whole)[:length]


def _attribute_size(objects: Objects, array: ZarrArray, axes: Axes, names: Sequence[str] | None, source: str) -> Size:
    """Return the voxel size in the attributes of an array or of the groups around it."""
    if {"pixelResolution", "transform"} & set(array.attributes):  # as tools of N5 write them into Zarr, too
        return n5_size(array.attributes, axes)
    size = attribute_spacing(array.attributes, axes)
    if size.spacing is None:
        size = size.otherwise(coordinate_size(_coordinates(objects, array, names, source), axes))
    for group in _groups_around(objects, array, source):
        if size.spacing is not None:
            break
        size = size.otherwise(attribute_spacing(group.attributes, axes))
    return size


def _turned(level: Level, axes: Axes) -> tuple[Index, Index]:
    """Return the corners of the box of a level along the axes as they are read, which the user may name otherwise."""
    corners = []
    for corner, missing in zip(level.box or (), (0, 1), strict=True):
        along = dict(zip("zyx", corner, strict=True))
        corners.append(axes.pick([along.get(letter, missing) for letter in level.axes or "zyx"], missing))
    return corners[0], corners[1]


def _open_array(
    objects: Objects, array: ZarrArray, level: Level | None, source: str, parts: tuple[Part, ...], reading: Reading
) -> Volume:
    refuse_multisets(array.attributes, source)
    names: Sequence[str] | None = array.names
    why = "dimension names"
    if names is None:
        names, why = attribute_axes(array.attributes, len(array.shape))
    if level is not None and level.axes is not None and len(level.axes) == len(array.shape):
        names, why = level.axes, level.why
    axes = find_axes(array.shape, names, array.dtype, source, reading, why)
    axes = replace(axes, notes=(*axes.notes, *scaled_values(array.attributes)))
    size = Size() if level is None else level_size(level, axes)
    if size.spacing is None:
        size = size.otherwise(_attribute_size(objects, array, axes, names, source))
    if level is not None and level.box is not None:
        axes = axes.within(_turned(level, axes))
    return PiecesVolume(zarr_pieces(objects, array, source), axes.told(*parts), source, size)
