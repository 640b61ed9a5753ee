"""Other files that an HDF5 file refers to: read if it is certain which they are, otherwise refused by name.

The HDF5 library looks for them in several folders, including the working directory, and treats missing ones as
background.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from cellgraph.errors import CellgraphError, FormatError, NotFoundError
from cellgraph.volumes.choosing import named_labels

if TYPE_CHECKING:
    from h5py import Dataset, File, Group


def check_links(file: File, path: Path, name: str, source: str) -> None:
    """Make sure that the links on the path to a dataset lead to files beside this one.

    Raises
    ------
    FormatError
        If one leads out of the folder of the file, or HDF5 resolves it to another file.
    NotFoundError
        If the file that one leads to does not exist.
    """
    import h5py

    node, here = file, path
    for part in (part for part in name.split("/") if part):
        if not isinstance(node, h5py.Group):
            return  # reported by the code that looks for the dataset
        link = node.get(part, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            here = _beside(here, link.filename, f"the link {part!r}", source)
        node = node.get(part)
        if node is None:
            return
        if not os.path.samefile(_filename(node), here):
            raise FormatError(
                f"{source}: expected the link {part!r} to lead into {here}, but HDF5 finds {_filename(node)}; load "
                "that file by itself, with its dataset"
            )


_OF_MATLAB = ("#refs#", "#subsystem#")
"""Groups in which MATLAB keeps the parts of its cells, structures and objects."""


def datasets(group: Group, path: Path, source: str) -> dict[str, Dataset]:
    """Return the datasets in and below a group, and those that links lead to, by their names in the file.

    Raises
    ------
    FormatError, NotFoundError
        If a link whose name says that it is labels leads nowhere, or out of the folder of the file.
    """
    import h5py

    found: dict[str, Dataset] = {}
    links: list[tuple[str, str]] = []
    seen: set[int] = set()

    def walk(here: Group) -> None:
        for name in here:
            if name in _OF_MATLAB and here.name == "/":
                continue
            link = here.get(name, getlink=True)
            whole = f"{here.name}/{name}".strip("/")
            if not isinstance(link, h5py.HardLink):
                links.append((whole, link.path))
                continue
            node = here.get(name)
            address = h5py.h5o.get_info(node.id).addr
            if address in seen:  # links may lead round in circles
                continue
            seen.add(address)
            if isinstance(node, h5py.Group):
                walk(node)
            elif isinstance(node, h5py.Dataset) and node.shape is not None:
                found[whole] = node

    walk(group)
    inside = {dataset.id for dataset in found.values()}
    for whole, target in links:
        try:
            check_links(group.file, path, whole, source)
            node = group.file.get(whole)
            if node is None and named_labels(whole):
                raise NotFoundError(f"{source}: the link {whole!r} leads to {target!r}, which is not there")
        except CellgraphError:
            if named_labels(whole):
                raise
            continue
        if isinstance(node, h5py.Dataset) and node.shape is not None and node.id not in inside:
            found[whole] = node
    return found


def sources(dataset: Dataset, path: Path, source: str) -> tuple[Path, ...]:
    """Return the other files that hold voxels of a (virtual) dataset.

    Raises
    ------
    FormatError
        If voxels are in a file that is not HDF5, or outside the folder of the file.
    NotFoundError
        If a file or dataset is missing; HDF5 would treat it as background.
    """
    import h5py

    if dataset.external:
        raise FormatError(
            f"{source}: its voxels lie in another file, {dataset.external[0][0]!r}, which HDF5 looks for in the "
            "working folder, and which may be any file; put both into one, for example with h5repack -l CONTI"
        )
    if not dataset.is_virtual:
        return ()
    for variable in ("HDF5_VDS_PREFIX", "HDF5_EXT_PREFIX"):
        if os.environ.get(variable):
            raise FormatError(f"{source}: it names other files, which {variable} moves elsewhere; unset {variable}")
    others: dict[Path, None] = {}
    for mapping in dataset.virtual_sources():
        named = str(mapping.file_name)
        if "%" in named or "%" in str(mapping.dset_name):
            raise FormatError(f"{source}: its parts are named by the pattern {named!r}; copy it into one dataset first")
        other = path if named == "." else _beside(path, named, "its part", source)
        others[other] = None
        with h5py.File(other, "r") as file:
            part = file.get(mapping.dset_name)
            if not isinstance(part, h5py.Dataset):
                raise NotFoundError(
                    f"{source}: it needs the dataset {mapping.dset_name!r} of {other}, which is not there"
                )
            if part.is_virtual or part.external or _filename(part) != _filename(file):
                raise FormatError(
                    f"{source}: its part {mapping.dset_name!r} of {other} lies in further files; copy it into one "
                    "dataset first"
                )
    return tuple(others)


def _beside(path: Path, named: str, what: str, source: str) -> Path:
    """Return a file that another one refers to, which must be in or below the folder of that one."""
    parts = Path(named).parts
    if Path(named).is_absolute() or ".." in parts:
        raise FormatError(
            f"{source}: {what} leads to {named!r}, out of the folder of the file; load that file by itself, or put "
            "both into one folder and name it without folders"
        )
    found = path.parent / named
    if not found.is_file():
        raise NotFoundError(f"{source}: {what} leads to {found}, which is not there; put it there")
    return found


def _filename(node: object) -> str:
    return str(node.file.filename)  # type: ignore[attr-defined]
