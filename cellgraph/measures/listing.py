"""List what was written after the load, as rows."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from cellgraph.errors import NotFoundError, near
from cellgraph.stores import open_store
from cellgraph.stores.properties import written_of

if TYPE_CHECKING:
    import pyarrow as pa

_COMMON = ("type", "version", "created")


def written(db: str | os.PathLike[str] | None = None, *, sample: str | None = None) -> pa.Table:
    """Return the properties that were written after the load, and what each was made from.

    Returns
    -------
    pyarrow.Table
        Columns ``sample``, ``of`` (cells or sample), ``property``, ``type``, ``made_from`` (JSON: the metric with its
        parameters, a file, …), ``version`` of cellgraph and ``created`` (UTC).

    Raises
    ------
    NotFoundError
        If there is no such sample.
    """
    import pyarrow as pa

    with open_store(db, read_only=True) as store:
        found = written_of(store)
    if sample is not None and sample not in found:
        raise NotFoundError(f"there is no sample {sample!r} in the database.{near(sample, found)}")
    columns = ("sample", "of", "property", "type", "made_from", "version", "created")
    rows = [
        {"sample": name, "of": of, "property": key, **{common: origin.get(common) for common in _COMMON}}
        | {"made_from": json.dumps({k: v for k, v in origin.items() if k not in _COMMON}, ensure_ascii=False)}
        for name, both in found.items()
        for of, known in both.items()
        for key, origin in known.items()
        if sample in (None, name)
    ]
    return pa.Table.from_pylist(rows, pa.schema([(column, pa.string()) for column in columns]))
