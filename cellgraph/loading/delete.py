"""Delete samples from a database."""

from __future__ import annotations

import os
from collections.abc import Sequence

from cellgraph.errors import ParameterError
from cellgraph.stores import open_store


def delete(samples: str | Sequence[str], db: str | os.PathLike[str] | None = None) -> tuple[str, ...]:
    """Delete samples from a database, with their cells and contacts, all at once.

    Parameters
    ----------
    samples : str or sequence of str
        Names of samples.
    db : str or path, optional
        The database, as for `load`.

    Returns
    -------
    tuple of str
        The names, without duplicates.

    Raises
    ------
    ParameterError
        If no name is given, or one is not text.
    NotFoundError
        If there is no such database or one of the samples does not exist; then nothing is deleted.
    """
    names = tuple(dict.fromkeys([samples] if isinstance(samples, str) else samples))
    wrong = [name for name in names if not isinstance(name, str)]
    if not names or wrong:
        got = repr(wrong[0]) if wrong else "none"
        raise ParameterError(f"expected names of samples to delete, got {got}")
    with open_store(db) as store:
        store.delete(*names)
    return names
