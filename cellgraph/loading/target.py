"""Where a graph goes: the database, and the name of the sample in it."""

from __future__ import annotations

from pathlib import Path

from cellgraph.errors import ExistsError, NotFoundError
from cellgraph.stores import open_store


def check_target(target: str, name: str, replace: bool) -> None:
    """Refuse a name that is taken before hours of work, not after."""
    folder = Path(target).parent
    if "://" not in target and not folder.is_dir():
        raise NotFoundError(f"the folder {str(folder)!r} for the database {target} does not exist; make it first")
    with open_store(target, create=True) as store:
        taken = name in store.sample_names()
    if taken and not replace:
        raise ExistsError(
            f"the sample {name!r} is in {target} already; replace it with --replace, or name this one with --sample"
        )
