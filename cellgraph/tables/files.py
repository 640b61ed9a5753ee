"""Find the tables in many files, one sample per file, and match those that belong together."""

from __future__ import annotations

import glob
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cellgraph.errors import InputError, NotFoundError, ParameterError

Files = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]

_ENDING = re.compile(r"\.(csv|tsv|txt|parquet|pq)(\.(gz|bz2|xz))?$", re.IGNORECASE)
_WORDS = re.compile(r"[ ._-]*(?<![a-z])(cells?|network|contacts?|edges?|neighbou?rs?|nodes?)(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True)
class FileSet:
    """The tables of one sample: a file of cells, one of relationships, or both."""

    sample: str
    cells: str | None
    network: str | None

    @property
    def source(self) -> str:
        """The file that the sample is named after."""
        return self.cells or self.network or ""


def are_many(given: object) -> bool:
    """Tell whether an argument names several files: a list of them, or a pattern such as ``scans/*.csv``."""
    if isinstance(given, str | os.PathLike):
        return glob.has_magic(os.fspath(given)) and not os.path.exists(given)
    return isinstance(given, list | tuple)


def file_sets(cells: Files | None, network: Files | None) -> list[FileSet]:
    """Return the files of each sample, sorted by name.

    Files of cells and of relationships belong together if their names are equal apart from words such as ``cells`` and
    ``contacts``; if names repeat in several folders, the folder names must be equal too.

    Raises
    ------
    NotFoundError
        If no file matches a pattern.
    InputError
        If a file of one kind has no match of the other kind.
    ParameterError
        If two files would give samples of the same name.
    """
    of_cells = None if cells is None else _listed("cells", cells)
    of_networks = None if network is None else _listed("network", network)
    if of_cells is None or of_networks is None:
        found = [FileSet(_stem(file), file, None) for file in of_cells or ()]
        found += [FileSet(_stem(file), None, file) for file in of_networks or ()]
    else:
        others = {key: file for file, key in of_networks.items()}
        lonely = [file for file, key in of_cells.items() if key not in others]
        lonely += [file for file, key in of_networks.items() if key not in of_cells.values()]
        if lonely:
            more = f" and {len(lonely) - 3} more" if len(lonely) > 3 else ""
            raise InputError(
                f"{', '.join(lonely[:3])}{more}: expected a table of cells and a table of relationships of the same "
                "name for each sample; add the missing files, or leave --network (network=…) out to load cells alone"
            )
        found = [FileSet(_stem(file), file, others[key]) for file, key in of_cells.items()]
    stems = Counter(one.sample for one in found)
    found = [
        replace(one, sample=f"{Path(one.source).parent.name}_{one.sample}") if stems[one.sample] > 1 else one
        for one in found
    ]
    twice = [name for name, count in Counter(one.sample for one in found).items() if count > 1]
    if twice:
        raise ParameterError(
            f"expected files of different names, since each gives the name of a sample, but {twice[0]!r} stands for "
            f"{' and '.join(one.source for one in found if one.sample == twice[0])}; rename one, or load it by itself"
        )
    return found


def _listed(what: str, given: Files) -> dict[str, str]:
    """Return files, each with the key that its name shares with its counterpart."""
    files: list[str] = []
    for one in [given] if isinstance(given, str | os.PathLike) else given:
        text = os.fspath(one)
        matching = sorted(filter(os.path.isfile, glob.glob(text, recursive=True))) if are_many(text) else [text]
        if not matching:
            raise NotFoundError(f"no file matches {text!r} (--{what}, {what}=…)")
        files += matching
    keys = {file: _WORDS.sub("", _stem(file)).lower() for file in files}
    counts = Counter(keys.values())
    alone = {key for key, count in counts.items() if key and count == 1}
    return {file: key if key in alone else f"{Path(file).parent.name}/{key}" for file, key in keys.items()}


def _stem(file: str) -> str:
    return _ENDING.sub("", Path(file).name)
