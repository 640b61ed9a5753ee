"""Zarr and OME-Zarr, versions 2 and 3: choosing the array and opening it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from cellgraph.errors import FormatError, NotFoundError, ParameterError, near
from cellgraph.volumes.attributes import attribute_spacing
from cellgraph.volumes.axes import find_axes
from cellgraph.volumes.chunked import ChunkedVolume
from cellgraph.volumes.files import parsing
from cellgraph.volumes.multiscales import Level, label_names, levels, spacing
from cellgraph.volumes.objects import Folder, Objects
from cellgraph.volumes.volume import Volume
from cellgraph.volumes.zarr_chunks import ZarrChunks
from cellgraph.volumes.zarr_metadata import Group, ZarrArray, join, read_node

_DOCUMENTS = ("zarr.json", ".zarray", ".zgroup", ".zattrs")
_DEEPEST = 5


def is_zarr(folder: Path) -> bool:
    """Tell whether a folder is a Zarr array or group."""
    return any((folder / name).is_file() for name in _DOCUMENTS)


def open_zarr(folder: Path, dataset: str | None, source: str) -> Volume:
    """Open an array of a local Zarr hierarchy.

    Parameters
    ----------
    folder : pathlib.Path
        Of an array or a group.
    dataset : str or None
        Path below the folder.
    source : str
        What to call it in messages and in the graph.
    """
    root = folder
    # The scale of an array is in the attributes of the groups around it.
    while is_zarr(root.resolve().parent):
        root = root.resolve().parent
    inside = folder.resolve().relative_to(root.resolve()).as_posix() if root != folder else ""
    path = "/".join(part for part in (inside.strip("."), (dataset or "").strip("/")) if part)
    return open_node(Folder(root), path, source)


def open_node(objects: Objects, path: str, source: str) -> Volume:
    """Open what is at a path of a Zarr hierarchy in any store."""
    with parsing(source, "a Zarr array or image"):
        return _open_node(objects, path, source)


def _open_node(objects: Objects, path: str, source: str) -> Volume:
    node = read_node(objects, path, source)
    if node is None:
        raise NotFoundError(f"{source}: no Zarr array or group {path!r} in it.{_siblings(objects, path)}")
    notes: tuple[str, ...] = ()
    level = None
    if isinstance(node, ZarrArray):
        array = node
    else:
        array, level, notes = _choose(objects, node, source)
        source = f"{source.rstrip('/')}/{array.path.removeprefix(path).strip('/')}"
    if level is None:
        level = _level_of(objects, array, source)
    return _open_array(objects, array, level, source, notes)


def _siblings(objects: Objects, path: str) -> str:
    parent, _, name = path.rpartition("/")
    known = objects.children(parent)
    return near(name, known) or (f" There are {', '.join(sorted(known))}." if 0 < len(known) < 20 else "")


def _choose(objects: Objects, group: Group, source: str) -> tuple[ZarrArray, Level | None, tuple[str, ...]]:
    """Find the labelled image of a group: its label image, itself, or the only integer array in it."""
    labels = _labels_inside(objects, group, source)
    if len(labels) > 1:
        raise ParameterError(
            f"{source}: expected one label image, but it has {len(labels)}; choose one, as "
            f"{source.rstrip('/')}/{labels[0]}, of {', '.join(labels)}"
        )
    if labels:
        inner = read_node(objects, join(group.path, labels[0]), source)
        if isinstance(inner, Group):
            chosen, level, _ = _choose(objects, inner, source)
            return chosen, level, (f"the label image {labels[0]!r} of the image is read",)
    found = levels(group.attributes)
    if found:
        array = read_node(objects, join(group.path, found[0].path), source)
        if not isinstance(array, ZarrArray):
            raise FormatError(
                f"{source}: its metadata names the array {found[0].path!r}, but there is none; it is incomplete"
            )
        notes = (f"the image has {len(found)} resolutions; the finest is read",) if len(found) > 1 else ()
        return array, found[0], notes
    return _only_array(objects, group, source), None, ()


def _labels_inside(objects: Objects, group: Group, source: str) -> list[str]:
    """Return the paths of the label images below a group that is an image or a ``labels`` group."""
    names = label_names(group.attributes)
    if names:
        return names
    labels = read_node(objects, join(group.path, "labels"), source)
    return [f"labels/{name}" for name in label_names(labels.attributes)] if isinstance(labels, Group) else []


def _only_array(objects: Objects, group: Group, source: str) -> ZarrArray:
    arrays = list(_arrays(objects, group, source, _DEEPEST))
    usable = [a for a in arrays if a.dtype.kind in "bui" and sum(n > 1 for n in a.shape) in (2, 3)]
    if len(usable) == 1:
        return usable[0]
    if len(arrays) == 1:
        return arrays[0]
    if not arrays:
        raise FormatError(f"{source}: expected a Zarr array or image, but it is a group in which none was found")
    listed = ", ".join(f"{a.path.removeprefix(group.path).strip('/')} {a.shape} {a.dtype}" for a in arrays)
    raise ParameterError(
        f"{source}: expected one integer array, but it has {len(arrays)}; choose one, as "
        f"{source.rstrip('/')}/NAME, of {listed}"
    )


def _arrays(objects: Objects, group: Group, source: str, depth: int) -> Iterator[ZarrArray]:
    """Yield the arrays of a group and of those inside it, of images only the finest resolution."""
    if group.consolidated:
        nodes = [read_node(objects, join(group.path, path), source) for path in group.consolidated]
        yield from (node for node in nodes if isinstance(node, ZarrArray))
        return
    for name in sorted(objects.children(group.path)):
        node = read_node(objects, join(group.path, name), source)
        if isinstance(node, ZarrArray):
            yield node
        elif node is not None and depth:
            found = levels(node.attributes)
            finest = read_node(objects, join(node.path, found[0].path), source) if found else None
            if isinstance(finest, ZarrArray):
                yield finest
            else:
                yield from _arrays(objects, node, source, depth - 1)


def _level_of(objects: Objects, array: ZarrArray, source: str) -> Level | None:
    """Find the resolution that an array is, in the attributes of the groups around it."""
    for parent in PurePosixPath(array.path).parents if array.path else ():
        above = "" if str(parent) == "." else str(parent)
        group = read_node(objects, above, source)
        if isinstance(group, Group):
            for level in levels(group.attributes):
                if join(above, level.path) == array.path:
                    return level
    return None


def _open_array(objects: Objects, array: ZarrArray, level: Level | None, source: str, notes: tuple[str, ...]) -> Volume:
    if array.attributes.get("isLabelMultiset"):
        raise FormatError(
            f"{source}: expected a label in each voxel, but it holds label multisets (isLabelMultiset), as Paintera "
            "writes them; export it with one label a voxel"
        )
    names = array.names
    if level is not None and level.axes is not None and len(level.axes) == len(array.shape):
        names = level.axes
    axes = find_axes(array.shape, names, array.dtype, source)
    size, unit = spacing(level, axes.order) if level is not None else (None, None)
    if size is None:
        size, unit = attribute_spacing(array.attributes, axes)
    if array.decoder is None:
        from cellgraph.volumes.zarr_python import ZarrPython

        chunks: ZarrChunks | ZarrPython = ZarrPython(objects, array, source)
    else:
        chunks = ZarrChunks(objects, array, source)
    return ChunkedVolume(
        chunks, axes, chunks.extent, array.dtype, array.fill, source,
        spacing=size, unit=unit, notes=notes, parallel=objects.parallel,
    )  # fmt: skip
