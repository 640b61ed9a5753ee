"""HDF5: choosing the dataset and opening it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.errors import FormatError, MissingExtraError, NotFoundError, ParameterError, near
from cellgraph.volumes.attributes import attribute_spacing
from cellgraph.volumes.axes import find_axes
from cellgraph.volumes.chunked import ChunkedVolume
from cellgraph.volumes.files import parsing, reading
from cellgraph.volumes.hdf5_chunks import Hdf5Chunks
from cellgraph.volumes.hdf5_links import check_links, sources
from cellgraph.volumes.labels import label_dtype
from cellgraph.volumes.mapped import MappedVolume
from cellgraph.volumes.volume import Volume

if TYPE_CHECKING:
    from h5py import Dataset, File, Group


def open_hdf5(path: Path, dataset: str | None, source: str) -> Volume:
    """Open a dataset of an HDF5 file: the named one, or the only one that could be labels.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    dataset : str or None
        Its path in the file.
    source : str
        What to call it in messages and in the graph.
    """
    try:
        import h5py
    except ImportError as error:
        raise MissingExtraError("reading HDF5", "hdf5", "h5py") from error
    with suppress(ImportError):
        import hdf5plugin  # noqa: F401  registers further compressions, where it is installed
    with reading(source):
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
            found, notes = _choose(file, dataset, path, source)
            named = source if dataset is not None else f"{source}:{found.name.strip('/')}"
            # That of a link into another file is there.
            where = path if found.file.filename == file.filename else Path(found.file.filename)
            return _open_dataset(file, found, where, named, notes)
    except BaseException:
        file.close()
        raise


def _choose(file: File, dataset: str | None, path: Path, source: str) -> tuple[Dataset, tuple[str, ...]]:
    import h5py

    if dataset is None:
        return _only_dataset(file, source)
    name = dataset.strip("/")
    check_links(file, path, name, source)
    node = file.get(name) if name else file
    if isinstance(node, h5py.Dataset):
        return node, ()
    if isinstance(node, h5py.Group):
        return _only_dataset(node, source)
    known = [d.name.strip("/") for d in _datasets(file)]
    listed = f" It has {', '.join(known)}." if len(known) < 20 else ""
    raise NotFoundError(f"{source}: no dataset {name!r} in the file.{near(name, known) or listed}")


def _datasets(group: Group) -> list[Dataset]:
    import h5py

    found: list[Dataset] = []

    def collect(_: str, node: object) -> None:
        if isinstance(node, h5py.Dataset) and node.shape is not None:
            found.append(node)

    group.visititems(collect)
    return found


def _only_dataset(group: Group, source: str) -> tuple[Dataset, tuple[str, ...]]:
    datasets = _datasets(group)
    usable = [d for d in datasets if d.dtype.kind in "bui" and sum(n > 1 for n in d.shape) in (2, 3)]
    if not usable:
        usable = [d for d in datasets if d.dtype.kind == "f" and sum(n > 1 for n in d.shape) in (2, 3)]
    if len(usable) == 1:
        return usable[0], ()
    # Small tables beside a volume are no rivals of it.
    volumes = [d for d in usable if sum(n > 1 for n in d.shape) == 3]
    if len(volumes) == 1:
        return volumes[0], (f"{volumes[0].name.strip('/')} is read, the only 3D integer dataset in the file",)
    if not datasets:
        raise FormatError(f"{source}: expected a labelled image, but the HDF5 file has no datasets")
    listed = ", ".join(f"{d.name.strip('/')} {d.shape} {d.dtype}" for d in usable or datasets)
    if not usable:
        raise FormatError(f"{source}: expected a 2D or 3D integer dataset, but the file has only {listed}")
    example = usable[0].name.strip("/")
    raise ParameterError(
        f"{source}: expected one integer dataset, but it has {len(usable)}; choose one, "
        f"as {source}:{example}, of {listed}"
    )


def _open_dataset(file: File, dataset: Dataset, path: Path, source: str, notes: tuple[str, ...]) -> Volume:
    stored = np.dtype(dataset.dtype)
    names = _axis_names(dataset.attrs, len(dataset.shape))
    axes = find_axes(tuple(dataset.shape), names, stored, source)
    label_dtype(stored, source)
    spacing, unit = attribute_spacing(dataset.attrs, axes)
    if spacing is None:
        spacing, unit = attribute_spacing(file.attrs, axes)
    others = sources(dataset, path, source)
    offset = dataset.id.get_offset()
    elsewhere = dataset.file.userblock_size or dataset.is_virtual
    if offset is not None and not elsewhere and stored.kind != "b":
        shape = tuple(dataset.shape)
        file.close()
        return MappedVolume(path, offset, stored, shape, source, names=names, spacing=spacing, unit=unit, notes=notes)
    chunks = Hdf5Chunks(file, dataset, path, source, others)
    return ChunkedVolume(
        chunks,
        axes,
        chunks.extent,
        stored,
        dataset.fillvalue,
        source,
        spacing=spacing,
        unit=unit,
        notes=notes,
    )


def _axis_names(attributes: Mapping[str, Any], ndim: int) -> str | None:
    """Return the axes that ilastik and vigra write: ``axistags``, JSON with one key an axis."""
    with suppress(KeyError, TypeError, ValueError):
        names = "".join(str(axis["key"]) for axis in json.loads(attributes["axistags"])["axes"])
        if len(names) == ndim and {"y", "x"} <= set(names):
            return names
    return None
