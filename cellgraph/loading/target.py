"""Where a graph is written: the database, and the name of the sample in it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from cellgraph.errors import ExistsError, NotFoundError
from cellgraph.stores import open_store


def names_in(target: str) -> list[str]:
    """Return the names of the samples in a database; none if its file does not exist yet.

    Raises
    ------
    NotFoundError
        If the folder for it does not exist.
    """
    folder = Path(target).parent
    if "://" not in target and not folder.is_dir():
        raise NotFoundError(f"the folder {str(folder)!r} for the database {target} does not exist; create it first")
    with open_store(target, create=True) as store:
        return store.sample_names()


def check_target(target: str, name: str, replace: bool) -> None:
    """Refuse an unwritable database or a name that is taken, before hours of work rather than after."""
    refuse_taken(target, name, names_in(target), replace)


def refuse_taken(target: str, name: str, there: Collection[str], replace: bool) -> None:
    """Raise `ExistsError` if a name exists in the database and is not to be replaced."""
    if name in there and not replace:
        raise ExistsError(
            f"the sample {name!r} is in {target} already; replace it with --replace, or name this one with --sample"
        )
