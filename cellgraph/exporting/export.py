"""Export samples of a database in one of several formats.

A format is a function that writes to a temporary path, which takes the place of `target` once it is complete.
"""

from __future__ import annotations

import importlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cellgraph.errors import ExistsError, NotFoundError, ParameterError, StoreError, near
from cellgraph.loading.stored import stored_samples
from cellgraph.model import Network, Report
from cellgraph.stores import Store, open_store


@dataclass
class Export:
    """What a format is to write.

    Attributes
    ----------
    path : pathlib.Path
        Where to write: a file to create, or an empty folder.
    target : pathlib.Path
        Its final name.
    networks : iterator of Network
        All requested samples; memory holds one at a time.
    notes : list of str
        Sentences for the user, added by the format.
    """

    path: Path
    target: Path
    networks: Iterator[Network]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Format:
    """A format: its name and summary, whether it makes a folder, and the function that writes an `Export`.

    `prepare` is a function in the same module that is called with the target before this is checked.
    """

    name: str
    summary: str
    folder: bool
    module: str
    function: str = "write"
    prepare: str = ""

    def write(self, export: Export) -> None:
        """Import the module of the format and call its function."""
        getattr(importlib.import_module(self.module), self.function)(export)


FORMATS: dict[str, Format] = {
    made.name: made
    for made in (
        Format(
            "neo4j-admin",
            "a folder of CSV files and options for neo4j-admin database import full",
            folder=True,
            module="cellgraph.exporting.neo4j_admin",
        ),
        Format(
            "neuroglancer",
            "a folder of annotation layers for Neuroglancer, with a link that shows them",
            folder=True,
            module="cellgraph.exporting.neuroglancer",
        ),
        Format(
            "ngio",
            "a feature table in the OME-Zarr image of the labels: IMAGE.zarr/tables/NAME",
            folder=True,
            module="cellgraph.exporting.ngio",
            prepare="prepare",
        ),
        *(
            Format(name, summary, name in ("csv", "parquet", "geff"), "cellgraph.exporting.forms", f"write_{name}")
            for name, summary in (
                ("csv", "a folder of CSV tables: cells, contacts, samples"),
                ("parquet", "a folder of Parquet tables: cells, contacts, samples"),
                ("graphml", "a GraphML file, for networkx, igraph, Gephi, Cytoscape"),
                ("gexf", "a GEXF file with positions, for Gephi"),
                ("h5ad", "an AnnData file with the keys of squidpy"),
                ("geff", "a geff folder (Graph Exchange File Format), for napari and others"),
            )
        ),
    )
}


@dataclass(frozen=True)
class Exported:
    """What was written: names of the samples, numbers of cells and contacts, and sentences for the user."""

    target: Path
    samples: tuple[str, ...]
    cells: int
    contacts: int
    notes: tuple[str, ...]

    def summary(self) -> str:
        """Return what was written, in sentences."""
        what = f"the sample {self.samples[0]!r}" if len(self.samples) == 1 else f"{len(self.samples):,} samples"
        done = f"{what} with {self.cells:,} cells and {self.contacts:,} contacts is in {self.target}"
        return "\n".join((done.replace(" is in", " are in") if len(self.samples) > 1 else done, *self.notes))


def export(
    target: str | os.PathLike[str],
    db: str | os.PathLike[str] | None = None,
    *,
    format: str,
    samples: str | Sequence[str] | None = None,
    overwrite: bool = False,
    report: Report | None = None,
) -> Exported:
    """Write samples of a database as files for other programs.

    Parameters
    ----------
    target : str or path
        The folder or file to create, depending on the format; it appears once it is complete.
    db : str or path, optional
        The database, as in `open`; it is not changed.
    format : str
        A name in `FORMATS`.
    samples : str or sequence of str, optional
        Names of the samples; by default all.
    overwrite : bool
        Replace what `target` holds.
    report : callable, optional
        Called with what is being processed, the number done, and the total.

    Raises
    ------
    ParameterError
        For an unknown format.
    NotFoundError
        If the database, a sample, or the folder around `target` does not exist.
    ExistsError
        If `target` exists, is not an empty folder, and `overwrite` is false.
    InputError
        If the format cannot represent a sample.
    """
    if format not in FORMATS:
        raise ParameterError(f"format must be one of {', '.join(FORMATS)}, not {format!r}.{near(format, FORMATS)}")
    chosen = FORMATS[format]
    goal = Path(target).expanduser()
    if chosen.prepare:
        getattr(importlib.import_module(chosen.module), chosen.prepare)(goal)
    _check(goal, chosen, overwrite)
    with open_store(db, read_only=True) as store:
        wanted = _wanted(store, samples)
        counted = {"cells": 0, "contacts": 0}
        temporary = Path(tempfile.mkdtemp(prefix=f".{goal.name}.", dir=goal.parent))
        try:
            path = temporary / goal.name
            if chosen.folder:
                path.mkdir()
            made = Export(path, goal, _networks(store, wanted, counted, report))
            chosen.write(made)
            _replace(path, goal, temporary)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return Exported(goal, tuple(wanted), counted["cells"], counted["contacts"], tuple(made.notes))


def _wanted(store: Store, samples: str | Sequence[str] | None) -> list[str]:
    there = store.sample_names()
    if not there:
        raise NotFoundError("there are no samples to export; load one with: cellgraph load IMAGE")
    wanted = there if samples is None else [samples] if isinstance(samples, str) else list(dict.fromkeys(samples))
    for name in wanted:
        if name not in there:
            raise NotFoundError(f"there is no sample {name!r} in the database.{near(name, there)}")
    return wanted


def _networks(store: Store, names: list[str], counted: dict[str, int], report: Report | None) -> Iterator[Network]:
    stored = stored_samples(store, names)
    done = 0
    for network, _ in stored.networks():
        counted["cells"] += network.cells.num_rows
        counted["contacts"] += network.contacts.num_rows
        yield network
        done += len(network.samples)
        if report is not None:
            report("samples", done, len(names))
    if stored.has_changed():
        raise StoreError("samples changed while they were read; nothing was written: export again.")


def _check(goal: Path, chosen: Format, overwrite: bool) -> None:
    """Reject a target that cannot be created, or that holds files that must not be lost."""
    if not goal.parent.is_dir():
        raise NotFoundError(f"the folder {str(goal.parent)!r} for {goal.name} does not exist; create it first.")
    if not goal.exists() and not goal.is_symlink():
        return
    if goal.is_dir() != chosen.folder:
        kinds = ("a folder", "a file") if goal.is_dir() else ("a file", "a folder")
        raise ParameterError(f"{goal} is {kinds[0]}, but {chosen.name} needs the name of {kinds[1]}.")
    if goal.is_dir() and not any(goal.iterdir()):
        return
    if not overwrite:
        what = "already holds files" if goal.is_dir() else "already exists"
        raise ExistsError(f"{goal} {what}; replace it with --overwrite, or name another one.")
    if goal.is_dir() and not (goal / MARK).is_file():
        raise ExistsError(
            f"{goal} holds files that were not made by an export, which --overwrite does not delete; name another one."
        )


MARK = "README.txt"
"""The file that marks a folder as made by an export."""


def _replace(path: Path, goal: Path, temporary: Path) -> None:
    """Give the complete export its name; what had it before goes to the folder that is removed."""
    if path.is_dir() and goal.exists():
        goal.rename(temporary / "before")
    path.rename(goal)
