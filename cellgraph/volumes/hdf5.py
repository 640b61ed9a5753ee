"""HDF5: choose the dataset and open it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.errors import FormatError, ParameterError
from cellgraph.volumes.attributes import attribute_axes, attribute_spacing, scaled_values, text_of
from cellgraph.volumes.axes import Axes, find_axes
from cellgraph.volumes.choosing import Candidate, choose
from cellgraph.volumes.coordinates import Coordinates, coordinate_size, coordinates
from cellgraph.volumes.files import parsing
from cellgraph.volumes.files import reading as opening
from cellgraph.volumes.hdf5_chunks import hdf5_pieces
from cellgraph.volumes.hdf5_links import check_links, datasets, sources
from cellgraph.volumes.imaris import FINEST, imaris_extent, imaris_size, is_imaris
from cellgraph.volumes.labels import label_dtype
from cellgraph.volumes.mapped import mapped_volume
from cellgraph.volumes.pieces import PiecesVolume
from cellgraph.volumes.reading import Part, Reading
from cellgraph.volumes.units import Size, size_of
from cellgraph.volumes.volume import Volume

if TYPE_CHECKING:
    from h5py import Dataset, File, Group

# Time point, setup and resolution of BigDataViewer, which stores uint16 as int16 (Java has no unsigned type).
_BIG_DATA_VIEWER = re.compile(r"/t\d{5}/s\d{2,}/(\d+)/cells")


def open_hdf5(path: Path, dataset: str | None, source: str, reading: Reading) -> Volume:
    """Open a dataset of an HDF5 file: the named one, or the only one that could be labels."""
    import h5py

    with suppress(ImportError):
        import hdf5plugin  # noqa: F401  registers further compressions, if installed
    with opening(source):
        try:
            file = h5py.File(path, "r")
        except PermissionError:
            raise
        except OSError as error:
            raise FormatError(
                f"{source}: expected an HDF5 file, but it is damaged or cut short ({error}); copy or export it again"
            ) from error
    try:
        with parsing(source, "an HDF5 file"):
            name, found, parts = _choose(file, dataset, path, source, reading)
            named = source if dataset is not None else f"{source}:{name}"
            # A link may lead to a dataset in another file.
            where = path if found.file.filename == file.filename else Path(found.file.filename)
            return _open_dataset(file, found, where, named, parts, reading)
    except BaseException:
        file.close()
        raise


def _choose(
    file: File, dataset: str | None, path: Path, source: str, reading: Reading
) -> tuple[str, Dataset, tuple[Part, ...]]:
    """Return the name of the dataset in the file, the dataset, and how it was chosen."""
    import h5py

    base: Group = file
    parts: tuple[Part, ...] = ()
    name = None if dataset is None else dataset.strip("/")
    if name:
        check_links(file, path, name, source)
        node = file.get(name)
        if isinstance(node, h5py.Dataset):
            return name, node, (Part("dataset", f'"{name}"', "user"),)
        if isinstance(node, h5py.Group):
            base, name = node, None
    elif is_imaris(file):
        base, parts = _imaris_part(file, source, reading)
    named = {name: found for name, found in datasets(base, path, source).items() if not _is_coarser(found)}
    if not named:
        raise FormatError(f"{source}: expected a labelled image, but the HDF5 file has no datasets")
    candidates = [Candidate(n, tuple(d.shape), _told_type(d)) for n, d in named.items()]
    found, part = choose(candidates, name or None, source, ":")
    return found.name, named[found.name], (part, *parts)


def _told_type(dataset: Dataset) -> np.dtype[Any]:
    """Return the type of a dataset; MATLAB stores booleans as uint8."""
    logical = dataset.attrs.get("MATLAB_class") in (b"logical", "logical")
    return np.dtype(bool) if logical else np.dtype(dataset.dtype)


def _is_coarser(dataset: Dataset) -> bool:
    """Whether it is a resolution of a BigDataViewer image that is not the finest."""
    level = _BIG_DATA_VIEWER.fullmatch(dataset.name)
    return level is not None and int(level[1]) > 0


def _imaris_part(group: Group, source: str, reading: Reading) -> tuple[Group, tuple[Part, ...]]:
    """Return the group of the time point and channel of an Imaris file at the finest resolution."""
    base, parts = group[FINEST], []
    for word, name, number in (("TimePoint", "time", reading.time), ("Channel", "channel", reading.channel)):
        keys = [key for key in base if key.startswith(f"{word} ")]
        each = ", or load each as a sample with --time each" if name == "time" else ""
        if number is None and len(keys) > 1:
            raise ParameterError(
                f"{source}: expected one {name}, but it has {len(keys)}; choose one with --{name} N{each}"
            )
        if f"{word} {number or 0}" not in keys:
            raise ParameterError(f"{source}: expected --{name} to be 0 to {len(keys) - 1}, got {number}")
        if number is not None:
            parts.append(Part(name, f"{number} of {len(keys)}", "user"))
        base = base[f"{word} {number or 0}"]
    return base, tuple(parts)


def _axis_names(dataset: Dataset) -> tuple[Sequence[str] | None, str]:
    """Return the names of the axes and where they stand: an attribute, or the labels or scales of the dimensions."""
    names, why = attribute_axes(dataset.attrs, len(dataset.shape))
    labels = [dimension.label or next(iter(dimension.keys()), "") for dimension in dataset.dims]
    if names is None and any(labels):
        kind = "labels" if any(dimension.label for dimension in dataset.dims) else "scales"
        return [label.split("/")[-1] for label in labels], f"dimension {kind}"
    return (names, why) if names is not None else attribute_axes(dataset.file.attrs, len(dataset.shape))


def _meant(dataset: Dataset) -> tuple[np.dtype[Any], tuple[Part, ...]]:
    """Return the type that the voxels are meant to have."""
    stored = np.dtype(dataset.dtype)
    if stored.kind == "i" and stored.itemsize == 2 and _BIG_DATA_VIEWER.fullmatch(dataset.name):
        told = Part("labels", "uint16", "file", "BigDataViewer stores them as int16")
        return np.dtype(np.uint16).newbyteorder(stored.byteorder), (told,)
    return stored, ()


def _open_dataset(
    file: File, dataset: Dataset, path: Path, source: str, parts: tuple[Part, ...], reading: Reading
) -> Volume:
    stored, meant = _meant(dataset)
    names, why = _axis_names(dataset)
    imaris = is_imaris(file)
    if imaris:
        reading = replace(reading, time=None, channel=None)  # already used to choose the dataset
    axes = find_axes(tuple(dataset.shape), names, stored, source, reading, why).told(*parts, *meant)
    axes = replace(axes, notes=(*axes.notes, *scaled_values(dataset.attrs)))
    label_dtype(stored, source)
    if imaris:
        frames = sum(key.startswith("TimePoint ") for key in file[FINEST])
        axes = replace(imaris_extent(dataset, axes), frames=frames)
    size = imaris_size(file, axes) if imaris else attribute_spacing(dataset.attrs, axes)
    if size.spacing is None:
        size = size.otherwise(_dream3d_size(dataset, axes))
    if size.spacing is None:
        size = size.otherwise(coordinate_size(_coordinates(dataset, names), axes))
    group = dataset.parent
    while size.spacing is None:
        size = size.otherwise(attribute_spacing(group.attrs, axes))
        if group.name == "/":
            break
        group = group.parent
    others = sources(dataset, path, source)
    offset = dataset.id.get_offset()
    elsewhere = dataset.file.userblock_size or dataset.is_virtual
    if offset is not None and not elsewhere and stored.kind != "b":
        file.close()
        return mapped_volume(path, offset, stored, axes, source, size)
    return PiecesVolume(hdf5_pieces(file, dataset, stored, path, source, others), axes, source, size)


def _coordinates(dataset: Dataset, names: Sequence[str] | None) -> list[Coordinates | None]:
    """Return the coordinates along each axis: the scale of the dimension, or a dataset beside it that is named so."""
    import h5py

    found: list[Coordinates | None] = []
    for number, length in enumerate(dataset.shape):
        name = str(names[number]) if names is not None and len(names) == len(dataset.shape) else ""
        scales = list(dataset.dims[number].values())
        beside = scales[0] if scales else dataset.parent.get(name) if name else None
        found.append(None)
        if not isinstance(beside, h5py.Dataset) or beside.shape != (length,) or beside.dtype.kind not in "iuf":
            continue
        # netCDF writes a scale for a dimension without coordinates, too.
        if not text_of(beside.attrs.get("NAME", "")).startswith("This is a netCDF dimension but not"):
            found[-1] = coordinates(name or str(beside.name).split("/")[-1], beside[()], beside.attrs)
    return found


def _dream3d_size(dataset: Dataset, axes: Axes) -> Size:
    """Return the voxel size that DREAM.3D writes beside its attributes: (x, y, z), in a unit that it does not say."""
    container = dataset.parent.parent
    if "_SIMPL_GEOMETRY/SPACING" not in container:
        return Size()
    spacing = tuple(float(n) for n in container["_SIMPL_GEOMETRY/SPACING"][()][::-1])
    return size_of(axes.pick((*spacing, *[math.nan] * (len(axes.stored) - 3))), [None] * 3, axes.ndim, "SPACING")
